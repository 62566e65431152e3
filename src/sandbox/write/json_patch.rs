//! JSON patch (RFC 6902).

use serde_json::Value;

use super::super::failure::Failure;
use super::super::object::text;
use super::super::validate::shape;

/// The most operations of one patch.
const OPERATIONS: usize = 10_000;

/// What a patch is before anything is looked at: operations, whose words are texts, and not too many.
pub(super) fn check(patch: &Value) -> Result<(), Failure> {
    let operations = patch.as_array().map_or(&[][..], Vec::as_slice);
    for operation in operations.iter().filter(|operation| !operation.is_null()) {
        let refused = |value: &Value, what: &str| {
            let got = shape::go_name(value);
            Failure::bad(format!("error decoding patch: json: cannot unmarshal {got} into Go {what}"))
        };
        if !operation.is_object() {
            return Err(refused(operation, "value of type handlers.jsonPatchOp"));
        }
        for word in ["op", "path", "from"] {
            match &operation[word] {
                Value::Null | Value::String(_) => {}
                other => return Err(refused(other, &format!("struct field jsonPatchOp.{word} of type string"))),
            }
        }
    }
    if operations.len() > OPERATIONS {
        let (most, got) = (OPERATIONS, operations.len());
        let why = format!("The allowed maximum operations in a JSON patch is {most}, got {got}");
        return Err(Failure::new(413, "RequestEntityTooLarge", format!("Request entity too large: {why}")));
    }
    Ok(())
}

/// Applies every operation or none of the object is used.
pub(super) fn patch(live: &mut Value, patch: &Value) -> Result<(), Failure> {
    let operations = patch.as_array().map_or(&[][..], Vec::as_slice);
    operations.iter().try_for_each(|operation| one(live, operation).ok_or_else(Failure::patch_rejected))
}

fn one(live: &mut Value, operation: &Value) -> Option<()> {
    let (path, from) = (text(operation, "/path"), text(operation, "/from"));
    // What is not said is null.
    let value = operation.get("value").cloned().unwrap_or_default();
    match text(operation, "/op") {
        "add" => add(live, path, value),
        "remove" => remove(live, path).map(drop),
        "replace" if path.is_empty() => {
            *live = value;
            Some(())
        }
        "replace" => replace(live, path, value),
        "move" => {
            let moved = remove(live, from)?;
            add(live, path, moved)
        }
        "copy" => {
            let copied = get(live, from)?;
            add(live, path, copied)
        }
        "test" if path.is_empty() => (*live == value).then_some(()),
        "test" => (get(live, path)? == value).then_some(()),
        _ => None,
    }
}

/// The parent of a pointer and its last token, unescaped.
fn parent<'v>(live: &'v mut Value, path: &str) -> Option<(&'v mut Value, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((live.pointer_mut(parent)?, last.replace("~1", "/").replace("~0", "~")))
}

/// A place in a list of so many; below zero it is counted from the end.
fn place(token: &str, len: usize) -> Option<usize> {
    let at: i64 = token.parse().ok()?;
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// What lies at a pointer; null where an object has no such key.
fn get(live: &mut Value, path: &str) -> Option<Value> {
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => Some(map.get(&token).cloned().unwrap_or_default()),
        Value::Array(list) => place(&token, list.len()).map(|at| list[at].clone()),
        _ => None,
    }
}

fn add(live: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(token, value);
        }
        Value::Array(list) => {
            let at = if token == "-" { list.len() } else { place(&token, list.len() + 1)? };
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

/// In an object, what is not there is put there.
fn replace(live: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(token, value);
        }
        Value::Array(list) => {
            let at = place(&token, list.len())?;
            list[at] = value;
        }
        _ => return None,
    }
    Some(())
}

fn remove(live: &mut Value, path: &str) -> Option<Value> {
    let (parent, token) = parent(live, path)?;
    match parent {
        Value::Object(map) => map.remove(&token),
        Value::Array(list) => place(&token, list.len()).map(|at| list.remove(at)),
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
            (json!({"op": "add", "path": "/l/-1", "value": 9}), Some(json!({"l": [1, 2, 9]}))),
            (json!({"op": "remove", "path": "/l/-1"}), Some(json!({"l": [1]}))),
            (json!({"op": "add", "path": "/m"}), Some(json!({"l": [1, 2], "m": null}))),
            (json!({"op": "copy", "from": "/m", "path": "/n"}), Some(json!({"l": [1, 2], "n": null}))),
            (json!({"op": "add", "path": "", "value": {}}), None),
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
