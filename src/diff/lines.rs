//! Which field a line of written YAML stands for. Reads the layout of our own writer, nothing else.

use serde_json::Value;

use crate::model::{FieldPath, Step};

/// One step down a plain value: what lines can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A key.
    Key(String),
    /// An index.
    At(usize),
}

/// The place of each line of `value` as written by `yaml::write`, from the root.
pub(super) fn places(value: &Value) -> Vec<Vec<Place>> {
    let mut out = Vec::new();
    walk(value, &mut Vec::new(), &mut out);
    out
}

/// As the writer lays out: a leaf is as many lines as its text has when written alone.
fn walk(value: &Value, at: &mut Vec<Place>, out: &mut Vec<Vec<Place>>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, child) in crate::yaml::in_order(map) {
                at.push(Place::Key(key.clone()));
                under(child, at, out);
                at.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (n, item) in items.iter().enumerate() {
                at.push(Place::At(n));
                item_lines(item, at, out);
                at.pop();
            }
        }
        leaf => out.extend(std::iter::repeat_n(at.clone(), crate::yaml::write(leaf).lines().count().max(1))),
    }
}

/// A key's line, and what lies below it.
fn under(child: &Value, at: &mut Vec<Place>, out: &mut Vec<Vec<Place>>) {
    if is_container(child) {
        out.push(at.clone());
    }
    walk(child, at, out);
}

/// A list item begins on the line of its dash.
fn item_lines(item: &Value, at: &mut Vec<Place>, out: &mut Vec<Vec<Place>>) {
    walk(item, at, out);
}

fn is_container(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// A field path as places in a value: items by their keys become indices. `None` = not in it.
pub(super) fn locate(path: &FieldPath, mut value: &Value) -> Option<Vec<Place>> {
    let mut places = Vec::new();
    for step in &path.0 {
        let (place, next) = match step {
            Step::Key(key) => (Place::Key(key.to_string()), value.get(&**key)?),
            Step::Index(n) => (Place::At(*n), value.get(n)?),
            Step::Item(keys) => {
                let holds =
                    |item: &Value| keys.iter().all(|(key, want)| item.get(&**key).is_none_or(|has| has == want));
                let n = value.as_array()?.iter().position(holds)?;
                (Place::At(n), value.get(n)?)
            }
            Step::Member(want) => {
                let n = value.as_array()?.iter().position(|item| item == want)?;
                (Place::At(n), value.get(n)?)
            }
        };
        places.push(place);
        value = next;
    }
    Some(places)
}
