//! The controller loop: what kube-controller-manager, the scheduler and the kubelets would do, on the sandbox's clock.
//!
//! Owns the queue of objects to look at and the order of work. Refuses to run by itself: only `tick` runs it. Each
//! controller looks at one object and makes one step; what it writes queues whatever it concerns. What comes to pass
//! at a moment depends on that moment alone, never on how long the leap of time is that passes it.

mod cron;
mod cron_job;
mod daemon_set;
mod deployment;
mod events;
mod garbage;
mod horizontal;
mod job;
mod namespace;
mod pod;
mod pods;
mod replica_set;
mod revisions;
mod rolling;
mod stateful_set;
mod status;
mod volume_claim;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::core::{State, World};
use super::failure::Failure;
use super::kinds::{KindId, KindInfo};
use super::object;
use super::route::{Part, Target};
use super::store::Name;
use super::write::{Author, create, delete, update};
use crate::model::Digest;

/// The manager name of the workload controllers.
const MANAGER: &str = "kube-controller-manager";
/// Rounds at one instant: what has not settled then is said, and waits for the next moment.
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
    events: events::Log,
    /// What found no rest in the last leap of time.
    unsettled: BTreeSet<Key>,
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

    /// The objects that found no rest in the last leap of time: `Deployment shop/web`.
    pub(super) fn unsettled(&self, world: &World) -> Vec<String> {
        let said = |(kind, name): &Key| {
            let kind = world.kinds.get(*kind).map_or("?", |kind| &*kind.kind);
            if name.namespace.is_empty() {
                format!("{kind} {}", name.name)
            } else {
                format!("{kind} {}/{}", name.namespace, name.name)
            }
        };
        self.unsettled.iter().map(said).collect()
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
pub(super) fn run(state: &mut State, target: Timestamp) {
    state.queue.horizon = Some(target);
    state.queue.unsettled.clear();
    loop {
        settle(state);
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

fn settle(state: &mut State) {
    for _ in 0..ROUNDS {
        let due = std::mem::take(&mut state.queue.due);
        if due.is_empty() {
            return;
        }
        for key in due {
            let world = state.world.clone();
            look(&mut Room { world: &world, state }, &key);
        }
    }
    let restless: Vec<Key> = state.queue.due.iter().cloned().collect();
    state.queue.unsettled.extend(restless);
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
        ("", "Event") => events::step(room, &kind, &live),
        ("", "Namespace") => namespace::step(room, &kind, &live),
        ("", "Node") => pod::node_moved(room),
        ("", "PersistentVolumeClaim") => volume_claim::step(room, &kind, &live),
        ("", "Pod") => pod::step(room, &kind, &live),
        ("storage.k8s.io", "StorageClass") => volume_claim::class_moved(room),
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

    /// Looks at the objects of a kind now: those of a namespace (empty: of all) that `takes` takes.
    fn look_at(&mut self, kind: (&str, &str), namespace: &str, takes: impl Fn(&Value) -> bool) {
        let Some(kind) = self.world.kinds.of(kind.0, kind.1) else { return };
        let all = self.state.store.list(kind.id, namespace).filter(|(_, stored)| takes(&stored.value(kind)));
        let due: Vec<Key> = all.map(|(name, _)| (kind.id, name.clone())).collect();
        self.state.queue.due.extend(due);
    }

    /// One object by its kind and name.
    fn get(&self, kind: (&str, &str), namespace: &str, name: &str) -> Option<Value> {
        let kind = self.world.kinds.of(kind.0, kind.1)?;
        self.state.store.get(kind.id, &Name::new(namespace, name)).map(|stored| stored.value(kind))
    }

    /// The objects of a kind that `owner` owns, in order of their names.
    fn owned(&self, group: &str, kind: &str, owner: &Value) -> Vec<Value> {
        let Some(kind) = self.world.kinds.of(group, kind) else { return Vec::new() };
        let keys = self.state.queue.children.get(object::uid(owner)).into_iter().flatten();
        let found = keys.filter(|(of, _)| *of == kind.id).filter_map(|(_, name)| self.state.store.get(kind.id, name));
        found.map(|stored| stored.value(kind)).collect()
    }

    /// Creates an object; what a refusal means is the caller's to say.
    fn create(&mut self, object: Value) -> Result<Value, Failure> {
        self.create_as(object, MANAGER)
    }

    fn create_as(&mut self, object: Value, manager: &str) -> Result<Value, Failure> {
        let version = object::text(&object, "/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = self.world.kinds.of(group, object::text(&object, "/kind")).cloned();
        let kind = kind.ok_or_else(Failure::no_resource)?;
        let namespace = object::namespace(&object).to_owned();
        let target = Target { kind, namespace, name: String::new(), part: Part::Whole };
        create::create(self.world, self.state, &target, (object, &Author::controller(manager)))
    }

    /// Writes the object itself.
    fn update(&mut self, kind: &KindInfo, live: &Value, new: Value) {
        let author = Author::controller(MANAGER);
        let _ = update::update(self.world, self.state, (kind, Part::Whole), (live, new), &author);
    }

    /// The same of an object whose kind is not at hand.
    fn update_any(&mut self, live: &Value, new: Value) {
        let version = object::text(live, "/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if let Some(kind) = self.world.kinds.of(group, object::text(live, "/kind")).cloned() {
            self.update(&kind, live, new);
        }
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
    later(time, seconds)
}

fn later(time: Timestamp, seconds: i64) -> Option<Timestamp> {
    time.saturating_add(SignedDuration::from_secs(seconds)).ok()
}

/// A short name for a template: what `pod-template-hash` and `controller-revision-hash` hold.
fn hash(template: &Value) -> String {
    const LETTERS: &[u8; 16] = b"bcdfghjklmnpqrst";
    let digest = Digest::of_value(template);
    digest.0.bytes().take(10).map(|b| char::from(LETTERS[usize::from(b) % 16])).collect()
}
