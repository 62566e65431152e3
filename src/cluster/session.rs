//! The client, and how it gets new credentials when the old ones are refused.
//!
//! Owns the one refresh of `faults.md` F6: after a 401 the exec plugin is asked once, then no sooner than half a minute
//! later. Refuses loops.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use tokio::time::Instant;

use super::kubeconfig::Picked;
use super::plugin;

const BETWEEN_REFRESHES: Duration = Duration::from_secs(30);

/// A client and its generation.
pub(super) struct Session {
    current: Mutex<(u64, Client)>,
    renewal: Option<Renewal>,
}

struct Renewal {
    picked: Picked,
    last: tokio::sync::Mutex<Option<Instant>>,
}

impl Session {
    /// A client whose credentials stay, or are read again by the client itself (token files).
    pub fn fixed(client: Client) -> Self {
        Self { current: Mutex::new((0, client)), renewal: None }
    }

    /// A client whose credentials came from the exec plugin of `picked`, just now.
    pub fn renewable(client: Client, picked: Picked) -> Self {
        Self {
            current: Mutex::new((0, client)),
            renewal: Some(Renewal { picked, last: tokio::sync::Mutex::default() }),
        }
    }

    /// The newest client and its generation.
    pub fn client(&self) -> (u64, Client) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// After a 401 under `generation`: whether there is a newer client now.
    pub async fn renew(&self, generation: u64) -> bool {
        let Some(renewal) = &self.renewal else { return false };
        let mut last = renewal.last.lock().await;
        if self.client().0 != generation {
            return true;
        }
        if last.is_some_and(|last| last.elapsed() < BETWEEN_REFRESHES) {
            return false;
        }
        let renewed = plugin::client(&renewal.picked).await;
        *last = Some(Instant::now());
        let Ok(client) = renewed else { return false };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = (generation + 1, client);
        true
    }
}
