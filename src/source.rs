//! Git (mirror, fetch, history, trees, revert, push) and plain directories: where desired state comes from.
//!
//! Owns every contact with a repository, and what lies in the cache directory. Refuses to check anything out: trees
//! are read from objects, so no filter, hook or link of a stranger's repository ever acts here. All calls block;
//! the engine's driver runs them on blocking threads.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{AppId, CommitId, CommitInfo, Foreign, RepoSpec, Tree};

pub use error::SourceError;

/// All mirrors of this process, in one cache directory.
#[derive(Clone, Debug)]
pub struct Store {
    #[allow(dead_code, reason = "the skeleton opens nothing yet")]
    cache: PathBuf,
}

/// One repository as we hold it: a bare mirror, or a repository opened in place. Cheap to clone, blocking to call.
#[derive(Clone, Debug)]
pub struct Mirror;

/// What a poll found.
#[derive(Clone, Debug)]
pub struct Polled {
    /// The commit of each wanted revision, or why there is none.
    pub heads: BTreeMap<String, Result<CommitId, SourceError>>,
    /// Whether objects were fetched.
    pub fetched: bool,
}

/// Who writes a commit, and when.
#[derive(Clone, Debug)]
pub struct Author {
    /// `user.name`.
    pub name: String,
    /// `user.email`.
    pub email: String,
    /// The commit's time.
    pub time: Timestamp,
}

/// An order to build (not push) a commit on `head` in which `paths` are as they were in `to`.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The parent of the new commit.
    pub head: CommitId,
    /// Files or directories, `/`-separated; empty = the whole tree.
    pub paths: Vec<String>,
    /// Where their content comes from.
    pub to: CommitId,
    /// The whole commit message.
    pub message: String,
    /// Author and committer.
    pub author: Author,
}

/// What one restored file goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAct {
    /// It comes back.
    Added,
    /// It goes.
    Removed,
    /// Its content or mode changes.
    Changed,
}

/// The commit that was built.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The new commit, an object in the mirror that no branch names; `None` when nothing would change.
    pub commit: Option<CommitId>,
    /// What it changes, by path.
    pub files: Vec<(Foreign, FileAct)>,
}

fn later() -> SourceError {
    SourceError::Broken { place: "source".into(), why: "not built yet".into() }
}

impl Store {
    /// The mirrors below `cache_dir`; nothing is touched before the first [`Store::open`].
    pub fn new(cache_dir: PathBuf) -> Self {
        Self { cache: cache_dir }
    }

    /// Opens the mirror of a repository, creating an empty one where there is none. No network.
    pub fn open(&self, spec: &RepoSpec) -> Result<Mirror, SourceError> {
        let _ = spec;
        Err(later())
    }
}

#[allow(clippy::unused_self, reason = "skeleton")]
impl Mirror {
    /// Asks the remote where `wanted` revisions are; fetches only when one is not `known` and not here yet.
    pub fn poll(&self, wanted: &BTreeSet<String>, known: &BTreeMap<String, CommitId>) -> Result<Polled, SourceError> {
        let _ = (wanted, known);
        Err(later())
    }

    /// The commit of a branch, tag, full id or unique prefix of at least seven digits, from what lies here.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, SourceError> {
        let _ = revision;
        Err(later())
    }

    /// The files of a commit.
    pub fn tree(&self, commit: &CommitId) -> Result<Arc<dyn Tree>, SourceError> {
        let _ = commit;
        Err(later())
    }

    /// Subject, author and time of a commit.
    pub fn info(&self, commit: &CommitId) -> Result<CommitInfo, SourceError> {
        let _ = commit;
        Err(later())
    }

    /// The commits that touch `path`, newest first, as `git log -- path` lists them; `true` = there are more.
    pub fn history(&self, from: &CommitId, path: &str, limit: usize) -> Result<(Vec<CommitInfo>, bool), SourceError> {
        self.history_of(from, &[path.to_owned()], limit)
    }

    /// The same for several paths at once.
    pub fn history_of(
        &self,
        from: &CommitId,
        paths: &[String],
        limit: usize,
    ) -> Result<(Vec<CommitInfo>, bool), SourceError> {
        let _ = (from, paths, limit);
        Err(later())
    }

    /// How many commits `to` has that `from` has not.
    pub fn ahead(&self, from: &CommitId, to: &CommitId) -> Result<usize, SourceError> {
        let _ = (from, to);
        Err(later())
    }

    /// Holds a commit against force-pushes and repacks, the last twenty of each app (drift.md, Inputs P).
    pub fn keep(&self, app: &AppId, commit: &CommitId) -> Result<(), SourceError> {
        let _ = (app, commit);
        Err(later())
    }

    /// Builds the commit that puts paths back; writes objects only, no branch.
    pub fn build_restore(&self, order: &Restore) -> Result<Restored, SourceError> {
        let _ = order;
        Err(later())
    }

    /// Pushes `commit` to `branch`, only if the branch still is at `expected`.
    pub fn push(&self, commit: &CommitId, branch: &str, expected: &CommitId) -> Result<(), SourceError> {
        let _ = (commit, branch, expected);
        Err(later())
    }
}

/// Opens a repository where it lies, without a transport: polls read its refs, a push moves its branch.
pub fn open_in_place(path: &Path) -> Result<Mirror, SourceError> {
    let _ = path;
    Err(later())
}

/// The `git` program on PATH.
pub fn git_program() -> Option<PathBuf> {
    None
}

/// A directory as it lies on disk.
#[derive(Clone, Debug)]
pub struct Dir;

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub struct Watch;

#[allow(clippy::unused_self, reason = "skeleton")]
impl Dir {
    /// Takes a directory as a source.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let _ = path;
        Err(later())
    }

    /// Reads it whole: its content id (`dir:<hash>`) and its files as they lay.
    pub fn snapshot(&self) -> Result<(CommitId, Arc<dyn Tree>), SourceError> {
        Err(later())
    }

    /// HEAD of the repository around it, and whether its files differ from HEAD's.
    pub fn worktree(&self) -> Option<(CommitId, bool)> {
        None
    }

    /// Calls `changed` from a thread of its own, debounced, whenever something below it changes.
    pub fn watch(&self, changed: Box<dyn Fn() + Send>) -> Result<Watch, SourceError> {
        let _ = changed;
        Err(later())
    }
}
