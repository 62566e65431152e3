//! Scheduler and kubelet: pods get a node, start a second or two later, become ready, finish when they are a Job's.
//!
//! Two failures can be had as on a real node: an image whose reference holds `does-not-exist` cannot be pulled, and a
//! container whose readiness probe executes `false` never becomes ready (a Job's container that runs `false` fails).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::super::write::{self, Author};
use super::{Room, after, condition};

const KUBELET: &str = "kubelet";
/// How long a Job's container works.
const WORK: i64 = 5;

/// One step in a pod's life.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        stop(room, kind, live);
    } else if text(live, "/spec/nodeName").is_empty() {
        schedule(room, kind, live);
    } else if !matches!(text(live, "/status/phase"), "Succeeded" | "Failed") {
        advance(room, kind, live);
    }
}

/// A pod that was asked to go is gone a second later.
fn stop(room: &mut Room, kind: &KindInfo, live: &Value) {
    let grace = number(live, "/metadata/deletionGracePeriodSeconds").unwrap_or_default();
    let Some(due) = after(text(live, "/metadata/deletionTimestamp"), grace.min(1) - grace) else { return };
    if due <= room.now() {
        room.delete(live, &json!({"gracePeriodSeconds": 0}));
    } else {
        room.again(kind, live, due);
    }
}

/// As by `/binding`: nobody is noted as the owner of the node's name.
fn schedule(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some(nodes) = room.world.kinds.of("", "Node") else { return };
    let names: Vec<String> = room.state.store.list(nodes.id, "").map(|(name, _)| name.name.to_string()).collect();
    let roll = usize::try_from(room.state.dice.roll() % 1024).unwrap_or_default();
    let Some(node) = names.get(roll % names.len().max(1)) else { return };
    let mut new = live.clone();
    object::set(&mut new, &["spec", "nodeName"], node.as_str().into());
    condition(&mut new["status"], ("PodScheduled", true, "", ""), room.state.now, false);
    let author = Author::controller("kube-scheduler");
    let _ = write::replace(room.world, room.state, kind, (live, new), &author);
}

/// When the pod's containers start: one to two seconds after it was made, by its uid.
fn starts(live: &Value) -> Option<Timestamp> {
    let spread = object::uid(live).bytes().next().is_some_and(|b| b % 2 == 0);
    after(text(live, "/metadata/creationTimestamp"), if spread { 2 } else { 1 })
}

fn containers(live: &Value) -> impl Iterator<Item = &Value> {
    live.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten()
}

fn is_missing(container: &Value) -> bool {
    text(container, "/image").contains("does-not-exist")
}

fn runs_false(command: Option<&Value>) -> bool {
    command.and_then(Value::as_array).is_some_and(|words| words.last().is_some_and(|word| word == "false"))
}

/// Whether a container's probe will never succeed, and after how many seconds the others do.
fn readiness(live: &Value) -> (bool, i64) {
    let never = containers(live).any(|one| runs_false(one.pointer("/readinessProbe/exec/command")));
    let delay = containers(live).filter_map(|one| number(one, "/readinessProbe/initialDelaySeconds")).max();
    (never, delay.unwrap_or_default())
}

fn advance(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some(start) = starts(live) else { return };
    let now = room.now();
    if start > now {
        room.again(kind, live, start);
        return;
    }
    let (never, delay) = readiness(live);
    let Some(ready_at) = after(&start.to_string(), delay) else { return };
    let is_job = object::controller(live).is_some_and(|(_, kind, _)| kind == "Job");
    let end = after(&start.to_string(), WORK).filter(|_| is_job);
    let missing = containers(live).any(is_missing);
    let mut new = live.clone();
    if end.is_some_and(|end| end <= now) && !missing {
        finish(live, &mut new, now);
    } else {
        let ready = !never && !missing && ready_at <= now;
        run(live, &mut new, (ready, now, start));
        let next = if ready_at > now && !never { Some(ready_at) } else { end };
        if let Some(next) = next {
            room.again(kind, live, next);
        }
    }
    room.status(kind, live, new, KUBELET);
}

fn run(live: &Value, new: &mut Value, (ready, now, start): (bool, Timestamp, Timestamp)) {
    let missing = containers(live).any(is_missing);
    let status = &mut new["status"];
    status["phase"] = if missing { "Pending".into() } else { "Running".into() };
    status["startTime"] = live["metadata"]["creationTimestamp"].clone();
    status["observedGeneration"] = live["metadata"]["generation"].clone();
    let address = address(live);
    status["hostIP"] = "192.168.0.10".into();
    status["hostIPs"] = json!([{"ip": "192.168.0.10"}]);
    status["podIP"] = address.as_str().into();
    status["podIPs"] = json!([{"ip": address}]);
    let unready: Vec<&str> = containers(live).map(|one| text(one, "/name")).collect();
    let said = format!("containers with unready status: [{}]", unready.join(" "));
    let (reason, message) = if ready { ("", "") } else { ("ContainersNotReady", said.as_str()) };
    condition(status, ("PodReadyToStartContainers", true, "", ""), now, false);
    condition(status, ("Initialized", true, "", ""), now, false);
    condition(status, ("Ready", ready, reason, message), now, false);
    condition(status, ("ContainersReady", ready, reason, message), now, false);
    status["containerStatuses"] = containers(live)
        .map(|one| {
            let state = if is_missing(one) {
                let why = format!("Back-off pulling image \"{}\"", text(one, "/image"));
                json!({"waiting": {"reason": "ImagePullBackOff", "message": why}})
            } else {
                json!({"running": {"startedAt": start.to_string()}})
            };
            container_status(one, ready, &state)
        })
        .collect();
}

fn finish(live: &Value, new: &mut Value, now: Timestamp) {
    let failed = containers(live).any(|one| runs_false(one.get("command")) || runs_false(one.get("args")));
    let status = &mut new["status"];
    status["phase"] = if failed { "Failed".into() } else { "Succeeded".into() };
    let reason = if failed { "PodFailed" } else { "PodCompleted" };
    condition(status, ("Ready", false, reason, ""), now, false);
    condition(status, ("ContainersReady", false, reason, ""), now, false);
    let (code, word) = if failed { (1, "Error") } else { (0, "Completed") };
    let state = json!({"terminated": {"exitCode": code, "reason": word, "finishedAt": now.to_string()}});
    status["containerStatuses"] = containers(live).map(|one| container_status(one, false, &state)).collect();
}

fn container_status(container: &Value, ready: bool, state: &Value) -> Value {
    json!({
        "name": container["name"], "image": container["image"], "imageID": "", "ready": ready,
        "started": state.get("running").is_some(), "restartCount": 0, "lastState": {}, "state": state,
    })
}

fn address(live: &Value) -> String {
    let sum = object::uid(live).bytes().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("10.244.{}.{}", (sum >> 8) % 256, sum % 254 + 1)
}
