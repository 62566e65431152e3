//! Metadata alone, for who asks for `as=PartialObjectMetadata`. Refuses to know more of an answer than its kind.

use serde_json::{Value, json};

const VERSION: &str = "meta.k8s.io/v1";

/// The metadata of a list's items.
pub(super) fn list(read: &Value) -> Value {
    let items: Vec<Value> = read["items"].as_array().into_iter().flatten().map(one).collect();
    let items = if items.is_empty() { Value::Null } else { items.into() };
    json!({"kind": "PartialObjectMetadataList", "apiVersion": VERSION, "metadata": read["metadata"], "items": items})
}

/// An object's metadata.
pub(super) fn one(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": VERSION, "metadata": object["metadata"]})
}
