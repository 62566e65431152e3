//! `StatefulSets`: pods by number, each after the one before is available; rolled from the highest down, by revisions.
//!
//! Refuses the retention policy of claims (they stay) and `maxUnavailable`, which a real 1.36 has switched off.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::pods::{Tally, available_at, count, is_finished, is_going, is_ready, label, least, pod_of, replicas};
use super::revisions::{self, HASH};
use super::{MANAGER, Room, status};

const BY: &str = "statefulset-controller";

/// A set, its pods by number, and its two revisions' names.
struct Look<'a> {
    live: &'a Value,
    pods: Vec<(usize, Value)>,
    first: usize,
    now: Timestamp,
    current: Value,
    update: Value,
}

/// One step: one pod made, or one taken away.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let pods = room.claimed("", "Pod", live);
    let Some((update, old)) = revisions::of(room, live) else { return };
    let current = text(live, "/status/currentRevision");
    let current = old.iter().find(|own| object::name(own) == current).unwrap_or(&update).clone();
    let look = Look {
        live,
        pods: numbered(live, pods),
        first: count(number(live, "/spec/ordinals/start").unwrap_or_default()),
        now: room.now(),
        current,
        update,
    };
    if !object::is_terminating(live) && !look.stand_up(room) && !look.stand_down(room) {
        look.roll(room);
    }
    look.report(room, kind);
    let used = |own: &Value| {
        let name = object::name(own);
        name == object::name(&look.current) || look.pods.iter().any(|(_, pod)| label(pod, HASH) == name)
    };
    revisions::truncate(room, live, &old, used);
}

/// The pods whose names end in a number, in its order.
fn numbered(live: &Value, pods: Vec<Value>) -> Vec<(usize, Value)> {
    let prefix = format!("{}-", object::name(live));
    let number = |pod: &Value| object::name(pod).strip_prefix(&prefix)?.parse::<usize>().ok();
    let mut all: Vec<(usize, Value)> = pods.into_iter().filter_map(|pod| Some((number(&pod)?, pod))).collect();
    all.sort_by_key(|(number, _)| *number);
    all
}

impl Look<'_> {
    fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first + replicas(self.live)
    }

    fn is_burst(&self) -> bool {
        text(self.live, "/spec/podManagementPolicy") == "Parallel"
    }

    fn is_available(&self, pod: &Value) -> bool {
        is_ready(pod) && available_at(pod, least(self.live)).is_some_and(|at| at <= self.now)
    }

    /// Makes what is missing; says whether something must be waited for.
    fn stand_up(&self, room: &mut Room) -> bool {
        let mut moved = false;
        for n in self.range() {
            let own = self.pods.iter().find(|(number, _)| *number == n).map(|(_, pod)| pod);
            let waits = match own {
                Some(pod) if is_finished(pod) => {
                    self.delete(room, pod);
                    true
                }
                Some(pod) => !self.is_available(pod) && !self.is_burst(),
                None => {
                    self.make(room, n);
                    !self.is_burst()
                }
            };
            if waits {
                return true;
            }
            moved |= own.is_none();
        }
        moved
    }

    fn delete(&self, room: &mut Room, pod: &Value) {
        if !object::is_terminating(pod) {
            room.delete(pod, &json!({}));
            let said =
                format!("Delete Pod {} in StatefulSet {} successful", object::name(pod), object::name(self.live));
            room.tell(self.live, BY, ("SuccessfulDelete", &said));
        }
    }

    /// Takes away what is beyond the number, the highest first; says whether something must be waited for.
    fn stand_down(&self, room: &mut Room) -> bool {
        let mut surplus = self.pods.iter().rev().filter(|(n, _)| !self.range().contains(n)).peekable();
        let some = surplus.peek().is_some();
        for (_, pod) in surplus {
            self.delete(room, pod);
            if !self.is_burst() {
                return true;
            }
        }
        some
    }

    /// Takes one pod of an older revision away, from the highest down to the partition.
    fn roll(&self, room: &mut Room) {
        if text(self.live, "/spec/updateStrategy/type") == "OnDelete" {
            return;
        }
        let keep = count(number(self.live, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default());
        for (_, pod) in self.pods.iter().rev().filter(|(n, _)| *n >= self.first + keep) {
            if label(pod, HASH) != object::name(&self.update) && !object::is_terminating(pod) {
                self.delete(room, pod);
                return;
            }
            if !self.is_available(pod) {
                return;
            }
        }
    }

    /// A pod of the current revision below the partition, of the newest elsewhere.
    fn make(&self, room: &mut Room, n: usize) {
        let keep = count(number(self.live, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default());
        let rolling = text(self.live, "/spec/updateStrategy/type") != "OnDelete";
        let of = if rolling && n < self.first + keep { &self.current } else { &self.update };
        let mut owner = self.live.clone();
        let mut template = of["data"]["spec"]["template"].clone();
        object::take(&mut template, &["$patch"]);
        object::set(&mut owner, &["spec", "template"], template);
        let name = format!("{}-{n}", object::name(self.live));
        let index = n.to_string();
        let labels = [
            ("apps.kubernetes.io/pod-index", index.as_str()),
            (HASH, object::name(of)),
            ("statefulset.kubernetes.io/pod-name", &name),
        ];
        let mut pod =
            pod_of(&owner, &json!({"name": name, "generateName": format!("{}-", object::name(self.live))}), &labels);
        object::set(&mut pod, &["spec", "hostname"], name.as_str().into());
        if !text(self.live, "/spec/serviceName").is_empty() {
            object::set(&mut pod, &["spec", "subdomain"], self.live["spec"]["serviceName"].clone());
        }
        self.claim(room, (&name, &mut pod));
        let set = object::name(self.live);
        match room.create(pod) {
            Ok(_) => {
                let said = format!("Create Pod {name} in StatefulSet {set} successful");
                room.tell(self.live, BY, ("SuccessfulCreate", &said));
            }
            Err(failure) if is_going(&failure) || failure.reason == "AlreadyExists" => {}
            Err(failure) => {
                let said = format!("Create Pod {name} in StatefulSet {set} failed error: {}", failure.message);
                room.warn(self.live, BY, ("FailedCreate", &said));
            }
        }
    }

    /// The claims of a pod, and its volumes that mount them.
    fn claim(&self, room: &mut Room, (name, pod): (&str, &mut Value)) {
        let templates = self.live["spec"]["volumeClaimTemplates"].as_array().cloned().unwrap_or_default();
        let mut volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
        volumes.retain(|own| !templates.iter().any(|template| object::name(template) == text(own, "/name")));
        for template in &templates {
            let claim = format!("{}-{name}", object::name(template));
            let mut metadata = template["metadata"].clone();
            object::put(&mut metadata, "name", claim.as_str().into());
            object::put(&mut metadata, "namespace", object::namespace(self.live).into());
            for (key, value) in self.live["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten() {
                object::set(&mut metadata, &["labels", key], value.clone());
            }
            let body = json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"],
            });
            if room.create(body).is_ok() {
                let said =
                    format!("Create Claim {claim} Pod {name} in StatefulSet {} success", object::name(self.live));
                room.tell(self.live, BY, ("SuccessfulCreate", &said));
            }
            volumes.push(json!({"name": object::name(template), "persistentVolumeClaim": {"claimName": claim}}));
        }
        if !volumes.is_empty() {
            object::set(pod, &["spec", "volumes"], volumes.into());
        }
    }

    fn report(&self, room: &mut Room, kind: &KindInfo) {
        let pods = numbered(self.live, room.owned("", "Pod", self.live));
        let tally = Tally::of(pods.iter().map(|(_, pod)| pod), least(self.live), self.now);
        let of = |revision: &Value| {
            let own = |pod: &Value| !object::is_terminating(pod) && label(pod, HASH) == object::name(revision);
            pods.iter().filter(|(_, pod)| own(pod)).count()
        };
        let updated = of(&self.update);
        let mut on_current = of(&self.current);
        let rolling = text(self.live, "/spec/updateStrategy/type") != "OnDelete";
        let done = rolling && updated == replicas(self.live) && tally.ready == updated && pods.len() == updated;
        let current = if done { &self.update } else { &self.current };
        if done {
            on_current = updated;
        }
        let collisions = number(self.live, "/status/collisionCount").unwrap_or_default();
        let mut status = json!({
            "observedGeneration": self.live["metadata"]["generation"], "replicas": pods.len(),
            "availableReplicas": tally.available, "currentRevision": object::name(current),
            "updateRevision": object::name(&self.update), "collisionCount": collisions,
        });
        status::counts(
            &mut status,
            &[("readyReplicas", tally.ready), ("updatedReplicas", updated), ("currentReplicas", on_current)],
        );
        let mut new = self.live.clone();
        new["status"] = status;
        room.status(kind, self.live, new, MANAGER);
        if let Some(next) = tally.next {
            room.again(kind, self.live, next);
        }
    }
}
