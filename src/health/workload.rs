//! Deployment, StatefulSet, DaemonSet, ReplicaSet: how far the newest spec is rolled out.

use serde_json::Value;

use super::conditions::condition;
use super::{Said, bare, is_unobserved, noted, number, text};
use crate::model::Health;

pub(super) fn deployment(object: &Value) -> Said {
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return noted(Health::Suspended, "paused");
    }
    if is_unobserved(object) {
        return bare(Health::Progressing);
    }
    if let Some(("False", reason)) = condition(object, "Progressing") {
        return noted(Health::Degraded, if reason.is_empty() { "not progressing" } else { reason });
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let updated = number(object, "/status/updatedReplicas").unwrap_or(0);
    let total = number(object, "/status/replicas").unwrap_or(0);
    let available = number(object, "/status/availableReplicas").unwrap_or(0);
    if updated < wanted || available < wanted {
        return noted(Health::Progressing, format!("{}/{wanted} ready", updated.min(available)));
    }
    if total > updated {
        return noted(Health::Progressing, format!("{} old left", total - updated));
    }
    noted(Health::Healthy, format!("{available}/{wanted} ready"))
}

pub(super) fn stateful_set(object: &Value) -> Said {
    if is_unobserved(object) {
        return bare(Health::Progressing);
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let ready = number(object, "/status/readyReplicas").unwrap_or(0);
    if ready < wanted {
        return noted(Health::Progressing, format!("{ready}/{wanted} ready"));
    }
    if text(object, "/spec/updateStrategy/type") == Some("OnDelete") {
        return noted(Health::Healthy, format!("{ready}/{wanted} ready"));
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let updated = number(object, "/status/updatedReplicas").unwrap_or(0);
    let due = (wanted - partition).max(0);
    let rolled = partition > 0 || text(object, "/status/currentRevision") == text(object, "/status/updateRevision");
    if updated < due || !rolled {
        return noted(Health::Progressing, format!("{updated}/{due} updated"));
    }
    noted(Health::Healthy, format!("{ready}/{wanted} ready"))
}

pub(super) fn daemon_set(object: &Value) -> Said {
    if is_unobserved(object) {
        return bare(Health::Progressing);
    }
    let wanted = number(object, "/status/desiredNumberScheduled").unwrap_or(0);
    let available = number(object, "/status/numberAvailable").unwrap_or(0);
    let updated = number(object, "/status/updatedNumberScheduled").unwrap_or(0);
    let rolling = text(object, "/spec/updateStrategy/type") != Some("OnDelete");
    if rolling && updated < wanted {
        return noted(Health::Progressing, format!("{updated}/{wanted} updated"));
    }
    counted(available, wanted)
}

pub(super) fn replica_set(object: &Value) -> Said {
    if is_unobserved(object) {
        return bare(Health::Progressing);
    }
    if let Some(("True", reason)) = condition(object, "ReplicaFailure") {
        return noted(Health::Degraded, if reason.is_empty() { "ReplicaFailure" } else { reason });
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    counted(number(object, "/status/availableReplicas").unwrap_or(0), wanted)
}

fn counted(ready: i64, wanted: i64) -> Said {
    let health = if ready < wanted { Health::Progressing } else { Health::Healthy };
    noted(health, format!("{ready}/{wanted} ready"))
}
