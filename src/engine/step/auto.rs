//! What an agent does unasked, and what only time brings to an app. Nobody but an agent gets here with intent to write.

use std::time::Duration;

use super::advance::advance;
use crate::engine::effect::Effect;
use crate::engine::publish::freshness;
use crate::engine::world::{AppWorld, RecordState, RenderState, Role, World};
use crate::model::{AppId, Now, Outcome, Policy, Verdict};

/// Wait after the first failed attempt; doubled by each further one.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Longest wait between attempts.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Ends of pauses and pins, and attempts that had to wait.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let moved = |app: &&mut AppWorld| {
        let held = app.record.record().is_some_and(|record| record.paused.is_some() || record.pinned.is_some());
        held || matches!(app.render, RenderState::Failed(..)) || app.auto.failures > 0
    };
    let mut ids: Vec<AppId> = Vec::new();
    for app in world.apps.values_mut().filter(moved) {
        app.changed = true;
        ids.push(app.spec.id.clone());
    }
    if world.role == Role::Agent {
        ids = world.apps.keys().cloned().collect();
    }
    ids.iter().flat_map(|id| advance(world, id, now)).collect()
}

/// Starts a sync when this process is the agent and everything speaks for it.
pub(super) fn consider(world: &mut World, id: &AppId, now: Now) -> Option<Effect> {
    if world.role != Role::Agent || world.read_only || !wants_sync(world, id, now) {
        return None;
    }
    let app = world.apps.get_mut(id)?;
    app.auto.busy = true;
    Some(Effect::AutoSync(id.clone()))
}

/// Fresh data, a whole render, a settled verdict that the policy answers, and nobody holding it.
fn wants_sync(world: &World, id: &AppId, now: Now) -> bool {
    let Some(app) = world.apps.get(id) else { return false };
    let free = app.running.is_none() && !app.auto.busy && app.auto.not_before <= now.since_start;
    let held = app.paused(now).is_some() || app.pinned(now).is_some() || app.disputed.is_some();
    let ours = matches!(app.record, RecordState::Absent | RecordState::Present(_));
    free && !held && ours && is_settled(app) && freshness(world, app, now).is_none() && policy_asks(app)
}

/// Everything is rendered whole, judged and confirmed.
fn is_settled(app: &AppWorld) -> bool {
    let whole = app.desired.as_ref().is_some_and(|desired| desired.is_complete() && !desired.is_empty());
    let ready = matches!(app.render, RenderState::Ready);
    whole && ready && app.dirty.is_empty() && app.waiting.is_empty() && !app.rows.values().any(|row| row.pending)
}

/// Whether the policy wants an answer to what differs. Extra objects alone never start one: an agent does not prune.
fn policy_asks(app: &AppWorld) -> bool {
    let Policy { auto, self_heal, .. } = app.spec.policy;
    app.rows.values().any(|row| match (row.verdict, row.moved) {
        (Verdict::Behind, _) | (Verdict::Missing, Some(crate::model::Moved::Git)) => auto,
        (Verdict::Drifted | Verdict::Missing, _) => self_heal,
        (Verdict::Diverged, _) => auto && self_heal,
        _ => false,
    })
}

/// An attempt of the agent ended.
pub(super) fn ended(app: &mut AppWorld, outcome: Outcome, now: Now) {
    if !app.auto.busy {
        return;
    }
    app.auto.busy = false;
    if matches!(outcome, Outcome::Done | Outcome::Nothing) {
        app.auto.failures = 0;
        return;
    }
    let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(app.auto.failures.min(10)));
    app.auto.failures += 1;
    app.auto.not_before = now.since_start + wait.min(LONGEST_WAIT);
}
