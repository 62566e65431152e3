//! What the Go decoder leaves out again: nulls, and what `omitempty` drops.

use serde_json::Value;

use crate::schema::{Node, Scalar, Shape};

/// A null says nothing to the Go decoder.
pub(in super::super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Fields whose zero is a value: Go keeps them as pointers.
const POINTERS: [&str; 4] = ["type", "storageClassName", "service", "group"];
/// Booleans that Go leaves out when false.
const PLAIN_BOOLEANS: [&str; 9] = [
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
];

/// What Go's `omitempty` leaves out: empty lists, maps and texts, and false where the field is no pointer.
pub(in super::super) fn drop_zeros(node: Option<&Node>, value: &mut Value) {
    let Some(node) = node else { return };
    match value {
        Value::Object(map) => {
            let open = node.shape() != Shape::Struct;
            map.retain(|key, value| open || !is_zero(node.field(key).as_ref(), key, value));
            map.iter_mut().for_each(|(key, value)| drop_zeros(node.field(key).as_ref(), value));
        }
        Value::Array(list) => list.iter_mut().for_each(|item| drop_zeros(node.item().as_ref(), item)),
        _ => {}
    }
}

fn is_zero(node: Option<&Node>, key: &str, value: &Value) -> bool {
    let is_map = || {
        node.is_some_and(|node| match node.shape() {
            Shape::Map => true,
            Shape::AtomicMap => node.fields().next().is_none(),
            _ => false,
        })
    };
    if key == "default" {
        return false;
    }
    match value {
        Value::Array(list) => list.is_empty() && key != "rules",
        Value::Object(map) => map.is_empty() && is_map(),
        Value::String(text) => text.is_empty() && !POINTERS.contains(&key),
        Value::Bool(false) => PLAIN_BOOLEANS.contains(&key),
        _ => false,
    }
}

/// The moments of a container's states: Go writes them though they are not known.
const MOMENTS: [(&str, &[&str]); 2] = [("running", &["startedAt"]), ("terminated", &["startedAt", "finishedAt"])];

/// Puts back the nulls that Go writes for moments which nobody told, in the container states of a Pod's status.
pub(in super::super) fn keep_null_moments(object: &mut Value) {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    for list in lists {
        let containers = object.get_mut("status").and_then(|status| status.get_mut(list)).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            for at in ["state", "lastState"] {
                container.get_mut(at).into_iter().for_each(fill_moments);
            }
        }
    }
}

fn fill_moments(state: &mut Value) {
    for (of, moments) in MOMENTS {
        let Some(told) = state.get_mut(of).and_then(Value::as_object_mut) else { continue };
        for moment in moments {
            told.entry(*moment).or_insert(Value::Null);
        }
    }
}

/// A null in a map of texts is an empty text to the Go decoder.
pub(in super::super) fn keep_null_texts(node: Option<&Node>, value: &mut Value) {
    let Some((node, map)) = node.zip(value.as_object_mut()) else { return };
    for (key, value) in map {
        let field = node.field(key);
        let is_text = field.as_ref().is_some_and(|field| field.shape() == Shape::Scalar(Scalar::Text));
        if value.is_null() && is_text && node.shape() == Shape::Map {
            *value = "".into();
        }
        keep_null_texts(field.as_ref(), value);
    }
}
