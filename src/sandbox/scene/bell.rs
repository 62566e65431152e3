//! What plays on one cluster, and the bell that wakes its open streams when that changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::act::Act;
use super::asked::Asked;

/// Wakes who waits.
#[derive(Debug, Default)]
pub(super) struct Bell {
    wakers: Mutex<BTreeMap<u64, Waker>>,
    tickets: AtomicU64,
}

impl Bell {
    /// A number that nobody else has.
    pub(super) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn wait(&self, ticket: u64, waker: &Waker) {
        lock(&self.wakers).insert(ticket, waker.clone());
    }

    pub(super) fn leave(&self, ticket: u64) {
        lock(&self.wakers).remove(&ticket);
    }

    pub(super) fn ring(&self) {
        let woken = std::mem::take(&mut *lock(&self.wakers));
        woken.into_values().for_each(Waker::wake);
    }
}

/// How a stream is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// Says nothing, and stays open.
    Hush,
    /// Breaks off.
    Break,
}

/// The acts of one cluster, or of one layer.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Board {
    acts: Mutex<Vec<Act>>,
    pub(super) bell: Arc<Bell>,
}

impl Board {
    pub(in crate::sandbox) fn add(&self, act: Act) {
        act.hang(self.bell.clone());
        lock(&self.acts).push(act);
        self.bell.ring();
    }

    /// Those that play now.
    pub(super) fn on(&self) -> Vec<Act> {
        lock(&self.acts).iter().filter(|act| act.is_on()).cloned().collect()
    }

    /// All of them.
    pub(in crate::sandbox) fn all(&self) -> Vec<Act> {
        lock(&self.acts).clone()
    }

    /// Who holds a stream now, and how.
    pub(super) fn hold(&self, asked: &Asked) -> Option<(Act, Hold)> {
        let acts = lock(&self.acts);
        acts.iter().filter(|act| act.is_on()).find_map(|act| Some((act.clone(), act.hold(asked)?)))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
