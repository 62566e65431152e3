//! The order of a merged list: `$setElementOrder`, and what the patch said before what only the server has.

use serde_json::Value;

use super::super::super::failure::Failure;
use super::{ORDER, Object, internal, merge_list, taken};
use crate::schema::Node;

/// Whether two items are the same: by the merge key, or by value.
fn same(a: &Value, b: &Value, key: Option<&str>) -> bool {
    match key {
        Some(key) => a.get(key).is_some() && a.get(key) == b.get(key),
        None => a == b,
    }
}

fn index(order: &[Value], item: &Value, key: Option<&str>) -> Option<usize> {
    order.iter().position(|one| same(one, item, key))
}

/// `merged` with the items that `said` names in its order, woven into the server's own as they lay in `server`.
pub(super) fn settled(merged: Vec<Value>, said: &[Value], server: &[Value], key: Option<&str>) -> Vec<Value> {
    let (mut ours, mut theirs): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| index(said, item, key).is_some());
    ours.sort_by_key(|item| index(said, item, key));
    theirs.sort_by_key(|item| index(server, item, key).unwrap_or(usize::MAX));
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let theirs_first = match (theirs.peek(), ours.peek()) {
            (None, None) => return out,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(l), Some(r)) => match (index(server, l, key), index(server, r, key)) {
                (Some(l), Some(r)) => l < r,
                _ => false,
            },
        };
        out.extend(if theirs_first { theirs.next() } else { ours.next() });
    }
}

/// Merges each list that has a `$setElementOrder` and takes both out of the patch.
pub(super) fn merge_ordered(node: Option<&Node>, original: &mut Object, patch: &mut Object) -> Result<(), Failure> {
    let names: Vec<String> = patch.keys().filter_map(|key| key.strip_prefix(ORDER)).map(str::to_owned).collect();
    for name in names {
        let Some(Value::Array(order)) = patch.remove(&format!("{ORDER}{name}")) else {
            return Err(internal(format!("patch contains a wrong type for {ORDER}{name}")));
        };
        let field = node.and_then(|node| node.field(&name));
        let key = field.as_ref().and_then(Node::patch_merge_key);
        let server = original.get(&name).and_then(Value::as_array).cloned();
        let said = match patch.remove(&name) {
            Some(Value::Array(said)) => Some(said),
            Some(other) => {
                patch.insert(name, other);
                continue;
            }
            None => None,
        };
        let merged = match (&server, said) {
            (None, None) => continue,
            (Some(server), None) => server.clone(),
            (None, Some(said)) => said.into_iter().filter_map(taken).collect(),
            (Some(server), Some(said)) => merge_list(field.as_ref(), server.clone(), said, false)?,
        };
        let settled = settled(merged, &order, server.as_deref().unwrap_or_default(), key);
        original.insert(name, Value::Array(settled));
    }
    Ok(())
}
