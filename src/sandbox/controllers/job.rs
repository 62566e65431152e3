//! Jobs: pods until enough have succeeded or too many have failed, each failure waited out; deadlines, holds, the end.
//!
//! Every pod is counted once: a finalizer holds it until it is. Refuses indexes, and rules for failures and success.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::pods::{count, is_active, is_going, is_ready, pod_of};
use super::{MANAGER, Room, after, later, status};

const BY: &str = "job-controller";
/// What holds a pod until it is counted.
const TRACKED: &str = "batch.kubernetes.io/job-tracking";
/// Seconds after the first failure, doubled by each, and the most.
const BACKOFF: (i64, i64) = (10, 600);

/// A Job on its way: what is to be written of it.
struct Work<'a> {
    live: &'a Value,
    status: Value,
    now: Timestamp,
}

/// One step of a Job.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if is_over(live) {
        expire(room, kind, live);
        release(room, &room.owned("", "Pod", live));
        return;
    }
    let mut status = live["status"].clone();
    let pods = room.owned("", "Pod", live);
    let is_new = |pod: &&Value, word: &str| is_tracked(pod) && text(pod, "/status/phase") == word;
    for (key, word) in [("succeeded", "Succeeded"), ("failed", "Failed")] {
        let more = pods.iter().filter(|pod| is_new(pod, word)).count();
        let before = count(number(&status, &format!("/{key}")).unwrap_or_default());
        status::counts(&mut status, &[(key, before + more)]);
    }
    let suspended = live["spec"]["suspend"] == true;
    if status["startTime"].is_null() && !suspended {
        object::put(&mut status, "startTime", room.now().to_string().into());
    }
    let mut work = Work { live, status, now: room.now() };
    if status::holds(&work.status, "FailureTarget") {
        work.stop(room, &pods);
    } else if let Some(words) = work.failure(&pods) {
        work.stop(room, &pods);
        work.say("FailureTarget", words);
    } else if !object::is_terminating(live) {
        work.manage(room, kind, (&pods, suspended));
    }
    work.close(room, kind, &pods);
}

fn is_tracked(pod: &Value) -> bool {
    pod["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == TRACKED))
}

/// Lets go of pods that have ended and are counted.
fn release(room: &mut Room, pods: &[Value]) {
    for pod in pods.iter().filter(|pod| super::pods::is_finished(pod)) {
        untrack(room, pod);
    }
}

/// Takes the Job's hold from a pod.
fn untrack(room: &mut Room, pod: &Value) {
    if is_tracked(pod) {
        let mut new = pod.clone();
        if let Some(all) = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut) {
            all.retain(|one| one != TRACKED);
        }
        if new["metadata"]["finalizers"].as_array().is_some_and(Vec::is_empty) {
            object::take(&mut new, &["metadata", "finalizers"]);
        }
        room.update_any(pod, new);
    }
}

/// Lets a pod go whose Job is gone; says whether it was held.
pub(super) fn release_orphan(room: &mut Room, pod: &Value) -> bool {
    let owner = object::controller(pod).filter(|(_, kind, _)| *kind == "Job");
    let there = owner.and_then(|(uid, _, name)| {
        room.get(("batch", "Job"), object::namespace(pod), name).filter(|job| object::uid(job) == uid)
    });
    let held = is_tracked(pod) && there.is_none();
    if held {
        untrack(room, pod);
    }
    held
}

/// A finished Job goes when its time to live is over.
fn expire(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some(seconds) = number(live, "/spec/ttlSecondsAfterFinished") else { return };
    let ended = ["Complete", "Failed"].iter().find_map(|name| status::find(&live["status"], name));
    let Some(end) = ended.and_then(|own| after(text(own, "/lastTransitionTime"), seconds)) else { return };
    if end > room.now() {
        room.again(kind, live, end);
    } else if !object::is_terminating(live) {
        room.delete(live, &json!({"propagationPolicy": "Foreground"}));
    }
}

impl Work<'_> {
    fn asked(&self, key: &str) -> Option<usize> {
        number(self.live, &format!("/spec/{key}")).map(count)
    }

    fn counted(&self, key: &str) -> usize {
        count(number(&self.status, &format!("/{key}")).unwrap_or_default())
    }

    /// Why the Job has failed, if it has.
    fn failure(&self, pods: &[Value]) -> Option<(&'static str, &'static str)> {
        if status::holds(&self.status, "SuccessCriteriaMet") {
            return None;
        }
        let limit = self.asked("backoffLimit").unwrap_or(6);
        let restarts: usize = pods.iter().filter(|pod| is_active(pod)).map(restarts).sum();
        let restarted = text(self.live, "/spec/template/spec/restartPolicy") == "OnFailure" && restarts > 0;
        if self.counted("failed") > limit || restarted && restarts >= limit {
            return Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let limit = number(self.live, "/spec/activeDeadlineSeconds")?;
        let end = after(text(&self.status, "/startTime"), limit).filter(|_| self.live["spec"]["suspend"] != true)?;
        (end <= self.now).then_some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    }

    fn say(&mut self, name: &str, (reason, said): (&str, &str)) {
        status::condition(&mut self.status, (name, "True", reason, said), self.now);
        let all = self.status["conditions"].as_array_mut().into_iter().flatten();
        for own in all.filter(|own| own["type"] == name) {
            object::put(own, "lastProbeTime", self.now.to_string().into());
        }
    }

    fn stop(&self, room: &mut Room, pods: &[Value]) {
        for pod in pods.iter().filter(|pod| is_active(pod)) {
            self.delete(room, pod);
        }
    }

    fn delete(&self, room: &mut Room, pod: &Value) {
        room.delete(pod, &json!({}));
        room.tell(self.live, BY, ("SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod))));
    }

    /// Deletes a pod that is not needed: it counts neither as failed nor as done.
    fn dismiss(&self, room: &mut Room, pod: &Value) {
        untrack(room, pod);
        if let Some(now) = room.get(("", "Pod"), object::namespace(pod), object::name(pod)) {
            self.delete(room, &now);
        }
    }

    /// Brings the pods at work to their number.
    fn manage(&mut self, room: &mut Room, kind: &KindInfo, (pods, suspended): (&[Value], bool)) {
        self.hold(room, suspended);
        let active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
        let most = self.asked("parallelism").unwrap_or(1);
        let wanted = match self.asked("completions") {
            _ if suspended => 0,
            None if self.counted("succeeded") > 0 => active.len(),
            None => most,
            Some(all) => all.saturating_sub(self.counted("succeeded")).min(most),
        };
        for pod in active.iter().skip(wanted) {
            self.dismiss(room, pod);
        }
        let going = pods.iter().filter(|pod| object::is_terminating(pod)).count();
        let replaces = text(self.live, "/spec/podReplacementPolicy") != "Failed";
        let missing = wanted.saturating_sub(active.len() + if replaces { 0 } else { going });
        if let Some(due) = backed_off(pods).filter(|due| *due > self.now && missing > 0) {
            room.again(kind, self.live, due);
        } else {
            (0..missing).take_while(|_| self.make(room)).count();
        }
        if let Some(limit) = number(self.live, "/spec/activeDeadlineSeconds")
            && let Some(end) = after(text(&self.status, "/startTime"), limit)
        {
            room.again(kind, self.live, end);
        }
    }

    fn make(&self, room: &mut Room) -> bool {
        let name = json!({"generateName": format!("{}-", object::name(self.live))});
        let mut pod = pod_of(self.live, &name, &[]);
        object::set(&mut pod, &["metadata", "finalizers"], json!([TRACKED]));
        match room.create(pod) {
            Ok(pod) => {
                room.tell(self.live, BY, ("SuccessfulCreate", &format!("Created pod: {}", object::name(&pod))));
                true
            }
            Err(failure) => {
                if !is_going(&failure) {
                    room.warn(self.live, BY, ("FailedCreate", &format!("Error creating: {}", failure.message)));
                }
                false
            }
        }
    }

    /// Says that the Job is held, or goes on.
    fn hold(&mut self, room: &mut Room, suspended: bool) {
        let was = status::find(&self.status, "Suspended").map(|own| own["status"] == "True");
        let (word, reason, said, event) = match (suspended, was) {
            (true, None | Some(false)) => ("True", "JobSuspended", "Job suspended", "Suspended"),
            (false, Some(true)) => ("False", "JobResumed", "Job resumed", "Resumed"),
            _ => return,
        };
        status::condition(&mut self.status, ("Suspended", word, reason, said), self.now);
        let all = self.status["conditions"].as_array_mut().into_iter().flatten();
        for own in all.filter(|own| own["type"] == "Suspended") {
            object::put(own, "lastProbeTime", self.now.to_string().into());
        }
        if suspended {
            object::take(&mut self.status, &["startTime"]);
        } else {
            object::put(&mut self.status, "startTime", self.now.to_string().into());
        }
        room.tell(self.live, BY, (event, said));
    }

    /// Counts, ends the Job when the last pod is gone, and writes.
    fn close(mut self, room: &mut Room, kind: &KindInfo, counted: &[Value]) {
        let pods = room.owned("", "Pod", self.live);
        let active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
        let going = pods.iter().filter(|pod| object::is_terminating(pod) && !super::pods::is_finished(pod)).count();
        let ready = active.iter().filter(|pod| is_ready(pod)).count();
        status::counts(&mut self.status, &[("active", active.len())]);
        for (key, count) in [("ready", ready), ("terminating", going)] {
            object::put(&mut self.status, key, count.into());
        }
        object::put(&mut self.status, "uncountedTerminatedPods", json!({}));
        let enough =
            self.asked("completions").map_or(self.counted("succeeded") > 0, |all| self.counted("succeeded") >= all);
        let lost = status::find(&self.status, "FailureTarget").cloned();
        let idle = active.is_empty() && going == 0;
        if let Some(lost) = lost {
            if idle {
                self.say("Failed", (text(&lost, "/reason"), text(&lost, "/message")));
                room.warn(self.live, BY, (text(&lost, "/reason"), text(&lost, "/message")));
            }
        } else if enough && active.is_empty() {
            let words = ("CompletionsReached", "Reached expected number of succeeded pods");
            self.say("SuccessCriteriaMet", words);
            if idle {
                self.say("Complete", words);
                object::put(&mut self.status, "completionTime", self.now.to_string().into());
                room.tell(self.live, BY, ("Completed", "Job completed"));
            }
        }
        let mut new = self.live.clone();
        new["status"] = self.status;
        room.status(kind, self.live, new, MANAGER);
        release(room, counted);
    }
}

/// Until when the newest failures keep new pods back.
fn backed_off(pods: &[Value]) -> Option<Timestamp> {
    let ended = |word: &str| {
        let all = pods.iter().filter(|pod| text(pod, "/status/phase") == word);
        let mut ends: Vec<Timestamp> = all.filter_map(finished_at).collect();
        ends.sort();
        ends
    };
    let good = ended("Succeeded").last().copied();
    let failed: Vec<Timestamp> = ended("Failed").into_iter().filter(|at| good.is_none_or(|good| *at > good)).collect();
    let doubled = u32::try_from(failed.len().saturating_sub(1)).unwrap_or(u32::MAX).min(10);
    later(*failed.last()?, (BACKOFF.0 << doubled).min(BACKOFF.1))
}

fn restarts(pod: &Value) -> usize {
    let of = |key: &str| {
        let all = pod["status"][key].as_array().into_iter().flatten();
        all.filter_map(|own| own["restartCount"].as_i64()).map(count).sum::<usize>()
    };
    of("initContainerStatuses") + of("containerStatuses")
}

fn finished_at(pod: &Value) -> Option<Timestamp> {
    let all = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    all.filter_map(|own| text(own, "/state/terminated/finishedAt").parse().ok()).max()
}

fn is_over(live: &Value) -> bool {
    status::holds(&live["status"], "Complete") || status::holds(&live["status"], "Failed")
}
