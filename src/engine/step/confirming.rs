//! Confirming: what differs by our own comparison and has lasted is asked of the server, within a budget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::advance::advance;
use super::again;
use crate::engine::effect::{Effect, JudgeWork};
use crate::engine::event::{AppTicket, JudgedRow};
use crate::engine::world::World;
use crate::model::{AppId, Now, ResourceKey};

/// Background dry runs that may be sent at once (drift.md *Cost*).
pub const BURST: f64 = 100.0;
/// Background dry runs a second.
const RATE: f64 = 10.0;
/// A difference that goes away by itself within this time never reaches the server.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// An object was judged with the server's answer. It counts while what it was made from is what is there.
pub(super) fn confirmed(world: &mut World, ticket: &AppTicket, judged: JudgedRow, now: Now) -> Vec<Effect> {
    let Some(app) = world.apps.get_mut(&ticket.app) else { return Vec::new() };
    let newest = app.stamps.get(&judged.key) == Some(&judged.stamp);
    if !newest && app.memos.get(&judged.key) != Some(&judged.memo) {
        return Vec::new();
    }
    app.memos.remove(&judged.key);
    app.waiting.remove(&judged.key);
    app.changed = true;
    app.observed = Some(now.wall);
    match judged.row {
        Some(mut row) => {
            if let Some(seen) = app.rows.get(&judged.key).filter(|_| !newest) {
                (row.health, row.health_note) = (seen.health, seen.health_note.clone());
            }
            again::note(app, &judged.key, &row, now);
            let row = Arc::new(row);
            app.settled.insert(judged.key.clone(), judged.memo.clone());
            app.confirmed.insert(judged.key.clone(), (judged.memo, row.clone()));
            app.rows.insert(judged.key, row);
        }
        None => drop(app.rows.remove(&judged.key)),
    }
    advance(world, &ticket.app, now)
}

/// Sends the confirmations whose debounce is over, as far as the token bucket goes.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    for cluster in world.clusters.values_mut() {
        let since = now.since_start.saturating_sub(cluster.tokens_at).as_secs_f64();
        cluster.tokens = since.mul_add(RATE, cluster.tokens).min(BURST);
        cluster.tokens_at = now.since_start;
    }
    let mut effects = again::tick(world, now);
    let mut waiting: Vec<AppId> =
        world.apps.values().filter(|app| !app.waiting.is_empty()).map(|app| app.spec.id.clone()).collect();
    // What somebody looks at goes first.
    waiting.sort_by_key(|id| !world.shown.contains(id));
    effects.extend(waiting.iter().flat_map(|id| confirm_waiting(world, id, Some(now.since_start))).collect::<Vec<_>>());
    effects
}

/// Asks the server about an app's local differences: those that have lasted until `now`, within the bucket; or all at once.
pub(super) fn confirm_waiting(world: &mut World, id: &AppId, now: Option<Duration>) -> Vec<Effect> {
    let Some(cluster) = world.clusters.get_mut(&id.cluster).filter(|c| c.is_up()) else { return Vec::new() };
    let Some(app) = world.apps.get_mut(id) else { return Vec::new() };
    let Some(desired) = app.desired.clone() else { return Vec::new() };
    let due: Vec<ResourceKey> = app
        .waiting
        .iter()
        .filter(|(_, since)| now.is_none_or(|now| **since + DEBOUNCE <= now))
        .map(|(key, _)| key.clone())
        .collect();
    let mut effects = Vec::new();
    for key in due {
        if now.is_some() {
            if cluster.tokens < 1.0 {
                break;
            }
            cluster.tokens -= 1.0;
        }
        app.waiting.remove(&key);
        let Some(stamp) = app.stamps.get(&key).copied() else { continue };
        let work = JudgeWork { keys: vec![(key, stamp)], known: BTreeMap::new(), desired: desired.clone() };
        effects.push(Effect::Confirm(app.ticket(), work));
    }
    effects
}
