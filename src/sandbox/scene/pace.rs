//! How long a scene makes somebody wait: real time, or until a test lets them pass. Refuses to read a clock.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A wait.
#[derive(Clone)]
pub struct Pace(Arc<dyn Fn() -> Pause + Send + Sync>);

/// Holds everybody of its [`Pace`] until it is opened, or dropped.
#[derive(Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Pace {
    /// By the runtime's clock.
    #[must_use]
    pub fn time(length: Duration) -> Self {
        Self(Arc::new(move || Box::pin(tokio::time::sleep(length))))
    }

    /// By somebody's hand.
    #[must_use]
    pub fn gate() -> (Gate, Self) {
        let gate = Arc::new(watch::Sender::new(false));
        let held = gate.clone();
        let wait = move || -> Pause {
            let mut open = held.subscribe();
            Box::pin(async move {
                let _ = open.wait_for(|open| *open).await;
            })
        };
        (Gate(gate), Self(Arc::new(wait)))
    }

    /// Waits.
    pub(super) async fn pause(&self) {
        (self.0)().await;
    }
}

impl Gate {
    /// Lets everybody pass, from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Holds those who come from now on.
    pub fn close(&self) {
        self.0.send_replace(false);
    }

    /// How many are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        if *self.0.borrow() { 0 } else { self.0.receiver_count() }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pace")
    }
}
