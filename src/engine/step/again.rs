//! Answers that were none, for a cause that may pass: asked for once more after a while.

use std::time::Duration;

use crate::engine::effect::Effect;
use crate::engine::world::{AppWorld, World};
use crate::model::{Now, ReasonCode, ResourceKey, ResourceRow};

/// When a dry run that was not to be had is tried again.
const AGAIN: Duration = Duration::from_mins(2);

/// Notes whether what the server said of an object is to be asked for again.
pub(super) fn note(app: &mut AppWorld, key: &ResourceKey, row: &ResourceRow, now: Now) {
    if ask_again(row) {
        app.again.insert(key.clone(), now.since_start + AGAIN);
    } else {
        app.again.remove(key);
    }
}

/// Whether the server had no answer for a cause that may pass; one who may not ask need not ask again.
fn ask_again(row: &ResourceRow) -> bool {
    let passes = [ReasonCode::DryRunUnavailable, ReasonCode::Refused, ReasonCode::NamespaceTerminating];
    let why = row.reason.as_ref().filter(|reason| passes.contains(&reason.code));
    why.is_some_and(|reason| !reason.message.raw().contains(" cannot patch "))
}

/// Forgets answers that were none, so that they are asked for once more.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let mut apps = Vec::new();
    for app in world.apps.values_mut() {
        let due: Vec<ResourceKey> =
            app.again.iter().filter(|(_, at)| **at <= now.since_start).map(|(key, _)| key.clone()).collect();
        for key in &due {
            app.again.remove(key);
            app.confirmed.remove(key);
            app.settled.remove(key);
            app.dirty.insert(key.clone());
        }
        if !due.is_empty() {
            apps.push(app.spec.id.clone());
        }
    }
    super::advance_all(world, &apps, now)
}
