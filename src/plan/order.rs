//! What comes first: an object's wave by its kind, so that what others need is there before them.

use crate::model::{Act, Kind, PlanRow, ResourceKey};

/// The wave of a kind, from 0. Prunes go in reverse, after all waves.
#[must_use]
pub fn wave(kind: &Kind) -> i32 {
    match (&*kind.group, &*kind.kind) {
        ("", "Namespace") | ("apiextensions.k8s.io", "CustomResourceDefinition") => 0,
        ("", "ResourceQuota" | "LimitRange" | "ServiceAccount")
        | ("rbac.authorization.k8s.io" | "scheduling.k8s.io" | "storage.k8s.io", _) => 1,
        ("", "ConfigMap" | "Secret" | "PersistentVolume" | "PersistentVolumeClaim") => 2,
        ("", "Service" | "Endpoints") | ("networking.k8s.io", "NetworkPolicy") => 3,
        ("apps" | "batch", _) | ("", "Pod" | "ReplicationController") => 4,
        ("autoscaling" | "policy" | "networking.k8s.io", _) => 5,
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 7,
        _ => 6,
    }
}

/// Where a row stands in a plan.
pub(super) fn place(row: &PlanRow) -> (bool, i32, Act, &ResourceKey) {
    let prune = row.act == Act::Prune;
    (prune, if prune { -row.wave } else { row.wave }, row.act, &row.key)
}
