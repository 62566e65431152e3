//! The kubelet: what a pod's status says of its containers, and what is told of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::kinds::KindInfo;
use super::super::super::object::{self, number, text};
use super::super::{Room, after, later, status};
use super::KUBELET;
use super::fate::{self, Doing, Lot, Now};

/// How long a Job's container works.
const WORK: i64 = 5;

/// A container as it is now: waiting for a word, or started at a time.
pub(super) enum Seen {
    Waits(&'static str),
    Is { now: Now, begin: Timestamp, lot: Lot, ready_at: Option<Timestamp> },
}

/// All containers of a pod at a moment.
pub(super) struct Pod<'a> {
    pub(super) live: &'a Value,
    pub(super) now: Timestamp,
    pub(super) init: Vec<(&'a Value, Seen)>,
    pub(super) main: Vec<(&'a Value, Seen)>,
    initialized: bool,
}

/// Brings a pod's status to this moment, and comes back at the next that matters.
pub(super) fn advance(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some(start) = start_of(live) else { return };
    let pod = Pod::at(live, start, room.now());
    let mut new = live.clone();
    pod.write(&mut new["status"], start);
    pod.tell(room, &new);
    room.status(kind, live, new, KUBELET);
    let unready = pod.tell_unhealthy(room);
    if let Some(next) = pod.next(start).into_iter().chain(unready).min() {
        room.again(kind, live, next);
    }
}

/// Ends a pod that must go, for those who wait for its end.
pub(super) fn end(room: &mut Room, kind: &KindInfo, live: &Value) {
    let (mut new, now) = (live.clone(), room.now());
    let status = &mut new["status"];
    status["phase"] = "Failed".into();
    for name in ["Ready", "ContainersReady"] {
        put(status, live, (name, false, "PodFailed", ""), now);
    }
    for own in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        let began = own["state"]["running"]["startedAt"].clone();
        own["ready"] = false.into();
        own["started"] = false.into();
        own["state"] = json!({"terminated": {
            "exitCode": 137, "reason": "Error", "startedAt": began, "finishedAt": now.to_string(),
        }});
    }
    room.status(kind, live, new, KUBELET);
}

/// When the pod's first container starts: one to two seconds after it was given a node, by its uid.
fn start_of(live: &Value) -> Option<Timestamp> {
    let spread = object::uid(live).bytes().next().is_some_and(|b| b % 2 == 0);
    let placed = status::find(&live["status"], "PodScheduled").map(|own| text(own, "/lastTransitionTime"));
    after(placed.unwrap_or_else(|| text(live, "/metadata/creationTimestamp")), if spread { 2 } else { 1 })
}

fn listed<'v>(live: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    live["spec"][key].as_array().into_iter().flatten()
}

fn runs_false(command: Option<&Value>) -> bool {
    command.and_then(Value::as_array).is_some_and(|words| words.last().is_some_and(|word| word == "false"))
}

fn lot(live: &Value, container: &Value, is_init: bool) -> Lot {
    let never = text(live, "/spec/restartPolicy") == "Never";
    let fails = runs_false(container.get("command")) || runs_false(container.get("args"));
    let is_job = object::controller(live).is_some_and(|(_, kind, _)| kind == "Job");
    let work = if is_job && !is_init { WORK } else { 1 };
    if text(container, "/image").contains("does-not-exist") {
        Lot::Missing
    } else if fails && never {
        Lot::Ends(work, 1)
    } else if fails {
        Lot::Loops(work, 1)
    } else if is_init && !is_sidecar(container) || is_job && !is_init {
        Lot::Ends(work, 0)
    } else {
        Lot::Runs
    }
}

fn is_sidecar(container: &Value) -> bool {
    text(container, "/restartPolicy") == "Always"
}

impl<'a> Pod<'a> {
    fn at(live: &'a Value, start: Timestamp, now: Timestamp) -> Self {
        let (mut begin, mut open, mut init) = (start, now >= start, Vec::new());
        for one in listed(live, "initContainers") {
            if !open {
                init.push((one, Seen::Waits("PodInitializing")));
                continue;
            }
            let seen = look(live, (one, true), begin, now);
            match &seen {
                Seen::Is { now: Now { doing: Doing::Ended(0, work), .. }, .. } => {
                    begin = later(begin, *work).unwrap_or(begin);
                }
                Seen::Is { now: Now { doing: Doing::Running, .. }, .. } if is_sidecar(one) => {}
                _ => open = false,
            }
            init.push((one, seen));
        }
        let word = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        let main = listed(live, "containers");
        let main = main.map(|one| (one, if open { look(live, (one, false), begin, now) } else { Seen::Waits(word) }));
        Self {
            live,
            now,
            main: main.collect(),
            init,
            initialized: open || (now < start && listed(live, "initContainers").next().is_none()),
        }
    }

    /// `None` where the pod goes on; else whether it ended well.
    fn ended(&self) -> Option<bool> {
        let code = |seen: &Seen| match seen {
            Seen::Is { now: Now { doing: Doing::Ended(code, _), .. }, lot: Lot::Ends(..), .. } => Some(*code),
            _ => None,
        };
        let never = text(self.live, "/spec/restartPolicy") == "Never";
        if never && self.init.iter().any(|(_, seen)| code(seen).is_some_and(|code| code != 0)) {
            return Some(false);
        }
        let codes: Option<Vec<i64>> = self.main.iter().map(|(_, seen)| code(seen)).collect();
        codes.map(|codes| codes.iter().all(|code| *code == 0))
    }

    fn phase(&self) -> &'static str {
        let waits = |seen: &Seen| {
            matches!(
                seen,
                Seen::Waits(_) | Seen::Is { now: Now { doing: Doing::PullFailed | Doing::PullBackOff, .. }, .. }
            )
        };
        match self.ended() {
            Some(true) => "Succeeded",
            Some(false) => "Failed",
            None if self.main.iter().any(|(_, seen)| waits(seen)) => "Pending",
            None => "Running",
        }
    }

    fn is_ready(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Is { ready_at: Some(at), .. } if *at <= self.now)
    }

    fn write(&self, status: &mut Value, start: Timestamp) {
        let (live, now) = (self.live, self.now);
        object::put(status, "phase", self.phase().into());
        object::put(status, "observedGeneration", live["metadata"]["generation"].clone());
        object::put(status, "hostIP", "192.168.0.10".into());
        object::put(status, "hostIPs", json!([{"ip": "192.168.0.10"}]));
        if status["startTime"].is_null() {
            object::put(status, "startTime", now.to_string().into());
        }
        if now >= start {
            let address = address(live);
            object::put(status, "podIPs", json!([{"ip": address}]));
            object::put(status, "podIP", address.into());
        }
        self.conditions(status, now >= start);
        for (key, all) in [("initContainerStatuses", &self.init), ("containerStatuses", &self.main)] {
            if !all.is_empty() {
                let list = all.iter().map(|(one, seen)| self.container(one, seen, key)).collect();
                object::put(status, key, Value::Array(list));
            }
        }
    }

    fn conditions(&self, status: &mut Value, started: bool) {
        let (live, now) = (self.live, self.now);
        let named = |all: &[(&Value, Seen)], takes: &dyn Fn(&Seen) -> bool| -> String {
            let names = all.iter().filter(|(_, seen)| takes(seen)).map(|(one, _)| text(one, "/name"));
            names.collect::<Vec<_>>().join(" ")
        };
        let unready = named(&self.main, &|seen| !self.is_ready(seen));
        let (mut reason, mut said) = ("", String::new());
        match self.ended() {
            Some(true) => reason = "PodCompleted",
            Some(false) => reason = "PodFailed",
            None if unready.is_empty() => {}
            None => {
                reason = "ContainersNotReady";
                said = format!("containers with unready status: [{unready}]");
            }
        }
        let open = named(&self.init, &|seen| {
            !matches!(seen, Seen::Is { now: Now { doing: Doing::Ended(0, _) | Doing::Running, .. }, .. })
        });
        let ready = reason.is_empty();
        let ended = self.ended().is_some();
        put(status, live, ("PodReadyToStartContainers", started && !ended, "", ""), now);
        if self.initialized {
            put(
                status,
                live,
                ("Initialized", true, if self.ended() == Some(true) { "PodCompleted" } else { "" }, ""),
                now,
            );
        } else {
            let said = format!("containers with incomplete status: [{open}]");
            put(status, live, ("Initialized", false, "ContainersNotInitialized", &said), now);
        }
        put(status, live, ("Ready", ready, reason, &said), now);
        put(status, live, ("ContainersReady", ready, reason, &said), now);
        if let Some(own) = status::find(status, "PodScheduled").cloned()
            && let Some(all) = status["conditions"].as_array_mut()
        {
            all.retain(|one| one["type"] != "PodScheduled");
            all.push(own);
        }
    }

    fn container(&self, one: &Value, seen: &Seen, key: &str) -> Value {
        let own = self.before(key, text(one, "/name"));
        let (state, restarts) = match seen {
            Seen::Waits(word) => (json!({"waiting": {"reason": word}}), 0),
            Seen::Is { now, begin, .. } => (self.state(one, &own, (now, *begin)), now.restarts),
        };
        let mut last = own.get("lastState").cloned().unwrap_or_else(|| json!({}));
        if own["state"].get("terminated").is_some() && own["state"] != state {
            last = own["state"].clone();
        }
        let running = state.get("running").is_some();
        let done =
            matches!(seen, Seen::Is { now: Now { doing: Doing::Ended(0, _), .. }, .. }) && key != "containerStatuses";
        json!({
            "name": one["name"], "image": one["image"], "imageID": "", "ready": self.is_ready(seen) || done,
            "started": running, "restartCount": restarts, "lastState": last, "state": state,
        })
    }

    /// What the status says of a container before this moment.
    pub(super) fn before(&self, key: &str, name: &str) -> Value {
        let all = self.live["status"][key].as_array().into_iter().flatten();
        all.clone().find(|own| own["name"] == name).cloned().unwrap_or_default()
    }

    fn state(&self, one: &Value, own: &Value, (now, begin): (&Now, Timestamp)) -> Value {
        let (name, image) = (text(one, "/name"), text(one, "/image"));
        let at = |seconds: i64| later(begin, seconds).unwrap_or(begin).to_string();
        match now.doing {
            Doing::Running => {
                let kept = own["state"]["running"].get("startedAt").filter(|_| own["restartCount"] == now.restarts);
                json!({"running": {"startedAt": kept.cloned().unwrap_or_else(|| self.now.to_string().into())}})
            }
            Doing::Ended(code, work) => json!({"terminated": {
                "exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" },
                "startedAt": at(now.since - work), "finishedAt": at(now.since),
            }}),
            Doing::BackOff(wait, _) => {
                let (pod, space) = (object::name(self.live), object::namespace(self.live));
                let place = format!("{pod}_{space}({})", object::uid(self.live));
                let said = format!("back-off {} restarting failed container={name} pod={place}", spelled(wait));
                json!({"waiting": {"reason": "CrashLoopBackOff", "message": said}})
            }
            Doing::PullFailed => json!({"waiting": {"reason": "ErrImagePull", "message": not_there(image)}}),
            Doing::PullBackOff => {
                let said = format!("Back-off pulling image \"{image}\": ErrImagePull: {}", not_there(image));
                json!({"waiting": {"reason": "ImagePullBackOff", "message": said}})
            }
        }
    }

    /// When something moves next.
    fn next(&self, start: Timestamp) -> Option<Timestamp> {
        let of = |seen: &Seen| match seen {
            Seen::Waits(_) => None,
            Seen::Is { now, begin, ready_at, .. } => {
                let until = now.until.and_then(|until| later(*begin, until));
                until.into_iter().chain(ready_at.filter(|at| *at > self.now)).min()
            }
        };
        let all = self.init.iter().chain(&self.main).filter_map(|(_, seen)| of(seen));
        all.chain((start > self.now).then_some(start)).min()
    }
}

/// Whether a container's probe will never succeed.
pub(super) fn never(container: &Value) -> bool {
    runs_false(container.pointer("/readinessProbe/exec/command"))
}

pub(super) fn delay(container: &Value) -> i64 {
    number(container, "/readinessProbe/initialDelaySeconds").unwrap_or_default()
}

fn look(live: &Value, (one, is_init): (&Value, bool), begin: Timestamp, now: Timestamp) -> Seen {
    let lot = lot(live, one, is_init);
    let state = fate::at(lot, now.duration_since(begin).as_secs().max(0));
    // What ends within a second was never ready.
    let short = matches!(lot, Lot::Loops(work, _) if work < 2);
    let runs = state.doing == Doing::Running && !short && !never(one);
    let ready_at = later(begin, state.since + delay(one)).filter(|_| runs);
    Seen::Is { now: state, begin, lot, ready_at }
}

/// What a registry says of an image that it does not have.
pub(super) fn not_there(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \
         \"{image}\": {image}: not found"
    )
}

/// Seconds as Go prints a duration.
fn spelled(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

/// A condition as the kubelet writes it.
fn put(status: &mut Value, live: &Value, (name, holds, reason, message): (&str, bool, &str, &str), now: Timestamp) {
    status::condition(status, (name, if holds { "True" } else { "False" }, reason, message), now);
    let all = status["conditions"].as_array_mut().into_iter().flatten();
    for own in all.filter(|own| own["type"] == name) {
        object::put(own, "lastProbeTime", Value::Null);
        object::put(own, "observedGeneration", live["metadata"]["generation"].clone());
    }
}

fn address(live: &Value) -> String {
    let sum = object::uid(live).bytes().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("10.244.{}.{}", (sum >> 8) % 256, sum % 254 + 1)
}
