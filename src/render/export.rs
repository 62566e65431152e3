//! The part of a tree that a renderer reads, as files in a private directory that is removed after use.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::paths::{join, tree_error};
use super::{BYTES, DEPTH, FILES, RenderError};
use crate::model::{Tree, TreeKind};

/// A private directory (0700): `tree` holds the export, `home` is the renderer's own.
pub(super) struct Export {
    dir: TempDir,
    files: usize,
    bytes: usize,
}

impl Export {
    /// Writes these paths, laid out as in the tree.
    pub(super) fn make(tree: &dyn Tree, inputs: &[String], scratch: &Path) -> Result<Self, RenderError> {
        fs::create_dir_all(scratch)?;
        let dir = tempfile::Builder::new().prefix("render-").tempdir_in(scratch)?;
        let mut export = Self { dir, files: 0, bytes: 0 };
        fs::create_dir(export.home())?;
        fs::create_dir(export.root())?;
        for input in inputs {
            if tree.list(input).is_ok() {
                export.directory(tree, input, DEPTH)?;
            } else {
                export.file(tree, input)?;
            }
        }
        Ok(export)
    }

    pub(super) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(super) fn root(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    fn directory(&mut self, tree: &dyn Tree, dir: &str, depth: usize) -> Result<(), RenderError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(RenderError::TooLarge { what: "directories inside one another, too deep", limit: DEPTH });
        };
        fs::create_dir_all(self.root().join(dir))?;
        for entry in tree.list(dir).map_err(|source| tree_error(dir, source))? {
            let path = join(dir, &entry.name);
            if entry.name.contains('/') || matches!(&*entry.name, "" | "." | ".." | ".git") {
                return Err(RenderError::Refused { file: path, what: "a name that leaves its directory" });
            }
            match entry.kind {
                TreeKind::Dir => self.directory(tree, &path, depth)?,
                TreeKind::File | TreeKind::Link => self.file(tree, &path)?,
                TreeKind::Submodule => {}
            }
        }
        Ok(())
    }

    /// Links are written as the files they lead to, so that nothing on disk leads out.
    fn file(&mut self, tree: &dyn Tree, path: &str) -> Result<(), RenderError> {
        let bytes = tree.read(path).map_err(|source| tree_error(path, source))?;
        self.files += 1;
        self.bytes += bytes.len();
        if self.files > FILES {
            return Err(RenderError::TooLarge { what: "too many files", limit: FILES });
        }
        if self.bytes > BYTES {
            return Err(RenderError::TooLarge { what: "too many bytes", limit: BYTES });
        }
        let target = self.root().join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(target, bytes)?)
    }
}
