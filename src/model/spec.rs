//! What the operator asked for: clusters, repositories, apps, rules. Made by `config`, checked there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{AppId, ClusterName, FieldPath, Kind, RepoName};

/// A cluster to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpec {
    /// Its name here.
    pub name: ClusterName,
    /// The kube context; `None` = in-cluster credentials or the current context.
    pub context: Option<String>,
    /// The kubeconfig file; `None` = KUBECONFIG or the usual place.
    pub kubeconfig: Option<PathBuf>,
    /// Whether writing by hand takes an unlock.
    pub protected: bool,
    /// Where the records of all its apps lie; `None` = in each app's namespace.
    pub record_namespace: Option<String>,
    /// `judge = "local"`: no dry runs.
    pub judge_local: bool,
    /// Kinds of which no dry run is sent, as `kind:` writes them.
    pub judge_local_kinds: Vec<String>,
}

impl ClusterSpec {
    /// Whether an object of that kind is judged without a dry run.
    #[must_use]
    pub fn judges_locally(&self, kind: &Kind) -> bool {
        self.judge_local || self.judge_local_kinds.iter().any(|name| **name == *kind.kind)
    }
}

/// How to sign in to a repository; what is not set is asked of `git credential fill`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// User name beside the token; `git` when not set.
    pub username: Option<String>,
    /// Environment variable that holds the token.
    pub token_env: Option<String>,
    /// File that holds the token.
    pub token_file: Option<PathBuf>,
    /// Private key for ssh.
    pub ssh_key: Option<PathBuf>,
    /// Host keys for ssh.
    pub known_hosts: Option<PathBuf>,
    /// CA bundle (PEM) for https.
    pub ca_file: Option<PathBuf>,
    /// Proxy URL for https.
    pub proxy: Option<String>,
}

/// A git repository to poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoSpec {
    /// Its name here.
    pub name: RepoName,
    /// Checked URL: https, ssh, or file where the operator wrote it; no credentials in it.
    pub url: String,
    /// How to sign in.
    pub credentials: Credentials,
    /// How often the remote is asked.
    pub interval: Duration,
}

/// Where an app's manifests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A path in a repository at a revision (branch, tag or commit).
    Git {
        /// Which.
        repo: RepoName,
        /// Branch, tag or full commit id.
        revision: String,
        /// `/`-separated, no leading or trailing slash; empty = the root.
        path: String,
    },
    /// A directory as it lies on disk.
    Dir {
        /// Absolute.
        path: PathBuf,
    },
}

/// A location, as shown and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpec {
    /// Where.
    pub location: Location,
}

/// What happens unasked (by an agent only).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Sync when git moves.
    pub auto: bool,
    /// Sync when live moves.
    pub self_heal: bool,
    /// Tick prune in plans made by hand.
    pub prune: bool,
}

/// What an ignore rule does with what it matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// Not counted as a difference; written with its object, when a sync writes that.
    #[default]
    Hide,
    /// Shown and counted; a sync leaves it as it is.
    Leave,
    /// Neither counted nor written.
    Both,
}

impl Effect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hide, Self::Leave, Self::Both];

    /// As the config writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Leave => "leave",
            Self::Both => "both",
        }
    }

    /// Whether what it matches is put aside.
    #[must_use]
    pub const fn hides(self) -> bool {
        matches!(self, Self::Hide | Self::Both)
    }

    /// Whether a sync leaves what it matches as it is.
    #[must_use]
    pub const fn leaves(self) -> bool {
        matches!(self, Self::Leave | Self::Both)
    }
}

/// A rule that keeps a difference from counting. Globs; `None` matches all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// Its place in the config, such as `apps[payments].ignore[0]`.
    pub place: Arc<str>,
    /// Kind.
    pub kind: Option<String>,
    /// Object name.
    pub name: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Path and everything below it, as [`super::ignore`] matches it.
    pub path: Option<FieldPath>,
    /// Field manager that wrote the live value.
    pub manager: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Why it is there.
    pub reason: Option<String>,
}

/// A rule that masks values as those of a Secret are. Globs; `None` matches all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskRule {
    /// Its place in the config, such as `apps[payments].mask[0]`.
    pub place: Arc<str>,
    /// Kind.
    pub kind: Option<String>,
    /// Object name.
    pub name: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Path and everything below it; `*` in a key stands for any text, as a step for any one step.
    pub path: FieldPath,
    /// Why it is there.
    pub reason: Option<String>,
}

/// One app at one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSpec {
    /// Name and cluster.
    pub id: AppId,
    /// Where its manifests come from.
    pub source: SourceSpec,
    /// Fills in what has none, and bounds what is written.
    pub namespace: String,
    /// More namespaces that may be written; globs.
    pub namespaces: Vec<String>,
    /// Cluster-scoped kinds that may be written; globs.
    pub cluster_kinds: Vec<String>,
    /// What happens unasked.
    pub policy: Policy,
    /// Rules, the app's own first, then the global ones.
    pub ignore: Vec<IgnoreRule>,
    /// What is masked beside Secrets, the app's own rules first, then the global ones.
    pub mask: Vec<MaskRule>,
    /// Hide byte lengths of masked values.
    pub mask_length: bool,
}
