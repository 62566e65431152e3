//! The diff's page: unified, its direction always written out, with who and when on request.

use std::sync::Arc;

use crate::app::App;
use crate::app::diff::{DiffScreen, is_hidden};
use crate::app::status::{Role, Status};
use crate::model::{
    Declared, DiffLine, DiffMark, DiffObject, DiffView, Finding, Foreign, Hidden, Moved, ResourceKey, ResourceRow,
    Said, Stays, Verdict,
};

use super::fleet::{clipped, manager};
use super::page::{Class, Detail, List, Page, Row, Stand, fixed, flex};
use super::text::Line;

impl App {
    pub(super) fn diff_page<'a>(&'a self, screen: &'a DiffScreen, class: Class) -> Page<'a> {
        let tail = screen.rev.as_ref().map_or_else(|| "diff".to_owned(), |rev| format!("diff to {}", rev.short()));
        let mut page = self.app_bar(&screen.app, &tail, class);
        page.list.empty = vec![Self::waiting(screen.asked.failed.as_ref(), "comparing")];
        let Some(view) = &screen.asked.ready else { return page };
        page.intro = vec![direction(screen, view, self.hidden_count(screen))];
        let who = screen.who && class != Class::Narrow;
        let name = if class == Class::Wide { 26 } else { 20 };
        let columns = if who { vec![fixed("WHO", name), fixed("WHEN", 15), flex("", 1)] } else { vec![flex("", 1)] };
        page.list = List {
            columns,
            len: screen.rows.len(),
            cursor: screen.cursor.key().map(|_| screen.cursor.row()),
            row: Box::new(move |at| self.diff_row(screen, view, at, (who.then_some(usize::from(name)), class))),
            empty: self.nothing_differs(screen, view),
        };
        page.detail = self.change_detail(screen);
        page
    }

    /// Said where no difference is shown: that there is none, or what could not be compared and why.
    fn nothing_differs(&self, screen: &DiffScreen, view: &DiffView) -> Vec<Line> {
        let compared = Line::new().dim(format!("{} objects compared with {}", view.compared, view.commit.id.short()));
        let row = self.fleet.app(&screen.app);
        let about = |object: &&Arc<ResourceRow>| screen.key.as_ref().is_none_or(|key| object.key == *key);
        let objects = || row.into_iter().flat_map(|row| &row.resources).filter(about);
        let unread = || objects().filter(|object| object.verdict == Verdict::Unknown);
        let why = row.and_then(|row| row.reason.as_ref()).filter(|_| screen.key.is_none());
        if unread().next().is_none() && why.is_none() {
            return vec![Line::in_role(Role::Ok, "✓ no differences"), compared];
        }
        let count = format!("? {} of {} objects are not judged", unread().count(), objects().count());
        let mut lines = vec![Line::in_role(Role::Error, count)];
        lines.extend(why.map(|why| Line::new().text(why.message.clone())));
        lines.extend(unread().take(8).map(|object| {
            let line = Line::of("  ").text(object.key.label());
            let why = object.reason.as_ref().map(|why| why.message.clone());
            why.map_or(line.clone(), |why| line.dim("  ").text(why))
        }));
        lines
    }

    /// How much rules hide, and how to see it.
    fn hidden_count(&self, screen: &DiffScreen) -> Line {
        let Some(row) = self.fleet.app(&screen.app) else { return Line::new() };
        let about = |object: &&Arc<ResourceRow>| screen.key.as_ref().is_none_or(|key| object.key == *key);
        match row.resources.iter().filter(about).map(|object| object.hidden.len()).sum::<usize>() {
            0 => Line::new(),
            count if screen.hidden => Line::new().dim(format!(", {count} hidden: i")),
            count => Line::new().dim(format!(", {count} hidden: h")),
        }
    }

    /// What is said while an answer is on its way, or why there is none.
    pub(super) fn waiting(failed: Option<&Foreign>, doing: &str) -> Line {
        match failed {
            Some(why) => Line::in_role(Role::Error, "✗ ").text(why.clone()),
            None => Line::in_role(Role::Behind, format!("↻ {doing}")),
        }
    }

    fn diff_row(&self, screen: &DiffScreen, view: &DiffView, at: usize, (who, class): (Option<usize>, Class)) -> Row {
        let Some((key, line)) = screen.rows.get(at) else { return Row::default() };
        let Some(number) = view.objects.iter().position(|object| object.key == *key) else { return Row::default() };
        let object = &view.objects[number];
        let on_screen = |object: &&DiffObject| screen.hidden || !is_hidden(object);
        let (number, all) =
            (view.objects[..number].iter().filter(on_screen).count(), view.objects.iter().filter(on_screen).count());
        let body = match line.and_then(|line| object.lines.get(line)) {
            None => {
                let status = Status::Is(object.verdict);
                let place = if key.namespace.is_empty() { String::new() } else { format!("  ns {}", key.namespace) };
                let head = Line::new().strong(Role::Text, format!("[{}/{all}] ", number + 1));
                let head = head.strong(Role::Text, key.label()).dim(place);
                let head = head.put(status.role(), format!("   {} {}", status.glyph(), status.word()));
                let (added, removed) = object.stat;
                head.put(Role::Ok, format!("   +{added}")).put(Role::Error, format!(" -{removed}"))
            }
            Some(line) => {
                let body = diff_line(line, screen.swapped, rule_of(self, screen, key, line));
                match line.declared.as_ref().filter(|_| who.is_none() && class == Class::Wide) {
                    Some(declared) => body.dim("    ").dim(signed(declared)).dim(" ").dim(declared.place()),
                    None => body,
                }
            }
        };
        let cells = if let Some(room) = who {
            let line = line.and_then(|line| object.lines.get(line));
            let by = line.and_then(|line| line.who.as_ref());
            let declared = line.and_then(|line| line.declared.as_ref());
            let (name, when) = match (by, declared) {
                (Some(by), _) => (manager(Some(by)), self.when(Some(by))),
                (None, Some(declared)) => {
                    (signed(declared).raw().to_owned(), declared.time.map(|time| self.ago(time)).unwrap_or_default())
                }
                (None, None) => (String::new(), String::new()),
            };
            vec![Line::of(clipped(&name, room.saturating_sub(1))), Line::new().dim(when), body]
        } else {
            vec![body]
        };
        Row { marked: false, cells }
    }

    /// The change under the cursor: kind, who, from what to what, what a sync does.
    fn change_detail(&self, screen: &DiffScreen) -> Detail {
        let (at, of) = screen.change();
        let Some((object, line)) = screen.here() else { return Detail::default() };
        let diff_line = line.and_then(|line| object.lines.get(line));
        let row = self.fleet.app(&screen.app).and_then(|row| crate::app::tree::object(row, &object.key));
        let hidden = diff_line.and_then(|line| hidden_at(self, screen, &object.key, line));
        let shown = diff_line.filter(|line| line.mark != DiffMark::Ignored).and_then(|line| line.finding);
        let finding = shown.and_then(|at| row?.findings.get(at)).or(hidden.map(|hidden| &*hidden.finding));
        let title = format!("change {at} of {of}");
        let title = match finding {
            Some(finding) if finding.path.is_root() => Line::of(title).dim(" · the object"),
            Some(finding) => Line::of(title).dim(" · ").text(finding.path.to_string()),
            None => Line::of(title),
        };
        let mut lines = Vec::new();
        if let Some(finding) = finding {
            let by = manager(finding.by.as_ref());
            let line = Line::of(moved_words(finding.moved)).dim(" · by ").text(by).dim(" · ");
            lines.push(line.text(self.when(finding.by.as_ref())));
            lines.push(from_to(finding));
            lines.extend(beyond_a_sync(finding).map(Line::of));
            lines.extend(self.declared(finding).map(|declared| Line::new().dim("git at ").join(declared)));
        }
        if let Some(hidden) = hidden {
            let why = hidden.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            lines.push(Line::new().dim("hidden by ").text(format!("{}{why}", hidden.rule)));
        }
        if let Some(rule) = finding.and_then(|finding| finding.left.as_ref()) {
            lines.push(Line::new().dim("a sync leaves it: ").text(rule.to_string()));
        }
        // Only the change that does it, not each that stands beside it.
        if let Some(effect) = object.effect.as_ref().filter(|_| finding.is_some_and(Finding::remakes_pods)) {
            lines.push(Line::new().dim("effect of a sync: ").text(effect.clone()));
        }
        Detail { title, lines, stand: Stand::Below }
    }
}

/// `9f31c2a ana`.
fn signed(declared: &Declared) -> Foreign {
    Foreign::new(format!("{} {}", declared.commit.short(), declared.name().raw()))
}

fn diff_line(line: &DiffLine, swapped: bool, hidden_by: Option<String>) -> Line {
    let (sign, role) = match (line.mark, swapped) {
        (DiffMark::Context, _) => ("  ", Role::Text),
        (DiffMark::Live, false) | (DiffMark::Git, true) => ("- ", Role::Error),
        (DiffMark::Git, false) | (DiffMark::Live, true) => ("+ ", Role::Ok),
        (DiffMark::Stays, _) => ("~ ", Role::Drift),
        (DiffMark::Ignored, _) => ("i ", Role::Dim),
        (DiffMark::Fold(count), _) => return Line::new().dim(format!("  ··· {count} equal lines")),
    };
    let mut shown = Line::in_role(role, sign);
    let (text, mut from) = (line.text.raw(), 0);
    for (start, end) in &line.words {
        if let (Some(before), Some(word)) = (text.get(from..*start), text.get(*start..*end)) {
            shown = shown.put(role, before).word(role, word);
            from = *end;
        }
    }
    shown = shown.put(role, text.get(from..).unwrap_or_default());
    match hidden_by {
        Some(place) => shown.dim(format!("    ignored: {place}")),
        None => shown,
    }
}

/// What is hidden under a line of the diff, where the fleet knows it.
fn hidden_at<'a>(app: &'a App, screen: &DiffScreen, key: &ResourceKey, line: &DiffLine) -> Option<&'a Hidden> {
    let row = app.fleet.app(&screen.app).filter(|_| line.mark == DiffMark::Ignored)?;
    crate::app::tree::object(row, key)?.hidden.get(line.finding?)
}

/// The rule that hides an ignored line, and why it is there.
fn rule_of(app: &App, screen: &DiffScreen, key: &ResourceKey, line: &DiffLine) -> Option<String> {
    hidden_at(app, screen, key, line).map(|hidden| match &hidden.reason {
        Some(reason) => format!("{reason} ({})", hidden.rule),
        None => hidden.rule.to_string(),
    })
}

fn direction(screen: &DiffScreen, view: &DiffView, hidden: Line) -> Line {
    let commit = view.commit.id.short();
    let then = if screen.rev.is_some() { "if brought back" } else { "after sync" };
    let (minus, plus) = if screen.swapped {
        (format!("- git {commit}"), "+ live (now)".to_owned())
    } else {
        ("- live (now)".to_owned(), format!("+ git {commit} ({then})"))
    };
    let differ = view.objects.iter().filter(|object| !is_hidden(object)).count();
    let count = Line::of(format!("{differ} of {} objects differ", view.compared));
    let line = count.join(hidden).text("   ").put(Role::Error, minus).text("   ").put(Role::Ok, plus);
    let stays = view.objects.iter().flat_map(|object| &object.lines).any(|line| line.mark == DiffMark::Stays);
    if stays { line.text("   ").put(Role::Drift, "~ stays") } else { line }
}

/// What stands on the two sides, and what stood there when they were last in sync.
fn from_to(finding: &Finding) -> Line {
    let said = |side: Option<&Said>| super::tree::said_text(side);
    let sides = || {
        let line = Line::new().dim("live ").text(said(finding.live.as_ref()));
        line.dim("   git ").text(said(finding.git.as_ref()))
    };
    let line = super::tree::whole_words(finding).map_or_else(sides, Line::of);
    match &finding.was {
        Some(was) => line.dim("   was ").text(said(Some(was))),
        None => line,
    }
}

/// That a sync leaves a difference as it is: server-side apply takes away only what it owns.
fn beyond_a_sync(finding: &Finding) -> Option<&'static str> {
    match finding.stays() {
        Some(Stays::Shared) => Some("a sync leaves it: somebody else owns it too; it needs an explicit delete"),
        Some(Stays::Unmentioned) => Some("a sync leaves it: git has never said anything of it"),
        Some(Stays::Rule) | None => None,
    }
}

/// Which side moved, in words.
pub(super) fn moved_words(moved: Option<Moved>) -> &'static str {
    match moved {
        Some(Moved::Live) => "drift: live changed, git did not",
        Some(Moved::Git) => "update: git changed, live did not",
        Some(Moved::Both) => "both: git and live changed",
        Some(Moved::Foreign) => "touched: git does not mention it",
        None => "no base: which side moved is not known",
    }
}
