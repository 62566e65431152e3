//! What happened, append-only, on this host.
//!
//! Owns the JSONL files in the state directory: one line per action; apart from them, so that they crowd nothing out, the
//! writes that watches saw. Lines are appended under an advisory lock and synced to disk. Beside them lie two small files
//! per app: how its objects were when they were last looked at, and at which commit each was last seen synced. Refuses to
//! rewrite a line, to keep a Secret's value or any digest of one, and to fail on a line that it cannot read: those are
//! skipped and counted.

mod file;
mod line;
mod looks;
mod seen;
mod writes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{AppId, CommitId, FieldPath, Foreign, Kind, ResourceKey, Write};

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

/// An app's objects as they were when this process last looked, without their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// By identity.
    pub objects: BTreeMap<Place, Looked>,
}

/// One object as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// `metadata.uid`.
    pub uid: Arc<str>,
    /// `metadata.resourceVersion`.
    pub version: Arc<str>,
    /// The newest stamp in its managedFields, by the server's clock; of a Secret as well.
    pub stamp: Option<Timestamp>,
    /// Where it differed from git.
    pub known: Vec<FieldPath>,
}

/// A change that a watch saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// Of which object.
    pub key: ResourceKey,
    /// `metadata.uid` after it; empty when it is gone.
    pub uid: Arc<str>,
    /// `metadata.resourceVersion` after it; empty when it is gone.
    pub version: Arc<str>,
    /// What.
    pub write: Write,
}

impl Journal {
    /// Opens, and makes, the journal in `state_dir` (0700).
    pub fn open(state_dir: &Path) -> Result<Self, JournalError> {
        file::make_dir(state_dir)?;
        Ok(Self { dir: state_dir.to_owned() })
    }

    /// Appends one action and waits for the disk.
    pub fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        file::append(&self.dir, file::JOURNAL, &line::of_entry(entry)?)
    }

    /// Notes that these objects were seen synced at a commit. What is known already costs no write.
    pub fn note_seen(
        &self,
        app: &AppId,
        commit: &CommitId,
        keys: &[ResourceKey],
        now: Timestamp,
    ) -> Result<(), JournalError> {
        file::replace(&self.dir, &file::of_app("seen", app), |before| {
            let mut seen = before.and_then(|text| seen::Seen::read(&text)).unwrap_or_default();
            seen.add(commit, keys, now).then(|| seen.text()).transpose()
        })
    }

    /// The newest `limit` actions, newest first.
    #[must_use]
    pub fn newest(&self, limit: usize) -> ReadBack {
        let mut back = ReadBack::default();
        for text in file::lines(&self.dir, file::JOURNAL).iter().rev() {
            match line::read(text) {
                Some(entry) if back.entries.len() < limit => back.entries.push(entry),
                Some(_) => {}
                None => back.skipped += 1,
            }
        }
        back
    }

    /// Per object of an app, the newest commit at which it was seen synced.
    #[must_use]
    pub fn last_seen(&self, app: &AppId) -> BTreeMap<Place, CommitId> {
        let text = file::whole(&self.dir, &file::of_app("seen", app));
        text.and_then(|text| seen::Seen::read(&text)).unwrap_or_default().commits()
    }

    /// Appends what the watches saw. Values are cut short, those of Secrets are not told at all.
    pub fn note_writes(&self, witnessed: &[Witnessed]) -> Result<(), JournalError> {
        let lines = witnessed.iter().map(writes::line).collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() { Ok(()) } else { file::append(&self.dir, file::WRITES, &lines.join("\n")) }
    }

    /// What the watches of earlier processes saw, oldest first.
    #[must_use]
    pub fn writes(&self) -> Vec<Witnessed> {
        file::lines(&self.dir, file::WRITES).iter().filter_map(|text| writes::read(text)).collect()
    }

    /// Keeps the last look at an app in place of the one before.
    pub fn keep_look(&self, app: &AppId, look: &Look) -> Result<(), JournalError> {
        let text = looks::text(look)?;
        file::replace(&self.dir, &file::of_app("looks", app), |_| Ok(Some(text)))
    }

    /// The last look at an app.
    #[must_use]
    pub fn look(&self, app: &AppId) -> Option<Look> {
        looks::read(&file::whole(&self.dir, &file::of_app("looks", app))?)
    }
}

/// An object's place within its app.
#[must_use]
pub fn place(key: &ResourceKey) -> Place {
    (key.kind.clone(), key.namespace.clone(), key.name.clone())
}

#[cfg(test)]
mod tests;
