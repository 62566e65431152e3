//! `CronJob`: a Job whenever its schedule says so, by the sandbox's clock; finished ones beyond its limits go.
//!
//! Of the runs that one leap of time would bring the newest alone is made, as by a controller that was asleep.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::cron::Schedule;
use super::{MANAGER, Room};

/// One step of a `CronJob`.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let jobs = room.owned("batch", "Job", live);
    tidy(room, live, &jobs);
    let mut new = live.clone();
    start(room, kind, (live, &mut new), &jobs);
    let jobs = room.owned("batch", "Job", live);
    let active: Vec<Value> = jobs.iter().filter(|job| end(job).is_none()).map(reference).collect();
    let succeeded = jobs.iter().filter(|job| end(job) == Some("Complete"));
    let last = succeeded.map(|job| text(job, "/status/completionTime")).max().unwrap_or_default();
    if last > text(live, "/status/lastSuccessfulTime") {
        object::set(&mut new, &["status", "lastSuccessfulTime"], last.into());
    }
    if active.is_empty() {
        object::take(&mut new, &["status", "active"]);
    } else {
        object::set(&mut new, &["status", "active"], active.into());
    }
    room.status(kind, live, new, MANAGER);
}

/// Starts what is due, and comes back when the next is.
fn start(room: &mut Room, kind: &KindInfo, (live, new): (&Value, &mut Value), jobs: &[Value]) {
    let Some(schedule) = Schedule::parse(text(live, "/spec/schedule")) else { return };
    let (now, last) = (room.now(), text(live, "/status/lastScheduleTime"));
    let from = if last.is_empty() { text(live, "/metadata/creationTimestamp") } else { last };
    let Some(mut due) = from.parse().ok().and_then(|from| schedule.after(from)) else { return };
    if live["spec"]["suspend"] == true {
        return;
    }
    let horizon = room.state.queue.horizon.unwrap_or(now).max(now);
    due = schedule.times(due, horizon).last().unwrap_or(due);
    if due > now {
        room.again(kind, live, due);
        return;
    }
    if let Some(next) = schedule.after(now) {
        room.again(kind, live, next);
    }
    let running: Vec<&Value> = jobs.iter().filter(|job| end(job).is_none()).collect();
    match text(live, "/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => return,
        "Replace" => running.iter().for_each(|job| room.delete(job, &json!({"propagationPolicy": "Background"}))),
        _ => {}
    }
    if room.create(job_of(live, due)).is_some() {
        object::set(new, &["status", "lastScheduleTime"], due.to_string().into());
    }
}

/// Its name ends in the minutes since 1970, as the real controller's do.
fn job_of(live: &Value, due: Timestamp) -> Value {
    let template = &live["spec"]["jobTemplate"];
    let mut metadata = json!({
        "name": format!("{}-{}", object::name(live), due.as_second() / 60), "namespace": object::namespace(live),
        "ownerReferences": object::owned_by(live),
        "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": due.to_string()},
    });
    for key in ["labels", "annotations"] {
        for (name, value) in template["metadata"][key].as_object().into_iter().flatten() {
            object::set(&mut metadata, &[key, name], value.clone());
        }
    }
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
}

/// `Complete`, `Failed`, or still at work.
fn end(job: &Value) -> Option<&'static str> {
    let all = job.pointer("/status/conditions").and_then(Value::as_array);
    let holds = |name: &str| all.into_iter().flatten().any(|one| one["type"] == name && one["status"] == "True");
    ["Complete", "Failed"].into_iter().find(|name| holds(name))
}

fn tidy(room: &mut Room, live: &Value, jobs: &[Value]) {
    for (word, key, usual) in [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)] {
        let limit = number(live, &format!("/spec/{key}")).unwrap_or(usual);
        let mut over: Vec<&Value> = jobs.iter().filter(|job| end(job) == Some(word)).collect();
        over.sort_by_key(|job| text(job, "/metadata/creationTimestamp"));
        let spare = over.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        for job in over.into_iter().take(spare) {
            room.delete(job, &json!({"propagationPolicy": "Background"}));
        }
    }
}

fn reference(job: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"],
        "namespace": job["metadata"]["namespace"], "uid": job["metadata"]["uid"],
    })
}
