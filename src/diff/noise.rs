//! What the server keeps for itself, and what we add: never a difference.

use serde_json::Value;

use super::Ground;
use crate::model::{Gvk, Record, Rule, is_built_in};
use crate::schema::Node;

/// Fields of `metadata` that only the server writes.
const SERVER_METADATA: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionGracePeriodSeconds",
];

/// Whether a value is what a typed server may leave out.
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Built-in kinds that have no status: in them it is a field that no server knows.
const WITHOUT_STATUS: [&str; 35] = [
    "Binding",
    "CSIDriver",
    "CSINode",
    "CSIStorageCapacity",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ConfigMap",
    "ControllerRevision",
    "DeviceClass",
    "EndpointSlice",
    "Endpoints",
    "Event",
    "IPAddress",
    "IngressClass",
    "Lease",
    "LeaseCandidate",
    "LimitRange",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "PodTemplate",
    "PriorityClass",
    "ResourceClaimTemplate",
    "ResourceSlice",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "ServiceAccount",
    "StorageClass",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttributesClass",
];

/// Whether `status` of a kind is written through its own subresource. Before the schema is there: as is known of
/// built-in kinds.
pub(super) fn has_own_status(gvk: &Gvk, node: Option<&Node>) -> bool {
    let known = || is_built_in(&gvk.group) && !WITHOUT_STATUS.contains(&&*gvk.kind);
    node.map_or_else(known, Node::has_status_subresource)
}

/// Without our tracking annotation, and without an annotations map that held nothing else.
pub(super) fn without_tracking(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
    {
        let had = annotations.remove(Record::ANNOTATION).is_some();
        if had && annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    object
}

/// Without the server's metadata, a status that has its own subresource, and our tracking.
pub(super) fn without_server_fields(mut object: Value, kind: (&Gvk, Option<&Node>), tracking: bool) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in SERVER_METADATA {
            metadata.remove(field);
        }
    }
    let object = without_own_status(object, kind);
    if tracking { without_tracking(object) } else { object }
}

/// Git's object without a status that has its own subresource (its schema may have come after the render), and without
/// our tracking.
pub(super) fn declared(object: Value, kind: (&Gvk, Option<&Node>), ground: &Ground) -> Value {
    let object = if ground.has(Rule::StripStatus) { without_own_status(object, kind) } else { object };
    if ground.has(Rule::Tracking) { without_tracking(object) } else { object }
}

fn without_own_status(mut object: Value, (gvk, node): (&Gvk, Option<&Node>)) -> Value {
    if has_own_status(gvk, node)
        && let Some(map) = object.as_object_mut()
    {
        map.remove("status");
    }
    object
}

/// What a judgement depends on: without a status that has its own subresource, resourceVersion, generation, and the times
/// of managedFields.
pub(super) fn content(object: Value, kind: (&Gvk, Option<&Node>)) -> Value {
    let mut object = without_own_status(object, kind);
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return object };
    metadata.remove("resourceVersion");
    metadata.remove("generation");
    if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        entries.retain(|entry| entry.get("subresource").is_none_or(|sub| sub != "status"));
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            entry.remove("time");
        }
    }
    object
}
