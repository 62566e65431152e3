//! What differs between two values, at the smallest unit that server-side apply can own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::form::{Form, Items, child, form, is_empty, pairs};
use super::same::same;
use super::{Change, Leniency, Side};
use crate::model::{FieldPath, Step};
use crate::schema::{ListKind, Node, Shape};

/// What differs from `a` to `b`. The order of set and map lists means nothing; an item of one that only one side has is
/// one change; an object that only one side has is told by its leaves.
pub fn compare(node: Option<&Node>, a: &Value, b: &Value) -> Vec<Change> {
    compare_with(node, a, b, Leniency::default())
}

/// What differs from `a` to `b` beyond what is forgiven.
pub fn compare_with(node: Option<&Node>, a: &Value, b: &Value, leniency: Leniency) -> Vec<Change> {
    let mut walk = Walk { at: FieldPath::root(), changes: Vec::new(), leniency };
    walk.both(node, a, b);
    walk.changes
}

/// A walk over one or two values, and what it found.
pub(super) struct Walk {
    pub(super) at: FieldPath,
    pub(super) changes: Vec<Change>,
    pub(super) leniency: Leniency,
}

impl Walk {
    fn both(&mut self, node: Option<&Node>, a: &Value, b: &Value) {
        match (form(node, a), form(node, b)) {
            (Form::Map(a), Form::Map(b)) => self.maps(node, a, b),
            (Form::List(a), Form::List(b)) => self.lists(node, &a, &b),
            _ if same(node, a, b) => {}
            _ if self.leniency.empty_is_absent && is_empty(a) && is_empty(b) => {}
            _ if a.is_null() && is_granular(node, b) => self.one(node, b, Side::Added),
            _ if b.is_null() && is_granular(node, a) => self.one(node, a, Side::Removed),
            _ => self.changed(a, b),
        }
    }

    fn maps(&mut self, node: Option<&Node>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let step = Step::Key(key.as_str().into());
            self.step(node, &step, (a.get(key), b.get(key)));
        }
    }

    fn lists(&mut self, node: Option<&Node>, a: &Items, b: &Items) {
        for (step, a, b) in pairs(a, b) {
            match (a.as_slice(), b.as_slice()) {
                ([], [b]) => self.item(step, Side::Added, b),
                ([a], []) => self.item(step, Side::Removed, a),
                ([a], [b]) => self.step(node, step, (Some(a), Some(b))),
                both => self.duplicates(node, step, both),
            }
        }
    }

    /// Duplicates are owned as one, by their common identity.
    fn duplicates(&mut self, node: Option<&Node>, step: &Step, (a, b): (&[&Value], &[&Value])) {
        let below = child(node, step);
        let equal = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(below.as_ref(), a, b));
        if !equal {
            let whole = |items: &[&Value]| match items {
                [] => None,
                [one] => Some((*one).clone()),
                more => Some(Value::Array(more.iter().map(|&item| item.clone()).collect())),
            };
            let side = side_of(!a.is_empty(), !b.is_empty());
            let path = self.at.child(step.clone());
            self.changes.push(Change { path, side, a: whole(a), b: whole(b) });
        }
    }

    fn step(&mut self, node: Option<&Node>, step: &Step, sides: (Option<&Value>, Option<&Value>)) {
        let below = child(node, step);
        self.at.0.push(step.clone());
        match sides {
            (Some(a), Some(b)) => self.both(below.as_ref(), a, b),
            (None, Some(b)) => self.one(below.as_ref(), b, Side::Added),
            (Some(a), None) => self.one(below.as_ref(), a, Side::Removed),
            (None, None) => {}
        }
        self.at.0.pop();
    }

    /// What only one side has, by its leaves.
    pub(super) fn one(&mut self, node: Option<&Node>, value: &Value, side: Side) {
        match form(node, value) {
            Form::Map(map) if !map.is_empty() => {
                for (key, value) in map {
                    let step = Step::Key(key.as_str().into());
                    let below = child(node, &step);
                    self.at.0.push(step);
                    self.one(below.as_ref(), value, side);
                    self.at.0.pop();
                }
            }
            Form::List(items) if !items.is_empty() => {
                let (a, b): (&Items, &Items) = if side == Side::Added { (&[], &items) } else { (&items, &[]) };
                for (step, a, b) in pairs(a, b) {
                    self.duplicates(node, step, (&a, &b));
                }
            }
            _ if self.leniency.forgives(node, value) => {}
            _ => self.leaf(side, value),
        }
    }

    fn item(&mut self, step: &Step, side: Side, value: &Value) {
        self.at.0.push(step.clone());
        self.leaf(side, value);
        self.at.0.pop();
    }

    fn leaf(&mut self, side: Side, value: &Value) {
        let own = || Some(value.clone());
        let (a, b) = if side == Side::Added { (None, own()) } else { (own(), None) };
        self.changes.push(Change { path: self.at.clone(), side, a, b });
    }

    pub(super) fn changed(&mut self, a: &Value, b: &Value) {
        let change = Change { path: self.at.clone(), side: Side::Changed, a: Some(a.clone()), b: Some(b.clone()) };
        self.changes.push(change);
    }
}

/// Whether null here means "no fields" and not a value of its own.
fn is_granular(node: Option<&Node>, other: &Value) -> bool {
    let listed = node.is_some_and(|node| matches!(node.shape(), Shape::List(ref kind) if *kind != ListKind::Atomic));
    !is_empty(other) && (matches!(form(node, other), Form::Map(_)) || (listed && other.is_array()))
}

fn side_of(a: bool, b: bool) -> Side {
    match (a, b) {
        (true, false) => Side::Removed,
        (false, true) => Side::Added,
        _ => Side::Changed,
    }
}
