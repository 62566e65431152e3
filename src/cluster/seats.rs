//! How many requests with one answer are out at once: sixteen, half of them after each 429, one more after each full round
//! of answers (`faults.md` F4).
//!
//! Owns the holding back; refuses to decide what is sent again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The most in flight (drift.md *Cost*).
const MOST: usize = 16;

/// How far a server made us hold back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// How long it asked to be left alone, from now; zero when that is over.
    pub left: Duration,
    /// Requests that are sent at once meanwhile.
    pub at_once: usize,
}

/// The seats of one connection.
pub(super) struct Seats {
    free: Semaphore,
    state: Mutex<State>,
}

struct State {
    limit: usize,
    /// Seats that are taken and are to be put away when they come back.
    owed: usize,
    /// Answers in a row since the limit last changed.
    served: usize,
    /// Rises with each halving: a 429 to a request from before it tells nothing new.
    round: u64,
    until: Option<Instant>,
}

impl Default for Seats {
    fn default() -> Self {
        let state = State { limit: MOST, owed: 0, served: 0, round: 0, until: None };
        Self { free: Semaphore::new(MOST), state: Mutex::new(state) }
    }
}

impl Seats {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self) -> Option<Instant> {
        self.state().until.filter(|until| *until > Instant::now())
    }

    /// A seat; unless in a hurry not before the time that the server has asked for. Nobody waits for that time on a seat:
    /// who is in a hurry would wait behind.
    pub async fn take(&self, hurried: bool) -> Seat<'_> {
        loop {
            while let Some(until) = self.wait_until().filter(|_| !hurried) {
                tokio::time::sleep_until(until).await;
            }
            let permit = self.free.acquire().await.ok();
            let round = self.state().round;
            let seat = Seat { seats: self, permit, round };
            if hurried || self.wait_until().is_none() {
                return seat;
            }
        }
    }

    /// Whether and how far we hold back now.
    pub fn throttled_now(&self) -> Option<Throttled> {
        let state = self.state();
        let left = state.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        (state.limit < MOST || !left.is_zero()).then_some(Throttled { left, at_once: state.limit })
    }
}

/// One seat, given back when dropped.
pub(super) struct Seat<'s> {
    seats: &'s Seats,
    permit: Option<SemaphorePermit<'s>>,
    round: u64,
}

impl Seat<'_> {
    /// The server said 429: half as many from now on, and none for as long as it asks.
    pub fn throttled(&self, retry_after: Option<Duration>) {
        let mut state = self.seats.state();
        let until = retry_after.map(|pause| Instant::now() + pause);
        state.until = state.until.max(until);
        if state.round != self.round {
            return;
        }
        let limit = (state.limit / 2).max(1);
        state.owed += state.limit - limit;
        state.limit = limit;
        state.round += 1;
        state.served = 0;
        while state.owed > 0 && self.seats.free.forget_permits(1) == 1 {
            state.owed -= 1;
        }
    }

    /// The server answered: after as many answers as there are seats, one seat more.
    pub fn served(&self) {
        let mut state = self.seats.state();
        if state.limit == MOST {
            return;
        }
        state.served += 1;
        if state.served < state.limit {
            return;
        }
        state.served = 0;
        state.limit += 1;
        if state.owed > 0 {
            state.owed -= 1;
        } else {
            self.seats.free.add_permits(1);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.seats.state();
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_429_halves_what_is_sent_at_once_and_answers_bring_it_back() {
        let seats = Seats::default();
        let mut taken = Vec::new();
        for _ in 0..MOST {
            taken.push(seats.take(false).await);
        }
        for seat in &taken {
            seat.throttled(Some(Duration::from_secs(1)));
        }
        let held = seats.throttled_now().expect("held back");
        assert_eq!(held, Throttled { left: Duration::from_secs(1), at_once: 8 }, "sixteen 429 of one round halve once");
        taken.clear();
        assert_eq!(seats.free.available_permits(), 8, "the others are put away as they come back");
        let began = Instant::now();
        let seat = seats.take(true).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "what somebody ordered does not wait");
        drop(seat);
        drop(seats.take(false).await);
        assert_eq!(began.elapsed(), Duration::from_secs(1), "anything else waits as long as the server asked");
        for _ in 0..200 {
            seats.take(false).await.served();
        }
        assert_eq!(seats.throttled_now(), None, "answers bring all seats back");
        assert_eq!(seats.free.available_permits(), MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_servers_time_holds_up_nobody_in_a_hurry() {
        let seats = Seats::default();
        for _ in 0..5 {
            seats.take(true).await.throttled(Some(Duration::from_secs(9)));
        }
        assert_eq!(seats.throttled_now().map(|held| held.at_once), Some(1));
        let began = Instant::now();
        let waiting = async {
            drop(seats.take(false).await);
            began.elapsed()
        };
        let hurried = async {
            tokio::task::yield_now().await;
            drop(seats.take(true).await);
            began.elapsed()
        };
        let (waited, was_hurried) = tokio::join!(waiting, hurried);
        assert_eq!((waited, was_hurried), (Duration::from_secs(9), Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn one_seat_is_always_left() {
        let seats = Seats::default();
        for _ in 0..10 {
            seats.take(false).await.throttled(None);
        }
        assert_eq!(seats.throttled_now().map(|held| held.at_once), Some(1));
        assert_eq!(seats.free.available_permits(), 1, "and nobody waits for ever");
    }
}
