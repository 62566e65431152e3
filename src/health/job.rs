//! Job: complete, failed, held or running.

use serde_json::Value;

use super::conditions::{condition, is_true};
use super::{Said, bare, noted, number};
use crate::model::Health;

pub(super) fn job(object: &Value) -> Said {
    if let Some(("True", reason)) = condition(object, "Failed") {
        return noted(Health::Degraded, if reason.is_empty() { "Failed" } else { reason });
    }
    if is_true(object, "Complete") {
        return bare(Health::Healthy);
    }
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return noted(Health::Suspended, "suspended");
    }
    match (number(object, "/status/succeeded").unwrap_or(0), number(object, "/spec/completions")) {
        (done, Some(wanted)) => noted(Health::Progressing, format!("{done}/{wanted} done")),
        _ => bare(Health::Progressing),
    }
}
