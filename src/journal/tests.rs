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
