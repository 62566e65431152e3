use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use super::{Entry, Journal};
use crate::model::{AppId, ClusterName, CommitId, Foreign, Kind, ResourceKey};

fn app() -> AppId {
    AppId::new("payments", ClusterName::new("prod"))
}

fn entry(what: &str) -> Entry {
    Entry {
        time: jiff::Timestamp::UNIX_EPOCH,
        who: Foreign::from("ana"),
        what: Foreign::from(what),
        app: Some(app()),
        result: Foreign::from("done"),
        detail: None,
    }
}

fn key(name: &str) -> ResourceKey {
    let kind = Kind::new("", "ConfigMap");
    ResourceKey { cluster: ClusterName::new("prod"), kind, namespace: "ns".into(), name: name.into() }
}

#[test]
fn entries_come_back_newest_first_and_broken_lines_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    journal.append(&entry("sync")).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(dir.path().join("journal.jsonl")).unwrap();
    file.write_all(b"{\"line\":\"done\",\"ti").unwrap();
    journal.append(&entry("pause")).unwrap();
    let back = journal.newest(10);
    assert_eq!(back.entries, [entry("pause"), entry("sync")], "a cut line must not swallow its neighbour");
    assert_eq!(back.skipped, 1);
    assert_eq!(journal.newest(1).entries, [entry("pause")]);
}

#[test]
fn the_newest_commit_seen_wins_per_object() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let (old, new) = (CommitId::new("a"), CommitId::new("b"));
    journal.note_seen(&app(), &old, &[key("x"), key("y")], now).unwrap();
    journal.note_seen(&app(), &new, &[key("x")], now).unwrap();
    let other = AppId::new("other", ClusterName::new("prod"));
    journal.note_seen(&other, &CommitId::new("c"), &[key("y")], now).unwrap();
    let seen: Vec<_> = journal.last_seen(&app()).into_values().collect();
    assert_eq!(seen, [new, old], "x at the newer commit, y at the older, another app's left alone");
}

#[test]
fn what_comes_and_goes_pushes_nothing_that_was_done_out_of_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    journal.append(&entry("sync")).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let quiet = AppId::new("quiet", ClusterName::new("prod"));
    journal.note_seen(&quiet, &CommitId::new("q"), &[key("x")], now).unwrap();
    let keys: Vec<_> = (0..500).map(|n| key(&format!("m{n}"))).collect();
    for commit in 0..40 {
        journal.note_seen(&app(), &CommitId::new(format!("c{commit}")), &keys, now).unwrap();
    }
    assert_eq!(journal.newest(5).entries, [entry("sync")], "every action is on record");
    assert!(journal.last_seen(&quiet).into_values().eq([CommitId::new("q")]), "a quiet app keeps its bases");
    assert!(journal.last_seen(&app()).into_values().all(|commit| commit == CommitId::new("c39")));
    let kept: u64 = files_in(dir.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(kept < 200_000, "what was said before is not kept: {kept} bytes");
}

/// All files below a directory.
fn files_in(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

#[test]
fn a_note_that_comes_late_changes_nothing_and_one_that_says_nothing_new_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    let (old, new) = (CommitId::new("a"), CommitId::new("b"));
    journal.note_seen(&app(), &new, &[key("x")], at(20)).unwrap();
    journal.note_seen(&app(), &old, &[key("x"), key("y")], at(10)).unwrap();
    let seen = |name: &str| journal.last_seen(&app()).get(&super::place(&key(name))).cloned();
    assert_eq!((seen("x"), seen("y")), (Some(new.clone()), Some(old)), "two tasks may swap on their way to the disk");
    let file = files_in(&dir.path().join("seen")).remove(0);
    let before = std::fs::metadata(&file).unwrap();
    journal.note_seen(&app(), &new, &[key("x")], at(30)).unwrap();
    let after = std::fs::metadata(&file).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::ino(&before), std::os::unix::fs::MetadataExt::ino(&after));
}

#[test]
fn what_was_seen_synced_is_bounded_and_the_oldest_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    journal.note_seen(&app(), &CommitId::new("a"), &[key("old")], at(1)).unwrap();
    let keys: Vec<_> = (0..super::seen::MOST).map(|n| key(&format!("m{n}"))).collect();
    journal.note_seen(&app(), &CommitId::new("b"), &keys, at(2)).unwrap();
    let seen = journal.last_seen(&app());
    assert_eq!((seen.len(), seen.get(&super::place(&key("old")))), (super::seen::MOST, None));
}

#[test]
fn several_writers_of_one_look_leave_a_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let look = |count: usize| {
        let looked = |n| {
            let known = Vec::new();
            (
                super::place(&key(&format!("{n}"))),
                super::Looked { uid: "u".into(), version: "1".into(), stamp: None, known },
            )
        };
        super::Look { at: jiff::Timestamp::UNIX_EPOCH, objects: (0..count).map(looked).collect() }
    };
    std::thread::scope(|scope| {
        for count in [1, 500, 2_000, 40] {
            let (journal, look) = (journal.clone(), look(count));
            scope.spawn(move || (0..20).for_each(|_| journal.keep_look(&app(), &look).unwrap()));
        }
        for _ in 0..200 {
            let size = journal.look(&app()).map(|look| look.objects.len());
            assert!(matches!(size, None | Some(1 | 40 | 500 | 2_000)), "half a look: {size:?}");
        }
    });
    assert!(journal.look(&app()).is_some(), "the last one is whole");
}

#[test]
fn only_the_user_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    Journal::open(&state).unwrap().append(&entry("sync")).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("journal.jsonl")), 0o600);
}

#[test]
fn a_full_file_is_rotated_and_its_lines_stay_readable() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    journal.append(&entry("first")).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(dir.path().join("journal.jsonl")).unwrap();
    file.set_len((10 << 20) - 1).unwrap();
    journal.append(&entry("second")).unwrap();
    assert!(dir.path().join("journal.1.jsonl").exists(), "the full file is kept under its next name");
    let whats: Vec<_> = journal.newest(5).entries.iter().map(|entry| entry.what.raw().to_owned()).collect();
    assert_eq!(whats, ["second", "first"]);
}
