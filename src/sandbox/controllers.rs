//! The controller loop: what kube-controller-manager, the scheduler and the kubelets would do, on the sandbox's clock.
//!
//! Owns the queue of objects to look at and the order of work. Refuses to run by itself: only `tick` runs it. Each
//! controller looks at one object and makes one step; what it writes queues whatever it concerns.

mod cron;
mod cron_job;
mod daemon_set;
mod deployment;
mod garbage;
mod horizontal;
mod job;
mod namespace;
mod pod;
mod replica_set;
mod rolling;
mod stateful_set;
mod volume_claim;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::core::{State, World};
use super::kinds::{KindId, KindInfo};
use super::object;
use super::route::{Part, Target};
use super::store::Name;
use super::write::{Author, create, delete, update};
use crate::model::Digest;

/// The manager name of the workload controllers.
const MANAGER: &str = "kube-controller-manager";
/// Rounds at one instant: a loop that does not settle waits for the next tick.
const ROUNDS: usize = 200;

type Key = (KindId, Name);

/// What is to be looked at: now, and at a time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: BTreeSet<Key>,
    timers: BTreeMap<Timestamp, BTreeSet<Key>>,
    /// Where the leap of time in progress ends.
    horizon: Option<Timestamp>,
    /// Objects by the uid of each of their owners.
    children: BTreeMap<String, BTreeSet<Key>>,
}

impl Queue {
    /// Notes that an object was written or went away: it, its owners and (when gone) its children are due.
    pub(super) fn touched(&mut self, world: &World, kind: &KindInfo, object: &Value, gone: bool) {
        let key = (kind.id, Name::of(object));
        for owner in object.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten() {
            let children = self.children.entry(object::text(owner, "/uid").to_owned()).or_default();
            if gone {
                children.remove(&key);
            } else {
                children.insert(key.clone());
            }
            if let Some(owner) = owner_key(world, owner, &key.1.namespace) {
                self.due.insert(owner);
            }
        }
        if !gone {
            self.due.insert(key);
            return;
        }
        if let Some(children) = self.children.remove(object::uid(object)) {
            self.due.extend(children);
        }
        if let Some(namespaces) = world.kinds.of("", "Namespace") {
            self.due.insert((namespaces.id, Name::new("", &key.1.namespace)));
        }
    }

    fn at(&mut self, when: Timestamp, key: &Key) {
        self.timers.entry(when).or_default().insert(key.clone());
    }
}

/// Where an ownerReference points to.
fn owner_key(world: &World, owner: &Value, namespace: &str) -> Option<Key> {
    let version = object::text(owner, "/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = world.kinds.of(group, object::text(owner, "/kind"))?;
    let namespace = if kind.namespaced { namespace } else { "" };
    Some((kind.id, Name::new(namespace, object::text(owner, "/name"))))
}

/// Works until `target`: what is due now, then each timer at its time.
pub(super) fn run(world: &World, state: &mut State, target: Timestamp) {
    state.queue.horizon = Some(target);
    loop {
        settle(world, state);
        let Some((when, keys)) = state.queue.timers.pop_first() else { break };
        if when > target {
            state.queue.timers.entry(when).or_default().extend(keys);
            break;
        }
        state.now = state.now.max(when);
        state.queue.due.extend(keys);
    }
    state.now = state.now.max(target);
}

fn settle(world: &World, state: &mut State) {
    for _ in 0..ROUNDS {
        let due = std::mem::take(&mut state.queue.due);
        if due.is_empty() {
            return;
        }
        for key in due {
            look(&mut Room { world, state }, &key);
        }
    }
}

fn look(room: &mut Room, key: &Key) {
    let Some(kind) = room.world.kinds.get(key.0).cloned() else { return };
    let Some(live) = room.state.store.get(key.0, &key.1).map(|stored| stored.value(&kind)) else { return };
    if garbage::collect(room, &kind, &live) {
        return;
    }
    match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") => deployment::step(room, &kind, &live),
        ("apps", "ReplicaSet") => replica_set::step(room, &kind, &live),
        ("apps", "StatefulSet") => stateful_set::step(room, &kind, &live),
        ("apps", "DaemonSet") => daemon_set::step(room, &kind, &live),
        ("autoscaling", "HorizontalPodAutoscaler") => horizontal::step(room, &kind, &live),
        ("batch", "CronJob") => cron_job::step(room, &kind, &live),
        ("batch", "Job") => job::step(room, &kind, &live),
        ("", "Pod") if room.state.kubelets => pod::step(room, &kind, &live),
        ("", "PersistentVolumeClaim") => volume_claim::step(room, &kind, &live),
        ("", "Namespace") => namespace::step(room, &kind, &live),
        _ => {}
    }
    horizontal::target_moved(room, &kind, &live);
}

/// What a controller has at hand.
struct Room<'a> {
    world: &'a World,
    state: &'a mut State,
}

impl Room<'_> {
    fn now(&self) -> Timestamp {
        self.state.now
    }

    /// Looks at the object again at a time.
    fn again(&mut self, kind: &KindInfo, object: &Value, when: Timestamp) {
        self.state.queue.at(when, &(kind.id, Name::of(object)));
    }

    /// The objects of a kind that `owner` controls, in order of their names.
    fn owned(&self, group: &str, kind: &str, owner: &Value) -> Vec<Value> {
        let Some(kind) = self.world.kinds.of(group, kind) else { return Vec::new() };
        let keys = self.state.queue.children.get(object::uid(owner)).into_iter().flatten();
        let found = keys.filter(|(of, _)| *of == kind.id).filter_map(|(_, name)| self.state.store.get(kind.id, name));
        found.map(|stored| stored.value(kind)).collect()
    }

    /// Creates an object; a refusal (namespace going away, name taken) is left for the next look.
    fn create(&mut self, object: Value) -> Option<Value> {
        let version = object::text(&object, "/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = self.world.kinds.of(group, object::text(&object, "/kind"))?.clone();
        let namespace = object::namespace(&object).to_owned();
        let target = Target { kind, namespace, name: String::new(), part: Part::Whole };
        create::create(self.world, self.state, &target, (object, &Author::controller(MANAGER))).ok()
    }

    /// Writes the object itself.
    fn update(&mut self, kind: &KindInfo, live: &Value, new: Value) {
        let author = Author::controller(MANAGER);
        let _ = update::update(self.world, self.state, (kind, Part::Whole), (live, new), &author);
    }

    /// Writes the object's status; nothing is written where nothing moved.
    fn status(&mut self, kind: &KindInfo, live: &Value, new: Value, manager: &str) {
        if object::same(live, &new, "/status") && object::same(live, &new, "/metadata") {
            return;
        }
        let _ = update::update(self.world, self.state, (kind, Part::Status), (live, new), &Author::status(manager));
    }

    /// Deletes, as by a background delete.
    fn delete(&mut self, object: &Value, options: &Value) {
        let version = object::text(object, "/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if let Some(kind) = self.world.kinds.of(group, object::text(object, "/kind")).cloned() {
            delete::delete(self.world, self.state, &kind, (object, options));
        }
    }
}

/// A moment some seconds after one written in an object.
fn after(time: &str, seconds: i64) -> Option<Timestamp> {
    let time: Timestamp = time.parse().ok()?;
    time.saturating_add(SignedDuration::from_secs(seconds)).ok()
}

/// A short name for a template: what `pod-template-hash` and `controller-revision-hash` hold.
fn hash(template: &Value) -> String {
    const LETTERS: &[u8; 16] = b"bcdfghjklmnpqrst";
    let digest = Digest::of_value(template);
    digest.0.bytes().take(10).map(|b| char::from(LETTERS[usize::from(b) % 16])).collect()
}

/// A pod of a workload's template.
fn pod_of(owner: &Value, name: &Value, labels: &[(&str, &str)]) -> Value {
    let template = &owner["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    for (key, value) in name.as_object().into_iter().flatten() {
        object::put(&mut metadata, key, value.clone());
    }
    object::put(&mut metadata, "namespace", object::namespace(owner).into());
    object::put(&mut metadata, "ownerReferences", object::owned_by(owner));
    for (key, value) in labels {
        object::set(&mut metadata, &["labels", key], (*value).into());
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Whether a pod's condition Ready is True and it is not going away.
fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True");
    ready && !object::is_terminating(pod)
}

/// Whether a pod counts for its workload: neither finished nor going away.
fn is_active(pod: &Value) -> bool {
    !object::is_terminating(pod) && !matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// A label's value.
fn label<'v>(object: &'v Value, key: &str) -> &'v str {
    object["metadata"]["labels"].get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Sets a condition; its transition time moves only with its status. `extra` times are set to now when anything moves.
fn condition(status: &mut Value, wanted: (&str, bool, &str, &str), now: Timestamp, with_update: bool) {
    let (name, holds, reason, message) = wanted;
    let word = if holds { "True" } else { "False" };
    let old = status["conditions"].as_array().cloned().unwrap_or_default();
    let own = old.iter().find(|one| one["type"] == name);
    if own.is_some_and(|own| own["status"] == word && own["reason"] == reason && own["message"] == message) {
        return;
    }
    let kept = own.filter(|own| own["status"] == word).map(|own| own["lastTransitionTime"].clone());
    let mut new = json!({
        "type": name, "status": word, "reason": reason, "message": message,
        "lastTransitionTime": kept.unwrap_or_else(|| now.to_string().into()),
    });
    if with_update {
        new["lastUpdateTime"] = now.to_string().into();
    }
    for key in ["reason", "message"] {
        if new[key] == "" {
            object::take(&mut new, &[key]);
        }
    }
    let mut all: Vec<Value> = old.iter().filter(|one| one["type"] != name).cloned().collect();
    let at = old.iter().position(|one| one["type"] == name).unwrap_or(all.len());
    all.insert(at, new);
    status["conditions"] = Value::Array(all);
}

/// Sets counts as Go's `omitempty` does: a zero is left out.
fn counts(status: &mut Value, all: &[(&str, usize)]) {
    for (key, count) in all {
        if *count == 0 {
            object::take(status, &[key]);
        } else {
            object::put(status, key, (*count).into());
        }
    }
}

/// `spec.replicas`, by default one.
fn replicas(object: &Value) -> usize {
    let asked = object::number(object, "/spec/replicas").unwrap_or(1);
    usize::try_from(asked).unwrap_or_default()
}
