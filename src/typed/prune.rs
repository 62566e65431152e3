//! Values without, or with only, what a set names (SMD `RemoveItems`, `ExtractItems`). A field that loses all it holds
//! is left as a null, as SMD leaves it; a server drops it in decoding, or refuses it.

use serde_json::{Map, Value};

use super::form::{Form, child, form, is_empty};
use crate::fields::Set;
use crate::model::Step;
use crate::schema::Node;

/// What becomes of a field or an item.
enum Fate {
    /// It is not there any more.
    Gone,
    /// It lost all it held: a null stands in its place.
    Emptied,
    Kept(Value),
}

impl Fate {
    fn of(rest: Option<Value>) -> Self {
        rest.map_or(Self::Emptied, Self::Kept)
    }
}

/// `value` without what the set names.
pub fn remove(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    removed(node, value, set).unwrap_or_else(|| empty_like(value))
}

/// `None` where nothing is left; SMD drops what was empty before, too, once it has to look into it.
fn removed(node: Option<&Node>, value: &Value, set: &Set) -> Option<Value> {
    filtered(node, value, &|step, value| match set.below(step) {
        _ if set.has(step) => Fate::Gone,
        Some(below) => Fate::of(removed(child(node, step).as_ref(), value, below)),
        None => Fate::Kept(value.clone()),
    })
}

/// Only what the set names of `value`. An item that is named comes whole where the set names nothing in it; an object
/// in which nothing named is found does not come.
pub fn extract(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    extracted(node, value, set).unwrap_or_else(|| empty_like(value))
}

fn extracted(node: Option<&Node>, value: &Value, set: &Set) -> Option<Value> {
    if is_empty(value) {
        return Some(value.clone());
    }
    filtered(node, value, &|step, value| {
        let below = child(node, step);
        match (set.below(step), step) {
            (Some(named), _) => Fate::of(extracted(below.as_ref(), value, named)),
            (None, _) if !set.has(step) => Fate::Gone,
            (None, Step::Key(_)) => Fate::of(extracted(below.as_ref(), value, &Set::default())),
            (None, _) => Fate::Kept(value.clone()),
        }
    })
}

/// A value with what `fate` leaves of its parts; `None` where that is nothing.
fn filtered(node: Option<&Node>, value: &Value, fate: &dyn Fn(&Step, &Value) -> Fate) -> Option<Value> {
    match form(node, value) {
        Form::Leaf => Some(value.clone()),
        Form::Map(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                match fate(&Step::Key(key.as_str().into()), value) {
                    Fate::Gone => {}
                    Fate::Emptied => _ = kept.insert(key.clone(), Value::Null),
                    Fate::Kept(value) => _ = kept.insert(key.clone(), value),
                }
            }
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Form::List(items) => {
            let left = |(step, value): &(Step, &Value)| match fate(step, value) {
                Fate::Gone => None,
                Fate::Emptied => Some(Value::Null),
                Fate::Kept(value) => Some(value),
            };
            let kept: Vec<Value> = items.iter().filter_map(left).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
    }
}

fn empty_like(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::Object(Map::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}
