//! The terminal: guard, input, loop, drawing. It draws what [`crate::app`] says and hands keys back; it decides nothing.
//!
//! All foreign text passes `Shown` in `paint`, the only place that writes cells. Draws on change only, at most 60 times a second,
//! one write per frame.

mod cockpit;
mod drive;
mod frame;
mod input;
mod paint;
mod screen;
mod table;
mod terminal;
mod theme;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

pub use crate::app::{Kubectl, Setup as Start};
use crate::model::{AppId, Fleet, Now, Order, Query, Ticket, View};

pub use cockpit::{Cockpit, cockpit};
pub use drive::run;
pub use frame::{ViewState, draw};
pub use screen::Painter;
pub use terminal::{Guard, install_panic_hook};
pub use theme::{Depth, Look, Theme, ThemeName};

/// What the loop needs of the engine; none of it blocks.
pub trait Link: Send {
    /// The engine's clock.
    fn now(&self) -> Now;
    /// Puts a question.
    fn ask(&self, ticket: Ticket, query: Query);
    /// Hands over an order.
    fn order(&self, order: Order);
    /// Says which apps are on screen.
    fn show(&self, apps: BTreeSet<AppId>);
}

/// What the engine sends.
#[derive(Debug)]
pub struct Feed {
    /// The newest picture.
    pub fleet: watch::Receiver<Arc<Fleet>>,
    /// Answers.
    pub views: mpsc::Receiver<View>,
}

/// Why the cockpit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The operator quit.
    Quit,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGHUP, or the terminal is gone.
    HungUp,
}

/// What can go wrong here.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal cannot be set up or written to.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}
