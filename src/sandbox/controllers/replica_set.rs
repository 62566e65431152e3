//! `ReplicaSets`: as many pods as asked for, and their count in the status.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::pods::{Tally, is_active, is_going, is_ready, label, least, pod_of, replicas};
use super::{MANAGER, Room, later, status};

const BY: &str = "replicaset-controller";
/// Pods made in one look.
const BURST: usize = 500;
/// Seconds until a refused create is tried again.
const AGAIN: i64 = 60;

/// Creates or deletes pods, then counts.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let pods: Vec<Value> = room.claimed("", "Pod", live).into_iter().filter(is_active).collect();
    let refused = if object::is_terminating(live) { None } else { manage(room, live, pods) };
    if refused.is_some()
        && let Some(due) = later(room.now(), AGAIN)
    {
        room.again(kind, live, due);
    }
    report(room, kind, live, refused);
}

/// Brings the pods to their number; the sentence of a refused create.
fn manage(room: &mut Room, live: &Value, mut pods: Vec<Value>) -> Option<String> {
    let wanted = replicas(live);
    for _ in pods.len()..wanted.min(pods.len() + BURST) {
        let name = json!({"generateName": format!("{}-", object::name(live))});
        match room.create(pod_of(live, &name, &[])) {
            Ok(pod) => {
                let said = format!("Created pod: {}", object::name(&pod));
                room.tell(live, BY, ("SuccessfulCreate", &said));
            }
            Err(failure) if is_going(&failure) => return None,
            Err(failure) => {
                room.warn(live, BY, ("FailedCreate", &format!("Error creating: {}", failure.message)));
                return Some(failure.message);
            }
        }
    }
    pods.sort_by_cached_key(order);
    for pod in pods.iter().take(pods.len().saturating_sub(wanted)) {
        room.delete(pod, &json!({}));
        room.tell(live, BY, ("SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod))));
    }
    None
}

/// Who goes first: without a node, not running, not ready, cheap, ready for a short time, restarted, young.
fn order(pod: &Value) -> (bool, bool, bool, i64, Reverse<String>, Reverse<i64>, Reverse<String>) {
    let ready = status::find(&pod["status"], "Ready").map(|own| text(own, "/lastTransitionTime").to_owned());
    let cost = pod["metadata"]["annotations"].get("controller.kubernetes.io/pod-deletion-cost");
    let restarts = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let restarts = restarts.filter_map(|one| one["restartCount"].as_i64()).max().unwrap_or_default();
    (
        !text(pod, "/spec/nodeName").is_empty(),
        text(pod, "/status/phase") == "Running",
        is_ready(pod),
        cost.and_then(Value::as_str).and_then(|cost| cost.parse().ok()).unwrap_or_default(),
        Reverse(ready.filter(|_| is_ready(pod)).unwrap_or_default()),
        Reverse(restarts),
        Reverse(text(pod, "/metadata/creationTimestamp").to_owned()),
    )
}

fn report(room: &mut Room, kind: &KindInfo, live: &Value, refused: Option<String>) {
    let all = room.owned("", "Pod", live);
    let (pods, now): (Vec<&Value>, _) = (all.iter().filter(|pod| is_active(pod)).collect(), room.now());
    let tally = Tally::of(pods.iter().copied(), least(live), now);
    let labels = live["spec"]["template"]["metadata"]["labels"].as_object();
    let whole =
        |pod: &&&Value| labels.into_iter().flatten().all(|(key, value)| Some(label(pod, key)) == value.as_str());
    let mut status = live["status"].clone();
    object::put(&mut status, "replicas", pods.len().into());
    status::counts(
        &mut status,
        &[
            ("fullyLabeledReplicas", pods.iter().filter(whole).count()),
            ("readyReplicas", tally.ready),
            ("availableReplicas", tally.available),
        ],
    );
    let going = all.iter().filter(|pod| object::is_terminating(pod)).count();
    object::put(&mut status, "terminatingReplicas", going.into());
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    match refused {
        Some(_) if status::find(&status, "ReplicaFailure").is_some() => {}
        Some(why) => status::condition(&mut status, ("ReplicaFailure", "True", "FailedCreate", &why), now),
        None => status::drop(&mut status, "ReplicaFailure"),
    }
    let mut new = live.clone();
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
    if let Some(next) = tally.next {
        room.again(kind, live, next);
    }
}
