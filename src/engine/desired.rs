//! Git's side of one app at one commit: prepared manifests and what was said while making them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CommitId, CommitInfo, Fault, Foreign, Manifest, ResourceKey};

/// An object of git that cannot be placed or applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Its key, as far as it has one.
    pub key: Option<ResourceKey>,
    /// File and line, and what is wrong.
    pub message: Foreign,
}

/// What an app wants, rendered and prepared.
#[derive(Clone)]
pub struct Desired {
    /// The commit that was rendered: the head, or the pin.
    pub at: CommitId,
    /// The newest commit up to `at` that touched the app's inputs.
    pub commit: CommitInfo,
    /// By identity.
    pub manifests: Arc<BTreeMap<ResourceKey, Manifest>>,
    /// What git cannot have applied.
    pub misplaced: Vec<Misplaced>,
    /// What could not be read: not empty = partial.
    pub faults: Vec<Fault>,
    /// What was stripped or left out.
    pub warnings: Vec<Foreign>,
    /// For a directory inside a work tree: HEAD, and whether it is dirty.
    pub worktree: Option<(CommitId, bool)>,
    /// Commits between `at` and the branch head, where pinned.
    pub ahead: Option<usize>,
}

impl std::fmt::Debug for Desired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desired({}, {} objects)", self.at.short(), self.manifests.len())
    }
}

impl Desired {
    /// Every document was read: only then may anything be applied or pruned.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.faults.is_empty()
    }

    /// Every document was read, and every object of it can be placed: only then is what is absent known to be gone.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_complete() && self.misplaced.is_empty()
    }

    /// Git names the object, but not so that it can be applied (such as twice): it is not gone.
    #[must_use]
    pub fn is_misplaced(&self, key: &ResourceKey) -> bool {
        self.misplaced.iter().any(|misplaced| misplaced.key.as_ref() == Some(key))
    }

    /// There is nothing in it: never a reason to prune.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.manifests.is_empty() && self.misplaced.is_empty()
    }
}
