//! The one clock. Everybody else is handed a [`Now`]; tests hold it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::Now;

/// Between two ticks.
const SECOND: Duration = Duration::from_secs(1);

/// Real time, or a time that moves only when its holder says so.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's.
    Real {
        /// When the process began.
        start: Instant,
        /// When the next tick is due, once somebody waits for one.
        due: Option<tokio::time::Instant>,
    },
    /// Held by a test: each new value is a tick.
    Held(watch::Receiver<Now>),
}

impl Clock {
    /// The system's clock, counting from now.
    #[must_use]
    pub fn real() -> Self {
        Self::Real { start: Instant::now(), due: None }
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
            Self::Real { start, .. } => Now { wall: jiff::Timestamp::now(), since_start: start.elapsed() },
            Self::Held(now) => *now.borrow(),
        }
    }

    /// Waits for the next tick: a second of real time, or the holder's next value. Who stops waiting because something else
    /// came goes on waiting for the same tick.
    pub async fn tick(&mut self) {
        match self {
            Self::Real { due, .. } => {
                let at = *due.get_or_insert_with(|| tokio::time::Instant::now() + SECOND);
                tokio::time::sleep_until(at).await;
                // Ticks that were missed are not made up for.
                *due = Some((at + SECOND).max(tokio::time::Instant::now()));
            }
            Self::Held(now) => {
                if now.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ticks_come_though_something_else_happens_all_the_time() {
        let (mut clock, mut ticks) = (Clock::real(), 0);
        for _ in 0..100 {
            tokio::select! {
                () = clock.tick() => ticks += 1,
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
        }
        assert!(ticks >= 20, "thirty seconds or so have passed, and {ticks} ticks");
    }
}
