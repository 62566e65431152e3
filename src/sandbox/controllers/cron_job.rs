//! `CronJob`: a Job whenever its schedule says so, by the sandbox's clock; finished ones beyond its limits go.
//!
//! A leap of time of more than an hour makes the runs of its last hour, or else the newest: weeks do not play every Job.
//! Of those that were missed (held, or another one at work) the newest alone is made up for. Refuses time zones.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::cron::Schedule;
use super::pods::is_going;
use super::{MANAGER, Room, later};

const BY: &str = "cronjob-controller";
/// The seconds at the end of a leap of time whose runs are all made.
const LEAP: i64 = 3_600;
/// Runs that may be missed before it is told.
const MISSED: usize = 100;

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
    for done in jobs.iter().filter(|job| end(job).is_some() && was_active(live, job)) {
        let said = format!("Saw completed job: {}, condition: {}", object::name(done), end(done).unwrap_or_default());
        room.tell(live, BY, ("SawCompletedJob", &said));
    }
    if active.is_empty() {
        object::take(&mut new, &["status", "active"]);
    } else {
        object::set(&mut new, &["status", "active"], active.into());
    }
    room.status(kind, live, new, MANAGER);
}

fn was_active(live: &Value, job: &Value) -> bool {
    let all = live["status"]["active"].as_array();
    all.is_some_and(|all| all.iter().any(|one| one["uid"] == job["metadata"]["uid"]))
}

/// Starts what is due, and comes back when the next is.
fn start(room: &mut Room, kind: &KindInfo, (live, new): (&Value, &mut Value), jobs: &[Value]) {
    let Some(schedule) = Schedule::parse(text(live, "/spec/schedule")) else {
        let said = format!("unparseable schedule: \"{}\"", text(live, "/spec/schedule"));
        room.tell_once(live, BY.into(), ("UnparseableSchedule", &said));
        return;
    };
    let (now, last) = (room.now(), text(live, "/status/lastScheduleTime"));
    if live["spec"]["suspend"] == true {
        return;
    }
    if let Some(next) = next_in_leap(&schedule, now, room.state.queue.horizon.unwrap_or(now)) {
        room.again(kind, live, next);
    }
    let from = if last.is_empty() { text(live, "/metadata/creationTimestamp") } else { last };
    let mut from: Timestamp = from.parse().unwrap_or(now);
    if let Some(limit) = number(live, "/spec/startingDeadlineSeconds") {
        from = from.max(later(now, -limit).unwrap_or(from));
    }
    let Some(first) = schedule.after(from).filter(|first| *first <= now) else { return };
    let missed: Vec<Timestamp> = schedule.times(first, now).collect();
    let Some(due) = missed.last().copied() else { return };
    if missed.len() > MISSED {
        let said = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        room.warn(live, BY, ("TooManyMissedTimes", said));
    }
    let running: Vec<&Value> = jobs.iter().filter(|job| end(job).is_none()).collect();
    match text(live, "/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let said = "Not starting job because prior execution is running and concurrency policy is Forbid";
            room.tell(live, BY, ("JobAlreadyActive", said));
            return;
        }
        "Replace" => running.iter().for_each(|job| remove(room, live, job)),
        _ => {}
    }
    match room.create(job_of(live, due)) {
        Ok(job) => {
            room.tell(live, BY, ("SuccessfulCreate", &format!("Created job {}", object::name(&job))));
            object::set(new, &["status", "lastScheduleTime"], due.to_string().into());
        }
        Err(failure) if is_going(&failure) => {}
        Err(failure) if failure.reason == "AlreadyExists" => {
            object::set(new, &["status", "lastScheduleTime"], due.to_string().into());
        }
        Err(failure) => room.warn(live, BY, ("FailedCreate", &format!("Error creating job: {}", failure.message))),
    }
}

/// The next run: of those that the leap in progress still brings, the first of its last hour, or else the newest.
fn next_in_leap(schedule: &Schedule, now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let next = schedule.after(now)?;
    let Some(late) = later(end, -LEAP).filter(|late| *late > next) else { return Some(next) };
    let first = schedule.after(late).filter(|at| *at <= end);
    first.or_else(|| schedule.times(next, end).last()).or(Some(next))
}

fn remove(room: &mut Room, live: &Value, job: &Value) {
    room.delete(job, &json!({"propagationPolicy": "Background"}));
    room.tell(live, BY, ("SuccessfulDelete", &format!("Deleted job {}", object::name(job))));
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
            remove(room, live, job);
        }
    }
}

fn reference(job: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"],
        "namespace": job["metadata"]["namespace"], "uid": job["metadata"]["uid"],
    })
}
