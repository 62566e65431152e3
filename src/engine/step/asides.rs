//! What is minded beside the apps' objects, and what follows when it changes (drift.md *Cost*: epochs).
//!
//! Owns when a watch on definitions, admission, records and Leases is worth its connection, and what is out of date after a
//! change. Nothing is minded by a command that ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::advance::{advance, reread_record};
use super::{advance_all, disputes, judging};
use crate::engine::effect::Effect;
use crate::engine::event::{Aside, Named};
use crate::engine::world::{AppWorld, ClusterWorld, Role, World};
use crate::model::{AppId, ClusterName, Kind, Now, ResourceKey, is_built_in};

/// When a changed definition is looked at again, in seconds after the change: servers publish it by and by.
const LOOKS: [u64; 6] = [0, 1, 3, 7, 15, 30];
/// How often, in seconds, what may not be watched is looked at instead.
const BLIND_EVERY: u64 = 600;

/// Starts minding what has become worth it, and looks at what may not be watched.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let names: Vec<ClusterName> = world.clusters.keys().cloned().collect();
    let mut effects = Vec::new();
    for name in &names {
        effects.extend(mind(world, name));
        effects.extend(look(world, name, now));
    }
    effects
}

/// What is worth minding and is not yet.
pub(super) fn mind(world: &mut World, name: &ClusterName) -> Option<Effect> {
    let wanted = worth(world, world.clusters.get(name).filter(|cluster| cluster.is_up())?);
    let cluster = world.clusters.get_mut(name)?;
    let fresh: BTreeSet<Aside> = wanted.difference(&cluster.minded).copied().collect();
    cluster.minded.extend(&fresh);
    (!fresh.is_empty()).then(|| Effect::Mind(name.clone(), fresh))
}

fn worth(world: &World, cluster: &ClusterWorld) -> BTreeSet<Aside> {
    let mut wanted = BTreeSet::new();
    let apps = || world.apps.values().filter(|app| app.spec.id.cluster == cluster.spec.name);
    if world.role == Role::OneShot || apps().next().is_none() {
        return wanted;
    }
    wanted.insert(Aside::Records);
    if world.role == Role::Cockpit || world.read_only {
        wanted.insert(Aside::Leases);
    }
    if cluster.scenes.keys().any(|scene| !is_built_in(&scene.kind.group)) {
        wanted.insert(Aside::Definitions);
    }
    // Only what a server has answered can be out of date by its admission.
    if apps().any(|app| !app.confirmed.is_empty()) {
        wanted.insert(Aside::Admission);
    }
    wanted
}

/// Looks again after a definition has changed; and, rarely, at what may not be watched.
fn look(world: &mut World, name: &ClusterName, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name).filter(|cluster| cluster.is_up()) else { return Vec::new() };
    let due = cluster.looks.iter().filter(|at| **at <= now.since_start).count();
    cluster.looks.drain(..due);
    let turn = now.since_start.as_secs().is_multiple_of(BLIND_EVERY) && now.since_start.as_secs() > 0;
    let blind = |aside| turn && cluster.unminded.contains(&aside);
    let (definitions, admission) = (blind(Aside::Definitions), blind(Aside::Admission));
    let mut effects = if due > 0 || definitions { look_at_definitions(cluster) } else { Vec::new() };
    if admission {
        effects.extend(admission_moved(world, name, now));
    }
    effects
}

/// Discovery, and the schemas of what is not the server's own: unchanged documents cost no request but the index.
fn look_at_definitions(cluster: &ClusterWorld) -> Vec<Effect> {
    let group = |version: &Arc<str>| version.split_once('/').is_some_and(|(group, _)| !is_built_in(group));
    let schemas: BTreeSet<Arc<str>> = cluster.schemas_asked.iter().filter(|version| group(version)).cloned().collect();
    let name = cluster.spec.name.clone();
    let mut effects = vec![Effect::Rediscover(name.clone())];
    if !schemas.is_empty() {
        effects.push(Effect::LoadSchemas(name, schemas));
    }
    effects
}

/// Something that is minded has changed.
pub(super) fn moved(world: &mut World, name: &ClusterName, aside: Aside, now: Now) -> Vec<Effect> {
    match aside {
        Aside::Admission => admission_moved(world, name, now),
        Aside::Definitions => {
            if let Some(cluster) = world.clusters.get_mut(name) {
                cluster.looks = LOOKS.iter().map(|after| now.since_start + Duration::from_secs(*after)).collect();
            }
            look(world, name, now)
        }
        Aside::Leases | Aside::Records => Vec::new(),
    }
}

/// What the server has answered so far counts no more.
fn admission_moved(world: &mut World, name: &ClusterName, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.admission += 1;
    let apps = world.apps_on(name);
    for app in world.apps.values_mut().filter(|app| app.spec.id.cluster == *name) {
        let answered: Vec<ResourceKey> = app.confirmed.keys().chain(app.waiting.keys()).cloned().collect();
        judge_again(app, answered);
    }
    advance_all(world, &apps, now)
}

/// The schemas of these kinds are others: their objects are judged again.
pub(super) fn schemas_moved(world: &mut World, name: &ClusterName, kinds: &BTreeSet<Kind>, now: Now) -> Vec<Effect> {
    let apps = world.apps_on(name);
    for app in world.apps.values_mut().filter(|app| app.spec.id.cluster == *name) {
        let touched = judging::keys_of(app).into_iter().filter(|key| kinds.contains(&key.kind)).collect();
        judge_again(app, touched);
    }
    advance_all(world, &apps, now)
}

fn judge_again(app: &mut AppWorld, keys: Vec<ResourceKey>) {
    app.changed |= !keys.is_empty();
    for key in keys {
        app.confirmed.remove(&key);
        app.settled.remove(&key);
        app.dirty.insert(key);
    }
}

/// It may not be looked at.
pub(super) fn refused(world: &mut World, name: &ClusterName, aside: Aside) -> Vec<Effect> {
    if let Some(cluster) = world.clusters.get_mut(name) {
        cluster.unminded.insert(aside);
    }
    Vec::new()
}

/// Records came or went: whose name they have reads its own again.
pub(super) fn records_moved(world: &mut World, name: &ClusterName, records: &BTreeSet<Arc<str>>) -> Vec<Effect> {
    let mine = |id: &AppId| records.contains(&*format!("driftdeck.{}", id.name));
    let apps: Vec<AppId> = world.apps_on(name).into_iter().filter(mine).collect();
    apps.iter().filter_map(|id| reread_record(world, id)).collect()
}

/// What live objects say of where their app's record is, and of whose they are.
pub(super) fn named(world: &mut World, id: &AppId, said: Named, now: Now) -> Vec<Effect> {
    let mut effects = disputes::take_in(world, &id.cluster, &said.apps, now);
    effects.extend(records_named(world, id, said.records, now));
    effects
}

fn records_named(
    world: &mut World,
    id: &AppId,
    said: BTreeMap<ResourceKey, Option<Arc<str>>>,
    now: Now,
) -> Vec<Effect> {
    let Some(app) = world.apps.get_mut(id) else { return Vec::new() };
    let before = app.named.clone();
    for (key, namespace) in said {
        match namespace {
            Some(namespace) => drop(app.named.insert(key, namespace)),
            None => drop(app.named.remove(&key)),
        }
    }
    if app.named == before {
        return Vec::new();
    }
    app.changed = true;
    advance(world, id, now)
}

/// What a screen shows now.
pub(super) fn shown(world: &mut World, apps: BTreeSet<AppId>) -> Vec<Effect> {
    world.shown = apps;
    Vec::new()
}

/// A new connection minds nothing yet, and what was answered before is not known to hold.
pub(super) fn connected(cluster: &mut ClusterWorld) {
    cluster.minded.clear();
    cluster.unminded.clear();
    cluster.looks.clear();
    cluster.admission += 1;
}
