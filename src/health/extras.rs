//! What workloads stand on: `PersistentVolumeClaim`, `Namespace`, `CustomResourceDefinition`.

use serde_json::Value;

use super::conditions::{condition, is_true};
use super::{Said, bare, noted, text};
use crate::model::Health;

pub(super) fn claim(object: &Value) -> Said {
    match text(object, "/status/phase") {
        Some("Bound") => bare(Health::Healthy),
        Some("Lost") => noted(Health::Degraded, "Lost"),
        _ => noted(Health::Progressing, "Pending"),
    }
}

pub(super) fn namespace(object: &Value) -> Said {
    match text(object, "/status/phase") {
        Some("Active") => bare(Health::Healthy),
        Some("Terminating") => noted(Health::Progressing, "Terminating"),
        _ => bare(Health::Progressing),
    }
}

pub(super) fn definition(object: &Value) -> Said {
    if let Some(("False", reason)) = condition(object, "NamesAccepted") {
        return noted(Health::Degraded, if reason.is_empty() { "names not accepted" } else { reason });
    }
    if is_true(object, "Established") {
        return bare(Health::Healthy);
    }
    noted(Health::Progressing, "not established")
}
