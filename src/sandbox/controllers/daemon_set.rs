//! `DaemonSets`: a pod on each node, rolled one at a time.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::{MANAGER, Room, counts, hash, is_active, is_ready, label, pod_of};

const HASH: &str = "controller-revision-hash";

/// Makes the pods that are missing, takes away those of no node or of an old template.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let Some(nodes) = room.world.kinds.of("", "Node") else { return };
    let nodes: Vec<String> = room.state.store.list(nodes.id, "").map(|(name, _)| name.name.to_string()).collect();
    let revision = hash(&live["spec"]["template"]);
    let pods: Vec<Value> = room.owned("", "Pod", live).into_iter().filter(is_active).collect();
    for node in nodes.iter().filter(|node| !pods.iter().any(|pod| text(pod, "/spec/nodeName") == **node)) {
        let name = json!({"generateName": format!("{}-", object::name(live))});
        let mut pod = pod_of(live, &name, &[(HASH, &revision), ("pod-template-generation", "1")]);
        object::set(&mut pod, &["spec", "nodeName"], node.as_str().into());
        room.create(pod);
    }
    let all_ready = pods.iter().all(is_ready) && pods.len() == nodes.len();
    let rolls = text(live, "/spec/updateStrategy/type") != "OnDelete";
    if let Some(old) = pods.iter().find(|pod| label(pod, HASH) != revision).filter(|_| all_ready && rolls) {
        room.delete(old, &json!({}));
    }
    report(room, kind, live, (nodes.len(), &revision));
}

fn report(room: &mut Room, kind: &KindInfo, live: &Value, (wanted, revision): (usize, &str)) {
    let pods: Vec<Value> = room.owned("", "Pod", live).into_iter().filter(is_active).collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let updated = pods.iter().filter(|pod| label(pod, HASH) == revision).count();
    let mut status = live["status"].clone();
    for (key, count) in [
        ("currentNumberScheduled", pods.len()),
        ("desiredNumberScheduled", wanted),
        ("numberMisscheduled", 0),
        ("numberReady", ready),
    ] {
        object::put(&mut status, key, count.into());
    }
    counts(
        &mut status,
        &[
            ("updatedNumberScheduled", updated),
            ("numberAvailable", ready),
            ("numberUnavailable", wanted.saturating_sub(ready)),
        ],
    );
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    let mut new = live.clone();
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
}
