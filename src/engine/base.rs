//! The third leg: what git declared when an object was last in sync (drift.md *Inputs*, P). Blocking.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desired::Desired;
use super::rendering;
use super::site::Site;
use crate::diff::BaseLeg;
use crate::model::{Base, CommitId, InventoryLine, Kind, Record, ResourceKey, Rule, Without};

/// Distinct commits that are rendered for bases; beyond it the hash in the record stands in.
const COMMITS: usize = 20;

/// Finds the base of each object: by record, by what this host saw, by hash.
pub(super) struct Bases {
    record: Option<Arc<Record>>,
    lines: BTreeMap<(Kind, Arc<str>, Arc<str>), usize>,
    seen: BTreeMap<(Kind, Arc<str>, Arc<str>), CommitId>,
    renders: BTreeMap<CommitId, Option<Arc<Desired>>>,
    without: Without,
}

impl Bases {
    /// Renders what the bases of `keys` need; the desired commit's own render is reused.
    pub fn gather<'k>(site: &Site, desired: &Arc<Desired>, keys: impl Iterator<Item = &'k ResourceKey>) -> Self {
        let without = site.shared.without;
        let record = site.record.record().cloned();
        let lines = record.iter().flat_map(|record| record.inventory.iter().enumerate());
        let lines =
            lines.map(|(n, line)| ((line.kind.clone(), line.namespace.clone(), line.name.clone()), n)).collect();
        let mut bases = Self { record, lines, seen: BTreeMap::new(), renders: BTreeMap::new(), without };
        let keys: Vec<_> = keys.collect();
        // The journal is a file that is read whole: only for objects that the record does not know.
        if let Some(journal) = site.shared.journal.as_ref().filter(|_| keys.iter().any(|key| bases.line(key).is_none()))
        {
            bases.seen = journal.last_seen(site.id());
        }
        bases.renders.insert(desired.at.clone(), Some(desired.clone()));
        bases.renders.insert(desired.commit.id.clone(), Some(desired.clone()));
        for key in keys {
            let commit = bases.commit_of(key).cloned();
            if let Some(commit) = commit.filter(|commit| !bases.renders.contains_key(commit)) {
                let render =
                    (bases.renders.len() < COMMITS).then(|| rendering::at_commit(site, &commit).ok()).flatten();
                bases.renders.insert(commit, render);
            }
        }
        bases
    }

    /// The line of an object in our record.
    pub fn line(&self, key: &ResourceKey) -> Option<&InventoryLine> {
        let at = self.lines.get(&place(key))?;
        self.record.as_ref()?.inventory.get(*at)
    }

    fn commit_of(&self, key: &ResourceKey) -> Option<&CommitId> {
        self.line(key).map(|line| &line.commit).or_else(|| self.seen_at(key))
    }

    fn seen_at(&self, key: &ResourceKey) -> Option<&CommitId> {
        self.seen.get(&place(key)).filter(|_| self.without.has(Rule::BaseSeen))
    }

    /// The base of one object: by record, by what was seen, by hash, in this order.
    pub fn leg<'a>(&'a self, key: &ResourceKey) -> BaseLeg<'a> {
        let rendered = |commit: &CommitId| self.renders.get(commit).and_then(Option::as_ref);
        let line = self.line(key);
        if let Some(render) =
            line.filter(|_| self.without.has(Rule::BaseRecord)).and_then(|line| rendered(&line.commit))
        {
            return BaseLeg::At(Base::Record, render.manifests.get(key));
        }
        if let Some(render) = self.seen_at(key).and_then(rendered) {
            return BaseLeg::At(Base::Seen, render.manifests.get(key));
        }
        match line {
            Some(line) if !line.hash.is_empty() && self.without.has(Rule::BaseHash) => BaseLeg::Hash(&line.hash),
            _ => BaseLeg::None,
        }
    }
}

fn place(key: &ResourceKey) -> (Kind, Arc<str>, Arc<str>) {
    (key.kind.clone(), key.namespace.clone(), key.name.clone())
}

/// The line of an object in an app's record.
pub(super) fn line_of<'s>(site: &'s Site, key: &ResourceKey) -> Option<&'s InventoryLine> {
    let inventory = &site.record.record()?.inventory;
    inventory.iter().find(|line| line.kind == key.kind && line.namespace == key.namespace && line.name == key.name)
}
