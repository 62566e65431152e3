//! Where a key goes: to a text field or a dialog if one has it, else through the keymap.

use std::time::Duration;

use super::action::Action;
use super::command::CommandLine;
use super::confirm::{Answer, Focus};
use super::cursor::Motion;
use super::key::{Code, Key};
use super::keymap::{Place, Pressed};
use super::screen::{CommandField, HelpField, Overlay, Screen};
use super::status::Role;
use super::{App, Effect};

const TWICE: Duration = Duration::from_secs(1);

impl App {
    pub(super) fn press(&mut self, key: Key) {
        self.root.touch(self.uptime());
        if key == Key::ctrl('c') {
            return self.interrupt();
        }
        if key.ctrl && matches!(key.code, Code::Char('l' | 'z')) {
            return self.press_mapped(key);
        }
        match self.place() {
            Place::Filter => self.press_filter(key),
            Place::Command => self.press_command(key),
            Place::Help => self.press_help(key),
            Place::Dialog => self.press_hold(key),
            Place::Plan => self.press_plan(key),
            Place::Revert => self.press_revert(key),
            _ => self.press_mapped(key),
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        match (&mut self.overlay, self.stack.last_mut()) {
            (Some(Overlay::Filter(field)), _) => {
                field.edit.paste(text);
                let typed = field.edit.text().to_owned();
                self.root.set_filter(&typed, &self.fleet);
            }
            (Some(Overlay::Command(CommandField(line))), _) => line.edit.paste(text),
            (Some(Overlay::Help(HelpField(help))), _) => help.query.paste(text),
            (Some(Overlay::Hold(dialog)), _) => dialog.paste(text),
            (None, Some(Screen::Plan(screen))) => screen.confirm.paste(text),
            (None, Some(Screen::Revert(screen))) if screen.confirm.focus == Focus::Field(super::revert::REASON) => {
                screen.reason.paste(text);
            }
            (None, Some(Screen::Revert(screen))) => screen.confirm.paste(text),
            _ => {}
        }
    }

    /// Ctrl-c cancels what is being typed; twice within a second it quits.
    fn interrupt(&mut self) {
        let now = self.uptime();
        if self.interrupted.is_some_and(|before| now < before + TWICE) {
            return self.emit(Effect::Quit);
        }
        self.interrupted = Some(now);
        self.pending.clear();
        if self.overlay.take().is_none() && matches!(self.screen_place(), Place::Plan | Place::Revert) {
            self.stack.pop();
        }
        self.say(Role::Text, "Ctrl-c again quits");
    }

    /// Through the keymap; two-key sequences are waited for.
    pub(super) fn press_mapped(&mut self, key: Key) {
        self.pending.push(key);
        let place = self.place();
        match self.keymap.meaning(place, &self.pending) {
            Pressed::Does(Action::Back) if key.code == Code::Esc && self.is_at_root() => {
                self.pending.clear();
                self.say(Role::Dim, "this is the first screen: Q quits");
            }
            Pressed::Does(action) => {
                self.pending.clear();
                self.act(action);
            }
            Pressed::Begins => {}
            Pressed::Nothing if self.pending.len() > 1 => {
                self.pending.clear();
                self.press_mapped(key);
            }
            Pressed::Nothing => {
                self.pending.clear();
                if place == Place::Copy {
                    self.overlay = None;
                }
            }
        }
    }

    fn press_filter(&mut self, key: Key) {
        let Some(Overlay::Filter(field)) = &mut self.overlay else { return };
        match key.code {
            Code::Enter => self.overlay = None,
            Code::Esc => {
                let before = std::mem::take(&mut field.before);
                self.overlay = None;
                self.root.set_filter(&before, &self.fleet);
            }
            Code::Tab => {
                let typed = complete_filter(field.edit.text());
                field.edit.set(&typed);
                self.root.set_filter(&typed, &self.fleet);
            }
            Code::Up | Code::Down => self.root.go(Motion::By(if key.code == Code::Up { -1 } else { 1 })),
            _ => {
                field.edit.press(key);
                let typed = field.edit.text().to_owned();
                self.root.set_filter(&typed, &self.fleet);
            }
        }
    }

    fn press_command(&mut self, key: Key) {
        let Some(Overlay::Command(CommandField(line))) = &mut self.overlay else { return };
        match key.code {
            Code::Esc => self.overlay = None,
            Code::Backspace if line.edit.text().is_empty() => self.overlay = None,
            Code::Tab => line.complete(&self.fleet),
            Code::Enter => {
                let line = std::mem::take(line);
                self.overlay = None;
                self.run_line(&line);
            }
            _ => {
                line.edit.press(key);
            }
        }
    }

    fn run_line(&mut self, line: &CommandLine) {
        if line.edit.text().trim().is_empty() {
            return;
        }
        match line.parse(&self.fleet) {
            Ok(said) => self.obey(said),
            Err(why) => self.say(Role::Error, why),
        }
    }

    fn press_help(&mut self, key: Key) {
        let Some(Overlay::Help(HelpField(help))) = &mut self.overlay else { return };
        match key.code {
            Code::Esc => self.overlay = None,
            Code::Enter => self.run_from_help(),
            Code::Up => help.row = help.row.saturating_sub(1),
            Code::Down => help.row += 1,
            Code::PageUp => help.row = help.row.saturating_sub(10),
            Code::PageDown => help.row += 10,
            Code::Char('?') if help.query.text().is_empty() => self.overlay = None,
            _ => {
                help.query.press(key);
                help.row = 0;
            }
        }
        self.settle_help();
    }

    fn settle_help(&mut self) {
        let Some(Overlay::Help(HelpField(help))) = &self.overlay else { return };
        let last = self.help_rows(help).len().saturating_sub(1);
        if let Some(Overlay::Help(HelpField(help))) = &mut self.overlay {
            help.row = help.row.min(last);
        }
    }

    fn run_from_help(&mut self) {
        let Some(Overlay::Help(HelpField(help))) = &self.overlay else { return };
        let Some(row) = self.help_rows(help).into_iter().nth(help.row) else { return };
        if row.here {
            self.overlay = None;
            self.act(row.action);
        } else {
            self.say(Role::Dim, format!("{}: {}", row.words, row.why_not.unwrap_or_default()));
        }
    }

    fn press_hold(&mut self, key: Key) {
        let Some(Overlay::Hold(dialog)) = &mut self.overlay else { return };
        let in_reason = matches!(dialog.confirm.focus, Focus::Field(0));
        let answer = match key.code {
            Code::Enter if matches!(dialog.confirm.focus, Focus::Field(_)) => {
                if dialog.confirm.wanted().is_none() {
                    dialog.confirm.run()
                } else {
                    Answer::Field(9, key)
                }
            }
            _ => dialog.confirm.press(key),
        };
        match answer {
            Answer::Cancelled => self.overlay = None,
            Answer::Confirmed => self.submit_hold(),
            Answer::NotYet => self.say_blocked(),
            Answer::Field(field, key) => dialog.press(field, key),
            Answer::Other(key) if key.typed().is_some() && !dialog.fields().is_empty() => {
                dialog.confirm.focus = Focus::Field(0);
                dialog.press(0, key);
            }
            Answer::Other(_) | Answer::Taken => {}
        }
        if !in_reason {
            self.ask_hold_gate_if_until_moved(key);
        }
    }

    fn press_plan(&mut self, key: Key) {
        let Some(Screen::Plan(screen)) = self.stack.last_mut() else { return };
        let typing = screen.confirm.takes_token() && !matches!(screen.confirm.focus, Focus::Field(_));
        match screen.confirm.press(key) {
            Answer::Cancelled => {
                self.stack.pop();
            }
            Answer::Confirmed => self.submit_plan(),
            Answer::NotYet => self.say_blocked(),
            Answer::Field(..) if key.code == Code::Enter => self.act(Action::Diff),
            Answer::Other(key) if !typing || key.typed().is_none() => self.press_mapped(key),
            Answer::Field(_, key) => self.press_mapped(key),
            Answer::Other(_) | Answer::Taken => {}
        }
    }

    fn press_revert(&mut self, key: Key) {
        let Some(Screen::Revert(screen)) = self.stack.last_mut() else { return };
        match screen.confirm.press(key) {
            Answer::Cancelled => {
                self.stack.pop();
            }
            Answer::Confirmed => self.submit_revert(),
            Answer::NotYet => self.say_blocked(),
            Answer::Field(field, key) => {
                if screen.press(field, key) {
                    let mode = screen.other_mode();
                    self.set_revert_mode(mode);
                }
            }
            Answer::Other(key) => match key.code {
                Code::Up => screen.go(Motion::By(-1)),
                Code::Down => screen.go(Motion::By(1)),
                _ if !screen.confirm.takes_token() => self.press_mapped(key),
                _ => {}
            },
            Answer::Taken => {}
        }
    }

    /// Says why Run cannot be pressed yet.
    fn say_blocked(&mut self) {
        let why = self.confirm().and_then(super::confirm::Confirm::blocked);
        self.say(Role::Dim, why.unwrap_or_else(|| "a moment: the button is being armed".to_owned()));
    }
}

/// Completes the last word of a filter to a key or a common value.
fn complete_filter(text: &str) -> String {
    const VALUES: [&str; 16] = [
        "status:",
        "cluster:",
        "app:",
        "ns:",
        "is:",
        "status:problem",
        "status:drifted",
        "status:behind",
        "status:diverged",
        "status:missing",
        "status:error",
        "status:unknown",
        "is:protected",
        "is:paused",
        "is:pinned",
        "is:stale",
    ];
    let (head, last) = text.rfind(' ').map_or(("", text), |at| text.split_at(at + 1));
    let (sign, last) = last.strip_prefix('-').map_or(("", last), |rest| ("-", rest));
    let found = VALUES.iter().find(|value| value.starts_with(last) && value.len() > last.len());
    found.map_or_else(|| text.to_owned(), |value| format!("{head}{sign}{value}"))
}
