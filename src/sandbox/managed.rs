//! managedFields as kube-apiserver keeps them: what structured-merge-diff's updater and its field manager do (KEP-555).
//!
//! Owns ownership after an update and after an apply, conflicts and pruning. Refuses version conversion (each kind has
//! one version here) and the cap on update managers.

mod moves;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::{Cause, Failure};
use super::kinds::KindInfo;
use super::object;
use super::write::Author;
use crate::fields::{self, Entry, Set};
use crate::model::{FieldPath, Foreign, Step};
use crate::schema::{Node, Shape};
use crate::typed;
use moves::Moves;

/// A kind's schema and the moment: what every computation here needs.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) kind: &'a KindInfo,
    pub(super) node: Option<&'a Node>,
    pub(super) now: Timestamp,
}

/// Sets the managedFields of `new` after an update of `live` (null for a create).
pub(super) fn after_update(ground: Ground, live: &Value, new: &mut Value, author: &Author) {
    let asked = object::take(new, &["metadata", "managedFields"]);
    let reset = asked.as_ref().is_some_and(|asked| asked.as_array().is_some_and(|list| is_reset(list)));
    let bare = without_managed(live);
    if reset {
        return;
    }
    let mut entries = match asked {
        Some(Value::Array(list)) if !list.is_empty() => fields::managed(&json!({"metadata": {"managedFields": list}})),
        _ => fields::managed(live),
    };
    if entries.is_empty() && !live.is_null() {
        return;
    }
    let moves = Moves::between(ground, &bare, new);
    let written = moves.written();
    for entry in &mut entries {
        entry.set = entry.set.difference(&written).difference(&moves.removed);
    }
    if !written.is_empty() {
        let version = ground.kind.api_version();
        let is_own = |entry: &&mut Entry| is_of(entry, author, "Update") && entry.api_version.raw() == version;
        let own = entries.iter_mut().find(is_own);
        match own {
            Some(own) => {
                own.set = own.set.union(&written);
                own.time = Some(ground.now);
            }
            None => entries.push(entry(ground, author, "Update", written)),
        }
    }
    store(new, entries);
}

/// `managedFields: [{}]` in an update asks to forget all owners.
fn is_reset(list: &[Value]) -> bool {
    matches!(list, [Value::Object(only)] if only.is_empty())
}

/// An apply merged into `live` (null where there is none yet), with its managedFields; `None` when nothing moves.
pub(super) fn after_apply(
    ground: Ground,
    live: &Value,
    patch: &Value,
    author: &Author,
    force: bool,
) -> Result<Option<Value>, Failure> {
    let mut entries = fields::managed(live);
    let bare = without_managed(live);
    if entries.is_empty() && !live.is_null() {
        let before = Author { manager: "before-first-apply".to_owned(), ..Author::default() };
        entries.push(entry(ground, &before, "Update", Moves::between(ground, &Value::Null, &bare).written()));
    }
    let applied = typed::applied_set(ground.node, patch);
    let own = entries.iter().find(|entry| is_of(entry, author, "Apply"));
    let (last, last_time) = (own.map(|own| own.set.clone()), own.and_then(|own| own.time));
    entries.retain(|entry| !is_of(entry, author, "Apply"));
    let merged = if live.is_null() { patch.clone() } else { typed::merge(ground.node, &bare, patch) };
    let whole = typed::set_of(ground.node, patch);
    let new = match &last {
        Some(last) => prune(ground.node, &merged, last, entries.iter().map(|entry| &entry.set).chain([&whole])),
        None => merged,
    };
    let moves = Moves::between(ground, &bare, &new);
    if !live.is_null() {
        settle(&mut entries, &moves, force)?;
    }
    let same_set = last.as_ref() == Some(&applied);
    if same_set && new == bare {
        return Ok(None);
    }
    let time = if new == bare { last_time } else { Some(ground.now) };
    entries.push(Entry { time, ..entry(ground, author, "Apply", applied) });
    let mut new = new;
    store(&mut new, entries);
    Ok(Some(new))
}

/// What an applier no longer declares and nobody else holds goes away (SMD `prune`).
fn prune<'a>(node: Option<&Node>, merged: &Value, last: &Set, held: impl Iterator<Item = &'a Set>) -> Value {
    let held = held.fold(Set::default(), |all, set| all.union(set));
    let gone = ensure_named(node, last).difference(&ensure_named(node, &held));
    if gone.is_empty() { merged.clone() } else { typed::remove(node, merged, &gone) }
}

/// The set with each declared struct field above a member as a member (SMD `EnsureNamedFieldsAreMembers`).
fn ensure_named(node: Option<&Node>, set: &Set) -> Set {
    let mut out = set.clone();
    for path in set.iter() {
        let (mut at, mut way) = (node.cloned(), FieldPath::root());
        for step in path.0.iter().take(path.0.len().saturating_sub(1)) {
            way = way.child(step.clone());
            let is_struct = at.as_ref().is_some_and(|node| node.shape() == Shape::Struct);
            at = match step {
                Step::Key(key) => at.and_then(|node| node.field(key)),
                _ => at.and_then(|node| node.item()),
            };
            if is_struct && at.is_some() && matches!(step, Step::Key(_)) {
                out.insert(&way);
            }
        }
    }
    out
}

/// Takes what was written from the other managers, or names the conflict.
fn settle(entries: &mut Vec<Entry>, moves: &Moves, force: bool) -> Result<(), Failure> {
    let written = moves.written();
    let conflicts: Vec<(String, Set)> = entries
        .iter()
        .map(|entry| (named(entry), entry.set.intersection(&written)))
        .filter(|(_, set)| !set.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(conflict(&conflicts));
    }
    for entry in entries.iter_mut() {
        entry.set = entry.set.difference(&written).difference(&moves.removed);
    }
    entries.retain(|entry| !entry.set.is_empty());
    Ok(())
}

/// `"kubectl-edit" using apps/v1`, as conflict sentences name a manager.
fn named(entry: &Entry) -> String {
    let mut out = format!("\"{}\"", entry.manager.raw());
    if let Some(subresource) = &entry.subresource {
        out = format!("{out} with subresource \"{}\"", subresource.raw());
    }
    if entry.operation.raw() == "Update" {
        out = format!("{out} using {}", entry.api_version.raw());
    }
    out
}

fn conflict(conflicts: &[(String, Set)]) -> Failure {
    let mut by_manager: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (manager, set) in conflicts {
        by_manager.entry(manager).or_default().extend(members_first(set).iter().map(spelled));
    }
    let count: usize = by_manager.values().map(Vec::len).sum();
    let causes: Vec<Cause> = by_manager
        .iter()
        .flat_map(|(manager, paths)| paths.iter().map(move |path| (manager, path)))
        .map(|(manager, path)| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with {manager}"),
            field: path.clone(),
        })
        .collect();
    let lists = |(manager, paths): (&&str, &Vec<String>)| match paths.as_slice() {
        [one] if count == 1 => format!("conflict with {manager}: {one}"),
        many => format!("conflicts with {manager}:\n- {}", many.join("\n- ")),
    };
    let said: Vec<String> = by_manager.iter().map(lists).collect();
    let plural = if count == 1 { "conflict" } else { "conflicts" };
    Failure::apply_conflict(format!("Apply failed with {count} {plural}: {}", said.join("\n")), &causes)
}

/// A set's paths as structured-merge-diff lists them: at each level the members before what lies below.
fn members_first(set: &Set) -> Vec<FieldPath> {
    let mut paths: Vec<(usize, FieldPath)> = set.iter().enumerate().collect();
    paths.sort_by(|(m, a), (n, b)| {
        let shared = a.0.iter().zip(&b.0).take_while(|(a, b)| a == b).count();
        let is_deep = |path: &FieldPath| path.0.len() > shared + 1;
        is_deep(a).cmp(&is_deep(b)).then(m.cmp(n))
    });
    paths.into_iter().map(|(_, path)| path).collect()
}

/// A path as structured-merge-diff spells it: `.spec.containers[name="app"].image`.
pub(super) fn spelled(path: &FieldPath) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) => format!(".{key}"),
        Step::Item(keys) => {
            let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("[{}]", pairs.join(","))
        }
        Step::Member(value) => format!("[={value}]"),
        Step::Index(at) => format!("[{at}]"),
    };
    path.0.iter().map(step).collect()
}

/// After a change of replicas through `/scale`: whoever held them loses them; only then is the scaler noted.
pub(super) fn after_scale(ground: Ground, live: &Value, new: &mut Value, author: &Author) {
    let mut replicas = Set::default();
    replicas.insert(&FieldPath::of_keys(["spec", "replicas"]));
    let mut entries = fields::managed(live);
    if !entries.iter().any(|entry| !entry.set.intersection(&replicas).is_empty()) {
        return;
    }
    for entry in &mut entries {
        entry.set = entry.set.difference(&replicas);
    }
    let scaler = Author { subresource: Some("scale"), ..author.clone() };
    match entries.iter_mut().find(|entry| is_of(entry, &scaler, "Update")) {
        Some(own) => own.set = own.set.union(&replicas),
        None => entries.push(Entry { time: None, ..entry(ground, &scaler, "Update", replicas) }),
    }
    store(new, entries);
}

fn is_of(entry: &Entry, author: &Author, operation: &str) -> bool {
    let subresource = entry.subresource.as_ref().map(Foreign::raw).unwrap_or_default();
    entry.manager.raw() == author.manager
        && entry.operation.raw() == operation
        && subresource == author.subresource.unwrap_or_default()
}

fn entry(ground: Ground, author: &Author, operation: &str, set: Set) -> Entry {
    Entry {
        manager: Foreign::from(author.manager.as_str()),
        operation: Foreign::from(operation),
        subresource: author.subresource.map(Foreign::from),
        api_version: Foreign::from(ground.kind.api_version()),
        time: Some(ground.now),
        set,
    }
}

/// The object without its managedFields; null stays null.
pub(super) fn without_managed(object: &Value) -> Value {
    let mut bare = object.clone();
    object::take(&mut bare, &["metadata", "managedFields"]);
    bare
}

/// Writes the entries, sorted as the server sorts them; empty ones are left out.
fn store(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.set.is_empty());
    entries.sort_by_key(|entry| {
        let text = |word: &Foreign| word.raw().to_owned();
        let subresource = entry.subresource.as_ref().map(text);
        (text(&entry.operation), entry.time, text(&entry.manager), text(&entry.api_version), subresource)
    });
    let list: Vec<Value> = entries.iter().map(encode).collect();
    if list.is_empty() {
        object::take(object, &["metadata", "managedFields"]);
    } else {
        object::set(object, &["metadata", "managedFields"], Value::Array(list));
    }
}

fn encode(entry: &Entry) -> Value {
    let mut map = Map::new();
    map.insert("manager".to_owned(), entry.manager.raw().into());
    map.insert("operation".to_owned(), entry.operation.raw().into());
    map.insert("apiVersion".to_owned(), entry.api_version.raw().into());
    if let Some(time) = entry.time {
        map.insert("time".to_owned(), time.to_string().into());
    }
    map.insert("fieldsType".to_owned(), "FieldsV1".into());
    map.insert("fieldsV1".to_owned(), entry.set.to_v1());
    if let Some(subresource) = &entry.subresource {
        map.insert("subresource".to_owned(), subresource.raw().into());
    }
    Value::Object(map)
}
