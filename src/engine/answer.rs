//! Answers to what a screen asks beyond the fleet: diff, history, plan, revert preview, gate.

mod diffs;
mod history;
mod preview;
mod revision;

use std::sync::Arc;

use super::event::Trouble;
use super::planning;
use super::site::Site;
use crate::model::{AppId, Command, CommitId, Foreign, Gate, PlanView, Query, Reason, RevertMode, ViewBody};
use crate::plan;

/// The app a query is about.
pub(super) fn whose(query: &Query) -> Option<AppId> {
    match query {
        Query::DiffOf { app, .. }
        | Query::HistoryOf { app, .. }
        | Query::PlanFor { app, .. }
        | Query::PreviewRevert { app, .. } => Some(app.clone()),
        Query::GateOf { command } => super::step::subject(command).map(|(app, _)| app.clone()),
    }
}

/// The answer about an app whose cluster is not there: not yet, or why it cannot be reached.
pub(super) fn not_connected(id: &AppId, why: Option<&Reason>) -> ViewBody {
    let words = why.map_or_else(|| " yet".to_owned(), |why| format!(": {}", why.message.raw()));
    ViewBody::Failed(Foreign::new(format!("{id}: its cluster is not connected{words}")))
}

/// The answer to a question that is about no app: the gate of an unlock, a lock, an abort, a refresh.
pub(super) fn without_app(query: &Query) -> ViewBody {
    match query {
        Query::GateOf { command } => ViewBody::Gate(Arc::new(plan::gate_of(command, true))),
        _ => ViewBody::Failed(Foreign::from("this question names no app")),
    }
}

/// Answers one query.
pub(super) async fn answer(site: Site, query: &Query) -> ViewBody {
    let query = match revision::resolved(&site, query).await {
        Ok(query) => query,
        Err(trouble) => return ViewBody::Failed(trouble.message),
    };
    let answered = match &query {
        Query::DiffOf { key, rev, .. } => diffs::diff(&site, key.as_ref(), rev.as_ref()).await.map(ViewBody::Diff),
        Query::HistoryOf { limit, .. } => history::history(site, *limit).await.map(ViewBody::History),
        Query::PlanFor { rev, .. } => plan_view(&site, rev.as_ref()).await.map(ViewBody::Plan),
        Query::PreviewRevert { to, mode, reason, .. } => {
            preview::preview(&site, to, (*mode, reason)).await.map(|preview| ViewBody::Revert(Arc::new(preview)))
        }
        Query::GateOf { command } => gate(&site, command).await.map(|gate| ViewBody::Gate(Arc::new(gate))),
    };
    answered.unwrap_or_else(|trouble| ViewBody::Failed(trouble.message))
}

async fn plan_view(site: &Site, rev: Option<&CommitId>) -> Result<Arc<PlanView>, Trouble> {
    let outlook = planning::outlook(site, rev).await?;
    let plan = planning::plan(site, &outlook);
    let rev = rev.filter(|_| outlook.other).map(|rev| format!(" --rev {}", rev.short())).unwrap_or_default();
    let prune = if plan.deletes() > 0 { " --prune" } else { "" };
    let line = format!("driftdeck sync {} -c {}{rev}{prune}", site.id().name, site.id().cluster);
    Ok(Arc::new(PlanView { plan, command_line: Foreign::new(line) }))
}

/// The gate of a command; of a sync with the rows that are ticked in it.
async fn gate(site: &Site, command: &Command) -> Result<Gate, Trouble> {
    let inventory = site.record.record().map_or(0, |record| record.inventory.len());
    Ok(match command {
        Command::Sync(order) => {
            let outlook = planning::outlook(site, Some(&order.commit)).await?;
            let plan = planning::plan(site, &outlook);
            plan::gate_sync(&plan, order, inventory, site.cluster.protected)
        }
        Command::Revert(order) => plan::gate_revert(&order.app, super::execute::is_protected(site, order.mode)),
        command => plan::gate_of(command, site.cluster.protected),
    })
}

/// The words of a mode on the command line.
fn mode_flag(mode: RevertMode) -> &'static str {
    match mode {
        RevertMode::Restore => "restore",
        RevertMode::Pin => "pin",
    }
}
