//! Disputes between apps: two that render one object with different values would undo each other for ever.
//!
//! An app that was not asked for is taken in once a live object of one that was says that it is its own. Nothing is asked
//! of its cluster but its record, and nothing is judged or published: it is rendered, and that is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::advance::advance;
use super::remotes;
use crate::engine::effect::Effect;
use crate::engine::world::{AppWorld, World, because};
use crate::model::{AppId, ClusterName, Manifest, Now, ReasonCode, Record};

/// Looks for objects that several apps of a cluster render differently, and tells those apps (product.md *Words*).
pub(super) fn find(world: &mut World, cluster: &ClusterName, now: Now) {
    let found = clashes(world, cluster);
    for app in world.apps.values_mut().filter(|app| app.spec.id.cluster == *cluster) {
        let words = found.get(&app.spec.id);
        if app.clash.as_ref().map(|reason| reason.message.raw()) != words.map(String::as_str) {
            app.clash = words.map(|words| because(ReasonCode::Disputed, words, now));
            app.changed = true;
        }
    }
}

/// Takes in apps of a cluster that were not asked for.
pub(super) fn take_in(world: &mut World, cluster: &ClusterName, names: &BTreeSet<Arc<str>>, now: Now) -> Vec<Effect> {
    let ids = names.iter().map(|name| AppId::new(name.clone(), cluster.clone()));
    let known: Vec<AppId> = ids.filter(|id| world.unasked.contains_key(id)).collect();
    let mut effects = Vec::new();
    for id in known {
        let Some((spec, repo)) = world.unasked.remove(&id) else { continue };
        world.apps.insert(id.clone(), AppWorld::unasked(spec));
        if let Some(repo) = repo {
            effects.extend(remotes::follow_new(world, &id, repo, now));
        }
        effects.extend(advance(world, &id, now));
    }
    effects
}

/// What to tell each app in dispute: the first object, and all who render it.
fn clashes(world: &World, cluster: &ClusterName) -> BTreeMap<AppId, String> {
    let mut found = BTreeMap::new();
    for (key, apps) in world.index.iter().filter(|(key, apps)| apps.len() > 1 && key.cluster == *cluster) {
        let of = |id: &AppId| world.apps.get(id)?.desired.as_ref()?.manifests.get(key).map(untracked);
        let bodies: Vec<(&AppId, Value)> = apps.iter().filter_map(|id| Some((id, of(id)?))).collect();
        if bodies.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            continue;
        }
        let who: Vec<String> = bodies.iter().map(|(id, _)| id.to_string()).collect();
        let words = format!("{} {} is rendered differently by {}", key.kind.kind, key.name, who.join(" and "));
        for (id, _) in bodies {
            found.entry(id.clone()).or_insert_with(|| words.clone());
        }
    }
    found
}

/// What is applied, but for whose it is. A custom kind's status is left out when its schema is known: one of the two may
/// have been rendered before.
fn untracked(manifest: &Manifest) -> Value {
    let mut body = (*manifest.body).clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    if let Some(annotations) = body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        // Two apps always differ in it.
        annotations.remove(Record::ANNOTATION);
    }
    body
}
