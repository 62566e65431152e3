//! The moment of a decision, handed in as an argument: pure rooms own no clock.

use std::time::Duration;

use jiff::Timestamp;

/// When something is decided. Ages are taken from `since_start` (monotonic); `wall` is for records and screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Wall-clock time, UTC.
    pub wall: Timestamp,
    /// Monotonic time since the process started.
    pub since_start: Duration,
}
