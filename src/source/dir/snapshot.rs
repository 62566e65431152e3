//! The files of a directory at one moment, held in memory.
//!
//! Owns the budgets (20,000 files, 256 MiB) and the content ids. Refuses to follow a link while reading: links are kept
//! as links, and resolved later inside the snapshot only. `.git` is left out, and so are empty directories, as in git.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::join;
use crate::model::{Digest, Foreign, Tree, TreeEntry, TreeError, TreeKind};
use crate::source::walk::{self, Files};

/// The most files and links of a directory.
const FILES: usize = 20_000;
/// The most bytes of all of them.
const BYTES: u64 = 256 * 1024 * 1024;
/// The deepest directory.
const DEPTH: usize = 100;

#[derive(Debug)]
enum Item {
    File(Arc<[u8]>),
    Link(String),
    Dir(Vec<TreeEntry>),
}

/// A directory's files by path, the root under the empty path.
#[derive(Debug)]
pub(super) struct Snapshot {
    items: BTreeMap<String, Item>,
    root: Digest,
}

impl Snapshot {
    pub fn read(root: &Path) -> Result<Self, TreeError> {
        let mut reader = Reader { items: BTreeMap::new(), files: 0, bytes: 0 };
        let root = reader.directory(root, "", 0)?;
        Ok(Self { items: reader.items, root })
    }

    /// The content id of the whole.
    pub fn digest(&self) -> &Digest {
        &self.root
    }

    /// The id git would give the file or link.
    pub fn blob_id(&self, path: &str) -> Option<String> {
        let bytes: &[u8] = match self.items.get(path)? {
            Item::File(bytes) => bytes,
            Item::Link(text) => text.as_bytes(),
            Item::Dir(_) => return None,
        };
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes).ok()?;
        Some(id.to_string())
    }
}

struct Reader {
    items: BTreeMap<String, Item>,
    files: usize,
    bytes: u64,
}

impl Reader {
    fn directory(&mut self, dir: &Path, at: &str, depth: usize) -> Result<Digest, TreeError> {
        if depth > DEPTH {
            return Err(TreeError::Refused("deeper than 100 directories"));
        }
        let mut entries = Vec::new();
        for found in fs::read_dir(dir).map_err(|why| broken(at, &why))? {
            let found = found.map_err(|why| broken(at, &why))?;
            let name = found.file_name();
            if name.eq_ignore_ascii_case(".git") {
                continue;
            }
            let name = name.into_string().map_err(|_| TreeError::Refused("a name that is not UTF-8"))?;
            entries.extend(self.entry(&found.path(), &join(at, &name), &name, depth)?);
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let digest = listing(&entries);
        self.items.insert(at.to_owned(), Item::Dir(entries));
        Ok(digest)
    }

    fn entry(&mut self, path: &Path, at: &str, name: &str, depth: usize) -> Result<Option<TreeEntry>, TreeError> {
        let meta = fs::symlink_metadata(path).map_err(|why| broken(at, &why))?;
        let (kind, id) = if meta.is_dir() {
            let id = self.directory(path, at, depth + 1)?;
            if matches!(self.items.get(at), Some(Item::Dir(entries)) if entries.is_empty()) {
                self.items.remove(at);
                return Ok(None);
            }
            (TreeKind::Dir, id)
        } else if meta.file_type().is_symlink() {
            let text = fs::read_link(path).map_err(|why| broken(at, &why))?;
            let text = text.into_os_string().into_string().map_err(|_| TreeError::BadLink)?;
            self.count(0)?;
            let id = Digest::of_bytes(text.as_bytes());
            self.items.insert(at.to_owned(), Item::Link(text));
            (TreeKind::Link, id)
        } else if meta.is_file() {
            let bytes = read_file(path, &meta, at)?;
            self.count(bytes.len() as u64)?;
            let id = Digest::of_bytes(&bytes);
            self.items.insert(at.to_owned(), Item::File(bytes.into()));
            (TreeKind::File, id)
        } else {
            return Ok(None);
        };
        Ok(Some(TreeEntry { name: name.into(), kind, id }))
    }

    fn count(&mut self, bytes: u64) -> Result<(), TreeError> {
        self.files += 1;
        self.bytes += bytes;
        if self.files > FILES {
            return Err(TreeError::TooLarge { limit: FILES as u64 });
        }
        if self.bytes > BYTES { Err(TreeError::TooLarge { limit: BYTES }) } else { Ok(()) }
    }
}

/// Reads a file that was a regular file a moment ago; what was put in its place since is refused.
fn read_file(path: &Path, meta: &fs::Metadata, at: &str) -> Result<Vec<u8>, TreeError> {
    if meta.len() > walk::FILE_BYTES {
        return Err(TreeError::TooLarge { limit: walk::FILE_BYTES });
    }
    let file = File::open(path).map_err(|why| broken(at, &why))?;
    let opened = file.metadata().map_err(|why| broken(at, &why))?;
    if !is_same_file(meta, &opened) {
        return Err(TreeError::BadLink);
    }
    let mut bytes = Vec::new();
    file.take(walk::FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|why| broken(at, &why))?;
    if bytes.len() as u64 > walk::FILE_BYTES {
        return Err(TreeError::TooLarge { limit: walk::FILE_BYTES });
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same_file(_a: &fs::Metadata, b: &fs::Metadata) -> bool {
    b.is_file()
}

/// A directory's id: a hash over the names, kinds and ids of its entries.
fn listing(entries: &[TreeEntry]) -> Digest {
    let mut text = String::new();
    for TreeEntry { name, kind, id } in entries {
        let _ = write!(text, "{kind:?} {} {name}\0", id.0);
    }
    Digest::of_bytes(text.as_bytes())
}

fn broken(at: &str, why: &io::Error) -> TreeError {
    TreeError::Broken(Foreign::new(format!("{at}: {why}")))
}

impl Files for Snapshot {
    type Node = String;

    fn root(&self) -> String {
        String::new()
    }

    fn child(&self, dir: &String, name: &str) -> Result<Option<(TreeKind, String)>, TreeError> {
        let path = join(dir, name);
        let kind = match self.items.get(&path) {
            None => return Ok(None),
            Some(Item::File(_)) => TreeKind::File,
            Some(Item::Link(_)) => TreeKind::Link,
            Some(Item::Dir(_)) => TreeKind::Dir,
        };
        Ok(Some((kind, path)))
    }

    fn link(&self, node: &String) -> Result<String, TreeError> {
        match self.items.get(node) {
            Some(Item::Link(text)) => Ok(text.clone()),
            _ => Err(TreeError::BadLink),
        }
    }
}

impl Tree for Snapshot {
    fn id(&self, path: &str) -> Result<Digest, TreeError> {
        let (_, at) = walk::find(self, path)?;
        match self.items.get(&at) {
            Some(Item::File(bytes)) => Ok(Digest::of_bytes(bytes)),
            Some(Item::Dir(entries)) => Ok(listing(entries)),
            _ => Err(TreeError::NotFound),
        }
    }

    fn list(&self, dir: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let (_, at) = walk::find(self, dir)?;
        match self.items.get(&at) {
            Some(Item::Dir(entries)) => walk::check_entries(entries.clone()),
            _ => Err(TreeError::NotFound),
        }
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        let (_, at) = walk::find(self, path)?;
        match self.items.get(&at) {
            Some(Item::File(bytes)) => walk::check_content(bytes).map(|()| bytes.clone()),
            _ => Err(TreeError::NotFound),
        }
    }
}
