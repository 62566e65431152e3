//! The sync plan's page: what would be done, in which order, why, what was checked, and what must be answered.

use crate::app::App;
use crate::app::confirm::{Confirm, Focus};
use crate::app::status::{Role, act};
use crate::app::sync::{PlanScreen, is_tickable};
use crate::model::{Act, Plan, PlanRow};

use super::page::{Class, Column, Detail, List, Page, Row, Stand, fixed, flex};
use super::text::Line;
use super::wrap::wrapped;

/// Fields of a row that are told; the diff has all.
const FINDINGS: usize = 12;
/// A longer reason is not read to its end in the list.
const WHY: usize = 28;

impl App {
    pub(super) fn plan_page<'a>(&'a self, screen: &'a PlanScreen, class: Class) -> Page<'a> {
        let mut page = self.app_bar(&screen.app, "", class);
        page.left = Line::new().strong(Role::Text, format!("SYNC {} → {}", screen.app.name, screen.app.cluster));
        if self.is_protected(&screen.app) {
            page.left = page.left.strong(Role::Error, " # PROTECTED");
        }
        page.list.empty = vec![Self::waiting(screen.asked.failed.as_ref(), "planning")];
        let Some(view) = &screen.asked.ready else { return page };
        let rows: Vec<&PlanRow> = screen.rows().collect();
        page.intro = self.plan_intro(screen, &view.plan);
        page.list = List {
            columns: plan_columns(class),
            len: rows.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| rows.get(at).map(|row| plan_row(screen, row, class)).unwrap_or_default()),
            empty: vec![self.nothing_to_do(screen)],
        };
        page.after = plan_notes(&view.plan);
        page.after.push(Line::new().dim("same as  ").text(crate::app::cli::plan_line(view, screen)));
        page.detail = screen.here().map(|row| self.row_detail(row, class)).unwrap_or_default();
        page.ask = ask_lines(&screen.confirm, "Run");
        page
    }

    fn plan_intro(&self, screen: &PlanScreen, plan: &Plan) -> Vec<Line> {
        let row = self.fleet.app(&screen.app);
        let from = row.map_or("not known", |row| {
            row.deployed.as_ref().map_or_else(|| super::fleet::never_synced(row), |last| last.commit.short())
        });
        let line =
            Line::of(format!("{from} → {} ", plan.commit.id.short())).dim("\"").text(plan.commit.subject.clone());
        let keep = plan.rows.iter().filter(|row| row.is_silent()).count();
        let counts = count_line(screen.counts()).dim(format!("{keep} unchanged"));
        let mut lines = vec![line.dim("\"   ").join(counts)];
        if let Some(pause) = &plan.paused {
            let end = pause.until.map_or_else(|| "no end".to_owned(), |until| self.clock(until));
            let line = Line::in_role(Role::Paused, format!("⊘ paused until {end} by ")).text(pause.by.clone());
            lines.push(line.text(": ").text(pause.reason.clone()));
        }
        lines
    }

    /// Said where no row does anything: live is as git says, but for what rules hide.
    fn nothing_to_do(&self, screen: &PlanScreen) -> Line {
        let line = Line::in_role(Role::Ok, "✓ nothing to do: live is as git says");
        match self.fleet.app(&screen.app).map_or(0, |row| row.counts.hidden) {
            0 => line,
            1 => line.text(", but for 1 field that a rule hides"),
            hidden => line.text(format!(", but for {hidden} fields that rules hide")),
        }
    }

    /// The row to its end: why, and what is written and what is left, with who did it.
    pub(super) fn row_detail(&self, row: &PlanRow, class: Class) -> Detail {
        let width = match class {
            Class::Wide => usize::from(self.size.0 - self.size.0 / 5 * 3).saturating_sub(2),
            Class::Mid | Class::Narrow => usize::from(self.size.0),
        };
        let mut lines = Vec::new();
        if row.findings.is_empty() || row.why.raw().chars().count() > WHY {
            lines.extend(wrapped(&row.why, width));
        }
        if row.overwrites {
            lines.push(Line::in_role(Role::Drift, "! overwrites what was changed by hand"));
        }
        // What is written comes first: it is what the plan is about.
        let (left, written): (Vec<_>, Vec<_>) = row.findings.iter().partition(|finding| finding.stays().is_some());
        for finding in written.iter().chain(&left).take(FINDINGS) {
            match class {
                Class::Wide => lines.extend(self.finding_lines(finding)),
                Class::Mid | Class::Narrow => lines.push(self.finding_line(finding)),
            }
        }
        if let Some(more @ 1..) = row.findings.len().checked_sub(FINDINGS) {
            lines.push(Line::new().dim(format!("…{more} more: d shows them")));
        }
        Detail { title: Line::of(row.key.label()).dim(format!("  wave {}", row.wave)), lines, stand: Stand::Beside }
    }
}

/// Columns of a plan's rows.
pub(super) fn plan_columns(class: Class) -> Vec<Column> {
    match class {
        Class::Narrow => vec![fixed("", 2), flex("", 1), fixed("", 10)],
        Class::Mid | Class::Wide => {
            vec![fixed("WAVE", 5), fixed("", 4), fixed("ACT", 4), flex("OBJECT", 3), flex("WHY", 3)]
        }
    }
}

fn plan_row(screen: &PlanScreen, row: &PlanRow, class: Class) -> Row {
    let tick = match (is_tickable(row), screen.is_chosen(row)) {
        (false, _) => "",
        (true, true) => "[x]",
        (true, false) => "[ ]",
    };
    let (glyph, role) = act(row.act);
    let why = Line::of(row.why.clone());
    let why = if screen.is_taken(row) { Line::in_role(Role::Error, "TAKE ").join(why) } else { why };
    let why = if row.act == Act::Prune { Line::in_role(Role::Error, "PRUNE ").join(why) } else { why };
    let glyph = Line::in_role(role, glyph);
    let cells = if class == Class::Narrow {
        vec![glyph, Line::of(row.key.label()), why]
    } else {
        vec![Line::of(format!("{:>2}", row.wave)), Line::of(tick), glyph, Line::of(row.key.label()), why]
    };
    Row { marked: false, cells }
}

/// The plan's checks, and why nothing of it may run.
pub(super) fn plan_notes(plan: &Plan) -> Vec<Line> {
    let check = |check: &crate::model::Check| {
        let (glyph, role) = if check.ok { ("✓", Role::Ok) } else { ("!", Role::Drift) };
        Line::in_role(role, format!("{glyph} ")).text(check.text.clone())
    };
    let mut lines: Vec<Line> = plan.checks.iter().map(check).collect();
    if let Some(blocked) = &plan.blocked {
        lines.push(Line::in_role(Role::Error, "✗ ").text(blocked.clone()));
    }
    lines
}

/// `~3 update  +1 create  -1 delete`.
pub(super) fn count_line([update, create, adopt, prune]: [usize; 4]) -> Line {
    let parts = [
        (update, "~", "update", Role::Drift),
        (create, "+", "create", Role::Behind),
        (adopt, "=", "adopt", Role::Text),
        (prune, "-", "delete", Role::Error),
    ];
    let shown = parts.into_iter().filter(|(count, ..)| *count > 0);
    shown.fold(Line::new(), |line, (count, sign, word, role)| line.put(role, format!("{sign}{count} {word}  ")))
}

/// What must be typed, and the buttons.
pub(super) fn ask_lines(confirm: &Confirm, run: &str) -> Vec<Line> {
    let first = match (confirm.wanted(), confirm.refused.as_ref()) {
        (_, Some(why)) => Line::in_role(Role::Error, why.as_str()),
        (Some(wanted), None) => {
            let active = !matches!(confirm.focus, Focus::Field(_));
            let line = Line::new()
                .dim("type ")
                .strong(Role::Text, wanted)
                .dim(" to run: ")
                .field(confirm.token.halves(), active);
            match confirm.blocked().filter(|why| why.contains(":allow")) {
                Some(why) => line.put(Role::Error, format!("   {why}")),
                None => line,
            }
        }
        (None, None) if confirm.gate.is_none() => Line::new().dim("↻ asking what must be confirmed"),
        (None, None) => Line::new(),
    };
    let run_role = if confirm.is_armed() { Role::Text } else { Role::Dim };
    let buttons = Line::new().focus(confirm.focus == Focus::Cancel, "[ Cancel ]").text("  ");
    let mut buttons = buttons.focus(confirm.focus == Focus::Run, format!("[ {run} ]"));
    if let Some(span) = buttons.spans.last_mut() {
        span.role = run_role;
    }
    vec![first, buttons]
}
