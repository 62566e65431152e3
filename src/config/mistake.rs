//! What can be wrong with a config, as facts; the words are made here and hold no value that may be a secret.

use std::fmt;
use std::path::PathBuf;

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// One-based.
    pub line: u32,
    /// The key, such as `apps[payments].revision`; empty where the text is no TOML.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub cure: String,
}

/// Why there is no config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No such file.
    #[error("{}: no such file; `driftdeck config example` prints one to start from", file.display())]
    NotFound {
        /// Which.
        file: PathBuf,
    },
    /// A directory, FIFO or device.
    #[error("{}: not a regular file; name a TOML file", file.display())]
    NotAFile {
        /// Which.
        file: PathBuf,
    },
    /// The system's refusal.
    #[error("{}: cannot be read ({}); check its permissions", file.display(), kind)]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// In the system's words.
        kind: std::io::ErrorKind,
    },
    /// Larger than its budget.
    #[error("{}: larger than {limit} bytes; split the fleet over several configs", file.display())]
    TooLarge {
        /// Which.
        file: PathBuf,
        /// The budget.
        limit: u64,
    },
    /// Others may write it.
    #[error("{}: others may write it (mode {mode:03o}); run `chmod go-w` on it", file.display())]
    Writable {
        /// Which.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not UTF-8.
    #[error("{}:{line}: not UTF-8 at byte {offset}; save it as UTF-8", file.display())]
    NotText {
        /// Which.
        file: PathBuf,
        /// One-based line.
        line: u32,
        /// Zero-based byte.
        offset: usize,
    },
    /// A local file that was not trusted as it is now.
    #[error("{}: {}; read it, then run `driftdeck config trust`", file.display(), if *changed { "changed since it was trusted" } else { "not trusted" })]
    Untrusted {
        /// Which.
        file: PathBuf,
        /// It was trusted once, with other content.
        changed: bool,
    },
    /// A directory whose name cannot be an app's.
    #[error("{}: not a directory that can be shown; name one by its path", dir.display())]
    BadDir {
        /// Which.
        dir: PathBuf,
    },
    /// Everything that is wrong in the file, in its order.
    #[error("{}", lines(file, mistakes))]
    Mistakes {
        /// Which.
        file: PathBuf,
        /// At least one.
        mistakes: Vec<Mistake>,
    },
}

fn lines(file: &std::path::Path, mistakes: &[Mistake]) -> String {
    let lines: Vec<_> = mistakes.iter().map(|mistake| format!("{}:{mistake}", file.display())).collect();
    lines.join("\n")
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, what, cure } = self;
        if key.is_empty() { write!(f, "{line}: {what}; {cure}") } else { write!(f, "{line}: {key}: {what}; {cure}") }
    }
}

/// What a rule says of one value; the caller knows the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub what: String,
    pub cure: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into() }
    }
}

/// A word of the file within a message: quoted, escaped, cut.
pub(super) fn quoted(word: &str) -> String {
    let cut: String = word.chars().take(60).collect();
    let more = if cut.len() < word.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}
