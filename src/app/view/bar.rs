//! Line 1: where am I, the worst of the whole fleet, what may be done, connection, clock.

use crate::app::App;
use crate::app::status::{Role, Status, health};
use crate::model::{AppId, AppRow, ClusterState, Health, Mode, ResourceRow};

use super::page::{Class, Page};
use super::text::Line;

/// Statuses in the order of line 1's counts.
const COUNTED: [Status; 12] = [
    Status::Error,
    Status::Is(crate::model::Verdict::Invalid),
    Status::Unknown,
    Status::Is(crate::model::Verdict::Terminating),
    Status::Is(crate::model::Verdict::Missing),
    Status::Is(crate::model::Verdict::Contested),
    Status::Is(crate::model::Verdict::Diverged),
    Status::Is(crate::model::Verdict::Drifted),
    Status::Is(crate::model::Verdict::Behind),
    Status::Paused,
    Status::Pinned,
    Status::Running,
];

impl App {
    /// A page with line 1 filled in: a title, or a fleet-wide place.
    pub(super) fn fleet_bar(&self, title: &str, class: Class) -> Page<'_> {
        let name = if class == Class::Wide { "driftdeck  " } else { "" };
        let left = Line::of(name).join(self.demo()).strong(Role::Text, title.to_owned()).join(self.totals());
        Page { left, right: self.right_side(None, class), ..Page::default() }
    }

    /// A page with line 1 filled in for one app.
    pub(super) fn app_bar(&self, id: &AppId, tail: &str, class: Class) -> Page<'_> {
        let name = if class == Class::Wide { "driftdeck  " } else { "" };
        let fleet = if class == Class::Wide { "FLEET › " } else { "" };
        let mut left =
            Line::of(name).join(self.demo()).dim(fleet).strong(Role::Text, format!("{} · {}", id.name, id.cluster));
        if self.is_protected(id) {
            left = left.strong(Role::Error, " #");
        }
        if !tail.is_empty() {
            left = left.text(format!(" › {tail}"));
        }
        if let Some(row) = self.fleet.app(id).filter(|_| tail.is_empty() || class == Class::Wide) {
            let status = Status::of_app(row, &self.fleet);
            let since = row.since.map(|since| format!(" {}", self.age(Some(since)))).unwrap_or_default();
            left = left.text("   ").put(status.role(), format!("{} {}{since}", status.glyph(), status.word()));
            left = left.dim(" · ").join(health_words(row));
        }
        Page { left, right: self.right_side(Some(id), class), ..Page::default() }
    }

    pub(super) fn is_protected(&self, id: &AppId) -> bool {
        self.fleet.cluster(&id.cluster).is_some_and(|row| row.protected)
    }

    fn demo(&self) -> Line {
        if self.setup.demo { Line::new().strong(Role::Pinned, "DEMO").text("  ") } else { Line::new() }
    }

    /// The worst counts of the whole fleet, never of a filter.
    fn totals(&self) -> Line {
        let mut line = Line::of(format!(" {} apps ", self.fleet.apps.len()));
        let statuses: Vec<Status> = self.fleet.apps.iter().map(|row| Status::of_app(row, &self.fleet)).collect();
        for status in COUNTED {
            let count = statuses.iter().filter(|other| **other == status).count();
            if count > 0 {
                line = line.put(status.role(), format!(" {}{count}", status.glyph()));
            }
        }
        line
    }

    fn right_side(&self, id: Option<&AppId>, class: Class) -> Line {
        if class == Class::Narrow {
            return self.short_mode(id).text(" ").text(self.hour());
        }
        self.mode(id, class).text("  ").join(self.connection(id)).text("  ").text(self.hour())
    }

    /// The first three letters of the mode.
    fn short_mode(&self, id: Option<&AppId>) -> Line {
        let whole = self.mode(id, Class::Narrow);
        let first = whole.spans.into_iter().next();
        first
            .map(|span| Line::new().put(span.role, span.text.raw().chars().take(3).collect::<String>()))
            .unwrap_or_default()
    }

    fn mode(&self, id: Option<&AppId>, class: Class) -> Line {
        if self.fleet.read_only {
            return Line::of("READ-ONLY");
        }
        let cluster = match id {
            Some(id) => self.fleet.cluster(&id.cluster),
            None => self.fleet.clusters.iter().find(|row| row.unlocked.is_some()),
        };
        match cluster {
            Some(row) if row.unlocked.is_some() => {
                let left = row.unlocked.as_ref().map(|(until, _)| self.left(*until)).unwrap_or_default();
                // One of many is unlocked: which one must be said.
                let name = if id.is_none() { format!(" {}", row.name) } else { String::new() };
                let tail = if class == Class::Wide { " left" } else { "" };
                Line::new().strong(Role::Error, "OPERATE").text(format!("{name} {left}{tail}"))
            }
            Some(row) if row.mode == Mode::Operate => Line::new().strong(Role::Error, "OPERATE"),
            None if id.is_none() => self.mode_of_all(),
            Some(_) | None => Line::of("OBSERVE"),
        }
    }

    /// Where none is unlocked: protected clusters are looked at, the others operated.
    fn mode_of_all(&self) -> Line {
        let operated = self.fleet.clusters.iter().filter(|row| row.mode == Mode::Operate).count();
        match operated {
            0 => Line::of("OBSERVE"),
            all if all == self.fleet.clusters.len() => Line::new().strong(Role::Error, "OPERATE"),
            _ => Line::of("OBSERVE #"),
        }
    }

    fn connection(&self, id: Option<&AppId>) -> Line {
        if !self.seen_fleet {
            return Line::in_role(Role::Behind, "↻ loading");
        }
        if let Some(row) = id.and_then(|id| self.fleet.cluster(&id.cluster)) {
            return state(row.state);
        }
        let ill = |state| !matches!(state, ClusterState::Connected | ClusterState::Syncing | ClusterState::Connecting);
        let down = self.fleet.clusters.iter().filter(|row| ill(row.state)).count();
        let busy = self
            .fleet
            .clusters
            .iter()
            .filter(|row| matches!(row.state, ClusterState::Connecting | ClusterState::Syncing));
        match (down, busy.count()) {
            (0, 0) => Line::in_role(Role::Ok, format!("✓ {}", self.fleet.clusters.len())),
            (0, busy) => Line::in_role(Role::Behind, format!("↻ {busy} syncing")),
            (down, _) => Line::in_role(Role::Error, format!("! {down} of {}", self.fleet.clusters.len())),
        }
    }
}

/// A connection's glyph and word.
pub(super) fn state(state: ClusterState) -> Line {
    let (glyph, role) = match state {
        ClusterState::Connected => ("✓", Role::Ok),
        ClusterState::Connecting => ("◌", Role::Dim),
        ClusterState::Syncing | ClusterState::Reconnecting => ("↻", Role::Behind),
        ClusterState::Degraded => ("~", Role::Drift),
        ClusterState::Stale => ("!", Role::Drift),
        ClusterState::AuthFailed | ClusterState::Misconfigured => ("✗", Role::Error),
    };
    Line::in_role(role, format!("{glyph} {}", state.word()))
}

/// `✓ healthy`.
pub(super) fn health_words(row: &AppRow) -> Line {
    let (glyph, role) = health(row.health);
    Line::in_role(role, format!("{glyph} {}", row.health.word().replace('-', " ")))
}

/// `✓ 6/6 ready`, or the word.
pub(super) fn object_health(row: &ResourceRow) -> Line {
    let (glyph, role) = health(row.health);
    match &row.health_note {
        _ if row.health == Health::NotJudged => Line::new().dim("-"),
        Some(note) => Line::in_role(role, format!("{glyph} ")).text(note.clone()),
        None => Line::in_role(role, format!("{glyph} {}", row.health.word().replace('-', " "))),
    }
}
