//! Whether two values mean the same at a place: quantities and times by value, everything else as it stands.

use jiff::Timestamp;
use serde_json::Value;

use super::quantity::quantity_eq;
use crate::fields::same_value;
use crate::schema::{Node, Scalar, Shape};

/// Whether `a` and `b` mean the same; lists in order, whatever their kind.
pub(super) fn same(node: Option<&Node>, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    let below = node.and_then(|node| node.field(key));
                    b.get(key).is_some_and(|other| same(below.as_ref(), value, other))
                })
        }
        (Value::Array(a), Value::Array(b)) => {
            let item = node.and_then(Node::item);
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(item.as_ref(), a, b))
        }
        _ => same_value(a, b) || node.is_some_and(|node| same_meaning(&node.shape(), a, b)),
    }
}

fn same_meaning(shape: &Shape, a: &Value, b: &Value) -> bool {
    match shape {
        Shape::Scalar(Scalar::Quantity) => {
            matches!((amount(a), amount(b)), (Some(a), Some(b)) if quantity_eq(&a, &b) == Some(true))
        }
        Shape::Scalar(Scalar::Time) => matches!((instant(a), instant(b)), (Some(a), Some(b)) if a == b),
        _ => false,
    }
}

/// A quantity may be written as a number, too.
fn amount(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
