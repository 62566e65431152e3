//! One run of driftdeck over the corpus: started as a command is, synced, looked at, closed.
//!
//! Owns the engine of such a run. Refuses to know what must come out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::config;
use driftdeck::engine::{self, Clock, Handle, Ports, Role, Setup};
use driftdeck::model::{
    Act, AppId, ClusterName, Command, Consent, Fleet, Foreign, Order, OrderId, Outcome, PlanView, Query, Reason,
    ReasonCode, RunState, SyncOrder, Ticket, View, ViewBody, Without,
};
use tokio::sync::{mpsc, watch};

/// Longest wait; only a hang reaches it.
const LIMIT: Duration = Duration::from_mins(3);
/// Apps that are synced at once.
const AT_ONCE: usize = 16;

/// What a run is started with.
pub struct Start<'a> {
    /// The whole corpus.
    pub config: &'a str,
    /// Mirrors, scratch space.
    pub root: &'a Path,
    /// The journal.
    pub state: &'a Path,
    /// The outside.
    pub ports: Ports,
    /// These apps.
    pub only: Vec<AppId>,
    /// The rule that is off.
    pub without: Without,
}

/// A running engine.
pub struct Look {
    handle: Handle,
    fleet: watch::Receiver<Arc<Fleet>>,
    views: mpsc::Receiver<View>,
    apps: Vec<AppId>,
    asked: u64,
}

/// The app of a case.
pub fn app(name: &str) -> AppId {
    AppId::new(name, ClusterName::new("test"))
}

impl Look {
    /// Starts one.
    pub fn start(start: Start) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = config::parse(start.config, Path::new("drift.toml"), start.root, config::Standing::Own);
        let (handle, views) = engine::start(Setup {
            config: config.unwrap_or_else(|mistakes| panic!("the config of the cases: {mistakes:?}")),
            role: Role::OneShot,
            read_only: false,
            who: Foreign::from("ana@test"),
            state_dir: start.state.to_owned(),
            scratch_dir: start.root.join("scratch"),
            ports: start.ports,
            clock: Clock::real(),
            only: Some(start.only.clone()),
            without: start.without,
        });
        Self { fleet: handle.fleet(), handle, views, apps: start.only, asked: 0 }
    }

    /// The fleet once every app is judged.
    pub async fn settled(&mut self) -> Arc<Fleet> {
        let apps = self.apps.clone();
        let (fleet, done) = self.wait(|fleet| apps.iter().all(|id| is_settled(fleet, id))).await;
        let open = self.apps.iter().filter(|id| !is_settled(&fleet, id));
        let open: Vec<String> = open.map(|id| told(&fleet, id)).collect();
        assert!(done, "never judged: {}", open.join("\n"));
        fleet
    }

    /// Syncs these apps, all that their plans tick; what did not end well is told.
    pub async fn sync(&mut self, apps: &[AppId]) -> Vec<String> {
        let mut told = Vec::new();
        for some in apps.chunks(AT_ONCE) {
            let mut orders = Vec::new();
            for plan in self.plans(some).await {
                match plan {
                    Ok(plan) => orders.extend(self.order(&plan)),
                    Err(why) => told.push(why),
                }
            }
            told.extend(self.ended(&orders).await);
        }
        told
    }

    async fn plans(&mut self, apps: &[AppId]) -> Vec<Result<Arc<PlanView>, String>> {
        for app in apps {
            self.asked += 1;
            let query = Query::PlanFor { app: app.clone(), rev: None };
            assert!(self.handle.ask(Ticket(self.asked), query), "the queue has room");
        }
        let mut plans = Vec::new();
        let answers = async {
            while plans.len() < apps.len() {
                let view = self.views.recv().await.expect("the engine lives");
                match view.body {
                    ViewBody::Loading => {}
                    ViewBody::Plan(plan) => plans.push(Ok(plan)),
                    ViewBody::Failed(why) => plans.push(Err(format!("no plan: {}", why.raw()))),
                    _ => plans.push(Err("another kind of answer".to_owned())),
                }
            }
        };
        tokio::time::timeout(LIMIT, answers).await.expect("answers");
        plans
    }

    fn order(&mut self, view: &PlanView) -> Option<OrderId> {
        let plan = &view.plan;
        let acts = |act| matches!(act, Act::Create | Act::Update | Act::Adopt);
        let chosen: Vec<_> = plan.rows.iter().filter(|row| acts(row.act)).map(|row| row.key.clone()).collect();
        if chosen.is_empty() && plan.blocked.is_none() {
            return None;
        }
        self.asked += 1;
        let id = OrderId(self.asked);
        let order = SyncOrder {
            app: plan.app.clone(),
            commit: plan.commit.id.clone(),
            fingerprint: plan.fingerprint.clone(),
            chosen,
            take: Vec::new(),
            take_over: false,
            full: true,
        };
        let consent = Consent { yes: true, deletes: Some(0), ..Consent::default() };
        assert!(self.handle.order(Order { id, command: Command::Sync(order), consent }), "the queue has room");
        Some(id)
    }

    /// Waits until these runs have ended; what did not end well is told.
    async fn ended(&mut self, orders: &[OrderId]) -> Vec<String> {
        let state = |fleet: &Fleet, id: &OrderId| fleet.runs.iter().find(|run| run.id == *id).map(|run| run.state);
        let over = |fleet: &Fleet| orders.iter().all(|id| matches!(state(fleet, id), Some(RunState::Ended(_))));
        let (fleet, done) = self.wait(over).await;
        assert!(done, "the runs end");
        let runs = fleet.runs.iter().filter(|run| orders.contains(&run.id));
        let bad = runs.filter(|run| !matches!(run.state, RunState::Ended(Outcome::Done | Outcome::Nothing)));
        bad.map(|run| {
            let note = run.note.as_ref().map(Foreign::raw).unwrap_or_default();
            let steps =
                run.steps.iter().filter_map(|step| Some(format!("{:?}: {}", step.key, step.note.as_ref()?.raw())));
            format!(
                "{}: its sync ended as {:?}: {note}; {}",
                run.app.name,
                run.state,
                steps.collect::<Vec<_>>().join("; ")
            )
        })
        .collect()
    }

    /// The newest fleet once it is as wanted, and whether that came.
    async fn wait(&mut self, wanted: impl Fn(&Fleet) -> bool) -> (Arc<Fleet>, bool) {
        let found = tokio::time::timeout(LIMIT, self.fleet.wait_for(|fleet| wanted(fleet))).await;
        let found = found.ok().and_then(Result::ok).map(|fleet| fleet.clone());
        let done = found.is_some();
        (found.unwrap_or_else(|| self.fleet.borrow().clone()), done)
    }

    /// Ends it, as a process ends.
    pub async fn close(self) {
        self.handle.close().await;
    }
}

/// Whether an app is judged, as `status` waits for it.
fn is_settled(fleet: &Fleet, id: &AppId) -> bool {
    let loading = |reason: Option<&Reason>| reason.is_some_and(|reason| reason.code == ReasonCode::Loading);
    fleet.app(id).is_some_and(|app| {
        let moving = app.settling && app.reason.is_none();
        let waits = app.resources.iter().any(|row| row.pending || loading(row.reason.as_ref()));
        !moving && !waits && !loading(app.reason.as_ref())
    })
}

/// An app as it stands, in words.
pub fn told(fleet: &Fleet, id: &AppId) -> String {
    let Some(row) = fleet.app(id) else { return format!("{id}: no such app") };
    let rows = row.resources.iter().map(|row| {
        let why = row.reason.as_ref().map(|reason| reason.message.raw().to_owned()).unwrap_or_default();
        format!("{:?} {} pending={} {why}", row.key, row.verdict.word(), row.pending)
    });
    let why = row.reason.as_ref().map(|reason| reason.message.raw().to_owned()).unwrap_or_default();
    format!(
        "{id}: {} settling={} {why}\n    {}",
        row.verdict.word(),
        row.settling,
        rows.collect::<Vec<_>>().join("\n    ")
    )
}
