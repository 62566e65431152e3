//! `status.conditions`: how they are read, and the rule for kinds without one of their own.

use serde_json::Value;

use super::{Said, bare, noted, number};
use crate::model::Health;

/// The condition of a type: its status and reason.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<(&'a str, &'a str)> {
    let found = object
        .pointer("/status/conditions")?
        .as_array()?
        .iter()
        .find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))?;
    let word = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default();
    Some((word("status"), word("reason")))
}

/// Whether a condition is `True`.
pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|(status, _)| status == "True")
}

/// Ready, else Available, else not judged (API conventions: *Typical status properties*).
pub(super) fn other(object: &Value) -> Said {
    let Some((status, reason)) = condition(object, "Ready").or_else(|| condition(object, "Available")) else {
        return bare(Health::NotJudged);
    };
    let observed = number(object, "/status/observedGeneration");
    if observed.is_some_and(|seen| seen < number(object, "/metadata/generation").unwrap_or(0)) {
        return bare(Health::Progressing);
    }
    let health = match status {
        "True" => return bare(Health::Healthy),
        "False" => Health::Degraded,
        _ => Health::Progressing,
    };
    if reason.is_empty() { bare(health) } else { noted(health, reason) }
}
