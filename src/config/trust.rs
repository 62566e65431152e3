//! Whether a `./driftdeck.toml` counts: typing a command in a stranger's clone must not obey it.
//!
//! Owns the list of what was trusted (path and content hash, in the state directory) and of what even a trusted local
//! file may not set. Refuses a file that changed since.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::load;
use super::mistake::ConfigError;
use crate::model::Digest;

/// What a local file may not set, trusted or not: programs' files, where credentials go, and protection off.
pub const FORBIDDEN: [&str; 7] = [
    "clusters[].kubeconfig",
    "clusters[].protected = false",
    "repos[].token_file",
    "repos[].ssh_key",
    "repos[].known_hosts",
    "repos[].ca_file",
    "repos[].proxy",
];

/// What to do about any of them.
pub(super) const CURE: &str = "set it in your own config";

/// The name of the store in the state directory.
const STORE: &str = "trusted.json";

/// What was trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    store: PathBuf,
    entries: BTreeMap<String, String>,
}

/// The hash that trust is bound to: SHA-256 of the file's bytes.
#[must_use]
pub fn hash(text: &[u8]) -> Digest {
    Digest::of_bytes(text)
}

impl Trust {
    /// Reads the store of a state directory; none yet is an empty one.
    ///
    /// # Errors
    /// [`ConfigError`] when the store is there but cannot be read, or others may write it.
    pub fn open(state_dir: &Path) -> Result<Self, ConfigError> {
        let store = state_dir.join(STORE);
        let text = match load::read(&store) {
            Ok(text) => text,
            Err(ConfigError::NotFound { .. }) => "{}".to_owned(),
            Err(error) => return Err(error),
        };
        // A store that cannot be understood trusts nothing.
        let entries = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { store, entries })
    }

    /// The state directory it lies in.
    pub(super) fn dir(&self) -> &Path {
        self.store.parent().unwrap_or(Path::new("."))
    }

    /// Whether the file, with this content, was trusted.
    ///
    /// # Errors
    /// [`ConfigError::Untrusted`] otherwise.
    pub fn admit(&self, file: &Path, text: &[u8]) -> Result<(), ConfigError> {
        match self.entries.get(&identity(file)) {
            Some(trusted) if **trusted == *hash(text).0 => Ok(()),
            known => Err(ConfigError::Untrusted { file: file.to_owned(), changed: known.is_some() }),
        }
    }

    /// Trusts the file as it is now, and keeps that in the state directory (0700; the store 0600).
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] when the store cannot be written.
    pub fn grant(&mut self, file: &Path, text: &[u8]) -> Result<(), ConfigError> {
        self.entries.insert(identity(file), hash(text).0.to_string());
        self.save().map_err(|error| ConfigError::Unreadable { file: self.store.clone(), kind: error.kind() })
    }

    fn save(&self) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        let dir = self.store.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer_pretty(&mut file, &self.entries)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.store).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The file behind links, so that a link cannot borrow another file's trust.
fn identity(file: &Path) -> String {
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    real.to_string_lossy().into_owned()
}
