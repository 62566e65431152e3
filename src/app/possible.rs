//! Why an action cannot be done now, in a sentence: the same for the key's toast and for help.

use std::collections::BTreeSet;

use crate::model::{ClusterName, Fleet, Mode, RevertMode, RevertPreview};

use super::App;
use super::action::Action;
use super::copy::NOT_SERVED;
use super::revert::RevertScreen;
use super::screen::Screen;

/// Why nothing may be written to that cluster from here.
pub fn locked(fleet: &Fleet, cluster: &ClusterName) -> Option<String> {
    if fleet.read_only {
        return Some("read-only: driftdeck was started with --read-only".to_owned());
    }
    match fleet.cluster(cluster).map(|row| row.mode) {
        None => Some(format!("{cluster} is not in the fleet")),
        Some(Mode::Operate) => None,
        Some(Mode::ReadOnly) => Some("read-only: driftdeck was started with --read-only".to_owned()),
        Some(Mode::Observe) => Some(format!("{cluster} is in OBSERVE: U unlocks it for 15 minutes")),
    }
}

/// The other clusters that a push lands on and that take no writes now.
fn fed_shut<'a>(fleet: &Fleet, view: &'a RevertPreview) -> BTreeSet<&'a ClusterName> {
    let fed = view.feeds.iter().map(|app| &app.cluster).filter(|name| **name != view.app.cluster);
    fed.filter(|name| view.mode == RevertMode::Restore && locked(fleet, name).is_some()).collect()
}

/// Why a push may not land at one of the other destinations that it feeds.
pub fn fed_locked(fleet: &Fleet, view: &RevertPreview) -> Option<String> {
    let shut = fed_shut(fleet, view);
    let first = shut.first()?;
    let more = if shut.len() > 1 { format!(" and {} more", shut.len() - 1) } else { String::new() };
    Some(format!("the push also lands on {first}{more}, in OBSERVE: U unlocks {first}; or choose pin"))
}

/// The cluster that stands in a revert's way; its own where none does.
pub fn shut_for(fleet: &Fleet, screen: &RevertScreen) -> ClusterName {
    let own = &screen.app.cluster;
    let fed = screen.asked.ready.as_ref().filter(|_| locked(fleet, own).is_none());
    fed.and_then(|view| fed_shut(fleet, view).first().copied()).unwrap_or(own).clone()
}

impl App {
    /// Why that action cannot be done now; `None` when it can.
    #[must_use]
    pub fn why_not(&self, action: Action) -> Option<String> {
        use Action as A;
        match action {
            A::GoApp | A::GoDiff | A::GoHistory | A::Diff | A::History | A::Who => self.no_app(),
            A::Sync => self.no_app().or_else(|| self.locked_here()),
            A::Pause => self.no_app().or_else(|| self.cannot_pause()),
            A::Pin => self.no_app().or_else(|| self.no_commit()).or_else(|| self.locked_here()),
            A::Revert => self.no_app().or_else(|| self.locked_here()),
            A::Unlock => self.cannot_unlock(),
            A::Abort => self.nothing_runs(),
            A::Ignore => self.no_app().or_else(|| self.cannot_ignore()),
            A::GoRun => self.no_app().or_else(|| self.no_run()),
            A::Take => self.nothing_contested(),
            A::CopyKubectl => self.setup.kubectl.is_none().then(|| NOT_SERVED.to_owned()),
            _ => None,
        }
    }

    fn no_app(&self) -> Option<String> {
        if !self.seen_fleet {
            return Some("the fleet is not loaded yet".to_owned());
        }
        match self.subject() {
            Some(id) if self.fleet.app(&id).is_some() => None,
            Some(id) => Some(format!("{id} is not in the fleet any more")),
            None => Some("no app is selected".to_owned()),
        }
    }

    fn locked_here(&self) -> Option<String> {
        locked(&self.fleet, &self.subject()?.cluster)
    }

    /// Pausing calms and passes OBSERVE; resuming does not.
    fn cannot_pause(&self) -> Option<String> {
        let id = self.subject()?;
        if self.fleet.read_only {
            return locked(&self.fleet, &id.cluster);
        }
        let paused = self.fleet.app(&id).is_some_and(|row| row.paused.is_some());
        if paused { self.locked_here() } else { None }
    }

    fn no_commit(&self) -> Option<String> {
        let id = self.subject()?;
        let row = self.fleet.app(&id)?;
        let picked = matches!(self.stack.last(), Some(Screen::History(screen)) if screen.here().is_some());
        let known = picked || row.pinned.is_some() || row.desired.is_some();
        (!known).then(|| format!("{id} has no commit to pin to yet"))
    }

    fn cannot_unlock(&self) -> Option<String> {
        if self.fleet.read_only {
            return Some("read-only: driftdeck was started with --read-only".to_owned());
        }
        let Some(cluster) = self.cluster_here() else { return Some("no cluster is selected".to_owned()) };
        let row = self.fleet.cluster(&cluster)?;
        (!row.protected && row.mode == Mode::Operate).then(|| format!("{cluster} is not protected: nothing to unlock"))
    }

    fn nothing_runs(&self) -> Option<String> {
        match self.run_here() {
            None => Some("no run is selected".to_owned()),
            Some(run) if run.ended.is_some() => Some("that run is over".to_owned()),
            Some(_) if self.fleet.read_only => Some("read-only: driftdeck was started with --read-only".to_owned()),
            Some(_) => None,
        }
    }

    fn no_run(&self) -> Option<String> {
        let id = self.subject()?;
        let ran = self.fleet.runs.iter().any(|run| run.app == id);
        (!ran).then(|| format!("nothing ran for {id} yet"))
    }

    fn nothing_contested(&self) -> Option<String> {
        let Some(Screen::Plan(screen)) = self.stack.last() else { return None };
        let contested = screen
            .here()
            .is_some_and(|row| row.verdict == crate::model::Verdict::Contested || super::sync::has_contested(row));
        (!contested).then(|| "nothing is contested here".to_owned())
    }
}
