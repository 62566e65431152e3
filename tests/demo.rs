//! The demo under a real engine: our own client on the sample clusters, from first contact to a sync.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::demo::{self, Demo, Options, Stage};
use driftdeck::engine::{self, Clock, Handle, Role};
use driftdeck::model::*;
use tokio::sync::{mpsc, watch};

/// Fleets that may be published before what is waited for must have come.
const FLEETS: usize = 2000;
/// A hang would end here; nothing is measured by it.
const HANG: Duration = Duration::from_mins(2);

struct Run {
    clock: watch::Sender<Now>,
    engine: Handle,
    answers: mpsc::Receiver<View>,
    stage: Stage,
}

impl Run {
    async fn start() -> Self {
        let wall = "2026-11-21T14:02:00Z".parse().expect("a time");
        let (clock, held) = Clock::held(Now { wall, since_start: Duration::from_secs(10) });
        let Demo { setup, stage } = demo::start(Options::headless(held, Role::OneShot)).await.expect("a demo");
        let (engine, answers) = engine::start(setup);
        Self { clock, engine, answers, stage }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Fleet) -> bool) -> Arc<Fleet> {
        let mut fleets = self.engine.fleet();
        let found = async {
            for _ in 0..FLEETS {
                let fleet = fleets.borrow_and_update().clone();
                if holds(&fleet) {
                    return Some(fleet);
                }
                fleets.changed().await.expect("the engine runs");
            }
            None
        };
        let found = tokio::time::timeout(HANG, found).await.ok().flatten();
        found.unwrap_or_else(|| panic!("never came: {what}\n{}", said(&self.engine.fleet().borrow())))
    }

    /// All apps on clusters that answer are judged, and confirmed by the server.
    async fn settled(&self) -> Arc<Fleet> {
        self.until("every app judged", |fleet| {
            !fleet.apps.is_empty()
                && fleet.apps.iter().all(|app| {
                    let loads = |reason: &Reason| reason.code == ReasonCode::Loading;
                    // An app that is unknown as a whole has rows that nobody will judge before its cause is gone.
                    let waits = |row: &Arc<ResourceRow>| row.pending || row.reason.as_ref().is_some_and(loads);
                    match &app.reason {
                        Some(reason) => !loads(reason),
                        None => !app.resources.is_empty() && !app.resources.iter().any(waits),
                    }
                })
        })
        .await
    }

    /// Orders with every answer that a gate may want, and waits for the end.
    async fn done(&self, order: u64, command: Command, gate: &Gate) -> Arc<Fleet> {
        let mut consent = Consent { yes: true, unlock: Some("a test".to_owned()), ..Consent::default() };
        for need in &gate.needs {
            match need {
                Need::Deletes(count) => consent.deletes = Some(*count),
                Need::AppName(app) => consent.app_name = Some(app.name.to_string()),
                Need::Yes | Need::Unlock | Need::MassDelete(_) | Need::Prune => {}
            }
        }
        assert!(self.engine.order(Order { id: OrderId(order), command, consent }), "the queue has room");
        let of = |fleet: &Fleet| fleet.runs.iter().find(|run| run.id == OrderId(order)).cloned();
        let over = |fleet: &Fleet| of(fleet).is_some_and(|run| matches!(run.state, RunState::Ended(_)));
        let fleet = self.until("the run's end", over).await;
        let run = of(&fleet).expect("the run");
        assert_eq!(run.state, RunState::Ended(Outcome::Done), "{run:?}");
        fleet
    }

    /// Asks and waits for the answer.
    async fn ask(&mut self, ticket: u64, query: Query) -> ViewBody {
        assert!(self.engine.ask(Ticket(ticket), query), "the queue has room");
        let answer = async {
            loop {
                let view = self.answers.recv().await.expect("the engine runs");
                if view.ticket == Ticket(ticket) && view.body != ViewBody::Loading {
                    return view.body;
                }
            }
        };
        tokio::time::timeout(HANG, answer).await.expect("an answer")
    }

    async fn close(self) {
        let dir = self.stage.directory().to_owned();
        self.engine.close().await;
        drop(self.stage);
        assert!(!dir.exists(), "nothing is left behind");
    }
}

/// The fleet in lines, for messages.
fn said(fleet: &Fleet) -> String {
    let mut lines = Vec::new();
    for cluster in &fleet.clusters {
        lines.push(format!("{} {:?} {:?}", cluster.name, cluster.state, cluster.reason));
    }
    for app in &fleet.apps {
        let why = app.reason.as_ref().map_or("", |reason| reason.message.raw());
        lines.push(format!("{} {} {:?} {why}", app.id, app.verdict.word(), app.health));
        for row in &app.resources {
            let why = row.reason.as_ref().map_or("", |reason| reason.message.raw());
            let refused = row.refused.as_ref().map_or("", |refused| refused.raw());
            let paths: Vec<String> = row.findings.iter().map(|finding| finding.path.to_string()).collect();
            lines.push(format!(
                "    {} {} {} pending={} {why} {refused} {paths:?}",
                row.key.kind.kind,
                row.key.name,
                row.verdict.word(),
                row.pending
            ));
        }
    }
    lines.join("\n")
}

fn id(name: &str, cluster: &str) -> AppId {
    AppId::new(name, ClusterName::new(cluster))
}

fn verdict_of(fleet: &Fleet, name: &str, cluster: &str) -> Verdict {
    fleet.app(&id(name, cluster)).unwrap_or_else(|| panic!("{name}@{cluster}")).verdict
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fleet_opens_with_every_kind_of_trouble_and_most_of_it_well() {
    let run = Run::start().await;
    let fleet = run.settled().await;
    let names: BTreeSet<&str> = fleet.apps.iter().map(|app| &*app.id.name).collect();
    assert!(names.len() >= 12, "a dozen apps, not {}", names.len());
    let table = [
        ("payments", "prod-eu", Verdict::Drifted),
        ("payments", "prod-us", Verdict::Drifted),
        ("payments", "stage-eu", Verdict::Synced),
        ("cart", "prod-eu", Verdict::Behind),
        ("cart", "stage-eu", Verdict::Drifted),
        ("checkout", "prod-eu", Verdict::Contested),
        ("checkout", "prod-us", Verdict::Synced),
        ("catalog", "prod-us", Verdict::Missing),
        ("search", "prod-eu", Verdict::Diverged),
        ("billing", "prod-eu", Verdict::Behind),
        ("ledger-batch", "prod-eu", Verdict::Behind),
        ("recommender", "prod-eu", Verdict::Synced),
        ("recommender", "stage-eu", Verdict::Synced),
        ("notifications", "stage-eu", Verdict::Invalid),
        ("ingress", "prod-eu", Verdict::Unknown),
        ("legacy-cron", "prod-eu", Verdict::Unknown),
        ("identity", "prod-eu", Verdict::Synced),
        ("identity", "prod-us", Verdict::Unknown),
        ("profile", "edge-07", Verdict::Unknown),
        ("profile", "prod-eu", Verdict::Drifted),
        ("metrics", "prod-us", Verdict::Synced),
        ("queue", "stage-eu", Verdict::Synced),
        ("web", "prod-eu", Verdict::Synced),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(name, cluster, verdict)| verdict_of(&fleet, name, cluster) != *verdict)
        .map(|(name, cluster, verdict)| {
            format!("{name}@{cluster} is {}, not {}", verdict_of(&fleet, name, cluster).word(), verdict.word())
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", said(&fleet));
    let billing = fleet.app(&id("billing", "prod-eu")).expect("billing");
    assert!(billing.paused.is_some(), "billing is paused");
    let recommender = fleet.app(&id("recommender", "prod-eu")).expect("recommender");
    assert!(recommender.pinned.is_some(), "recommender is pinned");
    let profile = fleet.app(&id("profile", "prod-eu")).expect("profile");
    assert_eq!(profile.health, Health::Degraded, "an image that cannot be pulled");
    let ledger = fleet.app(&id("ledger-batch", "prod-eu")).expect("ledger-batch");
    assert!(ledger.resources.iter().any(|row| row.verdict == Verdict::Extra), "an object that git no longer has");
    run.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cluster_is_out_of_reach_and_the_others_are_fine() {
    let run = Run::start().await;
    let fleet = run.settled().await;
    for cluster in &fleet.clusters {
        let is_cut = cluster.name.as_str() == "edge-07";
        let fine = matches!(cluster.state, ClusterState::Connected | ClusterState::Degraded | ClusterState::Syncing);
        assert_eq!(fine, !is_cut, "{}: {:?}", cluster.name, cluster.state);
    }
    let identity = fleet.app(&id("identity", "prod-us")).expect("identity");
    let secret = identity.resources.iter().find(|row| row.key.kind.is_secret()).expect("its Secret");
    let code = secret.reason.as_ref().map(|reason| reason.code);
    assert_eq!(code, Some(ReasonCode::Forbidden), "a Secret that may not be listed is unknown, and why is said");
    run.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drifted_is_named_and_a_sync_puts_it_right() {
    let mut run = Run::start().await;
    let app = id("cart", "stage-eu");
    let fleet = run.settled().await;
    let row = fleet.app(&app).expect("cart");
    let config = row.resources.iter().find(|row| row.verdict == Verdict::Drifted).expect("what drifted");
    let by = config.findings[0].by.as_ref().expect("who");
    assert_eq!((by.manager.raw(), config.moved), ("k9s", Some(Moved::Live)));
    let plan = match run.ask(1, Query::PlanFor { app: app.clone(), rev: None }).await {
        ViewBody::Plan(view) => view.plan.clone(),
        other => panic!("no plan: {other:?}"),
    };
    let chosen: Vec<ResourceKey> = plan.chosen().map(|row| row.key.clone()).collect();
    assert!(chosen.contains(&config.key), "the plan puts it back: {plan:?}");
    let order = SyncOrder {
        app: app.clone(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen,
        take: Vec::new(),
        take_over: false,
        full: true,
    };
    run.done(1, Command::Sync(order), &plan.gate).await;
    run.until("cart synced", |fleet| verdict_of(fleet, "cart", "stage-eu") == Verdict::Synced).await;
    run.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revert_makes_a_commit_or_says_what_it_needs() {
    let mut run = Run::start().await;
    let app = id("recommender", "stage-eu");
    run.settled().await;
    let history = match run.ask(1, Query::HistoryOf { app: app.clone(), limit: 10 }).await {
        ViewBody::History(view) => view,
        other => panic!("no history: {other:?}"),
    };
    let subjects: Vec<&str> = history.rows.iter().map(|row| row.commit.subject.raw()).collect();
    assert_eq!(subjects[..2], ["feat: model als-2026-11", "feat: model als-2026-09"], "newest first");
    let to = history.rows[1].commit.id.clone();
    let query = Query::PreviewRevert { app: app.clone(), to: to.clone(), mode: RevertMode::Restore, reason: "".into() };
    let preview = match run.ask(2, query).await {
        ViewBody::Revert(preview) => preview,
        other => panic!("no preview: {other:?}"),
    };
    let has_git = driftdeck::source::git_program().is_some();
    assert_eq!(preview.refused.is_none(), has_git, "without git the reason is said: {:?}", preview.refused);
    if has_git {
        let reason = Foreign::from("als-2026-11 halves the click rate");
        let expected_head = preview.head.clone();
        let order = RevertOrder { app: app.clone(), to, mode: RevertMode::Restore, expected_head, reason, until: None };
        run.done(1, Command::Revert(order), &preview.gate).await;
        let behind = |fleet: &Fleet| verdict_of(fleet, "recommender", "stage-eu") == Verdict::Behind;
        let fleet = run.until("the new commit is to be synced", behind).await;
        let desired = fleet.app(&app).and_then(|row| row.desired.clone()).expect("desired");
        assert_eq!(desired.author.raw(), "Demo Operator <operator@example.com>");
    }
    run.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_and_a_commit_are_seen_while_it_runs() {
    let run = Run::start().await;
    run.settled().await;
    let path = "/api/v1/namespaces/web/configmaps/web-config?fieldManager=kubectl-edit";
    let body = serde_json::json!({"data": {"SENTRY_SAMPLE": "1.0"}});
    let sandbox = run.stage.sandbox("stage-eu").expect("a cluster");
    assert_eq!(sandbox.request("PATCH", path, &body, "application/merge-patch+json").status, 200);
    run.until("web drifted", |fleet| verdict_of(fleet, "web", "stage-eu") == Verdict::Drifted).await;
    let change = ("apps/metrics/config.yaml", "RETENTION", "\"60d\"");
    run.stage.commit("lee", "chore: retention", change).expect("committed");
    run.clock.send_modify(|now| now.since_start += Duration::from_secs(5));
    run.until("metrics behind", |fleet| verdict_of(fleet, "metrics", "stage-eu") == Verdict::Behind).await;
    run.close().await;
}
