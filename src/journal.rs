//! What happened, append-only, on this host.
//!
//! Owns the JSONL file in the state directory: one line per action, and `seen` lines that say at which commit an
//! object was last seen synced. Lines are appended under an advisory lock and synced to disk. Refuses to rewrite a
//! line, and to fail on one that it cannot read: those are skipped and counted.

mod file;
mod line;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{AppId, CommitId, Foreign, Kind, ResourceKey};

/// Why the journal was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk's words.
    #[error("journal {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An entry that is no JSON value.
    #[error("journal: an entry cannot be written as JSON")]
    Encode,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it ended.
    pub time: Timestamp,
    /// The operator.
    pub who: Foreign,
    /// What was done: `sync`, `pause` …
    pub what: Foreign,
    /// To which app; `None` for the process or a cluster.
    pub app: Option<AppId>,
    /// How it came out.
    pub result: Foreign,
    /// More words, already masked by whoever made them.
    pub detail: Option<Foreign>,
}

/// Group and kind, namespace, name: an object within one app.
pub type Place = (Kind, Arc<str>, Arc<str>);

/// What was read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Lines that could not be read.
    pub skipped: usize,
}

/// The journal of one state directory; several processes may share it.
#[derive(Clone, Debug)]
pub struct Journal {
    dir: PathBuf,
}

impl Journal {
    /// Opens, and makes, the journal in `state_dir` (0700).
    pub fn open(state_dir: &Path) -> Result<Self, JournalError> {
        file::make_dir(state_dir)?;
        Ok(Self { dir: state_dir.to_owned() })
    }

    /// Appends one action and waits for the disk.
    pub fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        file::append(&self.dir, &line::of_entry(entry)?)
    }

    /// Notes that these objects were seen synced at a commit.
    pub fn note_seen(
        &self,
        app: &AppId,
        commit: &CommitId,
        keys: &[ResourceKey],
        now: Timestamp,
    ) -> Result<(), JournalError> {
        if keys.is_empty() {
            return Ok(());
        }
        file::append(&self.dir, &line::of_seen(app, commit, keys, now)?)
    }

    /// The newest `limit` actions, newest first.
    #[must_use]
    pub fn newest(&self, limit: usize) -> ReadBack {
        let mut back = ReadBack::default();
        for text in file::lines(&self.dir).iter().rev() {
            match line::read(text) {
                Some(line::Line::Done(entry)) if back.entries.len() < limit => back.entries.push(entry),
                Some(_) => {}
                None => back.skipped += 1,
            }
        }
        back
    }

    /// Per object of an app, the newest commit at which it was seen synced.
    #[must_use]
    pub fn last_seen(&self, app: &AppId) -> BTreeMap<Place, CommitId> {
        let mut seen = BTreeMap::new();
        for text in file::lines(&self.dir) {
            if let Some(line::Line::Seen { app: of, commit, keys }) = line::read(&text)
                && of == *app
            {
                seen.extend(keys.into_iter().map(|key| (key, commit.clone())));
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests;
