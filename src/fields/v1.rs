//! fieldsV1: `{"f:spec":{"f:ports":{"k:{\"port\":80}":{".":{}}}}}`. Owns the spelling; refuses what nests too deep.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Set;
use crate::model::Step;

/// Deeper than any object the API server takes.
const DEPTH: usize = 128;

/// Why a fieldsV1 object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A value is no object.
    #[error("fieldsV1 nests something that is no object")]
    NoObject,
    /// A step that begins as one of `f:`, `k:`, `v:`, `i:` does not go on as one.
    #[error("fieldsV1 has a step that cannot be read")]
    BadStep,
    /// It nests deeper than any object may.
    #[error("fieldsV1 nests too deep")]
    TooDeep,
}

impl Set {
    /// Reads a fieldsV1 object. Steps of a kind that is not known are left out, as the server does.
    ///
    /// # Errors
    /// [`FieldsError`] when a step or the nesting is malformed.
    pub fn from_v1(value: &Value) -> Result<Self, FieldsError> {
        read(value, 0).map(|(set, _)| set)
    }

    /// The fieldsV1 object.
    pub fn to_v1(&self) -> Value {
        Value::Object(write(self))
    }
}

/// The set below, and whether the place itself is a member.
fn read(value: &Value, depth: usize) -> Result<(Set, bool), FieldsError> {
    let map = value.as_object().ok_or(FieldsError::NoObject)?;
    if depth > DEPTH {
        return Err(FieldsError::TooDeep);
    }
    let mut set = Set::default();
    for (key, value) in map.iter().filter(|(key, _)| *key != ".") {
        if let Some(step) = step(key)? {
            let (below, member) = read(value, depth + 1)?;
            set.graft(&step, member, below);
        }
    }
    let member = map.contains_key(".") || set.is_empty();
    Ok((set, member))
}

fn step(key: &str) -> Result<Option<Step>, FieldsError> {
    let (kind, rest) = key.split_once(':').ok_or(FieldsError::BadStep)?;
    let step = match kind {
        "f" => Step::Key(rest.into()),
        "k" => Step::Item(keys(rest)?),
        "v" => Step::Member(serde_json::from_str(rest).map_err(|_| FieldsError::BadStep)?),
        "i" => Step::Index(rest.parse().map_err(|_| FieldsError::BadStep)?),
        _ => return Ok(None),
    };
    Ok(Some(step))
}

fn keys(text: &str) -> Result<Vec<(Arc<str>, Value)>, FieldsError> {
    let map: Map<String, Value> = serde_json::from_str(text).map_err(|_| FieldsError::BadStep)?;
    let mut keys: Vec<(Arc<str>, Value)> = map.into_iter().map(|(key, value)| (key.into(), value)).collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(keys)
}

fn write(set: &Set) -> Map<String, Value> {
    let mut map = Map::new();
    for (step, member, below) in set.steps() {
        let mut inner = write(below);
        if member && !below.is_empty() {
            inner.insert(".".into(), Value::Object(Map::new()));
        }
        map.insert(spell(step), Value::Object(inner));
    }
    map
}

fn spell(step: &Step) -> String {
    match step {
        Step::Key(key) => format!("f:{key}"),
        Step::Item(keys) => {
            let map: Map<String, Value> = keys.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
            format!("k:{}", Value::Object(map))
        }
        Step::Member(value) => format!("v:{value}"),
        Step::Index(at) => format!("i:{at}"),
    }
}
