//! The value at a path, without a schema: a path says itself how it goes down.

use std::sync::Arc;

use serde_json::Value;

use crate::fields::same_value;
use crate::model::{FieldPath, Step};

/// The value at a path. Items are found by their keys; where none has them all, a key that the item does not write
/// counts as equal (it may be defaulted: a port's protocol), as long as another one matches.
pub fn at<'v>(value: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    path.0.iter().try_fold(value, |value, step| down(value, step))
}

fn down<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match step {
        Step::Key(key) => value.get(&**key),
        Step::Index(at) => value.get(at),
        Step::Member(member) => value.as_array()?.iter().find(|item| same_value(item, member)),
        Step::Item(keys) => {
            let items = value.as_array()?;
            items
                .iter()
                .find(|item| fits(item, keys, false))
                .or_else(|| items.iter().find(|item| fits(item, keys, true)))
        }
    }
}

/// A port that names no protocol is of TCP, and none of another one.
fn is_other_protocol(key: &str, wanted: &Value) -> bool {
    key == "protocol" && matches!(wanted.as_str(), Some("UDP" | "SCTP"))
}

fn fits(item: &Value, keys: &[(Arc<str>, Value)], lenient: bool) -> bool {
    let mut found = 0;
    for (key, wanted) in keys {
        match item.get(&**key) {
            Some(value) if same_value(value, wanted) => found += 1,
            None if lenient && !is_other_protocol(key, wanted) => {}
            _ => return false,
        }
    }
    found > 0
}
