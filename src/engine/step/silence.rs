//! Lists and watches that fail, and what that means for the rows of their objects.
//!
//! Owns the one rule: a passing fault leaves what was seen, but only for as long as a silent cluster's word counts. A
//! cluster that answers may still have one kind of which nothing is heard; its rows are then unknown, never synced.
//! Whether it answers every question or every other makes no difference: the age of a kind's last word runs on.

use std::time::Duration;

use super::advance::advance;
use super::clusters::{PROBE_EVERY, STALE_AFTER};
use super::judging::keys_of;
use super::lists::{in_scene, listed};
use crate::engine::effect::Effect;
use crate::engine::event::{Scene, Trouble};
use crate::engine::world::{Broken, ClusterWorld, Grace, Link, SceneState, World, reason};
use crate::model::{ClusterName, Foreign, Now, Reason, ReasonCode};

/// A probe that is due is answered within this, or the cluster is silent.
const PROBE_LATE: Duration = Duration::from_secs(2);
/// How long watches may take to open again once their cluster answers: a little more than their longest pause.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A list or watch fails. Forbidden or not served: its rows become unknown; a passing fault leaves them for a while.
pub(super) fn scene_failed(
    world: &mut World,
    name: &ClusterName,
    scene: &Scene,
    trouble: &Trouble,
    now: Now,
) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    let passing = matches!(trouble.code, ReasonCode::ClusterUnreachable | ReasonCode::Other);
    if passing && was_listed(cluster, scene) {
        let broken = cluster.broken.entry(scene.clone()).or_insert_with(|| Broken::new(now));
        broken.said = trouble.message.clone();
        return Vec::new();
    }
    let before = match cluster.scenes.get(scene) {
        // What is forbidden stays so until a list says otherwise: an answer that did not come says nothing of rights.
        Some(SceneState::Failed(old)) if passing && old.code == ReasonCode::Forbidden => return Vec::new(),
        Some(SceneState::Failed(old)) => Some(old.clone()),
        _ => None,
    };
    let why = reason(trouble, before.as_ref(), now);
    fail(world, name, scene, why, now)
}

/// Listed, whether or not its word still counts.
fn was_listed(cluster: &ClusterWorld, scene: &Scene) -> bool {
    match cluster.scenes.get(scene) {
        Some(SceneState::Listed) => true,
        Some(SceneState::Failed(why)) => why.code == ReasonCode::ClusterStale,
        Some(SceneState::Loading) | None => false,
    }
}

fn fail(world: &mut World, name: &ClusterName, scene: &Scene, why: Reason, now: Now) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.scenes.insert(scene.clone(), SceneState::Failed(why));
    let mut effects = Vec::new();
    for id in world.apps_on(name) {
        let Some(app) = world.apps.get_mut(&id) else { continue };
        app.rows.retain(|key, _| !in_scene(key, scene));
        app.changed = true;
        app.dirty.extend(keys_of(app).into_iter().filter(|key| in_scene(key, scene)));
        effects.extend(advance(world, &id, now));
    }
    effects
}

/// What nothing has been heard of for too long, while the cluster answers, counts no more.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let mut lost = Vec::new();
    for (name, cluster) in &mut world.clusters {
        let answers = answers(cluster, now);
        for broken in cluster.broken.values_mut() {
            broken.grace = grace(broken.grace, answers, now);
        }
        if !answers {
            // The whole cluster says nothing: that is told of all of it, and what was seen stays on the screen.
            continue;
        }
        let late = cluster
            .broken
            .iter()
            .filter(|(scene, broken)| is_late(broken, now) && cluster.scenes.get(scene) == Some(&SceneState::Listed));
        lost.extend(late.map(|(scene, broken)| (name.clone(), scene.clone(), stale(scene, broken))));
    }
    lost.into_iter().flat_map(|(name, scene, why)| fail(world, &name, &scene, why, now)).collect()
}

/// Whether a cluster has said something lately, whatever became of the last probe.
fn answers(cluster: &ClusterWorld, now: Now) -> bool {
    let lately = |at: Now| now.since_start.saturating_sub(at.since_start) <= PROBE_EVERY + PROBE_LATE;
    cluster.link == Link::Up && cluster.answered.is_some_and(lately)
}

/// After a silence of the whole cluster a watch has time to come back, once: a cluster that comes and goes gives no more.
fn grace(before: Grace, answers: bool, now: Now) -> Grace {
    match before {
        Grace::Unasked if !answers => Grace::Due,
        Grace::Due if answers => Grace::Until(now.since_start + BACK_WITHIN),
        same => same,
    }
}

fn is_late(broken: &Broken, now: Now) -> bool {
    let waits = matches!(broken.grace, Grace::Until(end) if now.since_start < end);
    !waits && now.since_start.saturating_sub(broken.since.since_start) > STALE_AFTER
}

fn stale(scene: &Scene, broken: &Broken) -> Reason {
    let (kind, limit) = (&scene.kind.kind, STALE_AFTER.as_secs());
    let what = format!("nothing is heard of {kind} for {limit} s: {}", broken.said.raw());
    Reason { code: ReasonCode::ClusterStale, message: Foreign::new(what), since: broken.since.wall }
}

/// A watch was opened again before its word had ceased to count, or it sent a bookmark: what was seen counts again, and
/// what it tells of the time between.
pub(super) fn scene_alive(world: &mut World, name: &ClusterName, scene: &Scene, now: Now) -> Vec<Effect> {
    let mut effects = super::clusters::alive(world, name, now);
    let Some(cluster) = world.clusters.get_mut(name) else { return effects };
    if cluster.broken.remove(scene).is_some() && was_listed(cluster, scene) {
        effects.extend(listed(world, name, scene, &[], now));
    }
    effects
}
