//! A `driftdeck` command of somebody else: an engine for one app, an order through the door that the command line uses,
//! with the answers that its flags give, and the end of the engine.
//!
//! Owns the way from words to an order. Refuses to write by itself: the engine's executor does, and asks its gates.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::demo::script::{Command as Typed, Verb};
use crate::engine::{self, Clock, Handle, Setup};
use crate::model::{
    AppId, Command, Consent, Fleet, Foreign, Order, OrderId, Outcome, Plan, Query, ReasonCode, ResourceKey, RunState,
    SyncOrder, Ticket, View, ViewBody,
};

/// How long a command may take, as by `--timeout`.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Starts an engine, does what was typed, and ends the engine whatever came of it. `None` = it broke off.
pub(super) async fn run(setup: Setup, (typed, app): (&Typed, &AppId), stop: &CancellationToken) -> Option<Outcome> {
    let clock = setup.clock.clone();
    let (engine, answers) = engine::start(setup);
    let mut session = Session { engine: engine.clone(), answers, clock, typed, app };
    let outcome = tokio::select! {
        () = stop.cancelled() => None,
        outcome = tokio::time::timeout(TIMEOUT, session.run()) => outcome.ok().flatten(),
    };
    engine.close().await;
    outcome
}

struct Session<'t> {
    engine: Handle,
    answers: mpsc::Receiver<View>,
    clock: Clock,
    typed: &'t Typed,
    app: &'t AppId,
}

impl Session<'_> {
    async fn run(&mut self) -> Option<Outcome> {
        let mut fleets = self.engine.fleet();
        fleets.wait_for(|fleet| is_judged(fleet, self.app)).await.ok()?;
        let (app, reason) = (self.app.clone(), Foreign::from(self.typed.reason.as_str()));
        let until = self.typed.minutes.map(SignedDuration::from_mins);
        let until = until.and_then(|length| self.clock.now().wall.checked_add(length).ok());
        let command = match self.typed.verb {
            Verb::Sync => match sync_order(&self.plan().await?) {
                Some(order) => Command::Sync(order),
                None => return Some(Outcome::Nothing),
            },
            Verb::Pause => Command::Pause { app, until, reason },
            Verb::Resume => Command::Resume { app },
            Verb::Pin => Command::Pin { app, commit: self.plan().await?.commit.id, until, reason },
            Verb::Unpin => Command::Unpin { app },
        };
        let order = Order { id: OrderId(1), command, consent: self.consent() };
        self.engine.order(order).then_some(())?;
        let ended = |fleet: &Arc<Fleet>| outcome(fleet).is_some();
        let fleet = fleets.wait_for(ended).await.ok()?.clone();
        outcome(&fleet)
    }

    async fn plan(&mut self) -> Option<Plan> {
        let query = Query::PlanFor { app: self.app.clone(), rev: None };
        self.engine.ask(Ticket(1), query).then_some(())?;
        loop {
            match self.answers.recv().await?.body {
                ViewBody::Plan(view) => return Some(view.plan.clone()),
                ViewBody::Loading => {}
                _ => return None,
            }
        }
    }

    /// `--yes --unlock REASON --confirm APP`.
    fn consent(&self) -> Consent {
        Consent {
            yes: true,
            deletes: Some(0),
            app_name: Some(self.app.name.to_string()),
            unlock: Some(self.typed.reason.clone()),
            ..Consent::default()
        }
    }
}

/// The rows that are ticked; nothing is to be done where there are none.
fn sync_order(plan: &Plan) -> Option<SyncOrder> {
    let chosen: Vec<ResourceKey> = plan.chosen().map(|row| row.key.clone()).collect();
    (!chosen.is_empty()).then(|| SyncOrder {
        app: plan.app.clone(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        full: plan.rows.iter().all(|row| row.act == crate::model::Act::Keep || chosen.contains(&row.key)),
        chosen,
        take: Vec::new(),
        take_over: false,
    })
}

/// Whether an app is judged, or says why it is not.
fn is_judged(fleet: &Fleet, app: &AppId) -> bool {
    let Some(app) = fleet.app(app) else { return false };
    let loads = app.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Loading);
    let waits = app.resources.iter().any(|row| row.pending || row.reason.as_ref().is_some_and(is_loading));
    !loads && (app.reason.is_some() || !(app.settling || waits))
}

fn is_loading(reason: &crate::model::Reason) -> bool {
    reason.code == ReasonCode::Loading
}

fn outcome(fleet: &Fleet) -> Option<Outcome> {
    match fleet.runs.iter().find(|run| run.id == OrderId(1))?.state {
        RunState::Ended(outcome) => Some(outcome),
        RunState::Running | RunState::Aborting => None,
    }
}
