//! One app's page: its objects in groups, and beside them what differs in the one under the cursor.

use crate::app::App;
use crate::app::status::{Role, Status};
use crate::app::tree::{Group, TreeKey, TreeScreen, group_of, object};
use crate::model::{AppRow, Basis, Finding, Foreign, Health, Op, ResourceRow, Said, Stays, Verdict};

use super::bar::object_health;
use super::fleet::{changes, clipped, manager, short_path};
use super::page::{Class, Detail, List, Page, Row, Stand, fixed, flex, right};
use super::text::Line;

impl App {
    pub(super) fn tree_page<'a>(&'a self, screen: &'a TreeScreen, class: Class) -> Page<'a> {
        let mut page = self.app_bar(&screen.app, "", class);
        let Some(row) = self.fleet.app(&screen.app) else {
            page.list.empty = vec![Line::of("this app is not in the config any more")];
            return page;
        };
        page.intro = self.tree_intro(row);
        let columns = vec![flex("OBJECT", 1), fixed("STATUS", 15), fixed("HEALTH", 13), right("AGE", 5)];
        let narrow = vec![flex("", 1), fixed("", 5)];
        page.list = List {
            columns: if class == Class::Narrow { narrow } else { columns },
            len: screen.rows.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| self.tree_row(screen, row, at, class)),
            empty: vec![Line::of("no objects yet")],
        };
        page.detail = self.tree_detail(screen, row, class);
        page
    }

    fn tree_intro(&self, row: &AppRow) -> Vec<Line> {
        let counts = row.counts;
        let objects = Line::new().text(format!("{} objects  ", counts.total)).join(changes(row));
        let hidden = if counts.hidden > 0 { format!("  ignored {}", counts.hidden) } else { String::new() };
        let unadopted =
            if counts.unadopted > 0 { format!("  not owned yet {}", counts.unadopted) } else { String::new() };
        let mut lines = vec![self.source_line(row), objects.dim(hidden).dim(unadopted)];
        if let Some(reason) = row.reason.as_ref().or(row.stale.as_ref()) {
            lines.push(Line::new().put(Role::Error, reason.message.clone()));
        }
        if let Some(pause) = &row.paused {
            let end = pause.until.map_or_else(|| "no end".to_owned(), |until| self.clock(until));
            lines.push(
                Line::in_role(Role::Paused, format!("⊘ paused until {end} by "))
                    .text(pause.by.clone())
                    .text(": ")
                    .text(pause.reason.clone()),
            );
        }
        if let Some(pin) = &row.pinned {
            lines.push(
                Line::in_role(Role::Pinned, format!("⚑ pinned to {} by ", pin.commit.short()))
                    .text(pin.by.clone())
                    .text(": ")
                    .text(pin.reason.clone()),
            );
        }
        lines
    }

    fn tree_row(&self, screen: &TreeScreen, row: &AppRow, at: usize, class: Class) -> Row {
        let cells = match screen.rows.get(at) {
            Some(TreeKey::Group(group)) => group_cells(row, *group, screen.is_folded(*group)),
            Some(TreeKey::Object(key)) => {
                object(row, key).map(|object| self.object_cells(object, class)).unwrap_or_default()
            }
            None => Vec::new(),
        };
        Row { marked: false, cells }
    }

    fn object_cells(&self, object: &ResourceRow, class: Class) -> Vec<Line> {
        let status = Status::of_object(object);
        let quiet = object.verdict == Verdict::Synced;
        let glyph = if quiet { " " } else { status.glyph() };
        let name = Line::in_role(status.role(), format!("  {glyph} ")).text(object.key.label());
        let name = if object.key.kind.is_secret() { name.dim("  masked") } else { name };
        let name = if object.in_bounds { name } else { name.dim("  outside bounds") };
        if class == Class::Narrow {
            return vec![name, Line::in_role(status.role(), status.code())];
        }
        let local = if object.pending || object.basis == Basis::Local { " ≈" } else { "" };
        let word = Line::in_role(status.role(), format!("{} {}", status.glyph(), status.word())).dim(local);
        vec![name, word, object_health(object), Line::new().dim(self.age(object.created))]
    }

    fn tree_detail(&self, screen: &TreeScreen, row: &AppRow, class: Class) -> Detail {
        let Some(object) = screen.object().and_then(|key| object(row, key)) else {
            return Detail {
                title: Line::of("this group"),
                lines: vec![Line::new().dim("Enter folds or unfolds it")],
                stand: Stand::Beside,
            };
        };
        let status = Status::of_object(object);
        let place = Line::new().dim(format!("ns {} · wave {}", object.key.namespace, object.wave));
        let word = Line::in_role(status.role(), format!("{} {}", status.glyph(), status.word()));
        let mut lines = vec![match object.health {
            Health::NotJudged => word.dim(" · ").join(place),
            _ => word.dim(" · ").join(object_health(object)).dim(" · ").join(place),
        }];
        if let Some(reason) = &object.reason {
            lines.push(Line::new().put(Role::Error, reason.message.clone()));
        }
        if let Some(refused) = &object.refused {
            lines.push(Line::new().dim("the server refused the dry run: ").text(refused.clone()));
        }
        for finding in object.findings.iter().take(20) {
            match class {
                Class::Wide => lines.extend(self.finding_lines(finding)),
                _ => lines.push(self.finding_line(finding)),
            }
        }
        if !object.hidden.is_empty() {
            lines.push(Line::new().dim(format!("ignored {}", object.hidden.len())));
            lines.extend(object.hidden.iter().take(8).map(|hidden| {
                let why = hidden.reason.as_deref().unwrap_or(&hidden.rule);
                Line::new().dim(format!("  i {}  {why}", short_path(&hidden.path.to_string())))
            }));
        }
        if let Some(origin) = &object.origin {
            lines.push(Line::new().dim("declared in ").text(Foreign::new(origin.place())));
        }
        Detail { title: Line::of(object.key.label()), lines, stand: Stand::Beside }
    }

    /// A finding in one line.
    pub(super) fn finding_line(&self, finding: &Finding) -> Line {
        let path = finding.path.to_string();
        let last = path.rsplit_once('.').map_or(path.as_str(), |(_, last)| last).to_owned();
        let value = |said| clipped(&said_text(said), 24);
        let line = Line::in_role(Role::Drift, "~ ");
        let line = if finding.path.is_root() { line.text("the object") } else { line.text(last) };
        let by = format!("{} {}", manager(finding.by.as_ref()), self.when(finding.by.as_ref()));
        let line = line.put(Role::Diverged, stays_words(finding)).dim("  by ").text(by);
        if let Some(words) = whole_words(finding) {
            return line.dim("   ").text(words);
        }
        let line = line.dim("   git ").text(value(finding.git.as_ref()));
        line.dim(" · live ").text(value(finding.live.as_ref()))
    }

    /// A finding in four lines: where, from what to what, by whom.
    pub(super) fn finding_lines(&self, finding: &Finding) -> Vec<Line> {
        let path = finding.path.to_string();
        let path = if path.is_empty() { "the object".to_owned() } else { short_path(&path) };
        let mut lines = vec![Line::in_role(Role::Drift, "~ ").text(path).put(Role::Diverged, stays_words(finding))];
        let value =
            |side: &'static str, said: Option<&Said>| Line::new().dim(format!("    {side:<5}")).text(said_text(said));
        if let Some(words) = whole_words(finding) {
            lines.push(Line::of("    ").text(words));
        } else {
            lines.push(value("git", finding.git.as_ref()));
            lines.push(value("live", finding.live.as_ref()));
        }
        let by = Line::new().dim("    by   ").text(manager(finding.by.as_ref()));
        lines.push(by.dim(" · ").dim(self.when(finding.by.as_ref())));
        lines.extend(self.declared(finding).map(|declared| Line::new().dim("    at   ").join(declared)));
        lines
    }
}

fn group_cells(row: &AppRow, group: Group, folded: bool) -> Vec<Line> {
    let objects = || row.resources.iter().filter(|object| group_of(object) == group);
    let (all, quiet) = (objects().count(), objects().filter(|object| object.verdict == Verdict::Synced).count());
    let fold = if folded { "▸" } else { "▾" };
    let name = match group {
        Group::Wave(wave) => {
            let mut kinds: Vec<&str> = objects().map(|object| &*object.key.kind.kind).collect();
            kinds.dedup();
            Line::of(format!("{fold} wave {wave}")).dim(format!(" · {}", clipped(&kinds.join(", "), 36)))
        }
        Group::Extra => Line::of(format!("{fold} extra in cluster (not in git)")),
    };
    let count = if quiet == all {
        Line::in_role(Role::Ok, format!("✓ {all}"))
    } else {
        Line::in_role(Role::Drift, format!("~{} of {all}", all - quiet))
    };
    vec![name, count]
}

/// That a sync leaves it, and why; or who else claims it.
fn stays_words(finding: &Finding) -> &'static str {
    match (finding.stays(), finding.contested) {
        (Some(Stays::Rule), _) => "  left by a rule",
        (Some(Stays::Shared), _) => "  left: held by others too",
        (Some(Stays::Unmentioned), _) => "  left: not in git",
        (None, true) => "  contested",
        (None, false) => "",
    }
}

/// What there is to say of an object that one side lacks as a whole.
pub(super) fn whole_words(finding: &Finding) -> Option<&'static str> {
    match finding.op {
        Op::Remove if finding.path.is_root() => Some("in git, not on the cluster"),
        Op::Add if finding.path.is_root() => Some("on the cluster, not in git"),
        _ => None,
    }
}

/// A value as a finding may tell it, on one line.
pub(super) fn said_text(said: Option<&Said>) -> String {
    match said {
        None => "(absent)".to_owned(),
        Some(Said::Plain(value)) => match value.as_ref() {
            serde_json::Value::String(text) => clipped(text, 200),
            other => clipped(&other.to_string(), 200),
        },
        Some(Said::Cut { bytes, .. }) => format!("({bytes} bytes)"),
        Some(Said::Masked { changed, bytes, .. }) => {
            let length = bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
            format!("•••••••• ({}{length})", if *changed { "changed" } else { "same" })
        }
    }
}
