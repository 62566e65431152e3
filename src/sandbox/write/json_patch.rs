//! JSON patch (RFC 6902).

use serde_json::Value;

use super::super::failure::Failure;
use super::super::object::text;

/// Applies every operation or none of the object is used.
pub(super) fn patch(live: &mut Value, patch: &Value) -> Result<(), Failure> {
    let Some(operations) = patch.as_array() else {
        return Err(Failure::bad(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        ));
    };
    operations.iter().try_for_each(|operation| one(live, operation).ok_or_else(Failure::patch_rejected))
}

fn one(live: &mut Value, operation: &Value) -> Option<()> {
    let (path, from) = (text(operation, "/path"), text(operation, "/from"));
    let value = || operation.get("value").cloned();
    match text(operation, "/op") {
        "add" => add(live, path, value()?),
        "remove" => remove(live, path).map(drop),
        "replace" => replace(live, path, value().unwrap_or_default()),
        "move" => {
            let moved = remove(live, from)?;
            add(live, path, moved)
        }
        "copy" => {
            let copied = live.pointer(from)?.clone();
            add(live, path, copied)
        }
        "test" => (live.pointer(path).unwrap_or(&Value::Null) == &value().unwrap_or_default()).then_some(()),
        _ => None,
    }
}

/// The parent of a pointer and its last token, unescaped.
fn parent<'v>(live: &'v mut Value, path: &str) -> Option<(&'v mut Value, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((live.pointer_mut(parent)?, last.replace("~1", "/").replace("~0", "~")))
}

fn add(live: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *live = value;
        return Some(());
    }
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(token, value);
        }
        Value::Array(list) => {
            let at = if token == "-" { list.len() } else { token.parse().ok().filter(|at| *at <= list.len())? };
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

/// In an object, what is not there is put there.
fn replace(live: &mut Value, path: &str, value: Value) -> Option<()> {
    if let Some(at) = live.pointer_mut(path) {
        *at = value;
        return Some(());
    }
    let (parent, token) = parent(live, path)?;
    parent.as_object_mut()?.insert(token, value);
    Some(())
}

fn remove(live: &mut Value, path: &str) -> Option<Value> {
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => map.remove(&token),
        Value::Array(list) => {
            let at: usize = token.parse().ok().filter(|at| *at < list.len())?;
            Some(list.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_does_what_rfc_6902_says() {
        let table = [
            (json!({"op": "add", "path": "/a~1b", "value": 1}), Some(json!({"a/b": 1, "l": [1, 2]}))),
            (json!({"op": "add", "path": "/l/1", "value": 9}), Some(json!({"l": [1, 9, 2]}))),
            (json!({"op": "add", "path": "/l/-", "value": 9}), Some(json!({"l": [1, 2, 9]}))),
            (json!({"op": "remove", "path": "/l/0"}), Some(json!({"l": [2]}))),
            (json!({"op": "move", "from": "/l", "path": "/m"}), Some(json!({"m": [1, 2]}))),
            (json!({"op": "copy", "from": "/l/0", "path": "/m"}), Some(json!({"l": [1, 2], "m": 1}))),
            (json!({"op": "replace", "path": "/nope", "value": 1}), Some(json!({"l": [1, 2], "nope": 1}))),
            (json!({"op": "replace", "path": "/nope/deep", "value": 1}), None),
            (json!({"op": "test", "path": "/l/0", "value": 2}), None),
            (json!({"op": "add", "path": "/l/9", "value": 1}), None),
        ];
        for (operation, wanted) in table {
            let mut live = json!({"l": [1, 2]});
            let done = patch(&mut live, &json!([operation]));
            match wanted {
                Some(wanted) => assert_eq!(live, wanted, "{operation}"),
                None => assert_eq!(done.expect_err("refused").code, 422, "{operation}"),
            }
        }
    }
}
