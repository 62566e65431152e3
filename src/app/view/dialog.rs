//! The panels over a page: pause, pin, unlock and the like; the command line; the copy menu.

use crate::app::App;
use crate::app::cli;
use crate::app::confirm::Focus;
use crate::app::hold::{Field, Hold, HoldDialog, SPANS};
use crate::app::ignore::{Draft, Width};
use crate::app::screen::CommandField;
use crate::app::status::Role;
use crate::model::{AppId, ClusterName, Effect, Foreign};

use super::page::Panel;
use super::plan::ask_lines;
use super::text::Line;

/// Other matches that a rule's dialog names.
const MATCHES: usize = 4;

impl App {
    pub(super) fn hold_panel(&self, dialog: &HoldDialog) -> Panel {
        let mut lines = vec![self.what_line(dialog), Line::new()];
        let mut fields: Vec<_> = dialog.fields().iter().enumerate().collect();
        // The reason is the first field, and stands last.
        let first = fields.len().min(1);
        fields.rotate_left(first);
        for (at, field) in fields {
            let focused = dialog.confirm.focus == Focus::Field(at);
            lines.push(self.field_line(dialog, *field, focused));
            lines.push(Line::new());
        }
        if let Hold::Ignore(draft) = &dialog.what {
            lines.extend(self.matched_lines(draft));
        } else {
            lines.push(effect_line(dialog));
        }
        if let (Some(now), false) = (self.now, matches!(dialog.what, Hold::Ignore(_))) {
            let same = cli::line(&dialog.command(now.wall), dialog.until);
            lines.push(Line::new().dim("same as   ").text(same));
        }
        Panel {
            title: hold_title(dialog),
            corner: Line::new().dim("esc cancels, nothing runs"),
            lines,
            ask: ask_lines(&dialog.confirm, verb(&dialog.what)),
        }
    }

    fn what_line(&self, dialog: &HoldDialog) -> Line {
        let line = Line::new().dim("what      ");
        match &dialog.what {
            Hold::Pause(_) => line.text("automatic sync is held; drift is still watched"),
            Hold::Resume(app) => self.held_line(line, app, false),
            Hold::Pin(_, commit) => line.text(format!("hold at {} ", commit.id.short())).text(commit.subject.clone()),
            Hold::Unpin(app) => self.held_line(line, app, true),
            Hold::Abort(..) => line.text("stop before the next object; what was applied stays applied"),
            Hold::Ignore(draft) => line.text(draft.key.label()).text("  ").text(field_words(draft)),
            Hold::Unlock(_) => line.text("OBSERVE becomes OPERATE for 15 minutes, here only"),
        }
    }

    /// Who holds it, why, until when.
    fn held_line(&self, line: Line, app: &AppId, pinned: bool) -> Line {
        let row = self.fleet.app(app);
        let pin = row.and_then(|row| row.pinned.as_ref()).map(|pin| (&pin.by, &pin.reason, pin.until));
        let pause = row.and_then(|row| row.paused.as_ref()).map(|pause| (&pause.by, &pause.reason, pause.until));
        match if pinned { pin } else { pause } {
            Some((by, reason, until)) => {
                let end = until.map_or_else(|| "no end".to_owned(), |until| self.clock(until));
                line.text("held by ").text(by.clone()).text(format!(" until {end}: ")).text(reason.clone())
            }
            None => line.text("not held any more"),
        }
    }

    fn field_line(&self, dialog: &HoldDialog, field: Field, focused: bool) -> Line {
        match field {
            Field::Reason => {
                let need = if dialog.needs_reason() { "  required" } else { "  optional" };
                let line = Line::new().dim("why       ").focus(focused, "[ ").field(dialog.reason.halves(), focused);
                line.text(" ]").dim(need)
            }
            Field::Effect => Self::effect_choice(dialog, focused),
            Field::Width => Self::width_choice(dialog, focused),
            Field::Until => {
                let mut line = Line::new().dim("until     ");
                for (at, (word, _)) in SPANS.iter().enumerate() {
                    let dot = if at == dialog.until { "(•)" } else { "( )" };
                    line = line.focus(focused && at == dialog.until, format!("{dot} {word}")).text(" ");
                }
                let end = self.now.and_then(|now| dialog.until_when(now.wall)).map(|end| self.clock(end));
                line.dim(end.unwrap_or_default())
            }
        }
    }

    /// The choice of what the rule does, and what that means.
    fn effect_choice(dialog: &HoldDialog, focused: bool) -> Line {
        let Hold::Ignore(draft) = &dialog.what else { return Line::new() };
        let words = Effect::ALL.map(Effect::word);
        let line = choice(Line::new().dim("does      "), &words, draft.effect, focused);
        line.dim(match draft.effect() {
            Effect::Hide => "not counted; written with its object",
            Effect::Leave => "counted; a sync leaves it",
            Effect::Both => "neither counted nor written",
        })
    }

    /// The choice of how much the rule is about.
    fn width_choice(dialog: &HoldDialog, focused: bool) -> Line {
        let Hold::Ignore(draft) = &dialog.what else { return Line::new() };
        let manager = draft.manager.as_ref().map(Foreign::raw).unwrap_or_default();
        let kind = &draft.key.kind.kind;
        let word = |width: &Width| match width {
            Width::Writer => format!("by {manager}"),
            Width::Field => "by anybody".to_owned(),
            Width::Kind => format!("any {kind}"),
        };
        let words: Vec<String> = draft.widths().iter().map(word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        choice(Line::new().dim("matches   "), &words, draft.width, focused)
    }

    /// What the rule matches now: how much, and what else than the field it was made for.
    fn matched_lines(&self, draft: &Draft) -> Vec<Line> {
        let matched = draft.matched(&self.fleet);
        let others: Vec<_> = matched.iter().filter(|found| !draft.is_own(found)).collect();
        let fed: Vec<_> = self.fleet.apps.iter().filter(|row| row.id.name == draft.app.name).collect();
        let all: usize = fed.iter().flat_map(|row| &row.resources).map(|object| object.findings.len()).sum();
        let (name, clusters) = (&draft.app.name, fed.len());
        let on = if clusters == 1 { String::new() } else { format!(" on its {clusters} clusters") };
        let count = format!("matches {} of the {all} differences of {name}{on}", matched.len());
        let count = Line::new().dim("now       ").text(count);
        let mut lines = vec![if others.is_empty() { count.dim(", nothing else") } else { count.text(", these too:") }];
        for (app, key, finding) in others.iter().take(MATCHES) {
            let line = Line::new().dim(format!("          {} ", app.cluster)).text(key.label());
            lines.push(line.text("  ").text(super::fleet::short_path(&finding.path.to_string())));
        }
        if let Some(more @ 1..) = others.len().checked_sub(MATCHES) {
            lines.push(Line::new().dim(format!("          and {more} more")));
        }
        let rule = format!("a rule under apps[{name}] of the config; no cluster");
        lines.push(Line::new().dim("writes    ").text(rule));
        if clusters > 1 {
            let others = fed.iter().map(|row| &row.id.cluster).filter(|cluster| **cluster != draft.app.cluster);
            let others: Vec<&str> = others.map(ClusterName::as_str).collect();
            lines
                .push(Line::new().dim("          ").put(Role::Drift, format!("it holds on {} too", others.join(", "))));
        }
        lines
    }

    pub(super) fn command_panel(&self, field: &CommandField) -> Panel {
        let line = &field.0;
        let offers = line.offers(&self.fleet);
        let lines = offers.iter().take(8).map(|offer| Line::of(offer.as_str())).collect();
        Panel {
            title: Line::new().strong(Role::Text, ":").field(line.edit.halves(), true),
            corner: Line::new().dim("Tab completes · Esc closes"),
            lines,
            ask: Vec::new(),
        }
    }

    pub(super) fn copy_panel(&self) -> Panel {
        let row = |key: &str, what: &str| Line::new().strong(Role::Text, format!(" {key}  ")).text(what);
        let mut lines = vec![
            row("n", "name"),
            row("s", "commit"),
            row("y", "manifest (the diff's live side)"),
            row("d", "diff"),
            row("c", "command  ").dim(self.command_here()),
        ];
        if self.setup.kubectl.is_some() {
            lines.push(row("k", "the line above the fleet, for kubectl"));
        }
        Panel {
            title: Line::new().strong(Role::Text, "COPY"),
            corner: Line::new().dim("esc closes"),
            lines,
            ask: Vec::new(),
        }
    }
}

/// The field a rule is made for.
fn field_words(draft: &Draft) -> String {
    if draft.path.0.is_empty() { "the object itself".to_owned() } else { draft.path.to_string() }
}

/// One of several words.
fn choice(line: Line, words: &[&str], chosen: usize, focused: bool) -> Line {
    words.iter().enumerate().fold(line, |line, (at, word)| {
        let dot = if at == chosen { "(•)" } else { "( )" };
        line.focus(focused && at == chosen, format!("{dot} {word}")).text("  ")
    })
}

fn verb(what: &Hold) -> &'static str {
    match what {
        Hold::Pause(_) => "Pause",
        Hold::Resume(_) => "Resume",
        Hold::Pin(..) => "Pin",
        Hold::Unpin(_) => "Unpin",
        Hold::Abort(..) => "Abort",
        Hold::Unlock(_) => "Unlock",
        Hold::Ignore(_) => "Write the rule",
    }
}

fn hold_title(dialog: &HoldDialog) -> Line {
    let word = match dialog.what {
        Hold::Pause(_) => "PAUSE",
        Hold::Resume(_) => "RESUME",
        Hold::Pin(..) => "PIN",
        Hold::Unpin(_) => "UNPIN",
        Hold::Abort(..) => "ABORT",
        Hold::Unlock(_) => "UNLOCK",
        Hold::Ignore(_) => "IGNORE",
    };
    let whom = match (&dialog.what, dialog.app()) {
        (Hold::Unlock(cluster), _) => cluster.to_string(),
        (_, Some(app)) => format!("{} · {}", app.name, app.cluster),
        (_, None) => String::new(),
    };
    let line = Line::new().strong(Role::Text, format!("{word} {whom}"));
    if dialog.protected { line.strong(Role::Error, " #") } else { line }
}

fn effect_line(dialog: &HoldDialog) -> Line {
    let line = Line::new().dim("effect    ");
    match &dialog.what {
        Hold::Pause(_) => line.text("others see ⊘ paused, your name, reason and end"),
        Hold::Pin(..) => line.text("desired is that commit; git is not changed; others see ⚑ pinned"),
        Hold::Ignore(_) => line,
        Hold::Resume(_) | Hold::Unpin(_) => line.text("what waited may be synced again"),
        Hold::Abort(..) => line.text("nothing is rolled back"),
        Hold::Unlock(_) => line.text("each write is still planned and confirmed"),
    }
}
