//! Two values into one (SMD `Merge`): the applied side wins where it speaks, and its order wins among shared items.

use serde_json::{Map, Value};

use super::form::{Form, form, is_empty, same_step};
use crate::model::Step;
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

type Items<'v> = [(Step, &'v Value)];

/// An applied list with duplicates is refused by the server; here it replaces the live one.
fn unique(items: &Items) -> bool {
    items.iter().enumerate().all(|(at, (step, _))| find(&items[..at], step).is_none())
}

fn find(items: &Items, step: &Step) -> Option<usize> {
    items.iter().position(|(own, _)| same_step(own, step))
}

/// `visitListItems` of SMD's merging walker: applied items keep their order, live ones stay where they stand between
/// them.
fn lists(node: Option<&Node>, live: &Items, applied: &Items) -> Vec<Value> {
    let item = node.and_then(Node::item);
    let merged = |at: usize| {
        let (step, value) = &applied[at];
        match live.iter().filter(|(own, _)| same_step(own, step)).collect::<Vec<_>>().as_slice() {
            [one] => merge(item.as_ref(), one.1, value),
            _ => (*value).clone(),
        }
    };
    let mut shared = applied.iter().filter(|(step, _)| find(live, step).is_some()).map(|(step, _)| step);
    let (mut next, mut out, mut done) = (shared.next(), Vec::new(), vec![false; applied.len()]);
    let (mut l, mut r) = (0, 0);
    while l < live.len() || r < applied.len() {
        let step = live.get(l).map(|(step, _)| step);
        let twin = step.and_then(|step| find(applied, step));
        if step.is_some() && twin == Some(r) {
            out.push(merged(r));
            done[r] = true;
            (l, r, next) = (l + 1, r + 1, shared.next());
            continue;
        }
        let other_first = |step: &Step| next.is_some_and(|next| !same_step(next, step));
        if r < applied.len() && twin.is_some() && step.is_some_and(other_first) {
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
            if next.is_some_and(|next| same_step(next, &applied[r].0)) {
                next = shared.next();
            }
            r += 1;
        }
    }
    out
}
