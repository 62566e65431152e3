//! What a sync leaves as it is: the body that is sent where rules say `leave`.
//!
//! A field that only we own cannot just be left out of an apply: the server would take it away, or set its default. So such
//! a field goes along with the value it has live; any other is left out, and stays as it is.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::findings::Raw;
use super::{Ground, Legs, Pair, ignore, local};
use crate::fields::{self, Set};
use crate::model::ignore as matching;
use crate::model::{FieldPath, IgnoreRule, Live, Manifest, Record, ResourceKey, Step};
use crate::typed;

/// What is sent of git's object.
#[derive(Debug)]
pub enum Body<'m> {
    /// This: git's own, or without what rules leave.
    Send(Cow<'m, Manifest>),
    /// Nothing: a rule leaves the whole object. Its place.
    Nothing(Arc<str>),
}

/// What a sync, and a dry run that is to tell what a sync does, sends of git's object.
#[must_use]
pub fn body<'m>(git: &'m Manifest, live: Option<&Live>, ground: &Ground) -> Body<'m> {
    if let Some(rule) = whole(ignore::rules(ground), &git.key) {
        return Body::Nothing(rule.place.clone());
    }
    let about = |rule: &IgnoreRule| rule.effect.leaves() && rule.is_about(&git.key);
    if !ignore::rules(ground).iter().any(about) {
        return Body::Send(Cow::Borrowed(git));
    }
    let Some(pair) = live.and_then(|live| Pair::of(git, live, ground)) else { return Body::Send(Cow::Borrowed(git)) };
    let left = left(&pair, ground);
    if left.is_empty() {
        return Body::Send(Cow::Borrowed(git));
    }
    Body::Send(Cow::Owned(Manifest { body: Arc::new(without(&pair, &left)), ..git.clone() }))
}

/// The rule by which a sync leaves an object whole.
fn whole<'r>(rules: &'r [IgnoreRule], key: &ResourceKey) -> Option<&'r IgnoreRule> {
    rules.iter().find(|rule| rule.effect.leaves() && rule.is_whole() && rule.is_about(key))
}

/// The local differences at what a sync leaves: the server was not asked about them.
pub(super) fn differences(pair: &Pair, legs: &Legs, ground: &Ground) -> Vec<Raw> {
    let left = left(pair, ground);
    if left.is_empty() {
        return Vec::new();
    }
    let is_left = |raw: &Raw| left.iter().any(|unit| unit.covers(&raw.path));
    local::differences(pair, legs, ground).into_iter().filter(is_left).collect()
}

/// What a sync leaves, each at the place that the rule is about.
pub(super) fn left(pair: &Pair, ground: &Ground) -> Vec<FieldPath> {
    let about = |rule: &&IgnoreRule| rule.effect.leaves() && rule.is_about(&pair.git.key);
    let rules: Vec<&IgnoreRule> = ignore::rules(ground).iter().filter(about).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let mut ours = typed::applied_set(pair.node.as_ref(), &pair.wanted);
    if let Some(entry) = pair.ours() {
        ours = ours.union(&entry.set);
    }
    let mut units: Vec<FieldPath> = Vec::new();
    for leaf in ours.leaves() {
        let Some(unit) = rules.iter().find_map(|rule| unit(rule, &leaf, pair)) else { continue };
        if has_place(pair, &unit) && !units.iter().any(|known| known.covers(&unit)) {
            units.retain(|known| !unit.covers(known));
            units.push(unit);
        }
    }
    units
}

/// As much of a leaf's path as a rule is about: of a rule about a writer, the leaf alone.
fn unit(rule: &IgnoreRule, leaf: &FieldPath, pair: &Pair) -> Option<FieldPath> {
    let at = match &rule.path {
        None => 1,
        Some(path) => {
            let inside = || matching::leads_into(path, leaf).then_some(leaf.0.len());
            matching::unit(path, leaf).map(|at| at.max(1)).or_else(inside)?
        }
    };
    if rule.manager.is_none() {
        return Some(FieldPath(leaf.0.get(..at)?.to_vec()));
    }
    let by = fields::owner(&pair.entries, leaf, fields::MANAGER)?;
    (rule.is_manager(by.manager.raw()) && !is_key(leaf)).then(|| leaf.clone())
}

/// The key of a list item is what the item is known by: it goes only with the item.
fn is_key(leaf: &FieldPath) -> bool {
    match leaf.0.as_slice() {
        [.., Step::Item(keys), Step::Key(last)] => keys.iter().any(|(key, _)| key == last),
        _ => false,
    }
}

/// Whether the list items that it lies in are live: in a new one it takes git's value.
fn has_place(pair: &Pair, unit: &FieldPath) -> bool {
    let items = (0..unit.0.len().saturating_sub(1)).filter(|at| matches!(unit.0[*at], Step::Item(_)));
    let mut items = items.map(|at| FieldPath(unit.0[..=at].to_vec()));
    items.all(|item| typed::at(&pair.have, &item).is_some())
}

/// Git's object without what is left, and with live's value of what only we own of it.
fn without(pair: &Pair, left: &[FieldPath]) -> Value {
    let node = pair.node.as_ref();
    let (mut gone, mut kept) = (Set::default(), Set::default());
    for unit in left {
        gone.insert(unit);
    }
    let others = pair.entries.iter().filter(|entry| !entry.is_apply_of(fields::MANAGER));
    let others = others.fold(Set::default(), |all, entry| all.union(&entry.set));
    let owned = pair.ours().map(|entry| entry.set.leaves()).unwrap_or_default();
    for leaf in owned.iter().filter(|leaf| left.iter().any(|unit| unit.covers(leaf)) && !others.covers(leaf)) {
        insert_with_keys(&mut kept, leaf, pair);
    }
    let mut body = typed::remove(node, &pair.git.body, &gone);
    if !kept.is_empty() {
        body = typed::merge(node, &body, &typed::extract(node, &pair.have, &kept));
    }
    if body == Value::Null || !body.is_object() {
        body = Value::Object(serde_json::Map::new());
    }
    with_identity(body, &pair.git.body)
}

/// A path, and the keys of the list items that it leads through; not those that the server filled in, which nobody owns and
/// which we would own from then on.
fn insert_with_keys(set: &mut Set, leaf: &FieldPath, pair: &Pair) {
    let is_owned = |path: &FieldPath| pair.entries.iter().any(|entry| entry.set.covers(path));
    set.insert(leaf);
    for (at, step) in leaf.0.iter().enumerate() {
        if let Step::Item(keys) = step {
            let item = FieldPath(leaf.0[..=at].to_vec());
            for key in keys.iter().map(|(key, _)| item.key(key)).filter(is_owned) {
                set.insert(&key);
            }
        }
    }
}

/// What the object is, and whose: no rule leaves that out.
fn with_identity(mut body: Value, git: &Value) -> Value {
    let metadata = [["metadata", "name"], ["metadata", "namespace"]];
    for key in ["apiVersion", "kind"] {
        body[key] = git[key].clone();
    }
    for [_, key] in metadata {
        if let Some(value) = git.pointer(&format!("/metadata/{key}")) {
            body["metadata"][key] = value.clone();
        }
    }
    if let Some(value) = git.pointer(&format!("/metadata/annotations/{}", Record::ANNOTATION.replace('/', "~1"))) {
        body["metadata"]["annotations"][Record::ANNOTATION] = value.clone();
    }
    body
}
