//! Connect, discover, watch, store, dry run, apply, prune, the record.
//!
//! Owns every word spoken with an API server: credentials, time-outs, retries, what an answer means. Refuses to decide
//! (what to apply, prune or show is others' business), to resend a write, and to hide the difference between absent,
//! forbidden and unreachable.

mod call;
mod claims;
mod classify;
pub mod connect;
mod definition;
mod discover;
mod error;
mod events;
mod kubeconfig;
mod lease;
mod openapi;
mod plugin;
mod read;
mod record;
mod seats;
mod session;
mod store;
mod watch;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{ClusterName, Cost};

pub use claims::Claim;
pub use connect::{ConnectError, ConnectFacts, connect};
pub use discover::{Discovery, Lookup, Served};
pub use error::{CallError, CallKind, ConflictOn};
pub use kubeconfig::KubeSource;
pub use lease::{NAME as LEASE, renewed_at};
pub use read::Probe;
pub use record::RECORDS;
pub use seats::Throttled;
pub use store::{LiveChange, Store};
pub use watch::{Narrow, Seen, SeenWhat, Target};
pub use write::Applied;

/// How long we wait, and for how many at once. The defaults are those of `faults.md` section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A request with one answer, from its first byte to the answer's last.
    pub unary: Duration,
    /// `/readyz`.
    pub probe: Duration,
    /// How long a watch is asked to last; five seconds of silence more and it counts as mute.
    pub watch: Duration,
    /// The first pause after a failure; doubled with each, jittered, at most 30 s (8 s while nobody answers).
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unary: Duration::from_secs(15),
            probe: Duration::from_secs(5),
            watch: Duration::from_secs(25),
            pause: Duration::from_millis(250),
        }
    }
}

/// One API server, as one account. Cheap to clone; all clones share connections, seats and counters.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
    limits: Limits,
}

/// What all clones share.
struct Inner {
    name: ClusterName,
    facts: ConnectFacts,
    session: session::Session,
    /// Requests with one answer in flight: at most 16, fewer after a 429.
    seats: seats::Seats,
    counts: call::Counts,
    version: tokio::sync::OnceCell<crate::model::Foreign>,
    openapi: openapi::Documents,
    parts: record::PartsSeen,
    leases: lease::LeasesWritten,
    records: record::RecordsSeen,
    listing: tokio::sync::Mutex<()>,
}

impl Cluster {
    fn new(name: ClusterName, facts: ConnectFacts, session: session::Session) -> Self {
        let inner = Inner {
            name,
            facts,
            session,
            seats: seats::Seats::default(),
            counts: call::Counts::default(),
            version: tokio::sync::OnceCell::new(),
            openapi: openapi::Documents::default(),
            parts: record::PartsSeen::default(),
            leases: lease::LeasesWritten::default(),
            records: record::RecordsSeen::default(),
            listing: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner), limits: Limits::default() }
    }

    /// The same connection under other time-outs.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { inner: self.inner.clone(), limits }
    }

    /// Keeps OpenAPI documents in a directory too, by their hash; the first directory given counts.
    pub fn keep_documents_in(&self, dir: PathBuf) {
        self.inner.openapi.keep_in(dir);
    }

    /// The cluster's name in the config.
    pub fn name(&self) -> &ClusterName {
        &self.inner.name
    }

    /// What connecting found out.
    pub fn facts(&self) -> &ConnectFacts {
        &self.inner.facts
    }

    /// Whether the server has asked for patience lately, and how far we hold back.
    pub fn throttled(&self) -> Option<Throttled> {
        self.inner.seats.throttled_now()
    }

    /// Requests made so far, by verb.
    pub fn cost(&self) -> Cost {
        self.inner.counts.cost()
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cluster({})", self.inner.name)
    }
}

#[cfg(test)]
mod room_tests;
