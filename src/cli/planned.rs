//! A plan on the command line: which of its rows are taken, the order that follows, and its text.

use std::fmt::Write as _;

use super::error::CliError;
use super::screen::Colour;
use super::table::{Cell, layout};
use crate::model::{Act, Foreign, Plan, PlanRow, ResourceKey, Shown, SyncOrder, Verdict};

/// Which rows of a plan are taken.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--prune`: deletes too.
    pub prune: bool,
    /// `--only`: kind and name; none = all.
    pub only: Vec<(String, String)>,
}

/// `KIND/NAME` as `--only` takes it.
///
/// # Errors
/// A usage error for anything else.
pub fn object(word: &str) -> Result<(String, String), CliError> {
    match word.split_once('/') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok((kind.to_owned(), name.to_owned())),
        _ => Err(CliError::usage(format!("--only takes KIND/NAME, such as Deployment/api, not {word}"))),
    }
}

impl Choice {
    /// The rows that are done.
    ///
    /// # Errors
    /// A usage error when `--only` names an object that the plan has not.
    pub fn of(&self, plan: &Plan) -> Result<Vec<ResourceKey>, CliError> {
        for wanted in &self.only {
            if !plan.rows.iter().any(|row| is(row, wanted)) {
                let (kind, name) = wanted;
                return Err(CliError::usage(format!("{} has no {kind}/{name}", plan.app))
                    .hint(format!("`driftdeck sync {} --dry-run` lists them", plan.app)));
            }
        }
        Ok(plan.rows.iter().filter(|row| self.takes(row)).map(|row| row.key.clone()).collect())
    }

    fn takes(&self, row: &PlanRow) -> bool {
        let ticked = match row.act {
            Act::Create | Act::Update | Act::Adopt => row.chosen,
            Act::Prune => self.prune,
            Act::Keep | Act::Skip => false,
        };
        ticked && self.covers(row)
    }

    fn covers(&self, row: &PlanRow) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| is(row, wanted))
    }
}

fn is(row: &PlanRow, (kind, name): &(String, String)) -> bool {
    row.key.kind.kind.eq_ignore_ascii_case(kind) && *row.key.name == **name
}

/// Whether rows are left that a sync like this one will never bring in step.
#[must_use]
pub fn stuck(plan: &Plan, choice: &Choice) -> bool {
    plan.rows.iter().any(|row| choice.covers(row) && matches!(row.act, Act::Skip | Act::Prune))
}

/// Why nothing could be done that should: what nobody could judge, and what no server takes.
#[must_use]
pub fn cannot(plan: &Plan, choice: &Choice) -> Option<Foreign> {
    let open = |row: &&PlanRow| choice.covers(row) && matches!(row.verdict, Verdict::Unknown | Verdict::Invalid);
    let mut rows = plan.rows.iter().filter(open);
    let first = rows.next()?;
    let more = match rows.count() {
        0 => String::new(),
        more => format!(" (and {more} more, see the plan)"),
    };
    Some(Foreign::new(format!("{}: {}{more}", first.key.label().raw(), first.why.raw())))
}

/// The order for these rows. It is a full sync when nothing of the plan is left out.
#[must_use]
pub fn order(plan: &Plan, chosen: Vec<ResourceKey>, take_over: bool) -> SyncOrder {
    let full = plan.rows.iter().all(|row| row.act == Act::Keep || chosen.contains(&row.key));
    SyncOrder {
        app: plan.app.clone(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen,
        take: Vec::new(),
        take_over,
        full,
    }
}

/// The plan as it is printed before anything is done.
#[must_use]
pub fn text(plan: &Plan, chosen: &[ResourceKey], colour: Colour) -> String {
    let to = format!("{} {}", plan.commit.id.short(), Shown::from(&plan.commit.subject));
    let mut out = format!("{}\n", colour.bold(&format!("plan: {} to {}", plan.app, to.trim_end())));
    let rows: Vec<[Cell; 5]> =
        plan.rows.iter().filter(|row| !row.is_silent()).map(|row| line(row, chosen.contains(&row.key))).collect();
    let kept = plan.rows.len() - rows.len();
    if !rows.is_empty() {
        out.push_str(&layout(["", "WAVE", "ACT", "OBJECT", "WHY"], &rows));
    }
    for check in &plan.checks {
        let _ = writeln!(out, "{} {}", if check.ok { "ok" } else { "! " }, Shown::from(&check.text));
    }
    if let Some(pause) = &plan.paused {
        let (by, why) = (Shown::from(&pause.by), Shown::from(&pause.reason));
        let until = pause.until.map(|until| format!(" until {until:.0}")).unwrap_or_default();
        let _ = writeln!(out, "!  paused by {by}: {why}{until}");
    }
    let _ = writeln!(out, "{} of {} to do, {kept} kept as they are", chosen.len(), plan.rows.len());
    out
}

fn line(row: &PlanRow, chosen: bool) -> [Cell; 5] {
    let place = match &*row.key.namespace {
        "" => row.key.label(),
        namespace => Foreign::new(format!("{namespace}/{}", row.key.label().raw())),
    };
    let why = match row.act {
        Act::Prune if !chosen => Foreign::new(format!("{} (left: add --prune)", row.why.raw())),
        _ => row.why.clone(),
    };
    [
        Cell::own(if chosen { "*" } else { "-" }),
        Cell::own(row.wave.to_string()),
        Cell::own(act(row.act)),
        Cell::foreign(&place),
        Cell::foreign(&why),
    ]
}

/// The word of an act.
#[must_use]
pub fn act(act: Act) -> &'static str {
    match act {
        Act::Create => "create",
        Act::Update => "update",
        Act::Adopt => "adopt",
        Act::Prune => "delete",
        Act::Keep => "keep",
        Act::Skip => "skip",
    }
}
