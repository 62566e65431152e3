//! What sets of paths and managedFields must hold.

use serde_json::{Value, json};

use super::{Set, managed, ours, owner};
use crate::model::{FieldPath, Step};

fn path(text: &str) -> FieldPath {
    text.parse().expect(text)
}

fn set(paths: &[&str]) -> Set {
    let mut set = Set::default();
    for text in paths {
        set.insert(&path(text));
    }
    set
}

fn spelled(set: &Set) -> Vec<String> {
    set.iter().map(|path| path.to_string()).collect()
}

#[test]
fn fields_v1_reads_and_writes_every_kind_of_step() {
    let v1 = json!({
        "f:spec": {"f:ports": {
            "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
            "k:{\"port\":90}": {}
        }},
        "f:metadata": {"f:finalizers": {".": {}, "v:\"a.b/c\"": {}}, "f:x:y": {}},
        "f:rows": {"i:3": {"f:a": {}}}
    });
    let read = Set::from_v1(&v1).expect("well-formed");
    assert_eq!(read.to_v1(), v1, "what the server wrote comes back as it was");
    for member in [
        "spec.ports[port=80,protocol=TCP]",
        "spec.ports[port=80,protocol=TCP].port",
        "spec.ports[port=90]",
        "metadata.finalizers",
        "metadata.finalizers[=\"a.b/c\"]",
        "rows[3].a",
    ] {
        assert!(read.contains(&path(member)), "{member}");
    }
    assert!(!read.contains(&path("spec.ports")), "a parent is a member only where it says so");
}

#[test]
fn keys_of_an_item_meet_in_any_order() {
    let given = FieldPath(vec![Step::Item(vec![("b".into(), json!(1)), ("a".into(), json!("x"))])]);
    let mut set = Set::default();
    set.insert(&given);
    assert!(set.contains(&path("[a=x,b=1]")));
    assert!(set.contains(&path("[a=x,b=1.0]")), "numbers meet by value");
    assert!(!set.contains(&path("[a=x,b=\"1\"]")), "a number is no string");
}

#[test]
fn malformed_fields_are_refused_and_unknown_steps_left_out() {
    for bad in [json!([]), json!({"f:a": 1}), json!({"nocolon": {}}), json!({"k:{": {}}), json!({"i:x": {}})] {
        assert!(Set::from_v1(&bad).is_err(), "{bad}");
    }
    assert_eq!(Set::from_v1(&json!({"z:new": {}, "f:a": {}})).expect("readable"), set(&["a"]));
    let deep = (0..200).fold(json!({}), |inner, _| json!({"f:a": inner}));
    assert!(Set::from_v1(&deep).is_err(), "nesting is bounded");
}

#[test]
fn the_algebra_is_that_of_sets_of_paths() {
    let (a, b) = (set(&["x", "x.y", "z[n=1]"]), set(&["x", "z[n=2]"]));
    assert_eq!(spelled(&a.union(&b)), ["x", "x.y", "z[n=1]", "z[n=2]"]);
    assert_eq!(spelled(&a.intersection(&b)), ["x"]);
    assert_eq!(spelled(&a.difference(&b)), ["x.y", "z[n=1]"], "what lies below stays");
    assert_eq!(spelled(&a.recursive_difference(&b)), ["z[n=1]"], "what lies below goes");
    assert_eq!(spelled(&b.difference(&a)), ["z[n=2]"]);
    assert!(a.difference(&a).is_empty());
    assert_eq!(a.leaves(), [path("x.y"), path("z[n=1]")]);
}

#[test]
fn a_leaf_member_covers_what_lies_below_and_a_parent_does_not() {
    let owned = set(&["spec.selector", "data", "data.a"]);
    assert!(owned.covers(&path("spec.selector.matchLabels.app")), "an atomic map is owned with all it holds");
    assert!(owned.covers(&path("data")));
    assert!(!owned.covers(&path("data.b")), "owning data and data.a is not owning data.b");
    assert!(!owned.covers(&path("spec")));
}

fn object() -> Value {
    let entry = |manager: &str, operation: &str, time: &str, fields: Value| json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": time, "fieldsV1": fields});
    json!({"metadata": {"managedFields": [
        entry("driftdeck", "Apply", "2026-01-01T00:00:03Z", json!({"f:data": {"f:a": {}}})),
        entry("old", "Update", "2026-01-01T00:00:01Z", json!({"f:data": {"f:a": {}, "f:b": {}}})),
        entry("new", "Update", "2026-01-01T00:00:02Z", json!({"f:data": {"f:a": {}, "f:c": {"f:d": {}}}})),
        {"manager": "broken", "operation": "Update", "fieldsV1": {"f:a": 1}},
        7
    ]}})
}

#[test]
fn malformed_entries_are_left_out_and_ours_is_found() {
    let entries = managed(&object());
    assert_eq!(entries.len(), 3, "a broken entry does not hide the others");
    assert_eq!(ours(&entries, "driftdeck").map(|entry| entry.operation.raw()), Some("Apply"));
    assert!(ours(&entries, "old").is_none(), "an Update is no Apply");
    assert!(managed(&json!({})).is_empty());
}

#[test]
fn the_owner_is_the_newest_but_ours() {
    let entries = managed(&object());
    let who = |text: &str| owner(&entries, &path(text), "driftdeck").map(|entry| entry.manager.raw().to_owned());
    assert_eq!(who("data.a").as_deref(), Some("new"), "ours is newer and does not count");
    assert_eq!(who("data.b").as_deref(), Some("old"));
    assert_eq!(who("data.c").as_deref(), Some("new"), "somebody who owns something below");
    assert_eq!(who("data.z"), None);
}
