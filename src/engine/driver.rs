//! The driver: one loop that takes events in, lets [`step`] decide, carries the effects out, and publishes.
//!
//! Late answers are dropped here and nowhere else. Tasks never touch the world: they take a [`Site`] along and send
//! events back over a bounded queue.

mod asides;
mod carry;
mod handle;
mod keeper;
mod loss;
mod tasks;
mod tracked;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::event::{AppTicket, Event, RunNews};
use super::line::Line;
use super::publish::publish;
use super::setup::Setup;
use super::site::{Shared, Site};
use super::step::step;
use super::testimony::Testimony;
use super::world::{AppWorld, World};
use crate::cluster::Seen;
use crate::model::{
    AppId, AppSpec, ClusterName, Fleet, Foreign, Location, Mode, Now, OrderId, Reason, ReasonCode, ResourceKey,
    ResourceRow, RunId, View,
};
use crate::source::{Dir, Watch};

pub use handle::Handle;
use tasks::Delivery;

/// Events that may wait; a full queue makes tasks wait, never the screen.
const QUEUE: usize = 1024;
/// Events taken in before a publish, at most.
const BATCH: usize = 256;

/// The loop's state.
struct Driver {
    world: World,
    clock: Clock,
    shared: Arc<Shared>,
    lines: BTreeMap<ClusterName, Line>,
    aborts: BTreeMap<RunId, CancellationToken>,
    fleet: watch::Sender<Arc<Fleet>>,
    views: mpsc::Sender<View>,
    events: mpsc::Sender<Event>,
    seen: mpsc::Sender<Seen>,
    asides: mpsc::Sender<Seen>,
    deliveries: mpsc::Sender<Delivery>,
    tasks: TaskTracker,
    stop: CancellationToken,
    next_auto: u64,
    testimony: Testimony,
    /// To the one task that keeps what was seen; `None` without a journal.
    notes: Option<mpsc::Sender<keeper::Note>>,
    /// When the looks at apps are kept next, since start.
    next_look: Duration,
    /// Held for what dropping them would end.
    watches: BTreeMap<AppId, Watch>,
}

/// Where the loop hears from its tasks and from the outside.
struct Inboxes {
    events: mpsc::Receiver<Event>,
    seen: mpsc::Receiver<Seen>,
    asides: mpsc::Receiver<Seen>,
    delivered: mpsc::Receiver<Delivery>,
}

/// Starts an engine. The handle orders, asks and stops it; the receiver gets the answers to queries.
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "an engine is started once, with what is then its own")]
pub fn start(setup: Setup) -> (Handle, mpsc::Receiver<View>) {
    let (views, answers) = mpsc::channel(64);
    let (driver, inboxes) = Driver::new(&setup, views);
    let (events, stop, tasks) = (driver.events.clone(), driver.stop.clone(), driver.tasks.clone());
    let handle = Handle::new(driver.fleet.subscribe(), events, stop, tasks.clone());
    tasks.spawn(driver.run(inboxes));
    (handle, answers)
}

impl Driver {
    fn new(setup: &Setup, views: mpsc::Sender<View>) -> (Self, Inboxes) {
        let (events, inbox) = mpsc::channel(QUEUE);
        let (seen, seen_inbox) = mpsc::channel(QUEUE);
        let (asides, asides_inbox) = mpsc::channel(64);
        let (deliveries, delivered) = mpsc::channel(64);
        let (world, shared, tasks) = (setup.world(), Arc::new(setup.shared()), TaskTracker::new());
        let testimony = Testimony::recall(shared.journal.as_ref(), world.apps.keys());
        let notes = shared.journal.clone().map(|journal| keeper::start(journal, &tasks));
        let driver = Self {
            world,
            clock: setup.clock.clone(),
            shared,
            lines: BTreeMap::new(),
            aborts: BTreeMap::new(),
            fleet: watch::Sender::new(Arc::new(Fleet::default())),
            views,
            events,
            seen,
            asides,
            deliveries,
            tasks,
            stop: CancellationToken::new(),
            next_auto: 1 << 62,
            testimony,
            notes,
            next_look: witness::LOOKS,
            watches: BTreeMap::new(),
        };
        (driver, Inboxes { events: inbox, seen: seen_inbox, asides: asides_inbox, delivered })
    }

    async fn run(mut self, mut inboxes: Inboxes) {
        self.watch_directories();
        self.take(Event::Tick);
        self.publish();
        let (stop, mut clock) = (self.stop.clone(), self.clock.clone());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(event) = inboxes.events.recv() => self.take(event),
                Some(news) = inboxes.seen.recv() => self.hear(news),
                Some(news) = inboxes.asides.recv() => self.hear_aside(news),
                Some(delivery) = inboxes.delivered.recv() => self.deliver(delivery),
                () = clock.tick() => self.take(Event::Tick),
            }
            self.drain(&mut inboxes);
            self.publish();
            self.note_testimony();
            self.keep_looks_in_time();
        }
        self.keep_the_rest().await;
        for line in self.lines.values() {
            line.stop.cancel();
        }
    }

    /// Directories as sources are watched from the start; a change is an event like any other.
    fn watch_directories(&mut self) {
        let dirs = self.world.apps.values().filter_map(|app| match &app.spec.source.location {
            Location::Dir { path } => Some((app.spec.id.clone(), path.clone())),
            Location::Git { .. } => None,
        });
        for (app, path) in dirs.collect::<Vec<_>>() {
            let (events, id) = (self.events.clone(), app.clone());
            let changed = Box::new(move || drop(events.blocking_send(Event::DirChanged(id.clone()))));
            match Dir::open(&path).and_then(|dir| dir.watch(changed)) {
                Ok(watch) => drop(self.watches.insert(app, watch)),
                Err(error) => tracing::warn!(%error, "the directory is not watched; r looks again"),
            }
        }
    }

    /// Takes in what waits already, so that a burst costs one publish.
    fn drain(&mut self, inboxes: &mut Inboxes) {
        for _ in 0..BATCH {
            if let Ok(event) = inboxes.events.try_recv() {
                self.take(event);
            } else if let Ok(news) = inboxes.seen.try_recv() {
                self.hear(news);
            } else {
                return;
            }
        }
    }

    /// Takes one event in, unless it answers a question that nobody asks any more.
    fn take(&mut self, event: Event) {
        if ticket(&event).is_some_and(|ticket| !self.world.is_current(ticket)) {
            tracing::debug!(?event, "late answer dropped");
            return;
        }
        if let Event::Ran(run, RunNews::Ended(..)) = &event {
            self.aborts.remove(run);
        }
        let now = self.clock.now();
        let mut effects: std::collections::VecDeque<_> = step(&mut self.world, event, now).into();
        while let Some(effect) = effects.pop_front() {
            if let Some(more) = self.carry(effect) {
                effects.extend(step(&mut self.world, more, now));
            }
        }
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        self.world.cost.requests.clear();
        self.world.cost.judged = self.shared.judged.load(std::sync::atomic::Ordering::Relaxed);
        for (name, line) in &self.lines {
            for (verb, count) in line.cluster.cost().requests {
                *self.world.cost.requests.entry(verb).or_default() += count;
            }
            if let Some(cluster) = self.world.clusters.get_mut(name) {
                cluster.throttled = throttled(line, cluster.throttled.take(), now);
            }
        }
        let before = self.fleet.borrow().clone();
        if let Some(fleet) = publish(&mut self.world, &before, now) {
            self.fleet.send_replace(Arc::new(fleet));
        }
    }

    /// A task's view of an app; `None` before its cluster is connected.
    fn site(&self, id: &AppId) -> Option<Site> {
        let app = self.world.apps.get(id)?;
        let rows = super::rows::resources(&self.world, app, self.clock.now());
        let rows = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        self.site_of(app, rows, app.rows.keys().chain(app.stamps.keys()))
    }

    /// What a judgement takes along: the live objects it asks for, and no rows, which it is there to make.
    fn judging_site(&self, id: &AppId, keys: &[(ResourceKey, u64)]) -> Option<Site> {
        self.site_of(self.world.apps.get(id)?, BTreeMap::new(), keys.iter().map(|(key, _)| key))
    }

    fn site_of<'k>(
        &self,
        app: &AppWorld,
        rows: BTreeMap<ResourceKey, Arc<ResourceRow>>,
        keys: impl Iterator<Item = &'k ResourceKey>,
    ) -> Option<Site> {
        let keys: Vec<&ResourceKey> = keys.collect();
        let cluster = self.world.clusters.get(&app.spec.id.cluster)?;
        let line = self.lines.get(&app.spec.id.cluster)?;
        let now = self.clock.now();
        let siblings: Vec<_> =
            self.shared.declared.iter().filter(|(other, _)| same_source(&app.spec, other)).cloned().collect();
        let mode = super::publish::mode(&self.world, cluster);
        let fed_mode = siblings.iter().map(|sibling| self.fed_mode(sibling)).min().unwrap_or(mode);
        Some(Site {
            shared: self.shared.clone(),
            app: Arc::new(app.spec.clone()),
            cluster: cluster.spec.clone(),
            wire: line.wire(),
            record: app.record.clone(),
            desired: app.desired.clone(),
            rows,
            lives: keys.iter().filter_map(|key| Some(((*key).clone(), line.store.get(key)?.clone()))).collect(),
            seen: keys.iter().filter_map(|key| Some(((*key).clone(), self.testimony.of(key)?.clone()))).collect(),
            head: app.head.clone(),
            mode,
            fed_mode,
            siblings,
            stale: super::publish::cluster_stale(cluster, now),
            admission: cluster.admission,
            elsewhere: app.elsewhere(now).map(|reason| reason.message),
            now,
        })
    }

    /// What may be done where a sibling runs; its cluster need not be one of those that are looked at.
    fn fed_mode(&self, (sibling, protected): &(Arc<AppSpec>, bool)) -> Mode {
        match self.world.clusters.get(&sibling.id.cluster) {
            Some(cluster) => super::publish::mode(&self.world, cluster),
            None if self.world.read_only => Mode::ReadOnly,
            None if *protected => Mode::Observe,
            None => Mode::Operate,
        }
    }

    /// The id of a run that the agent starts by itself; operators' orders count from below.
    fn auto_id(&mut self) -> OrderId {
        self.next_auto += 1;
        OrderId(self.next_auto)
    }
}

/// What is said while a server asks for patience: one sentence as long as it holds, so that it is no news each second.
fn throttled(line: &Line, before: Option<Reason>, now: Now) -> Option<Reason> {
    let held = line.cluster.throttled()?;
    let since = before.map_or(now.wall, |before| before.since);
    let words = format!("throttled: the server answers 429; {} requests at once instead of 16", held.at_once);
    Some(Reason { code: ReasonCode::Throttled, message: Foreign::new(words), since })
}

fn same_source(one: &crate::model::AppSpec, other: &crate::model::AppSpec) -> bool {
    use crate::model::Location::Git;
    match (&one.source.location, &other.source.location) {
        (here @ Git { .. }, there @ Git { .. }) => here == there,
        _ => false,
    }
}

/// The ticket an answer was asked under.
fn ticket(event: &Event) -> Option<&AppTicket> {
    match event {
        Event::Rendered(ticket, _)
        | Event::Judged(ticket, _)
        | Event::Confirmed(ticket, _)
        | Event::Blamed(ticket, ..) => Some(ticket),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
