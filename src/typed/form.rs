//! How a value is walked at a place, and what makes a list item that item. Owns SMD's `deduceAtom` and
//! `listItemToPathElement`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::fields::StepKey;
use crate::model::Step;
use crate::schema::{ListKind, Node, Shape};

/// A value as it is walked.
pub(super) enum Form<'v> {
    /// Owned as one: a scalar, an atomic list or map, null.
    Leaf,
    /// An object whose fields are owned each by itself.
    Map(&'v Map<String, Value>),
    /// A list whose items are owned each by itself, with the identity of each.
    List(Vec<(Step, &'v Value)>),
}

/// The form of `value` at `node`. A value of another type than the schema's is walked as if nothing were known, and a
/// list with an item that has no identity is owned as one.
pub(super) fn form<'v>(node: Option<&Node>, value: &'v Value) -> Form<'v> {
    let shape = node.map_or(Shape::Any, Node::shape);
    match (value, shape) {
        (Value::Object(_), Shape::AtomicMap) => Form::Leaf,
        (Value::Object(map), _) => Form::Map(map),
        (Value::Array(items), Shape::List(kind)) => listed(node, &kind, items),
        _ => Form::Leaf,
    }
}

fn listed<'v>(node: Option<&Node>, kind: &ListKind, items: &'v [Value]) -> Form<'v> {
    if *kind == ListKind::Atomic {
        return Form::Leaf;
    }
    let item_node = node.and_then(Node::item);
    let named: Option<Vec<_>> =
        items.iter().map(|item| Some((identity(item_node.as_ref(), kind, item)?, item))).collect();
    named.map_or(Form::Leaf, Form::List)
}

/// What makes the item that item; a key that is absent counts with the default the schema gives it.
pub(super) fn identity(item_node: Option<&Node>, kind: &ListKind, item: &Value) -> Option<Step> {
    match (kind, item) {
        (ListKind::Set, Value::Bool(_) | Value::Number(_) | Value::String(_)) => Some(Step::Member(item.clone())),
        (ListKind::Map(keys), Value::Object(map)) => {
            let of = |key: &str| match map.get(key) {
                Some(value) => Some(value.clone()),
                None => item_node?.field(key)?.default().cloned(),
            };
            let mut found: Vec<_> = keys.iter().filter_map(|key| Some((key.clone(), of(key)?))).collect();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            (!found.is_empty()).then_some(Step::Item(found))
        }
        _ => None,
    }
}

/// A list's items as [`Form::List`] holds them.
pub(super) type Items<'v> = [(Step, &'v Value)];

/// Where the items of an identity stand; more than one is a duplicate.
pub(super) struct Index(BTreeMap<StepKey, Vec<usize>>);

impl Index {
    pub(super) fn new(items: &Items) -> Self {
        let mut places: BTreeMap<StepKey, Vec<usize>> = BTreeMap::new();
        for (at, (step, _)) in items.iter().enumerate() {
            places.entry(StepKey::new(step)).or_default().push(at);
        }
        Self(places)
    }

    /// The places of an identity, in order; empty where there is none.
    pub(super) fn places(&self, step: &Step) -> &[usize] {
        self.0.get(&StepKey::new(step)).map_or(&[], Vec::as_slice)
    }

    /// The values of an identity, in order.
    pub(super) fn values<'v>(&self, items: &Items<'v>, step: &Step) -> Vec<&'v Value> {
        self.places(step).iter().map(|at| items[*at].1).collect()
    }
}

/// Each identity of two lists once, in order, with the values either has under it.
pub(super) fn pairs<'i, 'v>(a: &'i Items<'v>, b: &'i Items<'v>) -> Vec<(&'i Step, Vec<&'v Value>, Vec<&'v Value>)> {
    let (of_a, of_b) = (Index::new(a), Index::new(b));
    let first = |index: &Index, at: usize, step: &Step| index.places(step).first() == Some(&at);
    let mine = a.iter().enumerate().filter(|(at, (step, _))| first(&of_a, *at, step));
    let theirs = b.iter().enumerate().filter(|(at, (step, _))| of_a.places(step).is_empty() && first(&of_b, *at, step));
    mine.chain(theirs).map(|(_, (step, _))| (step, of_a.values(a, step), of_b.values(b, step))).collect()
}

/// The schema below a step.
pub(super) fn child(node: Option<&Node>, step: &Step) -> Option<Node> {
    match step {
        Step::Key(key) => node?.field(key),
        Step::Item(_) | Step::Member(_) | Step::Index(_) => node?.item(),
    }
}

/// Whether a value of the form holds nothing that could be owned below it.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
