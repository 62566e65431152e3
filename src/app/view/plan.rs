//! The sync plan's page: what would be done, in which order, why, what was checked, and what must be answered.

use crate::app::App;
use crate::app::confirm::{Confirm, Focus};
use crate::app::status::{Role, act};
use crate::app::sync::{PlanScreen, is_tickable};
use crate::model::{Act, Plan, PlanRow};

use super::page::{Class, Column, Detail, List, Page, Row, Stand, fixed, flex};
use super::text::Line;

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
            empty: vec![Line::in_role(Role::Ok, "✓ nothing to do: live is as git says")],
        };
        page.after = plan_notes(&view.plan);
        page.after.push(Line::new().dim("same as  ").text(crate::app::cli::plan_line(view, screen)));
        page.detail = screen.here().map(|row| self.row_detail(row)).unwrap_or_default();
        page.ask = ask_lines(&screen.confirm, "Run");
        page
    }

    fn plan_intro(&self, screen: &PlanScreen, plan: &Plan) -> Vec<Line> {
        let from = self.fleet.app(&screen.app).and_then(|row| row.deployed.as_ref());
        let from = from.map_or_else(|| "never synced".to_owned(), |last| last.commit.short().to_owned());
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

    pub(super) fn row_detail(&self, row: &PlanRow) -> Detail {
        let mut lines = Vec::new();
        if row.overwrites {
            lines.push(Line::in_role(Role::Drift, "! overwrites a change made by hand"));
        }
        for finding in row.findings.iter().take(12) {
            lines.extend(self.finding_lines(finding));
        }
        if lines.is_empty() {
            lines.push(Line::of(row.why.clone()));
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
