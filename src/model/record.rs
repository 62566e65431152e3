//! The record of an app on its cluster (drift.md, *The record*): what was synced, paused, pinned, done.
//! Read back it is foreign input; `cluster` reads and writes it, `model` only names its content.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CommitId, Foreign, Kind};

/// The last full sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// What was applied.
    pub commit: CommitId,
    /// When it ended.
    pub time: Timestamp,
    /// Who: `driftdeck agent`, or `ana@host`.
    pub by: Foreign,
}

/// A hold on automatic sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who.
    pub by: Foreign,
    /// Why.
    pub reason: Foreign,
    /// From when.
    pub since: Timestamp,
    /// Until when; `None` = no end.
    pub until: Option<Timestamp>,
}

/// A hold at a commit: desired is that commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Where to.
    pub commit: CommitId,
    /// Who.
    pub by: Foreign,
    /// Why.
    pub reason: Foreign,
    /// From when.
    pub since: Timestamp,
    /// Until when; `None` = no end.
    pub until: Option<Timestamp>,
}

/// Something that was done, for the record's last twenty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// `sync`, `revert`, `pause`, `resume`, `pin`, `unpin`, `take-over`.
    pub what: Foreign,
    /// Who.
    pub by: Foreign,
    /// When it ended.
    pub time: Timestamp,
    /// The commit concerned.
    pub commit: Option<CommitId>,
    /// How it ended, in words.
    pub result: Foreign,
}

/// One object that we applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryLine {
    /// Group and kind.
    #[serde(flatten)]
    pub kind: Kind,
    /// Empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    /// `metadata.name`.
    pub name: Arc<str>,
    /// The uid at the time.
    pub uid: Arc<str>,
    /// The commit at which this object was last applied or found equal.
    pub commit: CommitId,
    /// Hash of what was applied.
    pub hash: Arc<str>,
}

/// The whole record, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// `resourceVersion` of the first ConfigMap; empty = there is none yet.
    pub resource_version: Arc<str>,
    /// The source it belongs to: repository URL and path.
    pub source: Option<(Foreign, Foreign)>,
    /// The revision followed.
    pub revision: Option<Foreign>,
    /// The last full sync.
    pub deployed: Option<Deployed>,
    /// Paused or not.
    pub paused: Option<Pause>,
    /// Pinned or not.
    pub pinned: Option<Pin>,
    /// The last twenty, newest last.
    pub operations: Vec<Operation>,
    /// What was applied.
    pub inventory: Vec<InventoryLine>,
}

impl Record {
    /// The annotation that ties an object to its record (drift.md *The record*): `<record namespace>/<app>`. Sent with every
    /// apply, never a finding.
    pub const ANNOTATION: &str = "driftdeck.dev/app";

    /// The pause in force at a time.
    #[must_use]
    pub fn pause_at(&self, now: Timestamp) -> Option<&Pause> {
        self.paused.as_ref().filter(|pause| pause.until.is_none_or(|until| until > now))
    }
}
