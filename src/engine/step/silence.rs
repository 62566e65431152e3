//! Lists and watches that fail, and what that means for the rows of their objects.
//!
//! Owns the one rule: a passing fault leaves what was seen, but only for as long as a silent cluster's word counts. A
//! cluster that answers may still have one kind of which nothing is heard; its rows are then unknown, never synced.

use super::advance::advance;
use super::clusters::{STALE_AFTER, is_stale};
use super::judging::keys_of;
use super::lists::{in_scene, listed};
use crate::engine::effect::Effect;
use crate::engine::event::{Scene, Trouble};
use crate::engine::world::{ClusterWorld, Link, SceneState, World, reason};
use crate::model::{ClusterName, Foreign, Now, Reason, ReasonCode};

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
        let since = cluster.broken.get(scene).map_or(now, |(since, _)| *since);
        cluster.broken.insert(scene.clone(), (since, trouble.message.clone()));
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
    let mut silent = Vec::new();
    for (name, cluster) in &mut world.clusters {
        if cluster.link != Link::Up || cluster.probe_failed.is_some() || is_stale(cluster, now) {
            // The whole cluster says nothing: that is told of all of it, and what was seen stays on the screen.
            cluster.broken.values_mut().for_each(|(since, _)| *since = now);
            continue;
        }
        let late = |since: &Now| now.since_start.saturating_sub(since.since_start) > STALE_AFTER;
        let lost = cluster
            .broken
            .iter()
            .filter(|(scene, (since, _))| late(since) && cluster.scenes.get(scene) == Some(&SceneState::Listed));
        silent.extend(lost.map(|(scene, (since, why))| (name.clone(), scene.clone(), stale(scene, *since, why))));
    }
    silent.into_iter().flat_map(|(name, scene, why)| fail(world, &name, &scene, why, now)).collect()
}

fn stale(scene: &Scene, since: Now, why: &Foreign) -> Reason {
    let what = format!("nothing is heard of {} for {} s: {}", scene.kind.kind, STALE_AFTER.as_secs(), why.raw());
    Reason { code: ReasonCode::ClusterStale, message: Foreign::new(what), since: since.wall }
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
