//! Small readings and settings of an object's JSON. Refuses anything that needs a schema.

use serde_json::{Map, Value};

/// The text at a JSON pointer, empty where there is none.
pub(super) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer.
pub(super) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// Whether a delete has been asked for.
pub(super) fn is_terminating(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

/// Puts a value into an object; one that is no map becomes one.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    set(object, &[key], value);
}

/// Sets a value by keys, making maps on the way.
pub(super) fn set(object: &mut Value, keys: &[&str], value: Value) {
    let Some((first, rest)) = keys.split_first() else {
        *object = value;
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    if let Some(map) = object.as_object_mut() {
        set(map.entry(*first).or_insert(Value::Null), rest, value);
    }
}

/// Takes a value out by keys; says whether it was there.
pub(super) fn take(object: &mut Value, keys: &[&str]) -> Option<Value> {
    let (last, way) = keys.split_last()?;
    let mut at = object;
    for key in way {
        at = at.get_mut(*key)?;
    }
    at.as_object_mut()?.remove(*last)
}

/// Whether both have the same value at a JSON pointer; absent equals null.
pub(super) fn same(a: &Value, b: &Value, pointer: &str) -> bool {
    a.pointer(pointer).unwrap_or(&Value::Null) == b.pointer(pointer).unwrap_or(&Value::Null)
}

/// The uid of the owner that controls the object, and its kind and name.
pub(super) fn controller(object: &Value) -> Option<(&str, &str, &str)> {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array)?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some((text(owner, "/uid"), text(owner, "/kind"), text(owner, "/name")))
}

/// A reference to `owner` as the controller of what it makes.
pub(super) fn owned_by(owner: &Value) -> Value {
    serde_json::json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    }])
}
