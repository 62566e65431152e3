//! `ReplicaSets`: as many pods as asked for, and their count in the status.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::{MANAGER, Room, counts, is_active, is_ready, pod_of, replicas};

/// Creates or deletes pods, then counts.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let pods: Vec<Value> = room.owned("", "Pod", live).into_iter().filter(is_active).collect();
    let wanted = replicas(live);
    for _ in pods.len()..wanted {
        room.create(pod_of(live, &json!({"generateName": format!("{}-", object::name(live))}), &[]));
    }
    let mut doomed: Vec<&Value> = pods.iter().collect();
    doomed.sort_by_key(|pod| is_ready(pod));
    for pod in doomed.into_iter().take(pods.len().saturating_sub(wanted)) {
        room.delete(pod, &json!({}));
    }
    let pods: Vec<Value> = room.owned("", "Pod", live).into_iter().filter(is_active).collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let mut new = live.clone();
    let mut status = live["status"].clone();
    object::put(&mut status, "replicas", pods.len().into());
    counts(
        &mut status,
        &[("fullyLabeledReplicas", pods.len()), ("readyReplicas", ready), ("availableReplicas", ready)],
    );
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
}
