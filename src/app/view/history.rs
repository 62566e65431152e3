//! The history's page: commits of this app's inputs, and beside them what is known of the one under the cursor.

use crate::app::App;
use crate::app::history::HistoryScreen;
use crate::app::status::Role;
use crate::model::{EffectHere, HistoryRow, HistoryView, Marker};

use super::fleet::{clipped, revision};
use super::page::{Class, Detail, List, Page, Row, Stand, fixed, flex, right};
use super::text::Line;

impl App {
    pub(super) fn history_page<'a>(&'a self, screen: &'a HistoryScreen, class: Class) -> Page<'a> {
        let mut page = self.app_bar(&screen.app, "history", class);
        page.list.empty = vec![Self::waiting(screen.asked.failed.as_ref(), "reading the history")];
        let Some(view) = &screen.asked.ready else { return page };
        let branch = self.fleet.app(&screen.app).map(|row| revision(row)).unwrap_or_default();
        let more = if view.more { "+" } else { "" };
        let count = Line::of(format!("{}{more} commits", view.rows.len()));
        page.intro = vec![count.dim(" touch this app's inputs on ").text(branch)];
        page.list = List {
            columns: columns(class),
            len: view.rows.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| self.history_row(screen, view, at, class)),
            empty: vec![Line::of("no commit touches this app's inputs")],
        };
        page.detail = screen.here().map(|row| self.commit_detail(screen, row)).unwrap_or_default();
        page
    }

    fn history_row(&self, screen: &HistoryScreen, view: &HistoryView, at: usize, class: Class) -> Row {
        let Some(row) = view.rows.get(at) else { return Row::default() };
        let commit = &row.commit;
        let age = Line::new().dim(self.age(commit.time));
        let id = Line::of(commit.id.short().to_owned());
        let subject = Line::of(commit.subject.clone());
        let cells = match class {
            Class::Narrow => vec![markers(row), id, subject],
            _ => vec![markers(row), id, age, Line::of(author(row)), effect(row.effect), subject],
        };
        Row { marked: screen.picked.as_ref() == Some(&commit.id), cells }
    }

    fn commit_detail(&self, screen: &HistoryScreen, row: &HistoryRow) -> Detail {
        let commit = &row.commit;
        let time = commit.time.map(|time| self.clock(time)).unwrap_or_default();
        let mut lines =
            vec![Line::of(commit.subject.clone()), Line::of(commit.author.clone()).dim(format!(" · {time}"))];
        lines.push(Line::new().dim("changed in this app  ").join(effect(row.effect)));
        if let Some((time, by)) = &row.deployed {
            lines.push(Line::new().dim("deployed ").text(self.clock(*time)).dim(" by ").text(by.clone()));
        }
        for marker in &row.markers {
            lines.push(Line::new().put(marker_role(*marker), format!("{} {}", letter(*marker), words(*marker))));
        }
        if let Some(picked) = screen.picked.as_ref().filter(|picked| **picked != commit.id) {
            lines.push(Line::new().dim(format!("picked {}", picked.short())));
        }
        lines.push(Line::new());
        lines.push(Line::new().dim("R previews going back to it from live; nothing runs before you confirm"));
        Detail { title: Line::of(commit.id.short().to_owned()), lines, stand: Stand::Beside }
    }
}

fn columns(class: Class) -> Vec<super::page::Column> {
    match class {
        Class::Narrow => vec![fixed("", 3), fixed("", 8), flex("", 1)],
        Class::Mid | Class::Wide => vec![
            fixed("", 3),
            fixed("COMMIT", 8),
            right("AGE", 4),
            fixed("  AUTHOR", 11),
            fixed("EFFECT", 10),
            flex("SUBJECT", 1),
        ],
    }
}

fn author(row: &HistoryRow) -> String {
    let name = row.commit.author.raw().split('<').next().unwrap_or_default().trim().to_owned();
    format!("  {}", clipped(&name, 8))
}

/// `~2 +1 -1`, `none`, or `?` where it could not be rendered.
pub(super) fn effect(effect: Option<EffectHere>) -> Line {
    let Some(effect) = effect else { return Line::new().dim("?") };
    let parts =
        [('~', effect.changed, Role::Drift), ('+', effect.added, Role::Behind), ('-', effect.removed, Role::Error)];
    let mut line = Line::new();
    for (sign, count, role) in parts.into_iter().filter(|(_, count, _)| *count > 0) {
        line = line.put(role, format!("{sign}{count} "));
    }
    if line.spans.is_empty() { Line::new().dim("none") } else { line }
}

fn markers(row: &HistoryRow) -> Line {
    row.markers.iter().fold(Line::new(), |line, marker| line.strong(marker_role(*marker), letter(*marker)))
}

fn letter(marker: Marker) -> &'static str {
    match marker {
        Marker::Deployed => "D",
        Marker::Head => "H",
        Marker::Pinned => "P",
        Marker::Failed => "✗",
    }
}

fn words(marker: Marker) -> &'static str {
    match marker {
        Marker::Deployed => "deployed",
        Marker::Head => "branch head",
        Marker::Pinned => "pinned",
        Marker::Failed => "its sync failed",
    }
}

fn marker_role(marker: Marker) -> Role {
    match marker {
        Marker::Deployed => Role::Ok,
        Marker::Head => Role::Behind,
        Marker::Pinned => Role::Pinned,
        Marker::Failed => Role::Error,
    }
}
