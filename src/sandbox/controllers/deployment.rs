//! Deployments: a ReplicaSet per template, rolled over by surge and unavailability, and the two conditions.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::{MANAGER, Room, after, condition, counts, hash, label, replicas, rolling};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";
/// Annotations that stay with the Deployment.
const OWN_ANNOTATIONS: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", REVISION];

/// One step of a rollout.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let name = hash(&live["spec"]["template"]);
    let mut sets = room.owned("apps", "ReplicaSet", live);
    let paused = live["spec"]["paused"] == true;
    if !paused && !sets.iter().any(|set| label(set, HASH) == name) {
        make(room, live, &sets, &name);
        sets = room.owned("apps", "ReplicaSet", live);
    }
    let (new, old): (Vec<Value>, Vec<Value>) = sets.into_iter().partition(|set| label(set, HASH) == name);
    if let Some(new) = new.first() {
        let moved = !paused && roll(room, live, new, &old);
        if !moved {
            clean(room, live, &old);
        }
        report(room, kind, live, (new, &old));
    }
}

fn make(room: &mut Room, live: &Value, sets: &[Value], name: &str) {
    let mut template = live["spec"]["template"].clone();
    object::set(&mut template, &["metadata", "labels", HASH], name.into());
    let mut selector = live["spec"]["selector"].clone();
    object::set(&mut selector, &["matchLabels", HASH], name.into());
    let annotations = live["metadata"]["annotations"].as_object().into_iter().flatten();
    let mut annotations: serde_json::Map<String, Value> = annotations
        .filter(|(key, _)| !OWN_ANNOTATIONS.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let revision = sets.iter().map(revision).max().unwrap_or_default() + 1;
    annotations.insert(REVISION.to_owned(), revision.to_string().into());
    let wanted = replicas(live);
    annotations.insert("deployment.kubernetes.io/desired-replicas".to_owned(), wanted.to_string().into());
    let most = wanted + surge(live);
    annotations.insert("deployment.kubernetes.io/max-replicas".to_owned(), most.to_string().into());
    let first = if sets.is_empty() { wanted } else { 0 };
    room.create(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{name}", object::name(live)), "namespace": object::namespace(live),
            "labels": template["metadata"]["labels"], "annotations": annotations,
            "ownerReferences": object::owned_by(live),
        },
        "spec": {"replicas": first, "selector": selector, "template": template},
    }));
}

fn revision(set: &Value) -> u64 {
    let text = set["metadata"]["annotations"].get(REVISION).and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn surge(live: &Value) -> usize {
    let own = &live["spec"]["strategy"]["rollingUpdate"]["maxSurge"];
    rolling::share(own, replicas(live), true)
}

fn available(set: &Value) -> usize {
    number(set, "/status/availableReplicas").and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
}

/// Scales the sets one step on; says whether anything was scaled.
fn roll(room: &mut Room, live: &Value, new: &Value, old: &[Value]) -> bool {
    let wanted = replicas(live);
    let old_total: usize = old.iter().map(replicas).sum();
    let recreate = text(live, "/spec/strategy/type") == "Recreate";
    if recreate && old_total > 0 {
        for set in old {
            scale(room, set, 0);
        }
        return true;
    }
    if recreate && old.iter().any(|set| number(set, "/status/replicas").unwrap_or_default() > 0) {
        return true;
    }
    match replicas(new).cmp(&wanted) {
        Ordering::Greater => {
            scale(room, new, wanted);
            return true;
        }
        Ordering::Less => {
            let room_left = (wanted + surge(live)).saturating_sub(replicas(new) + old_total);
            let to = replicas(new) + room_left.min(wanted - replicas(new));
            if to > replicas(new) {
                scale(room, new, if recreate { wanted } else { to });
                return true;
            }
        }
        Ordering::Equal => {}
    }
    shrink(room, live, new, old)
}

/// Takes old replicas away as far as availability allows.
fn shrink(room: &mut Room, live: &Value, new: &Value, old: &[Value]) -> bool {
    let wanted = replicas(live);
    let unavailable = rolling::share(&live["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], wanted, false);
    let unavailable = if unavailable == 0 && surge(live) == 0 { 1 } else { unavailable };
    let total: usize = replicas(new) + old.iter().map(replicas).sum::<usize>();
    let not_yet = replicas(new).saturating_sub(available(new));
    let mut spare = total.saturating_sub(wanted.saturating_sub(unavailable) + not_yet);
    let mut moved = false;
    for set in old.iter().filter(|set| replicas(set) > 0) {
        let less = spare.min(replicas(set));
        if less > 0 {
            scale(room, set, replicas(set) - less);
            spare -= less;
            moved = true;
        }
    }
    moved
}

fn scale(room: &mut Room, set: &Value, to: usize) {
    let Some(kind) = room.world.kinds.of("apps", "ReplicaSet").cloned() else { return };
    if replicas(set) != to {
        let mut new = set.clone();
        object::set(&mut new, &["spec", "replicas"], to.into());
        room.update(&kind, set, new);
    }
}

/// Old sets beyond the history limit go.
fn clean(room: &mut Room, live: &Value, old: &[Value]) {
    let limit = number(live, "/spec/revisionHistoryLimit").and_then(|n| usize::try_from(n).ok()).unwrap_or(10);
    let mut idle: Vec<&Value> = old.iter().filter(|set| replicas(set) == 0).collect();
    idle.sort_by_key(|set| revision(set));
    for set in idle.iter().take(idle.len().saturating_sub(limit)) {
        room.delete(set, &json!({"propagationPolicy": "Background"}));
    }
}

fn report(room: &mut Room, kind: &KindInfo, live: &Value, (new, old): (&Value, &[Value])) {
    let of = |set: &Value, key: &str| {
        number(set, &format!("/status/{key}")).and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    };
    let sum = |key: &str| of(new, key) + old.iter().map(|set| of(set, key)).sum::<usize>();
    let (wanted, total, have) = (replicas(live), sum("replicas"), sum("availableReplicas"));
    let mut status = live["status"].clone();
    counts(
        &mut status,
        &[
            ("replicas", total),
            ("updatedReplicas", of(new, "replicas")),
            ("readyReplicas", sum("readyReplicas")),
            ("availableReplicas", have),
            ("unavailableReplicas", wanted.max(total).saturating_sub(have)),
        ],
    );
    object::put(&mut status, "observedGeneration", live["metadata"]["generation"].clone());
    let unavailable = rolling::share(&live["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], wanted, false);
    let now = room.now();
    let progress = Progress {
        done: of(new, "replicas") == wanted && total == wanted && of(new, "availableReplicas") == wanted,
        moved: ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            .iter()
            .any(|key| live["status"].get(*key) != status.get(*key)),
    };
    if have >= wanted.saturating_sub(unavailable) {
        let minimum = "Deployment has minimum availability.";
        condition(&mut status, ("Available", true, "MinimumReplicasAvailable", minimum), now, true);
    } else {
        let minimum = "Deployment does not have minimum availability.";
        condition(&mut status, ("Available", false, "MinimumReplicasUnavailable", minimum), now, true);
    }
    progressing(room, (kind, live), &mut status, (object::name(new), &progress));
    let mut next = live.clone();
    next["status"] = status;
    object::set(&mut next, &["metadata", "annotations", REVISION], revision(new).to_string().into());
    room.status(kind, live, next, MANAGER);
}

struct Progress {
    done: bool,
    moved: bool,
}

fn progressing(room: &mut Room, (kind, live): (&KindInfo, &Value), status: &mut Value, of: (&str, &Progress)) {
    let (set, progress) = of;
    let now = room.now();
    if progress.done {
        let said = format!("ReplicaSet \"{set}\" has successfully progressed.");
        condition(status, ("Progressing", true, "NewReplicaSetAvailable", &said), now, true);
        return;
    }
    let said = format!("ReplicaSet \"{set}\" is progressing.");
    let own = status["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Progressing").cloned();
    let since = own.as_ref().map(|own| text(own, "/lastUpdateTime").to_owned()).unwrap_or_default();
    let limit = number(live, "/spec/progressDeadlineSeconds").unwrap_or(600);
    let deadline = after(&since, limit);
    let same = own.as_ref().is_some_and(|own| own["message"] == said.as_str());
    let late = own.as_ref().is_some_and(|own| own["reason"] == "ProgressDeadlineExceeded");
    if late && !progress.moved {
        return;
    }
    if same && !progress.moved && deadline.is_some_and(|deadline| deadline <= now) {
        let late = format!("ReplicaSet \"{set}\" has timed out progressing.");
        condition(status, ("Progressing", false, "ProgressDeadlineExceeded", &late), now, true);
        return;
    }
    condition(status, ("Progressing", true, "ReplicaSetUpdated", &said), now, true);
    if progress.moved || !same {
        let all = status["conditions"].as_array_mut().into_iter().flatten();
        all.filter(|one| one["type"] == "Progressing").for_each(|one| one["lastUpdateTime"] = now.to_string().into());
    }
    if let Some(due) = after(&now.to_string(), limit) {
        room.again(kind, live, deadline.filter(|due| *due > now && same && !progress.moved).unwrap_or(due));
    }
}
