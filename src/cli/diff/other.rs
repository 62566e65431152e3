//! `diff --rev -o json`: the fleet as it would be judged against another revision.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::model::{
    AppId, AppRow, Base, Basis, CommitId, Fleet, Health, Moved, Plan, PlanRow, Query, ResourceRow, Verdict, ViewBody,
};

/// The fleet with the rows of these apps as they stand against `rev`.
///
/// # Errors
/// When the revision cannot be resolved or rendered.
pub async fn at(
    session: &mut Session,
    fleet: &Fleet,
    (asked, rev): (&[AppId], &str),
    limit: Duration,
) -> Result<Fleet, CliError> {
    let mut there = fleet.clone();
    for id in asked {
        let query = Query::PlanFor { app: id.clone(), rev: Some(CommitId::new(rev)) };
        let ViewBody::Plan(view) = session.ask(query, limit).await? else { continue };
        if let Some(row) = there.apps.iter_mut().find(|row| row.id == *id) {
            *row = Arc::new(judged(row, &view.plan));
        }
    }
    Ok(there)
}

fn judged(app: &AppRow, plan: &Plan) -> AppRow {
    let resources: Vec<_> = plan.rows.iter().map(|row| Arc::new(object(app, row))).collect();
    let rolled = Verdict::roll_up(resources.iter().map(|row| (row.verdict, row.moved)));
    let verdict = if app.reason.is_some() { rolled.min(Verdict::Unknown) } else { rolled };
    AppRow { verdict, resources, desired: Some(plan.commit.clone()), ..app.clone() }
}

/// What is known of the object live stays; verdict and findings are those against the other revision.
fn object(app: &AppRow, planned: &PlanRow) -> ResourceRow {
    let known = app.resources.iter().find(|row| row.key == planned.key);
    let moved = planned.findings.iter().filter_map(|finding| finding.moved).reduce(both);
    let row = known.map_or_else(|| blank(planned), |row| (**row).clone());
    ResourceRow {
        verdict: planned.verdict,
        moved,
        findings: planned.findings.clone(),
        pending: false,
        base: if moved.is_some() { row.base } else { Base::None },
        ..row
    }
}

fn both(one: Moved, other: Moved) -> Moved {
    if one == other { one } else { Moved::Both }
}

fn blank(planned: &PlanRow) -> ResourceRow {
    ResourceRow {
        key: planned.key.clone(),
        version: "".into(),
        uid: planned.uid.clone(),
        verdict: planned.verdict,
        moved: None,
        base: Base::None,
        health: Health::Missing,
        health_note: None,
        basis: Basis::Local,
        pending: false,
        refused: None,
        reason: None,
        findings: Vec::new(),
        hidden: Vec::new(),
        wave: planned.wave,
        origin: None,
        created: None,
        in_bounds: true,
        unadopted: false,
    }
}
