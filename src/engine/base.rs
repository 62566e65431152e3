//! The third leg: what git declared when an object was last in sync (drift.md *Inputs*, P). Blocking.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desired::Desired;
use super::rendering;
use super::site::{SeenSynced, Site};
use crate::diff::BaseLeg;
use crate::model::{Base, CommitId, InventoryLine, Kind, Record, ResourceKey, Rule, Without};

/// Distinct commits that are rendered for bases; beyond it the hash in the record stands in.
const COMMITS: usize = 20;
/// So few objects are looked up line by line; an index over the whole record would cost more than it saves.
const FEW: usize = 8;

/// Finds the base of each object: by record, by what this host saw, by what others claim, by hash.
pub(super) struct Bases {
    record: Option<Arc<Record>>,
    lines: BTreeMap<(Kind, Arc<str>, Arc<str>), usize>,
    seen: Arc<SeenSynced>,
    claimed: Option<CommitId>,
    renders: BTreeMap<CommitId, Option<Arc<Desired>>>,
    without: Without,
}

impl Bases {
    /// Renders what the bases of `keys` need; the desired commit's own render is reused.
    pub fn gather<'k>(site: &Site, desired: &Arc<Desired>, keys: impl Iterator<Item = &'k ResourceKey>) -> Self {
        let without = site.shared.without;
        let record = site.record.record().cloned();
        let keys: Vec<_> = keys.collect();
        let wanted = |line: &InventoryLine| keys.len() > FEW || keys.iter().any(|key| is_line_of(line, key));
        let lines = record.iter().flat_map(|record| record.inventory.iter().enumerate());
        let lines = lines
            .filter(|(_, line)| wanted(line))
            .map(|(n, line)| ((line.kind.clone(), line.namespace.clone(), line.name.clone()), n))
            .collect();
        let claimed = super::claimed::commit_of(site);
        let mut bases = Self { record, lines, seen: Arc::default(), claimed, renders: BTreeMap::new(), without };
        bases.seen = site.seen_synced();
        bases.renders.insert(desired.at.clone(), Some(desired.clone()));
        bases.renders.insert(desired.commit.id.clone(), Some(desired.clone()));
        for key in keys {
            // The next one only where the one before is gone.
            for (_, commit) in bases.commits_of(key) {
                if !bases.renders.contains_key(&commit) {
                    let render =
                        (bases.renders.len() < COMMITS).then(|| rendering::at_commit(site, &commit).ok()).flatten();
                    bases.renders.insert(commit.clone(), render);
                }
                if bases.rendered(&commit).is_some() {
                    break;
                }
            }
        }
        bases
    }

    /// The line of an object in our record.
    pub fn line(&self, key: &ResourceKey) -> Option<&InventoryLine> {
        let at = self.lines.get(&place(key))?;
        self.record.as_ref()?.inventory.get(*at)
    }

    /// The commits that may be the base, best first (drift.md *Inputs*, P).
    fn commits_of(&self, key: &ResourceKey) -> Vec<(Base, CommitId)> {
        let on = |rule: Rule| self.without.has(rule);
        let recorded = self.line(key).map(|line| (Base::Record, line.commit.clone()));
        let seen = self.seen.get(&place(key)).map(|commit| (Base::Seen, commit.clone()));
        let claimed = self.claimed.clone().map(|commit| (Base::Claimed, commit));
        let recorded = recorded.filter(|_| on(Rule::BaseRecord));
        let seen = seen.filter(|_| on(Rule::BaseSeen));
        recorded.into_iter().chain(seen).chain(claimed.filter(|_| on(Rule::BaseClaimed))).collect()
    }

    fn rendered(&self, commit: &CommitId) -> Option<&Arc<Desired>> {
        self.renders.get(commit).and_then(Option::as_ref)
    }

    /// The base of one object: by record, by what was seen, by what others claim, by hash, in this order.
    pub fn leg<'a>(&'a self, key: &ResourceKey) -> BaseLeg<'a> {
        let commits = self.commits_of(key);
        let found = commits.iter().find_map(|(base, commit)| Some((*base, self.rendered(commit)?.manifests.get(key))));
        // What somebody else has synced without this object says nothing of it.
        let found = found.filter(|(base, manifest)| *base != Base::Claimed || manifest.is_some());
        match (found, self.line(key)) {
            (Some((base, manifest)), _) => BaseLeg::At(base, manifest),
            (None, Some(line)) if !line.hash.is_empty() && self.without.has(Rule::BaseHash) => {
                BaseLeg::Hash(&line.hash)
            }
            (None, _) => BaseLeg::None,
        }
    }
}

fn place(key: &ResourceKey) -> (Kind, Arc<str>, Arc<str>) {
    (key.kind.clone(), key.namespace.clone(), key.name.clone())
}

/// The line of an object in an app's record.
pub(super) fn line_of<'s>(site: &'s Site, key: &ResourceKey) -> Option<&'s InventoryLine> {
    let inventory = &site.record.record()?.inventory;
    inventory.iter().find(|line| is_line_of(line, key))
}

fn is_line_of(line: &InventoryLine, key: &ResourceKey) -> bool {
    line.name == key.name && line.namespace == key.namespace && line.kind == key.kind
}
