//! A heartbeat of a transfer: every byte and object that gix counts moves one number.
//!
//! Owns nothing but that number. The watchdog in `fetch` reads it; when it stands still the transfer is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, Unit};

/// A progress that only counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse(Arc<AtomicUsize>);

impl Pulse {
    /// The number now; equal numbers a while apart mean that nothing moved.
    pub fn beats(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Count for Pulse {
    fn set(&self, step: usize) {
        self.0.fetch_add(step | 1, Ordering::Relaxed);
    }

    fn step(&self) -> usize {
        self.beats()
    }

    fn inc_by(&self, step: usize) {
        self.0.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> gix::progress::StepShared {
        Arc::clone(&self.0)
    }
}

impl Progress for Pulse {
    fn init(&mut self, _max: Option<usize>, _unit: Option<Unit>) {}

    fn set_name(&mut self, _name: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        gix::progress::UNKNOWN
    }

    fn message(&self, _level: MessageLevel, _message: String) {
        self.inc_by(1);
    }
}

impl NestedProgress for Pulse {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        self.clone()
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, _id: Id) -> Self {
        self.clone()
    }
}
