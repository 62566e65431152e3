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
        CallKind::RecordUnreadable(_) => ReasonCode::RecordUnreadable,
        CallKind::NotFound | CallKind::Conflict(_) | CallKind::Gone | CallKind::Other => ReasonCode::Other,
    };
    Trouble { code, message: error.message.clone() }
}

/// Connecting.
pub(super) fn connect(error: &ConnectError) -> Trouble {
    let code = match error {
        ConnectError::Plugin { .. } => ReasonCode::ClusterAuth,
        _ => ReasonCode::ClusterConfig,
    };
    let message = match error {
        ConnectError::ContextNotFound { context, exist, .. } => {
            let there: Vec<&str> = exist.iter().map(crate::model::Foreign::raw).collect();
            format!("{error}: {}; there are {}", context.raw(), there.join(", "))
        }
        ConnectError::BadContext { context, .. } => format!("{error}: {}", context.raw()),
        ConnectError::Plugin { command, .. } => format!("{error}: {}", command.raw()),
        other => other.to_string(),
    };
    Trouble::new(code, message)
}

/// A repository's answer.
pub(super) fn source(error: &SourceError) -> Trouble {
    Trouble { code: error.code(), message: error.sentence() }
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
