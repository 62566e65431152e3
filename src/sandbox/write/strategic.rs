//! Strategic merge patch, as apimachinery's `strategicpatch` merges: lists by the schema's patch strategy and merge key,
//! with its directives `$patch`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…` and `$retainKeys`.
//!
//! Owns the merge of a patch into a live object. Refuses to make patches (two- and three-way is the client's work).

mod order;

use serde_json::{Map, Value};

use super::super::failure::{Cause, Failure};
use super::super::kinds::KindInfo;
use super::super::validate::shape;
use crate::schema::Node;

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

type Object = Map<String, Value>;

/// Merges `patch` into `live`, whose schema is `node`.
pub(super) fn patch(node: Option<&Node>, live: &mut Value, patch: &Value) -> Result<(), Failure> {
    let Value::Object(patch) = patch else {
        let got = shape::go_name(patch);
        return Err(Failure::bad(format!(
            "json: cannot unmarshal {got} into Go value of type map[string]interface {{}}"
        )));
    };
    let Value::Object(original) = std::mem::take(live) else { return Ok(()) };
    *live = Value::Object(merge_map(node, original, patch.clone())?);
    Ok(())
}

/// What the kind's decoder says of the merged object, in the words of this patch type: the patch is what is named.
pub(super) fn converted(
    node: Option<&Node>,
    kind: &KindInfo,
    (merged, patch): (&Value, &Value),
    strict: bool,
) -> Result<(), Failure> {
    let Some(what) = shape::converted(node, merged, strict) else { return Ok(()) };
    let why = format!("Invalid value: \"{}\": {what}", go_map(patch));
    let cause = Cause { reason: "FieldValueInvalid", message: why, field: "patch".to_owned() };
    Err(Failure::invalid(
        &KindInfo { group: "".into(), kind: "".into(), plural: "".into(), ..kind.clone() },
        "",
        &[cause],
    ))
}

/// A JSON value as Go's `%v` prints it: maps sorted by key.
pub(super) fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go_map(value))).collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

fn internal(message: String) -> Failure {
    Failure::new(500, "", message)
}

fn bad_directive(directive: &Value, map: &Object) -> Failure {
    let map = go_map(&Value::Object(map.clone()));
    internal(format!("unknown patch type: {} in map: {map}", go_map(directive)))
}

fn no_merge_key(map: &Value, key: &str) -> Failure {
    internal(format!("map: {} does not contain declared merge key: {key}", go_map(map)))
}

fn merge_map(node: Option<&Node>, mut original: Object, mut patch: Object) -> Result<Object, Failure> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => {
                let mut said = patch;
                said.insert(DIRECTIVE.to_owned(), directive.clone());
                Err(bad_directive(&directive, &said))
            }
        };
    }
    retain(&mut original, &mut patch)?;
    order::merge_ordered(node, &mut original, &mut patch)?;
    for (key, said) in patch {
        let (key, is_delete_list) = match key.strip_prefix(DELETE_FROM) {
            Some(list) => (list.to_owned(), true),
            None => (key, false),
        };
        merge_field(node, &mut original, (&key, said, is_delete_list))?;
    }
    Ok(original)
}

fn merge_field(
    node: Option<&Node>,
    original: &mut Object,
    (key, said, is_delete_list): (&str, Value, bool),
) -> Result<(), Failure> {
    if said.is_null() {
        original.remove(key);
        return Ok(());
    }
    let field = node.and_then(|node| node.field(key));
    let merged = match (original.remove(key), said) {
        (Some(live), _) if is_delete_list && !live.is_array() => Some(live),
        (None, _) if is_delete_list => None,
        (Some(Value::Object(live)), Value::Object(said)) => {
            let whole = strategy(field.as_ref()).any(|word| word == "replace");
            Some(Value::Object(if whole { said } else { merge_map(field.as_ref(), live, said)? }))
        }
        (Some(Value::Array(live)), Value::Array(said)) => {
            Some(Value::Array(merge_list(field.as_ref(), live, said, is_delete_list)?))
        }
        (_, said) => taken(said),
    };
    if let Some(merged) = merged {
        original.insert(key.to_owned(), merged);
    }
    Ok(())
}

fn strategy(node: Option<&Node>) -> impl Iterator<Item = &str> {
    node.and_then(Node::patch_strategy).into_iter().flat_map(|words| words.split(','))
}

/// `$retainKeys`: of the live map only these stay.
fn retain(original: &mut Object, patch: &mut Object) -> Result<(), Failure> {
    let Some(kept) = patch.remove(RETAIN) else { return Ok(()) };
    let bad = || internal("invalid patch format of retainKeys directive".to_owned());
    let kept: Vec<&str> = kept.as_array().ok_or_else(bad)?.iter().filter_map(Value::as_str).collect();
    let is_directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !kept.contains(&key.as_str())) {
        return Err(bad());
    }
    original.retain(|key, _| kept.contains(&key.as_str()));
    Ok(())
}

/// A list by its strategy: merged, or the patch's own.
fn merge_list(
    node: Option<&Node>,
    original: Vec<Value>,
    said: Vec<Value>,
    is_delete_list: bool,
) -> Result<Vec<Value>, Failure> {
    if is_delete_list {
        return Ok(original.into_iter().filter(|item| !said.contains(item)).collect());
    }
    if !strategy(node).any(|word| word == "merge") {
        return Ok(said);
    }
    if original.is_empty() && said.is_empty() {
        return Ok(original);
    }
    let key = node.and_then(Node::patch_merge_key);
    let Some(key) = key.filter(|_| original.iter().chain(&said).any(Value::is_object)) else {
        let mut both: Vec<Value> = Vec::new();
        for item in original.iter().chain(&said) {
            if !both.contains(item) {
                both.push(item.clone());
            }
        }
        return Ok(order::settled(both, &said, &original, None));
    };
    let (original, said) = without_specials(original, said, key)?;
    let merged = merge_items(node, original.clone(), &said, key)?;
    Ok(order::settled(merged, &said, &original, Some(key)))
}

/// Carries out `$patch: delete` and `$patch: replace` among the items.
fn without_specials(
    mut original: Vec<Value>,
    said: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), Failure> {
    let (mut plain, mut replaces) = (Vec::new(), false);
    for item in said {
        let Some(directive) = item.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let own = item.get(key).ok_or_else(|| no_merge_key(&item, key))?;
                original.retain(|live| live.get(key) != Some(own));
            }
            Some("replace") => replaces = true,
            Some("merge") => return Err(internal("merging lists cannot yet be specified in the patch".to_owned())),
            _ => return Err(bad_directive(directive, item.as_object().unwrap_or(&Map::new()))),
        }
    }
    Ok(if replaces { (plain, Vec::new()) } else { (original, plain) })
}

fn merge_items(
    node: Option<&Node>,
    mut original: Vec<Value>,
    said: &[Value],
    key: &str,
) -> Result<Vec<Value>, Failure> {
    let below = node.and_then(Node::item);
    for item in said {
        let own = item.get(key).ok_or_else(|| no_merge_key(item, key))?;
        let Some(live) = original.iter_mut().find(|live| live.get(key) == Some(own)) else {
            original.extend(taken(item.clone()));
            continue;
        };
        if let (Value::Object(live), Value::Object(item)) = (&mut *live, item) {
            *live = merge_map(below.as_ref(), std::mem::take(live), item.clone())?;
        }
    }
    Ok(original)
}

/// What a patch says of a place that is not there yet: without nulls and directives; `None` = nothing.
fn taken(said: Value) -> Option<Value> {
    match said {
        Value::Null => None,
        Value::Object(map) => {
            if map.get(DIRECTIVE).is_some_and(|directive| directive == "delete") {
                return None;
            }
            let plain = map.into_iter().filter(|(key, _)| !key.starts_with('$'));
            Some(Value::Object(plain.filter_map(|(key, value)| Some((key, taken(value)?))).collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(taken).collect())),
        other => Some(other),
    }
}
