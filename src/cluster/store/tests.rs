use std::sync::Arc;

use super::*;
use crate::cluster::{CallError, CallKind, Served};
use crate::model::{Foreign, Gvk};

fn target() -> Target {
    let gvk = Gvk::parse("v1", "ConfigMap");
    let served = Served { gvk, resource: "configmaps".into(), namespaced: true, verbs: Arc::new([]) };
    Target { served, namespace: Some("shop".into()) }
}

fn live(name: &str, version: &str) -> Live {
    let gvk = Gvk::parse("v1", "ConfigMap");
    let key =
        ResourceKey { cluster: ClusterName::new("c"), kind: gvk.kind(), namespace: "shop".into(), name: name.into() };
    Live { key, gvk, uid: name.into(), resource_version: version.into(), created: None, json: version.into() }
}

fn seen(what: SeenWhat) -> Seen {
    let stop = tokio_util::sync::CancellationToken::new();
    Seen { cluster: ClusterName::new("c"), target: target(), stop, what }
}

/// `name was→now`, by resourceVersion.
fn told(changes: &[LiveChange]) -> Vec<String> {
    let version = |live: &Option<Live>| live.as_ref().map_or("-".to_owned(), |live| live.resource_version.to_string());
    changes.iter().map(|c| format!("{} {}→{}", c.key.name, version(&c.was), version(&c.now))).collect()
}

#[test]
fn a_change_travels_with_what_was_before() {
    let mut store = Store::default();
    assert_eq!(told(&store.apply(seen(SeenWhat::Listed(vec![live("a", "1"), live("b", "1")])))), ["a -→1", "b -→1"]);
    assert_eq!(told(&store.apply(seen(SeenWhat::Changed(live("a", "2"))))), ["a 1→2"]);
    assert_eq!(told(&store.apply(seen(SeenWhat::Gone(live("b", "3").key)))), ["b 1→-"]);
    assert!(store.apply(seen(SeenWhat::Gone(live("b", "3").key))).is_empty(), "gone once");
    assert_eq!(store.len(), 1);
}

#[test]
fn a_relist_tells_only_what_differs() {
    let mut store = Store::default();
    store.apply(seen(SeenWhat::Listed(vec![live("a", "1"), live("b", "1"), live("c", "1")])));
    let changes = store.apply(seen(SeenWhat::Listed(vec![live("a", "1"), live("b", "2"), live("d", "1")])));
    assert_eq!(told(&changes), ["b 1→2", "d -→1", "c 1→-"], "what stayed is no change, what is not there is gone");
}

#[test]
fn nothing_counts_as_listed_before_a_whole_list_came() {
    let (mut store, cluster) = (Store::default(), ClusterName::new("c"));
    store.apply(seen(SeenWhat::Changed(live("a", "1"))));
    assert!(!store.listed(&cluster, &target()), "an event is not a list");
    store.apply(seen(SeenWhat::Failed(CallError {
        kind: CallKind::Forbidden,
        message: Foreign::from(""),
        status: 403,
    })));
    assert!(!store.listed(&cluster, &target()), "a failure even less");
    store.apply(seen(SeenWhat::Listed(Vec::new())));
    assert!(store.listed(&cluster, &target()), "an empty list is one");
    assert!(store.is_empty());
    store.forget(&cluster, &target());
    assert!(!store.listed(&cluster, &target()), "what is watched no more is not known");
}

#[test]
fn a_failure_forgets_nothing() {
    let mut store = Store::default();
    store.apply(seen(SeenWhat::Listed(vec![live("a", "1")])));
    store.apply(seen(SeenWhat::Failed(CallError {
        kind: CallKind::Unreachable,
        message: Foreign::from(""),
        status: 0,
    })));
    assert!(store.get(&live("a", "1").key).is_some(), "the last state is kept, others say how old it is");
}
