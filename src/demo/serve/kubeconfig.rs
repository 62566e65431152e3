//! The kubeconfig that opens the door: its text, its place on disk, its end. Refuses to write over anybody else's.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::NamedTempFile;

use super::ServeError;

/// The first line: what begins with it was written here.
const MARK: &str = "# Written by driftdeck demo; worth nothing once it has ended.\n";

/// A cluster as the file has it. Names are the demo's own.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) token: String,
    pub(super) address: SocketAddr,
}

/// A cluster, a user and a context for each.
pub(super) fn text(entries: &[Entry], authority: &str) -> String {
    let authority = STANDARD.encode(authority);
    let cluster = |Entry { name, address, .. }: &Entry| {
        let server = format!("https://{address}/{name}");
        format!("- name: {name}\n  cluster:\n    server: {server}\n    certificate-authority-data: {authority}\n")
    };
    let context = |Entry { name, .. }: &Entry| {
        format!("- name: {name}\n  context:\n    cluster: {name}\n    user: demo-{name}\n")
    };
    let user = |Entry { name, token, .. }: &Entry| format!("- name: demo-{name}\n  user:\n    token: {token}\n");
    let clusters: String = entries.iter().map(cluster).collect();
    let contexts: String = entries.iter().map(context).collect();
    let users: String = entries.iter().map(user).collect();
    let first = entries.iter().find(|entry| entry.name == super::FIRST).or(entries.first());
    let current = first.map_or("", |entry| &entry.name);
    format!(
        "{MARK}apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n{clusters}contexts:\n{contexts}\
         users:\n{users}"
    )
}

/// The file, ours as long as this lives; dropping it removes the file.
pub(super) struct Written {
    path: PathBuf,
    text: String,
    /// Locked: another demo sees by it that this one still runs.
    _file: File,
}

impl Written {
    /// Writes it for its owner's eyes only, in one step.
    pub(super) fn new(path: &Path, text: String) -> Result<Self, ServeError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let failed = |error: io::Error| ServeError::Kubeconfig { path: path.clone(), kind: error.kind() };
        if path.to_string_lossy().contains([':', '\n', '\r']) {
            return Err(ServeError::Name(path));
        }
        let is_there = is_ours(&path)?;
        let beside = path.parent().unwrap_or(Path::new("/"));
        // Temporary files are made with 0600.
        let mut file = NamedTempFile::new_in(beside).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        // A file system without locks is no reason to stay closed.
        let _ = file.as_file().try_lock();
        let named = if is_there { file.persist(&path) } else { file.persist_noclobber(&path) };
        let file = named.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => ServeError::Taken(path.clone()),
            _ => failed(error.error),
        })?;
        Ok(Self { path, text, _file: file })
    }

    /// Where it is, from the root on.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Its tokens are worth nothing any more. Somebody's later file of that name stays.
        if fs::read_to_string(&self.path).is_ok_and(|now| servers(&now) == servers(&self.text)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The servers a kubeconfig names: `kubectl config use-context` writes the file anew, but knows no others.
fn servers(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.trim().strip_prefix("server: ")).collect()
}

/// Whether a file that may be replaced is there: an ended demo's, or an empty one, as `mktemp` makes.
fn is_ours(path: &Path) -> Result<bool, ServeError> {
    let failed = |error: io::Error| ServeError::Kubeconfig { path: path.to_owned(), kind: error.kind() };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
        Ok(there) if !there.is_file() => return Err(ServeError::NoFile(path.to_owned())),
        Ok(_) => {}
    }
    let file = File::open(path).map_err(failed)?;
    let mut begins = Vec::new();
    (&file).take(MARK.len() as u64).read_to_end(&mut begins).map_err(failed)?;
    if !begins.is_empty() && begins != MARK.as_bytes() {
        return Err(ServeError::Taken(path.to_owned()));
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ServeError::InUse(path.to_owned())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(true),
    }
}

/// Why a file cannot be written.
pub(super) fn trouble(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "its directory is not there".to_owned(),
        ErrorKind::NotADirectory => "a part of its path is no directory".to_owned(),
        other => other.to_string(),
    }
}
