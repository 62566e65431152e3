//! What the engine knows: remotes, clusters, apps, runs. Changed by [`super::step`] alone; holds no I/O and no clock.

mod app;
mod declarations;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use declarations::Declarations;

use super::desired::Desired;
use super::event::{AppTicket, Aside, Contact, Memo, Scene, Trouble};
use crate::model::{
    AgentSeen, AppId, AppRow, AppSpec, ClusterName, ClusterSpec, CommitId, Cost, Foreign, Location, Now, Pause, Pin,
    Reason, ReasonCode, Record, RepoName, RepoSpec, ResourceKey, ResourceRow, RunId, RunRow,
};

/// What the process is for. Only an agent writes unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person looks at it.
    Cockpit,
    /// A command that ends: nothing is debounced.
    OneShot,
    /// Writes unasked, as the apps' policies say.
    Agent,
}

/// Everything the engine knows.
#[derive(Debug)]
pub struct World {
    /// What the process is for.
    pub role: Role,
    /// `--read-only`.
    pub read_only: bool,
    /// By name.
    pub clusters: BTreeMap<ClusterName, ClusterWorld>,
    /// In the config's order.
    pub cluster_order: Vec<ClusterName>,
    /// By name.
    pub remotes: BTreeMap<RepoName, RemoteWorld>,
    /// By identity.
    pub apps: BTreeMap<AppId, AppWorld>,
    /// Apps of the config on these clusters that were not asked for: taken in when a live object says that it is theirs.
    pub unasked: BTreeMap<AppId, Unasked>,
    /// Which apps have a row for an object.
    pub index: BTreeMap<ResourceKey, BTreeSet<AppId>>,
    /// Running and ended orders, newest last.
    pub runs: Vec<RunRow>,
    /// Source of stamps.
    pub stamps: u64,
    /// Apps that a screen shows now: the server is asked about them first.
    pub shown: BTreeSet<AppId>,
    /// Requests so far; filled in by the driver before a publish.
    pub cost: Cost,
}

/// An app that was not asked for, and the repository it follows.
pub type Unasked = (AppSpec, Option<RepoSpec>);

/// Where a cluster's connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not asked yet.
    Idle,
    /// Being connected, for the n-th time.
    Connecting(u32),
    /// Connected and discovered.
    Up,
    /// Failed; tried again at that time since start.
    Down(Reason, u32, Duration),
}

/// Where one list and watch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SceneState {
    /// Asked for.
    Loading,
    /// Complete, and followed.
    Listed,
    /// Not to be had.
    Failed(Reason),
}

/// A watch that fails by a passing fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Since when nothing is heard of it.
    pub since: Now,
    /// What was said last.
    pub said: Foreign,
    /// Time to come back in.
    pub grace: Grace,
}

/// The time that a watch has to come back after its whole cluster was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// The cluster has answered ever since the watch broke.
    Unasked,
    /// The cluster is silent too.
    Due,
    /// It answers again: until then, since start.
    Until(Duration),
}

impl Broken {
    /// Broke just now.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { since: now, said: Foreign::from(""), grace: Grace::Unasked }
    }
}

/// One cluster.
#[derive(Debug)]
pub struct ClusterWorld {
    /// From the config.
    pub spec: ClusterSpec,
    /// Connection.
    pub link: Link,
    /// What connecting told.
    pub contact: Option<Contact>,
    /// When it answered last: wall, and since start.
    pub answered: Option<Now>,
    /// A probe is out.
    pub probing: bool,
    /// Why the last probe failed.
    pub probe_failed: Option<Reason>,
    /// Lists and watches.
    pub scenes: BTreeMap<Scene, SceneState>,
    /// Watches that fail by a passing fault.
    pub broken: BTreeMap<Scene, Broken>,
    /// Group-versions whose schema is loaded or known not to be had.
    pub schemas: BTreeSet<Arc<str>>,
    /// Group-versions asked for.
    pub schemas_asked: BTreeSet<Arc<str>>,
    /// Rises when discovery is made anew.
    pub epoch: u64,
    /// OPERATE until then, and why.
    pub unlocked: Option<(Now, Foreign)>,
    /// What is known of the agent there.
    pub agent: AgentSeen,
    /// Dry runs that may be sent in the background now.
    pub tokens: f64,
    /// When the tokens were counted, since start.
    pub tokens_at: Duration,
    /// What is minded, or was asked to be.
    pub minded: BTreeSet<Aside>,
    /// What of it may not be looked at.
    pub unminded: BTreeSet<Aside>,
    /// How often admission has changed.
    pub admission: u64,
    /// When definitions are looked at again, since start: servers publish a change of one by and by.
    pub looks: Vec<Duration>,
    /// The server has asked for patience; filled in by the driver before a publish.
    pub throttled: Option<Reason>,
}

/// One repository.
#[derive(Debug)]
pub struct RemoteWorld {
    /// From the config.
    pub spec: RepoSpec,
    /// By revision.
    pub heads: BTreeMap<String, Result<CommitId, Reason>>,
    /// When it last confirmed its heads.
    pub confirmed: Option<Now>,
    /// Why its last poll failed, and how often in a row.
    pub failing: Option<(Reason, u32)>,
    /// When it is asked next, since start.
    pub next_poll: Duration,
    /// A poll is out.
    pub polling: bool,
}

/// What is known of an app's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Not read yet.
    Loading,
    /// There is none.
    Absent,
    /// As read.
    Present(Arc<Record>),
    /// May not be read: judged without a base.
    Hidden(Reason),
    /// Not ours, elsewhere, or not to be understood: nothing is written.
    Bad(Reason),
}

impl RecordState {
    /// The record, where there is one.
    #[must_use]
    pub fn record(&self) -> Option<&Arc<Record>> {
        if let Self::Present(record) = self { Some(record) } else { None }
    }
}

/// Where an app's render stands.
#[derive(Clone, Debug)]
pub enum RenderState {
    /// Nothing asked.
    Idle,
    /// Being rendered at that commit.
    Rendering(CommitId),
    /// Rendered.
    Ready,
    /// Failed at that commit.
    Failed(CommitId, Reason),
}

/// One app.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one question about one adapter: asked, asked again, out of date"
)]
pub struct AppWorld {
    /// From the config.
    pub spec: AppSpec,
    /// Judged and published. What was not asked for is only rendered, to be seen where it disputes an object.
    pub asked: bool,
    /// Current ticket's epoch.
    pub epoch: u64,
    /// Head of the followed revision, or the directory's hash.
    pub head: Option<CommitId>,
    /// Render.
    pub render: RenderState,
    /// Why the last render that ended failed; stands while the next one is out.
    pub render_failed: Option<Reason>,
    /// The last good render.
    pub desired: Option<Arc<Desired>>,
    /// Cluster epoch that `desired` was prepared with.
    pub prepared_with: u64,
    /// Record.
    pub record: RecordState,
    /// The record is being read.
    pub reading_record: bool,
    /// The record changed while it was being read.
    pub reread_record: bool,
    /// Its last reading failed for a passing cause: read again then, since start.
    pub record_again: Option<Duration>,
    /// A directory has changed and waits for its snapshot.
    pub dir_dirty: bool,
    /// Judged rows.
    pub rows: BTreeMap<ResourceKey, Arc<ResourceRow>>,
    /// Keys to be judged again.
    pub dirty: BTreeSet<ResourceKey>,
    /// Keys that are being judged.
    pub judging: BTreeSet<ResourceKey>,
    /// Newest stamp per key.
    pub stamps: BTreeMap<ResourceKey, u64>,
    /// Local differences that wait for the server, since when.
    pub waiting: BTreeMap<ResourceKey, Duration>,
    /// Confirmed answers and what they were made from.
    pub confirmed: BTreeMap<ResourceKey, (Memo, Arc<ResourceRow>)>,
    /// What each row was made from that waits for nobody.
    pub settled: BTreeMap<ResourceKey, Memo>,
    /// Answers that were not to be had, and when they are asked for again, since start.
    pub again: BTreeMap<ResourceKey, Duration>,
    /// Record namespaces that live objects name, other than its own.
    pub named: BTreeMap<ResourceKey, Arc<str>>,
    /// What each pending row was made from.
    pub memos: BTreeMap<ResourceKey, Memo>,
    /// When the last judgement was made.
    pub observed: Option<Timestamp>,
    /// The run in progress.
    pub running: Option<RunId>,
    /// The agent's attempts, and not before when the next.
    pub auto: AutoState,
    /// What `NoteSeen` was sent of at the desired commit.
    pub noted: BTreeSet<ResourceKey>,
    /// Where git declares what differs.
    pub declarations: Declarations,
    /// Two names mean one server.
    pub disputed: Option<Reason>,
    /// Another app renders the same object with different values.
    pub clash: Option<Reason>,
    /// What the screens see; rebuilt when `changed`.
    pub row: Option<Arc<AppRow>>,
    /// `row` is out of date.
    pub changed: bool,
}

/// The agent's attempts at one app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoState {
    /// An attempt is out.
    pub busy: bool,
    /// Attempts since the app was last seen without anything to do.
    pub attempts: u32,
    /// Not before, since start.
    pub not_before: Duration,
}

impl ClusterWorld {
    /// A cluster not asked yet.
    #[must_use]
    pub fn new(spec: ClusterSpec) -> Self {
        Self {
            spec,
            link: Link::Idle,
            contact: None,
            answered: None,
            probing: false,
            probe_failed: None,
            scenes: BTreeMap::new(),
            schemas: BTreeSet::new(),
            schemas_asked: BTreeSet::new(),
            epoch: 0,
            unlocked: None,
            agent: AgentSeen::Never,
            tokens: super::step::BURST,
            tokens_at: Duration::ZERO,
            minded: BTreeSet::new(),
            unminded: BTreeSet::new(),
            broken: BTreeMap::new(),
            admission: 0,
            looks: Vec::new(),
            throttled: None,
        }
    }

    /// Connected, and not silent for too long.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link == Link::Up
    }
}

impl RemoteWorld {
    /// A remote not asked yet.
    #[must_use]
    pub fn new(spec: RepoSpec) -> Self {
        Self { spec, heads: BTreeMap::new(), confirmed: None, failing: None, next_poll: Duration::ZERO, polling: false }
    }
}

impl World {
    /// Whether an answer still answers the current question.
    #[must_use]
    pub fn is_current(&self, ticket: &AppTicket) -> bool {
        self.apps.get(&ticket.app).is_some_and(|app| app.epoch == ticket.epoch)
    }

    /// Apps on a cluster.
    #[must_use]
    pub fn apps_on(&self, cluster: &ClusterName) -> Vec<AppId> {
        self.apps.keys().filter(|id| id.cluster == *cluster).cloned().collect()
    }

    /// Apps that follow a repository.
    #[must_use]
    pub fn apps_of(&self, repo: &RepoName) -> Vec<AppId> {
        let follows = |app: &AppWorld| app.follows().is_some_and(|(name, _)| name == repo);
        self.apps.values().filter(|app| follows(app)).map(|app| app.spec.id.clone()).collect()
    }

    /// The next stamp.
    pub fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }
}

/// A reason that began now, or keeps its age when it is the same as before.
#[must_use]
pub fn reason(trouble: &Trouble, before: Option<&Reason>, now: Now) -> Reason {
    let since = before.filter(|old| old.code == trouble.code).map_or(now.wall, |old| old.since);
    Reason { code: trouble.code, message: trouble.message.clone(), since }
}

/// A reason with our own words.
#[must_use]
pub fn because(code: ReasonCode, message: &str, now: Now) -> Reason {
    Reason { code, message: Foreign::from(message), since: now.wall }
}
