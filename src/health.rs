//! Live object → `Health`, by the rules of its family.
//!
//! Pure. Owns what "well" means for the built-in kinds, and the two conditions by which any other kind is judged.
//! Refuses a tick for what it has no rule for: that is `NotJudged`.

mod conditions;
mod extras;
mod job;
mod pod;
mod workload;

use serde_json::Value;

use crate::model::{Foreign, Health, Live};

/// How an object is doing, with a short note such as `3/6 ready` or `ImagePullBackOff`.
///
/// An object that cannot be parsed is `Unknown`.
#[must_use]
pub fn assess(live: &Live) -> (Health, Option<Foreign>) {
    let Ok(object) = serde_json::from_str::<Value>(&live.json) else {
        return (Health::Unknown, Some(Foreign::from("not readable")));
    };
    let kind = &live.key.kind;
    let verdict = match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") => workload::deployment(&object),
        ("apps", "StatefulSet") => workload::stateful_set(&object),
        ("apps", "DaemonSet") => workload::daemon_set(&object),
        ("apps", "ReplicaSet") => workload::replica_set(&object),
        ("", "Pod") => pod::pod(&object),
        ("batch", "Job") => job::job(&object),
        ("", "PersistentVolumeClaim") => extras::claim(&object),
        ("", "Namespace") => extras::namespace(&object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => extras::definition(&object),
        _ => conditions::other(&object),
    };
    (verdict.0, verdict.1.map(Foreign::new))
}

/// A health and its note.
type Said = (Health, Option<String>);

fn bare(health: Health) -> Said {
    (health, None)
}

fn noted(health: Health, note: impl Into<String>) -> Said {
    (health, Some(note.into()))
}

/// A whole number at a JSON pointer.
fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// A text at a JSON pointer.
fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str)
}

/// Whether the controller has not looked at the newest spec yet (`observedGeneration` behind `generation`).
fn is_unobserved(object: &Value) -> bool {
    number(object, "/metadata/generation").unwrap_or(0) > number(object, "/status/observedGeneration").unwrap_or(0)
}

#[cfg(test)]
mod tests;
