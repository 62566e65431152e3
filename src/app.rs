//! What the operator sees and wants, as a pure state machine: `update(Msg) -> Vec<Effect>`.
//!
//! Owns screens, cursors, dialogs, the keymap, the words on screen ([`view`]). Refuses I/O, clocks and the terminal: time
//! comes as [`Msg::Tick`], the fleet as a snapshot, and whatever is to happen leaves as an [`Effect`].

mod act;
mod action;
mod cli;
mod command;
mod confirm;
mod copy;
mod cursor;
mod diff;
mod edit;
mod filter;
mod fleet;
mod help;
mod history;
mod hold;
mod ignore;
mod key;
mod keymap;
mod lists;
mod open;
mod possible;
mod press;
mod receive;
mod revert;
mod screen;
mod status;
mod sync;
mod toast;
mod tree;
pub mod view;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{AppId, Fleet, Foreign, Now, Order, OrderId, Query, RunId, Ticket, View};

pub use action::Action;
pub use key::{Code, Key, NoSuchKey};
pub use keymap::{Binding, Keymap, KeymapError, Place, Pressed};
pub use status::{Role, Status};

use screen::{Overlay, Screen};
use toast::Toasts;

/// What is fixed at the start.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The demo: `DEMO` stands in line 1.
    pub demo: bool,
    /// Where clock times are shown.
    pub zone: TimeZone,
    /// Why commits cannot be pushed from here, such as "no git program on PATH"; `None` = they can.
    pub no_git: Option<Foreign>,
    /// What to say while there is no app at all (first run: where the config would be).
    pub welcome: Vec<Foreign>,
    /// What stands above the fleet all the time: scenes that play.
    pub notice: Vec<Foreign>,
    /// How the demo is opened to kubectl, if it is.
    pub kubectl: Option<Kubectl>,
    /// The first order's number; no other sender of orders in this process may use it or a later one.
    pub first_order: u64,
}

/// A way in for kubectl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubectl {
    /// The line to paste into a shell: on the fleet's page, on the help page, and copied by a key.
    pub line: Foreign,
    /// What must be known about it.
    pub warning: Option<Foreign>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            demo: false,
            zone: TimeZone::UTC,
            no_git: None,
            welcome: Vec::new(),
            notice: Vec::new(),
            kubectl: None,
            first_order: 1,
        }
    }
}

/// What reaches the state machine.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; it reaches text fields only.
    Paste(String),
    /// A new picture.
    Fleet(Arc<Fleet>),
    /// An answer.
    View(View),
    /// It is now. Sent before each other message, at each minute, and when [`App::wake`] says so.
    Tick(Now),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Put a question to the engine.
    Ask(Ticket, Query),
    /// Hand an order to the engine.
    Submit(Order),
    /// Copy to the clipboard. The exact text; the terminal gets it encoded.
    Copy(String),
    /// End.
    Quit,
    /// Give the terminal back to the shell until `fg`.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// The cockpit's state.
pub struct App {
    setup: Setup,
    keymap: Keymap,
    fleet: Arc<Fleet>,
    seen_fleet: bool,
    now: Option<Now>,
    size: (u16, u16),
    root: fleet::FleetScreen,
    stack: Vec<Screen>,
    overlay: Option<Overlay>,
    pending: Vec<Key>,
    interrupted: Option<Duration>,
    toasts: Toasts,
    mass_allowed: BTreeSet<AppId>,
    sent: Vec<RunId>,
    next_order: u64,
    last_ticket: u64,
    out: Vec<Effect>,
}

impl App {
    /// A cockpit that has seen nothing yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            keymap: Keymap::standard(),
            fleet: Arc::default(),
            seen_fleet: false,
            now: None,
            size: (80, 24),
            root: fleet::FleetScreen::default(),
            stack: Vec::new(),
            overlay: None,
            pending: Vec::new(),
            interrupted: None,
            toasts: Toasts::default(),
            mass_allowed: BTreeSet::new(),
            sent: Vec::new(),
            next_order: setup.first_order,
            last_ticket: 0,
            out: Vec::new(),
            setup,
        }
    }

    /// Takes a message, returns what is to be done.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.press(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Fleet(fleet) => self.see(fleet),
            Msg::View(view) => self.receive(&view),
            Msg::Tick(now) => self.tick(now),
            Msg::Resize(width, height) => self.size = (width, height),
        }
        std::mem::take(&mut self.out)
    }

    /// The apps on screen: the one that is looked at, else those listed around the cursor.
    #[must_use]
    pub fn shown(&self) -> BTreeSet<AppId> {
        if let Some(app) = self.stack.last().and_then(Screen::app) {
            return [app.clone()].into();
        }
        let height = usize::from(self.size.1);
        let first = self.root.cursor.row().saturating_sub(height);
        self.root.order.iter().skip(first).take(2 * height).cloned().collect()
    }

    /// The table in force.
    #[must_use]
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// When a [`Msg::Tick`] is wanted besides each minute: since the process started.
    #[must_use]
    pub fn wake(&self) -> Option<Duration> {
        let now = self.now?.since_start;
        let second = self.is_run_on_screen().then(|| Duration::from_secs(now.as_secs() + 1));
        let arming = self.confirm().and_then(|confirm| confirm.wake(now));
        [self.toasts.wake(), second, arming, self.root.wake()].into_iter().flatten().min()
    }

    fn emit(&mut self, effect: Effect) {
        self.out.push(effect);
    }

    fn ask(&mut self, query: Query) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.emit(Effect::Ask(ticket, query));
        ticket
    }

    fn order_id(&mut self) -> OrderId {
        let id = OrderId(self.next_order);
        self.next_order += 1;
        id
    }

    fn uptime(&self) -> Duration {
        self.now.map(|now| now.since_start).unwrap_or_default()
    }

    fn tick(&mut self, now: Now) {
        self.now = Some(now);
        self.toasts.expire(now.since_start);
        if let Some(confirm) = self.confirm_mut() {
            confirm.tick(now.since_start);
        }
        self.root.tick(&self.fleet, now.since_start);
    }
}
