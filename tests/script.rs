//! The demo's script under a real engine, on a clock that the test holds: every word of the vocabulary is published within
//! two minutes, and after an hour the fleet is as lively as before, and no larger.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::app::Status;
use driftdeck::demo::{self, Demo, Options, Stage};
use driftdeck::engine::{self, Clock, Handle, Role};
use driftdeck::model::*;
use jiff::Timestamp;
use tokio::sync::watch;

/// A hang would end here; nothing is measured by it.
const HANG: Duration = Duration::from_mins(2);
/// What only the process says that does it: a cockpit knows of its own runs, and the agent of the agent's.
const ONES_OWN: [&str; 2] = ["queued", "running"];

/// As a cockpit, but without its pauses before the server is asked: what is not confirmed yet can be waited for.
const LOOKING: Role = Role::OneShot;

/// Where and when a word was first published.
type Words = BTreeMap<&'static str, String>;

struct Watched {
    clock: watch::Sender<Now>,
    opened: Timestamp,
    engine: Handle,
    stage: Stage,
    statuses: Words,
    healths: Words,
}

/// A demo whose time the test holds, and nobody looks at yet.
async fn held(role: Role) -> (watch::Sender<Now>, Demo) {
    let wall = "2026-11-21T14:02:00Z".parse().expect("a time");
    let (clock, held) = Clock::held(Now { wall, since_start: Duration::from_secs(10) });
    let options = Options { is_scripted: true, ..Options::headless(held, role) };
    (clock, demo::start(options).await.expect("a demo"))
}

/// Moves time on and lets the script play.
fn advance(clock: &watch::Sender<Now>, stage: &Stage, by: Duration) {
    clock.send_modify(|now| {
        now.since_start += by;
        now.wall = now.wall.checked_add(by).expect("a time");
    });
    stage.beat();
}

impl Watched {
    async fn open() -> Self {
        let (clock, demo) = held(LOOKING).await;
        Self::look_at(clock, demo).await
    }

    async fn look_at(clock: watch::Sender<Now>, demo: Demo) -> Self {
        let (opened, (engine, _)) = (clock.borrow().wall, engine::start(demo.setup));
        let (statuses, healths) = (Words::new(), Words::new());
        let mut watched = Self { clock, opened, engine, stage: demo.stage, statuses, healths };
        watched.look().await;
        watched
    }

    /// Moves time on, lets the script play, and looks once nobody does anything any more as long as time stands.
    async fn step(&mut self, by: Duration) {
        advance(&self.clock, &self.stage, by);
        self.look().await;
    }

    async fn look(&mut self) {
        let rests = tokio::time::timeout(HANG, self.stage.rest()).await;
        assert!(rests.is_ok(), "{:?} never rests:\n{}\n{}", self.stage, self.agents(), self.acts());
        let now = self.clock.borrow().wall;
        let fresh = |fleet: &Arc<Fleet>| is_fresh(fleet, now);
        self.until("every cluster has answered", fresh).await;
        self.until("every app is judged", |fleet| is_calm(fleet)).await;
        let fleet = self.engine.fleet().borrow().clone();
        self.read("the cockpit", &fleet);
        if let Some(agent) = self.stage.agent() {
            let fleet = agent.borrow().clone();
            self.read("the agent", &fleet);
        }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Arc<Fleet>) -> bool) {
        let mut fleets = self.engine.fleet();
        let came = tokio::time::timeout(HANG, fleets.wait_for(|fleet| holds(fleet))).await.is_ok();
        assert!(came, "never: {what}\n{}\n{}", told(&self.engine.fleet().borrow()), self.acts());
    }

    fn agents(&self) -> String {
        let fleet = self.stage.agent().map(|agent| agent.borrow().clone()).unwrap_or_default();
        format!("{}{:#?}", told(&fleet), fleet.runs.last())
    }

    fn read(&mut self, whose: &str, fleet: &Fleet) {
        let after = self.clock.borrow().wall.duration_since(self.opened).as_secs();
        for app in &fleet.apps {
            let place = |what: &str| format!("{after:>3} s  {whose}: {} {what}", app.id);
            let mut note = |status: Status, health: Health, what: &str| {
                keep(&mut self.statuses, status.word(), place(what));
                keep(&mut self.healths, health.word(), place(what));
            };
            // The roll-up of an app hides the words of its rows: both are read.
            note(Status::of_app(app, fleet), app.health, "");
            for row in &app.resources {
                note(Status::of_object(row), row.health, &format!("{}/{}", row.key.kind.kind, row.key.name));
            }
        }
    }

    /// Where each word was seen first.
    fn table(&self) -> String {
        let mut table = String::new();
        for (word, place) in self.statuses.iter().chain(&self.healths) {
            let _ = writeln!(table, "{word:<12} {place}");
        }
        table
    }

    fn has_all_words(&self) -> Result<(), String> {
        let missing = |seen: &Words, all: &mut dyn Iterator<Item = &'static str>| -> Vec<&str> {
            all.filter(|word| !seen.contains_key(word)).collect()
        };
        let statuses = missing(&self.statuses, &mut Status::ALL.iter().map(|status| status.word()));
        let healths = missing(&self.healths, &mut Health::ALL.iter().map(|health| health.word()));
        if statuses.is_empty() && healths.is_empty() {
            return Ok(());
        }
        Err(format!("never published: {statuses:?} {healths:?}\n{}\n{}", self.table(), self.acts()))
    }

    fn acts(&self) -> String {
        let played = self.stage.played();
        let after = |at: Timestamp| at.duration_since(self.opened).as_secs();
        let lines = played.iter().map(|one| format!("{:>4} s {} {:?}", after(one.at), one.typed, one.left));
        lines.collect::<Vec<_>>().join("\n")
    }

    async fn close(self) {
        let dir = self.stage.directory().to_owned();
        self.engine.close().await;
        drop(self.stage);
        assert!(!dir.exists(), "nothing is left behind");
    }
}

/// The first place of a word, the cockpit's before the agent's: either may see one moment first.
fn keep(words: &mut Words, word: &'static str, place: String) {
    let is_agents = |place: &str| place.contains("the agent");
    if words.get(word).is_none_or(|known| is_agents(known) && !is_agents(&place)) {
        words.insert(word, place);
    }
}

/// Every app is judged and confirmed, or says why it is not, and nothing is on its way.
fn is_calm(fleet: &Fleet) -> bool {
    let loads = |app: &AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::Loading);
    let waits = |app: &AppRow| app.settling || app.resources.iter().any(|row| row.pending);
    !fleet.apps.is_empty() && !fleet.apps.iter().any(|app| loads(app) || (app.reason.is_none() && waits(app)))
}

fn told(fleet: &Fleet) -> String {
    let line = |app: &AppRow| format!("{} {} settling={} {:?}\n", app.id, app.verdict.word(), app.settling, app.reason);
    fleet.apps.iter().map(|app| line(app)).collect()
}

/// The clusters that answer have answered since they were asked last.
fn is_fresh(fleet: &Fleet, now: Timestamp) -> bool {
    let silent = |row: &Arc<ClusterRow>| row.observed_at.is_some_and(|at| now.duration_since(at).as_secs() > 6);
    !fleet.clusters.iter().any(silent)
}

/// Apps that need somebody's look.
fn troubled(fleet: &Fleet) -> usize {
    fleet.apps.iter().filter(|app| !matches!(app.verdict, Verdict::Synced | Verdict::Touched)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_word_of_the_vocabulary_is_published_within_two_minutes() {
    let mut watched = Watched::open().await;
    for _ in 0..120 {
        watched.step(Duration::from_secs(1)).await;
    }
    if let Err(missing) = watched.has_all_words() {
        panic!("{missing}");
    }
    let others: BTreeSet<&str> =
        watched.statuses.iter().filter(|(_, place)| place.contains("the agent")).map(|(word, _)| *word).collect();
    assert!(
        others.iter().all(|word| ONES_OWN.contains(word)),
        "all others in the cockpit itself:\n{}",
        watched.table()
    );
    for one in watched.stage.played() {
        let hand = one.typed.split(' ').next().unwrap_or_default();
        assert!(["kubectl", "git", "driftdeck"].contains(&hand), "{} is what nobody could do", one.typed);
        assert_eq!(one.left, None, "{}: nobody disturbs the script here", one.typed);
    }
    println!("{}", watched.table());
    watched.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_is_seen_by_its_lease() {
    let (clock, Demo { setup, stage }) = held(Role::Cockpit).await;
    let (engine, _) = engine::start(setup);
    for _ in 0..12 {
        advance(&clock, &stage, Duration::from_secs(1));
        tokio::time::timeout(HANG, stage.rest()).await.expect("the others rest");
    }
    let mut fleets = engine.fleet();
    let is_shown = |app: &AppRow| app.id.cluster.as_str() != "stage-eu" || matches!(app.agent, AgentSeen::At(_));
    let seen = fleets.wait_for(|fleet| !fleet.apps.is_empty() && fleet.apps.iter().all(|app| is_shown(app)));
    let fleet = tokio::time::timeout(HANG, seen).await.expect("the agent of staging").expect("the engine runs").clone();
    let mut others = fleet.apps.iter().filter(|app| app.id.cluster.as_str() == "prod-eu");
    assert!(others.all(|app| app.agent == AgentSeen::Never), "there is none in production");
    engine.close().await;
}

/// Objects of the kinds that come and go by themselves, on all clusters that answer.
fn objects(stage: &Stage) -> usize {
    let count = |cluster: &str| -> usize {
        let paths = [
            "/api/v1/pods",
            "/api/v1/configmaps",
            "/apis/apps/v1/replicasets",
            "/apis/batch/v1/jobs",
            "/apis/coordination.k8s.io/v1/leases",
        ];
        let sandbox = stage.sandbox(cluster).expect("a cluster");
        let listed = paths.map(|path| sandbox.request("GET", path, &serde_json::Value::Null, "").body);
        listed.iter().map(|list| list["items"].as_array().map_or(0, Vec::len)).sum()
    };
    ["prod-eu", "prod-us", "stage-eu"].map(count).iter().sum()
}

/// An hour of the demo's clock, and how much of it is looked at.
const HOUR: Duration = Duration::from_hours(1);
const LOOKED_AT: Duration = Duration::from_mins(11);

/// Large steps, and small ones while a command is typed: it takes a few seconds, and the next one wants its hands free.
fn stride(stage: &Stage) -> Duration {
    Duration::from_secs(if stage.is_busy() { 2 } else { 10 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_later_the_fleet_is_as_lively_and_no_larger() {
    let (clock, demo) = held(LOOKING).await;
    let stage = &demo.stage;
    let repository = stage.directory().join("platform.git");
    let mirror = driftdeck::source::open_in_place(&repository).expect("the sample repository");
    let (head, size) = (mirror.resolve("main").expect("a head"), objects(stage));
    let end = clock.borrow().since_start + HOUR;
    while clock.borrow().since_start < end.saturating_sub(LOOKED_AT) {
        advance(&clock, stage, stride(stage));
        tokio::time::timeout(HANG, stage.rest()).await.expect("the others rest");
    }
    let mut watched = Watched::look_at(clock, demo).await;
    while watched.clock.borrow().since_start < end {
        let stride = stride(&watched.stage);
        watched.step(stride).await;
        let fleet = watched.engine.fleet().borrow().clone();
        let (all, troubled) = (fleet.apps.len(), troubled(&fleet));
        assert!(troubled >= 10 && troubled < all - 5, "{troubled} of {all} apps in trouble\n{}", watched.acts());
    }
    if let Err(missing) = watched.has_all_words() {
        panic!("in the last minutes: {missing}");
    }
    let commits = mirror.ahead(&head, &mirror.resolve("main").expect("a head")).expect("counted");
    assert!((5..=25).contains(&commits), "{commits} commits in an hour");
    let grown = objects(&watched.stage);
    assert!(grown < size + 80, "{size} objects at first, {grown} after an hour");
    assert!(watched.engine.fleet().borrow().runs.is_empty(), "the cockpit has done nothing by itself");
    watched.close().await;
}
