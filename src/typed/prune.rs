//! Values without, or with only, what a set names (SMD `RemoveItems`, `ExtractItems`). A field that loses all it holds
//! goes with it, as it does on the server; SMD itself leaves a null that the server's decoding drops.

use serde_json::{Map, Value};

use super::form::{Form, child, form};
use crate::fields::Set;
use crate::model::Step;
use crate::schema::Node;

/// `value` without what the set names.
pub fn remove(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    removed(node, value, set).unwrap_or_else(|| empty_like(value))
}

/// `None` where nothing is left of what was something.
fn removed(node: Option<&Node>, value: &Value, set: &Set) -> Option<Value> {
    let keep = |step: &Step, value: &Value| -> Option<Value> {
        if set.has(step) {
            return None;
        }
        match set.below(step) {
            Some(below) => removed(child(node, step).as_ref(), value, below),
            None => Some(value.clone()),
        }
    };
    match form(node, value) {
        Form::Leaf => Some(value.clone()),
        Form::Map(map) => {
            let kept: Map<String, Value> =
                map.iter().filter_map(|(key, value)| Some((key.clone(), keep(&key_step(key), value)?))).collect();
            (!kept.is_empty() || map.is_empty()).then_some(Value::Object(kept))
        }
        Form::List(items) => {
            let kept: Vec<Value> = items.iter().filter_map(|(step, value)| keep(step, value)).collect();
            (!kept.is_empty() || items.is_empty()).then_some(Value::Array(kept))
        }
    }
}

/// Only what the set names of `value`; an item that is named comes whole where the set names nothing in it, an object
/// comes empty.
pub fn extract(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    let item = |step: &Step, value: &Value| match set.below(step) {
        Some(below) => Some(extract(child(node, step).as_ref(), value, below)),
        None => set.has(step).then(|| value.clone()),
    };
    match form(node, value) {
        Form::Leaf => value.clone(),
        Form::Map(map) => {
            let field = |key: &String, value: &Value| {
                let step = key_step(key);
                let below = child(node, &step);
                match set.below(&step) {
                    Some(named) => Some(extract(below.as_ref(), value, named)),
                    None if set.has(&step) => Some(extract(below.as_ref(), value, &Set::default())),
                    None => None,
                }
            };
            Value::Object(map.iter().filter_map(|(key, value)| Some((key.clone(), field(key, value)?))).collect())
        }
        Form::List(items) => Value::Array(items.iter().filter_map(|(step, value)| item(step, value)).collect()),
    }
}

fn key_step(key: &str) -> Step {
    Step::Key(key.into())
}

fn empty_like(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::Object(Map::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}
