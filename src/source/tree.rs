//! The files of a commit, read from objects.
//!
//! Owns the reading of trees and blobs within budgets. Refuses a checkout: nothing is ever written out, so filters,
//! attributes and encodings of the repository have no say.

use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::walk::{self, Files};
use crate::model::{Digest, Foreign, Tree, TreeEntry, TreeError, TreeKind};

/// A commit's tree. The handle is not `Sync`, hence the lock; it keeps an object cache between reads.
pub(super) struct GitTree {
    repo: Mutex<gix::Repository>,
    root: ObjectId,
}

impl GitTree {
    pub fn new(mut repo: gix::Repository, root: ObjectId) -> Self {
        repo.object_cache_size_if_unset(16 << 20);
        Self { repo: Mutex::new(repo), root }
    }

    fn with<T>(&self, read: impl FnOnce(&Objects) -> Result<T, TreeError>) -> Result<T, TreeError> {
        let repo = self.repo.lock().unwrap_or_else(PoisonError::into_inner);
        read(&Objects { repo: &repo, root: self.root })
    }
}

impl Tree for GitTree {
    fn id(&self, path: &str) -> Result<Digest, TreeError> {
        self.with(|objects| walk::find(objects, path).map(|(_, id)| digest(id)))
    }

    fn list(&self, dir: &str) -> Result<Vec<TreeEntry>, TreeError> {
        self.with(|objects| match walk::find(objects, dir)? {
            (TreeKind::Dir, id) => objects.list(id),
            _ => Err(TreeError::NotFound),
        })
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        self.with(|objects| match walk::find(objects, path)? {
            (TreeKind::File, id) => {
                let bytes = objects.read(id)?;
                walk::check_content(&bytes)?;
                Ok(bytes.into())
            }
            _ => Err(TreeError::NotFound),
        })
    }
}

fn digest(id: ObjectId) -> Digest {
    Digest(id.to_string().into())
}

fn kind(mode: gix::objs::tree::EntryMode) -> TreeKind {
    match mode.kind() {
        EntryKind::Tree => TreeKind::Dir,
        EntryKind::Blob | EntryKind::BlobExecutable => TreeKind::File,
        EntryKind::Link => TreeKind::Link,
        EntryKind::Commit => TreeKind::Submodule,
    }
}

struct Objects<'r> {
    repo: &'r gix::Repository,
    root: ObjectId,
}

impl Objects<'_> {
    /// The bytes of an object, its size asked first.
    fn read(&self, id: ObjectId) -> Result<Vec<u8>, TreeError> {
        let header = self.repo.find_header(id).map_err(|why| broken(id, &why))?;
        if header.size() > walk::FILE_BYTES {
            return Err(TreeError::TooLarge { limit: walk::FILE_BYTES });
        }
        Ok(self.repo.find_object(id).map_err(|why| broken(id, &why))?.detach().data)
    }

    fn entries<T>(
        &self,
        id: ObjectId,
        mut each: impl FnMut(gix::objs::tree::EntryRef<'_>) -> Option<Result<T, TreeError>>,
    ) -> Result<Vec<T>, TreeError> {
        let data = self.read(id)?;
        let mut found = Vec::new();
        for (count, entry) in gix::objs::TreeRefIter::from_bytes(&data, id.kind()).enumerate() {
            if count >= walk::ENTRIES {
                return Err(TreeError::TooLarge { limit: walk::ENTRIES as u64 });
            }
            let entry = entry.map_err(|why| broken(id, &why))?;
            if let Some(item) = each(entry) {
                found.push(item?);
            }
        }
        Ok(found)
    }

    fn list(&self, id: ObjectId) -> Result<Vec<TreeEntry>, TreeError> {
        let mut entries = self.entries(id, |entry| {
            let name = std::str::from_utf8(entry.filename).map_err(|_| TreeError::Refused("a name that is not UTF-8"));
            Some(name.map(|name| TreeEntry {
                name: name.into(),
                kind: kind(entry.mode),
                id: digest(entry.oid.to_owned()),
            }))
        })?;
        // Git sorts directories as if they ended in a slash; readers expect plain order.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        walk::check_entries(entries)
    }
}

impl Files for Objects<'_> {
    type Node = ObjectId;

    fn root(&self) -> ObjectId {
        self.root
    }

    fn child(&self, dir: &ObjectId, name: &str) -> Result<Option<(TreeKind, ObjectId)>, TreeError> {
        let mut found = self.entries(*dir, |entry| {
            (entry.filename == name.as_bytes()).then(|| Ok((kind(entry.mode), entry.oid.to_owned())))
        })?;
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(TreeError::Refused("two entries of one name")),
        }
    }

    fn link(&self, node: &ObjectId) -> Result<String, TreeError> {
        let bytes = self.read(*node)?;
        if bytes.len() > walk::LINK_BYTES {
            return Err(TreeError::BadLink);
        }
        String::from_utf8(bytes).map_err(|_| TreeError::BadLink)
    }
}

fn broken(id: ObjectId, why: &dyn std::fmt::Display) -> TreeError {
    TreeError::Broken(Foreign::new(format!("object {id}: {why}")))
}
