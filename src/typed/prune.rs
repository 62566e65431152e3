//! Values without, or with only, what a set names (SMD `RemoveItems`, `ExtractItems`).
//!
//! A field that loses all it holds goes with it, as it does on a server that has decoded the object. SMD itself leaves a
//! null, which only a server's own reckoning may see: compared or sent, it would be a value that nobody declared.

use serde_json::{Map, Value};

use super::form::{Form, child, form, is_empty};
use crate::fields::Set;
use crate::model::Step;
use crate::schema::Node;

/// What becomes of a field or an item.
enum Fate {
    /// It is not there any more.
    Gone,
    /// It lost all it held.
    Emptied,
    Kept(Value),
}

/// What stands where a field lost all it held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hollow {
    Nothing,
    Null,
}

impl Fate {
    fn of(rest: Option<Value>) -> Self {
        rest.map_or(Self::Emptied, Self::Kept)
    }
}

/// `value` without what the set names.
pub fn remove(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    removed((node, Hollow::Nothing), value, set).unwrap_or_else(|| empty_like(value))
}

/// The same as a server reckons it before it decodes the object: nulls stand where fields lost all they held.
pub(super) fn remove_to_null(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    removed((node, Hollow::Null), value, set).unwrap_or_else(|| empty_like(value))
}

/// `None` where nothing is left; SMD drops what was empty before, too, once it has to look into it.
fn removed((node, hollow): (Option<&Node>, Hollow), value: &Value, set: &Set) -> Option<Value> {
    filtered((node, hollow), value, &|step, value| match set.below(step) {
        _ if set.has(step) => Fate::Gone,
        Some(below) => Fate::of(removed((child(node, step).as_ref(), hollow), value, below)),
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
    filtered((node, Hollow::Nothing), value, &|step, value| {
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
fn filtered(
    (node, hollow): (Option<&Node>, Hollow),
    value: &Value,
    fate: &dyn Fn(&Step, &Value) -> Fate,
) -> Option<Value> {
    match form(node, value) {
        Form::Leaf => Some(value.clone()),
        Form::Map(map) => {
            let (mut kept, mut stays) = (Map::new(), false);
            for (key, value) in map {
                match fate(&Step::Key(key.as_str().into()), value) {
                    Fate::Gone => {}
                    Fate::Emptied if hollow == Hollow::Nothing => stays = true,
                    Fate::Emptied => _ = kept.insert(key.clone(), Value::Null),
                    Fate::Kept(value) => _ = kept.insert(key.clone(), value),
                }
            }
            (stays || !kept.is_empty()).then_some(Value::Object(kept))
        }
        Form::List(items) => {
            let left = |(step, value): &(Step, &Value)| match fate(step, value) {
                Fate::Gone => None,
                Fate::Emptied if hollow == Hollow::Nothing => Some(empty_like(value)),
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
