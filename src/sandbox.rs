//! A small in-memory Kubernetes API server behind the ordinary kube client.
//!
//! Owns a cluster's objects, the requests of `sandbox.md` ("what our own client asks for") for built-in kinds, and the
//! loop that brings workloads to health. Where it answers, it answers as kube-apiserver 1.36 does; where it does not,
//! it says 404, 405 or 415 as that server would. Refuses sockets, and clocks of its own: time is handed in by the owner.

mod accept;
mod account;
mod answer;
mod body;
mod clock;
mod controllers;
mod core;
mod custom;
mod defaults;
mod discovery;
mod failure;
mod flags;
mod json;
mod kinds;
mod listed;
mod managed;
mod object;
mod openapi;
mod options;
mod partial;
mod protobuf;
mod read;
mod review;
mod route;
mod scale;
mod scene;
mod seed;
mod selector;
mod service;
mod shown;
mod store;
mod stored;
mod table;
mod validate;
mod wakers;
mod watch;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub use account::{Account, Rule};
pub use body::Body;
pub use clock::Clock;
pub use scene::{Act, Cast, Gate, Pace, Scene, Staged, UnknownScene};
pub use service::{Service, Unreachable};

/// What a sandbox is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where its time comes from.
    pub clock: Clock,
    /// Makes uids, pod names and start-up delays repeatable.
    pub seed: u64,
    /// `gitVersion` of `/version`, such as `v1.36.3`.
    pub server_version: String,
}

/// One cluster in memory. Clones are handles on the same cluster.
#[derive(Clone, Debug)]
pub struct Sandbox {
    core: Arc<core::Core>,
    board: Arc<scene::Board>,
}

/// What a script's request got.
#[derive(Clone, Debug)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The JSON body, or the text body as a JSON string; null where there is none.
    pub body: Value,
}

impl Sandbox {
    /// An empty cluster: the four system namespaces, the `kubernetes` service and three nodes.
    ///
    /// # Errors
    /// When the shipped schemas or the discovery document do not read: a fault of the build, not of the caller.
    pub fn new(options: Options) -> Result<Self, SandboxError> {
        Ok(Self { core: Arc::new(core::Core::new(options)?), board: Arc::default() })
    }

    /// A service with an administrator's rights, for `cluster::connect::over`.
    #[must_use]
    pub fn service(&self) -> Service {
        self.as_user(Account::admin())
    }

    /// A service that may do what `account` may, and gets 403 in the real server's words for the rest.
    #[must_use]
    pub fn as_user(&self, account: Account) -> Service {
        Service::new(self.core.clone(), account, self.board.clone())
    }

    /// A scene plays on every way into the cluster, old and new, while it is switched on; the last one that was added
    /// meets a request first. [`Sandbox::request`] is not for scenes: it is answered as without them.
    pub fn play(&self, act: Act) -> Act {
        act.met_at(self.now());
        self.board.add(act.clone());
        act
    }

    /// Every act that was added, playing or not, in that order.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        self.board.all()
    }

    /// From now on pods are neither placed nor run: the caller writes their status, as a test does that plays the
    /// kubelet on a real server. The other controllers go on working.
    pub fn without_kubelets(&self) {
        self.core.state().kubelets = false;
    }

    /// From now on `NamespaceLifecycle` alone stands between a write and the store: no tolerations, no priority, no
    /// protection of claims is added, as on a server whose other admission plugins are off.
    pub fn without_admission(&self) {
        self.core.state().admission = false;
    }

    /// The cluster goes away: requests fail as on a refused connection, watches break off.
    pub fn cut(&self) {
        self.core.set_outage(service::Outage::Cut);
    }

    /// The cluster goes mute: requests and watches hang, as behind a black hole, until [`Sandbox::restore`].
    pub fn mute(&self) {
        self.core.set_outage(service::Outage::Mute);
    }

    /// The cluster is there again, as it was; what hung breaks off.
    pub fn restore(&self) {
        self.core.set_outage(service::Outage::None);
    }

    /// Forgets the events so far: a watch from before gets 410, so does a `continue` from before.
    pub fn compact(&self) {
        self.core.compact();
    }

    /// The sandbox's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// Moves time to `now` (never back) and lets the controllers work on the way.
    pub fn tick(&self, now: Timestamp) {
        self.core.tick(now);
    }

    /// Moves time on by `by` and lets the controllers work on the way.
    pub fn advance(&self, by: Duration) {
        let to = self.now().saturating_add(jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX));
        self.tick(to.unwrap_or(Timestamp::MAX));
    }

    /// What found no rest in the last leap of time, such as `HorizontalPodAutoscaler shop/web`: two that undo each
    /// other's work at one instant. Empty where all is well.
    #[must_use]
    pub fn unsettled(&self) -> Vec<String> {
        self.core.unsettled()
    }

    /// How many requests came, by Kubernetes verb: `get list watch create update patch apply delete deletecollection`,
    /// and `other` for discovery, schemas, health.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.core.counts()
    }

    /// One request as an administrator, answered at once; a watch is not for this door.
    ///
    /// `path` with its query; an empty `content_type` means JSON. For a sandbox that is cut the status is 0.
    pub fn request(&self, method: &str, path: &str, body: &Value, content_type: &str) -> Answered {
        self.core.request(method, path, body, content_type)
    }
}

/// Why a sandbox could not be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SandboxError {
    /// A shipped document is not what the sandbox expects.
    #[error("{asset}: {what}")]
    Asset {
        /// Which document.
        asset: String,
        /// What is wrong with it.
        what: String,
    },
}
