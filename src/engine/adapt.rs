//! The errors of other rooms as values of this one: a code, and a sentence that says whose, where, what to do.

use super::event::Trouble;
use crate::cluster::{CallError, CallKind, ConnectError};
use crate::model::ReasonCode;
use crate::render::RenderError;
use crate::source::SourceError;

/// A cluster's answer.
pub(super) fn call(error: &CallError) -> Trouble {
    let code = match error.kind {
        CallKind::Unauthorized => ReasonCode::ClusterAuth,
        CallKind::Forbidden => ReasonCode::Forbidden,
        CallKind::KindNotServed => ReasonCode::KindNotServed,
        CallKind::NamespaceTerminating => ReasonCode::NamespaceTerminating,
        CallKind::Timeout | CallKind::Unreachable | CallKind::Throttled => ReasonCode::ClusterUnreachable,
        CallKind::Invalid | CallKind::TypedPatch => ReasonCode::Rejected,
        CallKind::Quota | CallKind::Webhook | CallKind::Immutable => ReasonCode::Refused,
        CallKind::NotFound | CallKind::Conflict(_) | CallKind::Gone | CallKind::Other => ReasonCode::Other,
    };
    Trouble { code, message: error.message.clone() }
}

/// Connecting.
pub(super) fn connect(error: &ConnectError) -> Trouble {
    match error {
        ConnectError::Call(error) => call(error),
        other => Trouble::new(ReasonCode::ClusterConfig, other.to_string()),
    }
}

/// A repository's answer.
pub(super) fn source(error: &SourceError) -> Trouble {
    let code = match error {
        SourceError::NotFound { .. } => ReasonCode::GitNotFound,
        SourceError::Auth { .. } => ReasonCode::GitAuth,
        SourceError::RevisionNotFound { .. } => ReasonCode::RevisionNotFound,
        SourceError::PathNotFound { .. } => ReasonCode::PathNotFound,
        _ => ReasonCode::GitUnreachable,
    };
    Trouble::new(code, error.to_string())
}

/// A render.
pub(super) fn render(error: &RenderError) -> Trouble {
    let code = match error {
        RenderError::NeedsProgram { .. } => ReasonCode::NeedsProgram,
        RenderError::PathNotFound { .. } => ReasonCode::PathNotFound,
        _ => ReasonCode::RenderFailed,
    };
    Trouble::new(code, error.to_string())
}
