//! managedFields as kube-apiserver keeps them: its field manager around structured-merge-diff's updater (KEP-555).
//!
//! Owns entries read and written, whose they are, resets, the cap on updaters, and what kubectl's client-side applies
//! still own. Refuses the reckoning itself: `typed` does it. `terms` says how an object is told in another version.

mod cap;
mod conflict;
mod last_applied;
mod terms;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::core::World;
use super::failure::Failure;
use super::kinds::KindInfo;
use super::object;
use super::write::Author;
use crate::fields::{self, Entry, Set};
use crate::model::{FieldPath, Foreign};
use crate::typed::{self, Refused};
pub(super) use conflict::spelled;
pub(super) use last_applied::LAST_APPLIED;

/// A kind, the schemas, and the moment: what every computation here needs.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) world: &'a World,
    pub(super) kind: &'a KindInfo,
    pub(super) now: Timestamp,
}

/// Sets the managedFields of `new` after an update of `live` (null for a create).
pub(super) fn after_update(ground: Ground, live: &Value, new: &mut Value, author: &Author) {
    let asked = object::take(new, &["metadata", "managedFields"]).filter(|_| author.subresource.is_none());
    let reset = asked.as_ref().is_some_and(|asked| asked.as_array().is_some_and(|list| is_reset(list)));
    let said = asked.map(|list| distinct(fields::managed(&json!({"metadata": {"managedFields": list}}))));
    let entries = match said {
        _ if reset => Vec::new(),
        Some(said) if !said.is_empty() => said,
        _ => distinct(fields::managed(live)),
    };
    if entries.is_empty() && !live.is_null() {
        return;
    }
    let by = entry(ground, author, "Update", Set::default());
    let settled = terms::with(ground, author, |terms| typed::update(terms, (live, new), entries, &by));
    // Where an entry does not fit the object in its version, the field manager gives up and forgets all owners.
    if let Ok(entries) = settled {
        store(new, cap::capped(entries));
    }
}

/// `managedFields: [{}]` or `[]` in a write asks to forget all owners.
fn is_reset(list: &[Value]) -> bool {
    matches!(list, [Value::Object(only)] if only.is_empty()) || list.is_empty()
}

/// One entry of each manager, the last.
fn distinct(entries: Vec<Entry>) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for entry in entries {
        out.retain(|other| conflict::identifier(other) != conflict::identifier(&entry));
        out.push(entry);
    }
    out
}

/// An apply merged into `live` (null where there is none yet), with its managedFields.
pub(super) fn after_apply(
    ground: Ground,
    live: &Value,
    patch: &Value,
    author: &Author,
    force: bool,
) -> Result<Value, Failure> {
    let by = entry(ground, author, "Apply", Set::default());
    let apply = |force| terms::with(ground, author, |terms| typed::apply(terms, live, patch, &by, force));
    let applied = match apply(force) {
        Err(Refused::Conflicts(all)) => match last_applied::still_disputed(ground, live, author, all) {
            left if left.is_empty() => apply(true),
            left => Err(Refused::Conflicts(left)),
        },
        other => other,
    };
    let applied = applied.map_err(|refused| match refused {
        Refused::Conflicts(conflicts) => conflict::failure(&conflicts),
        Refused::Unconvertible(why) => Failure::new(500, "", why),
    })?;
    // What a Go object has before anything is set is no part of what was applied.
    let mut new = if live.is_null() { patch.clone() } else { applied.object };
    store(&mut new, applied.entries);
    Ok(new)
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
