//! Step 6: what people added beside git's fields. What nobody owns, what controllers put there and what a server fills
//! in by itself is silent.

use serde_json::Value;

use super::findings::{Raw, Sort};
use super::{Ground, Owners, Pair, aliases, fresh};
use crate::fields::{self, Entry};
use crate::model::{FieldPath, Op, Rule, Step};
use crate::typed;

/// What somebody added: one difference for each leaf, or for the outermost foreign list item around it.
///
/// `tried` is what a fresh object would be ([`super::fresh`]); without one the known defaults stand in. `after` is what
/// a sync would make of the live object: what it would change anyway is a consequence, not an addition.
pub(super) fn additions(pair: &Pair, tried: Option<&Value>, after: Option<&Value>, ground: &Ground) -> Vec<Raw> {
    if !ground.has(Rule::Touched) {
        return Vec::new();
    }
    let filled = fresh::locally(pair);
    let known = if ground.has(Rule::Fresh) { tried.unwrap_or(&filled) } else { &pair.wanted };
    let sides = Sides { pair, filled: &filled, fresh: known, after };
    let mut paths: Vec<FieldPath> = Vec::new();
    for entry in pair.entries.iter().filter(|entry| counts(entry, ground.owner_lists)) {
        for leaf in entry.set.leaves().into_iter().filter(|leaf| sides.is_addition(leaf)) {
            let path = if ground.has(Rule::ForeignItem) { sides.outermost(leaf) } else { leaf };
            if !paths.iter().any(|other| other.covers(&path)) {
                paths.push(path);
            }
        }
    }
    paths.into_iter().filter_map(|path| raw(pair, path)).collect()
}

/// Whether an entry is somebody's whose additions count: not ours, not a controller's, not a status writer's.
fn counts(entry: &Entry, owners: &Owners) -> bool {
    let status = entry.subresource.as_ref().is_some_and(|part| part.raw() == "status");
    !status && !entry.is_apply_of(fields::MANAGER) && !owners.is_controller(entry.manager.raw())
}

/// What an addition is told by.
struct Sides<'a> {
    pair: &'a Pair<'a>,
    /// Git's object with known defaults: every list item has all of its keys there.
    filled: &'a Value,
    /// What a fresh object would be.
    fresh: &'a Value,
    after: Option<&'a Value>,
}

impl Sides<'_> {
    /// Whether git says anything there. An item that leaves out a defaulted key is not every item with the other keys.
    fn declares(&self, path: &FieldPath) -> bool {
        typed::at(&self.pair.wanted, path).is_some() && typed::at(self.filled, path).is_some()
    }

    fn is_addition(&self, leaf: &FieldPath) -> bool {
        let Some(live) = typed::at(&self.pair.have, leaf) else { return false };
        // Exactly: our entry owns the empty `resources: {}`, and not what somebody put into it.
        let owned = self.pair.ours().is_some_and(|ours| ours.set.contains(leaf));
        if owned || self.declares(leaf) || aliases::of(leaf).is_some_and(|other| self.declares(&other)) {
            return false;
        }
        let stays = self.after.is_none_or(|after| typed::at(after, leaf) == Some(live));
        stays && typed::at(self.fresh, leaf) != Some(live)
    }

    /// The outermost list item around a leaf that neither git nor a fresh object has: a sidecar is one addition.
    fn outermost(&self, leaf: FieldPath) -> FieldPath {
        for (at, step) in leaf.0.iter().enumerate() {
            if matches!(step, Step::Item(_)) {
                let item = FieldPath(leaf.0[..=at].to_vec());
                if !self.declares(&item) && typed::at(self.fresh, &item).is_none() {
                    return item;
                }
            }
        }
        leaf
    }
}

fn raw(pair: &Pair, path: FieldPath) -> Option<Raw> {
    let live = typed::at(&pair.have, &path)?.clone();
    Some(Raw { path, op: Op::Add, git: None, live: Some(live), sort: Sort::Foreign })
}
