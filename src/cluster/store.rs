//! What the watches have said, by key. Owns the objects as bytes; the driver feeds it [`Seen`] and gets back what changed,
//! old bytes beside new ones. Refuses I/O and locks: it is one task's own.

use std::collections::{BTreeMap, BTreeSet};

use super::watch::{Seen, SeenWhat, Target};
use crate::model::{ClusterName, Kind, Live, ResourceKey};

/// One object before and after.
#[derive(Clone, Debug)]
pub struct LiveChange {
    /// Which.
    pub key: ResourceKey,
    /// As it was; `None` = it was not there, or not known.
    pub was: Option<Live>,
    /// As it is; `None` = deleted.
    pub now: Option<Live>,
}

#[derive(Clone, Debug, Default)]
struct Listed {
    complete: bool,
    objects: BTreeMap<ResourceKey, Live>,
}

/// Everything seen on any number of clusters.
#[derive(Clone, Debug, Default)]
pub struct Store {
    targets: BTreeMap<(ClusterName, Target), Listed>,
}

impl Store {
    /// Takes in what a watch said, and says what that changed. An object that comes again as it was changes nothing.
    pub fn apply(&mut self, seen: Seen) -> Vec<LiveChange> {
        let Seen { cluster, target, what, .. } = seen;
        let listed = self.targets.entry((cluster, target)).or_default();
        match what {
            SeenWhat::Listed(all) => listed.replace(all),
            SeenWhat::Changed(live) => listed.put(live).into_iter().collect(),
            SeenWhat::Gone(key) => listed.remove(key).into_iter().collect(),
            SeenWhat::Failed(_) | SeenWhat::Opened | SeenWhat::Alive => Vec::new(),
        }
    }

    /// Forgets a target that is watched no more.
    pub fn forget(&mut self, cluster: &ClusterName, target: &Target) {
        self.targets.remove(&(cluster.clone(), target.clone()));
    }

    /// Whether the target was listed whole: only then is an absent object absent.
    #[must_use]
    pub fn listed(&self, cluster: &ClusterName, target: &Target) -> bool {
        self.targets.get(&(cluster.clone(), target.clone())).is_some_and(|listed| listed.complete)
    }

    /// Whether a list lacks an object that the target had before.
    #[must_use]
    pub fn loses(&self, cluster: &ClusterName, target: &Target, all: &[Live]) -> bool {
        let Some(listed) = self.targets.get(&(cluster.clone(), target.clone())) else { return false };
        let still: BTreeSet<&ResourceKey> = all.iter().map(|live| &live.key).collect();
        listed.objects.keys().any(|key| !still.contains(key))
    }

    /// An object, in whatever version it is watched.
    #[must_use]
    pub fn get(&self, key: &ResourceKey) -> Option<&Live> {
        self.of_cluster_kind(key).find_map(|listed| listed.objects.get(key))
    }

    /// All objects of a kind on a cluster.
    pub fn of_kind<'a>(&'a self, cluster: &'a ClusterName, kind: &'a Kind) -> impl Iterator<Item = &'a Live> {
        let of_kind = move |at: &(ClusterName, Target)| at.0 == *cluster && is_kind(&at.1, kind);
        self.targets.iter().filter(move |(at, _)| of_kind(at)).flat_map(|(_, listed)| listed.objects.values())
    }

    /// How many objects are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.values().map(|listed| listed.objects.len()).sum()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn of_cluster_kind<'a>(&'a self, key: &ResourceKey) -> impl Iterator<Item = &'a Listed> + use<'a> {
        let key = key.clone();
        let here = move |at: &(ClusterName, Target)| at.0 == key.cluster && is_kind(&at.1, &key.kind);
        self.targets.iter().filter(move |(at, _)| here(at)).map(|(_, listed)| listed)
    }
}

fn is_kind(target: &Target, kind: &Kind) -> bool {
    target.served.gvk.kind == kind.kind && target.served.gvk.group == kind.group
}

impl Listed {
    /// A relist: what it does not hold any more is gone, what it holds unchanged is no change.
    fn replace(&mut self, all: Vec<Live>) -> Vec<LiveChange> {
        self.complete = true;
        let mut old = std::mem::take(&mut self.objects);
        let mut changes = Vec::new();
        for live in all {
            let was = old.remove(&live.key);
            if !is_same(was.as_ref(), &live) {
                changes.push(LiveChange { key: live.key.clone(), was, now: Some(live.clone()) });
            }
            self.objects.insert(live.key.clone(), live);
        }
        changes.extend(old.into_iter().map(|(key, was)| LiveChange { key, was: Some(was), now: None }));
        changes
    }

    fn put(&mut self, live: Live) -> Option<LiveChange> {
        let was = self.objects.insert(live.key.clone(), live.clone());
        (!is_same(was.as_ref(), &live)).then(|| LiveChange { key: live.key.clone(), was, now: Some(live) })
    }

    fn remove(&mut self, key: ResourceKey) -> Option<LiveChange> {
        let was = self.objects.remove(&key)?;
        Some(LiveChange { key, was: Some(was), now: None })
    }
}

/// The same object at the same version; versions are opaque, so only equality counts.
fn is_same(was: Option<&Live>, now: &Live) -> bool {
    was.is_some_and(|was| {
        was.uid == now.uid && was.resource_version == now.resource_version && !now.resource_version.is_empty()
    })
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
