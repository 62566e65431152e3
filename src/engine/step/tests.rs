//! Scenes for `step` and `publish`: one app, one cluster, one remote, and a clock that moves when told to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::step;
use crate::engine::desired::Desired;
use crate::engine::effect::{Effect, JudgeWork};
use crate::engine::event::{Contact, Event, JudgedRow, Memo, RunNews, Scene, Trouble};
use crate::engine::publish::publish;
use crate::engine::rows;
use crate::engine::world::{AppWorld, ClusterWorld, RemoteWorld, Role, World, because};
use crate::model::{
    AppId, AppRow, AppSpec, ClusterName, ClusterRow, ClusterSpec, Command, CommitId, CommitInfo, Consent, Cost,
    Credentials, Digest, Fleet, Gvk, InventoryLine, Kind, Location, Manifest, Moved, Now, Order, OrderId, Origin,
    Outcome, Pause, Pin, Policy, ReasonCode, Record, RepoName, RepoSpec, ResourceKey, RunState, SourceSpec, SyncOrder,
    Verdict,
};

mod agent;
mod clusters;
mod cost;
mod git;
mod judging;
mod orders;
mod sequences;

const HEAD: &str = "1111111aaaa";
const NEXT: &str = "2222222bbbb";

fn cluster() -> ClusterName {
    ClusterName::new("prod")
}

fn repo() -> RepoName {
    RepoName::new("platform")
}

fn shop() -> AppId {
    AppId::new("shop", cluster())
}

fn spec(id: AppId) -> AppSpec {
    let location = Location::Git { repo: repo(), revision: "main".to_owned(), path: id.name.to_string() };
    AppSpec {
        id,
        source: SourceSpec { location },
        namespace: "shop".to_owned(),
        namespaces: Vec::new(),
        cluster_kinds: Vec::new(),
        policy: Policy { auto: true, self_heal: true, prune: false },
        ignore: Vec::new(),
        mask: Vec::new(),
        mask_length: false,
    }
}

fn cluster_spec(name: ClusterName) -> ClusterSpec {
    ClusterSpec {
        name,
        context: None,
        kubeconfig: None,
        protected: true,
        record_namespace: None,
        judge_local: false,
        judge_local_kinds: Vec::new(),
    }
}

fn key(name: &str) -> ResourceKey {
    let kind = Kind::new("", "ConfigMap");
    ResourceKey { cluster: cluster(), kind, namespace: "shop".into(), name: name.into() }
}

fn scene() -> Scene {
    Scene { kind: Kind::new("", "ConfigMap"), namespace: "shop".into() }
}

fn contact(identity: &str) -> Contact {
    Contact { context: None, insecure: false, identity: Some(identity.into()), version: None }
}

fn manifest(key: ResourceKey, gvk: &Gvk, body: serde_json::Value) -> Manifest {
    let origin = Origin { file: "a.yaml".into(), line: 1 };
    Manifest { key, gvk: gvk.clone(), digest: Digest::of_value(&body), body: Arc::new(body), origin }
}

fn desired(at: &str, names: &[&str]) -> Desired {
    let gvk = Gvk::parse("v1", "ConfigMap");
    let made = names.iter().map(|name| {
        (key(name), manifest(key(name), &gvk, json!({"metadata": {"annotations": {}}, "data": {"at": name}})))
    });
    Desired {
        at: CommitId::new(at),
        commit: CommitInfo { id: CommitId::new(at), subject: "s".into(), author: "a".into(), time: None },
        manifests: Arc::new(made.collect()),
        misplaced: Vec::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
        worktree: None,
        ahead: None,
    }
}

fn line(name: &str) -> InventoryLine {
    InventoryLine {
        kind: Kind::new("", "ConfigMap"),
        namespace: "shop".into(),
        name: name.into(),
        uid: "u1".into(),
        commit: CommitId::new(HEAD),
        hash: "h".into(),
    }
}

/// The world, its clock, and what was published last.
struct Stage {
    world: World,
    now: Now,
    fleet: Fleet,
}

impl Stage {
    /// Nothing has happened yet.
    fn new(role: Role) -> Self {
        let world = World {
            role,
            read_only: false,
            clusters: [(cluster(), ClusterWorld::new(cluster_spec(cluster())))].into(),
            cluster_order: vec![cluster()],
            remotes: [(repo(), RemoteWorld::new(remote()))].into(),
            apps: [(shop(), AppWorld::new(spec(shop())))].into(),
            unasked: BTreeMap::new(),
            index: BTreeMap::new(),
            runs: Vec::new(),
            stamps: 0,
            shown: std::collections::BTreeSet::new(),
            cost: Cost::default(),
        };
        let now = Now { wall: Timestamp::UNIX_EPOCH, since_start: Duration::ZERO };
        Self { world, now, fleet: Fleet::default() }
    }

    /// Everything is up, rendered and judged: `web` and `api` are synced.
    fn synced(role: Role) -> Self {
        let mut stage = Self::listed(role);
        let effects = stage.dirty(&["web", "api"]);
        stage.judge(&effects, |row| row);
        stage
    }

    /// Everything is up and listed; `web` and `api` have been asked about once.
    fn listed(role: Role) -> Self {
        let mut stage = Self::new(role);
        stage.tick();
        stage.take(Event::Connected(cluster(), contact("one")));
        stage.poll(HEAD);
        stage.record(None);
        stage.render(desired(HEAD, &["web", "api"]));
        stage.take(Event::SchemasLoaded(cluster(), ["v1".into()].into()));
        stage.take(Event::Listed(cluster(), scene(), vec![key("web"), key("api")]));
        stage
    }

    /// As the driver does it: late answers never reach `step`.
    fn take(&mut self, event: Event) -> Vec<Effect> {
        let ticket = match &event {
            Event::Rendered(ticket, _) | Event::Judged(ticket, _) | Event::Confirmed(ticket, _) => Some(ticket),
            _ => None,
        };
        if ticket.is_some_and(|ticket| !self.world.is_current(ticket)) {
            return Vec::new();
        }
        step(&mut self.world, event, self.now)
    }

    /// Lets time pass without anything happening.
    fn pass(&mut self, time: Duration) {
        self.now.since_start += time;
        self.now.wall = self.now.wall.checked_add(time).expect("the test's clock fits");
    }

    fn tick(&mut self) -> Vec<Effect> {
        self.take(Event::Tick)
    }

    /// Lets seconds pass, with a living cluster and a tick each.
    fn seconds(&mut self, count: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for _ in 0..count {
            self.pass(Duration::from_secs(1));
            effects.extend(self.take(Event::Alive(cluster())));
            effects.extend(self.tick());
        }
        effects
    }

    fn poll(&mut self, head: &str) -> Vec<Effect> {
        self.take(Event::Polled(repo(), Ok([("main".to_owned(), Ok(CommitId::new(head)))].into())))
    }

    fn record(&mut self, record: Option<Record>) -> Vec<Effect> {
        self.take(Event::RecordRead(shop(), Ok(record.map(Arc::new))))
    }

    fn render(&mut self, desired: Desired) -> Vec<Effect> {
        let ticket = self.app().ticket();
        self.take(Event::Rendered(ticket, Ok(Arc::new(desired))))
    }

    fn app(&self) -> &AppWorld {
        &self.world.apps[&shop()]
    }

    fn dirty(&mut self, names: &[&str]) -> Vec<Effect> {
        self.take(Event::LiveChanged(cluster(), names.iter().map(|name| key(name)).collect()))
    }

    /// Answers every judgement among the effects: synced, as changed by `how`.
    fn judge(&mut self, effects: &[Effect], how: impl Fn(Judged) -> Judged) -> Vec<Effect> {
        let mut more = Vec::new();
        for effect in effects {
            if let Effect::Judge(ticket, work) = effect {
                let rows = self.rows(work, &how);
                more.extend(self.take(Event::Judged(ticket.clone(), rows)));
            }
        }
        more
    }

    /// Answers every confirmation among the effects.
    fn confirm(&mut self, effects: &[Effect], how: impl Fn(Judged) -> Judged) -> Vec<Effect> {
        let mut more = Vec::new();
        for effect in effects {
            if let Effect::Confirm(ticket, work) = effect {
                for row in self.rows(work, &how) {
                    more.extend(self.take(Event::Confirmed(ticket.clone(), Box::new(row))));
                }
            }
        }
        more
    }

    fn rows(&self, work: &JudgeWork, how: impl Fn(Judged) -> Judged) -> Vec<JudgedRow> {
        let made = work.keys.iter().map(|(key, stamp)| {
            let said = how(Judged { key: key.clone(), verdict: Verdict::Synced, pending: false, content: "one" });
            said.row(self, *stamp)
        });
        made.collect()
    }

    /// Live has left git: the row is judged drifted, and confirmed.
    fn drift(&mut self, name: &str) -> Vec<Effect> {
        let effects = self.dirty(&[name]);
        self.judge(&effects, |row| row.is(Verdict::Drifted))
    }

    fn publish(&mut self) -> Fleet {
        if let Some(fleet) = publish(&mut self.world, &self.fleet, self.now) {
            self.fleet = fleet;
        }
        self.fleet.clone()
    }

    fn row(&mut self) -> Arc<AppRow> {
        self.publish().app(&shop()).expect("the app is published").clone()
    }

    fn cluster_row(&mut self) -> Arc<ClusterRow> {
        self.publish().cluster(&cluster()).expect("the cluster is published").clone()
    }

    /// The verdict of one object as published.
    fn verdict(&mut self, name: &str) -> Option<Verdict> {
        self.row().resources.iter().find(|row| row.key == key(name)).map(|row| row.verdict)
    }

    fn order(&mut self, id: u64, command: Command) -> Vec<Effect> {
        self.take(Event::Ordered(Order { id: OrderId(id), command, consent: Consent::default() }))
    }
}

/// What a judgement says.
struct Judged {
    key: ResourceKey,
    verdict: Verdict,
    pending: bool,
    content: &'static str,
}

impl Judged {
    fn is(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    fn pending(self) -> Self {
        Self { pending: true, verdict: Verdict::Drifted, ..self }
    }

    fn with(self, content: &'static str) -> Self {
        Self { content, ..self }
    }

    fn row(self, stage: &Stage, stamp: u64) -> JudgedRow {
        let reason = because(ReasonCode::Loading, "", stage.now);
        let mut row = rows::blank(stage.app(), self.key.clone(), self.verdict, reason);
        (row.pending, row.reason, row.moved) = (self.pending, None, Some(Moved::Live));
        let memo = Memo {
            live: Some(Digest(self.content.into())),
            admission: stage.world.clusters[&cluster()].admission,
            ..Memo::default()
        };
        JudgedRow { key: self.key, stamp, memo, open: row.pending, row: Some(row) }
    }
}

fn remote() -> RepoSpec {
    RepoSpec {
        name: repo(),
        url: "https://git.example.com/platform.git".to_owned(),
        credentials: Credentials::default(),
        interval: Duration::from_secs(30),
    }
}

/// The effects' names, for saying what was asked and what was not.
fn names(effects: &[Effect]) -> Vec<&'static str> {
    let name = |effect: &Effect| match effect {
        Effect::Connect(_) => "connect",
        Effect::Rediscover(_) => "rediscover",
        Effect::Probe(_) => "probe",
        Effect::Watch(..) => "watch",
        Effect::LoadSchemas(..) => "schemas",
        Effect::Poll(..) => "poll",
        Effect::Snapshot(_) => "snapshot",
        Effect::Render(..) => "render",
        Effect::ReadRecord(_) => "read record",
        Effect::Judge(..) => "judge",
        Effect::Confirm(..) => "confirm",
        Effect::NoteSeen(..) => "note seen",
        Effect::Blame(..) => "blame",
        Effect::Mind(..) => "mind",
        Effect::RenewLease(_) => "renew lease",
        Effect::Execute(_) => "execute",
        Effect::Abort(_) => "abort",
        Effect::AutoSync(_) => "auto sync",
        Effect::Answer(..) => "answer",
    };
    effects.iter().map(name).collect()
}

fn count(effects: &[Effect], name: &str) -> usize {
    names(effects).into_iter().filter(|found| *found == name).count()
}
