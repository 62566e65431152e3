//! Renders in memory, by what they were made of; the oldest give way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::CacheKey;
use crate::model::Rendered;

/// A bounded cache of renders by (inputs id, app name, namespace).
#[derive(Debug)]
pub struct Cache {
    limit: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    renders: BTreeMap<CacheKey, Arc<Rendered>>,
    order: VecDeque<CacheKey>,
}

impl Cache {
    /// Holds at most `limit` renders.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, held: Mutex::default() }
    }

    /// A render made before.
    #[must_use]
    pub fn get(&self, key: &CacheKey) -> Option<Arc<Rendered>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).renders.get(key).cloned()
    }

    /// Keeps a render.
    pub fn put(&self, key: CacheKey, rendered: Arc<Rendered>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.renders.insert(key.clone(), rendered).is_none() {
            held.order.push_back(key);
        }
        while held.order.len() > self.limit {
            if let Some(oldest) = held.order.pop_front() {
                held.renders.remove(&oldest);
            }
        }
    }
}
