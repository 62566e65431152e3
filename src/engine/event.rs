//! What has happened: the only input of [`super::step`]. Events are in the past tense; deciding is not done here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::blame::Told;
use super::desired::Desired;
use crate::model::{
    AppId, ClusterName, CommitId, Digest, Foreign, IgnoreRule, Kind, Order, Outcome, Query, ReasonCode, Record,
    RepoName, ResourceKey, ResourceRow, RunId, RunStep, StepState, Ticket,
};

/// The version of an app's question; answers to an older one are dropped by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTicket {
    /// Whose.
    pub app: AppId,
    /// Rises with each new commit, record or discovery.
    pub epoch: u64,
}

/// A kind in one namespace (empty: cluster-wide or cluster-scoped): what one list and one watch cover.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scene {
    /// Group and kind.
    pub kind: Kind,
    /// Namespace, empty for all.
    pub namespace: Arc<str>,
}

/// What is minded on a cluster beside the apps' own objects: it tells when answers are out of date, at the price of a
/// watch each instead of polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aside {
    /// The agent's Leases.
    Leases,
    /// Records, by their label: a second one of an app.
    Records,
    /// Definitions of custom kinds.
    Definitions,
    /// What decides over writes: webhook configurations, admission policies and their bindings, `LimitRange`s.
    Admission,
}

/// A failure as a value: which case, and whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which case.
    pub code: ReasonCode,
    /// The sentence.
    pub message: Foreign,
}

impl Trouble {
    /// A trouble of that code.
    pub fn new(code: ReasonCode, message: impl Into<Arc<str>>) -> Self {
        Self { code, message: Foreign::new(message) }
    }
}

/// What connecting told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The kube context in use.
    pub context: Option<Foreign>,
    /// TLS is not verified.
    pub insecure: bool,
    /// uid of kube-system: two names for one are refused. `None` where it may not be read.
    pub identity: Option<Arc<str>>,
    /// Server version.
    pub version: Option<Foreign>,
}

/// One object judged: locally, or with the server's answer.
#[derive(Clone, Debug)]
pub struct JudgedRow {
    /// Which.
    pub key: ResourceKey,
    /// The stamp it was asked under; a newer question makes this answer late.
    pub stamp: u64,
    /// What the judgement was made from; equal memo, equal answer.
    pub memo: Memo,
    /// The row; `None` = there is nothing to show (not in git, not live).
    pub row: Option<ResourceRow>,
    /// The server has more to say: it has not confirmed a difference, or not been asked whether it takes a new object.
    pub open: bool,
}

/// What an answer depends on: equal memos, equal answers. The base is not in it: when a record changes, all is judged
/// again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Digest of git's manifest, where there is one.
    pub git: Option<Digest>,
    /// Content hash of the live object, where there is one.
    pub live: Option<Digest>,
    /// Hash of the kind's schema.
    pub schema: Option<Digest>,
    /// How often admission has changed since the cluster was connected.
    pub admission: u64,
}

/// What live objects that driftdeck wrote say of whose they are (annotation `driftdeck.dev/app`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// By object: the namespace of a record of the app that is not the one it has; `None` = says so no more.
    pub records: BTreeMap<ResourceKey, Option<Arc<str>>>,
    /// Other apps, which were not asked for, by name.
    pub apps: BTreeSet<Arc<str>>,
}

/// Progress of a run.
#[derive(Clone, Debug)]
pub enum RunNews {
    /// It passed its gates; these are its objects.
    Began(Vec<RunStep>),
    /// One object moved on.
    Step(ResourceKey, StepState, Option<Foreign>),
    /// It is over.
    Ended(Outcome, Option<Foreign>),
}

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A second has passed.
    Tick,
    /// A cluster answered for the first time, or again; it was discovered.
    Connected(ClusterName, Contact),
    /// A cluster was discovered again.
    Rediscovered(ClusterName),
    /// A cluster could not be reached or does not take us.
    ConnectFailed(ClusterName, Trouble),
    /// The probe's answer.
    Probed(ClusterName, Result<Option<Foreign>, Trouble>),
    /// A cluster said something, if only that it lives.
    Alive(ClusterName),
    /// The same of the watch of a scene.
    SceneAlive(ClusterName, Scene),
    /// Schemas of these group-versions are loaded, or known not to be had.
    SchemasLoaded(ClusterName, BTreeSet<Arc<str>>),
    /// The schemas of these kinds are others than before.
    SchemasMoved(ClusterName, BTreeSet<Kind>),
    /// Something that is minded has changed.
    Minded(ClusterName, Aside),
    /// It may not be looked at, or is not served.
    Unminded(ClusterName, Aside),
    /// Records of these names came or went, anywhere on the cluster.
    RecordsMoved(ClusterName, BTreeSet<Arc<str>>),
    /// What live objects of an app say of whose they are.
    Named(AppId, Named),
    /// The apps that a screen shows now.
    Shown(BTreeSet<AppId>),
    /// A list is complete; these keys differ from before.
    Listed(ClusterName, Scene, Vec<ResourceKey>),
    /// A list or watch fails; it goes on trying.
    SceneFailed(ClusterName, Scene, Trouble),
    /// Live objects changed.
    LiveChanged(ClusterName, Vec<ResourceKey>),
    /// A remote's poll ended: heads by revision.
    Polled(RepoName, Result<BTreeMap<String, Result<CommitId, Trouble>>, Trouble>),
    /// A directory changed on disk.
    DirChanged(AppId),
    /// A render ended.
    Rendered(AppTicket, Result<Arc<Desired>, Trouble>),
    /// The record was read; `None` = there is none.
    RecordRead(AppId, Result<Option<Arc<Record>>, Trouble>),
    /// Objects were judged locally.
    Judged(AppTicket, Vec<JudgedRow>),
    /// An object was judged with the server's answer.
    Confirmed(AppTicket, Box<JudgedRow>),
    /// Lines of git were blamed, as of a commit.
    Blamed(AppTicket, CommitId, Told),
    /// The agent's Lease was read: when it was renewed last.
    AgentSeen(ClusterName, Option<Timestamp>),
    /// Somebody wants something done.
    Ordered(Order),
    /// Apps have other ignore rules from now on.
    Ruled(BTreeMap<AppId, Vec<IgnoreRule>>),
    /// A run moved on.
    Ran(RunId, RunNews),
    /// A screen asks.
    Asked(Ticket, Query),
}
