//! The one clock. Everybody else is handed a [`Now`]; tests hold it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::Now;

/// Real time, or a time that moves only when its holder says so.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's.
    Real {
        /// When the process began.
        start: Instant,
    },
    /// Held by a test: each new value is a tick.
    Held(watch::Receiver<Now>),
}

impl Clock {
    /// The system's clock, counting from now.
    #[must_use]
    pub fn real() -> Self {
        Self::Real { start: Instant::now() }
    }

    /// A clock that the sender holds.
    #[must_use]
    pub fn held(first: Now) -> (watch::Sender<Now>, Self) {
        let (sender, receiver) = watch::channel(first);
        (sender, Self::Held(receiver))
    }

    /// The moment.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is the engine's clock, the one place that reads it")]
    pub fn now(&self) -> Now {
        match self {
            Self::Real { start } => Now { wall: jiff::Timestamp::now(), since_start: start.elapsed() },
            Self::Held(now) => *now.borrow(),
        }
    }

    /// Waits for the next tick: a second of real time, or the holder's next value.
    pub async fn tick(&mut self) {
        match self {
            Self::Real { .. } => tokio::time::sleep(Duration::from_secs(1)).await,
            Self::Held(now) => {
                if now.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}
