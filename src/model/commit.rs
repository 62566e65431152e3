//! A commit, as history and screens speak of it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Foreign;

/// A full commit id in lower-case hex, or `dir:<hash>` for a directory as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(Arc<str>);

impl CommitId {
    /// Wraps an id that `source` resolved.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven characters of a commit id, as every screen shows it; `dir:` and seven for a directory.
    #[must_use]
    pub fn short(&self) -> &str {
        let from = if self.0.starts_with("dir:") { 11 } else { 7 };
        self.0.get(..from).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a history row says of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Which.
    pub id: CommitId,
    /// First line of the message.
    pub subject: Foreign,
    /// `Name <mail>` as the commit says it (mailmap not applied).
    pub author: Foreign,
    /// Author time; `None` where the commit's date is impossible.
    pub time: Option<Timestamp>,
}
