//! A scene that plays: on or off, how often it took place, about whom.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use super::asked::Asked;
use super::bell::{Bell, Board, Hold, lock};
use super::{Cast, Pace, Scene, Staged};

/// What a quota counts unless told otherwise.
const COUNTED: [(&str, &str); 8] = [
    ("", "configmaps"),
    ("", "secrets"),
    ("", "services"),
    ("", "persistentvolumeclaims"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];

/// One scene, ready to play. Clones are handles on the same act; as a [`tower::Layer`] it plays on whatever it wraps.
#[derive(Clone, Debug)]
pub struct Act {
    scene: Scene,
    cast: Cast,
    every: u64,
    after: u64,
    pace: Pace,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    off: AtomicBool,
    met: AtomicU64,
    times: AtomicU64,
    bells: Mutex<Vec<Arc<Bell>>>,
    /// Of a quota: how many there may be, by collection.
    limits: Mutex<BTreeMap<String, u64>>,
    /// When the cluster first met it.
    since: OnceLock<Timestamp>,
}

impl Act {
    /// The scene as its sentence says it, switched on.
    #[must_use]
    pub fn of(scene: Scene) -> Self {
        let cast = match scene {
            Scene::Forbidden => Cast::of(&[("", "secrets"), ("", "services")]),
            Scene::Webhook | Scene::WebhookTimeout => Cast::of(&[("apps", "deployments")]),
            Scene::Vanishing => Cast::of(&[("apps", "*")]),
            Scene::GroupDown => Cast::of(&[("networking.k8s.io", "*")]),
            Scene::Quota => Cast::of(&COUNTED),
            _ => Cast::all(),
        };
        let (every, after) = match scene {
            Scene::Throttled => (2, 0),
            Scene::Gone => (1, 1),
            _ => (1, 0),
        };
        let length = if scene == Scene::WebhookTimeout { words_timeout() } else { Duration::from_secs(3) };
        Self { scene, cast, every, after, pace: Pace::time(length), state: Arc::default() }
    }

    /// Only about these; of [`Scene::GroupDown`] only the first one's group counts.
    #[must_use]
    pub fn about(self, cast: Cast) -> Self {
        Self { cast, ..self }
    }

    /// Only every `n`th request that it is about; nought counts as one.
    #[must_use]
    pub fn every(self, n: u64) -> Self {
        Self { every: n.max(1), ..self }
    }

    /// Not the first `n` requests that it is about.
    #[must_use]
    pub fn after(self, n: u64) -> Self {
        Self { after: n, ..self }
    }

    /// How long what it delays is delayed.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Switched off until [`Act::start`].
    #[must_use]
    pub fn waiting(self) -> Self {
        self.stop();
        self
    }

    /// Switches it on; its counting goes on where it was.
    pub fn start(&self) {
        self.switch(true);
    }

    /// Switches it off: what it held goes on, what it broke stays broken.
    pub fn stop(&self) {
        self.switch(false);
    }

    fn switch(&self, on: bool) {
        self.state.off.store(!on, Ordering::SeqCst);
        self.ring();
    }

    /// Whether it plays.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.state.off.load(Ordering::SeqCst)
    }

    /// Which scene it is.
    #[must_use]
    pub fn scene(&self) -> Scene {
        self.scene
    }

    /// How often it took place: requests refused, delayed, unanswered; streams broken or hushed.
    #[must_use]
    pub fn times(&self) -> u64 {
        self.state.times.load(Ordering::SeqCst)
    }

    pub(super) fn cast(&self) -> &Cast {
        &self.cast
    }

    pub(super) async fn pause(&self) {
        self.pace.pause().await;
    }

    /// Counts a request that the scene is about; whether it is this one's turn.
    pub(super) fn takes(&self) -> bool {
        let met = self.state.met.fetch_add(1, Ordering::SeqCst);
        let turn = met >= self.after && (met - self.after).is_multiple_of(self.every);
        if turn {
            self.noted();
        }
        turn
    }

    /// It took place once more.
    pub(super) fn noted(&self) {
        self.state.times.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether a cluster that goes away has gone.
    pub(super) fn is_gone(&self) -> bool {
        self.scene == Scene::Gone && self.times() > 0
    }

    pub(super) fn ring(&self) {
        lock(&self.state.bells).iter().for_each(|bell| bell.ring());
    }

    pub(super) fn hang(&self, bell: Arc<Bell>) {
        lock(&self.state.bells).push(bell);
    }

    /// The most that a collection may hold: what it held when it was first asked after.
    pub(super) fn limit(&self, collection: &str, used: u64) -> u64 {
        *lock(&self.state.limits).entry(collection.to_owned()).or_insert(used)
    }

    /// The cluster's time when it first met the act; `None` for a bare layer.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.state.since.get().copied()
    }

    pub(in crate::sandbox) fn met_at(&self, now: Timestamp) {
        self.state.since.get_or_init(|| now);
    }

    /// What it does to an open stream.
    pub(super) fn hold(&self, asked: &Asked) -> Option<Hold> {
        match self.scene {
            Scene::Cut => Some(Hold::Break),
            Scene::Gone if self.is_gone() => Some(Hold::Break),
            Scene::GroupDown if self.is_group(&asked.group) => Some(Hold::Break),
            Scene::Mute if self.cast.has(asked) => Some(Hold::Hush),
            _ => None,
        }
    }

    /// The group that is down.
    pub(super) fn group(&self) -> &str {
        self.cast.resources().first().map_or("", |(group, _)| group)
    }

    pub(super) fn is_group(&self, group: &str) -> bool {
        !group.is_empty() && self.group() == group
    }
}

fn words_timeout() -> Duration {
    Duration::from_secs(super::words::WEBHOOK_SECONDS)
}

impl<S> tower::Layer<S> for Act {
    type Service = Staged<S>;

    fn layer(&self, inner: S) -> Staged<S> {
        let board = Board::default();
        board.add(self.clone());
        Staged::new(inner, Arc::new(board))
    }
}
