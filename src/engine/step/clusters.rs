//! Clusters: connecting, liveness, unlocks, schemas. Each cluster fails alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::advance_all;
use crate::engine::effect::Effect;
use crate::engine::event::{Contact, Trouble};
use crate::engine::world::{ClusterWorld, Link, Role, SceneState, World, because, reason};
use crate::model::{AgentSeen, ClusterName, Foreign, Now, ReasonCode};

/// How often a connected cluster is asked whether it lives.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(5);
/// Silence after which nothing a cluster said counts as now (product.md, *What must hold everywhere*).
pub(in crate::engine) const STALE_AFTER: Duration = Duration::from_secs(15);
/// How often, in seconds, the agent renews its Lease; others watch it.
const LEASE_EVERY: u64 = 10;
/// How often, in seconds, discovery is made again while a kind is missing.
const REDISCOVER_EVERY: u64 = 10;
/// Longest wait between attempts to connect.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// What time brings to clusters.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let (role, mut effects) = (lease_role(world), Vec::new());
    for cluster in world.clusters.values_mut() {
        end_unlock(cluster, now);
        effects.extend(reach(cluster, role, now));
    }
    effects
}

/// Connects, probes, or looks at the Lease: whatever is due.
fn reach(cluster: &mut ClusterWorld, role: Role, now: Now) -> Vec<Effect> {
    let name = cluster.spec.name.clone();
    match &cluster.link {
        Link::Idle => connect(cluster, 1),
        Link::Down(_, times, at) if *at <= now.since_start => {
            let times = times + 1;
            connect(cluster, times)
        }
        Link::Up => {
            let mut effects = probe(cluster, now);
            effects.extend(rediscover(cluster, now));
            effects.extend(lease(&name, role, now));
            effects
        }
        Link::Connecting(_) | Link::Down(..) => Vec::new(),
    }
}

/// Asks a cluster now, whatever was to be waited for: a lost one is connected, a connected one probed.
pub(super) fn ask_now(cluster: &mut ClusterWorld) -> Vec<Effect> {
    match cluster.link {
        Link::Down(_, times, _) => connect(cluster, times),
        Link::Up if !cluster.probing => {
            cluster.probing = true;
            vec![Effect::Probe(cluster.spec.name.clone())]
        }
        Link::Idle | Link::Connecting(_) | Link::Up => Vec::new(),
    }
}

fn connect(cluster: &mut ClusterWorld, times: u32) -> Vec<Effect> {
    cluster.link = Link::Connecting(times);
    vec![Effect::Connect(cluster.spec.name.clone())]
}

fn probe(cluster: &mut ClusterWorld, now: Now) -> Vec<Effect> {
    let due = cluster.answered.is_none_or(|at| now.since_start.saturating_sub(at.since_start) >= PROBE_EVERY);
    if cluster.probing || !due {
        return Vec::new();
    }
    cluster.probing = true;
    vec![Effect::Probe(cluster.spec.name.clone())]
}

/// While a kind is not served, or its group does not answer, discovery is made again: its definition may have come.
fn rediscover(cluster: &ClusterWorld, now: Now) -> Option<Effect> {
    let waits = cluster.scenes.values().any(is_unserved);
    let due = now.since_start.as_secs().is_multiple_of(REDISCOVER_EVERY);
    (waits && due).then(|| Effect::Rediscover(cluster.spec.name.clone()))
}

/// Discovery was made again: kinds that were not served may be asked for once more.
pub(super) fn rediscovered(world: &mut World, name: &ClusterName, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.epoch += 1;
    cluster.answered = Some(now);
    forget_unserved(cluster);
    let apps = world.apps_on(name);
    advance_all(world, &apps, now)
}

/// Not served, or by a group that does not answer: nothing watches it until discovery says otherwise.
fn is_unserved(scene: &SceneState) -> bool {
    let codes = [ReasonCode::KindNotServed, ReasonCode::ClusterUnreachable];
    matches!(scene, SceneState::Failed(why) if codes.contains(&why.code))
}

/// Kinds that were not served are asked for anew, with their schemas.
fn forget_unserved(cluster: &mut ClusterWorld) {
    let groups: BTreeSet<Arc<str>> = cluster
        .scenes
        .iter()
        .filter(|(_, state)| is_unserved(state))
        .map(|(scene, _)| scene.kind.group.clone())
        .collect();
    cluster.scenes.retain(|_, state| !is_unserved(state));
    let group = |version: &Arc<str>| version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
    cluster.schemas.retain(|version| !groups.contains(&*group(version)));
    cluster.schemas_asked.retain(|version| !groups.contains(&*group(version)));
}

/// A read-only agent writes nothing, its Lease neither: it looks at it like anybody else.
fn lease_role(world: &World) -> Role {
    if world.read_only && world.role == Role::Agent { Role::Cockpit } else { world.role }
}

fn lease(name: &ClusterName, role: Role, now: Now) -> Option<Effect> {
    if !now.since_start.as_secs().is_multiple_of(LEASE_EVERY) {
        return None;
    }
    (role == Role::Agent).then(|| Effect::RenewLease(name.clone()))
}

fn end_unlock(cluster: &mut ClusterWorld, now: Now) {
    if cluster.unlocked.as_ref().is_some_and(|(until, _)| until.since_start <= now.since_start) {
        cluster.unlocked = None;
    }
}

/// Whether nothing the cluster said counts as now.
pub(in crate::engine) fn is_stale(cluster: &ClusterWorld, now: Now) -> bool {
    cluster.answered.is_some_and(|at| now.since_start.saturating_sub(at.since_start) > STALE_AFTER)
}

/// A cluster answered and was discovered.
pub(super) fn connected(world: &mut World, name: &ClusterName, contact: Contact, now: Now) -> Vec<Effect> {
    let twin = twin_of(world, name, &contact);
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.link = Link::Up;
    cluster.epoch += 1;
    cluster.answered = Some(now);
    cluster.probe_failed = None;
    cluster.contact = Some(contact);
    cluster.schemas.clear();
    cluster.schemas_asked.clear();
    cluster.scenes.clear();
    cluster.broken.clear();
    super::asides::connected(cluster);
    if let Some(twin) = twin {
        dispute(world, name, &twin, now);
    }
    let mut effects =
        lease(name, lease_role(world), Now { since_start: Duration::ZERO, ..now }).map_or(vec![], |e| vec![e]);
    let apps = world.apps_on(name);
    touch_apps(world, name);
    effects.extend(super::asides::mind(world, name));
    effects.extend(advance_all(world, &apps, now));
    effects
}

/// Another name for the same API server.
fn twin_of(world: &World, name: &ClusterName, contact: &Contact) -> Option<ClusterName> {
    let identity = contact.identity.as_ref()?;
    let same = |other: &&ClusterWorld| {
        other.spec.name != *name && other.contact.as_ref().and_then(|c| c.identity.as_ref()) == Some(identity)
    };
    world.clusters.values().find(same).map(|other| other.spec.name.clone())
}

fn dispute(world: &mut World, one: &ClusterName, other: &ClusterName, now: Now) {
    let words = format!("clusters {one} and {other} are one API server (same kube-system uid): keep one of the names");
    for app in world.apps.values_mut().filter(|app| app.spec.id.cluster == *one || app.spec.id.cluster == *other) {
        app.disputed = Some(because(ReasonCode::Disputed, &words, now));
        app.changed = true;
    }
}

/// A cluster could not be reached, or does not take us.
pub(super) fn failed(world: &mut World, name: &ClusterName, trouble: &Trouble, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    let (before, times) = match &cluster.link {
        Link::Down(old, times, _) => (Some(old.clone()), *times),
        Link::Connecting(times) => (cluster.probe_failed.clone(), *times),
        Link::Idle | Link::Up => (None, 1),
    };
    let why = reason(trouble, before.as_ref(), now);
    let backoff = Duration::from_secs(1 << times.min(5)).min(LONGEST_BACKOFF);
    cluster.probe_failed = Some(why.clone());
    cluster.link = Link::Down(why, times, now.since_start + backoff);
    touch_apps(world, name);
    Vec::new()
}

/// The probe's answer.
pub(super) fn probed(
    world: &mut World,
    name: &ClusterName,
    answer: Result<Option<Foreign>, Trouble>,
    now: Now,
) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.probing = false;
    match answer {
        Ok(version) => {
            if let (Some(version), Some(contact)) = (version, cluster.contact.as_mut()) {
                contact.version = Some(version);
            }
            return alive(world, name, now);
        }
        Err(trouble) => {
            let why = reason(&trouble, cluster.probe_failed.as_ref(), now);
            if trouble.code == ReasonCode::ClusterAuth {
                // What was signed in with counts no more: the next connection reads the credentials anew.
                cluster.link = Link::Down(why.clone(), 1, now.since_start + PROBE_EVERY);
            }
            cluster.probe_failed = Some(why);
            touch_apps(world, name);
        }
    }
    Vec::new()
}

/// The cluster said something.
pub(super) fn alive(world: &mut World, name: &ClusterName, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    let was_out = cluster.probe_failed.take().is_some() || is_stale(cluster, now);
    cluster.answered = Some(now);
    if was_out {
        touch_apps(world, name);
    }
    Vec::new()
}

/// Schemas are loaded, or known not to be had.
pub(super) fn schemas(world: &mut World, name: &ClusterName, loaded: BTreeSet<Arc<str>>, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.schemas.extend(loaded);
    let apps = world.apps_on(name);
    advance_all(world, &apps, now)
}

/// When the agent's Lease was renewed last.
pub(super) fn agent_seen(world: &mut World, name: &ClusterName, at: Option<Timestamp>) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    let seen = at.map_or(AgentSeen::Never, AgentSeen::At);
    if cluster.agent != seen {
        cluster.agent = seen;
        touch_apps(world, name);
    }
    Vec::new()
}

/// Marks the rows of a cluster's apps as out of date.
pub(super) fn touch_apps(world: &mut World, name: &ClusterName) {
    for app in world.apps.values_mut().filter(|app| app.spec.id.cluster == *name) {
        app.changed = true;
    }
}
