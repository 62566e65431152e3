//! Where git declares a value: file and line, and the commit that last touched that line.

use jiff::Timestamp;
use serde::Serialize;

use super::{CommitId, Foreign};

/// The declaration of a value, as the line's history tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// The commit that last touched the line.
    pub commit: CommitId,
    /// `Name <mail>` as that commit says it.
    pub author: Foreign,
    /// When it was authored; `None` where its date is impossible.
    pub time: Option<Timestamp>,
    /// First line of its message.
    pub subject: Foreign,
    /// Path in the repository, `/`-separated.
    pub file: Foreign,
    /// One-based.
    pub line: u32,
}

impl Declared {
    /// `api.yaml:12`: the file without its directories, and the line.
    #[must_use]
    pub fn place(&self) -> Foreign {
        let file = self.file.raw().rsplit('/').next().unwrap_or_default();
        Foreign::new(format!("{file}:{}", self.line))
    }

    /// The author's name without the address.
    #[must_use]
    pub fn name(&self) -> Foreign {
        let name = self.author.raw().split('<').next().unwrap_or_default().trim();
        Foreign::from(if name.is_empty() { self.author.raw() } else { name })
    }
}
