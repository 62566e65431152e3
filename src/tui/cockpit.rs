//! The cockpit on an engine: starts it, runs the loop, stops it. The one place where screen and engine meet.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::app;
use crate::engine::{self, Clock, Handle};
use crate::model::{AppId, Now, Order, Query, Ticket};

use super::{Exit, Feed, Link, Look, TuiError, run};

/// How long a leaving cockpit waits for a write that is out; a dead terminal must not keep the process.
const LAST_WRITE: Duration = Duration::from_secs(10);
const HUNG_UP: Duration = Duration::from_millis(1500);

/// What a cockpit is started with.
pub struct Cockpit {
    /// The engine's side.
    pub setup: engine::Setup,
    /// The screen's side.
    pub start: app::Setup,
}

/// The engine as the loop sees it.
struct Line {
    handle: Handle,
    clock: Clock,
}

impl Link for Line {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn ask(&self, ticket: Ticket, query: Query) {
        if !self.handle.ask(ticket, query) {
            tracing::warn!("a question was dropped: the engine's queue is full");
        }
    }

    fn show(&self, apps: BTreeSet<AppId>) {
        self.handle.show(apps);
    }

    fn order(&self, order: Order) {
        if !self.handle.order(order) {
            tracing::error!("an order was dropped: the engine's queue is full; nothing was written");
        }
    }
}

/// Runs the cockpit until the operator, a signal or a dead terminal ends it; then ends the engine.
///
/// # Errors
/// [`TuiError::Terminal`] when the terminal cannot be taken or written to.
pub async fn cockpit(cockpit: Cockpit, look: Look) -> Result<Exit, TuiError> {
    let Cockpit { setup, start } = cockpit;
    let clock = setup.clock.clone();
    let (handle, views) = engine::start(setup);
    let feed = Feed { fleet: handle.fleet(), views };
    let exit = run(Line { handle: handle.clone(), clock }, feed, start, look).await;
    let patience = if matches!(exit, Ok(Exit::HungUp)) { HUNG_UP } else { LAST_WRITE };
    if tokio::time::timeout(patience, handle.close()).await.is_err() {
        tracing::warn!("left while the engine was still at work");
    }
    exit
}
