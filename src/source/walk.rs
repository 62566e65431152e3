//! Walking a path through a source's directories: one walk for commits and for directories on disk.
//!
//! Owns the rules of names and links (faults.md T2, hostile 38-49). Refuses `..`, `.git`, slashes in names, and links
//! that leave the tree or take more than eight hops.

use std::collections::{BTreeSet, VecDeque};

use crate::model::{TreeEntry, TreeError, TreeKind};

/// The largest file read.
pub(super) const FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The deepest path.
const DEPTH: usize = 100;
/// The most links on the way to one file.
const HOPS: usize = 8;
/// The longest link.
pub(super) const LINK_BYTES: usize = 4096;
/// The most entries of one directory.
pub(super) const ENTRIES: usize = 50_000;

/// Something with directories and links in it.
pub(super) trait Files {
    /// A place in it.
    type Node: Clone;

    fn root(&self) -> Self::Node;

    /// The child of a directory by its exact name.
    fn child(&self, dir: &Self::Node, name: &str) -> Result<Option<(TreeKind, Self::Node)>, TreeError>;

    /// The text of a link.
    fn link(&self, node: &Self::Node) -> Result<String, TreeError>;
}

/// Finds what a path names, through links that stay inside.
pub(super) fn find<F: Files>(files: &F, path: &str) -> Result<(TreeKind, F::Node), TreeError> {
    let mut todo: VecDeque<String> = parts(path)?;
    let mut way: Vec<F::Node> = vec![files.root()];
    let mut here = (TreeKind::Dir, files.root());
    let mut hops = 0;
    while let Some(name) = todo.pop_front() {
        if name == ".." {
            up(&mut way)?;
            here = (TreeKind::Dir, last(&way)?);
            continue;
        }
        if here.0 != TreeKind::Dir {
            return Err(TreeError::NotFound);
        }
        let (kind, node) = files.child(&last(&way)?, &name)?.ok_or(TreeError::NotFound)?;
        match kind {
            TreeKind::Link => {
                hops += 1;
                if hops > HOPS {
                    return Err(TreeError::BadLink);
                }
                prepend(&mut todo, &files.link(&node)?)?;
                here = (TreeKind::Dir, last(&way)?);
            }
            TreeKind::Dir => {
                way.push(node.clone());
                here = (kind, node);
            }
            TreeKind::File | TreeKind::Submodule => here = (kind, node),
        }
        if way.len() > DEPTH {
            return Err(TreeError::Refused("deeper than 100 directories"));
        }
    }
    Ok(here)
}

fn last<N: Clone>(way: &[N]) -> Result<N, TreeError> {
    way.last().cloned().ok_or(TreeError::BadLink)
}

fn up<N>(way: &mut Vec<N>) -> Result<(), TreeError> {
    way.pop();
    if way.is_empty() { Err(TreeError::BadLink) } else { Ok(()) }
}

/// The steps of a path as a caller writes it: no `..`, no leading slash.
fn parts(path: &str) -> Result<VecDeque<String>, TreeError> {
    if path.starts_with('/') {
        return Err(TreeError::Refused("an absolute path"));
    }
    let steps: VecDeque<String> =
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    if steps.len() > DEPTH {
        return Err(TreeError::Refused("deeper than 100 directories"));
    }
    steps.iter().try_for_each(|name| check_name(name))?;
    Ok(steps)
}

/// The steps of a link go before what is still to be walked; `..` is allowed as long as it stays inside.
fn prepend(todo: &mut VecDeque<String>, link: &str) -> Result<(), TreeError> {
    if link.starts_with('/') || link.is_empty() || link.contains(['\0', '\\']) {
        return Err(TreeError::BadLink);
    }
    for part in link.split('/').rev().filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." {
            check_name(part)?;
        }
        todo.push_front(part.to_owned());
    }
    if todo.len() > 2 * DEPTH { Err(TreeError::BadLink) } else { Ok(()) }
}

/// Refuses the names that mean something else to a file system or to git.
pub(super) fn check_name(name: &str) -> Result<(), TreeError> {
    match name {
        "" | "." | ".." => Err(TreeError::Refused("`.` or `..` as a name")),
        _ if name.eq_ignore_ascii_case(".git") => Err(TreeError::Refused("`.git` as a name")),
        _ if name.contains(['/', '\0']) => Err(TreeError::Refused("a slash or NUL in a name")),
        _ => Ok(()),
    }
}

/// Checks a whole directory: every name allowed, none twice, not too many.
pub(super) fn check_entries(entries: Vec<TreeEntry>) -> Result<Vec<TreeEntry>, TreeError> {
    let mut seen = BTreeSet::new();
    for entry in &entries {
        check_name(&entry.name)?;
        if !seen.insert(&entry.name) {
            return Err(TreeError::Refused("two entries of one name"));
        }
    }
    drop(seen);
    Ok(entries)
}

/// A Git LFS pointer stands where the file should be (git-lfs spec v1): applying it would be wrong.
pub(super) fn check_content(bytes: &[u8]) -> Result<(), TreeError> {
    if bytes.len() < 1024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Err(TreeError::Refused("a Git LFS pointer, not the file"));
    }
    Ok(())
}
