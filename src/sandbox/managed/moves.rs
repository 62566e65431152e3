//! What a write moved, as structured-merge-diff's compare counts it: leaves, items, and the maps that came or went.

use serde_json::{Map, Value};

use super::{Ground, spelled};
use crate::fields::Set;
use crate::model::FieldPath;
use crate::typed::{self, Side};

/// What differs from one object to the next, in sets of paths.
pub(super) struct Moves {
    changed: Set,
    added: Set,
    pub(super) removed: Set,
}

impl Moves {
    pub(super) fn between(ground: Ground, live: &Value, new: &Value) -> Self {
        let (node, is_custom) = (ground.node, ground.kind.custom.is_some());
        let (before, after) = (typed::applied_set(node, live), typed::applied_set(node, new));
        let (mut added, mut removed) = (after.difference(&before), before.difference(&after));
        let zero = |path: &FieldPath| {
            let spelled = spelled(path);
            live.is_null() && if is_custom { spelled == ".metadata" } else { ZERO.contains(&spelled.as_str()) }
        };
        added = still(&added, live);
        removed = still(&removed, new);
        if is_custom {
            for path in empty_lists(new, &FieldPath::root()).iter().filter(|path| typed::at(live, path).is_none()) {
                added.insert(path);
            }
        } else {
            added = added.difference(&zeros(live, new));
        }
        for path in above(&added).into_iter().filter(|path| typed::at(live, path).is_none() && !zero(path)) {
            added.insert(&path);
        }
        for path in above(&removed).into_iter().filter(|path| typed::at(new, path).is_none()) {
            removed.insert(&path);
        }
        let mut changed = Set::default();
        for change in typed::compare(node, live, new) {
            if change.side == Side::Changed && after.contains(&change.path) {
                changed.insert(&change.path);
            }
        }
        Self { changed, added, removed }
    }

    /// What was changed or added.
    pub(super) fn written(&self) -> Set {
        self.changed.union(&self.added)
    }
}

/// What a Go object has before anything is set: such a struct is not "added" by a create, as a pointer or a map is.
const ZERO: [&str; 22] = [
    ".metadata",
    ".roleRef",
    ".spec",
    ".spec.containers",
    ".spec.jobTemplate",
    ".spec.jobTemplate.metadata",
    ".spec.jobTemplate.spec",
    ".spec.jobTemplate.spec.template",
    ".spec.jobTemplate.spec.template.metadata",
    ".spec.jobTemplate.spec.template.spec",
    ".spec.jobTemplate.spec.template.spec.containers",
    ".spec.names",
    ".spec.podSelector",
    ".spec.resources",
    ".spec.scaleTargetRef",
    ".spec.strategy",
    ".spec.template",
    ".spec.template.metadata",
    ".spec.template.spec",
    ".spec.template.spec.containers",
    ".spec.updateStrategy",
    ".status",
];

/// The set without the leaves that only grew into a map, or shrank to an empty one: they are there on both sides.
fn still(set: &Set, other: &Value) -> Set {
    let mut out = Set::default();
    for path in set.iter().filter(|path| !typed::at(other, path).is_some_and(Value::is_object)) {
        out.insert(&path);
    }
    out
}

/// Empty lists below keys alone: a custom object keeps them, and who sets them owns them.
fn empty_lists(value: &Value, at: &FieldPath) -> Vec<FieldPath> {
    match value {
        Value::Array(list) if list.is_empty() => vec![at.clone()],
        Value::Object(map) => map.iter().flat_map(|(key, value)| empty_lists(value, &at.key(key))).collect(),
        _ => Vec::new(),
    }
}

/// The empty structs of a new object that it would have had anyway.
fn zeros(live: &Value, new: &Value) -> Set {
    let mut out = Set::default();
    let empty = |path: &FieldPath| typed::at(new, path).is_some_and(|at| at.as_object().is_some_and(Map::is_empty));
    for path in ZERO.iter().filter_map(|path| path.parse::<FieldPath>().ok()) {
        if live.is_null() && empty(&path) {
            out.insert(&path);
        }
    }
    out
}

/// Every path above a member, but for the root.
fn above(set: &Set) -> Vec<FieldPath> {
    let members = set.iter();
    members
        .flat_map(|path| (1..path.0.len()).map(move |n| FieldPath(path.0[..n].to_vec())).collect::<Vec<_>>())
        .collect()
}
