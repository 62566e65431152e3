//! Clusters, errors and activity, as the fleet says them.

use crate::app::App;
use crate::app::lists::{ActivityScreen, ClustersScreen, ErrorsScreen};
use crate::app::status::{Role, place, run};
use crate::model::{ClusterRow, ErrorRow, Mode, RemoteRow, RemoteState, RunRow};

use super::bar;
use super::page::{Class, Detail, List, Page, Row, Stand, fixed, flex, right};
use super::text::Line;
use super::wrap::wrapped;

impl App {
    pub(super) fn clusters_page<'a>(&'a self, screen: &'a ClustersScreen, class: Class) -> Page<'a> {
        let mut page = self.fleet_bar("CLUSTERS", class);
        page.list = List {
            columns: match class {
                Class::Narrow => vec![flex("", 1), fixed("", 15)],
                _ => vec![
                    fixed("CLUSTER", 14),
                    fixed("STATE", 17),
                    right("APPS", 5),
                    right("WATCHES", 9),
                    fixed("  MODE", 21),
                    flex("DETAIL", 1),
                ],
            },
            len: self.fleet.clusters.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| {
                self.fleet.clusters.get(at).map(|row| self.cluster_row(row, class)).unwrap_or_default()
            }),
            empty: vec![Line::of("no clusters in the config")],
        };
        page.after = vec![Line::new(), Line::new().strong(Role::Text, "git sources")];
        page.after.extend(self.fleet.remotes.iter().take(12).map(|row| self.remote_line(row)));
        let here = screen.cursor.key().and_then(|name| self.fleet.cluster(name));
        page.detail = here.map(|row| self.cluster_detail(row)).unwrap_or_default();
        page
    }

    fn cluster_row(&self, row: &ClusterRow, class: Class) -> Row {
        let name = Line::of(row.name.as_str());
        let name = if row.protected { name.strong(Role::Error, " #") } else { name };
        let (all, listed) = row.watches;
        let watches = if listed < all { format!("{listed}/{all}") } else { all.to_string() };
        let mode = match (&row.unlocked, row.mode) {
            (Some((until, _)), _) => {
                Line::new().strong(Role::Error, "  OPERATE").text(format!(" {} left", self.left(*until)))
            }
            (None, Mode::Operate) => Line::of("  operate"),
            (None, Mode::Observe) => Line::of("  observe"),
            (None, Mode::ReadOnly) => Line::of("  read-only"),
        };
        let cells = match class {
            Class::Narrow => vec![name, bar::state(row.state)],
            _ => vec![
                name,
                bar::state(row.state),
                Line::of(row.apps.to_string()),
                Line::of(watches),
                mode,
                row.reason.as_ref().map_or_else(
                    || Line::new().dim(row.server_version.clone().unwrap_or_else(|| "".into())),
                    |why| Line::new().put(Role::Error, why.message.first_line()),
                ),
            ],
        };
        Row { marked: false, cells }
    }

    fn cluster_detail(&self, row: &ClusterRow) -> Detail {
        let mut lines = Vec::new();
        let seen = row.observed_at.map_or_else(|| "never".to_owned(), |time| self.clock(time));
        let line = Line::new().dim("last answer ").text(seen);
        lines.push(match &row.context {
            Some(context) => line.dim("   context ").text(context.clone()),
            None => line,
        });
        if row.insecure {
            lines.push(Line::new().strong(Role::Error, "INSECURE: TLS is not verified"));
        }
        if let Some((_, reason)) = &row.unlocked {
            lines.push(Line::new().dim("unlocked: ").text(reason.clone()));
        }
        if let Some(reason) = &row.reason {
            lines.push(
                Line::new()
                    .put(Role::Error, reason.message.clone())
                    .dim(format!("  since {}", self.clock(reason.since))),
            );
        }
        Detail { title: Line::of(row.name.as_str()), lines, stand: Stand::Below }
    }

    fn remote_line(&self, row: &RemoteRow) -> Line {
        let (glyph, role) = match row.state {
            RemoteState::Waiting => ("◌", Role::Dim),
            RemoteState::Ok => ("✓", Role::Ok),
            RemoteState::Failing => ("✗", Role::Error),
        };
        let line = Line::new().put(role, format!("  {glyph} {:<14}", row.name.as_str())).text(row.url.clone());
        let age = row.fetched_at.map(|time| format!("   confirmed {}", self.clock(time))).unwrap_or_default();
        let next = row.next_poll.map(|time| format!(" · next {}", self.clock(time))).unwrap_or_default();
        let line = line.dim(age).dim(next);
        match &row.reason {
            Some(reason) => line.text("  ").put(Role::Error, reason.message.first_line()),
            None => line,
        }
    }

    pub(super) fn errors_page<'a>(&'a self, screen: &'a ErrorsScreen, class: Class) -> Page<'a> {
        let mut page = self.fleet_bar(&format!("ERRORS {} open", self.fleet.errors.len()), class);
        page.list = List {
            columns: vec![fixed("", 24), flex("", 1), right("", 5)],
            len: self.fleet.errors.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| self.fleet.errors.get(at).map(|row| self.error_row(row)).unwrap_or_default()),
            empty: vec![Line::in_role(Role::Ok, "✓ nothing is wrong")],
        };
        let here = self.fleet.errors.get(screen.cursor.row()).filter(|_| screen.cursor.key().is_some());
        page.detail = here.map(|row| self.error_detail(row)).unwrap_or_default();
        page
    }

    fn error_row(&self, row: &ErrorRow) -> Row {
        let whose = Line::in_role(Role::Error, "✗ ").text(row.whose.clone());
        let cells =
            vec![whose, Line::of(row.reason.message.first_line()), Line::new().dim(self.age(Some(row.reason.since)))];
        Row { marked: false, cells }
    }

    fn error_detail(&self, row: &ErrorRow) -> Detail {
        let mut lines = wrapped(&row.reason.message, usize::from(self.size.0));
        lines.push(Line::new().dim(format!("since {}", self.clock(row.reason.since))));
        lines.push(Line::new().dim("do   ").text(row.hint.clone()));
        Detail { title: Line::of(row.whose.clone()), lines, stand: Stand::Whole }
    }

    pub(super) fn activity_page<'a>(&'a self, screen: &'a ActivityScreen, class: Class) -> Page<'a> {
        let mut page = self.fleet_bar("ACTIVITY", class);
        page.list = List {
            columns: match class {
                Class::Narrow => vec![fixed("", 7), flex("", 1), fixed("", 12)],
                _ => vec![fixed("TIME", 14), fixed("DID", 9), flex("WHERE", 2), fixed("RESULT", 16), flex("DETAIL", 3)],
            },
            len: self.fleet.runs.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| {
                self.fleet.runs.iter().rev().nth(at).map(|row| self.activity_row(row, class)).unwrap_or_default()
            }),
            empty: vec![Line::of("nothing was done from here yet")],
        };
        page
    }

    fn activity_row(&self, row: &RunRow, class: Class) -> Row {
        let (glyph, word, role) = run(row.state);
        let result = Line::in_role(role, format!("{glyph} {word}"));
        let place = Line::of(place(row));
        let time = Line::of(self.clock(row.started));
        let cells = match class {
            Class::Narrow => vec![Line::of(row.what), place, result],
            _ => vec![time, Line::of(row.what), place, result, row.note.clone().map(Line::of).unwrap_or_default()],
        };
        Row { marked: false, cells }
    }
}
