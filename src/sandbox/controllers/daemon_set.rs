//! `DaemonSets`: a pod on each node that it selects, rolled within `maxUnavailable` or `maxSurge`, by revisions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::pods::{Tally, annotation, available_at, is_active, is_going, is_ready, label, least, pod_of};
use super::revisions::{self, HASH};
use super::{MANAGER, Room, pod, rolling, status};

const BY: &str = "daemonset-controller";
const GENERATION: &str = "deprecated.daemonset.template.generation";

/// Makes the pods that are missing, takes away those of no node or of an old template.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some((revision, old)) = revisions::of(room, live) else { return };
    let hash = label(&revision, HASH).to_owned();
    let nodes = pod::nodes(room);
    let chosen: Vec<&str> =
        nodes.iter().filter(|node| pod::selects(&live["spec"]["template"]["spec"], node)).map(object::name).collect();
    let pods = room.claimed("", "Pod", live);
    if !object::is_terminating(live) {
        manage(room, live, (&chosen, &pods, &hash));
    }
    let used = |own: &Value| pods.iter().any(|pod| label(pod, HASH) == label(own, HASH));
    revisions::truncate(room, live, &old, used);
    report(room, kind, live, (&chosen, &hash));
}

/// The node that a pod is on, or is for.
fn node_of(pod: &Value) -> &str {
    let own = text(pod, "/spec/nodeName");
    if own.is_empty() { pod::bound_to(&pod["spec"]).unwrap_or_default() } else { own }
}

fn manage(room: &mut Room, live: &Value, (nodes, pods, hash): (&[&str], &[Value], &str)) {
    let mut keep: Vec<&Value> = Vec::new();
    for own in pods.iter().filter(|pod| !object::is_terminating(pod)) {
        if !is_active(own) {
            let said = format!(
                "Found failed daemon pod {}/{} on node {}, will try to kill it",
                object::namespace(own),
                object::name(own),
                node_of(own)
            );
            room.warn(live, BY, ("FailedDaemonPod", &said));
        }
        if !is_active(own) || !nodes.contains(&node_of(own)) {
            delete(room, live, own);
        } else {
            keep.push(own);
        }
    }
    let going = |node: &str| pods.iter().any(|pod| object::is_terminating(pod) && node_of(pod) == node);
    for node in nodes.iter().filter(|node| !keep.iter().any(|pod| node_of(pod) == **node) && !going(node)) {
        make(room, live, (node, hash));
    }
    if text(live, "/spec/updateStrategy/type") != "OnDelete" {
        roll(room, live, (nodes, &keep, hash));
    }
}

fn delete(room: &mut Room, live: &Value, pod: &Value) {
    room.delete(pod, &json!({}));
    room.tell(live, BY, ("SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod))));
}

/// Replaces old pods: one by one within `maxUnavailable`, or by new ones beside them within `maxSurge`.
fn roll(room: &mut Room, live: &Value, (nodes, pods, hash): (&[&str], &[&Value], &str)) {
    let rule = &live["spec"]["updateStrategy"]["rollingUpdate"];
    let surge = rolling::share(&rule["maxSurge"], nodes.len(), true);
    let mut spare = rolling::share(&rule["maxUnavailable"], nodes.len(), true).max(usize::from(surge == 0));
    let now = room.now();
    let good = |pod: &Value| is_available(pod, live, now);
    let on = |node: &str, new: bool| {
        pods.iter().copied().find(|pod| node_of(pod) == node && (label(pod, HASH) == hash) == new)
    };
    if surge > 0 {
        let mut open = surge;
        for node in nodes {
            match (on(node, true), on(node, false)) {
                (Some(new), Some(old)) if good(new) => delete(room, live, old),
                (Some(_), Some(_)) => open = open.saturating_sub(1),
                _ => {}
            }
        }
        let waiting = nodes.iter().filter(|node| on(node, true).is_none() && on(node, false).is_some());
        waiting.take(open).for_each(|node| make(room, live, (node, hash)));
        return;
    }
    let missing = nodes.iter().filter(|node| match (on(node, true), on(node, false)) {
        (Some(new), None) => !good(new),
        (None, Some(old)) => !good(old),
        _ => true,
    });
    spare = spare.saturating_sub(missing.count());
    for node in nodes {
        if let (None, Some(old)) = (on(node, true), on(node, false)) {
            if !good(old) {
                delete(room, live, old);
            } else if spare > 0 {
                spare -= 1;
                delete(room, live, old);
            }
        }
    }
}

fn is_available(pod: &Value, live: &Value, now: Timestamp) -> bool {
    is_ready(pod) && available_at(pod, least(live)).is_some_and(|at| at <= now)
}

fn make(room: &mut Room, live: &Value, (node, hash): (&str, &str)) {
    let generation = Some(annotation(live, GENERATION)).filter(|own| !own.is_empty()).unwrap_or("1").to_owned();
    let name = json!({"generateName": format!("{}-", object::name(live))});
    let mut pod = pod_of(live, &name, &[(HASH, hash), ("pod-template-generation", &generation)]);
    pod::bind_to(&mut pod["spec"], node);
    match room.create(pod) {
        Ok(pod) => room.tell(live, BY, ("SuccessfulCreate", &format!("Created pod: {}", object::name(&pod)))),
        Err(failure) if is_going(&failure) => {}
        Err(failure) => room.warn(live, BY, ("FailedCreate", &format!("Error creating: {}", failure.message))),
    }
}

fn report(room: &mut Room, kind: &KindInfo, live: &Value, (nodes, hash): (&[&str], &str)) {
    let all = room.owned("", "Pod", live);
    let pods: Vec<&Value> = all.iter().filter(|pod| is_active(pod)).collect();
    let now = room.now();
    let good = |pod: &&Value| is_available(pod, live, now);
    let some = |takes: &dyn Fn(&&Value) -> bool| {
        nodes.iter().filter(|node| pods.iter().any(|pod| node_of(pod) == **node && takes(pod))).count()
    };
    let (available, strays) = (some(&good), pods.iter().filter(|pod| !nodes.contains(&node_of(pod))).count());
    let mut status = live["status"].clone();
    for (key, count) in [
        ("currentNumberScheduled", some(&|_| true)),
        ("desiredNumberScheduled", nodes.len()),
        ("numberMisscheduled", strays),
        ("numberReady", some(&|pod| is_ready(pod))),
    ] {
        object::put(&mut status, key, count.into());
    }
    status::counts(
        &mut status,
        &[
            ("updatedNumberScheduled", some(&|pod| label(pod, HASH) == hash)),
            ("numberAvailable", available),
            ("numberUnavailable", nodes.len().saturating_sub(available)),
        ],
    );
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    let mut new = live.clone();
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
    if let Some(next) = Tally::of(pods.iter().copied(), least(live), now).next {
        room.again(kind, live, next);
    }
}
