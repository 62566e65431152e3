//! The walks give what structured-merge-diff v6.3.3 gave for the same values: random Widgets, duplicates and nulls
//! among them, recorded once from the Go library.

use serde_json::{Value, json};

use super::node_of;
use crate::fields::Set;
use crate::typed::prune::remove_to_null;
use crate::typed::{changed, extract, merge, name_members, remove, set_of};

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../tests/fixtures/typed/smd.json")).expect("fixtures are JSON")
}

/// Without nulls in objects: SMD leaves one where a field lost all it held, and the server's decoding drops it.
fn dense(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), dense(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(dense).collect()),
        other => other.clone(),
    }
}

#[test]
fn sets_and_their_algebra_are_those_of_smd() {
    for (at, case) in cases().iter().enumerate() {
        let node = node_of(&case["live"]);
        let (live, applied) = (set_of(Some(&node), &case["live"]), set_of(Some(&node), &case["applied"]));
        let leaves = live.leaves().iter().fold(Set::default(), |mut all, path| {
            all.insert(path);
            all
        });
        let table = [
            ("liveSet", live.clone()),
            ("appliedSet", applied.clone()),
            ("named", name_members(Some(&node), &applied)),
            ("difference", live.difference(&applied)),
            ("recursive", live.recursive_difference(&applied)),
            ("intersection", live.intersection(&applied)),
            ("union", live.union(&applied)),
            ("leaves", leaves),
        ];
        for (what, set) in table {
            assert_eq!(set.to_v1(), case[what], "case {at}: {what} of {}", json!([case["live"], case["applied"]]));
        }
    }
}

#[test]
fn comparisons_are_those_of_smd() {
    for (at, case) in cases().iter().enumerate() {
        let (live, applied) = (&case["live"], &case["applied"]);
        let delta = changed(Some(&node_of(live)), live, applied);
        for (what, set) in [("added", delta.added), ("removed", delta.removed), ("modified", delta.modified)] {
            assert_eq!(set.to_v1(), case[what], "case {at}: {what} from {live} to {applied}");
        }
    }
}

#[test]
fn merged_and_pruned_values_are_those_of_smd() {
    for (at, case) in cases().iter().enumerate() {
        let (live, applied) = (&case["live"], &case["applied"]);
        let node = node_of(live);
        assert_eq!(merge(Some(&node), live, applied), case["merged"], "case {at}: {live} with {applied}");
        let set = set_of(Some(&node), applied);
        let rest = remove_to_null(Some(&node), live, &set);
        assert_eq!(rest, case["without"], "case {at}: {live} without {}", set.to_v1());
        let rest = remove(Some(&node), live, &set);
        assert_eq!(dense(&rest), dense(&case["without"]), "case {at}: {live} without {}", set.to_v1());
        let leaves = set.leaves().iter().fold(Set::default(), |mut all, path| {
            all.insert(path);
            all
        });
        let only = extract(Some(&node), live, &leaves);
        assert_eq!(dense(&only), dense(&case["only"]), "case {at}: {} of {live}", leaves.to_v1());
    }
}

#[test]
fn what_loses_all_it_holds_goes_with_it_unless_a_server_reckons() {
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"team": "shop"}}});
    let node = node_of(&object);
    let only = Set::from_v1(&json!({"f:metadata": {"f:labels": {"f:team": {}}}})).expect("a set");
    let rest = remove(Some(&node), &object, &only);
    assert_eq!(rest["metadata"].get("labels"), None, "a null would be sent, and owned: {rest}");
    let rest = remove_to_null(Some(&node), &object, &only);
    assert_eq!(rest["metadata"], json!({"labels": null}), "SMD leaves a null in its place");
}
