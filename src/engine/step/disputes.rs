//! Disputes between apps: two that render one object with different values would undo each other for ever.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::world::{World, because};
use crate::model::{AppId, ClusterName, Manifest, Now, ReasonCode};

/// The annotation that names an object's app: two apps always differ in it.
const TRACKING: &str = "driftdeck.dev/app";

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

fn untracked(manifest: &Manifest) -> Value {
    let mut body = (*manifest.body).clone();
    if let Some(annotations) = body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(TRACKING);
    }
    body
}
