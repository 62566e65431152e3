//! How a dangerous act is confirmed: the gate, the token, the focus, and the 300 ms before Run can be pressed.
//!
//! The gate itself is `plan`'s; this is how it feels (ux.md section 5). Keys that were typed before the gate was on screen can
//! never confirm: Run arms only after a tick that came with everything complete, and 300 ms later.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{AppId, Consent, Gate, Level, Need, Ticket};

use super::edit::LineEdit;
use super::key::{Code, Key};

const ARMS_AFTER: Duration = Duration::from_millis(300);

/// What Tab walks over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A field, or the rows of a plan.
    Field(usize),
    /// The Cancel button; characters reach the token.
    Cancel,
    /// The Run button; characters reach the token.
    Run,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Arming {
    #[default]
    Off,
    Asked,
    Since(Duration),
    Armed,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Cancel, or Esc.
    Cancelled,
    /// Run.
    Confirmed,
    /// Run was pressed but may not be yet.
    NotYet,
    /// The key belongs to that field.
    Field(usize, Key),
    /// The key is none of a dialog's.
    Other(Key),
    /// Taken.
    Taken,
}

/// The state of one confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The question the newest gate was asked under.
    pub ticket: Ticket,
    /// The gate; `None` while it is on its way.
    pub gate: Option<Arc<Gate>>,
    /// What was typed.
    pub token: LineEdit,
    /// Where.
    pub focus: Focus,
    /// Set by the screen: why Run is impossible whatever is typed.
    pub refused: Option<String>,
    /// The number of things Tab walks over besides the buttons.
    pub fields: usize,
    /// Deletes beyond the limit were allowed by `:allow-mass-delete`.
    pub mass_allowed: bool,
    /// The token names this app in `delete N APP`.
    pub app: Option<AppId>,
    arming: Arming,
}

impl Confirm {
    /// A confirmation that waits for its gate.
    pub fn new(fields: usize) -> Self {
        Self {
            ticket: Ticket(0),
            gate: None,
            token: LineEdit::default(),
            focus: Focus::Cancel,
            refused: None,
            fields,
            mass_allowed: false,
            app: None,
            arming: Arming::Off,
        }
    }

    /// Says why Run is impossible, or that it is not any more.
    pub fn refuse(&mut self, why: Option<String>) {
        if self.refused != why {
            self.refused = why;
            self.rearm();
        }
    }

    /// The gate was asked for: what was there holds no longer.
    pub fn asked(&mut self, ticket: Ticket) {
        self.ticket = ticket;
        self.gate = None;
        self.arming = Arming::Off;
    }

    /// The gate is here. Up to L2 Run is focused, above Cancel; a field keeps its focus.
    pub fn set_gate(&mut self, gate: Arc<Gate>) {
        let first = self.gate.as_ref() != Some(&gate);
        self.gate = Some(gate);
        if first {
            self.arming = Arming::Off;
        }
        if !matches!(self.focus, Focus::Field(_)) {
            self.focus = if self.wanted().is_none() { Focus::Run } else { Focus::Cancel };
        }
        self.rearm();
    }

    /// Starts over: what was shown has moved.
    pub fn start_over(&mut self) {
        self.token = LineEdit::default();
        self.arming = Arming::Off;
        if let Some(gate) = self.gate.take() {
            self.set_gate(gate);
        }
    }

    /// What must be typed, if anything.
    pub fn wanted(&self) -> Option<String> {
        let gate = self.gate.as_ref()?;
        let needs = || gate.needs.iter();
        if let Some(n) = needs().find_map(|need| match need {
            Need::MassDelete(n) => Some(n),
            _ => None,
        }) {
            let app = self.app.as_ref().map(|id| id.name.to_string()).unwrap_or_default();
            return Some(format!("delete {n} {app}"));
        }
        if let Some(name) = needs().find_map(|need| match need {
            Need::AppName(id) => Some(id.name.to_string()),
            _ => None,
        }) {
            return Some(name);
        }
        let deletes = needs().find_map(|need| match need {
            Need::Deletes(n) => Some(*n),
            _ => None,
        });
        match deletes {
            Some(0) => Some("y".to_owned()),
            Some(n) => Some(n.to_string()),
            None if gate.level >= Level::L3 => Some("y".to_owned()),
            None => None,
        }
    }

    /// Why Run may not be pressed, in words; `None` when it may once it is armed.
    pub fn blocked(&self) -> Option<String> {
        if let Some(why) = &self.refused {
            return Some(why.clone());
        }
        let Some(gate) = &self.gate else { return Some("still asking what must be confirmed".to_owned()) };
        let mass = gate.needs.iter().any(|need| matches!(need, Need::MassDelete(_)));
        if mass && !self.mass_allowed {
            let app = self.app.as_ref().map(|id| id.name.to_string()).unwrap_or_default();
            return Some(format!("that many deletes take :allow-mass-delete {app} first"));
        }
        match self.wanted() {
            Some(wanted) if self.token.text() != wanted => Some(format!("type {wanted} to run")),
            _ => None,
        }
    }

    /// Nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.blocked().is_none()
    }

    /// Run can be pressed.
    pub fn is_armed(&self) -> bool {
        self.arming == Arming::Armed && self.is_complete()
    }

    /// Time goes on.
    pub fn tick(&mut self, now: Duration) {
        self.arming = match self.arming {
            Arming::Asked => Arming::Since(now),
            Arming::Since(since) if now >= since + ARMS_AFTER => Arming::Armed,
            other => other,
        };
    }

    /// When the next tick is wanted.
    pub fn wake(&self, now: Duration) -> Option<Duration> {
        match self.arming {
            Arming::Asked => Some(now),
            Arming::Since(since) => Some(since + ARMS_AFTER),
            Arming::Off | Arming::Armed => None,
        }
    }

    /// What the operator answered.
    pub fn consent(&self) -> Consent {
        let mut consent = Consent { yes: true, ..Consent::default() };
        for need in self.gate.iter().flat_map(|gate| &gate.needs) {
            match need {
                Need::Deletes(n) => consent.deletes = Some(*n),
                Need::AppName(id) => consent.app_name = Some(id.name.to_string()),
                Need::MassDelete(n) => consent.mass_delete = Some(*n),
                Need::Prune => consent.prune = true,
                Need::Yes | Need::Unlock => {}
            }
        }
        consent
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Answer {
        match (key.code, self.focus) {
            (Code::Esc, _) | (Code::Enter, Focus::Cancel) => Answer::Cancelled,
            (Code::Tab, _) => self.walk(1),
            (Code::BackTab, _) => self.walk(-1),
            (Code::Enter, Focus::Run) => self.run(),
            (_, Focus::Field(at)) => Answer::Field(at, key),
            (Code::Left | Code::Right, _) => self.other_button(),
            (Code::Up | Code::Down | Code::PageUp | Code::PageDown, _) => Answer::Other(key),
            _ if self.takes_token() && self.token.press(key) => self.typed(),
            _ => Answer::Other(key),
        }
    }

    /// Characters reach the token: one is wanted, and typing it would help.
    pub fn takes_token(&self) -> bool {
        self.wanted().is_some() && self.refused.is_none()
    }

    /// Pastes into the token.
    pub fn paste(&mut self, text: &str) {
        if self.takes_token() && !matches!(self.focus, Focus::Field(_)) {
            self.token.paste(text);
            self.typed();
        }
    }

    /// Run, wherever the focus is.
    pub fn run(&self) -> Answer {
        if self.is_armed() { Answer::Confirmed } else { Answer::NotYet }
    }

    fn typed(&mut self) -> Answer {
        self.focus = if self.is_complete() { Focus::Run } else { Focus::Cancel };
        self.arming = Arming::Off;
        self.rearm();
        Answer::Taken
    }

    fn other_button(&mut self) -> Answer {
        self.focus = if self.focus == Focus::Run { Focus::Cancel } else { Focus::Run };
        Answer::Taken
    }

    /// Something that completeness depends on changed.
    pub fn rearm(&mut self) {
        let complete = self.is_complete();
        self.arming = match self.arming {
            Arming::Off if complete => Arming::Asked,
            _ if !complete => Arming::Off,
            other => other,
        };
    }

    fn walk(&mut self, by: isize) -> Answer {
        let ring = |focus| match focus {
            Focus::Cancel => 0,
            Focus::Run => 1,
            Focus::Field(at) => 2 + at,
        };
        let count = self.fields + 2;
        let next = (ring(self.focus) + count).saturating_add_signed(by) % count;
        self.focus = match next {
            0 => Focus::Cancel,
            1 => Focus::Run,
            at => Focus::Field(at - 2),
        };
        Answer::Taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(level: Level, needs: Vec<Need>) -> Arc<Gate> {
        Arc::new(Gate { level, protected: false, needs, calming: false })
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn run_is_focused_up_to_l2_and_arms_300_ms_after_the_first_tick() {
        let mut confirm = Confirm::new(0);
        assert_eq!(confirm.run(), Answer::NotYet, "no gate yet");
        confirm.set_gate(gate(Level::L2, vec![Need::Yes]));
        assert_eq!(confirm.focus, Focus::Run);
        assert_eq!(confirm.press(Key::plain(Code::Enter)), Answer::NotYet, "type-ahead cannot confirm");
        confirm.tick(ms(50));
        confirm.tick(ms(349));
        assert_eq!(confirm.press(Key::plain(Code::Enter)), Answer::NotYet, "299 ms are too few");
        confirm.tick(ms(350));
        assert_eq!(confirm.press(Key::plain(Code::Enter)), Answer::Confirmed);
    }

    #[test]
    fn from_l3_cancel_is_focused_and_enter_cancels_until_the_token_is_typed() {
        let mut confirm = Confirm::new(1);
        confirm.set_gate(gate(Level::L3, vec![Need::Deletes(12)]));
        assert_eq!(confirm.focus, Focus::Cancel);
        assert_eq!(confirm.press(Key::plain(Code::Enter)), Answer::Cancelled);
        confirm.press(Key::char('1'));
        assert_eq!(confirm.focus, Focus::Cancel, "1 is not 12");
        confirm.press(Key::char('2'));
        assert_eq!(confirm.focus, Focus::Run, "a complete token hands the focus to Run");
        confirm.tick(ms(1));
        confirm.tick(ms(400));
        assert_eq!(confirm.press(Key::plain(Code::Enter)), Answer::Confirmed);
        assert_eq!(confirm.consent().deletes, Some(12));
    }

    #[test]
    fn a_token_that_is_spoilt_again_disarms() {
        let mut confirm = Confirm::new(0);
        confirm.set_gate(gate(Level::L3, vec![Need::Deletes(0)]));
        confirm.press(Key::char('y'));
        confirm.tick(ms(1));
        confirm.tick(ms(400));
        confirm.press(Key::char('y'));
        assert_eq!(confirm.run(), Answer::NotYet, "yy is not y");
    }

    #[test]
    fn a_new_gate_starts_the_arming_over() {
        let mut confirm = Confirm::new(0);
        confirm.set_gate(gate(Level::L2, vec![Need::Yes]));
        confirm.tick(ms(1));
        confirm.tick(ms(400));
        assert!(confirm.is_armed());
        confirm.asked(Ticket(2));
        assert_eq!(confirm.run(), Answer::NotYet, "the gate of other rows is not known yet");
        confirm.set_gate(gate(Level::L2, vec![Need::Yes]));
        assert_eq!(confirm.run(), Answer::NotYet);
    }

    #[test]
    fn mass_deletes_are_refused_until_they_were_allowed_and_then_take_the_whole_sentence() {
        let mut confirm = Confirm::new(0);
        confirm.app = Some(AppId::new("cart", crate::model::ClusterName::new("dev")));
        confirm.set_gate(gate(Level::L4, vec![Need::MassDelete(41), Need::Deletes(41)]));
        confirm.paste("delete 41 cart");
        assert!(confirm.blocked().expect("refused").contains(":allow-mass-delete cart"));
        confirm.mass_allowed = true;
        assert_eq!(confirm.blocked(), None);
        assert_eq!(confirm.consent().mass_delete, Some(41));
    }
}
