//! The store by itself: what is listed at a version, what the rings keep, and what they may weigh.

use serde_json::json;

use super::*;

const MAPS: KindId = KindId(0);
const PODS: KindId = KindId(1);

fn object(namespace: &str, name: &str, size: usize) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name}, "data": {"text": "x".repeat(size)}})
}

/// A store with `shop/a`, `shop/b`, `shop/c` and `till/a`, at the version after them.
fn shop() -> Store {
    let mut store = Store::new(2);
    for (namespace, name) in [("shop", "a"), ("shop", "b"), ("shop", "c"), ("till", "a")] {
        store.put(MAPS, &object(namespace, name, 1));
    }
    store
}

fn listed(store: &Store, namespace: &str, at: (u64, Option<&Name>)) -> Option<Vec<String>> {
    let said = |(name, stored): (&Name, &Arc<Stored>)| {
        let read: Value = serde_json::from_slice(&stored.bare()).expect("JSON");
        let size = read["data"]["text"].as_str().map_or(0, str::len);
        format!("{}/{} {size}", name.namespace, name.name)
    };
    store.list_at(MAPS, namespace, at).map(|all| all.map(said).collect())
}

#[test]
fn a_list_at_a_version_undoes_what_came_since() {
    let mut store = shop();
    let then = store.rv();
    store.put(MAPS, &object("shop", "b", 2));
    store.put(MAPS, &object("shop", "b", 3));
    store.remove(MAPS, &object("shop", "a", 1));
    store.put(MAPS, &object("shop", "aa", 9));
    store.put(PODS, &object("shop", "z", 9));
    let before = ["shop/a 1", "shop/b 1", "shop/c 1", "till/a 1"].map(str::to_owned);
    assert_eq!(listed(&store, "", (then, None)).as_deref(), Some(&before[..]));
    assert_eq!(listed(&store, "shop", (then, None)).as_deref(), Some(&before[..3]), "of one namespace");
    let after = Name::new("shop", "a");
    assert_eq!(
        listed(&store, "", (then, Some(&after))).as_deref(),
        Some(&before[1..]),
        "after a name that is gone now"
    );
    let now = ["shop/aa 9", "shop/b 3", "shop/c 1", "till/a 1"].map(str::to_owned);
    assert_eq!(listed(&store, "", (store.rv(), None)).as_deref(), Some(&now[..]));
    store.compact();
    assert_eq!(listed(&store, "", (then, None)), None, "what is forgotten is not guessed");
    assert_eq!(listed(&store, "", (store.rv(), None)).as_deref(), Some(&now[..]));
}

#[test]
fn a_busy_kind_takes_no_quiet_kind_its_changes() {
    let mut store = shop();
    let then = store.rv();
    for _ in 0..=RING {
        store.put(PODS, &object("shop", "busy", 1));
    }
    assert!(
        store.since(MAPS, then).is_some_and(|mut changes| changes.next().is_none()),
        "nothing moved, nothing is lost"
    );
    assert!(store.since(PODS, then).is_none(), "the busy one has forgotten");
    assert!(store.since(PODS, store.compacted(PODS)).is_some(), "it says from where it knows");
}

#[test]
fn the_rings_are_bounded_by_number_and_by_bytes() {
    let mut store = shop();
    let size = RING_BYTES / 64;
    for _ in 0..200 {
        store.put(PODS, &object("shop", "large", size));
    }
    let weigh =
        |store: &Store| -> usize { store.shelves.iter().flat_map(|row| &row.ring).map(|change| change.weight()).sum() };
    assert_eq!(store.weight, weigh(&store), "the count is the truth");
    assert!(store.weight <= RING_BYTES && store.weight > RING_BYTES / 2, "{}", store.weight);
    for turn in 0..2 * RING {
        let pod = object("shop", &format!("pod-{}", turn % 7), 1);
        if turn % 3 == 2 { store.remove(PODS, &pod) } else { store.put(PODS, &pod) }
    }
    assert_eq!(store.order.len(), RING);
    assert_eq!(store.weight, weigh(&store), "with deletions, too");
    assert_eq!(store.shelves.iter().map(|row| row.ring.len()).sum::<usize>(), RING);
    store.compact();
    assert_eq!((store.weight, weigh(&store)), (0, 0));
}

#[test]
fn objects_of_a_namespace_share_its_name() {
    let store = shop();
    let names: Vec<&Name> = store.list(MAPS, "shop").map(|(name, _)| name).collect();
    assert!(names.windows(2).all(|pair| Arc::ptr_eq(&pair[0].namespace, &pair[1].namespace)));
}
