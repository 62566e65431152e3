//! A directory as it lies on disk: a source without commits.
//!
//! Owns the reading, naming by content, and watching of it. Refuses links that leave it and more than it can hold.

mod snapshot;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{SourceError, broken, tree::GitTree};
use crate::model::{CommitId, Tree, TreeError, TreeKind};
use snapshot::Snapshot;

pub use watch::Watch;

/// A directory as it lies on disk.
#[derive(Clone, Debug)]
pub struct Dir {
    root: PathBuf,
}

impl Dir {
    /// Takes a directory as a source.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let root = path.canonicalize().map_err(|why| broken(&place(path), &why))?;
        if !root.is_dir() {
            return Err(SourceError::BadUrl { why: "dir names no directory" });
        }
        Ok(Self { root })
    }

    /// Reads it whole: its content id (`dir:<hash>`) and its files as they lay.
    pub fn snapshot(&self) -> Result<(CommitId, Arc<dyn Tree>), SourceError> {
        let snapshot = Snapshot::read(&self.root).map_err(|why| self.fail(why))?;
        let id = CommitId::new(format!("dir:{}", snapshot.digest().0));
        Ok((id, Arc::new(snapshot)))
    }

    /// HEAD of the repository around it, and whether what lies here differs from HEAD (an ignored or untracked file
    /// counts: it would be rendered too).
    pub fn worktree(&self) -> Option<(CommitId, bool)> {
        let options = gix::open::Options::isolated;
        let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
        let repo =
            gix::ThreadSafeRepository::discover_opts(&self.root, gix::discover::upwards::Options::default(), trust);
        let repo = repo.ok()?.to_thread_local();
        let below = self.root.strip_prefix(repo.workdir()?.canonicalize().ok()?).ok()?.to_str()?.to_owned();
        let head = repo.head_id().ok()?.detach();
        let root = repo.find_commit(head).ok()?.tree_id().ok()?.detach();
        let git = GitTree::new(repo, root);
        let is_dirty = match Snapshot::read(&self.root) {
            Ok(disk) => !is_same(&git, &disk, &below, "").unwrap_or(false),
            Err(_) => true,
        };
        Some((CommitId::new(head.to_string()), is_dirty))
    }

    /// Calls `changed` from a thread of its own, debounced, whenever something below it changes.
    pub fn watch(&self, changed: Box<dyn Fn() + Send>) -> Result<Watch, SourceError> {
        Watch::start(&self.root, changed).map_err(|why| broken(&place(&self.root), &why))
    }

    fn fail(&self, why: TreeError) -> SourceError {
        match why {
            TreeError::TooLarge { limit } => SourceError::TooLarge { what: "the directory, or a file in it,", limit },
            TreeError::Broken(why) => SourceError::Broken { place: place(&self.root), why },
            other => broken(&place(&self.root), &other),
        }
    }
}

fn place(path: &Path) -> String {
    format!("directory {:?}", path.to_string_lossy())
}

/// Whether a directory on disk is what a commit has at `prefix`; submodules are passed over.
fn is_same(git: &GitTree, disk: &Snapshot, prefix: &str, at: &str) -> Result<bool, TreeError> {
    let there = match git.list(&join(prefix, at)) {
        Ok(entries) => entries,
        Err(TreeError::NotFound) => return Ok(disk.list(at)?.is_empty()),
        Err(why) => return Err(why),
    };
    let modules: Vec<_> = there.iter().filter(|entry| entry.kind == TreeKind::Submodule).map(|e| &e.name).collect();
    let here: Vec<_> = disk.list(at)?.into_iter().filter(|entry| !modules.contains(&&entry.name)).collect();
    let there: Vec<_> = there.iter().filter(|entry| entry.kind != TreeKind::Submodule).collect();
    if here.len() != there.len() {
        return Ok(false);
    }
    for (mine, git_entry) in here.iter().zip(there) {
        let path = join(at, &mine.name);
        let is_equal = mine.name == git_entry.name
            && mine.kind == git_entry.kind
            && match mine.kind {
                TreeKind::Dir => is_same(git, disk, prefix, &path)?,
                _ => disk.blob_id(&path).is_some_and(|id| id == *git_entry.id.0),
            };
        if !is_equal {
            return Ok(false);
        }
    }
    Ok(true)
}

fn join(dir: &str, name: &str) -> String {
    match (dir.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => dir.to_owned(),
        _ => format!("{dir}/{name}"),
    }
}
