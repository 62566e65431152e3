//! The line to one connected cluster: client, discovery, schemas, what is watched, and the store of live objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::event::{Aside, Scene};
use crate::cluster::{Claim, Cluster, Discovery, Lookup, Seen, Served, Store, Target};
use crate::diff::prepare::Scope;
use crate::model::{Gvk, Now, ResourceKey};
use crate::schema::Schemas;

/// Dry runs and applies in flight per cluster (drift.md *Cost*).
const IN_FLIGHT: usize = 16;

/// A line; the driver's loop is the only one that changes it.
pub(super) struct Line {
    /// The client.
    pub cluster: Cluster,
    /// What the server serves.
    pub discovery: Arc<Discovery>,
    /// What fields are.
    pub schemas: Arc<Schemas>,
    /// Live objects.
    pub store: Store,
    /// Watches that run, and the scenes they serve.
    pub watched: BTreeMap<Target, Scene>,
    /// Ends one watch.
    pub stops: BTreeMap<Target, CancellationToken>,
    /// Targets whose kind went away.
    pub lost: BTreeSet<Target>,
    /// What waits for word whether its kind goes.
    pub held: BTreeMap<Target, Held>,
    /// What is minded beside the scenes.
    pub asides: BTreeMap<Target, Minded>,
    /// What other deployers say they have synced.
    pub claims: Arc<Vec<Claim>>,
    /// Ends all watches.
    pub stop: CancellationToken,
    /// Limits requests in flight.
    pub slots: Arc<Semaphore>,
    /// Rises when the line is made anew.
    pub epoch: u64,
    /// How well each watch was heard.
    pub heard: BTreeMap<Target, Heard>,
    /// What the line before this one had seen, of what is not listed again yet.
    pub former: Option<(Store, BTreeMap<Target, Heard>)>,
}

/// How well a watch is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// When it last said something.
    pub last: Now,
    /// It broke: since when nothing was seen as it happened.
    pub broke: Option<Timestamp>,
    /// It was opened again then; what it says at first is old news.
    pub opened: Option<Duration>,
}

/// What a task may take along of a line.
#[derive(Clone)]
pub(super) struct Wire {
    /// The client.
    pub cluster: Cluster,
    /// What the server serves.
    pub discovery: Arc<Discovery>,
    /// What fields are.
    pub schemas: Arc<Schemas>,
    /// Limits requests in flight.
    pub slots: Arc<Semaphore>,
    /// Which making of the line.
    pub epoch: u64,
    /// What other deployers say they have synced.
    pub claims: Arc<Vec<Claim>>,
}

/// What a watch said while it is asked whether its kind goes.
pub(super) struct Held {
    /// The first so many of `seen` were there when it was asked.
    pub covered: usize,
    /// In order.
    pub seen: Vec<Seen>,
    /// More came than is held: nothing is, and a list will tell.
    pub is_over: bool,
}

/// Words of one watch that are held back, at most.
const HELD: usize = 1024;

impl Held {
    /// What was there when it was asked.
    pub fn new(seen: Vec<Seen>) -> Self {
        Self { covered: seen.len(), seen, is_over: false }
    }

    /// What came after that.
    pub fn push(&mut self, seen: Seen) {
        if self.seen.len() >= HELD {
            self.is_over = true;
            self.seen = Vec::new();
        }
        if !self.is_over {
            self.seen.push(seen);
        }
    }
}

/// One watch of what is minded.
pub(super) struct Minded {
    /// What for.
    pub aside: Aside,
    /// Ends it.
    pub stop: CancellationToken,
    /// The first list has come: from now on a difference is news.
    pub listed: bool,
    /// Each object, and the mark that moves when it changes.
    pub marks: BTreeMap<ResourceKey, Arc<str>>,
}

impl Line {
    /// A new line.
    pub fn new(cluster: Cluster, discovery: Discovery, epoch: u64) -> Self {
        Self {
            cluster,
            discovery: Arc::new(discovery),
            schemas: Arc::default(),
            store: Store::default(),
            watched: BTreeMap::new(),
            stops: BTreeMap::new(),
            lost: BTreeSet::new(),
            held: BTreeMap::new(),
            asides: BTreeMap::new(),
            claims: Arc::default(),
            stop: CancellationToken::new(),
            slots: Arc::new(Semaphore::new(IN_FLIGHT)),
            epoch,
            heard: BTreeMap::new(),
            former: None,
        }
    }

    /// What a task may take along.
    pub fn wire(&self) -> Wire {
        Wire {
            cluster: self.cluster.clone(),
            discovery: self.discovery.clone(),
            schemas: self.schemas.clone(),
            slots: self.slots.clone(),
            epoch: self.epoch,
            claims: self.claims.clone(),
        }
    }
}

impl Wire {
    /// The scope of a kind; `None` where the server does not say.
    pub fn scope(&self, gvk: &Gvk) -> Option<Scope> {
        match self.discovery.find(gvk) {
            Lookup::Served(served) => Some(scope_of(&served)),
            Lookup::NotServed | Lookup::GroupDown(_) => None,
        }
    }

    /// How the server serves a manifest's kind.
    pub fn served(&self, gvk: &Gvk) -> Lookup {
        self.discovery.find(gvk)
    }
}

fn scope_of(served: &Served) -> Scope {
    if served.namespaced { Scope::Namespaced } else { Scope::Cluster }
}
