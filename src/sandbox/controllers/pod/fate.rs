//! What becomes of a container, as a function of the time since it was first to start: nothing here is remembered.

/// What lies in a container's lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lot {
    /// It runs until it is stopped.
    Runs,
    /// It works so many seconds and ends with a code.
    Ends(i64, i64),
    /// It ends with a code after so many seconds, and is started again.
    Loops(i64, i64),
    /// Its image is not there.
    Missing,
}

/// What a container does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Running,
    /// Ended with a code, after so many seconds of work.
    Ended(i64, i64),
    /// Waits so many seconds to be started again after it ended with a code.
    BackOff(i64, i64),
    PullFailed,
    PullBackOff,
}

/// The moment's state: how often it was restarted, since when (in seconds from the start) it is so, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Now {
    pub(super) doing: Doing,
    pub(super) restarts: i64,
    pub(super) since: i64,
    pub(super) until: Option<i64>,
}

/// The longest wait before a restart, or another pull.
const MOST: i64 = 300;
/// How long a failed pull is called that before it is called a back-off.
const FRESH: i64 = 2;

/// What a container with this lot does `passed` seconds after its start.
pub(super) fn at(lot: Lot, passed: i64) -> Now {
    let now = |doing, since, until| Now { doing, restarts: 0, since, until };
    match lot {
        Lot::Runs => now(Doing::Running, 0, None),
        Lot::Ends(work, code) if passed >= work => now(Doing::Ended(code, work), work, None),
        Lot::Ends(work, _) => now(Doing::Running, 0, Some(work)),
        Lot::Missing => pulling(passed),
        Lot::Loops(work, code) => looping((work, code), passed),
    }
}

/// Ten seconds, doubled each time, at most five minutes.
fn delay(nth: u32) -> i64 {
    10_i64.checked_shl(nth.min(5)).unwrap_or(MOST).min(MOST)
}

/// Where the turn begins that holds `passed`, and its number: turns last `extra` and a growing delay.
fn turn(passed: i64, extra: i64) -> (i64, u32) {
    let (mut from, mut nth) = (0, 0_u32);
    while nth < 5 && passed >= from + extra + delay(nth) {
        from += extra + delay(nth);
        nth += 1;
    }
    let whole = (extra + MOST).max(1);
    let more = if nth < 5 { 0 } else { (passed - from) / whole };
    (from + more * whole, nth.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)))
}

fn pulling(passed: i64) -> Now {
    let (from, nth) = turn(passed, 0);
    let fresh = passed < from + FRESH;
    let (doing, since, until) = if fresh {
        (Doing::PullFailed, from, from + FRESH)
    } else {
        (Doing::PullBackOff, from + FRESH, from + delay(nth))
    };
    Now { doing, restarts: 0, since, until: Some(until) }
}

/// The first restart comes at once; each after that waits.
fn looping((work, code): (i64, i64), passed: i64) -> Now {
    let first = work + 1;
    let (from, restarts, wait) = if passed < first {
        (0, 0, 1)
    } else {
        let (from, nth) = turn(passed - first, work);
        (first + from, i64::from(nth) + 1, delay(nth))
    };
    let end = from + work;
    let (doing, since, until) = if passed < end {
        (Doing::Running, from, end)
    } else if passed < end + 1 {
        (Doing::Ended(code, work), end, end + 1)
    } else {
        (Doing::BackOff(wait, code), end + 1, end + wait)
    };
    Now { doing, restarts, since, until: Some(until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_container_is_restarted_at_once_and_then_ever_later() {
        let starts: Vec<i64> = (0..1_000)
            .filter(|at| matches!(super::at(Lot::Loops(1, 1), *at), Now { doing: Doing::Running, since, .. } if since == *at))
            .collect();
        assert_eq!(starts, [0, 2, 13, 34, 75, 156, 317, 618, 919]);
        assert_eq!(
            super::at(Lot::Loops(1, 1), 100),
            Now { doing: Doing::BackOff(80, 1), restarts: 4, since: 77, until: Some(156) }
        );
    }

    #[test]
    fn a_missing_image_is_pulled_ever_later() {
        let pulls: Vec<i64> = (0..1_000)
            .filter(|at| matches!(super::at(Lot::Missing, *at), Now { doing: Doing::PullFailed, since, .. } if since == *at))
            .collect();
        assert_eq!(pulls, [0, 10, 30, 70, 150, 310, 610, 910]);
    }

    #[test]
    fn the_end_of_each_state_is_the_beginning_of_the_next() {
        for lot in [Lot::Missing, Lot::Loops(1, 1), Lot::Loops(5, 2), Lot::Ends(5, 0)] {
            for second in 0..5_000 {
                let (now, next) = (super::at(lot, second), super::at(lot, second + 1));
                assert_eq!(now == next, now.until != Some(second + 1), "{lot:?} at {second}: {now:?}, then {next:?}");
                assert!(now.since <= second && now.until.is_none_or(|until| until > second), "{lot:?} at {second}");
            }
        }
    }
}
