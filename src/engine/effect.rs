//! What is to be done: the only output of [`super::step`]. Effects are imperative; the driver carries them out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::desired::Desired;
use super::event::{AppTicket, Aside, Memo, Scene};
use crate::model::{
    AppId, ClusterName, CommitId, FieldPath, Gvk, Kind, Order, Query, RepoName, ResourceKey, ResourceRow, Ticket,
};

/// A live scene to list and watch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchWish {
    /// Kind and namespace.
    pub scene: Scene,
    /// The version to read it in: git's; `None` = the server's preferred one.
    pub version: Option<Arc<str>>,
}

impl WatchWish {
    /// A wish for the kind of a manifest.
    #[must_use]
    pub fn of(gvk: &Gvk, namespace: &Arc<str>) -> Self {
        let scene = Scene { kind: gvk.kind(), namespace: namespace.clone() };
        Self { scene, version: Some(gvk.version.clone()) }
    }

    /// A wish for a kind of which no version is known.
    #[must_use]
    pub fn of_kind(kind: &Kind, namespace: &Arc<str>) -> Self {
        Self { scene: Scene { kind: kind.clone(), namespace: namespace.clone() }, version: None }
    }
}

/// What to judge, and against what.
#[derive(Clone, Debug)]
pub struct JudgeWork {
    /// Keys with the stamps they are asked under.
    pub keys: Vec<(ResourceKey, u64)>,
    /// Rows that are settled, with what they were made from: where that has not changed, only health is looked at.
    pub known: BTreeMap<ResourceKey, (Memo, Arc<ResourceRow>)>,
    /// Git's side.
    pub desired: Arc<Desired>,
}

/// Everything that can be done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Connect and discover.
    Connect(ClusterName),
    /// Discover again: kinds may have come.
    Rediscover(ClusterName),
    /// Ask whether it lives.
    Probe(ClusterName),
    /// List and watch; a wish that is already served costs nothing.
    Watch(ClusterName, BTreeSet<WatchWish>),
    /// Load schemas of these group-versions.
    LoadSchemas(ClusterName, BTreeSet<Arc<str>>),
    /// Ask a remote for its heads; fetch on change.
    Poll(RepoName, BTreeSet<String>, BTreeMap<String, CommitId>),
    /// Take a directory as it lies on disk.
    Snapshot(AppTicket),
    /// Render an app at a commit.
    Render(AppTicket, CommitId),
    /// Read an app's record.
    ReadRecord(AppId),
    /// Judge objects locally.
    Judge(AppTicket, JudgeWork),
    /// Ask the server about one object.
    Confirm(AppTicket, JudgeWork),
    /// Remember at which commit objects were seen synced.
    NoteSeen(AppId, CommitId, Vec<ResourceKey>),
    /// Find where git declares these paths, and who touched those lines last.
    Blame(AppTicket, Arc<Desired>, Vec<(ResourceKey, FieldPath)>),
    /// Mind these beside the apps' objects.
    Mind(ClusterName, BTreeSet<Aside>),
    /// Renew our Lease.
    RenewLease(ClusterName),
    /// Do what was ordered, if the gates let it through.
    Execute(Order),
    /// Let a run stop before its next object.
    Abort(crate::model::RunId),
    /// Plan and apply without being asked (agent only).
    AutoSync(AppId),
    /// Answer a screen.
    Answer(Ticket, Query),
}
