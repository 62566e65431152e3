//! When an answer is complete: every app asked for is judged, or says why it is not, and nothing is on its way.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::{AppId, AppRow, Fleet, Health, Reason, ReasonCode, ResourceKey, Verdict};

/// Whether nothing more is to be waited for.
#[must_use]
pub fn is_settled(fleet: &Fleet, asked: &[AppId]) -> bool {
    asked.iter().all(|id| fleet.app(id).is_some_and(|app| is_app_settled(app)))
}

fn is_app_settled(app: &AppRow) -> bool {
    let loading = |reason: Option<&Reason>| reason.is_some_and(|reason| reason.code == ReasonCode::Loading);
    let rows = app.resources.iter();
    let moving = app.settling && app.reason.as_ref().is_none_or(|reason| is_of_the_record(reason.code));
    !moving
        && !loading(app.reason.as_ref())
        && rows.map(|row| row.pending || loading(row.reason.as_ref())).all(|waits| !waits)
}

/// Whose record it is says nothing of git and of what is live: both are still looked at, and a take-over needs both.
fn is_of_the_record(code: ReasonCode) -> bool {
    matches!(code, ReasonCode::RecordOfAnother | ReasonCode::RecordElsewhere | ReasonCode::RecordUnreadable)
}

/// Whether what was synced is as git says, and well. `only`: these objects; none = the whole app.
#[must_use]
pub fn is_well(fleet: &Fleet, id: &AppId, only: &[ResourceKey]) -> bool {
    let Some(app) = fleet.app(id) else { return false };
    let good = |verdict, health| {
        matches!(verdict, Verdict::Synced | Verdict::Touched) && matches!(health, Health::Healthy | Health::NotJudged)
    };
    if only.is_empty() {
        return is_app_settled(app) && app.running.is_none() && good(app.verdict, app.health);
    }
    only.iter().all(|key| {
        let row = app.resources.iter().find(|row| row.key == *key);
        row.is_none_or(|row| !row.pending && good(row.verdict, row.health))
    })
}

/// Waits until `done` says so, at most so long; the newest fleet, and whether it is done.
pub async fn wait(
    fleet: &mut watch::Receiver<Arc<Fleet>>,
    limit: Duration,
    done: impl Fn(&Fleet) -> bool,
) -> (Arc<Fleet>, bool) {
    let found = tokio::time::timeout(limit, fleet.wait_for(|fleet| done(fleet))).await;
    let found = found.ok().and_then(Result::ok).map(|fleet| fleet.clone());
    match found {
        Some(fleet) => (fleet, true),
        None => (fleet.borrow().clone(), false),
    }
}
