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

/// Fills in defaults; a null that may not be is replaced by the default, or taken out.
pub(super) fn fill(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => fill_map(schema, map),
        Value::Array(items) => {
            let below = &schema["items"];
            for item in items {
                if is_refused_null(below, item)
                    && let Some(default) = below.get("default")
                {
                    *item = default.clone();
                }
                fill(below, item);
            }
        }
        _ => {}
    }
}

fn fill_map(schema: &Value, map: &mut Map<String, Value>) {
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        let open = map.get(key).is_none_or(|value| is_refused_null(below, value));
        match below.get("default").filter(|default| !default.is_null() && open) {
            Some(default) => {
                map.insert(key.clone(), default.clone());
            }
            None if open => {
                map.remove(key);
            }
            None => {}
        }
    }
    let values = &schema["additionalProperties"];
    for (key, value) in map.iter_mut() {
        let below = schema["properties"].get(key).unwrap_or(values);
        if below.is_object() {
            fill(below, value);
        }
    }
}
