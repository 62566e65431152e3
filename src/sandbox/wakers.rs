//! Who waits for something to happen, and how they are woken: after the lock is free, never under it.
//!
//! Owns the guard of the cluster's state. Refuses to know what woke whom.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::task::Waker;

use super::core::State;
use super::kinds::KindId;

/// Who waits, by the kind they wait for (none: only for what concerns everybody) and by ticket.
#[derive(Default)]
pub(super) struct Wakers {
    waiting: BTreeMap<Option<KindId>, BTreeMap<u64, Waker>>,
    /// To be woken when the lock is given back.
    woken: Vec<Waker>,
}

impl Wakers {
    pub(super) fn wait(&mut self, ticket: u64, kind: Option<KindId>, waker: &Waker) {
        self.waiting.entry(kind).or_default().insert(ticket, waker.clone());
    }

    pub(super) fn leave(&mut self, ticket: u64, kind: Option<KindId>) {
        if let Some(waiting) = self.waiting.get_mut(&kind) {
            waiting.remove(&ticket);
        }
    }

    /// Wakes who waits for a kind, or everybody.
    pub(super) fn wake(&mut self, kind: Option<KindId>) {
        let woken = if kind.is_some() {
            self.waiting.remove(&kind).into_iter().collect()
        } else {
            std::mem::take(&mut self.waiting).into_values().collect::<Vec<_>>()
        };
        self.woken.extend(woken.into_iter().flat_map(BTreeMap::into_values));
    }
}

/// The state, locked. Its fields fall in their order: the lock is free before anybody wakes.
pub(super) struct Held<'c> {
    pub(super) state: MutexGuard<'c, State>,
    pub(super) woken: Woken,
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.woken.0 = std::mem::take(&mut self.state.wakers.woken);
    }
}

/// Wakes them when it falls.
#[derive(Default)]
pub(super) struct Woken(Vec<Waker>);

impl Drop for Woken {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}
