//! What the watches saw, by object: kept in memory within bounds, handed to judgements, and noted for later processes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::event::Scene;
use crate::diff;
use crate::journal::{Journal, Looked, Witnessed};
use crate::model::{AppId, ClusterName, Deed, Live, ResourceKey, Said, Write};

/// Writes kept of one object, the newest.
const PER_OBJECT: usize = 32;
/// Writes kept in all.
const IN_ALL: usize = 50_000;

/// The testimony of one process, begun with that of earlier ones.
#[derive(Default)]
pub(super) struct Testimony {
    writes: BTreeMap<ResourceKey, Arc<Vec<Write>>>,
    count: usize,
    /// How objects were when an earlier process last looked; taken out once they are seen again.
    looked: BTreeMap<ResourceKey, (Timestamp, Looked)>,
    /// Not noted yet.
    fresh: Vec<Witnessed>,
}

impl Testimony {
    /// Reads back what earlier processes on this host left. Blocks; once.
    pub fn recall<'a>(journal: Option<&Journal>, apps: impl Iterator<Item = &'a AppId>) -> Self {
        let mut own = Self::default();
        let Some(journal) = journal else { return own };
        for app in apps {
            let Some(look) = journal.look(app) else { continue };
            let objects = look.objects.into_iter().map(|((kind, namespace, name), looked)| {
                (ResourceKey { cluster: app.cluster.clone(), kind, namespace, name }, (look.at, looked))
            });
            own.looked.extend(objects);
        }
        let mut witnessed = journal.writes();
        // Several processes append to one file, each what it saw in its order.
        witnessed.sort_by_key(|seen| seen.write.by.time);
        for Witnessed { key, uid, version, write } in witnessed {
            own.look_again(&key, (uid, version), &write);
            own.keep(&key, write);
        }
        own
    }

    /// A write that was seen after the last look is a later look at that one object.
    fn look_again(&mut self, key: &ResourceKey, (uid, version): (Arc<str>, Arc<str>), write: &Write) {
        let Some(at) = write.by.time else { return };
        let known = match self.looked.get(key) {
            Some((looked_at, _)) if *looked_at >= at => return,
            Some((_, looked)) => looked.known.clone(),
            None => Vec::new(),
        };
        let path = (write.deed == Deed::Field).then(|| write.path.clone());
        let known = known.into_iter().chain(path).collect();
        self.looked.insert(key.clone(), (at, Looked { uid, version, stamp: None, known }));
    }

    /// What is known of an object, oldest first.
    pub fn of(&self, key: &ResourceKey) -> Option<&Arc<Vec<Write>>> {
        self.writes.get(key)
    }

    /// Takes in what a watch saw of an object.
    pub fn add(&mut self, key: &ResourceKey, now: Option<&Live>, writes: Vec<Write>) {
        for write in writes {
            let uid = now.map_or_else(|| "".into(), |live| live.uid.clone());
            let version = now.map_or_else(|| "".into(), |live| live.resource_version.clone());
            if self.fresh.len() < IN_ALL {
                self.fresh.push(Witnessed { key: key.clone(), uid, version, write: write.clone() });
            }
            self.keep(key, write);
        }
    }

    /// Whether something is to be noted.
    pub fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// What is to be noted.
    pub fn take_fresh(&mut self) -> Vec<Witnessed> {
        std::mem::take(&mut self.fresh)
    }

    /// A newer write takes the place of those at its path; one of the whole object that of all. After one that was not seen
    /// only that stands of what was before which the live value can confirm, also when it is read back.
    fn keep(&mut self, key: &ResourceKey, write: Write) {
        let writes = Arc::make_mut(self.writes.entry(key.clone()).or_default());
        let before = writes.len();
        if matches!(write.deed, Deed::Unseen { .. }) {
            writes.retain(is_comparable);
        } else {
            writes.retain(|old| !write.path.covers(&old.path));
        }
        if writes.len() >= PER_OBJECT {
            writes.remove(0);
        }
        writes.push(write);
        self.count = (self.count + writes.len()).saturating_sub(before);
        if self.count > IN_ALL {
            self.forget_oldest();
        }
    }

    /// Lets go of the tenth of the objects about which nothing was heard for longest.
    fn forget_oldest(&mut self) {
        let newest = |writes: &Arc<Vec<Write>>| writes.last().and_then(|write| write.by.time);
        let mut times: Vec<_> = self.writes.values().map(newest).collect();
        times.sort_unstable();
        let Some(limit) = times.get(times.len() / 10).copied() else { return };
        self.writes.retain(|_, writes| newest(writes) > limit);
        self.count = self.writes.values().map(|writes| writes.len()).sum();
    }

    /// A scene is listed for the first time: what is not as it was when an earlier process last looked has changed in
    /// between. `find` finds what is live now.
    pub fn meet<'l>(
        &mut self,
        (cluster, scene): (&ClusterName, &Scene),
        now: Timestamp,
        find: impl Fn(&ResourceKey) -> Option<&'l Live>,
    ) {
        let from = ResourceKey {
            cluster: cluster.clone(),
            kind: scene.kind.clone(),
            namespace: scene.namespace.clone(),
            name: "".into(),
        };
        let inside = |key: &ResourceKey| {
            let place = scene.namespace.is_empty() || key.namespace == scene.namespace;
            key.cluster == *cluster && key.kind == scene.kind && place
        };
        let met: Vec<_> =
            self.looked.range(from..).map(|(key, _)| key).take_while(|key| inside(key)).cloned().collect();
        for key in met {
            let Some((at, looked)) = self.looked.remove(&key) else { continue };
            self.compare(&key, (at.min(now), looked), find(&key), now);
        }
    }

    fn compare(&mut self, key: &ResourceKey, (at, looked): (Timestamp, Looked), live: Option<&Live>, now: Timestamp) {
        let write = match live {
            Some(live) if live.uid == looked.uid && live.resource_version == looked.version => return,
            Some(_) => diff::unseen((at, now), looked.known, looked.stamp),
            None if looked.uid.is_empty() => return,
            None => diff::went_unseen(at, now),
        };
        self.add(key, live, vec![write]);
    }
}

/// Whether it can be told from the live value that a write still stands.
fn is_comparable(write: &Write) -> bool {
    write.deed == Deed::Field && matches!(write.now, None | Some(Said::Plain(_)))
}

#[cfg(test)]
#[path = "testimony/tests.rs"]
mod tests;
