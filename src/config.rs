//! TOML file → checked `Config`.
//!
//! Owns the keys, their defaults and every rule about them. Text becomes plain data first (`written`), then a checked
//! [`Config`] (`check`); nothing named in the file is opened here. Refuses to guess: each mistake names file, line,
//! key and cure, all mistakes of a file are reported together, and no value that may be a secret is repeated.

mod address;
mod adhoc;
mod check;
mod example;
mod load;
mod mistake;
mod names;
mod page;
mod revision;
pub mod trust;
mod written;

use std::path::Path;
use std::time::Duration;

use crate::model::{AppSpec, ClusterSpec, RepoSpec};

pub use adhoc::adhoc;
pub use example::example;
pub use load::{load, load_local, read};
pub use mistake::{ConfigError, Mistake};

/// How often a remote is asked when the file does not say.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// The branch that is followed when the file does not say.
pub const DEFAULT_REVISION: &str = "main";

/// What the operator asked for, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How often remotes are asked; each repository holds its own.
    pub interval: Duration,
    /// Name and mail of revert commits; `None` = git's own.
    pub author: Option<(String, String)>,
    /// In the file's order; names are unique.
    pub clusters: Vec<ClusterSpec>,
    /// In the file's order; names are unique.
    pub repos: Vec<RepoSpec>,
    /// One per app and destination, in the file's order; ids are unique.
    pub apps: Vec<AppSpec>,
    /// Field managers beyond the built-in lists.
    pub owners: OwnerGlobs,
    /// Hide byte lengths of masked values; apps may differ.
    pub mask_length: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interval: DEFAULT_INTERVAL,
            author: None,
            clusters: Vec::new(),
            repos: Vec::new(),
            apps: Vec::new(),
            owners: OwnerGlobs::default(),
        mask_length: false,
        }
    }
}

/// Globs over field managers, added to the built-in lists (drift.md, *Contested*).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerGlobs {
    /// Hands: never contested.
    pub people: Vec<String>,
    /// Programs: a sync against them would start a fight.
    pub controllers: Vec<String>,
}

/// Whose word a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The operator's own file, or one named with `--config`.
    Own,
    /// `./driftdeck.toml`: even trusted it may not set [`trust::FORBIDDEN`].
    Local,
}

/// Reads a config from text. `file` is for messages; relative paths in it stand from `base`, which is absolute.
///
/// # Errors
/// [`ConfigError::Mistakes`] with every mistake of the file.
pub fn parse(text: &str, file: &Path, base: &Path, standing: Standing) -> Result<Config, ConfigError> {
    let page = page::Page::new(text);
    let config = page.table(text).map(|root| check::check(&written::read(root), &page, base, standing));
    let mistakes = page.into_mistakes();
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(ConfigError::Mistakes { file: file.to_owned(), mistakes }),
    }
}

#[cfg(test)]
mod tests;
