//! `StatefulSets`: pods by number, each after the one before is ready; rolled from the highest down.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::{MANAGER, Room, counts, hash, is_ready, label, pod_of, replicas};

const HASH: &str = "controller-revision-hash";

/// One step: one pod made, or one taken away.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let revision = format!("{}-{}", object::name(live), hash(&live["spec"]["template"]));
    let pods = room.owned("", "Pod", live);
    let parallel = object::text(live, "/spec/podManagementPolicy") == "Parallel";
    let mut waiting = false;
    for n in 0..replicas(live) {
        let name = format!("{}-{n}", object::name(live));
        match pods.iter().find(|pod| object::name(pod) == name) {
            Some(pod) => waiting |= !is_ready(pod),
            None if !waiting || parallel => {
                make(room, live, (&name, n, &revision));
                waiting = true;
            }
            None => {}
        }
    }
    if !waiting {
        shrink_or_roll(room, live, &pods, &revision);
    }
    report(room, kind, live, &revision);
}

fn make(room: &mut Room, live: &Value, (name, n, revision): (&str, usize, &str)) {
    let templates = live.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut volumes =
        live.pointer("/spec/template/spec/volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    for template in &templates {
        let claim = format!("{}-{name}", object::name(template));
        room.create(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": template["spec"],
            "metadata": {
                "name": claim, "namespace": object::namespace(live),
                "labels": live["spec"]["selector"]["matchLabels"],
            },
        }));
        volumes.push(json!({"name": object::name(template), "persistentVolumeClaim": {"claimName": claim}}));
    }
    let index = n.to_string();
    let labels = [
        ("apps.kubernetes.io/pod-index", index.as_str()),
        (HASH, revision),
        ("statefulset.kubernetes.io/pod-name", name),
    ];
    let mut pod = pod_of(live, &json!({"name": name}), &labels);
    object::set(&mut pod, &["spec", "hostname"], name.into());
    if !volumes.is_empty() {
        object::set(&mut pod, &["spec", "volumes"], Value::Array(volumes));
    }
    room.create(pod);
}

fn shrink_or_roll(room: &mut Room, live: &Value, pods: &[Value], revision: &str) {
    if pods.iter().any(object::is_terminating) {
        return;
    }
    let number = |pod: &Value| label(pod, "apps.kubernetes.io/pod-index").parse::<usize>().unwrap_or_default();
    let mut ordered: Vec<&Value> = pods.iter().collect();
    ordered.sort_by_key(|pod| std::cmp::Reverse(number(pod)));
    let on_delete = object::text(live, "/spec/updateStrategy/type") == "OnDelete";
    let keep = object::number(live, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    let keep = usize::try_from(keep).unwrap_or_default();
    let surplus = ordered.iter().find(|pod| number(pod) >= replicas(live));
    let old = ordered.iter().find(|pod| !on_delete && number(pod) >= keep && label(pod, HASH) != revision);
    if let Some(pod) = surplus.or(old) {
        room.delete(pod, &json!({}));
    }
}

fn report(room: &mut Room, kind: &KindInfo, live: &Value, revision: &str) {
    let pods = room.owned("", "Pod", live);
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let updated = pods.iter().filter(|pod| label(pod, HASH) == revision).count();
    let mut status = live["status"].clone();
    let done = updated == replicas(live) && ready == updated;
    let current = match object::text(&status, "/currentRevision") {
        own if !own.is_empty() && !done => own.to_owned(),
        _ => revision.to_owned(),
    };
    let on_current = pods.iter().filter(|pod| label(pod, HASH) == current).count();
    object::put(&mut status, "replicas", pods.len().into());
    object::put(&mut status, "availableReplicas", ready.into());
    counts(&mut status, &[("readyReplicas", ready), ("updatedReplicas", updated), ("currentReplicas", on_current)]);
    object::put(&mut status, "currentRevision", current.into());
    object::put(&mut status, "updateRevision", revision.into());
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    object::put(&mut status, "collisionCount", json!(0));
    let mut new = live.clone();
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
}
