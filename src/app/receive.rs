//! What comes back: pictures and answers. An answer under an old ticket is dropped.

use std::sync::Arc;

use crate::model::{AppRow, Fleet, Foreign, Outcome, Query, RevertMode, RunState, Ticket, View, ViewBody};

use super::App;
use super::lists::RunScreen;
use super::screen::{Asked, Overlay, Screen};
use super::status::Role;
use super::sync::Arrived;

impl App {
    pub(super) fn see(&mut self, fleet: Arc<Fleet>) {
        let before = std::mem::replace(&mut self.fleet, fleet);
        self.seen_fleet = true;
        self.root.see(&self.fleet, self.uptime());
        for screen in &mut self.stack {
            match screen {
                Screen::Tree(tree) => tree.see(&self.fleet),
                Screen::Diff(_) | Screen::History(_) | Screen::Plan(_) | Screen::Revert(_) => {}
                other => other.go(&self.fleet, super::cursor::Motion::By(0)),
            }
        }
        self.report_ended();
        self.ask_again(&before);
        self.check_plan();
    }

    /// Says how the orders sent from here ended.
    fn report_ended(&mut self) {
        let fleet = self.fleet.clone();
        for run in &fleet.runs {
            let RunState::Ended(outcome) = run.state else { continue };
            let Some(at) = self.sent.iter().position(|id| *id == run.id) else { continue };
            self.sent.remove(at);
            let (glyph, word, role) = super::status::run(run.state);
            let note = run.note.as_ref().map(|note| format!(" · {}", note.raw())).unwrap_or_default();
            let role = if outcome == Outcome::Nothing { Role::Text } else { role };
            self.say(role, format!("{glyph} {} {}: {word}{note}", run.what, super::status::place(run)));
            let on_screen = matches!(self.stack.last(), Some(Screen::Run(screen)) if screen.id == run.id);
            if run.what == "revert" && outcome == Outcome::Done && on_screen && self.overlay.is_none() {
                self.open_plan();
            }
        }
    }

    /// Asks again for what is on screen where the app's own state has moved.
    fn ask_again(&mut self, before: &Fleet) {
        for at in 0..self.stack.len() {
            let Some(query) = self.again(at, before) else { continue };
            let ticket = self.ask(query);
            match self.stack.get_mut(at) {
                Some(Screen::Diff(screen)) => screen.asked.ticket = ticket,
                Some(Screen::History(screen)) => screen.asked.ticket = ticket,
                Some(Screen::Plan(screen)) => screen.asked.ticket = ticket,
                Some(Screen::Revert(screen)) => screen.asked.ticket = ticket,
                _ => {}
            }
        }
    }

    fn again(&self, at: usize, before: &Fleet) -> Option<Query> {
        let screen = self.stack.get(at)?;
        let app = screen.app()?.clone();
        let (old, new) = (before.app(&app)?, self.fleet.app(&app)?);
        if Arc::ptr_eq(old, new) || !has_moved(old, new) {
            return None;
        }
        match screen {
            Screen::Diff(screen) => Some(Query::DiffOf { app, key: screen.key.clone(), rev: screen.rev.clone() }),
            Screen::History(screen) => Some(Query::HistoryOf { app, limit: screen.limit }),
            Screen::Plan(screen) => Some(Query::PlanFor { app, rev: screen.rev.clone() }),
            Screen::Revert(screen) => Some(Query::PreviewRevert {
                app,
                to: screen.to.id.clone(),
                mode: screen.mode,
                reason: Foreign::from(""),
            }),
            _ => None,
        }
    }

    pub(super) fn receive(&mut self, view: &View) {
        if let Some(Overlay::Hold(dialog)) = &mut self.overlay {
            receive_gate(&mut dialog.confirm, view);
        }
        let mut moved = false;
        for screen in &mut self.stack {
            moved |= receive_screen(screen, view);
        }
        if moved {
            self.say(Role::Drift, "the plan changed: review it again");
        }
        self.check_plan();
    }

    /// Says on the plan and on the revert why they cannot run, as of now.
    pub(super) fn check_plan(&mut self) {
        let fleet = self.fleet.clone();
        let no_git = self.setup.no_git.clone();
        match self.stack.last_mut() {
            Some(Screen::Plan(screen)) => {
                let why = screen.refusal(&fleet);
                screen.confirm.refuse(why);
            }
            Some(Screen::Revert(screen)) => {
                let refused = screen.asked.ready.as_ref().and_then(|view| view.refused.clone());
                let no_git = no_git.filter(|_| screen.mode == RevertMode::Restore);
                let why = refused.or(no_git).map(|why| why.raw().to_owned());
                let locked = super::possible::locked(&fleet, &screen.app.cluster);
                let fed = || screen.asked.ready.as_ref().and_then(|view| super::possible::fed_locked(&fleet, view));
                let why = why.or(locked).or_else(fed);
                screen.confirm.refuse(why);
            }
            _ => {}
        }
    }

    pub(super) fn ask_plan_gate(&mut self) {
        let Some(Screen::Plan(screen)) = self.stack.last() else { return };
        let Some(command) = screen.command() else { return };
        let ticket = self.ask(Query::GateOf { command });
        if let Some(Screen::Plan(screen)) = self.stack.last_mut() {
            screen.confirm.asked(ticket);
        }
        self.check_plan();
    }

    pub(super) fn ask_hold_gate(&mut self) {
        let Some(now) = self.now else { return };
        let Some(Overlay::Hold(dialog)) = &self.overlay else { return };
        let ticket = self.ask(Query::GateOf { command: dialog.command(now.wall) });
        if let Some(Overlay::Hold(dialog)) = &mut self.overlay {
            dialog.confirm.asked(ticket);
        }
    }

    pub(super) fn ask_hold_gate_if_until_moved(&mut self, key: super::Key) {
        use super::key::Code;
        let Some(Overlay::Hold(dialog)) = &self.overlay else { return };
        let on_until = matches!(dialog.confirm.focus, super::confirm::Focus::Field(1));
        if on_until && matches!(key.code, Code::Left | Code::Right | Code::Up | Code::Down) {
            self.ask_hold_gate();
        }
    }

    pub(super) fn ask_preview(&mut self) {
        let Some(Screen::Revert(screen)) = self.stack.last() else { return };
        let query = Query::PreviewRevert {
            app: screen.app.clone(),
            to: screen.to.id.clone(),
            mode: screen.mode,
            reason: Foreign::from(""),
        };
        let ticket = self.ask(query);
        if let Some(Screen::Revert(screen)) = self.stack.last_mut() {
            screen.asked.ticket = ticket;
        }
        self.check_plan();
    }

    pub(super) fn set_revert_mode(&mut self, mode: RevertMode) {
        if let Some(Screen::Revert(screen)) = self.stack.last_mut() {
            screen.set_mode(mode);
        }
        self.ask_preview();
    }

    pub(super) fn submit_plan(&mut self) {
        let Some(Screen::Plan(screen)) = self.stack.last() else { return };
        let Some(command) = screen.command() else { return };
        let (app, consent) = (screen.app.clone(), screen.confirm.consent());
        let id = self.submit(command, consent);
        self.stack.pop();
        self.open(Screen::Run(RunScreen::new(id, app)));
    }

    pub(super) fn submit_revert(&mut self) {
        let Some(Screen::Revert(screen)) = self.stack.last() else { return };
        let Some(command) = self.now.and_then(|now| screen.command(now.wall)) else { return };
        let (app, consent) = (screen.app.clone(), screen.confirm.consent());
        let id = self.submit(command, consent);
        self.stack.pop();
        self.open(Screen::Run(RunScreen::new(id, app)));
    }

    pub(super) fn submit_hold(&mut self) {
        let Some(now) = self.now else { return };
        let Some(Overlay::Hold(dialog)) = self.overlay.take() else { return };
        let consent = dialog.confirm.consent();
        self.submit(dialog.command(now.wall), consent);
    }
}

/// `true` when what was shown has moved.
fn receive_screen(screen: &mut Screen, view: &View) -> bool {
    match screen {
        Screen::Diff(screen) => {
            if let (true, ViewBody::Diff(diff)) = (take(&mut screen.asked, view), &view.body) {
                screen.set(diff.clone());
            }
            false
        }
        Screen::History(screen) => {
            if let (true, ViewBody::History(history)) = (take(&mut screen.asked, view), &view.body) {
                screen.set(history.clone());
            }
            false
        }
        Screen::Plan(screen) => {
            receive_gate(&mut screen.confirm, view);
            match (take(&mut screen.asked, view), &view.body) {
                (true, ViewBody::Plan(plan)) => screen.set(plan.clone()) == Arrived::Moved,
                _ => false,
            }
        }
        Screen::Revert(screen) => match (take(&mut screen.asked, view), &view.body) {
            (true, ViewBody::Revert(preview)) => screen.set(preview.clone()),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the answer is to that question; a failure is kept as its sentence.
fn take<T>(asked: &mut Asked<T>, view: &View) -> bool {
    if view.ticket != asked.ticket || asked.ticket == Ticket::default() {
        return false;
    }
    match &view.body {
        ViewBody::Failed(why) => asked.failed = Some(why.clone()),
        ViewBody::Loading => {}
        _ => asked.failed = None,
    }
    true
}

fn receive_gate(confirm: &mut super::confirm::Confirm, view: &View) {
    if view.ticket != confirm.ticket || view.ticket == Ticket::default() {
        return;
    }
    match &view.body {
        ViewBody::Gate(gate) => confirm.set_gate(gate.clone()),
        ViewBody::Failed(why) => confirm.refuse(Some(why.raw().to_owned())),
        _ => {}
    }
}

/// Whether diffs and plans of the app may be others than before.
fn has_moved(old: &AppRow, new: &AppRow) -> bool {
    let same = |(a, b): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b) || a == b;
    old.desired != new.desired
        || old.deployed != new.deployed
        || old.paused != new.paused
        || old.resources.len() != new.resources.len()
        || !old.resources.iter().zip(&new.resources).all(same)
}
