//! What each action does: one arm, one call. Whatever cannot be done now says why instead.

use crate::model::{AppId, ClusterName, Command, Consent, Order, Query, RunId, RunRow};

use super::action::Action;
use super::command::{CommandLine, Said};
use super::cursor::Motion;
use super::diff::DiffScreen;
use super::edit::LineEdit;
use super::help::Help;
use super::hold::Hold;
use super::lists::RunScreen;
use super::screen::{CommandField, FilterField, HelpField, Overlay, Screen};
use super::status::Role;
use super::tree::TreeScreen;
use super::{App, Effect};

impl App {
    pub(super) fn act(&mut self, action: Action) {
        use Action as A;
        if let Some(why) = self.why_not(action)
            && !self.may_look(action)
        {
            return self.say(Role::Dim, why);
        }
        match action {
            A::Down | A::Up | A::Top | A::Bottom | A::PageDown | A::PageUp | A::HalfDown | A::HalfUp => {
                self.go(self.motion(action));
            }
            A::NextBig | A::PrevBig => self.go_big(action == A::NextBig),
            A::NextChange | A::PrevChange => self.on_diff(|diff| diff.next_change(action == A::NextChange)),
            A::FoldContext => self.on_diff(DiffScreen::toggle_fold),
            A::Hidden => self.on_diff(DiffScreen::toggle_hidden),
            A::Swap => self.on_diff(|diff| diff.swapped = !diff.swapped),
            A::Fold | A::Unfold => self.fold(action == A::Fold),
            A::Who => self.who(),
            A::Mark => self.mark(),
            A::Toggle | A::Take => self.tick_row(action == A::Take),
            A::Filter => self.open_filter(),
            A::Problems => self.root.toggle_problems(&self.fleet),
            A::Command => self.overlay = Some(Overlay::Command(CommandField(CommandLine::default()))),
            A::Help => self.open_help(),
            A::Copy => self.overlay = Some(Overlay::Copy),
            A::Cancel => self.overlay = None,
            A::CopyName | A::CopySha | A::CopyYaml | A::CopyDiff | A::CopyCommand | A::CopyKubectl => self.copy(action),
            A::Redraw => self.emit(Effect::Redraw),
            A::Suspend => self.emit(Effect::Suspend),
            A::Quit => self.emit(Effect::Quit),
            A::NextField | A::PrevField | A::Press | A::Complete | A::Interrupt => {}
            other => self.act_on_app(other),
        }
    }

    /// The second half of the table: screens and commands.
    fn act_on_app(&mut self, action: Action) {
        use Action as A;
        match action {
            A::Open => self.open_here(),
            A::Back => self.back(),
            A::GoFleet => self.stack.clear(),
            A::GoApp => self.open_tree(),
            A::GoDiff | A::Diff => self.open_diff(),
            A::GoHistory | A::History => self.open_history(),
            A::GoActivity => self.open(Screen::Activity(super::lists::ActivityScreen::default())),
            A::GoErrors => self.open(Screen::Errors(super::lists::ErrorsScreen::default())),
            A::GoClusters => self.open(Screen::Clusters(super::lists::ClustersScreen::default())),
            A::GoRun => self.open_last_run(),
            A::Sync => self.open_plan(),
            A::Pause => self.open_pause(),
            A::Pin => self.open_pin(),
            A::Revert => self.open_revert(),
            A::Unlock => self.open_unlock(),
            A::Lock => self.lock(),
            A::Abort => self.open_abort(),
            A::Ignore => self.open_ignore(),
            A::Refresh => self.refresh(),
            _ => {}
        }
        self.go(Motion::By(0));
    }

    /// A plan or a preview may be looked at where it cannot be run; the toast says so.
    fn may_look(&mut self, action: Action) -> bool {
        let looks = matches!(action, Action::Sync | Action::Revert) && self.seen_fleet;
        let Some(app) = self.subject().filter(|id| looks && self.fleet.app(id).is_some()) else { return false };
        if let Some(why) = super::possible::locked(&self.fleet, &app.cluster) {
            self.say(Role::Dim, format!("to look at only: {why}"));
        }
        true
    }

    fn motion(&self, action: Action) -> Motion {
        let page = isize::try_from(self.size.1.saturating_sub(8)).unwrap_or(10).max(2);
        match action {
            Action::Down => Motion::By(1),
            Action::Up => Motion::By(-1),
            Action::Top => Motion::Top,
            Action::Bottom => Motion::Bottom,
            Action::PageDown => Motion::By(page),
            Action::PageUp => Motion::By(-page),
            Action::HalfDown => Motion::By(page / 2),
            _ => Motion::By(-page / 2),
        }
    }

    pub(super) fn go(&mut self, motion: Motion) {
        match self.stack.last_mut() {
            None => self.root.go(motion),
            Some(screen) => screen.go(&self.fleet, motion),
        }
        self.ask_more_history();
    }

    fn ask_more_history(&mut self) {
        let Some(Screen::History(screen)) = self.stack.last_mut() else { return };
        if !screen.wants_more() || screen.limit > screen.ids.len() + super::history::PAGE {
            return;
        }
        screen.limit += super::history::PAGE;
        let query = Query::HistoryOf { app: screen.app.clone(), limit: screen.limit };
        let ticket = self.ask(query);
        if let Some(Screen::History(screen)) = self.stack.last_mut() {
            screen.asked.ticket = ticket;
        }
    }

    fn go_big(&mut self, forward: bool) {
        match self.stack.last_mut() {
            None => self.root.next_status(&self.fleet, forward),
            Some(Screen::Tree(screen)) => screen.next_group(forward),
            Some(Screen::Diff(screen)) => screen.next_object(forward),
            Some(Screen::History(screen)) => screen.next_day(forward),
            Some(_) => {}
        }
    }

    fn on_diff(&mut self, change: impl FnOnce(&mut DiffScreen)) {
        if let Some(Screen::Diff(screen)) = self.stack.last_mut() {
            change(screen);
        }
    }

    fn fold(&mut self, fold: bool) {
        if let Some(Screen::Tree(screen)) = self.stack.last_mut() {
            screen.fold(fold, &self.fleet);
        }
    }

    fn who(&mut self) {
        if !matches!(self.stack.last(), Some(Screen::Diff(_))) {
            self.open_diff();
        }
        self.on_diff(|diff| diff.who = !diff.who);
    }

    fn mark(&mut self) {
        match self.stack.last_mut() {
            None => self.root.toggle_mark(),
            Some(Screen::History(screen)) => screen.toggle_pick(),
            Some(_) => {}
        }
    }

    fn tick_row(&mut self, take: bool) {
        let Some(Screen::Plan(screen)) = self.stack.last_mut() else { return };
        let moved = if take { screen.toggle_take() } else { screen.toggle() };
        if moved {
            self.ask_plan_gate();
        } else {
            self.say(Role::Dim, "there is nothing to tick on this row");
        }
    }

    fn open_filter(&mut self) {
        self.stack.clear();
        let before = self.root.filter_text().to_owned();
        self.overlay = Some(Overlay::Filter(FilterField { edit: LineEdit::with(&before), before }));
    }

    fn open_help(&mut self) {
        let help = Help { query: LineEdit::default(), from: self.screen_place(), row: 0 };
        self.overlay = Some(Overlay::Help(HelpField(help)));
    }

    fn back(&mut self) {
        if self.stack.pop().is_some() {
            return;
        }
        if !self.root.filter_text().is_empty() {
            return self.root.set_filter("", &self.fleet);
        }
        if self.root.marks.is_empty() { self.emit(Effect::Quit) } else { self.root.marks.clear() }
    }

    /// Nothing is left to go back from; Esc, pressed once too often, must not end the program.
    pub(super) fn is_at_root(&self) -> bool {
        self.stack.is_empty() && self.root.filter_text().is_empty() && self.root.marks.is_empty()
    }

    fn open_here(&mut self) {
        match self.stack.last() {
            None => self.open_tree(),
            Some(Screen::Tree(screen)) if screen.object().is_none() => {
                let folded =
                    matches!(screen.cursor.key(), Some(super::tree::TreeKey::Group(g)) if screen.is_folded(*g));
                self.fold(!folded);
            }
            Some(Screen::Tree(_) | Screen::History(_) | Screen::Run(_)) => self.open_diff(),
            Some(Screen::Diff(_)) => self.on_diff(|diff| diff.next_change(true)),
            Some(Screen::Clusters(screen)) => {
                let filter = screen.cursor.key().map(|name| format!("cluster:{name}")).unwrap_or_default();
                self.stack.clear();
                self.root.set_filter(&filter, &self.fleet);
            }
            Some(Screen::Errors(_)) => match self.subject() {
                Some(_) => self.open_tree(),
                None => self.open(Screen::Clusters(super::lists::ClustersScreen::default())),
            },
            Some(Screen::Activity(screen)) => {
                if let (Some(run), Some(app)) = (screen.cursor.key().copied(), self.subject()) {
                    self.open(Screen::Run(RunScreen::new(run, app)));
                }
            }
            Some(Screen::Plan(_) | Screen::Revert(_)) => {}
        }
    }

    /// The cluster that an action is about.
    pub(super) fn cluster_here(&self) -> Option<ClusterName> {
        match self.stack.last() {
            Some(Screen::Clusters(screen)) => screen.cursor.key().cloned(),
            Some(Screen::Revert(screen)) => Some(super::possible::shut_for(&self.fleet, screen)),
            _ => self.subject().map(|id| id.cluster),
        }
    }

    /// The run that an action is about.
    pub(super) fn run_here(&self) -> Option<&RunRow> {
        let id: RunId = match self.stack.last()? {
            Screen::Run(screen) => screen.id,
            Screen::Activity(screen) => *screen.cursor.key()?,
            _ => return None,
        };
        self.fleet.runs.iter().find(|run| run.id == id).map(AsRef::as_ref)
    }

    fn lock(&mut self) {
        if let Some(cluster) = self.cluster_here() {
            self.say(Role::Text, format!("{cluster} goes back to OBSERVE"));
            self.submit(Command::Lock { cluster }, Consent { yes: true, ..Consent::default() });
        }
    }

    fn refresh(&mut self) {
        let app = if self.stack.is_empty() { None } else { self.subject() };
        let whose = app.as_ref().map_or_else(|| "everything".to_owned(), ToString::to_string);
        self.say(Role::Text, format!("asking git and clusters again: {whose}"));
        self.submit(Command::Refresh { app }, Consent::default());
    }

    /// Hands an order to the driver; the very command that was shown.
    pub(super) fn submit(&mut self, command: Command, consent: Consent) -> RunId {
        let id = self.order_id();
        if !matches!(command, Command::Refresh { .. } | Command::Lock { .. }) {
            self.sent.push(id);
        }
        self.emit(Effect::Submit(Order { id, command, consent }));
        id
    }

    pub(super) fn obey(&mut self, said: Said) {
        match said {
            Said::Quit => self.emit(Effect::Quit),
            Said::Go(id) => self.open_app(id),
            Said::Filter(text) => {
                self.stack.clear();
                self.root.set_filter(&text, &self.fleet);
            }
            Said::Unlock(cluster) if self.fleet.read_only => {
                self.say(Role::Dim, format!("read-only: {cluster} stays locked for the life of this process"));
            }
            Said::Unlock(cluster) => self.open_hold(Hold::Unlock(cluster)),
            Said::Lock(cluster) => {
                self.submit(Command::Lock { cluster }, Consent { yes: true, ..Consent::default() });
            }
            Said::AllowMassDelete(id) => self.allow_mass_delete(id),
            Said::Screen("fleet") => self.act(Action::GoFleet),
            Said::Screen("clusters") => self.act(Action::GoClusters),
            Said::Screen("errors") => self.act(Action::GoErrors),
            Said::Screen("activity") => self.act(Action::GoActivity),
            Said::Screen(_) => self.open_help(),
        }
    }

    fn open_app(&mut self, id: AppId) {
        self.stack.clear();
        let order = self.root.order.clone();
        self.root.cursor.jump(&order, &id);
        self.open(Screen::Tree(TreeScreen::new(id, &self.fleet)));
    }

    fn allow_mass_delete(&mut self, id: AppId) {
        self.say(
            Role::Text,
            format!("plans of {id} may delete more than the limit in this session; each is still typed out"),
        );
        if let Some(Screen::Plan(screen)) = self.stack.last_mut()
            && screen.app == id
        {
            screen.confirm.mass_allowed = true;
            screen.confirm.rearm();
        }
        self.mass_allowed.insert(id);
    }
}
