//! Who else works on the fleet: the agent of one cluster, and people who type `driftdeck` commands somewhere else.
//!
//! Owns a thread with a runtime of its own, as another process would have, and the engines that run on it. What they
//! write, they write as those processes would: by the engine's executor, through its gates. Refuses to outlive the stage:
//! the thread has ended when [`Crew::end`] returns.

mod command;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::reach;
use super::script::Command;
use crate::cluster::{Limits, connect};
use crate::config::Config;
use crate::engine::{self, Clock, Handle, Role, Setup};
use crate::model::{AppId, AppRow, ClusterName, Fleet, Foreign, ReasonCode, Without};
use crate::sandbox::Sandbox;
use wire::Wire;

/// Errands that may wait; what comes on top is left out.
const QUEUE: usize = 8;

/// What somebody is asked to do.
pub(super) enum Errand {
    /// Start the agent of a cluster.
    Agent(ClusterName),
    /// Type a command about an app.
    Command(Command, AppId),
}

/// What all of them work with.
pub(super) struct Tools {
    pub(super) config: Config,
    pub(super) clusters: BTreeMap<ClusterName, Sandbox>,
    pub(super) repository: PathBuf,
    /// Below it each has a directory of its own.
    pub(super) dir: PathBuf,
    pub(super) clock: Clock,
    /// How long they wait for a cluster.
    pub(super) limits: Limits,
}

/// The others.
pub(super) struct Crew {
    shared: Arc<Shared>,
    /// `None` before the first errand and after the end.
    thread: Mutex<Option<(mpsc::Sender<Errand>, JoinHandle<()>)>>,
}

struct Shared {
    tools: Tools,
    stop: CancellationToken,
    /// Errands that are not done yet.
    open: watch::Sender<usize>,
    /// Requests of commands, and of the agent, that are on their way.
    underway: [watch::Sender<usize>; 2],
    agent: OnceLock<watch::Receiver<Arc<Fleet>>>,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [commands, agents] = &self.shared.underway;
        let counts = [&self.shared.open, commands, agents].map(|count| *count.borrow());
        write!(f, "Crew({} errands, {} and {} requests underway)", counts[0], counts[1], counts[2])
    }
}

impl Crew {
    pub(super) fn new(tools: Tools) -> Self {
        let count = || watch::Sender::new(0);
        let shared = Shared {
            tools,
            stop: CancellationToken::new(),
            open: count(),
            underway: [count(), count()],
            agent: OnceLock::new(),
        };
        Self { shared: Arc::new(shared), thread: Mutex::new(None) }
    }

    /// What they work with.
    pub(super) fn tools(&self) -> &Tools {
        &self.shared.tools
    }

    /// Sends somebody on an errand; `false` when all hands are busy, or it is over.
    pub(super) fn send(&self, errand: Errand) -> bool {
        if self.shared.stop.is_cancelled() {
            return false;
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let (errands, _) = thread.get_or_insert_with(|| begin(&self.shared));
        self.shared.open.send_modify(|open| *open += 1);
        let sent = errands.try_send(errand).is_ok();
        if !sent {
            self.shared.open.send_modify(|open| *open -= 1);
        }
        sent
    }

    /// Ends all of them; returns when nothing of them is left.
    pub(super) fn end(&self) {
        self.shared.stop.cancel();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((errands, thread)) = thread {
            drop(errands);
            if thread.join().is_err() {
                tracing::warn!("those who work on the demo's fleet ended by a fault of their own");
            }
        }
    }

    /// What the agent publishes, once it runs.
    pub(super) fn agent(&self) -> Option<watch::Receiver<Arc<Fleet>>> {
        self.shared.agent.get().cloned()
    }

    /// Whether an errand is not done yet.
    pub(super) fn is_busy(&self) -> bool {
        *self.shared.open.borrow() > 0
    }

    /// Waits until everybody waits: for something to do, or for a request that is on its way as long as time stands.
    pub(super) async fn rest(&self) {
        let [mut commands, mut agents] = [0, 1].map(|at: usize| self.shared.underway[at].subscribe());
        let mut open = self.shared.open.subscribe();
        while *open.borrow_and_update() > 0 && *commands.borrow_and_update() == 0 {
            let moved = async {
                tokio::select! { moved = open.changed() => moved, moved = commands.changed() => moved }
            };
            if moved.await.is_err() {
                return;
            }
        }
        let Some(mut fleets) = self.agent() else { return };
        // Whoever works on an app and waits for time has a request on its way.
        while *agents.borrow_and_update() < at_work(&fleets.borrow_and_update()) {
            let moved = async {
                tokio::select! { moved = fleets.changed() => moved, moved = agents.changed() => moved }
            };
            if moved.await.is_err() {
                return;
            }
        }
    }
}

/// Apps on which something runs, or of which news is on its way. A fleet without any has only begun.
fn at_work(fleet: &Fleet) -> usize {
    let loads = |app: &AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::Loading);
    let works = |app: &&Arc<AppRow>| app.running.is_some() || app.settling || loads(app);
    if fleet.apps.is_empty() { usize::MAX } else { fleet.apps.iter().filter(works).count() }
}

fn begin(shared: &Arc<Shared>) -> (mpsc::Sender<Errand>, JoinHandle<()>) {
    let (errands, inbox) = mpsc::channel(QUEUE);
    let shared = shared.clone();
    (errands, std::thread::spawn(move || work(&shared, inbox)))
}

fn work(shared: &Arc<Shared>, inbox: mpsc::Receiver<Errand>) {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime.block_on(shared.work(inbox)),
        Err(error) => tracing::warn!(%error, "nobody else works on the demo's fleet"),
    }
}

impl Shared {
    async fn work(&self, mut inbox: mpsc::Receiver<Errand>) {
        let mut agents: Vec<Handle> = Vec::new();
        loop {
            let errand = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                errand = inbox.recv() => errand,
            };
            match errand {
                None => break,
                Some(Errand::Agent(cluster)) => agents.push(self.agent(&cluster)),
                Some(Errand::Command(typed, app)) => self.command(&typed, &app).await,
            }
            self.open.send_modify(|open| *open -= 1);
        }
        for agent in agents {
            agent.close().await;
        }
    }

    /// The agent of a cluster. Nobody asks it anything.
    fn agent(&self, cluster: &ClusterName) -> Handle {
        let on = self.tools.config.apps.iter().map(|app| app.id.clone()).filter(|id| id.cluster == *cluster);
        let (agent, _) = engine::start(self.setup("driftdeck agent", Role::Agent, on.collect()));
        let _ = self.agent.set(agent.fleet());
        agent
    }

    async fn command(&self, typed: &Command, app: &AppId) {
        let setup = self.setup(&typed.by, Role::OneShot, vec![app.clone()]);
        let outcome = command::run(setup, (typed, app), &self.stop).await;
        tracing::debug!(?typed, %app, ?outcome, "a command of somebody else");
    }

    fn setup(&self, who: &str, role: Role, apps: Vec<AppId>) -> Setup {
        let tools = &self.tools;
        let place = tools.dir.join(if role == Role::Agent { "agent" } else { "others" });
        let underway = self.underway[usize::from(role == Role::Agent)].clone();
        let (clusters, clock, stop) = (tools.clusters.clone(), tools.clock.clone(), self.stop.clone());
        let link = move |name: &ClusterName| {
            let service = clusters.get(name)?.service();
            let wire = Wire { service, clock: clock.clone(), stop: stop.clone(), underway: underway.clone() };
            Some(connect::over(wire, name))
        };
        Setup {
            config: tools.config.clone(),
            role,
            read_only: false,
            who: Foreign::from(who),
            state_dir: place.join("state"),
            scratch_dir: place.join("scratch"),
            ports: reach::ports((tools.repository.clone(), tools.limits), link),
            clock: tools.clock.clone(),
            only: Some(apps),
            without: Without::NOTHING,
        }
    }
}
