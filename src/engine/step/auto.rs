//! What an agent does unasked, and what only time brings to an app. Nobody but an agent gets here with intent to write.

use std::time::Duration;

use super::advance::{advance, record_due};
use super::judging::is_settled;
use super::policy;
use crate::engine::effect::Effect;
use crate::engine::publish::{freshness, whole_reason};
use crate::engine::world::{AppWorld, AutoState, RecordState, RenderState, Role, World};
use crate::model::{AppId, Now};

/// Wait after the first attempt; doubled by each further one.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Longest wait between attempts.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Ends of pauses and pins, records that could not be read, and attempts that had to wait.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let held =
        |app: &AppWorld| app.record.record().is_some_and(|record| record.paused.is_some() || record.pinned.is_some());
    let mut effects = Vec::new();
    let ids: Vec<AppId> = world.apps.keys().cloned().collect();
    for id in &ids {
        effects.extend(record_due(world, id, now));
        let Some(app) = world.apps.get_mut(id) else { continue };
        let held = held(app);
        app.changed |= held;
        if held || world.role == Role::Agent {
            effects.extend(advance(world, id, now));
        }
    }
    effects
}

/// Starts a sync when this process is the agent and everything speaks for it.
pub(super) fn consider(world: &mut World, id: &AppId, now: Now) -> Option<Effect> {
    if world.role != Role::Agent || world.read_only || !is_clear(world, id, now) {
        return None;
    }
    let app = world.apps.get_mut(id)?;
    if !policy_asks(app) {
        app.auto = AutoState::default();
        return None;
    }
    if app.auto.not_before > now.since_start {
        return None;
    }
    app.auto.busy = true;
    Some(Effect::AutoSync(id.clone()))
}

/// Fresh data, a whole render, a settled verdict, nothing wrong with the app, and nobody holding it.
fn is_clear(world: &World, id: &AppId, now: Now) -> bool {
    let Some(app) = world.apps.get(id) else { return false };
    let free = app.running.is_none() && !app.auto.busy && !app.reading_record;
    let held = app.paused(now).is_some() || app.pinned(now).is_some();
    let ours = matches!(app.record, RecordState::Absent | RecordState::Present(_));
    let rendered = matches!(app.render, RenderState::Ready);
    let well = whole_reason(world, app, now).or_else(|| freshness(world, app, now)).is_none();
    free && !held && ours && rendered && well && is_settled(world, app)
}

/// Whether the policy wants an answer to what differs and may be written. Extra objects alone never start one: an agent
/// does not prune.
fn policy_asks(app: &AppWorld) -> bool {
    let rows = app.rows.values().filter(|row| row.in_bounds);
    rows.into_iter().any(|row| policy::answers(app.spec.policy, row.verdict, row.moved, &row.findings))
}

/// An attempt of the agent ended. However it ended, the next one waits until the app was seen in order meanwhile, or
/// for twice as long as the last: a sync that changes nothing, or that somebody undoes, must not go in a circle.
pub(super) fn ended(app: &mut AppWorld, now: Now) {
    if !app.auto.busy {
        return;
    }
    let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(app.auto.attempts.min(10)));
    app.auto = AutoState {
        busy: false,
        attempts: app.auto.attempts + 1,
        not_before: now.since_start + wait.min(LONGEST_WAIT),
    };
}
