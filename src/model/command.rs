//! What an operator wants done: the very value that a dialog showed or the command line said.

use jiff::Timestamp;

use super::{AppId, ClusterName, CommitId, Fingerprint, Foreign, IgnoreRule, ResourceKey, RunId};

/// How a revert moves the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevertMode {
    /// A new commit that puts the app's inputs back as they were.
    Restore,
    /// Hold the app at that commit; git is not touched.
    Pin,
}

/// A sync, as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncOrder {
    /// Which app.
    pub app: AppId,
    /// To which commit.
    pub commit: CommitId,
    /// The plan that was shown.
    pub fingerprint: Fingerprint,
    /// The rows that were ticked; prunes among them.
    pub chosen: Vec<ResourceKey>,
    /// Contested rows marked "take it".
    pub take: Vec<ResourceKey>,
    /// Rewrite a record that belongs to another source.
    pub take_over: bool,
    /// Every row that changes something was chosen: the end is a full sync.
    pub full: bool,
}

/// A revert, as previewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevertOrder {
    /// Which app.
    pub app: AppId,
    /// Back to which commit.
    pub to: CommitId,
    /// How.
    pub mode: RevertMode,
    /// The branch head that the preview was made on; the push holds a lease on it.
    pub expected_head: CommitId,
    /// Why, for the commit and the record.
    pub reason: Foreign,
    /// For a pin: until when.
    pub until: Option<Timestamp>,
}

/// Everything that can be asked of the engine, looking aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask remotes and clusters again now; writes nothing.
    Refresh {
        /// One app's, or all.
        app: Option<AppId>,
    },
    /// Apply a plan.
    Sync(SyncOrder),
    /// Hold automatic sync.
    Pause {
        /// Which app.
        app: AppId,
        /// Until when; `None` = no end.
        until: Option<Timestamp>,
        /// Why.
        reason: Foreign,
    },
    /// End a pause.
    Resume {
        /// Which app.
        app: AppId,
    },
    /// Hold at a commit.
    Pin {
        /// Which app.
        app: AppId,
        /// Where.
        commit: CommitId,
        /// Until when; `None` = no end.
        until: Option<Timestamp>,
        /// Why.
        reason: Foreign,
    },
    /// End a pin.
    Unpin {
        /// Which app.
        app: AppId,
    },
    /// Bring git, or a pin, back to a commit.
    Revert(RevertOrder),
    /// Keep an ignore rule of an app, in the config's file where there is one; writes no cluster.
    Ignore {
        /// Whose.
        app: AppId,
        /// The rule; its place is found when it is written.
        rule: Box<IgnoreRule>,
    },
    /// Stop a run before its next object.
    Abort {
        /// Which run.
        run: RunId,
    },
    /// OBSERVE → OPERATE for 15 minutes; local, writes nothing.
    Unlock {
        /// Which cluster.
        cluster: ClusterName,
        /// Why.
        reason: Foreign,
    },
    /// OPERATE → OBSERVE.
    Lock {
        /// Which cluster.
        cluster: ClusterName,
    },
}

/// Names one order over its life; the idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// A command with what its sender answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Unique in the process.
    pub id: OrderId,
    /// What.
    pub command: Command,
    /// The answers.
    pub consent: Consent,
}

/// What the operator answered, from dialog or flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// `y`, Run, or `--yes` (with or without a number).
    pub yes: bool,
    /// The typed number of deletes, or `--yes=N`.
    pub deletes: Option<usize>,
    /// The typed app name, or `--confirm`.
    pub app_name: Option<String>,
    /// `--unlock REASON`: unlocks for this order. In the cockpit the cluster's own unlock counts.
    pub unlock: Option<String>,
    /// `:allow-mass-delete`, or its flag.
    pub mass_delete: Option<usize>,
    /// `--prune` on the command line; in the cockpit the ticks say it.
    pub prune: bool,
}

/// What a process, or one cluster in it, may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `--read-only`: L0 and L1, for the life of the process.
    ReadOnly,
    /// L0, L1, pause and abort.
    Observe,
    /// Everything the gates let through.
    Operate,
}
