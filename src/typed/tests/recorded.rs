//! Every recorded write leaves the ownership and the object that the API server left.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::node_of;
use crate::fields::{Entry, Set, managed};
use crate::model::Foreign;
use crate::schema::Node;
use crate::typed::{Applied, Leniency, Refused, Terms, apply, set_of, subset, update};

/// One write: the object before, who wrote what, the object after, or the conflicts that were the answer.
struct Write {
    what: String,
    by: Entry,
    force: bool,
    before: Value,
    body: Value,
    after: Value,
    conflict: Option<Value>,
    node: Node,
}

static WRITES: LazyLock<Vec<Write>> = LazyLock::new(|| {
    let text = include_str!("../../../tests/fixtures/typed/writes.json");
    let cases: Vec<Value> = serde_json::from_str(text).expect("fixtures are JSON");
    cases.iter().map(write).collect()
});

fn write(case: &Value) -> Write {
    let word = |key: &str| case[key].as_str().expect(key).to_owned();
    let conflict = Some(case["conflict"].clone()).filter(|conflict| !conflict.is_null());
    let empty = json!({});
    let before = Some(&case["before"]).filter(|before| !before.is_null()).unwrap_or(&empty).clone();
    let by = Entry {
        manager: Foreign::from(word("manager")),
        operation: Foreign::from(word("operation")),
        subresource: None,
        api_version: Foreign::from(case["body"]["apiVersion"].as_str().expect("apiVersion")),
        time: "2026-11-21T12:00:00Z".parse().ok(),
        set: Set::default(),
    };
    Write {
        what: word("what"),
        by,
        force: case["force"] == json!(true),
        before,
        node: node_of(&case["body"]),
        body: case["body"].clone(),
        after: case["after"].clone(),
        conflict,
    }
}

/// Who owns what, without times.
fn ownership(entries: &[Entry]) -> Vec<(String, String, Value)> {
    let mut told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.manager.raw().to_owned(), entry.operation.raw().to_owned(), entry.set.to_v1()))
        .collect();
    told.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    told
}

static NOTHING: Value = Value::Null;

fn applied(write: &Write, live: &Value, force: bool) -> Result<Applied, Refused> {
    apply(&Terms::plain(Some(&write.node), &NOTHING), live, &write.body, &write.by, force)
}

/// Without what only the server writes.
fn declared(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("object").remove("status");
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"] {
            metadata.remove(key);
        }
    }
    object
}

#[test]
fn ownership_after_a_write_is_what_the_server_recorded() {
    for write in WRITES.iter().filter(|write| write.conflict.is_none()) {
        let entries = if write.by.operation.raw() == "Apply" {
            applied(write, &write.before, write.force).expect("no conflict was recorded").entries
        } else {
            let terms = Terms::plain(Some(&write.node), &NOTHING);
            update(&terms, (&write.before, &write.after), managed(&write.before), &write.by).expect("one version")
        };
        let (ours, theirs) = (ownership(&entries), ownership(&managed(&write.after)));
        assert_eq!(ours, theirs, "{}", write.what);
    }
}

#[test]
fn the_object_after_an_apply_is_the_servers_but_for_defaults() {
    let applies = |write: &&Write| write.conflict.is_none() && write.by.operation.raw() == "Apply";
    for write in WRITES.iter().filter(applies) {
        let node = Some(&write.node);
        let new = applied(write, &write.before, write.force).expect("no conflict").object;
        let (new, after) = (declared(&new), declared(&write.after));
        let exact = Leniency { empty_is_absent: true, zero_is_absent: false };
        let more = subset(node, &new, &after, exact);
        assert!(more.is_empty(), "{}: the server has not {more:?}", write.what);
        let kept = set_of(node, &declared(&write.before)).intersection(&set_of(node, &after));
        let lost = kept.difference(&set_of(node, &new));
        assert!(lost.is_empty(), "{}: lost {:?}", write.what, lost.leaves());
    }
}

#[test]
fn a_conflict_names_the_manager_and_the_fields_that_the_server_named() {
    let mut seen = 0;
    for write in WRITES.iter() {
        let Some(causes) = &write.conflict else { continue };
        let Err(Refused::Conflicts(conflicts)) = applied(write, &write.before, write.force) else {
            panic!("the server refused it: {}", write.what)
        };
        let fields: Vec<String> =
            conflicts.iter().flat_map(|conflict| conflict.set.leaves()).map(|path| format!(".{path}")).collect();
        let named: Vec<&str> =
            causes.as_array().expect("list").iter().filter_map(|cause| cause["field"].as_str()).collect();
        assert_eq!(fields, named, "{}", write.what);
        seen += 1;
    }
    assert!(seen > 0, "the fixtures hold a conflict");
}

#[test]
fn a_repeated_apply_changes_neither_object_nor_ownership() {
    for write in WRITES.iter().filter(|write| write.conflict.is_none() && write.by.operation.raw() == "Apply") {
        let node = Some(&write.node);
        let Applied { object: again, entries, .. } = applied(write, &write.after, true).expect("forced");
        let stored = Leniency { empty_is_absent: true, zero_is_absent: false };
        let more = subset(node, &declared(&again), &declared(&write.after), stored);
        assert!(more.is_empty(), "{}: {more:?}", write.what);
        let before = ownership(&managed(&write.after));
        let respelled = write.what.contains("spelling");
        assert!(respelled || ownership(&entries) == before, "{}", write.what);
    }
}
