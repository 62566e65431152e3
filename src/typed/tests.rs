//! What the walks must hold: tables, writes recorded from kube-apiserver 1.36.3, and properties.

mod properties;
mod recorded;
mod smd;
mod tables;

use serde_json::Value;

use crate::model::Gvk;
use crate::schema::Node;

/// The schema of an object's kind.
fn node_of(object: &Value) -> Node {
    let word = |key: &str| object[key].as_str().expect(key).to_owned();
    let gvk = Gvk::parse(&word("apiVersion"), &word("kind"));
    crate::schema::recorded().of(&gvk).expect("a recorded kind")
}
