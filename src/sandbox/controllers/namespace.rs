//! Namespaces that go away: their content first, then the finalizer; what holds them is said in their conditions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::{MANAGER, Room, status};

/// What is left in a namespace: how many of each kind, how many with each finalizer.
#[derive(Default)]
struct Left {
    kinds: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
}

/// Deletes what is in a terminating namespace; releases the namespace when nothing is left.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if !object::is_terminating(live) {
        return;
    }
    let name = object::name(live);
    // Pods go first: nothing that they use is taken from under them.
    if room.world.kinds.of("", "Pod").cloned().is_some_and(|pods| empty(room, &pods, name) > 0) {
        return;
    }
    let mut seen = BTreeSet::new();
    let kinds: Vec<_> = room.world.kinds.iter().filter(|inner| inner.namespaced && seen.insert(inner.id)).collect();
    for inner in kinds {
        empty(room, inner, name);
    }
    let left = left(room, name);
    if left.kinds.is_empty() {
        let mut new = live.clone();
        object::take(&mut new, &["spec", "finalizers"]);
        release(room, kind, live, new);
    } else {
        report(room, kind, live, &left);
    }
}

/// Deletes what is left of a kind; says how much is there still.
fn empty(room: &mut Room, kind: &KindInfo, namespace: &str) -> usize {
    let stored = room.state.store.list(kind.id, namespace);
    let all: Vec<Value> = stored.map(|(_, stored)| stored.value(kind)).collect();
    for object in all.iter().filter(|own| !object::is_terminating(own)) {
        room.delete(object, &json!({"propagationPolicy": "Background"}));
    }
    room.state.store.list(kind.id, namespace).count()
}

fn left(room: &Room, name: &str) -> Left {
    let (mut left, mut seen) = (Left::default(), BTreeSet::new());
    for inner in room.world.kinds.iter().filter(|inner| inner.namespaced && seen.insert(inner.id)) {
        for (_, stored) in room.state.store.list(inner.id, name) {
            *left.kinds.entry(format!("{}.{}", inner.plural, inner.group)).or_default() += 1;
            let own = stored.value(inner);
            let all = own["metadata"]["finalizers"].as_array().into_iter().flatten();
            for finalizer in all.filter_map(Value::as_str) {
                *left.finalizers.entry(finalizer.to_owned()).or_default() += 1;
            }
        }
    }
    left
}

/// The conditions of a namespace that waits for its content.
fn report(room: &mut Room, kind: &KindInfo, live: &Value, left: &Left) {
    let each = |all: &BTreeMap<String, usize>, word: &str| -> String {
        let said: Vec<String> =
            all.iter().map(|(name, count)| format!("{name} {word} {count} resource instances")).collect();
        said.join(", ")
    };
    let remain = format!("Some resources are remaining: {}", each(&left.kinds, "has"));
    let held = format!("Some content in the namespace has finalizers remaining: {}", each(&left.finalizers, "in"));
    let finalizers = if left.finalizers.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
    } else {
        ("True", "SomeFinalizersRemain", held.as_str())
    };
    let mut new = live.clone();
    let now = room.now();
    for (name, (word, reason, said)) in [
        (
            "NamespaceDeletionDiscoveryFailure",
            ("False", "ResourcesDiscovered", "All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            ("False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", ("True", "SomeResourcesRemain", remain.as_str())),
        ("NamespaceFinalizersRemaining", finalizers),
    ] {
        status::condition(&mut new["status"], (name, word, reason, said), now);
    }
    room.status(kind, live, new, MANAGER);
}

/// As by `/finalize`: no owner is noted.
fn release(room: &mut Room, kind: &KindInfo, live: &Value, new: Value) {
    let author = super::Author::controller(MANAGER);
    let _ = super::super::write::replace(room.world, room.state, kind, (live, new), &author);
}
