//! The road in tests: a real git repository, an engine, and a server – the real one or the sandbox – behind one trait.
//!
//! Nothing sleeps: every wait is for the next fleet, with one long limit that only a hang reaches.

#[path = "hand.rs"]
mod hand;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::config;
use driftdeck::engine::{self, Clock, Handle, Ports, Role, Setup};
use driftdeck::model::{
    AppId, AppRow, ClusterName, Command, CommitId, Consent, Fleet, Foreign, Order, OrderId, Outcome, PlanView, Query,
    ResourceRow, RevertMode, RevertPreview, RunRow, RunState, SyncOrder, Ticket, Verdict, View, ViewBody,
};
use tokio::sync::{mpsc, watch};

pub use hand::*;

/// Longest wait for a fleet; only a hang reaches it.
const LIMIT: Duration = Duration::from_mins(1);

/// A repository with a work tree that "people" commit in, and the bare one they push to.
pub struct Git {
    dir: tempfile::TempDir,
}

impl Git {
    /// An empty repository with one branch, `main`.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let git = Self { dir };
        git.run(git.dir.path(), &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        git.run(git.dir.path(), &["init", "-q", "-b", "main", "work"]);
        git.run(&git.work(), &["remote", "add", "origin", "../origin.git"]);
        git
    }

    /// Where people push to.
    pub fn origin(&self) -> PathBuf {
        self.dir.path().join("origin.git")
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// Writes, commits and pushes; `None` removes a file. The new commit's id.
    pub fn commit(&self, message: &str, files: &[(&str, Option<&str>)]) -> CommitId {
        self.commit_by("Ana <ana@example.com>", message, files)
    }

    /// The same, by another author.
    pub fn commit_by(&self, author: &str, message: &str, files: &[(&str, Option<&str>)]) -> CommitId {
        for (path, content) in files {
            let file = self.work().join(path);
            match content {
                Some(content) => {
                    std::fs::create_dir_all(file.parent().expect("a parent")).expect("directories");
                    std::fs::write(file, content).expect("written");
                }
                None => std::fs::remove_file(file).expect("removed"),
            }
        }
        self.run(&self.work(), &["add", "-A"]);
        self.run(&self.work(), &["commit", "-q", "--author", author, "-m", message]);
        self.run(&self.work(), &["push", "-q", "origin", "HEAD:main"]);
        self.head()
    }

    /// The branch as it is at the origin.
    pub fn head(&self) -> CommitId {
        CommitId::new(self.run(&self.origin(), &["rev-parse", "main"]).trim().to_owned())
    }

    /// Rewrites the branch: one commit with the files as they are, pushed by force; what was before is gone.
    pub fn rewrite(&self) {
        self.run(&self.work(), &["checkout", "-q", "--orphan", "rewritten"]);
        self.run(&self.work(), &["commit", "-q", "-m", "squashed"]);
        self.run(&self.work(), &["push", "-q", "--force", "origin", "HEAD:main"]);
        self.run(&self.origin(), &["reflog", "expire", "--expire=now", "--all"]);
        self.run(&self.origin(), &["gc", "-q", "--prune=now"]);
    }

    /// A file as it is at the origin's head.
    pub fn show(&self, path: &str) -> String {
        self.run(&self.origin(), &["show", &format!("main:{path}")])
    }

    /// The message of the origin's head.
    pub fn message(&self) -> String {
        self.run(&self.origin(), &["log", "-1", "--format=%B", "main"])
    }

    /// Brings the work tree to what is at the origin.
    pub fn pull(&self) {
        self.run(&self.work(), &["pull", "-q", "--ff-only", "origin", "main"]);
    }

    /// The repository is not to be found any more.
    pub fn hide(&self) {
        std::fs::rename(self.origin(), self.dir.path().join("hidden.git")).expect("renamed");
    }

    /// It is back.
    pub fn unhide(&self) {
        std::fs::rename(self.dir.path().join("hidden.git"), self.origin()).expect("renamed");
    }

    /// Renames a branch at the origin.
    pub fn rename(&self, from: &str, to: &str) {
        self.run(&self.origin(), &["branch", "-m", from, to]);
    }

    fn run(&self, at: &Path, args: &[&str]) -> String {
        let done = Program::new("git")
            .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"])
            .args(args)
            .current_dir(at)
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git runs");
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    }
}

/// A driftdeck at work: an engine with its directories.
pub struct Deck {
    /// The engine.
    pub handle: Handle,
    fleet: watch::Receiver<Arc<Fleet>>,
    views: mpsc::Receiver<View>,
    asked: u64,
    _dirs: Arc<tempfile::TempDir>,
}

/// What a deck is started with, beside the config.
pub struct Start {
    /// Its role.
    pub role: Role,
    /// `--read-only`.
    pub read_only: bool,
    /// Its clock.
    pub clock: Clock,
    /// Who acts.
    pub who: &'static str,
    /// The apps asked for, as by a command; none = all.
    pub only: Option<Vec<AppId>>,
}

impl Default for Start {
    fn default() -> Self {
        Self { role: Role::Cockpit, read_only: false, clock: hasty(), who: "ana@test", only: None }
    }
}

/// A config for one app `shop` of `origin` on one cluster `test`.
pub fn config_text(origin: &Path, namespace: &str, more: &str) -> String {
    format!(
        "interval = \"1s\"\n[author]\nname = \"Ops\"\nemail = \"ops@example.com\"\n\
         [[clusters]]\nname = \"test\"\nprotected = false\n\
         [[repos]]\nname = \"platform\"\nurl = \"file://{}\"\n\
         [[apps]]\nname = \"shop\"\nrepo = \"platform\"\npath = \"shop\"\ncluster = \"test\"\nnamespace = \"{namespace}\"\n{more}\n",
        origin.display()
    )
}

impl Deck {
    /// Starts a deck on these ports; its mirror and journal live in `dirs`, so a second one on the same is "restarted".
    pub fn start(
        text: &str,
        ports: impl FnOnce(PathBuf) -> Ports,
        dirs: &Arc<tempfile::TempDir>,
        start: Start,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = dirs.path();
        let config = config::parse(text, Path::new("test.toml"), root, config::Standing::Own).expect("a good config");
        let (handle, views) = engine::start(Setup {
            config,
            role: start.role,
            read_only: start.read_only,
            who: Foreign::from(start.who),
            state_dir: root.join("state"),
            scratch_dir: root.join("scratch"),
            ports: ports(root.join("cache")),
            clock: start.clock,
            only: start.only,
            without: driftdeck::model::Without::NOTHING,
        });
        Self { fleet: handle.fleet(), handle, views, asked: 0, _dirs: dirs.clone() }
    }

    /// The fleet as it stands.
    pub fn fleet(&self) -> Arc<Fleet> {
        self.fleet.borrow().clone()
    }

    /// Requests so far, by verb, as of the last fleet.
    pub fn cost(&self) -> BTreeMap<&'static str, u64> {
        self.fleet().cost.requests.clone()
    }

    /// Writes so far: dry runs are none.
    pub fn writes(&self) -> u64 {
        let cost = self.cost();
        ["create", "update", "patch", "delete"].iter().filter_map(|verb| cost.get(verb)).sum()
    }

    /// Waits for a fleet in which the app is as wanted; says what it was instead when that never comes.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&AppRow) -> bool) -> Arc<AppRow> {
        let fleet = self.until_fleet(what, |fleet| fleet.app(&shop()).is_some_and(|app| wanted(app))).await;
        fleet.app(&shop()).cloned().expect("just seen")
    }

    /// Waits for a fleet as wanted.
    pub async fn until_fleet(&mut self, what: &str, wanted: impl Fn(&Fleet) -> bool) -> Arc<Fleet> {
        let found = tokio::time::timeout(LIMIT, async {
            loop {
                let fleet = self.fleet.borrow_and_update().clone();
                if wanted(&fleet) {
                    return fleet;
                }
                self.fleet.changed().await.expect("the engine lives");
            }
        });
        let Ok(fleet) = found.await else { panic!("never {what}; last: {}", self.told()) };
        fleet
    }

    /// The fleet as it stands, in words, for a failed wait.
    pub fn told(&self) -> String {
        let fleet = self.fleet.borrow();
        let Some(row) = fleet.app(&shop()) else { return "no app".to_owned() };
        let why = row.reason.as_ref().map(|reason| format!("{:?} {}", reason.code, reason.message.raw()));
        let rows: Vec<String> = row.resources.iter().map(|row| told(row)).collect();
        let runs: Vec<_> = fleet
            .runs
            .iter()
            .map(|run| {
                let note = run.note.as_ref().map(|note| note.raw().to_owned());
                let steps: Vec<_> = run
                    .steps
                    .iter()
                    .map(|s| format!("{:?} {:?} {:?}", s.key, s.state, s.note.as_ref().map(Foreign::raw)))
                    .collect();
                format!("{:?} {} {:?} {note:?} {steps:?}", run.id, run.what, run.state)
            })
            .collect();
        let clusters: Vec<_> = fleet
            .clusters
            .iter()
            .map(|c| format!("{} {:?} {:?}", c.name, c.state, c.reason.as_ref().map(|r| r.message.raw())))
            .collect();
        format!("{} {why:?}\n{}\n{}\n{}", row.verdict.word(), rows.join("\n"), runs.join("\n"), clusters.join("\n"))
    }

    /// Waits until the app is settled with that verdict.
    pub async fn verdict(&mut self, wanted: Verdict) -> Arc<AppRow> {
        self.until(wanted.word(), |row| row.verdict == wanted && row.counts.pending == 0 && !row.settling).await
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&mut self, query: Query) -> ViewBody {
        self.asked += 1;
        let ticket = Ticket(self.asked);
        assert!(self.handle.ask(ticket, query), "the queue has room");
        let answer = tokio::time::timeout(LIMIT, async {
            loop {
                let view = self.views.recv().await.expect("the engine lives");
                if view.ticket == ticket {
                    return view.body;
                }
            }
        });
        answer.await.expect("an answer within the limit")
    }

    /// The plan to the commit the app follows.
    pub async fn plan(&mut self) -> Arc<PlanView> {
        match self.ask(Query::PlanFor { app: shop(), rev: None }).await {
            ViewBody::Plan(plan) => plan,
            other => panic!("no plan: {}", failed(&other)),
        }
    }

    /// The preview of a revert.
    pub async fn preview(&mut self, to: &CommitId, mode: RevertMode) -> Arc<RevertPreview> {
        match self.ask(Query::PreviewRevert { app: shop(), to: to.clone(), mode, reason: "".into() }).await {
            ViewBody::Revert(preview) => preview,
            other => panic!("no preview: {}", failed(&other)),
        }
    }

    /// Sends a command that has no end to wait for.
    pub fn send(&mut self, command: Command) {
        self.asked += 1;
        let order = Order { id: OrderId(self.asked), command, consent: Consent { yes: true, ..Consent::default() } };
        assert!(self.handle.order(order), "the queue has room");
    }

    /// Sends a command and waits for its end.
    pub async fn order(&mut self, command: Command, consent: Consent) -> (Outcome, String) {
        self.asked += 1;
        let id = OrderId(self.asked);
        assert!(self.handle.order(Order { id, command, consent }), "the queue has room");
        let ended = |fleet: &Fleet| {
            let run = fleet.runs.iter().find(|run| run.id == id)?;
            let note = run.note.as_ref().map(|note| note.raw().to_owned()).unwrap_or_default();
            if let RunState::Ended(outcome) = run.state { Some((outcome, note)) } else { None }
        };
        let fleet = self.until_fleet("the end of the order", |fleet| ended(fleet).is_some()).await;
        ended(&fleet).expect("just seen")
    }

    /// Waits until a run of the agent's own accord has ended, and says how.
    pub async fn healed(&mut self) -> Outcome {
        let over = |fleet: &Fleet| fleet.runs.last().map(|run| run.state);
        let fleet = self.until_fleet("a run's end", |fleet| matches!(over(fleet), Some(RunState::Ended(_)))).await;
        let Some(RunState::Ended(outcome)) = over(&fleet) else { panic!("just seen") };
        outcome
    }

    /// The newest run so far.
    pub fn last_run(&self) -> Option<OrderId> {
        self.fleet().runs.last().map(|run| run.id)
    }

    /// Waits until a run newer than that one is done: what it heals may be gone before anybody looks.
    pub async fn healed_since(&mut self, last: Option<OrderId>) {
        let done = |run: &Arc<RunRow>| Some(run.id) != last && run.state == RunState::Ended(Outcome::Done);
        self.until_fleet("a run that is done", |fleet| fleet.runs.last().is_some_and(done)).await;
    }

    /// Plans and applies everything the plan ticks; with `prune` its deletes too.
    pub async fn sync(&mut self, prune: bool) -> (Outcome, String) {
        let plan = self.plan().await.plan.clone();
        let acts = |row: &&driftdeck::model::PlanRow| {
            use driftdeck::model::Act;
            matches!(row.act, Act::Create | Act::Update | Act::Adopt) || (prune && row.act == Act::Prune)
        };
        let chosen: Vec<_> = plan.rows.iter().filter(acts).collect();
        let deletes = chosen.iter().filter(|row| row.act == driftdeck::model::Act::Prune).count();
        let order = SyncOrder {
            app: shop(),
            commit: plan.commit.id.clone(),
            fingerprint: plan.fingerprint.clone(),
            chosen: chosen.iter().map(|row| row.key.clone()).collect(),
            take: Vec::new(),
            take_over: false,
            full: true,
        };
        let consent = Consent { yes: true, deletes: Some(deletes), prune, ..Consent::default() };
        self.order(Command::Sync(order), consent).await
    }

    /// Ends it, as a process ends.
    pub async fn close(self) {
        self.handle.close().await;
    }
}

fn failed(body: &ViewBody) -> String {
    match body {
        ViewBody::Failed(why) => why.raw().to_owned(),
        _ => "another kind of answer".to_owned(),
    }
}

fn told(row: &ResourceRow) -> String {
    let paths: Vec<String> = row.findings.iter().map(|finding| finding.path.to_string()).collect();
    let why = row.reason.as_ref().map(|reason| format!("{:?} {}", reason.code, reason.message.raw()));
    format!("  {:?} {} pending={} {:?} {paths:?} {why:?}", row.key, row.verdict.word(), row.pending, row.base)
}

/// The app of all these tests.
pub fn shop() -> AppId {
    AppId::new("shop", ClusterName::new("test"))
}
