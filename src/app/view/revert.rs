//! The revert's page: in which way, what it does to git, what it does to the cluster, what must be answered.

use crate::app::App;
use crate::app::confirm::Focus;
use crate::app::hold::SPANS;
use crate::app::revert::{MODE, REASON, RevertScreen, UNTIL};
use crate::app::status::{Role, act};
use crate::model::{AppId, PlanRow, RevertMode, RevertPreview};

use super::page::{Class, List, Page, Row, plan_preview_columns};
use super::plan::{ask_lines, plan_notes};
use super::text::Line;

impl App {
    pub(super) fn revert_page<'a>(&'a self, screen: &'a RevertScreen, class: Class) -> Page<'a> {
        let mut page = self.app_bar(&screen.app, "", class);
        page.left = Line::new().strong(Role::Text, format!("REVERT {} · {}", screen.app.name, screen.app.cluster));
        if self.is_protected(&screen.app) {
            page.left = page.left.strong(Role::Error, " # PROTECTED");
        }
        page.intro = self.revert_intro(screen);
        page.list.empty = vec![Self::waiting(screen.asked.failed.as_ref(), "previewing")];
        page.ask = ask_lines(&screen.confirm, if screen.mode == RevertMode::Pin { "Pin" } else { "Commit and push" });
        let Some(view) = &screen.asked.ready else { return page };
        let rows: Vec<&PlanRow> = screen.rows().collect();
        page.list = List {
            columns: plan_preview_columns(class),
            len: rows.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| rows.get(at).map(|row| preview_row(row)).unwrap_or_default()),
            empty: vec![Line::of("on the cluster nothing changes: live is already as it was there")],
        };
        page.after = git_lines(view, screen.mode);
        page.after.extend(plan_notes(&view.plan));
        page.after.push(Line::new().dim("same as  ").text(self.command_here()));
        page.detail = rows_detail(self, screen, class);
        page
    }

    fn revert_intro(&self, screen: &RevertScreen) -> Vec<Line> {
        let focus = |field| screen.confirm.focus == Focus::Field(field);
        let to = &screen.to;
        let target = Line::new()
            .dim("back to  ")
            .strong(Role::Text, to.id.short().to_owned())
            .text(" ")
            .text(to.subject.clone());
        let target = target.dim(format!("   {} ", self.age(to.time))).dim(to.author.clone());
        let dot = |mode| if screen.mode == mode { "(•)" } else { "( )" };
        let restore = format!("{} restore  a new commit puts the inputs back", dot(RevertMode::Restore));
        let pin = format!("{} pin  this cluster only, git is not changed", dot(RevertMode::Pin));
        let how = Line::new().dim("how      ").focus(focus(MODE), restore).text("   ").focus(focus(MODE), pin);
        let why = Line::new()
            .dim("why      ")
            .focus(focus(REASON), "[ ")
            .field(screen.reason.halves(), focus(REASON))
            .text(" ]");
        let mut lines = vec![target, how, why];
        if screen.mode == RevertMode::Pin {
            let word = SPANS.get(screen.until).map_or("", |(word, _)| word);
            lines.push(Line::new().dim("until    ").focus(focus(UNTIL), format!("‹ {word} ›")));
        }
        lines
    }
}

fn rows_detail(app: &App, screen: &RevertScreen, class: Class) -> super::page::Detail {
    let here = screen.cursor.key().and_then(|key| screen.rows().find(|row| row.key == *key));
    here.map(|row| app.row_detail(row, class)).unwrap_or_default()
}

fn preview_row(row: &PlanRow) -> Row {
    let (glyph, role) = act(row.act);
    Row { marked: false, cells: vec![Line::in_role(role, glyph), Line::of(row.key.label()), Line::of(row.why.clone())] }
}

/// What the new commit does, and whom else it feeds.
fn git_lines(view: &RevertPreview, mode: RevertMode) -> Vec<Line> {
    let mut lines = Vec::new();
    if mode == RevertMode::Restore {
        let head = Line::of(format!("git  {} files change on ", view.files.len())).text(view.branch.clone());
        lines.push(head.dim(format!("  (head {})", view.head.short())));
        let file = |change: &crate::model::GitChange| {
            Line::new().dim(format!("     {} ", change.kind)).text(change.path.clone())
        };
        lines.extend(view.files.iter().take(6).map(file));
        if view.files.len() > 6 {
            lines.push(Line::new().dim(format!("     …{} more", view.files.len() - 6)));
        }
        lines.push(Line::new().dim("     message  ").text(view.message.first_line()));
    }
    let names: Vec<String> = view.feeds.iter().filter(|id| **id != view.app).map(|id| other(id, &view.app)).collect();
    if !names.is_empty() {
        lines.push(Line::in_role(Role::Drift, "! ").text(format!("this path also feeds {}", names.join(", "))));
    }
    lines
}

/// Another destination, as short as it is clear beside this one.
fn other(id: &AppId, here: &AppId) -> String {
    if id.name == here.name { id.cluster.to_string() } else { id.to_string() }
}
