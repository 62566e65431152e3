//! Directories as they lie on disk.

use std::fs;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use driftdeck::model::TreeError;
use driftdeck::source::Dir;

use super::repos;

#[test]
fn a_directory_is_named_by_its_content_alone() {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(root.path().join("base/.git")).expect("made");
    fs::write(root.path().join("base/a.yaml"), "a: 1").expect("written");
    let dir = Dir::open(root.path()).expect("opens");
    let (first, tree) = dir.snapshot().expect("read");
    assert!(first.as_str().starts_with("dir:"), "a directory's id says what it is");
    fs::write(root.path().join("base/.git/config"), "x").expect("written");
    fs::create_dir(root.path().join("empty")).expect("made");
    assert_eq!(dir.snapshot().expect("read").0, first, ".git and empty directories do not count");
    fs::write(root.path().join("base/a.yaml"), "a: 2").expect("written");
    assert_ne!(dir.snapshot().expect("read").0, first, "another content is another id");
    assert_eq!(&*tree.read("base/a.yaml").expect("read"), b"a: 1", "a snapshot stays as it was");
}

#[cfg(unix)]
#[test]
fn links_out_of_a_directory_are_refused() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("secret"), "bait").expect("written");
    let inner = root.path().join("inner");
    fs::create_dir(&inner).expect("made");
    fs::write(inner.join("a.yaml"), "a: 1").expect("written");
    std::os::unix::fs::symlink("../secret", inner.join("out.yaml")).expect("linked");
    std::os::unix::fs::symlink(root.path().join("secret"), inner.join("absolute.yaml")).expect("linked");
    std::os::unix::fs::symlink("a.yaml", inner.join("in.yaml")).expect("linked");
    let (_, tree) = Dir::open(&inner).expect("opens").snapshot().expect("read");
    assert_eq!(tree.read("out.yaml"), Err(TreeError::BadLink));
    assert_eq!(tree.read("absolute.yaml"), Err(TreeError::BadLink));
    assert_eq!(&*tree.read("in.yaml").expect("a link inside works"), b"a: 1");
}

#[test]
fn the_repository_around_a_directory_tells_its_head_and_whether_it_is_dirty() {
    let repos = repos::build("plain");
    let dir = Dir::open(&repos.dir.path().join("work/apps/a")).expect("opens");
    let head = repos.sh(0, "git rev-parse HEAD");
    let (commit, is_dirty) = dir.worktree().expect("a repository is around it");
    assert_eq!((commit.as_str(), is_dirty), (head.as_str(), false), "as checked out");
    repos.sh(0, "echo x > apps/b/new.yaml");
    assert!(!dir.worktree().expect("still").1, "what lies elsewhere does not count");
    repos.sh(0, "echo x > apps/a/new.yaml");
    assert!(dir.worktree().expect("still").1, "a file that HEAD has not would be rendered too");
}

#[test]
fn a_watch_tells_of_a_change() {
    let root = tempfile::tempdir().expect("a directory");
    let (send, receive) = sync_channel(8);
    let dir = Dir::open(root.path()).expect("opens");
    let watch = dir.watch(Box::new(move || send.try_send(()).unwrap_or_default())).expect("watched");
    fs::write(root.path().join("a.yaml"), "a: 1").expect("written");
    receive.recv_timeout(Duration::from_mins(1)).expect("the change is told");
    drop(watch);
}
