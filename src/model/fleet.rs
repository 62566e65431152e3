//! What everybody reads: the state of all apps, clusters and remotes at one moment. Written by `engine::publish` alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    AppId, Base, Basis, ClusterName, CommitId, CommitInfo, Deployed, Finding, Foreign, Health, Hidden, Mode, Moved,
    Origin, Pause, Pin, Policy, Reason, RepoName, ResourceKey, RunId, RunRow, SourceSpec, Verdict,
};

/// The whole picture. `Arc` per row, so that a publish clones pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Rises with each publish that changed something.
    pub version: u64,
    /// When it was published.
    pub generated_at: Option<Timestamp>,
    /// `--read-only`.
    pub read_only: bool,
    /// In the config's order.
    pub clusters: Vec<Arc<ClusterRow>>,
    /// In the config's order.
    pub remotes: Vec<Arc<RemoteRow>>,
    /// By id; screens sort for themselves.
    pub apps: Vec<Arc<AppRow>>,
    /// Newest last; ended ones stay for the screens, at most 50.
    pub runs: Vec<Arc<RunRow>>,
    /// What is wrong, newest first; at most 100.
    pub errors: Vec<ErrorRow>,
    /// Requests made so far.
    pub cost: Cost,
}

impl Fleet {
    /// The app of that id.
    #[must_use]
    pub fn app(&self, id: &AppId) -> Option<&Arc<AppRow>> {
        self.apps.iter().find(|row| row.id == *id)
    }

    /// The cluster of that name.
    #[must_use]
    pub fn cluster(&self, name: &ClusterName) -> Option<&Arc<ClusterRow>> {
        self.clusters.iter().find(|row| row.name == *name)
    }
}

/// How a cluster's connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClusterState {
    /// First contact is being made.
    Connecting,
    /// Lists are coming in.
    Syncing,
    /// Answering.
    Connected,
    /// Answering, but some kinds are forbidden.
    Degraded,
    /// Lost; trying again.
    Reconnecting,
    /// Silent for too long: nothing it said counts as now.
    Stale,
    /// Credentials refused.
    AuthFailed,
    /// The kubeconfig or context is missing or broken.
    Misconfigured,
}

impl ClusterState {
    /// The words on screen and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Syncing => "syncing",
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::Reconnecting => "reconnecting",
            Self::Stale => "stale",
            Self::AuthFailed => "auth failed",
            Self::Misconfigured => "misconfigured",
        }
    }
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRow {
    /// Name in the config.
    pub name: ClusterName,
    /// Kube context.
    pub context: Option<Foreign>,
    /// Writing by hand takes an unlock.
    pub protected: bool,
    /// Connection.
    pub state: ClusterState,
    /// What this process may do there now.
    pub mode: Mode,
    /// End and reason of an unlock.
    pub unlocked: Option<(Timestamp, Foreign)>,
    /// When it answered last.
    pub observed_at: Option<Timestamp>,
    /// Why it is not connected, or what is degraded.
    pub reason: Option<Reason>,
    /// Apps that live there.
    pub apps: usize,
    /// Kinds and namespaces watched; and of them, listed so far.
    pub watches: (usize, usize),
    /// `v1.36.3`.
    pub server_version: Option<Foreign>,
    /// TLS is not verified.
    pub insecure: bool,
}

/// How a remote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemoteState {
    /// Never asked yet.
    Waiting,
    /// Answered at its last poll.
    Ok,
    /// Its last poll failed.
    Failing,
}

/// One repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRow {
    /// Name in the config.
    pub name: RepoName,
    /// Its URL, without credentials.
    pub url: Foreign,
    /// How it stands.
    pub state: RemoteState,
    /// When it last confirmed its heads.
    pub fetched_at: Option<Timestamp>,
    /// When it is asked next.
    pub next_poll: Option<Timestamp>,
    /// Why it fails.
    pub reason: Option<Reason>,
}

/// Where an app's manifests come from, as of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// From the config.
    pub spec: SourceSpec,
    /// The branch head, or `dir:<hash>`.
    pub head: Option<CommitId>,
    /// Commits between desired and head, when pinned.
    pub ahead: Option<usize>,
    /// For a directory inside a git work tree: its HEAD, and whether it is dirty.
    pub worktree: Option<(CommitId, bool)>,
    /// When the remote confirmed its head.
    pub fetched_at: Option<Timestamp>,
}

/// What is known of the agent that writes unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentSeen {
    /// Not looked, or nothing there.
    #[default]
    Never,
    /// Its Lease was renewed then.
    At(Timestamp),
    /// This process is the agent.
    Self_,
}

/// How many objects differ: `~changed +added -removed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects in all.
    pub total: usize,
    /// Differing in fields.
    pub changed: usize,
    /// Missing live.
    pub added: usize,
    /// Extra live.
    pub removed: usize,
    /// Findings hidden by rules.
    pub hidden: usize,
    /// Not confirmed by the server yet.
    pub pending: usize,
    /// Equal but not owned by us.
    pub unadopted: usize,
}

/// One app at one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Name and cluster.
    pub id: AppId,
    /// Its namespace.
    pub namespace: Foreign,
    /// Its cluster is protected.
    pub protected: bool,
    /// Rolled up.
    pub verdict: Verdict,
    /// Rolled up.
    pub health: Health,
    /// When the last of its judgements was made.
    pub observed_at: Option<Timestamp>,
    /// Since when it has this verdict: as its traces say (writes, commits, the last sync), else as this process saw.
    pub since: Option<Timestamp>,
    /// Where it comes from.
    pub source: SourceRow,
    /// The newest commit that touched the app's inputs (or the pin).
    pub desired: Option<CommitInfo>,
    /// The last full sync.
    pub deployed: Option<Deployed>,
    /// Its record was read, or is known not to be there: what is `None` here is none, not unknown.
    pub record_known: bool,
    /// Held, by whom, why, until.
    pub paused: Option<Pause>,
    /// Held at a commit.
    pub pinned: Option<Pin>,
    /// Why the whole app is unknown, invalid or in error.
    pub reason: Option<Reason>,
    /// Set when verdicts stand on data that is not fresh: they are "as of".
    pub stale: Option<Reason>,
    /// What happens unasked.
    pub policy: Policy,
    /// Who would do it.
    pub agent: AgentSeen,
    /// Sorted by key.
    pub resources: Vec<Arc<ResourceRow>>,
    /// How many differ.
    pub counts: Counts,
    /// The run in progress.
    pub running: Option<RunId>,
    /// Newer news of git, record or live is on its way into the rows: what they say is of a moment ago.
    pub settling: bool,
    /// Stripped fields, ignored files, unstable renders: said, not hidden.
    pub warnings: Vec<Foreign>,
}

/// One object of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    /// Identity.
    pub key: ResourceKey,
    /// The version in git, or live where git has none.
    pub version: Arc<str>,
    /// Live uid.
    pub uid: Option<Arc<str>>,
    /// The word.
    pub verdict: Verdict,
    /// Which side moved.
    pub moved: Option<Moved>,
    /// Third leg.
    pub base: Base,
    /// Live health.
    pub health: Health,
    /// What health says in words, such as `3/6 ready`.
    pub health_note: Option<Foreign>,
    /// Who answered.
    pub basis: Basis,
    /// Local difference not confirmed yet.
    pub pending: bool,
    /// The server's refusal.
    pub refused: Option<Foreign>,
    /// Why unknown, invalid, terminating, local.
    pub reason: Option<Reason>,
    /// Differences that count.
    pub findings: Vec<Finding>,
    /// Differences that rules hid.
    pub hidden: Vec<Hidden>,
    /// Apply wave.
    pub wave: i32,
    /// Where git declares it.
    pub origin: Option<Origin>,
    /// Live creation time.
    pub created: Option<Timestamp>,
    /// Inside the app's bounds.
    pub in_bounds: bool,
    /// Synced in values, not owned by us.
    pub unadopted: bool,
}

/// Something that is wrong, for the errors screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// Whose: an app, a cluster or a repository.
    pub whose: Foreign,
    /// What.
    pub reason: Reason,
    /// What to do.
    pub hint: Foreign,
}

/// What looking has cost so far: requests to API servers by verb, and comparisons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Count by verb; what was never sent is absent.
    pub requests: BTreeMap<&'static str, u64>,
    /// Objects compared; an object whose status alone was written is looked at, not compared.
    pub judged: u64,
}

impl Cost {
    /// Every verb, in the order they are told. `watch-renewal` = a watch that goes on where the last one ended,
    /// `probe` = is the server alive, `fresh` = the dry run that tells defaults from additions,
    /// `review` = may the account.
    pub const VERBS: [&'static str; 12] = [
        "get",
        "list",
        "watch",
        "dry-run",
        "patch",
        "create",
        "update",
        "delete",
        "probe",
        "review",
        "watch-renewal",
        "fresh",
    ];

    /// Requests of one verb.
    #[must_use]
    pub fn of(&self, verb: &str) -> u64 {
        self.requests.get(verb).copied().unwrap_or_default()
    }
}
