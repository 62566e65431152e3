//! What holds of any value: built-in and custom shapes, and values of which nothing is known.

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::node_of;
use crate::fields::Set;
use crate::model::FieldPath;
use crate::typed::{Leniency, changed, compare, extract, merge, remove, set_of, subset};

fn word() -> impl Strategy<Value = String> {
    "[abc]"
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(word(), inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Rows without a zone or with one: the absent one is `eu` by default.
fn rows() -> impl Strategy<Value = Value> {
    btree_map((0..3_i64, prop_oneof![Just(None), Just(Some("us"))]), word(), 0..4).prop_map(|rows| {
        let row = |((id, zone), note): ((i64, Option<&str>), String)| match zone {
            Some(zone) => json!({"id": id, "zone": zone, "note": note}),
            None => json!({"id": id, "note": note}),
        };
        Value::Array(rows.into_iter().map(row).collect())
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    btree_map(word(), value, 0..3).prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn widget() -> impl Strategy<Value = Value> {
    let tags = btree_set(word(), 0..3).prop_map(|tags| Value::from(tags.into_iter().collect::<Vec<_>>()));
    let plain = proptest::collection::vec(word(), 0..3).prop_map(Value::from);
    let opts = object(any::<bool>().prop_map(|on| json!({"on": on})));
    let atomic = object(word().prop_map(Value::from));
    let fields = [
        ("free", object(any_json()).boxed()),
        ("rows", rows().boxed()),
        ("tags", tags.boxed()),
        ("plain", plain.boxed()),
        ("opts", opts.boxed()),
        ("atomicMap", atomic.boxed()),
    ];
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| proptest::option::of(value).prop_map(move |value| Some((name.to_owned(), value?))))
        .collect();
    fields.prop_map(|fields| {
        let spec: Map<String, Value> = fields.into_iter().flatten().collect();
        json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
    })
}

fn kind() -> crate::schema::Node {
    static NODE: std::sync::LazyLock<crate::schema::Node> =
        std::sync::LazyLock::new(|| node_of(&json!({"apiVersion": "example.com/v1", "kind": "Widget"})));
    NODE.clone()
}

proptest! {
    #[test]
    fn a_value_equals_itself(value in widget(), loose in any_json()) {
        prop_assert!(compare(Some(&kind()), &value, &value).is_empty());
        prop_assert!(subset(Some(&kind()), &value, &value, Leniency::default()).is_empty());
        prop_assert!(compare(None, &loose, &loose).is_empty());
    }

    #[test]
    fn a_set_reads_back_as_it_is_written(value in widget(), loose in any_json()) {
        for set in [set_of(Some(&kind()), &value), set_of(None, &loose)] {
            prop_assert_eq!(&Set::from_v1(&set.to_v1()).expect("own spelling"), &set);
            let again = set.iter().fold(Set::default(), |mut all, path| { all.insert(&path); all });
            prop_assert_eq!(again, set);
        }
    }

    #[test]
    fn what_is_merged_is_there_and_merging_again_changes_nothing(live in widget(), applied in widget()) {
        let node = kind();
        let merged = merge(Some(&node), &live, &applied);
        prop_assert_eq!(&merge(Some(&node), &merged, &applied), &merged);
        prop_assert_eq!(&merge(Some(&node), &live, &live), &live);
        let missing = subset(Some(&node), &applied, &merged, Leniency { empty_is_absent: true, zero_is_absent: false });
        let missing: Vec<_> = missing.iter().filter(|change| change.a != Some(Value::Null)).collect();
        prop_assert!(missing.is_empty(), "{:?}", missing);
    }

    #[test]
    fn a_difference_is_seen_by_both_ways_of_comparing(a in widget(), b in widget()) {
        let node = kind();
        let delta = changed(Some(&node), &a, &b);
        let silent = delta.added.union(&delta.removed).union(&delta.modified).is_empty();
        prop_assert_eq!(compare(Some(&node), &a, &b).is_empty(), silent);
        let there = compare(Some(&node), &a, &b).len();
        prop_assert_eq!(there, compare(Some(&node), &b, &a).len(), "a difference has two directions");
    }

    #[test]
    fn extracting_all_keeps_all_and_removing_all_leaves_nothing_owned(value in widget()) {
        let node = kind();
        let set = set_of(Some(&node), &value);
        let kept = extract(Some(&node), &value, &set);
        prop_assert_eq!(set_of(Some(&node), &kept), set.clone());
        let rest = remove(Some(&node), &value, &set);
        prop_assert!(set_of(Some(&node), &rest).intersection(&set).is_empty());
        prop_assert_eq!(&remove(Some(&node), &value, &Set::default()), &value);
    }

    #[test]
    fn what_was_merged_in_is_extracted_again(live in widget(), applied in widget()) {
        let node = kind();
        let merged = merge(Some(&node), &live, &applied);
        let set = set_of(Some(&node), &applied);
        let mine = extract(Some(&node), &merged, &set);
        let gone = set.difference(&set_of(Some(&node), &mine));
        let filled_in = |path: &FieldPath| matches!(crate::typed::at(&applied, path), Some(value)
            if value.is_null() || value == &json!({}));
        let lost: Vec<_> = gone.leaves().into_iter().filter(|path| !filled_in(path)).collect();
        prop_assert!(lost.is_empty(), "{:?}", lost);
    }
}
