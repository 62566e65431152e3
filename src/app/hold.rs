//! The small dialogs: pause, resume, pin, unpin, abort, unlock. Each shows the very command it will submit.

use jiff::{SignedDuration, Timestamp};

use crate::model::{AppId, ClusterName, Command, CommitInfo, Foreign, RunId};

use super::confirm::Confirm;
use super::edit::LineEdit;
use super::ignore::Draft;
use super::key::{Code, Key};

/// How long a hold may last: the word, and minutes; `None` = no end.
pub const SPANS: [(&str, Option<i64>); 8] = [
    ("30m", Some(30)),
    ("1h", Some(60)),
    ("2h", Some(120)),
    ("4h", Some(240)),
    ("8h", Some(480)),
    ("24h", Some(1440)),
    ("3d", Some(4320)),
    ("no end", None),
];

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Hold automatic sync.
    Pause(AppId),
    /// End that.
    Resume(AppId),
    /// Hold at a commit.
    Pin(AppId, CommitInfo),
    /// End that.
    Unpin(AppId),
    /// Stop a run.
    Abort(AppId, RunId),
    /// OBSERVE → OPERATE.
    Unlock(ClusterName),
    /// Keep an ignore rule.
    Ignore(Box<Draft>),
}

/// One of a dialog's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Why.
    Reason,
    /// Until when.
    Until,
    /// What the rule does.
    Effect,
    /// What the rule is about.
    Width,
}

/// A dialog over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldDialog {
    /// What.
    pub what: Hold,
    /// Why.
    pub reason: LineEdit,
    /// The place in [`SPANS`].
    pub until: usize,
    /// Gate, token, focus.
    pub confirm: Confirm,
    /// The cluster is protected: a pause needs its reason.
    pub protected: bool,
}

impl HoldDialog {
    /// A dialog that waits for its gate.
    pub fn new(what: Hold, protected: bool) -> Self {
        let until = if matches!(what, Hold::Pin(..)) { 3 } else { 2 };
        let mut dialog = Self { what, reason: LineEdit::default(), until, confirm: Confirm::new(0), protected };
        dialog.confirm.fields = dialog.fields().len();
        dialog.confirm.app = dialog.app().cloned();
        if matches!(dialog.what, Hold::Unlock(_)) {
            dialog.confirm.focus = super::confirm::Focus::Field(0);
        }
        if matches!(dialog.what, Hold::Ignore(_)) {
            dialog.confirm.focus = super::confirm::Focus::Field(1);
        }
        dialog.check();
        dialog
    }

    /// Whose.
    pub fn app(&self) -> Option<&AppId> {
        match &self.what {
            Hold::Pause(app) | Hold::Resume(app) | Hold::Pin(app, _) | Hold::Unpin(app) | Hold::Abort(app, _) => {
                Some(app)
            }
            Hold::Ignore(draft) => Some(&draft.app),
            Hold::Unlock(_) => None,
        }
    }

    /// The fields that Tab walks over.
    pub fn fields(&self) -> &'static [Field] {
        match self.what {
            Hold::Pause(_) | Hold::Pin(..) => &[Field::Reason, Field::Until],
            Hold::Unlock(_) => &[Field::Reason],
            Hold::Ignore(_) => &[Field::Reason, Field::Width, Field::Effect],
            Hold::Resume(_) | Hold::Unpin(_) | Hold::Abort(..) => &[],
        }
    }

    /// Takes a key for a field.
    pub fn press(&mut self, field: usize, key: Key) {
        match (self.fields().get(field), key.code) {
            (Some(Field::Reason), _) => {
                self.reason.press(key);
            }
            (Some(Field::Until), Code::Left | Code::Up) => self.until = self.until.saturating_sub(1),
            (Some(Field::Until), Code::Right | Code::Down) => self.until = (self.until + 1).min(SPANS.len() - 1),
            (Some(Field::Effect | Field::Width), Code::Char(c)) if c != ' ' => {
                self.confirm.focus = super::confirm::Focus::Field(0);
                self.reason.press(key);
            }
            (Some(Field::Effect | Field::Width), code) => self.choose(field, code),
            _ => {}
        }
        self.check();
    }

    /// Moves a choice of the rule.
    fn choose(&mut self, field: usize, code: Code) {
        let is_effect = self.fields().get(field) == Some(&Field::Effect);
        let Hold::Ignore(draft) = &mut self.what else { return };
        match code {
            Code::Left | Code::Up => draft.choose(is_effect, false),
            Code::Right | Code::Down | Code::Char(' ') => draft.choose(is_effect, true),
            _ => {}
        }
    }

    /// Pastes into the reason, or into the token.
    pub fn paste(&mut self, text: &str) {
        if matches!(self.confirm.focus, super::confirm::Focus::Field(0)) {
            self.reason.paste(text);
        } else {
            self.confirm.paste(text);
        }
        self.check();
    }

    /// Whether a reason must be given.
    pub fn needs_reason(&self) -> bool {
        match self.what {
            Hold::Unlock(_) => true,
            Hold::Pause(_) | Hold::Pin(..) => self.protected || SPANS[self.until.min(SPANS.len() - 1)].1.is_none(),
            Hold::Resume(_) | Hold::Unpin(_) | Hold::Abort(..) | Hold::Ignore(_) => false,
        }
    }

    /// The order, as it would be sent.
    pub fn command(&self, now: Timestamp) -> Command {
        let reason = Foreign::from(self.reason.text().trim());
        let until = self.until_when(now);
        match self.what.clone() {
            Hold::Pause(app) => Command::Pause { app, until, reason },
            Hold::Resume(app) => Command::Resume { app },
            Hold::Pin(app, commit) => Command::Pin { app, commit: commit.id, until, reason },
            Hold::Unpin(app) => Command::Unpin { app },
            Hold::Abort(_, run) => Command::Abort { run },
            Hold::Unlock(cluster) => Command::Unlock { cluster, reason },
            Hold::Ignore(draft) => Command::Ignore { app: draft.app.clone(), rule: Box::new(draft.rule(reason.raw())) },
        }
    }

    /// When the hold ends.
    pub fn until_when(&self, now: Timestamp) -> Option<Timestamp> {
        let minutes = SPANS.get(self.until).and_then(|(_, minutes)| *minutes)?;
        now.checked_add(SignedDuration::from_mins(minutes)).ok()
    }

    fn check(&mut self) {
        let lacks = self.needs_reason() && self.reason.text().trim().is_empty();
        self.confirm.refuse(lacks.then(|| "a reason is needed".to_owned()));
    }
}
