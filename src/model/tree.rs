//! A source at one moment, as a renderer reads it; and what a renderer makes of it.
//!
//! Owns the trait between `source` (which implements it over git objects or a directory) and `render` (which reads it).

use std::sync::Arc;

use serde_json::Value;

use super::{Digest, Foreign, Gvk, Origin};

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TreeKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link; [`Tree::read`] follows it inside the tree only.
    Link,
    /// A submodule, which is not fetched.
    Submodule,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Name without slashes; foreign text.
    pub name: Arc<str>,
    /// What it is.
    pub kind: TreeKind,
    /// Content id: equal ids mean equal content.
    pub id: Digest,
}

/// Why a tree cannot be read at a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Nothing there.
    #[error("no such path")]
    NotFound,
    /// Not UTF-8, `..`, `.git`, a slash in an entry: refused by rule.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Larger than its budget, in bytes.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The budget.
        limit: u64,
    },
    /// A link that leaves the tree, loops, or is longer than eight hops.
    #[error("a link that leaves the tree or loops")]
    BadLink,
    /// Missing or broken objects, or the disk's own words.
    #[error("cannot be read")]
    Broken(Foreign),
}

/// A source's files at one commit (or as they lay on disk when it was made). Paths are `/`-separated from its root,
/// without a leading slash; the root itself is the empty path. Every read is bounded.
pub trait Tree: Send + Sync {
    /// The content id of a file or directory.
    ///
    /// # Errors
    /// [`TreeError`] when the path is refused, absent or broken.
    fn id(&self, path: &str) -> Result<Digest, TreeError>;

    /// The entries of a directory, by name.
    ///
    /// # Errors
    /// [`TreeError`] when the path is no directory, or cannot be read.
    fn list(&self, dir: &str) -> Result<Vec<TreeEntry>, TreeError>;

    /// The bytes of a file; links inside the tree are followed, at most eight hops.
    ///
    /// # Errors
    /// [`TreeError`] when the path is no file, leaves the tree, or is too large.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError>;
}

/// One document as git declares it, before it is prepared for a server.
#[derive(Clone)]
pub struct Document {
    /// apiVersion and kind; empty words where the document has none.
    pub gvk: Gvk,
    /// `metadata.namespace`, where written.
    pub namespace: Option<Arc<str>>,
    /// `metadata.name`, where written.
    pub name: Option<Arc<str>>,
    /// The whole document.
    pub body: Arc<Value>,
    /// File and line.
    pub origin: Origin,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({}, line {})", self.gvk.kind, self.origin.line)
    }
}

/// A document that cannot be read: it makes the render partial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// File and line.
    pub origin: Origin,
    /// One-based, in characters; 0 = it is about the whole document.
    pub column: u32,
    /// What is wrong, without any value of the document.
    pub message: Foreign,
}

impl Fault {
    /// `file:line:column: what is wrong`, as far as each is known. Foreign text.
    #[must_use]
    pub fn told(&self) -> String {
        let column =
            if self.column == 0 || self.origin.line == 0 { String::new() } else { format!(":{}", self.column) };
        format!("{}{column}: {}", self.origin.place(), self.message.raw())
    }
}

/// What a renderer made of a tree.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// `plain`, `kustomize` or `helm`.
    pub renderer: &'static str,
    /// In the order of files and documents; Lists expanded.
    pub documents: Vec<Document>,
    /// What could not be read; not empty = partial: nothing of it is applied or pruned.
    pub faults: Vec<Fault>,
    /// What was left out on purpose.
    pub warnings: Vec<Foreign>,
}
