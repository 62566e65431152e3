//! The terms of a write: schemas by version, how an object is told in another version, and what a write does not count.
//!
//! Owns what goes by version: comparing in each, pruning in the one of the last apply, following a schema that turned
//! granular places into atomic ones. Refuses to know where schemas come from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::delta::{Delta, changed};
use super::form::child;
use super::prune::remove_to_null as remove;
use super::{name_members, set_of};
use crate::fields::{Entry, Set};
use crate::schema::{ListKind, Node, Shape};

/// An object cannot be told in a version; the sentence is structured-merge-diff's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unconvertible(pub String);

/// An object as another version tells it, with that version's schema; none where there is no such version any more.
pub type Told = Result<Option<(Value, Option<Node>)>, Unconvertible>;

/// The same, borrowed where it is the object as it stands.
type Seen<'v> = (Cow<'v, Value>, Option<Node>);

/// What a write goes by.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The schema of the version written in.
    pub node: Option<&'a Node>,
    /// An object of the kind before anything is set.
    pub zero: &'a Value,
    /// An object in another version than it says itself.
    pub told: &'a dyn Fn(&Value, &str) -> Told,
    /// What a write in a version neither owns nor takes: paths, with all below them.
    pub reset: &'a dyn Fn(&str) -> Set,
}

impl<'a> Terms<'a> {
    /// The terms of a kind with one version of which everything counts.
    pub fn plain(node: Option<&'a Node>, zero: &'a Value) -> Self {
        Self { node, zero, told: &|_, _| Ok(None), reset: &|_| Set::default() }
    }

    /// A set without what does not count.
    pub(super) fn counted(&self, set: &Set, version: &str) -> Set {
        set.recursive_difference(&(self.reset)(version))
    }

    /// An object in a version: as it is where that is the version written in.
    fn tell<'v>(&self, object: &'v Value, version: &str) -> Result<Option<Seen<'v>>, Unconvertible> {
        let own = &self.zero["apiVersion"];
        if own.is_null() || (*own == version && object["apiVersion"] == *own) {
            return Ok(Some((Cow::Borrowed(object), self.node.cloned())));
        }
        Ok((self.told)(object, version)?.map(|(object, node)| (Cow::Owned(object), node)))
    }
}

/// A difference without what does not count in a version.
fn filtered(terms: &Terms, delta: &Delta, version: &str) -> Delta {
    Delta {
        added: terms.counted(&delta.added, version),
        modified: terms.counted(&delta.modified, version),
        removed: terms.counted(&delta.removed, version),
    }
}

/// What differs in each of the versions; none where the version is gone.
pub(super) fn deltas<'e>(
    terms: &Terms,
    (live, new): (&Value, &Value),
    versions: impl Iterator<Item = &'e str>,
) -> Result<BTreeMap<String, Option<Delta>>, Unconvertible> {
    let mut all = BTreeMap::new();
    for version in versions {
        if all.contains_key(version) {
            continue;
        }
        let said =
            |what: &str, error: Unconvertible| Unconvertible(format!("failed to convert {what} object: {error}"));
        let old = terms.tell(live, version).map_err(|error| said("old", error))?;
        let now = terms.tell(new, version).map_err(|error| said("new", error))?;
        let delta = old.zip(now).map(|((old, node), (now, _))| changed(node.as_ref(), &old, &now));
        all.insert(version.to_owned(), delta.map(|delta| filtered(terms, &delta, version)));
    }
    Ok(all)
}

/// The entries as the schemas of today tell them: of what became atomic, the whole is owned instead of its parts. Entries
/// in versions that are gone are left out.
pub(super) fn reconciled(terms: &Terms, live: &Value, entries: Vec<Entry>) -> Result<Vec<Entry>, Unconvertible> {
    let mut out = Vec::new();
    for mut entry in entries {
        let Some((_, node)) = terms.tell(live, entry.api_version.raw())? else { continue };
        entry.set = atomic(node.as_ref(), &entry.set);
        out.push(entry);
    }
    Ok(out)
}

fn atomic(node: Option<&Node>, set: &Set) -> Set {
    let Some(node) = node else { return set.clone() };
    if matches!(node.shape(), Shape::Any | Shape::Scalar(_)) {
        return set.clone();
    }
    let mut out = Set::default();
    for (step, member, below) in set.steps() {
        let place = child(Some(node), step);
        let shape = place.as_ref().map(Node::shape);
        let whole = matches!(shape, Some(Shape::AtomicMap | Shape::List(ListKind::Atomic)));
        if whole && !below.is_empty() {
            out.graft(step, true, Set::default());
        } else {
            out.graft(step, member, atomic(place.as_ref(), below));
        }
    }
    out
}

/// `Updater.prune`: what the manager applied last and applies no more goes, unless another owns it.
pub(super) fn pruned(
    terms: &Terms,
    merged: &Value,
    (entries, by): (&[Entry], &Entry),
    last: &Entry,
) -> Result<Value, Unconvertible> {
    let version = last.api_version.raw();
    let said = |what: String| move |error: Unconvertible| Unconvertible(format!("{what}: {error}"));
    let told = terms.tell(merged, version);
    let told = told.map_err(said("failed to convert merged object to last applied version".to_owned()))?;
    let Some((merged, node)) = told else { return Ok(merged.clone()) };
    let node = node.as_ref();
    let first = remove(node, &merged, &name_members(node, &last.set));
    let kept = owned_again(terms, (merged.clone().into_owned(), first), version, entries);
    let kept = kept.map_err(said("failed add back owned items".to_owned()))?;
    let Some((kept, _)) = terms.tell(&kept, version)? else { return Ok(merged.into_owned()) };
    let named = |set: &Set| name_members(node, set);
    let gone = named(&set_of(node, &merged)).difference(&named(&set_of(node, &kept)));
    let rest = remove(node, &merged, &gone.intersection(&named(&last.set)));
    let told = terms.tell(&rest, by.api_version.raw())?.map(|(rest, _)| rest.into_owned());
    Ok(told.unwrap_or(rest))
}

/// What was pruned too much comes back: all that somebody still owns, the version of the last apply first.
fn owned_again(
    terms: &Terms,
    (mut merged, mut pruned): (Value, Value),
    first: &str,
    entries: &[Entry],
) -> Result<Value, Unconvertible> {
    let mut owned: BTreeMap<(bool, &str), Set> = BTreeMap::new();
    for entry in entries {
        let version = entry.api_version.raw();
        let all = owned.entry((version != first, version)).or_default();
        *all = all.union(&entry.set);
    }
    for ((_, version), owned) in owned {
        let said = |what: &str, error: Unconvertible| {
            Unconvertible(format!("failed to convert {what} object at version {version}: {error}"))
        };
        let Some((whole, node)) = terms.tell(&merged, version).map_err(|error| said("merged", error))? else {
            continue;
        };
        let Some((rest, _)) = terms.tell(&pruned, version).map_err(|error| said("pruned", error))? else { continue };
        let node = node.as_ref();
        let named = |set: &Set| name_members(node, set);
        let keep = named(&set_of(node, &rest)).union(&named(&owned));
        pruned = remove(node, &whole, &named(&set_of(node, &whole)).difference(&keep));
        merged = whole.into_owned();
    }
    Ok(pruned)
}
