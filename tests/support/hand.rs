//! Clocks that a test holds in its hand.

use std::time::Duration;

use driftdeck::engine::Clock;
use driftdeck::model::Now;
use tokio::sync::watch;

/// What a hasty clock takes for a second.
const BEAT: Duration = Duration::from_millis(200);

/// The hand on a clock: it moves only when this says so.
pub struct Hand(watch::Sender<Now>);

impl Hand {
    /// Moves the clock on.
    pub fn by(&self, time: Duration) {
        self.0.send_modify(|now| *now = later(*now, time));
    }

    /// Lets the clock run from now on, hastily.
    pub fn run(self) {
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(BEAT);
            // A machine that stood still for a while must not make the clock leap: clusters would be called stale.
            beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while !self.0.is_closed() {
                beat.tick().await;
                self.by(Duration::from_secs(1));
            }
        });
    }
}

fn later(now: Now, time: Duration) -> Now {
    Now { wall: now.wall.checked_add(time).expect("a time"), since_start: now.since_start + time }
}

/// A clock that stands still; it shows the system's date, as the real server's objects do.
pub fn still() -> (Hand, Clock) {
    let (hand, clock) = Clock::held(Now { since_start: Duration::ZERO, ..Clock::real().now() });
    (Hand(hand), clock)
}

/// A clock whose seconds are a fifth as long, so that nobody waits for a debounce or a poll.
pub fn hasty() -> Clock {
    let (hand, clock) = still();
    hand.run();
    clock
}
