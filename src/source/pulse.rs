//! A heartbeat of a transfer: every byte and object that gix counts moves one number.
//!
//! Owns nothing but that number. The watchdog in `fetch` reads it; when it stands still the transfer is given up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, StepShared, Unit};

/// A progress that only counts. Each part has a counter of its own, because gix reads them back to steer by.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    own: StepShared,
    /// Everybody's counters; the first counts messages.
    all: Arc<Mutex<Vec<StepShared>>>,
}

impl Default for Pulse {
    fn default() -> Self {
        let own = StepShared::default();
        Self { all: Arc::new(Mutex::new(vec![StepShared::default(), Arc::clone(&own)])), own }
    }
}

impl Pulse {
    /// The sum of all counters now; equal sums a while apart mean that nothing moved.
    pub fn beats(&self) -> usize {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().fold(all.len(), |sum, part| sum.wrapping_add(part.load(Ordering::Relaxed)))
    }

    fn part(&self) -> Self {
        let own = StepShared::default();
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&own));
        Self { own, all: Arc::clone(&self.all) }
    }
}

impl Count for Pulse {
    fn set(&self, step: usize) {
        self.own.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: usize) {
        self.own.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        Arc::clone(&self.own)
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
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(messages) = all.first() {
            messages.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl NestedProgress for Pulse {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        self.part()
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, _id: Id) -> Self {
        self.part()
    }
}
