//! Lists and watches: what they told, and which rows it touches.

use std::collections::BTreeSet;

use super::advance::{advance, is_record_of, reread_record};
use super::judging::keys_of;
use crate::engine::effect::Effect;
use crate::engine::event::Scene;
use crate::engine::world::{AppWorld, SceneState, World};
use crate::model::{AppId, ClusterName, Now, ResourceKey};

/// A list is complete: everything in its scene can be judged.
pub(super) fn listed(
    world: &mut World,
    name: &ClusterName,
    scene: &Scene,
    changed: &[ResourceKey],
    now: Now,
) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    cluster.answered = Some(now);
    cluster.broken.remove(scene);
    let before = cluster.scenes.insert(scene.clone(), SceneState::Listed);
    let first = before != Some(SceneState::Listed);
    let changed_keys: BTreeSet<&ResourceKey> = changed.iter().collect();
    let mut effects = records_touched(world, name, changed);
    for id in world.apps_on(name) {
        let Some(app) = world.apps.get_mut(&id) else { continue };
        let mine = keys_of(app).into_iter().filter(|key| in_scene(key, scene));
        let dirty: Vec<_> = mine.filter(|key| first || changed_keys.contains(key)).collect();
        if !dirty.is_empty() || first {
            app.changed = true;
            app.dirty.extend(dirty);
            effects.extend(advance(world, &id, now));
        }
    }
    effects
}

pub(super) fn in_scene(key: &ResourceKey, scene: &Scene) -> bool {
    key.kind == scene.kind && (scene.namespace.is_empty() || key.namespace == scene.namespace)
}

/// Live objects changed.
pub(super) fn live_changed(world: &mut World, name: &ClusterName, keys: &[ResourceKey], now: Now) -> Vec<Effect> {
    if let Some(cluster) = world.clusters.get_mut(name) {
        cluster.answered = Some(now);
    }
    let mut effects = records_touched(world, name, keys);
    let mut touched = BTreeSet::new();
    for key in keys {
        for id in world.index.get(key).into_iter().flatten() {
            touched.insert((id.clone(), key.clone()));
        }
    }
    for (id, key) in &touched {
        if let Some(app) = world.apps.get_mut(id) {
            app.dirty.insert(key.clone());
        }
    }
    let ids: BTreeSet<AppId> = touched.into_iter().map(|(id, _)| id).collect();
    effects.extend(ids.iter().flat_map(|id| advance(world, id, now)).collect::<Vec<_>>());
    effects
}

/// Somebody wrote a record: a pause of another driftdeck shows without being asked for.
fn records_touched(world: &mut World, name: &ClusterName, keys: &[ResourceKey]) -> Vec<Effect> {
    let config_maps: Vec<_> = keys.iter().filter(|key| key.name.starts_with("driftdeck.")).collect();
    if config_maps.is_empty() {
        return Vec::new();
    }
    let Some(cluster) = world.clusters.get(name) else { return Vec::new() };
    let mine = |app: &&AppWorld| {
        app.spec.id.cluster == *name
            && config_maps.iter().any(|key| {
                is_record_of(app, &key.kind, &key.name) && *key.namespace == *app.record_namespace(&cluster.spec)
            })
    };
    let ids: Vec<AppId> = world.apps.values().filter(mine).map(|app| app.spec.id.clone()).collect();
    ids.iter().filter_map(|id| reread_record(world, id)).collect()
}
