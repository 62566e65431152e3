//! The fleet's page: rows, and below them who changed what in the app under the cursor.

use std::sync::Arc;

use crate::app::App;
use crate::app::screen::FilterField;
use crate::app::status::{Role, Status};
use crate::model::{
    AgentSeen, AppId, AppRow, Attribution, Finding, Location, Precision, Reason, ReasonCode, ResourceRow, Verdict,
};

use super::bar::health_words;
use super::page::{Class, Column, Detail, List, Page, Row, Stand, fixed, flex, right};
use super::text::Line;
use super::wrap::wrapped;

impl App {
    pub(super) fn fleet_page(&self, class: Class) -> Page<'_> {
        let mut page = self.fleet_bar("FLEET", class);
        page.intro = self.fleet_intro();
        page.list = List {
            columns: columns(class),
            len: self.root.order.len(),
            cursor: self.root.cursor.key().map(|_| self.root.cursor.row()),
            row: Box::new(move |at| self.fleet_row(at, class)),
            empty: self.fleet_empty(),
        };
        page.detail = self.root.cursor.key().map(|id| self.preview(id, class)).unwrap_or_default();
        page
    }

    fn fleet_intro(&self) -> Vec<Line> {
        let (shown, all) = (self.root.order.len(), self.fleet.apps.len());
        let text = self.root.filter_text();
        let notice = self.setup.notice.iter().flat_map(|notice| wrapped(notice, usize::from(self.size.0)));
        let mut lines: Vec<Line> = notice.chain(self.kubectl_lines()).collect();
        if text.is_empty() && !self.root.problems && self.root.marks.is_empty() && !self.root.is_due() {
            return lines;
        }
        let mut line = Line::new().dim("filter: ");
        line = if self.root.problems { line.text("problems ") } else { line };
        line = line.text(text).dim(format!("   {shown} of {all}"));
        if !self.root.marks.is_empty() {
            line = line.dim(format!(" · {} marked", self.root.marks.len()));
        }
        if self.root.is_due() {
            line = line.dim(" · order changed");
        }
        lines.push(line);
        lines
    }

    pub(super) fn filter_lines(&self, field: &FilterField, page: &mut Page<'_>) {
        let (shown, all) = (self.root.order.len(), self.fleet.apps.len());
        let first = Line::new().text("filter: ").field(field.edit.halves(), true).dim(format!("   {shown} of {all}"));
        let second = if let Some(wrong) = self.root.wrong() {
            Line::in_role(Role::Error, format!("no key {} · mean {}", wrong.typed, wrong.meant))
        } else {
            let keys = crate::app::filter::KEYS.join(" ");
            Line::new().dim(format!("keys    {keys}protected|paused|pinned|stale  - negates  * globs"))
        };
        page.intro = vec![first, second];
    }

    fn fleet_row(&self, at: usize, class: Class) -> Row {
        let Some(row) = self.root.order.get(at).and_then(|id| self.fleet.app(id)) else { return Row::default() };
        let status = Status::of_app(row, &self.fleet);
        let dim = if row.stale.is_some() { Role::Dim } else { Role::Text };
        let cluster = Line::in_role(dim, row.id.cluster.as_str());
        let cluster = if row.protected { cluster.strong(Role::Error, " #") } else { cluster };
        let name = Line::in_role(dim, &*row.id.name);
        let changes = changes(row);
        let short = Line::in_role(status.role(), format!("{}{}", status.glyph(), status.code()));
        let word = Line::in_role(status.role(), format!("{} {}", status.glyph(), status.word()));
        let commit = row.deployed.as_ref().map(|deployed| deployed.commit.short().to_owned()).unwrap_or_default();
        let age = Line::new().dim(self.age(row.since));
        let cells = match class {
            Class::Narrow => vec![short, name, cluster, changes],
            Class::Mid => vec![word, name, cluster, changes, health_words(row), Line::of(commit), age],
            Class::Wide => {
                vec![word, name, cluster, changes, health_words(row), Line::of(commit), self.last_commit(row), age]
            }
        };
        Row { marked: self.root.marks.contains(&row.id), cells }
    }

    /// Why it is held or wrong, else the subject of the desired commit.
    fn last_commit(&self, row: &AppRow) -> Line {
        if let Some(reason) = row.reason.as_ref().filter(|_| row.verdict == Verdict::Unknown) {
            return Line::new().put(Role::Error, reason.message.first_line());
        }
        if let Some(pause) = &row.paused {
            let end = pause.until.map_or_else(|| "no end!".to_owned(), |until| format!("until {}", self.clock(until)));
            return Line::in_role(Role::Paused, format!("{end} ("))
                .put(Role::Paused, pause.by.clone())
                .put(Role::Paused, ")");
        }
        if row.pinned.is_some() {
            let ahead = row.source.ahead.map(|ahead| format!("{} is +{ahead}", revision(row))).unwrap_or_default();
            return Line::in_role(Role::Pinned, ahead);
        }
        if let Some(stale) = &row.stale {
            return Line::new().put(Role::Dim, stale.message.first_line());
        }
        row.desired.as_ref().map(|commit| Line::of(commit.subject.clone())).unwrap_or_default()
    }

    /// Who changed what, and what a sync would delete: the answer without leaving the list.
    fn preview(&self, id: &AppId, class: Class) -> Detail {
        let Some(row) = self.fleet.app(id) else { return Detail::default() };
        let mut lines = vec![self.prune_line(row)];
        if class == Class::Wide {
            lines.insert(0, self.source_line(row));
        }
        if let Some(reason) = row.reason.as_ref().or(row.stale.as_ref()) {
            lines.push(
                Line::new().put(Role::Error, reason.message.clone()).dim(format!("  {}", self.age(Some(reason.since)))),
            );
        }
        if let Some(pause) = &row.paused {
            lines.push(
                Line::in_role(Role::Paused, "⊘ paused by ")
                    .text(pause.by.clone())
                    .text(": ")
                    .text(pause.reason.clone()),
            );
        }
        let mut differing: Vec<_> = row.resources.iter().filter(|object| object.verdict != Verdict::Synced).collect();
        differing.sort_by_key(|object| (object.findings.is_empty(), object.verdict));
        let newest = newest(&differing);
        for object in differing.iter().take(8) {
            lines.extend(self.who_lines(object, newest, class));
        }
        if row.verdict == Verdict::Synced {
            lines.push(compared(row));
        }
        Detail { title: Line::of(format!("{} · {}", id.name, id.cluster)), lines, stand: Stand::Below }
    }

    /// Where it comes from and what happens unasked.
    pub(super) fn source_line(&self, row: &AppRow) -> Line {
        let commit = row.desired.as_ref().map(|commit| commit.id.short().to_owned()).unwrap_or_default();
        let line = match &row.source.spec.location {
            Location::Git { path, revision, .. } => {
                Line::of("git ").text(revision.as_str()).text(format!("@{commit}  ")).text(path.as_str())
            }
            Location::Dir { path } => Line::of("dir ").text(path.display().to_string()),
        };
        let on = |on: bool| if on { "on" } else { "off" };
        let policy = row.policy;
        line.dim(format!("   auto {} · heal {} · prune {}", on(policy.auto), on(policy.self_heal), on(policy.prune)))
            .dim(self.agent(row))
    }

    fn agent(&self, row: &AppRow) -> String {
        match row.agent {
            _ if !row.policy.auto && !row.policy.self_heal => String::new(),
            AgentSeen::Never => " · no agent seen".to_owned(),
            AgentSeen::At(time) => format!(" · agent seen {}", self.age(Some(time))),
            AgentSeen::Self_ => " · this is the agent".to_owned(),
        }
    }

    fn prune_line(&self, row: &AppRow) -> Line {
        let line = Line::new().dim("would a sync delete anything?  ");
        let line = match row.counts.removed {
            0 if !are_extras_known(row) => line.text("not known"),
            0 => line.text("no"),
            count => line.put(Role::Error, format!("{count} when ticked")),
        };
        match &row.deployed {
            Some(last) => line
                .dim("      last sync ")
                .text(format!("{} ", self.clock(last.time)))
                .dim("by ")
                .text(last.by.clone()),
            None => line.dim("      ").dim(never_synced(row)),
        }
    }

    /// One line per finding: who, when, which object, which field; for the newest also where git says otherwise.
    fn who_lines(&self, object: &ResourceRow, newest: Option<&Finding>, class: Class) -> Vec<Line> {
        let status = Status::of_object(object);
        let head = |line: Line| line.put(status.role(), format!("{} ", status.glyph())).text(object.key.label());
        // Where it is not judged, the cause says more than what may differ.
        let unjudged = matches!(object.verdict, Verdict::Invalid | Verdict::Unknown | Verdict::Terminating);
        if object.findings.is_empty() || (unjudged && object.reason.is_some()) {
            let why = object.reason.as_ref().map(|why| why.message.first_line());
            let line = head(Line::of(format!("{:<35}", "")));
            return vec![why.map_or(line.clone(), |why| line.text("  ").dim(why))];
        }
        let line = |finding: &Finding| {
            let who = format!("{:<20}", clipped(&manager(finding.by.as_ref()), 19));
            let when = format!("{:<15}", self.when(finding.by.as_ref()));
            head(Line::of(who).dim(when)).text("  ").dim(short_path(&finding.path.to_string()))
        };
        let mut lines = Vec::new();
        for finding in object.findings.iter().take(10) {
            let is_newest = newest.is_some_and(|newest| std::ptr::eq(newest, finding));
            let declared = self.declared(finding).filter(|_| is_newest && class == Class::Wide);
            lines.push(match declared {
                Some(declared) => line(finding).dim("   git ").join(declared),
                None => line(finding),
            });
        }
        lines
    }

    /// When, as sure as it is known.
    pub(super) fn when(&self, by: Option<&Attribution>) -> String {
        match by.map(|by| (by.precision, by.after, by.time)) {
            Some((_, Some(after), Some(time))) => self.between(after, time),
            Some((Precision::Seen, None, Some(time))) => self.ago(time),
            Some((Precision::Bound, None, Some(time))) => format!("≤ {}", self.ago(time)),
            _ => "?".to_owned(),
        }
    }

    /// Where git declares it and who touched that line last: `api.yaml:12 · 9f31c2a ana · 2 h ago · subject`.
    pub(super) fn declared(&self, finding: &Finding) -> Option<Line> {
        let declared = finding.declared.as_ref()?;
        let line = Line::new().text(declared.place()).dim(" · ").text(declared.commit.short().to_owned()).text(" ");
        let line =
            line.text(declared.name()).dim(" · ").dim(declared.time.map(|time| self.ago(time)).unwrap_or_default());
        Some(line.dim(" · ").dim(declared.subject.clone()))
    }

    fn fleet_empty(&self) -> Vec<Line> {
        if !self.seen_fleet {
            return vec![Line::in_role(Role::Behind, "↻ loading: first answers are on their way")];
        }
        if self.fleet.apps.is_empty() {
            return self.setup.welcome.iter().map(|line| Line::of(line.clone())).collect();
        }
        if self.root.problems && self.root.filter_text().is_empty() {
            let all = format!("✓ no problems. {} apps are synced.", self.fleet.apps.len());
            return vec![Line::in_role(Role::Ok, all), Line::new(), Line::new().dim("a  show all apps")];
        }
        vec![
            Line::of("no match for ").text(self.root.filter_text()),
            Line::new().dim("Esc clears the filter · / changes it"),
        ]
    }
}

/// That nothing counts as a difference, and how much rules keep from counting.
fn compared(row: &AppRow) -> Line {
    let line = Line::in_role(Role::Ok, "✓ no differences").dim(format!(", {} objects compared", row.counts.total));
    if row.counts.hidden > 0 { line.dim(format!(", {} hidden by rules: d h", row.counts.hidden)) } else { line }
}

/// Whether it is known what is on the cluster and not in git: everything was read and listed, and that of late.
fn are_extras_known(row: &AppRow) -> bool {
    // What may not be read or is not served is never deleted.
    let never = |reason: &Reason| matches!(reason.code, ReasonCode::Forbidden | ReasonCode::KindNotServed);
    let open =
        |object: &Arc<ResourceRow>| object.verdict == Verdict::Unknown && !object.reason.as_ref().is_some_and(never);
    row.reason.is_none() && row.stale.is_none() && !row.resources.iter().any(open)
}

/// What is said where no sync is on record: that there was none, or that nobody could look.
pub(super) fn never_synced(row: &AppRow) -> &'static str {
    if row.record_known { "never synced by driftdeck" } else { "last sync not known" }
}

fn columns(class: Class) -> Vec<Column> {
    match class {
        Class::Narrow => vec![fixed("", 5), flex("", 1), fixed("", 11), fixed("", 9)],
        Class::Mid => vec![
            fixed("STATUS", 14),
            flex("APP", 1),
            fixed("CLUSTER", 12),
            fixed("CHANGES", 10),
            fixed("HEALTH", 14),
            fixed("COMMIT", 9),
            right("AGE", 4),
        ],
        Class::Wide => vec![
            fixed("STATUS", 14),
            flex("APP", 2),
            fixed("CLUSTER", 13),
            fixed("CHANGES", 12),
            fixed("HEALTH", 15),
            fixed("DEPLOYED", 10),
            flex("LAST COMMIT", 3),
            right("AGE", 5),
        ],
    }
}

/// `~3 +0 -1`: the parts that are not zero; `?` where nothing is judged.
pub(super) fn changes(row: &AppRow) -> Line {
    let counts = row.counts;
    if row.verdict == Verdict::Unknown && counts.changed + counts.added + counts.removed == 0 {
        return Line::new().dim("?");
    }
    let parts =
        [('~', counts.changed, Role::Drift), ('+', counts.added, Role::Behind), ('-', counts.removed, Role::Error)];
    let mut line = Line::new();
    for (sign, count, role) in parts {
        if count > 0 {
            line = line.put(role, format!("{sign}{count} "));
        }
    }
    if counts.pending > 0 {
        line = line.dim("≈");
    }
    line
}

/// The finding that was written last.
fn newest<'f>(objects: &[&'f Arc<ResourceRow>]) -> Option<&'f Finding> {
    let findings = objects.iter().flat_map(|object| object.findings.iter());
    findings.rev().max_by_key(|finding| finding.by.as_ref().and_then(|by| by.time))
}

/// The manager's name; `?` where nobody left a trace.
pub(super) fn manager(by: Option<&Attribution>) -> String {
    by.map_or_else(|| "?".to_owned(), |by| by.manager.raw().to_owned())
}

/// The branch that an app follows.
pub(super) fn revision(row: &AppRow) -> String {
    match &row.source.spec.location {
        Location::Git { revision, .. } => revision.clone(),
        Location::Dir { .. } => "dir".to_owned(),
    }
}

/// The last steps of a long path.
pub(super) fn short_path(path: &str) -> String {
    let cut = path.rsplit_once("containers").map(|(_, rest)| format!("…containers{rest}"));
    cut.filter(|cut| cut.len() < path.len()).unwrap_or_else(|| path.to_owned())
}

/// At most so many characters, the last an ellipsis.
pub(super) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
