//! Metadata alone, for who asks for `as=PartialObjectMetadata`. Refuses to know more of an answer than its kind.

use serde_json::{Value, json};

use super::answer::Answer;
use super::core::Call;

const VERSION: &str = "meta.k8s.io/v1";

/// Whether metadata alone is asked for, before anything else that is taken.
pub(super) fn is_asked(accept: &str) -> bool {
    accept.split(',').next().unwrap_or_default().contains("as=PartialObjectMetadata")
}

/// An answer as it was asked for.
pub(super) fn shaped(call: &Call, answer: Answer) -> Answer {
    match answer {
        Answer::Json(200, bytes) if is_asked(&call.accept) => {
            let read: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            Answer::ok(&match read["items"].as_array() {
                Some(items) => {
                    let items: Vec<Value> = items.iter().map(one).collect();
                    let items = if items.is_empty() { Value::Null } else { items.into() };
                    json!({"kind": "PartialObjectMetadataList", "apiVersion": VERSION, "metadata": read["metadata"],
                           "items": items})
                }
                None => one(&read),
            })
        }
        other => other,
    }
}

/// An object's metadata.
pub(super) fn one(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": VERSION, "metadata": object["metadata"]})
}
