//! What differs between two values, in sets of paths (SMD `Compare`). Refuses to say who may change it.

use serde_json::Value;

use super::form::{Form, child, form, is_empty, pairs};
use crate::fields::{Set, same_value};
use crate::model::{FieldPath, Step};
use crate::schema::Node;

/// The paths that differ from `a` to `b`, as SMD tells them: parents of what is new or gone are told, too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// Only `b` has them.
    pub added: Set,
    /// Both have them, differently.
    pub modified: Set,
    /// Only `a` has them.
    pub removed: Set,
}

/// The paths that differ from `a` to `b` (SMD `Compare`).
pub fn changed(node: Option<&Node>, a: &Value, b: &Value) -> Delta {
    let mut delta = Delta::default();
    both(node, &FieldPath::root(), (a, b), &mut delta);
    delta
}

fn both(node: Option<&Node>, at: &FieldPath, (a, b): (&Value, &Value), delta: &mut Delta) {
    match (form(node, a), form(node, b)) {
        (Form::Map(left), Form::Map(right)) => {
            for (key, value) in left {
                let (step, other) = (Step::Key(key.as_str().into()), right.get(key));
                step_of(node, at, &step, (&[value], other.as_slice()), delta);
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                step_of(node, at, &Step::Key(key.as_str().into()), (&[], &[value]), delta);
            }
        }
        (Form::List(left), Form::List(right)) => {
            for (step, left, right) in pairs(&left, &right) {
                step_of(node, at, step, (&left, &right), delta);
            }
        }
        (Form::Leaf, Form::Leaf) => {
            if !same_value(a, b) {
                delta.modified.insert(at);
            }
        }
        _ => {
            if !(a.is_null() || b.is_null()) || (is_empty(a) && is_empty(b)) {
                delta.modified.insert(at);
            }
            inside(node, at, a, &mut delta.removed);
            inside(node, at, b, &mut delta.added);
        }
    }
}

/// One step on both sides; more than one value on a side is a duplicate, owned as one.
fn step_of(node: Option<&Node>, at: &FieldPath, step: &Step, sides: (&[&Value], &[&Value]), delta: &mut Delta) {
    let (path, below) = (at.child(step.clone()), child(node, step));
    match sides {
        ([], []) => {}
        ([a], [b]) => both(below.as_ref(), &path, (a, b), delta),
        ([], [b]) => whole(below.as_ref(), &path, b, &mut delta.added),
        ([a], []) => whole(below.as_ref(), &path, a, &mut delta.removed),
        ([_, _, ..], [_, _, ..]) => {
            let (a, b) = sides;
            if a.len() != b.len() || a.iter().zip(b).any(|(a, b)| !same_value(a, b)) {
                delta.modified.insert(&path);
            }
        }
        ([_, _, ..], rest) => {
            for b in rest {
                whole(below.as_ref(), &path, b, &mut delta.added);
            }
            delta.removed.insert(&path);
        }
        (rest, [_, _, ..]) => {
            for a in rest {
                whole(below.as_ref(), &path, a, &mut delta.removed);
            }
            delta.added.insert(&path);
        }
    }
}

/// A value and everything in it.
fn whole(node: Option<&Node>, at: &FieldPath, value: &Value, into: &mut Set) {
    into.insert(at);
    inside(node, at, value, into);
}

fn inside(node: Option<&Node>, at: &FieldPath, value: &Value, into: &mut Set) {
    match form(node, value) {
        Form::Leaf => {}
        Form::Map(map) => {
            for (key, value) in map {
                let step = Step::Key(key.as_str().into());
                whole(child(node, &step).as_ref(), &at.child(step), value, into);
            }
        }
        Form::List(items) => {
            for (step, values, _) in pairs(&items, &[]) {
                match values.as_slice() {
                    [one] => whole(child(node, step).as_ref(), &at.child(step.clone()), one, into),
                    _ => into.insert(&at.child(step.clone())),
                }
            }
        }
    }
}
