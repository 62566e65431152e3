//! What git cannot declare: the server's own metadata, a controller's status; and `stringData`, which is only an input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::diff::noise::{self, is_zero};
use crate::model::Gvk;
use crate::schema::Schemas;

/// Fields of `metadata` that a declaration cannot set.
const SERVER_FIELDS: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/// Takes the server's fields out; the names of those that held something.
pub(super) fn server_fields(object: &mut Map<String, Value>) -> Vec<&'static str> {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return Vec::new() };
    let present: Vec<&str> = SERVER_FIELDS.into_iter().filter(|field| metadata.contains_key(*field)).collect();
    // `creationTimestamp: null` stands in every exported manifest and says nothing.
    let told = present.iter().copied().filter(|field| !metadata[*field].is_null()).collect();
    for field in present {
        metadata.remove(field);
    }
    told
}

/// Takes `status` out where the kind has a status subresource; whether it held something.
pub(super) fn status(object: &mut Map<String, Value>, gvk: &Gvk, schemas: &Schemas) -> bool {
    if !noise::has_own_status(gvk, schemas.of(gvk).as_ref()) {
        return false;
    }
    let taken = object.remove("status");
    taken.is_some_and(|status| !status.is_null() && status.as_object().is_none_or(|map| !map.is_empty()))
}

/// Takes the rules of an aggregated cluster role out: an empty list of ours would wipe what its controller wrote.
/// Whether they held something.
pub(super) fn aggregated_rules(object: &mut Map<String, Value>, gvk: &Gvk) -> bool {
    let aggregates = object.get("aggregationRule").is_some_and(|rule| !rule.is_null());
    if !aggregates || &*gvk.group != "rbac.authorization.k8s.io" || &*gvk.kind != "ClusterRole" {
        return false;
    }
    object.remove("rules").is_some_and(|rules| rules.as_array().is_some_and(|rules| !rules.is_empty()))
}

/// Drops zeros and empties as typed structs do, which is wrong: only for tests of the rule that they are declarations.
pub(super) fn zeros(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(zeros);
            map.retain(|_, value| !is_zero(value));
        }
        Value::Array(items) => items.iter_mut().for_each(zeros),
        _ => {}
    }
}

/// Folds `stringData` into `data`, as the server does on every write; else neither a diff nor an apply sees the truth.
pub(super) fn fold_string_data(object: &mut Map<String, Value>) {
    let Some(Value::Object(texts)) = object.get("stringData") else { return };
    if texts.values().any(|value| !value.is_string()) {
        // A wrong type is the server's to refuse; folding it would hide the mistake.
        return;
    }
    let Some(Value::Object(texts)) = object.remove("stringData") else { return };
    let data = object.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let Some(data) = data.as_object_mut() else { return };
    for (key, value) in texts {
        if let Value::String(text) = value {
            data.insert(key, Value::from(STANDARD.encode(text)));
        }
    }
}
