//! What we keep on disk, and who may touch it when.
//!
//! Owns the mirrors' directories (0700, ours, no links: faults.md T14) and the advisory lock between processes.
//! Refuses fixed names outside the cache directory, and directories of somebody else.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use crate::model::Digest;

/// Where the mirror of a URL lies.
pub(super) fn mirror_dir(cache: &Path, url: &str) -> PathBuf {
    let hash = Digest::of_bytes(url.as_bytes());
    cache.join("mirrors").join(hash.0.get(..40).unwrap_or(&hash.0))
}

/// Makes a directory that only we can enter, or checks that one is.
pub(super) fn private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.recursive(true).create(dir)?;
    let meta = std::fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Err(io::Error::other("it is a link or no directory"));
    }
    if !gix::sec::identity::is_path_owned_by_current_user(dir)? {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    close_to_others(dir, &meta)
}

#[cfg(unix)]
fn close_to_others(dir: &Path, meta: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if meta.permissions().mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close_to_others(_dir: &Path, _meta: &std::fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Moves a broken mirror out of the way, in place of one set aside before. Call with the lock held.
pub(super) fn set_aside(dir: &Path) -> io::Result<()> {
    let aside = dir.with_extension("broken");
    if aside.exists() {
        std::fs::remove_dir_all(&aside)?;
    }
    std::fs::rename(dir, aside)?;
    private_dir(dir)
}

/// A held lock; dropping it lets go.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "held, never read: closing it lets go")] File);

/// Takes the lock file beside a mirror, or gives up after `patience`. `None` = another holds it.
pub(super) fn lock(dir: &Path, patience: Duration) -> io::Result<Option<Lock>> {
    let file = File::options().create(true).truncate(false).write(true).open(dir.with_extension("lock"))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock(file))),
            Err(TryLockError::Error(why)) => return Err(why),
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => return Ok(None),
            Err(TryLockError::WouldBlock) => park_timeout(Duration::from_millis(25)),
        }
    }
}

/// Removes what an aborted fetch left (faults.md 30). Call with the lock held.
pub(super) fn sweep(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir.join("objects").join("pack")) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".tmp") || name.starts_with("tmp_") {
            // Left for the next sweep when it cannot go now.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_mirrors_directory_is_ours_alone() {
        let root = tempfile::tempdir().expect("a directory");
        let dir = root.path().join("a").join("b");
        private_dir(&dir).expect("made");
        let mode = |at: &Path| std::fs::metadata(at).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700, "no one else may enter");
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).expect("opened");
        private_dir(&dir).expect("checked");
        assert_eq!(mode(&dir), 0o700, "what stood open is closed");
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&dir, &link).expect("linked");
        assert!(private_dir(&link).is_err(), "a link in place of the directory is refused");
    }

    #[test]
    fn the_lock_is_held_by_one_and_let_go_on_drop() {
        let root = tempfile::tempdir().expect("a directory");
        let dir = root.path().join("m");
        let first = lock(&dir, Duration::ZERO).expect("lockable").expect("free");
        assert!(lock(&dir, Duration::ZERO).expect("lockable").is_none(), "one holder at a time");
        drop(first);
        assert!(lock(&dir, Duration::ZERO).expect("lockable").is_some(), "dropping lets go");
    }
}
