//! What the workload controllers have in common about pods: making, claiming, counting.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::object::{self, number, text};
use super::{Room, after, status};

/// A pod of a workload's template.
pub(super) fn pod_of(owner: &Value, name: &Value, labels: &[(&str, &str)]) -> Value {
    let template = &owner["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    object::take(&mut metadata, &["creationTimestamp"]);
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
pub(super) fn is_ready(pod: &Value) -> bool {
    status::holds(&pod["status"], "Ready") && !object::is_terminating(pod)
}

/// Since when a pod is ready, and so when it is available.
pub(super) fn available_at(pod: &Value, least: i64) -> Option<Timestamp> {
    let ready = status::find(&pod["status"], "Ready").filter(|own| own["status"] == "True")?;
    after(text(ready, "/lastTransitionTime"), least)
}

/// Whether a pod counts for its workload: neither finished nor going away.
pub(super) fn is_active(pod: &Value) -> bool {
    !object::is_terminating(pod) && !is_finished(pod)
}

/// Whether a pod has ended.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// A label's value.
pub(super) fn label<'v>(object: &'v Value, key: &str) -> &'v str {
    object["metadata"]["labels"].get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An annotation's value.
pub(super) fn annotation<'v>(object: &'v Value, key: &str) -> &'v str {
    object["metadata"]["annotations"].get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `spec.replicas`, by default one.
pub(super) fn replicas(object: &Value) -> usize {
    count(number(object, "/spec/replicas").unwrap_or(1))
}

/// A number of a spec or status as a count: what is below zero is none.
pub(super) fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Seconds that a pod must be ready before it is available.
pub(super) fn least(owner: &Value) -> i64 {
    number(owner, "/spec/minReadySeconds").unwrap_or_default()
}

/// How many pods are ready and available; `next` is when another one becomes available.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) ready: usize,
    pub(super) available: usize,
    pub(super) next: Option<Timestamp>,
}

impl Tally {
    pub(super) fn of<'v>(pods: impl Iterator<Item = &'v Value>, least: i64, now: Timestamp) -> Self {
        let mut tally = Self::default();
        for at in pods.filter_map(|pod| available_at(pod, least)) {
            tally.ready += 1;
            if at <= now {
                tally.available += 1;
            } else {
                tally.next = Some(tally.next.map_or(at, |next| next.min(at)));
            }
        }
        tally
    }
}

/// Whether a `LabelSelector` takes an object's labels; one that says nothing takes none here.
pub(super) fn takes(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let plain = selector["matchLabels"].as_object();
    let said = selector["matchExpressions"].as_array();
    if plain.is_none_or(serde_json::Map::is_empty) && said.is_none_or(Vec::is_empty) {
        return false;
    }
    let one = |own: &Value| {
        let value = labels.get(text(own, "/key"));
        let among = value.is_some_and(|value| own["values"].as_array().is_some_and(|all| all.contains(value)));
        match text(own, "/operator") {
            "In" => among,
            "NotIn" => !among,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    };
    plain.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && said.into_iter().flatten().all(one)
}

/// Whether a create was refused because its namespace goes away: nobody tells of that.
pub(super) fn is_going(failure: &Failure) -> bool {
    failure.message.ends_with("because it is being terminated")
}

impl Room<'_> {
    /// The objects of a kind that `owner` controls by its selector: what fits and nobody controls is adopted (when the
    /// owner is seen for the first time), what fits no more is let go.
    pub(super) fn claimed(&mut self, group: &str, kind: &str, owner: &Value) -> Vec<Value> {
        let selector = &owner["spec"]["selector"];
        if !object::is_terminating(owner) {
            if owner["status"].get("observedGeneration").is_none() {
                self.adopt((group, kind), owner, selector);
            }
            for stray in self.owned(group, kind, owner).iter().filter(|own| !takes(selector, own)) {
                self.let_go(stray, owner);
            }
        }
        self.owned(group, kind, owner)
    }

    fn adopt(&mut self, (group, kind): (&str, &str), owner: &Value, selector: &Value) {
        let Some(kind) = self.world.kinds.of(group, kind).cloned() else { return };
        let all = self.state.store.list(kind.id, object::namespace(owner));
        let labels = selector["matchLabels"].as_object();
        let near = all.filter(|(_, stored)| {
            let own = stored.labels();
            labels.into_iter().flatten().all(|(key, value)| own.get(key).is_some_and(|own| value == own))
        });
        let orphans: Vec<Value> = near
            .map(|(_, stored)| stored.value(&kind))
            .filter(|own| takes(selector, own) && object::controller(own).is_none() && !object::is_terminating(own))
            .collect();
        for orphan in orphans {
            let mut new = orphan.clone();
            let mut owners = orphan["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
            owners.extend(object::owned_by(owner).as_array().cloned().unwrap_or_default());
            object::set(&mut new, &["metadata", "ownerReferences"], owners.into());
            self.update(&kind, &orphan, new);
        }
    }

    /// Takes an owner from an object.
    pub(super) fn let_go(&mut self, child: &Value, owner: &Value) {
        let mut new = child.clone();
        if let Some(owners) = new.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
            owners.retain(|one| one["uid"] != object::uid(owner));
        }
        if new["metadata"]["ownerReferences"].as_array().is_some_and(Vec::is_empty) {
            object::take(&mut new, &["metadata", "ownerReferences"]);
        }
        self.update_any(child, new);
        if let Some(children) = self.state.queue.children.get_mut(object::uid(owner)) {
            children.retain(|(_, name)| *name != super::Name::of(child));
        }
    }
}
