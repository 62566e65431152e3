//! The files: `journal.jsonl`, and two older ones of at most 10 MiB each. Private to the user, locked for appends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::JournalError;

const NEWEST: &str = "journal.jsonl";
const OLDER: [&str; 2] = ["journal.1.jsonl", "journal.2.jsonl"];
const ROTATE_AT: u64 = 10 << 20;

pub(super) fn make_dir(dir: &Path) -> Result<(), JournalError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| io_error(dir, source))
}

/// Appends one line, rotating first where the file is full.
pub(super) fn append(dir: &Path, line: &str) -> Result<(), JournalError> {
    let path = dir.join(NEWEST);
    try_append(dir, &path, line).map_err(|source| io_error(&path, source))
}

fn try_append(dir: &Path, path: &Path, line: &str) -> io::Result<()> {
    // A lock file of its own: the journal itself is renamed while the lock is held.
    let lock = open(&dir.join("journal.lock"))?;
    lock.lock()?;
    let mut file = open(path)?;
    let mut size = file.metadata()?.len();
    if size > 0 && size + line.len() as u64 >= ROTATE_AT {
        rotate(dir)?;
        file = open(path)?;
        size = 0;
    }
    // A line cut by a crash must not swallow the one that follows it.
    let whole = if size > 0 && !ends_line(path, size)? { format!("\n{line}\n") } else { format!("{line}\n") };
    file.write_all(whole.as_bytes())?;
    file.sync_data()
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

fn rotate(dir: &Path) -> io::Result<()> {
    let [first, second] = OLDER.map(|name| dir.join(name));
    if first.exists() {
        fs::rename(&first, second)?;
    }
    fs::rename(dir.join(NEWEST), first)
}

/// All lines, oldest first; files that cannot be read count as empty, bytes beyond the budget are left out.
pub(super) fn lines(dir: &Path) -> Vec<String> {
    let [first, second] = OLDER;
    [second, first, NEWEST].iter().flat_map(|name| lines_of(&dir.join(name))).collect()
}

fn lines_of(path: &PathBuf) -> Vec<String> {
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return Vec::new() };
    if file.take(2 * ROTATE_AT).read_to_end(&mut bytes).is_err() {
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
