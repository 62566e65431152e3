//! Why a call failed, in the few kinds that lead to different words and deeds. The server's sentence stays raw.

use crate::model::{FieldPath, Foreign};

/// One field that another manager holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictOn {
    /// Who holds it.
    pub manager: Foreign,
    /// By an apply; else by an update, after which the server names the version.
    pub applies: bool,
    /// Which field; best effort, because the server writes keys with dots unquoted.
    pub path: FieldPath,
}

/// What a failure means for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// 401, or credentials that cannot be had: not signed in.
    Unauthorized,
    /// 403 by RBAC.
    Forbidden,
    /// No such object.
    NotFound,
    /// The server does not serve the kind (any more).
    KindNotServed,
    /// 409: other managers hold fields, or, with an empty list, somebody wrote in between.
    Conflict(Vec<ConflictOn>),
    /// 422: a field that cannot be changed.
    Immutable,
    /// 400, 413, 422: the object is not one.
    Invalid,
    /// 500 that is no server fault: server-side apply cannot read the object (unknown field, wrong type, double key).
    TypedPatch,
    /// 403 by a quota.
    Quota,
    /// Refused by admission, or a webhook that does not answer.
    Webhook,
    /// 403 because the namespace is being deleted.
    NamespaceTerminating,
    /// 429.
    Throttled,
    /// No answer within the time, or 504.
    Timeout,
    /// No connection, or 502 and 503.
    Unreachable,
    /// 410, or a resourceVersion from the future: list again.
    Gone,
    /// The record on the cluster is none, or not whole: what is wrong with it.
    RecordUnreadable(&'static str),
    /// Anything else.
    Other,
}

impl CallKind {
    /// Whether the server has said nothing of what was asked: that is not a no.
    #[must_use]
    pub fn is_no_answer(&self) -> bool {
        matches!(self, Self::Unauthorized | Self::Throttled | Self::Timeout | Self::Unreachable)
    }

    /// The kind in words, for logs and as a last resort on screen.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unauthorized => "not signed in",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::KindNotServed => "kind not served",
            Self::Conflict(_) => "conflict",
            Self::Immutable => "immutable field",
            Self::Invalid => "invalid",
            Self::TypedPatch => "cannot be read as its kind",
            Self::Quota => "quota exceeded",
            Self::Webhook => "refused by admission",
            Self::NamespaceTerminating => "namespace terminating",
            Self::Throttled => "throttled",
            Self::Timeout => "timed out",
            Self::Unreachable => "unreachable",
            Self::Gone => "resource version gone",
            Self::RecordUnreadable(_) => "record unreadable",
            Self::Other => "failed",
        }
    }
}

/// A call that failed.
///
/// `message` is the server's own sentence, raw, at most 16 KiB. **It may hold values of the object that was sent**, for a
/// Secret its plain text (`faults.md` 1.3): whoever hands it on for a Secret passes it through `diff::scrub` first.
/// Neither `Display` nor `Debug` print it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} (HTTP {status})", kind.word())]
pub struct CallError {
    /// What it means.
    pub kind: CallKind,
    /// The server's words, or the transport's.
    pub message: Foreign,
    /// HTTP status; 0 = there was no answer.
    pub status: u16,
}

impl CallError {
    /// Whether a write that ended so may have been done all the same: no answer, none that could be read, or a server
    /// that failed while writing ("etcdserver: request timed out" comes after a commit as well).
    #[must_use]
    pub fn may_have_written(&self) -> bool {
        match self.kind {
            CallKind::Timeout | CallKind::Unreachable => true,
            CallKind::Other => self.status == 0 || self.status == 200 || self.status == 201 || self.status >= 500,
            _ => false,
        }
    }

    /// What there was in place of an answer, where a write may have been done all the same.
    #[must_use]
    pub fn in_place_of_an_answer(&self) -> &'static str {
        if self.status == 0 { "the answer was lost" } else { "the server failed at it" }
    }

    /// A failure without an answer.
    pub(super) fn local(kind: CallKind, message: impl Into<Foreign>) -> Self {
        Self { kind, message: message.into(), status: 0 }
    }
}
