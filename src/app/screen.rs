//! The screens that lie on each other, and what can lie over them. The fleet is always the lowest.

use std::sync::Arc;

use crate::model::{AppId, Fleet, Foreign, ResourceKey, Ticket};

use super::App;
use super::command::CommandLine;
use super::confirm::Confirm;
use super::cursor::Motion;
use super::diff::DiffScreen;
use super::edit::LineEdit;
use super::help::Help;
use super::history::HistoryScreen;
use super::hold::HoldDialog;
use super::keymap::Place;
use super::lists::{ActivityScreen, ClustersScreen, ErrorsScreen, RunScreen};
use super::revert::RevertScreen;
use super::sync::PlanScreen;
use super::tree::TreeScreen;

/// A question and its answer, if it came. An older answer stays on screen until the newer one is here.
#[derive(Clone, Debug)]
pub struct Asked<T> {
    /// The newest question.
    pub ticket: Ticket,
    /// The newest answer.
    pub ready: Option<Arc<T>>,
    /// Why there is none.
    pub failed: Option<Foreign>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { ticket: Ticket::default(), ready: None, failed: None }
    }
}

/// A screen above the fleet.
#[derive(Clone, Debug)]
pub enum Screen {
    /// One app's objects.
    Tree(TreeScreen),
    /// A diff.
    Diff(DiffScreen),
    /// Commits.
    History(HistoryScreen),
    /// A sync's plan.
    Plan(PlanScreen),
    /// A run.
    Run(RunScreen),
    /// A revert's preview.
    Revert(RevertScreen),
    /// Clusters and remotes.
    Clusters(ClustersScreen),
    /// What is wrong.
    Errors(ErrorsScreen),
    /// Runs.
    Activity(ActivityScreen),
}

/// What lies over a screen and takes its keys.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The filter is being typed; what stood there before.
    Filter(FilterField),
    /// The command line.
    Command(CommandField),
    /// What to copy.
    Copy,
    /// Help.
    Help(HelpField),
    /// A small dialog.
    Hold(Box<HoldDialog>),
}

/// The filter's text field and what stood there before.
#[derive(Clone, Debug)]
pub struct FilterField {
    pub(super) edit: LineEdit,
    pub(super) before: String,
}

/// The command line.
#[derive(Clone, Debug)]
pub struct CommandField(pub(super) CommandLine);

/// Help.
#[derive(Clone, Debug)]
pub struct HelpField(pub(super) Help);

impl Screen {
    /// Where its keys stand in the keymap.
    pub fn place(&self) -> Place {
        match self {
            Self::Tree(_) => Place::App,
            Self::Diff(_) => Place::Diff,
            Self::History(_) => Place::History,
            Self::Plan(_) => Place::Plan,
            Self::Run(_) => Place::Run,
            Self::Revert(_) => Place::Revert,
            Self::Clusters(_) => Place::Clusters,
            Self::Errors(_) => Place::Errors,
            Self::Activity(_) => Place::Activity,
        }
    }

    /// The one app that it is about.
    pub fn app(&self) -> Option<&AppId> {
        match self {
            Self::Tree(screen) => Some(&screen.app),
            Self::Diff(screen) => Some(&screen.app),
            Self::History(screen) => Some(&screen.app),
            Self::Plan(screen) => Some(&screen.app),
            Self::Run(screen) => Some(&screen.app),
            Self::Revert(screen) => Some(&screen.app),
            Self::Clusters(_) | Self::Errors(_) | Self::Activity(_) => None,
        }
    }

    /// Moves its cursor.
    pub fn go(&mut self, fleet: &Fleet, motion: Motion) {
        match self {
            Self::Tree(screen) => screen.go(motion),
            Self::Diff(screen) => screen.go(motion),
            Self::History(screen) => screen.go(motion),
            Self::Plan(screen) => screen.go(motion),
            Self::Run(screen) => screen.go(fleet, motion),
            Self::Revert(screen) => screen.go(motion),
            Self::Clusters(screen) => screen.go(fleet, motion),
            Self::Errors(screen) => screen.go(fleet, motion),
            Self::Activity(screen) => screen.go(fleet, motion),
        }
    }
}

impl App {
    /// Where keys go now.
    #[must_use]
    pub fn place(&self) -> Place {
        match &self.overlay {
            Some(Overlay::Filter(_)) => Place::Filter,
            Some(Overlay::Command(_)) => Place::Command,
            Some(Overlay::Copy) => Place::Copy,
            Some(Overlay::Help(_)) => Place::Help,
            Some(Overlay::Hold(_)) => Place::Dialog,
            None => self.screen_place(),
        }
    }

    /// The screen below any overlay.
    pub(super) fn screen_place(&self) -> Place {
        self.stack.last().map_or(Place::Fleet, Screen::place)
    }

    /// The app that an action is about: the screen's, else the one under the cursor.
    pub(super) fn subject(&self) -> Option<AppId> {
        match self.stack.last() {
            None => self.root.cursor.key().cloned(),
            Some(Screen::Activity(screen)) => {
                let run = screen.cursor.key()?;
                self.fleet.runs.iter().find(|row| row.id == *run).map(|row| row.app.clone())
            }
            Some(Screen::Errors(screen)) => {
                let (whose, _) = screen.cursor.key()?;
                self.fleet.apps.iter().map(|row| &row.id).find(|id| id.to_string() == whose.raw()).cloned()
            }
            Some(screen) => screen.app().cloned(),
        }
    }

    /// The object under the cursor.
    pub(super) fn object(&self) -> Option<ResourceKey> {
        match self.stack.last()? {
            Screen::Tree(screen) => screen.object().cloned(),
            Screen::Diff(screen) => screen.here().map(|(object, _)| object.key.clone()),
            Screen::Plan(screen) => screen.cursor.key().cloned(),
            Screen::Run(screen) => screen.cursor.key().cloned(),
            _ => None,
        }
    }

    /// The confirmation on screen.
    pub(super) fn confirm(&self) -> Option<&Confirm> {
        match (&self.overlay, self.stack.last()) {
            (Some(Overlay::Hold(dialog)), _) => Some(&dialog.confirm),
            (_, Some(Screen::Plan(screen))) => Some(&screen.confirm),
            (_, Some(Screen::Revert(screen))) => Some(&screen.confirm),
            _ => None,
        }
    }

    /// The confirmation on screen, to change.
    pub(super) fn confirm_mut(&mut self) -> Option<&mut Confirm> {
        match (&mut self.overlay, self.stack.last_mut()) {
            (Some(Overlay::Hold(dialog)), _) => Some(&mut dialog.confirm),
            (_, Some(Screen::Plan(screen))) => Some(&mut screen.confirm),
            (_, Some(Screen::Revert(screen))) => Some(&mut screen.confirm),
            _ => None,
        }
    }

    /// A run that is going on is on screen: seconds count.
    pub(super) fn is_run_on_screen(&self) -> bool {
        let Some(Screen::Run(screen)) = self.stack.last() else { return false };
        let run = self.fleet.runs.iter().find(|run| run.id == screen.id);
        run.is_none_or(|run| run.ended.is_none())
    }

    /// Puts a screen on top; one of the same kind below it goes.
    pub(super) fn open(&mut self, screen: Screen) {
        if let Some(at) = self.stack.iter().position(|other| other.place() == screen.place()) {
            self.stack.truncate(at);
        }
        self.stack.push(screen);
    }
}

impl App {
    /// The place whose list is drawn: the screen's below a dialog, help's own.
    #[must_use]
    pub fn place_below(&self) -> Place {
        if matches!(self.overlay, Some(Overlay::Help(_))) { Place::Help } else { self.screen_place() }
    }
}
