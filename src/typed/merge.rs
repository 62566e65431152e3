//! Two values into one (SMD `Merge`): the applied side wins where it speaks, and its order wins among shared items.

use serde_json::{Map, Value};

use super::form::{Form, Index, Items, form, is_empty};
use crate::schema::Node;

/// `live` with `applied` merged into it.
pub fn merge(node: Option<&Node>, live: &Value, applied: &Value) -> Value {
    match (form(node, live), form(node, applied)) {
        (Form::Map(live), Form::Map(applied)) => Value::Object(maps(node, live, applied)),
        (Form::List(mine), Form::List(theirs)) if unique(&theirs) => Value::Array(lists(node, &mine, &theirs)),
        (Form::Map(_) | Form::List(_), Form::Leaf) if applied.is_null() && !is_empty(live) => live.clone(),
        _ => applied.clone(),
    }
}

fn maps(node: Option<&Node>, live: &Map<String, Value>, applied: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = live.clone();
    for (key, value) in applied {
        let below = node.and_then(|node| node.field(key));
        let out = live.get(key).map_or_else(|| value.clone(), |own| merge(below.as_ref(), own, value));
        merged.insert(key.clone(), out);
    }
    merged
}

/// An applied list with duplicates is refused by the server; here it replaces the live one.
fn unique(items: &Items) -> bool {
    let index = Index::new(items);
    items.iter().all(|(step, _)| index.places(step).len() == 1)
}

/// `visitListItems` of SMD's merging walker: applied items keep their order, live ones stay where they stand between
/// them.
fn lists(node: Option<&Node>, live: &Items, applied: &Items) -> Vec<Value> {
    let item = node.and_then(Node::item);
    let (of_live, of_applied) = (Index::new(live), Index::new(applied));
    let merged = |at: usize| match of_live.values(live, &applied[at].0).as_slice() {
        [one] => merge(item.as_ref(), one, applied[at].1),
        _ => applied[at].1.clone(),
    };
    let twin_of = |at: usize| live.get(at).and_then(|(step, _)| of_applied.places(step).first().copied());
    let mut shared = (0..applied.len()).filter(|at| !of_live.places(&applied[*at].0).is_empty());
    let (mut next, mut out, mut done) = (shared.next(), Vec::new(), vec![false; applied.len()]);
    let (mut l, mut r) = (0, 0);
    while l < live.len() || r < applied.len() {
        let twin = twin_of(l);
        if twin.is_some() && twin == Some(r) {
            out.push(merged(r));
            done[r] = true;
            (l, r, next) = (l + 1, r + 1, shared.next());
            continue;
        }
        if r < applied.len() && twin.is_some() && next.is_some() && next != twin {
            l += 1;
            continue;
        }
        match twin {
            None if l < live.len() => {
                out.push(live[l].1.clone());
                l += 1;
                continue;
            }
            Some(twin) if done[twin] => l += 1,
            _ => {}
        }
        if r < applied.len() {
            out.push(merged(r));
            done[r] = true;
            if next == Some(r) {
                next = shared.next();
            }
            r += 1;
        }
    }
    out
}
