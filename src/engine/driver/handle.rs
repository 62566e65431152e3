//! What the outside holds of a running engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::event::Event;
use crate::model::{AppId, Fleet, Order, Query, Ticket};

/// Reads the fleet, orders, asks, and stops the engine.
#[derive(Clone)]
pub struct Handle {
    fleet: watch::Receiver<Arc<Fleet>>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Handle {
    pub(super) fn new(
        fleet: watch::Receiver<Arc<Fleet>>,
        events: mpsc::Sender<Event>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self { fleet, events, stop, tasks }
    }

    /// The newest fleet, and the news of newer ones.
    #[must_use]
    pub fn fleet(&self) -> watch::Receiver<Arc<Fleet>> {
        self.fleet.clone()
    }

    /// Hands an order over; false when the queue is full or the engine has ended, and nothing was ordered.
    #[must_use]
    pub fn order(&self, order: Order) -> bool {
        self.events.try_send(Event::Ordered(order)).is_ok()
    }

    /// Asks; false when the queue is full or the engine has ended.
    #[must_use]
    pub fn ask(&self, ticket: Ticket, query: Query) -> bool {
        self.events.try_send(Event::Asked(ticket, query)).is_ok()
    }

    /// Says which apps a screen shows now: in the background the server is asked about them first. Lost when the queue is
    /// full, which costs an order of questions and nothing else.
    pub fn show(&self, apps: BTreeSet<AppId>) {
        let _ = self.events.try_send(Event::Shown(apps));
    }

    /// Stops the engine and waits for its tasks: a write that is out is finished first.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
