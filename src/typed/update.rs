//! A write and what it does to ownership (SMD `merge.Updater`, with the API server's stripping and timing around it).
//!
//! Owns who owns what after an apply or an update. Refuses versions (an entry told in another apiVersion is taken as if
//! told in this one) and reset fields: whoever calls takes `status` out of what the main resource may not write.

use serde_json::Value;

use super::form::{Form, child, form, is_empty, pairs};
use super::sets::nobodys;
use super::{merge, name_members, remove, set_of};
use crate::fields::{Entry, Set, managed, same_value};
use crate::model::{FieldPath, Foreign, Step};
use crate::schema::Node;

/// The manager of fields that were there before anybody's first apply.
const BEFORE: &str = "before-first-apply";

/// What another manager would lose.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Whose entry, as it stands.
    pub entry: Entry,
    /// The paths in dispute.
    pub set: Set,
}

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

/// Applies `applied` to `live` (its managedFields read from it) as `by`, whose own set counts for nothing. Returns the
/// object without managedFields, and the entries in the server's order.
///
/// # Errors
/// What others own and would lose, unless forced.
pub fn apply(
    node: Option<&Node>,
    live: &Value,
    applied: &Value,
    by: &Entry,
    force: bool,
) -> Result<(Value, Vec<Entry>), Vec<Conflict>> {
    let (live, mut entries) = open(node, live, by);
    let last = entries.iter().find(|entry| same_manager(entry, by)).cloned();
    entries.retain(|entry| !same_manager(entry, by));
    let mut own = Entry { set: set_of(node, applied), ..by.clone() };
    own.time = last.as_ref().and_then(|last| last.time);
    entries.push(own);
    let merged = merge(node, &live, applied);
    let new = match &last {
        Some(last) if !last.set.is_empty() => pruned(node, &merged, &entries, &last.set),
        _ => merged,
    };
    let mut entries = settle(&changed(node, &live, &new), entries, by, force)?;
    if let Some(own) = entries.iter_mut().find(|entry| same_manager(entry, by)) {
        own.set = own.set.difference(&nobodys());
        if !same_value(&live, &new) {
            own.time = by.time;
        }
    }
    Ok((new, sorted(entries)))
}

/// The entries after `live` became `new` by a plain write of `by`.
pub fn update(node: Option<&Node>, live: &Value, new: &Value, by: &Entry) -> Vec<Entry> {
    let (entries, live, new) = (managed(live), bare(live), bare(new));
    let delta = changed(node, &live, &new);
    let mut entries = settle(&delta, entries, by, true).unwrap_or_default();
    let taken = delta.modified.union(&delta.added).difference(&nobodys());
    if !taken.is_empty() {
        let before = entries.iter().position(|entry| same_manager(entry, by)).map(|at| entries.remove(at).set);
        let set = before.unwrap_or_default().union(&taken);
        entries.push(Entry { set, ..by.clone() });
    }
    sorted(entries)
}

/// Live without managedFields, and its entries; fields that nobody claims yet belong to whoever was there before.
fn open(node: Option<&Node>, live: &Value, by: &Entry) -> (Value, Vec<Entry>) {
    let (bare, mut entries) = (bare(live), managed(live));
    if entries.is_empty() && !is_empty(&bare) {
        let before = Entry {
            manager: Foreign::from(BEFORE),
            operation: Foreign::from("Update"),
            subresource: None,
            set: changed(node, &Value::Object(serde_json::Map::new()), &bare).added.difference(&nobodys()),
            ..by.clone()
        };
        entries.push(before);
    }
    (bare, entries)
}

fn bare(object: &Value) -> Value {
    let mut bare = object.clone();
    if let Some(metadata) = bare.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    bare
}

/// An applier is one manager in all versions; an updater is another in each.
fn same_manager(a: &Entry, b: &Entry) -> bool {
    a.manager == b.manager
        && a.operation == b.operation
        && a.subresource == b.subresource
        && (a.operation.raw() == "Apply" || a.api_version == b.api_version)
}

/// `Updater.update`: others lose what changed under them.
fn settle(delta: &Delta, entries: Vec<Entry>, by: &Entry, force: bool) -> Result<Vec<Entry>, Vec<Conflict>> {
    let taken = delta.modified.union(&delta.added);
    let disputed = |entry: &Entry| entry.set.intersection(&taken);
    let conflicts: Vec<Conflict> = entries
        .iter()
        .filter(|entry| !same_manager(entry, by))
        .map(|entry| Conflict { entry: entry.clone(), set: disputed(entry) })
        .filter(|conflict| !conflict.set.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(conflicts);
    }
    let kept = entries.into_iter().map(|mut entry| {
        if by.operation.raw() != "Apply" || !same_manager(&entry, by) {
            entry.set = entry.set.difference(&disputed(&entry)).difference(&delta.removed);
        }
        entry
    });
    Ok(kept.filter(|entry| !entry.set.is_empty()).collect())
}

/// `Updater.prune`: what the manager applied last and applies no more goes, unless another owns it.
fn pruned(node: Option<&Node>, merged: &Value, entries: &[Entry], last: &Set) -> Value {
    let named = |set: &Set| name_members(node, set);
    let owned = entries.iter().fold(Set::default(), |all, entry| all.union(&entry.set));
    let all = named(&set_of(node, merged));
    let first = remove(node, merged, &named(last));
    let keep = named(&set_of(node, &first)).union(&named(&owned));
    let second = remove(node, merged, &all.difference(&keep));
    let gone = all.difference(&named(&set_of(node, &second)));
    remove(node, merged, &gone.intersection(&named(last)))
}

/// The server's order: operation, second of time, manager, version, subresource.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| entry.time.map_or(0, jiff::Timestamp::as_second);
        (&a.operation, key(a), &a.manager, &a.api_version, &a.subresource).cmp(&(
            &b.operation,
            key(b),
            &b.manager,
            &b.api_version,
            &b.subresource,
        ))
    });
    entries
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
