//! Where a sandbox's time comes from. Refuses to read a clock that nobody handed in.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// The owner's time.
#[derive(Clone)]
pub enum Clock {
    /// Stands at this moment until `tick` or `advance` moves it.
    Held(Timestamp),
    /// Asked at each write, for its timestamps; the controllers still run only on `tick`.
    Real(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl Clock {
    /// The clock's own moment: where a held one starts.
    pub(super) fn read(&self) -> Timestamp {
        match self {
            Self::Held(start) => *start,
            Self::Real(ask) => ask(),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(start) => write!(f, "Held({start})"),
            Self::Real(_) => f.write_str("Real"),
        }
    }
}
