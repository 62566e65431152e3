//! A write and what it does to ownership (SMD `merge.Updater`, with the API server's stripping and timing around it).
//!
//! Owns who owns what after an apply or an update. Refuses to convert: how an object is told in another version is the
//! caller's to say ([`Terms`]).

use serde_json::Value;

use super::delta::Delta;
use super::form::is_empty;
use super::sets::nobodys;
use super::terms::{Terms, Unconvertible};
use super::{merge, set_of, terms};
use crate::fields::{Entry, Set, managed, same_value};
use crate::model::Foreign;

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

/// Why an apply does not happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// Others own what it would change.
    Conflicts(Vec<Conflict>),
    /// An entry is told in a version that the object cannot be told in; the sentence says in which step.
    Unconvertible(String),
}

/// What an apply makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The object without managedFields.
    pub object: Value,
    /// Who owns what of it, in the server's order.
    pub entries: Vec<Entry>,
    /// Whether the object is another one than before; ownership may move though it is not.
    pub is_new: bool,
}

/// Applies `applied` to `live` (its managedFields read from it; null or empty where there is none yet) as `by`, whose own
/// set counts for nothing.
///
/// # Errors
/// What others own and would lose, unless forced; an entry in a version that does not fit.
pub fn apply(terms: &Terms, live: &Value, applied: &Value, by: &Entry, force: bool) -> Result<Applied, Refused> {
    let failed = |step: &str| {
        let step = step.to_owned();
        move |error: Unconvertible| Refused::Unconvertible(format!("{step}{}", error.0))
    };
    let (live, entries) = open(terms, live, by).map_err(failed("failed to create manager for existing fields: "))?;
    let mut entries = terms::reconciled(terms, &live, entries).map_err(failed(""))?;
    let last = entries.iter().find(|entry| same_manager(entry, by)).cloned();
    entries.retain(|entry| !same_manager(entry, by));
    let mut own = Entry { set: terms.counted(&set_of(terms.node, applied), by.api_version.raw()), ..by.clone() };
    own.time = last.as_ref().and_then(|last| last.time);
    entries.push(own);
    let merged = merge(terms.node, &live, applied);
    let new = match &last {
        Some(last) if !last.set.is_empty() => {
            terms::pruned(terms, &merged, (&entries, by), last).map_err(failed("failed to prune fields: "))?
        }
        _ => merged,
    };
    let (mut entries, _) = settle(terms, (&live, &new), entries, by, force)?;
    let is_new = !same_value(&live, &new);
    if let Some(own) = entries.iter_mut().find(|entry| same_manager(entry, by)) {
        own.set = own.set.difference(&nobodys());
        if is_new {
            own.time = by.time;
        }
    }
    entries.retain(|entry| !entry.set.is_empty());
    Ok(Applied { object: if is_new { new } else { live }, entries: sorted(entries), is_new })
}

/// The entries after `live` became `new` by a plain write of `by`. `entries` are those before: `live`'s own, or those
/// that the write itself brought.
///
/// # Errors
/// When an entry is told in a version that the object does not fit: the API server then forgets all owners.
pub fn update(
    terms: &Terms,
    (live, new): (&Value, &Value),
    entries: Vec<Entry>,
    by: &Entry,
) -> Result<Vec<Entry>, Unconvertible> {
    let (live, new) = (bare(live), bare(new));
    let live = if live.is_null() { terms.zero.clone() } else { live };
    let entries = terms::reconciled(terms, &live, entries)?;
    let settled = settle(terms, (&live, &new), entries, by, true);
    let (mut entries, delta) = settled.map_err(|refused| match refused {
        Refused::Unconvertible(why) => Unconvertible(why),
        Refused::Conflicts(_) => Unconvertible(String::new()),
    })?;
    let taken = terms.counted(&delta.modified.union(&delta.added), by.api_version.raw()).difference(&nobodys());
    if !taken.is_empty() {
        let before = entries.iter().position(|entry| same_manager(entry, by)).map(|at| entries.remove(at).set);
        let set = before.unwrap_or_default().union(&taken);
        entries.push(Entry { set, ..by.clone() });
    }
    Ok(sorted(entries))
}

/// Live without managedFields, and its entries; fields that nobody claims yet belong to whoever was there before.
fn open(terms: &Terms, live: &Value, by: &Entry) -> Result<(Value, Vec<Entry>), Unconvertible> {
    let (bare, entries) = (bare(live), managed(live));
    let bare = if is_empty(&bare) { terms.zero.clone() } else { bare };
    if !entries.is_empty() || bare == *terms.zero {
        return Ok((bare, entries));
    }
    let before =
        Entry { manager: Foreign::from(BEFORE), operation: Foreign::from("Update"), set: Set::default(), ..by.clone() };
    let entries = update(terms, (terms.zero, &bare), Vec::new(), &before)?;
    Ok((bare, entries))
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

/// `Updater.update`: others lose what changed under them, each as told in its version. An updater's own entry is one of
/// the others: what it wrote is added to it again.
fn settle(
    terms: &Terms,
    (live, new): (&Value, &Value),
    mut entries: Vec<Entry>,
    by: &Entry,
    force: bool,
) -> Result<(Vec<Entry>, Delta), Refused> {
    let failed = |error: Unconvertible| Refused::Unconvertible(error.0);
    let is_own = |entry: &Entry| by.operation.raw() == "Apply" && same_manager(entry, by);
    let others = entries.iter().filter(|entry| !is_own(entry)).map(|entry| entry.api_version.raw());
    let versions = others.chain([by.api_version.raw()]);
    let mut deltas = terms::deltas(terms, (live, new), versions).map_err(failed)?;
    entries.retain(|entry| is_own(entry) || deltas.get(entry.api_version.raw()).is_some_and(Option::is_some));
    let of = |entry: &Entry| deltas.get(entry.api_version.raw()).and_then(Option::as_ref).filter(|_| !is_own(entry));
    let disputed = |entry: &Entry| {
        let delta = of(entry);
        delta.map(|delta| entry.set.intersection(&delta.modified.union(&delta.added))).unwrap_or_default()
    };
    let conflicts: Vec<Conflict> = entries
        .iter()
        .map(|entry| Conflict { entry: entry.clone(), set: disputed(entry) })
        .filter(|conflict| !conflict.set.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(Refused::Conflicts(conflicts));
    }
    for entry in &mut entries {
        if let Some(delta) = of(entry) {
            entry.set = entry.set.difference(&disputed(entry)).difference(&delta.removed);
        }
    }
    entries.retain(|entry| !entry.set.is_empty());
    Ok((entries, deltas.remove(by.api_version.raw()).flatten().unwrap_or_default()))
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
