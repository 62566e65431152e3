//! Git (mirror, fetch, history, trees, revert, push) and plain directories: where desired state comes from.
//!
//! Owns every contact with a repository, and what lies in the cache directory. Refuses to check anything out: trees
//! are read from objects, so no filter, hook or link of a stranger's repository ever acts here. All calls block;
//! the engine's driver runs them on blocking threads.

mod blame;
mod child;
mod dir;
mod error;
mod fetch;
mod history;
mod info;
mod keep;
mod open;
mod pack;
mod place;
mod pulse;
mod push;
mod remote;
mod restore;
mod revision;
mod secret;
mod transport;
mod tree;
mod walk;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::model::{AppId, CommitId, CommitInfo, Credentials, Foreign, Tree};
use remote::Remote;
use secret::Keyring;

pub use child::git_program;
pub use dir::{Dir, Watch};
pub use error::SourceError;
pub use open::{Store, open_in_place};
pub use write::{Draft, Writer};

/// One repository as we hold it: a bare mirror, or a repository opened in place. Cheap to clone, blocking to call.
#[derive(Clone, Debug)]
pub struct Mirror {
    inner: Arc<Inner>,
}

struct Inner {
    repo: gix::ThreadSafeRepository,
    remote: Remote,
    is_in_place: bool,
    settings: Credentials,
    keyring: Keyring,
    dir: PathBuf,
    /// One transfer at a time in this process.
    gate: Mutex<()>,
    /// A transfer was given up and its thread has not ended.
    is_stuck: AtomicBool,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inner({})", self.shown())
    }
}

impl Inner {
    /// A handle for this thread, with room for the objects of one walk.
    fn local(&self) -> gix::Repository {
        let mut repo = self.repo.to_thread_local();
        repo.object_cache_size_if_unset(32 << 20);
        repo
    }

    /// The URL as people may see it; checked to hold no secret.
    fn shown(&self) -> String {
        self.remote.url()
    }

    fn place(&self) -> String {
        format!("the mirror of {}", self.shown())
    }
}

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

/// Something broke here or in the mirror, in the library's words.
fn broken(place: &str, why: &dyn std::fmt::Display) -> SourceError {
    SourceError::Broken { place: place.to_owned(), why: Foreign::new(why.to_string()) }
}

fn object_id(commit: &CommitId) -> Result<gix::ObjectId, SourceError> {
    gix::ObjectId::from_hex(commit.as_str().as_bytes())
        .map_err(|_| SourceError::RevisionNotFound { revision: commit.as_str().to_owned() })
}

impl Mirror {
    /// Asks the remote where `wanted` revisions are; fetches only when one of them is not here yet. `known` commits
    /// asked for by full id need no answer of the remote. A head in the answer was confirmed by this very call.
    pub fn poll(&self, wanted: &BTreeSet<String>, known: &BTreeMap<String, CommitId>) -> Result<Polled, SourceError> {
        if !self.inner.is_in_place {
            return fetch::poll(&self.inner, wanted, known);
        }
        let heads = wanted.iter().map(|wish| (wish.clone(), self.resolve(wish))).collect();
        Ok(Polled { heads, fetched: false })
    }

    /// The commit of a branch, tag, full id or unique prefix of at least seven digits, from what lies here.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, SourceError> {
        revision::resolve(&self.inner, revision)
    }

    /// The files of a commit.
    pub fn tree(&self, commit: &CommitId) -> Result<Arc<dyn Tree>, SourceError> {
        let repo = self.inner.local();
        let root = info::root(&self.inner, &repo, commit)?;
        Ok(Arc::new(tree::GitTree::new(repo, root)))
    }

    /// Subject, author and time of a commit.
    pub fn info(&self, commit: &CommitId) -> Result<CommitInfo, SourceError> {
        info::of(&self.inner, &self.inner.local(), object_id(commit)?)
    }

    /// The commits that touch `path`, newest first, as `git log -- path` lists them; `true` = there are more.
    pub fn history(&self, from: &CommitId, path: &str, limit: usize) -> Result<(Vec<CommitInfo>, bool), SourceError> {
        self.history_of(from, &[path.to_owned()], limit)
    }

    /// The same for several paths at once: a commit that touches any of them.
    pub fn history_of(
        &self,
        from: &CommitId,
        paths: &[String],
        limit: usize,
    ) -> Result<(Vec<CommitInfo>, bool), SourceError> {
        let repo = self.inner.local();
        let from = object_id(from)?;
        let listed = history::Walk::new(&repo, paths).list(from, limit);
        let (ids, more) = listed.map_err(|why| broken(&self.inner.place(), &why))?;
        let infos = ids.into_iter().map(|id| info::of(&self.inner, &repo, id)).collect::<Result<_, _>>()?;
        Ok((infos, more))
    }

    /// Which commit touched each of these lines (one-based) of a file last, as of `commit`. Lines that it has not are left
    /// out; at most a hundred are told, within three seconds.
    pub fn blame(
        &self,
        commit: &CommitId,
        file: &str,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, CommitInfo>, SourceError> {
        blame::blame(&self.inner, (commit, file), lines)
    }

    /// How many commits `to` has that `from` has not; at most 10,000 are counted.
    pub fn ahead(&self, from: &CommitId, to: &CommitId) -> Result<usize, SourceError> {
        info::ahead(&self.inner.local(), object_id(from)?, object_id(to)?)
            .map_err(|why| broken(&self.inner.place(), &why))
    }

    /// Holds a commit against force-pushes and repacks, the last twenty of each app (drift.md, Inputs P). A commit that
    /// is not here is fetched by its id.
    pub fn keep(&self, app: &AppId, commit: &CommitId) -> Result<(), SourceError> {
        if !self.inner.local().has_object(object_id(commit)?) {
            if self.inner.is_in_place {
                return Err(SourceError::RevisionNotFound { revision: commit.as_str().to_owned() });
            }
            fetch::commit(&self.inner, commit)?;
        }
        keep::keep(&self.inner.local(), &self.inner.place(), app, commit)
    }

    /// Builds the commit that puts paths back; writes objects only, no branch.
    pub fn build_restore(&self, order: &Restore) -> Result<Restored, SourceError> {
        restore::build(&self.inner.local(), &self.inner.place(), order)
    }

    /// Pushes `commit` to `branch`, only if the branch still is at `expected`.
    pub fn push(&self, commit: &CommitId, branch: &str, expected: &CommitId) -> Result<(), SourceError> {
        push::push(&self.inner, commit, branch, expected)
    }
}
