//! Pod: its phase, and what its containers wait for.

use serde_json::Value;

use super::conditions::is_true;
use super::{Said, bare, noted, text};
use crate::model::Health;

/// Reasons for waiting that do not pass by themselves.
const STUCK: [&str; 8] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

pub(super) fn pod(object: &Value) -> Said {
    if let Some(reason) = stuck(object) {
        return noted(Health::Degraded, reason);
    }
    match text(object, "/status/phase") {
        Some("Succeeded") => bare(Health::Healthy),
        Some("Failed") => noted(Health::Degraded, text(object, "/status/reason").unwrap_or("Failed")),
        Some("Running") if is_true(object, "Ready") => bare(Health::Healthy),
        Some("Running") => noted(Health::Progressing, "not ready"),
        Some("Unknown") => bare(Health::Unknown),
        _ => noted(Health::Progressing, "Pending"),
    }
}

fn stuck(object: &Value) -> Option<&str> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .iter()
        .filter_map(|pointer| object.pointer(pointer).and_then(Value::as_array))
        .flatten()
        .filter_map(|container| text(container, "/state/waiting/reason"))
        .find(|reason| STUCK.contains(reason))
}
