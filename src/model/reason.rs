//! Why something is not judged, refused or failed: a code with its own words, and since when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Foreign;

/// A cause with an age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which case; listed in the JSON schema.
    pub code: ReasonCode,
    /// The sentence: whose, where, what to do. May hold a server's words.
    pub message: Foreign,
    /// Since when it holds.
    pub since: Timestamp,
}

/// The closed list of causes. Absent, forbidden, unreachable and stale are different values with different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Before the first judgement.
    Loading,
    /// The account may not read or write it.
    Forbidden,
    /// The cluster does not answer.
    ClusterUnreachable,
    /// The cluster answered last too long ago.
    ClusterStale,
    /// The cluster refuses our credentials.
    ClusterAuth,
    /// The server asks for patience (429).
    Throttled,
    /// The kubeconfig or the context is missing or broken.
    ClusterConfig,
    /// The API server does not serve the kind.
    KindNotServed,
    /// The namespace is being deleted.
    NamespaceTerminating,
    /// The repository does not answer.
    GitUnreachable,
    /// The repository refuses our credentials.
    GitAuth,
    /// No such repository.
    GitNotFound,
    /// The revision is not there (branch gone).
    RevisionNotFound,
    /// The path is not in the commit.
    PathNotFound,
    /// The remote has not confirmed its head for too long.
    GitStale,
    /// A document cannot be read, or a renderer failed.
    RenderFailed,
    /// A renderer program is not installed.
    NeedsProgram,
    /// The render has no objects.
    EmptyRender,
    /// Git names no single object (no kind, no name, twice, in two apps).
    BadIdentity,
    /// The server says the object cannot be applied.
    Rejected,
    /// The server refused the dry run (quota, webhook, immutable); judged locally.
    Refused,
    /// No dry run was to be had; judged locally.
    DryRunUnavailable,
    /// No base: never seen in sync.
    NoBase,
    /// The record names another source.
    RecordOfAnother,
    /// The record lies in another namespace.
    RecordElsewhere,
    /// The record cannot be read or understood.
    RecordUnreadable,
    /// Two apps render the same object, or two names mean one API server.
    Disputed,
    /// Being deleted.
    Deleting,
    /// Anything else, with its sentence.
    Other,
}

impl ReasonCode {
    /// Every code, for the schema.
    pub const ALL: [Self; 29] = [
        Self::Loading,
        Self::Forbidden,
        Self::ClusterUnreachable,
        Self::ClusterStale,
        Self::ClusterAuth,
        Self::Throttled,
        Self::ClusterConfig,
        Self::KindNotServed,
        Self::NamespaceTerminating,
        Self::GitUnreachable,
        Self::GitAuth,
        Self::GitNotFound,
        Self::RevisionNotFound,
        Self::PathNotFound,
        Self::GitStale,
        Self::RenderFailed,
        Self::NeedsProgram,
        Self::EmptyRender,
        Self::BadIdentity,
        Self::Rejected,
        Self::Refused,
        Self::DryRunUnavailable,
        Self::NoBase,
        Self::RecordOfAnother,
        Self::RecordElsewhere,
        Self::RecordUnreadable,
        Self::Disputed,
        Self::Deleting,
        Self::Other,
    ];

    /// Whether the screen says `error` instead of `unknown`: a failed render, git auth or the like needs hands.
    #[must_use]
    pub fn is_error(self) -> bool {
        matches!(
            self,
            Self::RenderFailed
                | Self::GitAuth
                | Self::GitNotFound
                | Self::RevisionNotFound
                | Self::PathNotFound
                | Self::ClusterAuth
                | Self::ClusterConfig
        )
    }
}
