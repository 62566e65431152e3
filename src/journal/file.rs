//! The files: `journal.jsonl` and `writes.jsonl`, each with two older ones of bounded size, and small ones that are
//! replaced whole. Private to the user, locked for writing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::JournalError;
use crate::model::{AppId, Digest};

/// A file that grows by lines, its two older ones, and how long each may become.
#[derive(Clone, Copy)]
pub(super) struct Names {
    newest: &'static str,
    older: [&'static str; 2],
    rotate_at: u64,
}

/// Actions.
pub(super) const JOURNAL: Names =
    Names { newest: "journal.jsonl", older: ["journal.1.jsonl", "journal.2.jsonl"], rotate_at: 10 << 20 };
/// What watches saw.
pub(super) const WRITES: Names =
    Names { newest: "writes.jsonl", older: ["writes.1.jsonl", "writes.2.jsonl"], rotate_at: 4 << 20 };
/// A small file that is larger is not ours.
const SMALL: u64 = 16 << 20;

pub(super) fn make_dir(dir: &Path) -> Result<(), JournalError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| io_error(dir, source))
}

/// Appends one line, rotating first where the file is full.
pub(super) fn append(dir: &Path, names: Names, line: &str) -> Result<(), JournalError> {
    let path = dir.join(names.newest);
    try_append(dir, &names, line).map_err(|source| io_error(&path, source))
}

fn try_append(dir: &Path, names: &Names, line: &str) -> io::Result<()> {
    let path = &dir.join(names.newest);
    let _lock = locked(dir)?;
    let mut file = open(path)?;
    let mut size = file.metadata()?.len();
    if size > 0 && size + line.len() as u64 >= names.rotate_at {
        rotate(dir, names)?;
        file = open(path)?;
        size = 0;
    }
    // A line cut by a crash must not swallow the one that follows it.
    let whole = if size > 0 && !ends_line(path, size)? { format!("\n{line}\n") } else { format!("{line}\n") };
    file.write_all(whole.as_bytes())?;
    file.sync_data()
}

/// Held by one writer at a time, until it is dropped. A lock file of its own: others are renamed while it is held.
fn locked(dir: &Path) -> io::Result<File> {
    let lock = open(&dir.join("journal.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn ends_line(path: &Path, size: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, size - 1)?;
    Ok(last == *b"\n")
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn rotate(dir: &Path, names: &Names) -> io::Result<()> {
    let [first, second] = names.older.map(|name| dir.join(name));
    if first.exists() {
        fs::rename(&first, second)?;
    }
    fs::rename(dir.join(names.newest), first)
}

/// All lines, oldest first; files that cannot be read count as empty, bytes beyond the budget are left out.
pub(super) fn lines(dir: &Path, names: Names) -> Vec<String> {
    let [first, second] = names.older;
    [second, first, names.newest].iter().flat_map(|name| lines_of(&dir.join(name), 2 * names.rotate_at)).collect()
}

/// Puts a small file in place of the one before, whole or not at all. `text` is made of the one before while no other
/// writer may change it; `None` = that one stays.
pub(super) fn replace<E>(dir: &Path, name: &str, text: E) -> Result<(), JournalError>
where
    E: FnOnce(Option<String>) -> Result<Option<String>, JournalError>,
{
    let path = dir.join(name);
    let failed = |source| io_error(&path, source);
    let _lock = locked(dir).map_err(failed)?;
    match text(whole(dir, name))? {
        Some(text) => put(&path, &text).map_err(failed),
        None => Ok(()),
    }
}

/// By way of a part file: there is one writer at a time.
fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let part = path.with_extension("part");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(text.as_bytes())?;
    fs::rename(part, path)
}

/// The small file of an app in a folder. Names of apps are checked words, but a cluster's may hold anything that a
/// context's does.
pub(super) fn of_app(folder: &str, app: &AppId) -> String {
    let cluster = app.cluster.as_str();
    let plain: String = cluster.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let digest = Digest::of_bytes(cluster.as_bytes());
    let mark = digest.0.get(..8).unwrap_or_default();
    format!("{folder}/{}@{}-{mark}.json", app.name, plain.get(..40).unwrap_or(&plain))
}

/// A small file; `None` where it is not there, too large, or no text.
pub(super) fn whole(dir: &Path, name: &str) -> Option<String> {
    let mut text = String::new();
    let file = File::open(dir.join(name)).ok()?;
    let length = file.take(SMALL + 1).read_to_string(&mut text).ok()?;
    (length as u64 <= SMALL).then_some(text)
}

fn lines_of(path: &PathBuf, most: u64) -> Vec<String> {
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return Vec::new() };
    if file.take(most).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect()
}

fn io_error(path: &Path, source: io::Error) -> JournalError {
    JournalError::Io { path: path.to_owned(), source }
}
