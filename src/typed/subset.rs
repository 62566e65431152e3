//! Whether one value declares nothing that the other has not: drift.md's local fast path.

use serde_json::{Map, Value};

use super::compare::Walk;
use super::form::{Form, Index, Items, child, form, is_empty};
use super::same::same;
use super::{Change, Leniency, Side};
use crate::model::{FieldPath, Step};
use crate::schema::{ListKind, Node, Shape};

/// Map lists in which a later item may refer to, or waits for, an earlier one (`$(VAR)` in env; init containers run in
/// order).
const ORDERED: [&str; 2] = ["env", "initContainers"];

/// What `part` declares that `whole` has not (`Removed`), or has differently (`Changed`); never what `whole` has more.
/// `a` is `part`'s value, `b` is `whole`'s. A map list whose order means something and differs is one change.
pub fn subset(node: Option<&Node>, part: &Value, whole: &Value, leniency: Leniency) -> Vec<Change> {
    let mut walk = Walk { at: FieldPath::root(), changes: Vec::new(), leniency };
    walk.within(node, part, whole);
    walk.changes
}

/// The set and map lists whose common items stand in another order in `b` than in `a`, each as one change.
pub fn reordered(node: Option<&Node>, a: &Value, b: &Value) -> Vec<Change> {
    let mut walk = Walk { at: FieldPath::root(), changes: Vec::new(), leniency: Leniency::default() };
    walk.orders(node, a, b);
    walk.changes
}

/// Whether the list at a path is owned item by item.
pub fn is_taken_apart(node: Option<&Node>, path: &FieldPath) -> bool {
    let at = path.0.iter().fold(node.cloned(), |node, step| child(node.as_ref(), step));
    at.is_some_and(|node| matches!(node.shape(), Shape::List(kind) if kind != ListKind::Atomic))
}

/// Whether the order of the map list at a path means something.
pub fn order_matters(path: &FieldPath) -> bool {
    matches!(path.0.last(), Some(Step::Key(key)) if ORDERED.contains(&&**key))
}

impl Walk {
    fn within(&mut self, node: Option<&Node>, part: &Value, whole: &Value) {
        match (form(node, part), form(node, whole)) {
            (Form::Map(part), Form::Map(whole)) => self.map_within(node, part, whole),
            (Form::List(mine), Form::List(theirs)) => self.list_within(node, (part, &mine), (whole, &theirs)),
            _ if same(node, part, whole) => {}
            _ if self.leniency.empty_is_absent && is_empty(part) && is_empty(whole) => {}
            _ if whole.is_null() => self.one(node, part, Side::Removed),
            _ => self.changed(part, whole),
        }
    }

    fn map_within(&mut self, node: Option<&Node>, part: &Map<String, Value>, whole: &Map<String, Value>) {
        for (key, value) in part {
            let step = Step::Key(key.as_str().into());
            let below = child(node, &step);
            self.at.0.push(step);
            match whole.get(key) {
                Some(other) => self.within(below.as_ref(), value, other),
                None => self.one(below.as_ref(), value, Side::Removed),
            }
            self.at.0.pop();
        }
    }

    fn list_within(&mut self, node: Option<&Node>, (part, mine): (&Value, &Items), (whole, theirs): (&Value, &Items)) {
        let index = Index::new(theirs);
        if has_twins(mine) && part != whole || self.order_matters() && reordered_items(mine, &index) {
            return self.changed(part, whole);
        }
        for (step, value) in mine {
            self.at.0.push(step.clone());
            match index.values(theirs, step).as_slice() {
                [] => self.one_item(value),
                [one] => self.within(child(node, step).as_ref(), value, one),
                // Which of them counts is the reader's to guess: not what was declared.
                more => self.changed(value, &Value::Array(more.iter().map(|&other| other.clone()).collect())),
            }
            self.at.0.pop();
        }
    }

    fn one_item(&mut self, value: &Value) {
        let change = Change { path: self.at.clone(), side: Side::Removed, a: Some(value.clone()), b: None };
        self.changes.push(change);
    }

    fn order_matters(&self) -> bool {
        order_matters(&self.at)
    }

    fn orders(&mut self, node: Option<&Node>, a: &Value, b: &Value) {
        match (form(node, a), form(node, b)) {
            (Form::Map(a), Form::Map(b)) => {
                for (key, value) in a {
                    let step = Step::Key(key.as_str().into());
                    self.below(node, &step, (Some(value), b.get(key)));
                }
            }
            (Form::List(mine), Form::List(theirs)) => {
                let index = Index::new(&theirs);
                if reordered_items(&mine, &index) {
                    self.changed(a, b);
                }
                for (step, value) in &mine {
                    self.below(node, step, (Some(value), index.values(&theirs, step).first().copied()));
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, node: Option<&Node>, step: &Step, sides: (Option<&Value>, Option<&Value>)) {
        let (Some(a), Some(b)) = sides else { return };
        self.at.0.push(step.clone());
        self.orders(child(node, step).as_ref(), a, b);
        self.at.0.pop();
    }
}

/// Whether two items have one identity: which of them a server would take cannot be told.
fn has_twins(items: &Items) -> bool {
    let index = Index::new(items);
    items.iter().any(|(step, _)| index.places(step).len() > 1)
}

/// Whether the items that both have stand in another order.
fn reordered_items(part: &Items, whole: &Index) -> bool {
    let mine = Index::new(part);
    let first = |at: usize, step: &Step| mine.places(step).first() == Some(&at);
    let firsts = part.iter().enumerate().filter(|(at, (step, _))| first(*at, step));
    let places: Vec<usize> = firsts.filter_map(|(_, (step, _))| whole.places(step).first().copied()).collect();
    !places.is_sorted()
}
