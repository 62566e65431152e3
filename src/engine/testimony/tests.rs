#![allow(clippy::unnecessary_wraps, reason = "what a write holds is written as it is held")]

use super::*;
use crate::journal::{Look, place};
use crate::model::{Attribution, FieldPath, Foreign, Gvk, Kind, Precision};

fn at(clock: &str) -> Timestamp {
    format!("2026-01-01T{clock}:00Z").parse().expect("a time")
}

fn key(kind: &str, name: &str) -> ResourceKey {
    let kind = Kind::new("", kind);
    ResourceKey { cluster: ClusterName::new("prod"), kind, namespace: "shop".into(), name: name.into() }
}

fn live(key: &ResourceKey, version: &str) -> Live {
    let gvk = Gvk::parse("v1", &key.kind.kind);
    Live { key: key.clone(), gvk, uid: "u".into(), resource_version: version.into(), created: None, json: "{}".into() }
}

fn write(path: &str, clock: &str, now: Option<Said>) -> Write {
    let by = Attribution {
        manager: Foreign::from("kubectl-edit"),
        operation: Foreign::from("Update"),
        subresource: None,
        after: None,
        time: Some(at(clock)),
        precision: Precision::Seen,
    };
    Write { path: path.parse().expect("a path"), deed: Deed::Field, by, was: None, now }
}

fn plain(value: i32) -> Option<Said> {
    Some(Said::Plain(serde_json::json!(value).into()))
}

fn masked() -> Option<Said> {
    Some(Said::Masked { masked: true, changed: true, bytes: Some(17) })
}

fn scene(kind: &str) -> Scene {
    Scene { kind: Kind::new("", kind), namespace: "shop".into() }
}

#[test]
fn the_newest_write_of_a_path_is_kept_and_no_object_grows_without_bound() {
    let mut testimony = Testimony::default();
    let key = key("ConfigMap", "flags");
    for n in 0..100 {
        testimony.add(
            &key,
            None,
            vec![write("data.a", "10:00", plain(n)), write(&format!("data.k{n}"), "10:01", plain(n))],
        );
    }
    let kept = testimony.of(&key).expect("kept");
    assert_eq!(kept.len(), PER_OBJECT);
    let of_a: Vec<_> = kept.iter().filter(|w| w.path.to_string() == "data.a").map(|w| w.now.clone()).collect();
    assert_eq!(of_a, [plain(99)], "one write per path, the newest");
}

#[test]
fn testimony_in_all_is_bounded_and_the_newest_stays() {
    let mut testimony = Testimony::default();
    for n in 0..IN_ALL + 10 {
        let clock = format!("{:02}:{:02}", n / 60 % 24, n % 60);
        testimony.keep(&key("ConfigMap", &n.to_string()), write("data.a", &clock, plain(1)));
    }
    assert!(testimony.count <= IN_ALL, "{}", testimony.count);
    assert_eq!(testimony.count, testimony.writes.values().map(|writes| writes.len()).sum::<usize>());
}

#[test]
fn what_changed_between_two_processes_is_told_once_it_is_listed_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let (same, moved, gone) = (key("ConfigMap", "same"), key("ConfigMap", "moved"), key("ConfigMap", "gone"));
    let known: FieldPath = "data.old".parse().expect("a path");
    let looked = |key: &ResourceKey| {
        (place(key), Looked { uid: "u".into(), version: "1".into(), stamp: None, known: vec![known.clone()] })
    };
    let look = Look { at: at("10:02"), objects: [&same, &moved, &gone].map(looked).into() };
    let app = AppId::new("shop", ClusterName::new("prod"));
    journal.keep_look(&app, &look).expect("kept");

    let again = Journal::open(dir.path()).expect("a journal");
    let mut testimony = Testimony::recall(Some(&again), [app].iter());
    let (one, two) = (live(&same, "1"), live(&moved, "2"));
    let cluster = ClusterName::new("prod");
    testimony.meet((&cluster, &scene("ConfigMap")), at("10:07"), |key| {
        [&one, &two].into_iter().find(|live| live.key == *key)
    });
    assert!(testimony.of(&same).is_none(), "the same version: nothing happened");
    let deed =
        |key: &ResourceKey| testimony.of(key).and_then(|writes| writes.last()).map(|w| (w.deed.clone(), w.by.after));
    assert_eq!(deed(&moved), Some((Deed::Unseen { known: vec![known.clone()], stamp: None }, Some(at("10:02")))));
    assert_eq!(deed(&gone), Some((Deed::Deleted, Some(at("10:02")))));
    assert_eq!(testimony.take_fresh().len(), 2, "the gap is noted for the process after this one");
}

#[test]
fn a_write_survives_a_restart_and_one_that_cannot_be_checked_only_while_nothing_changed() {
    for (version, kept) in [("5", 2), ("6", 1)] {
        let dir = tempfile::tempdir().expect("a directory");
        let journal = Journal::open(dir.path()).expect("a journal");
        let key = key("Secret", "token");
        let mut first = Testimony::default();
        let writes = vec![write("metadata.labels.a", "10:01", plain(3)), write("data.token", "10:01", masked())];
        first.add(&key, Some(&live(&key, "5")), writes);
        journal.note_writes(&first.take_fresh()).expect("noted");

        let mut testimony = Testimony::recall(Some(&journal), std::iter::empty());
        let now = live(&key, version);
        let cluster = ClusterName::new("prod");
        testimony.meet((&cluster, &scene("Secret")), at("10:07"), |_| Some(&now));
        let fields = testimony.of(&key).expect("kept").iter().filter(|w| w.deed == Deed::Field).count();
        assert_eq!(fields, kept, "version {version}: a masked value stands only while the object is the same");
    }
}

#[test]
fn what_a_gap_made_doubtful_is_as_doubtful_to_the_process_after_the_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let key = key("ConfigMap", "flags");
    let made = Write { path: FieldPath::root(), deed: Deed::Created, ..write("data", "10:00", None) };
    let mut first = Testimony::default();
    first.add(&key, Some(&live(&key, "5")), vec![made]);
    journal.note_writes(&first.take_fresh()).expect("noted");

    let (now, cluster) = (live(&key, "6"), ClusterName::new("prod"));
    let look = || {
        let mut testimony = Testimony::recall(Some(&journal), std::iter::empty());
        testimony.meet((&cluster, &scene("ConfigMap")), at("10:07"), |_| Some(&now));
        journal.note_writes(&testimony.take_fresh()).expect("noted");
        testimony.of(&key).map(|writes| writes.iter().map(|write| write.deed.clone()).collect::<Vec<_>>())
    };
    let before = look();
    assert!(before.as_ref().is_some_and(|deeds| matches!(deeds[..], [Deed::Unseen { .. }])), "{before:?}");
    assert_eq!(look(), before, "two looks in a row must say the same, with the same certainty");
}

#[test]
fn the_file_of_writes_tells_no_secret_and_no_long_value() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let mut testimony = Testimony::default();
    let long = Some(Said::Plain(serde_json::json!("x".repeat(2000)).into()));
    testimony.add(&key("ConfigMap", "a"), None, vec![write("data.a", "10:00", long)]);
    testimony.add(&key("Secret", "b"), None, vec![write("data.b", "10:00", masked())]);
    journal.note_writes(&testimony.take_fresh()).expect("noted");
    let text = std::fs::read_to_string(dir.path().join("writes.jsonl")).expect("the file");
    assert!(text.contains("\"cut\":2002") && !text.contains("xxxx"), "a long value is only counted: {text}");
    assert!(text.contains("\"masked\"") && !text.contains("17"), "of a masked value not even the length: {text}");
    assert_eq!(journal.writes().len(), 2, "and it reads back");
}

#[test]
fn the_newer_write_of_a_field_counts_in_whatever_order_processes_noted_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let secret = key("Secret", "token");
    let by = |manager: &str, clock: &str| {
        let mut write = write("data.password", clock, masked());
        write.by.manager = Foreign::from(manager);
        vec![write]
    };
    let (mut one, mut other) = (Testimony::default(), Testimony::default());
    one.add(&secret, Some(&live(&secret, "2")), by("kubectl-edit", "10:01"));
    other.add(&secret, Some(&live(&secret, "3")), by("vault-agent", "10:02"));
    journal.note_writes(&other.take_fresh()).expect("noted");
    journal.note_writes(&one.take_fresh()).expect("noted");
    let app = AppId::new("shop", ClusterName::new("prod"));
    let testimony = Testimony::recall(Some(&journal), [app].iter());
    let managers: Vec<_> = testimony.of(&secret).into_iter().flat_map(|writes| writes.iter()).collect();
    let managers: Vec<_> = managers.iter().map(|write| write.by.manager.raw()).collect();
    assert_eq!(managers, ["vault-agent"], "of a masked value only the order tells whose it is");
}
