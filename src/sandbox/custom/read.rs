//! Pruning and defaults by a structural schema (apiextensions `pruning` and `defaulting`).

use serde_json::{Map, Value};

/// Takes out what the schema does not know, and says where that was: `spec.parts[0].extra`, in order.
pub(super) fn prune(schema: &Value, value: &mut Value) -> Vec<String> {
    let mut gone = Vec::new();
    prune_at(schema, value, ("", &mut gone));
    gone
}

fn prune_at(schema: &Value, value: &mut Value, (at, gone): (&str, &mut Vec<String>)) {
    match value {
        Value::Object(map) => prune_map(schema, map, (at, gone)),
        Value::Array(items) => {
            let below = &schema["items"];
            for (n, item) in items.iter_mut().enumerate().filter(|_| below.is_object()) {
                prune_at(below, item, (&format!("{at}[{n}]"), gone));
            }
        }
        _ => {}
    }
}

fn prune_map(schema: &Value, map: &mut Map<String, Value>, (at, gone): (&str, &mut Vec<String>)) {
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    let embedded = schema["x-kubernetes-embedded-resource"] == true;
    let mut keys: Vec<String> = map.keys().cloned().collect();
    keys.sort();
    for key in keys {
        let place = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        if (at.is_empty() || embedded) && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let below = schema["properties"].get(&key).or_else(|| match &schema["additionalProperties"] {
            Value::Null | Value::Bool(false) => None,
            values => Some(values),
        });
        match (below, map.get_mut(&key)) {
            (Some(below), Some(value)) => prune_at(below, value, (&place, gone)),
            (None, Some(_)) if !open => {
                map.remove(&key);
                gone.push(place);
            }
            _ => {}
        }
    }
}

/// Whether a null stands where the schema takes none.
fn is_refused_null(schema: &Value, value: &Value) -> bool {
    value.is_null() && schema.is_object() && schema["nullable"] != true
}

fn default_of(schema: &Value) -> Option<&Value> {
    schema.get("default").filter(|default| !default.is_null())
}

/// The schema of a key: the field's own, else that of the map's values.
fn below<'s>(schema: &'s Value, key: &str) -> &'s Value {
    schema["properties"].get(key).unwrap_or(&schema["additionalProperties"])
}

/// Takes out nulls that may not be and for which no default stands (apiextensions `PruneNonNullableNullsWithoutDefaults`).
pub(super) fn drop_nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let below = below(schema, key);
                !is_refused_null(below, value) || default_of(below).is_some()
            });
            map.iter_mut().for_each(|(key, value)| drop_nulls(below(schema, key), value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_nulls(&schema["items"], item)),
        _ => {}
    }
}

/// Metadata goes through its Go type: what is empty there is left out.
pub(super) fn coerce_metadata(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    for key in ["annotations", "finalizers", "labels", "ownerReferences"] {
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if metadata.get(key).is_some_and(is_empty) {
            metadata.remove(key);
        }
    }
}

/// Fills in defaults, also in the place of a null that may not be.
pub(super) fn fill(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => fill_map(schema, map),
        Value::Array(items) => {
            for item in items {
                refill(&schema["items"], item);
            }
        }
        _ => {}
    }
}

fn refill(schema: &Value, value: &mut Value) {
    if is_refused_null(schema, value)
        && let Some(default) = default_of(schema)
    {
        *value = default.clone();
    }
    fill(schema, value);
}

fn fill_map(schema: &Value, map: &mut Map<String, Value>) {
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(default) = default_of(below).filter(|_| !map.contains_key(key)) {
            map.insert(key.clone(), default.clone());
        }
    }
    for (key, value) in map.iter_mut() {
        refill(below(schema, key), value);
    }
}
