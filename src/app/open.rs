//! Opening screens and dialogs: which app, which commit, and the question that goes out with it.

use crate::model::{CommitInfo, Query, RevertMode};

use super::App;
use super::diff::DiffScreen;
use super::history::HistoryScreen;
use super::hold::{Hold, HoldDialog};
use super::lists::RunScreen;
use super::revert::RevertScreen;
use super::screen::{Overlay, Screen};
use super::status::Role;
use super::sync::PlanScreen;
use super::tree::TreeScreen;

impl App {
    pub(super) fn open_tree(&mut self) {
        if let Some(app) = self.subject() {
            self.open(Screen::Tree(TreeScreen::new(app, &self.fleet)));
        }
    }

    pub(super) fn open_diff(&mut self) {
        let Some(app) = self.subject() else { return };
        let rev = match self.stack.last() {
            Some(Screen::History(screen)) => screen.cursor.key().cloned(),
            Some(Screen::Plan(screen)) => screen.rev.clone(),
            _ => None,
        };
        let key = self.object();
        let mut screen = DiffScreen::new(app.clone(), key.clone(), rev.clone());
        screen.asked.ticket = self.ask(Query::DiffOf { app, key, rev });
        self.open(Screen::Diff(screen));
    }

    pub(super) fn open_history(&mut self) {
        let Some(app) = self.subject() else { return };
        let mut screen = HistoryScreen::new(app.clone());
        screen.asked.ticket = self.ask(Query::HistoryOf { app, limit: screen.limit });
        self.open(Screen::History(screen));
    }

    pub(super) fn open_last_run(&mut self) {
        let Some(app) = self.subject() else { return };
        if let Some(id) = self.fleet.runs.iter().rev().find(|run| run.app == app).map(|run| run.id) {
            self.open(Screen::Run(RunScreen::new(id, app)));
        }
    }

    pub(super) fn open_plan(&mut self) {
        let Some(app) = self.subject() else { return };
        let mut screen = PlanScreen::new(app.clone(), None);
        screen.confirm.mass_allowed = self.mass_allowed.contains(&app);
        screen.asked.ticket = self.ask(Query::PlanFor { app, rev: None });
        self.open(Screen::Plan(screen));
    }

    pub(super) fn open_revert(&mut self) {
        let Some(app) = self.subject() else { return };
        let to = match self.stack.last() {
            Some(Screen::History(screen)) => screen.here().map(|row| row.commit.clone()),
            _ => None,
        };
        let Some(to) = to else {
            self.open_history();
            return self.say(Role::Text, "choose the commit to go back to, then R");
        };
        let mode = if self.setup.no_git.is_none() { RevertMode::Restore } else { RevertMode::Pin };
        if let Some(why) = self.setup.no_git.clone() {
            self.say(Role::Dim, format!("pin only: {}", why.raw()));
        }
        self.open(Screen::Revert(RevertScreen::new(app, to, mode)));
        self.ask_preview();
    }

    pub(super) fn open_pause(&mut self) {
        let Some(app) = self.subject() else { return };
        let paused = self.fleet.app(&app).is_some_and(|row| row.paused.is_some());
        self.open_hold(if paused { Hold::Resume(app) } else { Hold::Pause(app) });
    }

    pub(super) fn open_pin(&mut self) {
        let Some(app) = self.subject() else { return };
        let picked: Option<CommitInfo> = match self.stack.last() {
            Some(Screen::History(screen)) => screen.here().map(|row| row.commit.clone()),
            _ => None,
        };
        let Some(row) = self.fleet.app(&app).cloned() else { return };
        match (picked, &row.pinned, &row.desired) {
            (Some(commit), _, _) => self.open_hold(Hold::Pin(app, commit)),
            (None, Some(_), _) => self.open_hold(Hold::Unpin(app)),
            (None, None, Some(commit)) => self.open_hold(Hold::Pin(app, commit.clone())),
            (None, None, None) => {}
        }
    }

    pub(super) fn open_unlock(&mut self) {
        if let Some(cluster) = self.cluster_here() {
            self.open_hold(Hold::Unlock(cluster));
        }
    }

    pub(super) fn open_abort(&mut self) {
        if let Some((app, id)) = self.run_here().map(|run| (run.app.clone(), run.id)) {
            self.open_hold(Hold::Abort(app, id));
        }
    }

    pub(super) fn open_hold(&mut self, what: Hold) {
        let protected = match &what {
            Hold::Unlock(cluster) => self.fleet.cluster(cluster).is_some_and(|row| row.protected),
            Hold::Ignore(_) => false,
            Hold::Pause(app) | Hold::Resume(app) | Hold::Pin(app, _) | Hold::Unpin(app) | Hold::Abort(app, _) => {
                self.fleet.cluster(&app.cluster).is_some_and(|row| row.protected)
            }
        };
        self.overlay = Some(Overlay::Hold(Box::new(HoldDialog::new(what, protected))));
        self.ask_hold_gate();
    }
}
