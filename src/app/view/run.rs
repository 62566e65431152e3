//! A run's page: a bar, and a row per object. A row is done only when the server said so.

use crate::app::App;
use crate::app::lists::RunScreen;
use crate::app::status::{Role, act, run, step};
use crate::model::{RunRow, RunState, StepState};

use super::page::{Class, Detail, List, Page, Row, Stand, fixed, flex};
use super::text::Line;
use super::time::seconds;
use super::wrap::wrapped;

impl App {
    pub(super) fn run_page<'a>(&'a self, screen: &'a RunScreen, class: Class) -> Page<'a> {
        let mut page = self.app_bar(&screen.app, "run", class);
        let Some(run_row) = self.fleet.runs.iter().find(|run| run.id == screen.id) else {
            page.list.empty = vec![Line::in_role(Role::Behind, "◌ queued")];
            return page;
        };
        page.intro = self.run_intro(run_row, class);
        page.list = List {
            columns: match class {
                Class::Narrow => vec![fixed("", 2), flex("", 2), flex("", 1)],
                _ => vec![fixed("WAVE", 5), fixed("ACT", 4), flex("OBJECT", 1), flex("RESULT", 1)],
            },
            len: run_row.steps.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| step_row(run_row, at, class)),
            empty: vec![Line::new().dim("no objects in this one")],
        };
        page.detail = self.step_detail(screen, run_row);
        if !matches!(run_row.state, RunState::Ended(_)) {
            page.after = vec![Line::new().dim("you may leave this screen (Esc): the run goes on; g s comes back")];
        }
        page
    }

    /// Why the object under the cursor failed or was passed over, to the reason's end.
    fn step_detail(&self, screen: &RunScreen, run_row: &RunRow) -> Detail {
        let here = screen.cursor.key().and_then(|_| run_row.steps.get(screen.cursor.row()));
        let missed = here.filter(|step| matches!(step.state, StepState::Failed | StepState::Skipped));
        let Some((step, note)) = missed.and_then(|step| Some((step, step.note.as_ref()?))) else {
            return Detail::default();
        };
        let lines = wrapped(note, usize::from(self.size.0));
        Detail { title: Line::of(step.key.label()), lines, stand: Stand::Whole }
    }

    fn run_intro(&self, row: &RunRow, class: Class) -> Vec<Line> {
        let over = |state| matches!(state, StepState::Done | StepState::Failed | StepState::Skipped);
        let (done, all) = (row.steps.iter().filter(|step| over(step.state)).count(), row.steps.len());
        let (glyph, word, role) = run(row.state);
        let end = row.ended.or(self.now.map(|now| now.wall)).unwrap_or(row.started);
        let line = Line::in_role(role, format!("{glyph} {} {word}", row.what));
        let line = line.dim(format!(
            "   started {} · {} elapsed",
            self.clock(row.started),
            seconds(end.duration_since(row.started))
        ));
        let mut lines = vec![line.text(format!("   {done} of {all} done"))];
        if !row.steps.is_empty() {
            let width = if class == Class::Narrow { 24 } else { 60 };
            let filled = width * done / all;
            let bar = Line::in_role(role, "█".repeat(filled)).dim("░".repeat(width - filled));
            lines.push(bar.text(format!("  {}%", 100 * done / all)));
        }
        lines.extend(row.note.as_ref().map(|note| Line::of(note.clone())));
        lines
    }
}

fn step_row(run: &RunRow, at: usize, class: Class) -> Row {
    let Some(row) = run.steps.get(at) else { return Row::default() };
    let (sign, sign_role) = act(row.act);
    let (glyph, word, role) = step(row.state);
    let result = Line::in_role(role, format!("{glyph} {word}"));
    let result = row.note.as_ref().map_or(result.clone(), |note| result.text("  ").text(note.clone()));
    let (sign, name) = (Line::in_role(sign_role, sign), Line::of(row.key.label()));
    let cells = match class {
        Class::Narrow => vec![sign, name, result],
        _ => vec![Line::of(format!("{:>2}", row.wave)), sign, name, result],
    };
    Row { marked: false, cells }
}
