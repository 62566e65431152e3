//! Minding what is not an app's object: one narrow watch each, `metadata` only where that is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Driver;
use crate::cluster::{self, Lookup, Narrow, Seen, SeenWhat, Served, Target};
use crate::engine::event::{Aside, Event};
use crate::engine::line::Minded;
use crate::model::{AgentSeen, ClusterName, Gvk, Kind, Live, ReasonCode, ResourceKey};

impl Driver {
    /// Starts minding; what is not served is not minded.
    pub(super) fn mind(&mut self, name: &ClusterName, asides: &BTreeSet<Aside>) -> Option<Event> {
        for aside in asides {
            for target in self.targets_of(name, *aside) {
                self.start_minding(name, target, *aside);
            }
        }
        None
    }

    fn targets_of(&self, name: &ClusterName, aside: Aside) -> Vec<Target> {
        let Some(line) = self.lines.get(name) else { return Vec::new() };
        let one = |group: &str, kind: &str| line.discovery.find_kind(&Kind::new(group, kind));
        let found = match aside {
            Aside::Leases => vec![one("coordination.k8s.io", "Lease")],
            Aside::Records => vec![one("", "ConfigMap")],
            Aside::Definitions => vec![one("apiextensions.k8s.io", "CustomResourceDefinition")],
            Aside::Admission => {
                let group = "admissionregistration.k8s.io";
                let kinds: BTreeSet<Arc<str>> = line
                    .discovery
                    .iter()
                    .filter(|served| *served.gvk.group == *group)
                    .map(|served| served.gvk.kind.clone())
                    .collect();
                kinds.iter().map(|kind| one(group, kind)).chain([one("", "LimitRange")]).collect()
            }
        };
        let whole = |lookup| match lookup {
            Lookup::Served(served) if served.takes("watch") => Some(Target { served, namespace: None }),
            _ => None,
        };
        found.into_iter().filter_map(whole).collect()
    }

    fn start_minding(&mut self, name: &ClusterName, target: Target, aside: Aside) {
        let Some(line) = self.lines.get_mut(name) else { return };
        let stop = line.stop.child_token();
        let minded = Minded { aside, stop: stop.clone(), listed: false, marks: BTreeMap::new() };
        if line.asides.insert(target.clone(), minded).is_none() {
            line.cluster.watch_part(target, narrow(aside), self.asides.clone(), stop);
        }
    }

    /// What such a watch said.
    pub(super) fn hear_aside(&mut self, seen: Seen) {
        if seen.is_past() {
            return;
        }
        let Seen { cluster: name, target, what, .. } = seen;
        let Some(line) = self.lines.get_mut(&name) else { return };
        let Some(minded) = line.asides.get_mut(&target) else { return };
        let (aside, first) = (minded.aside, !minded.listed);
        let moved = match what {
            SeenWhat::Listed(all) => replace(minded, &all),
            SeenWhat::Changed(object) => put(minded, &object).into_iter().collect(),
            SeenWhat::Gone(key) => minded.marks.remove(&key).map(|_| key).into_iter().collect(),
            SeenWhat::Failed(error) => return self.unmind(&name, &target, crate::engine::adapt::call(&error).code),
            SeenWhat::Opened | SeenWhat::Alive => return self.take(Event::Alive(name)),
        };
        match aside {
            _ if moved.is_empty() => {}
            Aside::Leases => self.tell_agent(&name),
            Aside::Records => self.tell_records(name, &moved, first),
            Aside::Definitions | Aside::Admission if first => {}
            Aside::Definitions | Aside::Admission => self.take(Event::Minded(name, aside)),
        }
    }

    /// What may not be looked at is not asked for again and again; Leases are looked for where the records lie.
    fn unmind(&mut self, name: &ClusterName, target: &Target, code: ReasonCode) {
        if !matches!(code, ReasonCode::Forbidden | ReasonCode::KindNotServed | ReasonCode::Other) {
            return;
        }
        let Some(line) = self.lines.get_mut(name) else { return };
        let Some(minded) = line.asides.remove(target) else { return };
        minded.stop.cancel();
        if minded.aside == Aside::Leases && target.namespace.is_none() {
            for namespace in self.lease_namespaces(name) {
                let target = Target { namespace: Some(namespace.into()), ..target.clone() };
                self.start_minding(name, target, Aside::Leases);
            }
        }
        self.take(Event::Unminded(name.clone(), minded.aside));
    }

    fn tell_agent(&mut self, name: &ClusterName) {
        let Some(line) = self.lines.get(name) else { return };
        let leases = line.asides.values().filter(|minded| minded.aside == Aside::Leases);
        let near = self.lease_namespaces(name);
        let times = leases.flat_map(|minded| &minded.marks);
        let times = times.filter(|(key, _)| near.contains(&*key.namespace)).filter_map(|(_, mark)| mark.parse().ok());
        let newest = times.max();
        let known = self.world.clusters.get(name).map(|cluster| cluster.agent);
        if known != Some(newest.map_or(AgentSeen::Never, AgentSeen::At)) {
            self.take(Event::AgentSeen(name.clone(), newest));
        }
    }

    fn tell_records(&mut self, name: ClusterName, moved: &[ResourceKey], first: bool) {
        let Some(line) = self.lines.get(&name) else { return };
        let records = line.asides.values().filter(|minded| minded.aside == Aside::Records);
        let found = records.flat_map(|minded| minded.marks.keys());
        line.cluster.note_records(found.map(|key| (key.namespace.clone(), key.name.clone())).collect());
        if !first {
            let names = moved.iter().map(|key| key.name.clone()).collect();
            self.take(Event::RecordsMoved(name, names));
        }
    }
}

fn narrow(aside: Aside) -> Narrow {
    match aside {
        Aside::Leases => Narrow { name: Some(cluster::LEASE), ..Narrow::default() },
        Aside::Records => Narrow { labels: Some(cluster::RECORDS), heads: true, ..Narrow::default() },
        Aside::Definitions | Aside::Admission => Narrow { heads: true, ..Narrow::default() },
    }
}

/// What moves when it matters: of a Lease its time, of a record that it is there, of the rest the version.
fn mark(aside: Aside, live: &Live) -> Arc<str> {
    match aside {
        Aside::Leases => cluster::renewed_at(live).map_or_else(|| "".into(), |at| at.to_string().into()),
        Aside::Records => "".into(),
        Aside::Definitions | Aside::Admission => live.resource_version.clone(),
    }
}

fn put(minded: &mut Minded, live: &Live) -> Option<ResourceKey> {
    let mark = mark(minded.aside, live);
    let was = minded.marks.insert(live.key.clone(), mark.clone());
    (was != Some(mark)).then(|| live.key.clone())
}

fn replace(minded: &mut Minded, all: &[Live]) -> Vec<ResourceKey> {
    minded.listed = true;
    let old = std::mem::take(&mut minded.marks);
    let mut moved = Vec::new();
    for live in all {
        let mark = mark(minded.aside, live);
        if old.get(&live.key) != Some(&mark) {
            moved.push(live.key.clone());
        }
        minded.marks.insert(live.key.clone(), mark);
    }
    moved.extend(old.into_keys().filter(|key| !minded.marks.contains_key(key)));
    moved
}

impl Driver {
    /// The kinds whose schema is another one than before, of those that apps use.
    pub(super) fn moved_kinds(
        &self,
        name: &ClusterName,
        before: &crate::schema::Schemas,
        after: &crate::schema::Schemas,
    ) -> BTreeSet<Kind> {
        let apps = self.world.apps.values().filter(|app| app.spec.id.cluster == *name);
        let manifests = apps.flat_map(|app| &app.desired).flat_map(|desired| desired.manifests.values());
        let used: BTreeSet<&Gvk> = manifests.map(|manifest| &manifest.gvk).collect();
        used.into_iter().filter(|gvk| before.hash(gvk) != after.hash(gvk)).map(Gvk::kind).collect()
    }

    /// Whether a newer discovery says something else of a kind that is used here.
    pub(super) fn concerns(
        &self,
        name: &ClusterName,
        before: &crate::cluster::Discovery,
        after: &crate::cluster::Discovery,
    ) -> bool {
        let apps = || self.world.apps.values().filter(|app| app.spec.id.cluster == *name);
        let manifests = apps().flat_map(|app| &app.desired).flat_map(|desired| desired.manifests.values());
        let mut versions: BTreeSet<&Gvk> = manifests.map(|manifest| &manifest.gvk).collect();
        let scenes = self.world.clusters.get(name).into_iter().flat_map(|cluster| cluster.scenes.keys());
        let kinds: BTreeSet<&Kind> = scenes.map(|scene| &scene.kind).collect();
        versions.retain(|gvk| before.find(gvk) != after.find(gvk));
        !versions.is_empty() || kinds.into_iter().any(|kind| before.find_kind(kind) != after.find_kind(kind))
    }

    /// The watches whose kind a discovery does not have any more.
    pub(super) fn unserved(&self, name: &ClusterName) -> Vec<Target> {
        let Some(line) = self.lines.get(name) else { return Vec::new() };
        let gone = |served: &Served| line.discovery.find(&served.gvk) == Lookup::NotServed;
        line.watched.keys().filter(|target| gone(&target.served)).cloned().collect()
    }

    /// Whether a kind that went away is served, as far as is known.
    pub(super) fn is_back(&self, name: &ClusterName) -> bool {
        let Some(line) = self.lines.get(name) else { return false };
        line.lost.iter().any(|target| {
            !line.watched.contains_key(target) && matches!(line.discovery.find(&target.served.gvk), Lookup::Served(_))
        })
    }
}
