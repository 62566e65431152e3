//! Jobs: pods until enough have succeeded, or too many have failed.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::{MANAGER, Room, condition, counts, is_active, is_ready, pod_of};

/// One step of a Job.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let suspended = live["spec"]["suspend"] == true;
    if object::is_terminating(live) || is_over(live) || suspended {
        return;
    }
    let pods = room.owned("", "Pod", live);
    let phase = |word: &str| pods.iter().filter(|pod| text(pod, "/status/phase") == word).count();
    let (succeeded, failed) = (phase("Succeeded"), phase("Failed"));
    let ask = |key: &str| number(live, &format!("/spec/{key}")).and_then(|n| usize::try_from(n).ok());
    let wanted = ask("completions").unwrap_or(1);
    let lost = failed > ask("backoffLimit").unwrap_or(6);
    let active = pods.iter().filter(|pod| is_active(pod)).count();
    let missing = wanted.saturating_sub(succeeded).min(ask("parallelism").unwrap_or(1)).saturating_sub(active);
    for _ in 0..if lost { 0 } else { missing } {
        room.create(pod_of(live, &json!({"generateName": format!("{}-", object::name(live))}), &[]));
    }
    let mut status = live["status"].clone();
    if text(&status, "/startTime").is_empty() {
        object::put(&mut status, "startTime", room.now().to_string().into());
    }
    let pods = room.owned("", "Pod", live);
    let active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
    let ready = active.iter().filter(|pod| is_ready(pod)).count();
    counts(&mut status, &[("active", active.len()), ("succeeded", succeeded), ("failed", failed)]);
    object::put(&mut status, "ready", ready.into());
    object::put(&mut status, "terminating", json!(0));
    object::put(&mut status, "uncountedTerminatedPods", json!({}));
    close(room, &mut status, (succeeded >= wanted, lost));
    let mut new = live.clone();
    new["status"] = status;
    room.status(kind, live, new, MANAGER);
}

fn close(room: &Room, status: &mut Value, (done, lost): (bool, bool)) {
    let now = room.now();
    if done {
        let said = "Reached expected number of succeeded pods";
        condition(status, ("SuccessCriteriaMet", true, "CompletionsReached", said), now, false);
        condition(status, ("Complete", true, "CompletionsReached", said), now, false);
        object::put(status, "completionTime", now.to_string().into());
    } else if lost {
        let said = "Job has reached the specified backoff limit";
        condition(status, ("FailureTarget", true, "BackoffLimitExceeded", said), now, false);
        condition(status, ("Failed", true, "BackoffLimitExceeded", said), now, false);
    }
}

fn is_over(live: &Value) -> bool {
    let all = live.pointer("/status/conditions").and_then(Value::as_array);
    let over = |one: &Value| matches!(text(one, "/type"), "Complete" | "Failed") && one["status"] == "True";
    all.into_iter().flatten().any(over)
}
