//! The revert screen's state: back to which commit, in which way, why.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AppId, Command, CommitInfo, Foreign, RevertMode, RevertOrder, RevertPreview};

use super::confirm::Confirm;
use super::cursor::{Cursor, Motion};
use super::edit::LineEdit;
use super::hold::SPANS;
use super::key::{Code, Key};
use super::screen::Asked;

/// The fields that Tab walks over: the mode, the reason, and for a pin its end.
pub const MODE: usize = 0;
/// Why.
pub const REASON: usize = 1;
/// Until when.
pub const UNTIL: usize = 2;

/// A revert on screen.
#[derive(Clone, Debug)]
pub struct RevertScreen {
    /// Whose.
    pub app: AppId,
    /// Back to.
    pub to: CommitInfo,
    /// How.
    pub mode: RevertMode,
    /// The answer for that mode.
    pub asked: Asked<RevertPreview>,
    /// Why.
    pub reason: LineEdit,
    /// For a pin: the place in [`SPANS`].
    pub until: usize,
    /// Gate, token, focus.
    pub confirm: Confirm,
    /// Where, in the plan's rows.
    pub cursor: Cursor<crate::model::ResourceKey>,
}

impl RevertScreen {
    /// A revert whose preview was just asked for.
    pub fn new(app: AppId, to: CommitInfo, mode: RevertMode) -> Self {
        let mut screen = Self {
            confirm: Confirm::new(0),
            app,
            to,
            mode,
            asked: Asked::default(),
            reason: LineEdit::default(),
            until: 3,
            cursor: Cursor::default(),
        };
        screen.confirm.app = Some(screen.app.clone());
        screen.confirm.fields = screen.fields();
        screen
    }

    /// Another way.
    pub fn set_mode(&mut self, mode: RevertMode) {
        self.mode = mode;
        self.asked = Asked::default();
        self.confirm.fields = self.fields();
        self.confirm.token = LineEdit::default();
        self.confirm.asked(crate::model::Ticket(0));
    }

    /// The preview is here, or here again; `true` when what was shown has moved.
    pub fn set(&mut self, view: Arc<RevertPreview>) -> bool {
        let before = self.asked.ready.as_ref().map(|old| (old.head.clone(), old.plan.fingerprint.clone()));
        let moved = before.is_some_and(|before| before != (view.head.clone(), view.plan.fingerprint.clone()));
        if moved {
            self.confirm.start_over();
        }
        self.confirm.set_gate(Arc::new(view.gate.clone()));
        self.asked.ready = Some(view);
        self.go(Motion::By(0));
        moved
    }

    /// Moves in the plan's rows.
    pub fn go(&mut self, motion: Motion) {
        let keys: Vec<_> = self.rows().map(|row| row.key.clone()).collect();
        self.cursor.go(&keys, motion);
    }

    /// The rows of the plan from live to there.
    pub fn rows(&self) -> impl Iterator<Item = &crate::model::PlanRow> {
        let plan = self.asked.ready.as_ref().map(|view| &view.plan);
        plan.into_iter().flat_map(|plan| &plan.rows).filter(|row| !row.is_silent())
    }

    /// Takes a key for a field; `true` when the mode is to change.
    pub fn press(&mut self, field: usize, key: Key) -> bool {
        let wheel = match key.code {
            Code::Left | Code::Up => -1,
            Code::Right | Code::Down => 1,
            _ => 0,
        };
        match field {
            MODE => return wheel != 0 || key == Key::char(' '),
            REASON => {
                self.reason.press(key);
            }
            _ => self.until = self.until.saturating_add_signed(wheel).min(SPANS.len() - 1),
        }
        false
    }

    /// The other way.
    pub fn other_mode(&self) -> RevertMode {
        match self.mode {
            RevertMode::Restore => RevertMode::Pin,
            RevertMode::Pin => RevertMode::Restore,
        }
    }

    /// The order, as it would be sent.
    pub fn command(&self, now: Timestamp) -> Option<Command> {
        let preview = self.asked.ready.as_ref()?;
        let span = SPANS.get(self.until).and_then(|(_, hours)| *hours).filter(|_| self.mode == RevertMode::Pin);
        Some(Command::Revert(RevertOrder {
            app: self.app.clone(),
            to: self.to.id.clone(),
            mode: self.mode,
            expected_head: preview.head.clone(),
            reason: Foreign::from(self.reason.text().trim()),
            until: span.and_then(|minutes| now.checked_add(SignedDuration::from_mins(minutes)).ok()),
        }))
    }

    fn fields(&self) -> usize {
        if self.mode == RevertMode::Pin { 3 } else { 2 }
    }
}
