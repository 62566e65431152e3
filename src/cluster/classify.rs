//! What an answer other than 2xx means. Owns the table status × text → [`CallKind`]; refuses I/O.
//!
//! Texts are those of kube-apiserver 1.36 (`faults.md` sections 1 and 3). A 500 is not always the server's fault and a
//! 403 is not always RBAC: both are told apart by their words, because there is nothing else to tell them by.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::error::{CallError, CallKind, ConflictOn};
use crate::model::{FieldPath, Foreign, Step};

/// The longest we wait because a server says so.
pub(super) const RETRY_AFTER_CAP: Duration = Duration::from_secs(30);
const MESSAGE_CAP: usize = 16 * 1024;

/// A failure with what the server says about trying again.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub error: CallError,
    pub retry_after: Option<Duration>,
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self { error, retry_after: None }
    }
}

/// `metav1.Status`, as much of it as counts here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    kind: String,
    message: Option<String>,
    reason: Option<String>,
    code: Option<u16>,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Option<Vec<Cause>>,
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: Option<String>,
    message: Option<String>,
    field: Option<String>,
}

impl Status {
    fn causes(&self) -> &[Cause] {
        self.details.as_ref().and_then(|details| details.causes.as_deref()).unwrap_or_default()
    }

    fn has_cause(&self, reason: &str) -> bool {
        self.causes().iter().any(|cause| cause.reason.as_deref() == Some(reason))
    }

    fn says(&self, part: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(part))
    }
}

/// Reads an answer other than 2xx. `retry_after` is the header's value in seconds.
pub(super) fn refusal(code: u16, retry_after: Option<u64>, body: &[u8]) -> Refused {
    let status = serde_json::from_slice::<Status>(body).ok().filter(|status| status.kind == "Status");
    let status = status.unwrap_or_else(|| Status {
        message: Some(String::from_utf8_lossy(body).trim().to_owned()),
        ..Status::default()
    });
    of_status(code, retry_after, &status)
}

/// Reads the Status of a watch's `ERROR` event.
pub(super) fn of_event(text: &str) -> Refused {
    let status: Status = serde_json::from_str(text).unwrap_or_default();
    of_status(status.code.unwrap_or(500), None, &status)
}

fn of_status(code: u16, retry_after: Option<u64>, status: &Status) -> Refused {
    let said = status.details.as_ref().and_then(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
    let retry_after = retry_after.or(said).map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_CAP));
    let message = cut(status.message.as_deref().unwrap_or_default());
    Refused { error: CallError { kind: kind(code, status), message, status: code }, retry_after }
}

fn cut(message: &str) -> Foreign {
    let end = message.floor_char_boundary(MESSAGE_CAP);
    Foreign::from(&message[..end])
}

fn kind(code: u16, status: &Status) -> CallKind {
    if is_admission(status) {
        return CallKind::Webhook;
    }
    match code {
        401 => CallKind::Unauthorized,
        403 => forbidden(status),
        404 => not_found(status),
        409 => CallKind::Conflict(conflicts(status)),
        410 => CallKind::Gone,
        422 if is_immutable(status) => CallKind::Immutable,
        400 if status.says("does not support dry run") => CallKind::Other,
        400 | 413 | 422 => CallKind::Invalid,
        429 => CallKind::Throttled,
        500 if is_typed(status) => CallKind::TypedPatch,
        504 if status.has_cause("ResourceVersionTooLarge") || status.says("Too large resource version") => {
            CallKind::Gone
        }
        408 | 504 => CallKind::Timeout,
        502 | 503 => CallKind::Unreachable,
        _ => CallKind::Other,
    }
}

fn is_admission(status: &Status) -> bool {
    status.says("admission webhook \"") && status.says("denied the request")
        || status.says("failed calling webhook")
        || status.says("ValidatingAdmissionPolicy '")
}

/// RBAC names the user; what admission plugins refuse does not.
fn forbidden(status: &Status) -> CallKind {
    let message = status.message.as_deref().unwrap_or_default();
    let names_user = ["User \"", "user \""].iter().any(|word| message.contains(word));
    if status.has_cause("NamespaceTerminating") || message.contains("because it is being terminated") {
        CallKind::NamespaceTerminating
    } else if message.contains("exceeded quota") {
        CallKind::Quota
    } else if status.reason.as_deref() == Some("Forbidden") && !names_user {
        CallKind::Webhook
    } else {
        CallKind::Forbidden
    }
}

/// A missing kind answers in plain text or without naming an object.
fn not_found(status: &Status) -> CallKind {
    let kind_gone = status.reason.is_none() || status.says("could not find the requested resource");
    if kind_gone { CallKind::KindNotServed } else { CallKind::NotFound }
}

/// What an API server says of a field that cannot change, behind the value that it refuses.
const IMMUTABLE: [&str; 10] = [
    "is immutable",
    "may not change once set",
    "updates to statefulset spec for fields other than",
    "pod updates may not change fields other than",
    "cannot change roleRef",
    "updates to parameters are forbidden",
    "updates to provisioner are forbidden",
    "updates to driverName are forbidden",
    "can not be modified except its tolerationSeconds",
    "may not be changed in an update",
];

/// Whether a refusal is over fields that cannot change. The words of the refused value itself do not count.
fn is_immutable(status: &Status) -> bool {
    let says = |text: &str| IMMUTABLE.iter().any(|word| behind_value(text).contains(word));
    let causes: Vec<&str> = status.causes().iter().filter_map(|cause| cause.message.as_deref()).collect();
    if causes.is_empty() { status.message.as_deref().is_some_and(says) } else { causes.into_iter().any(says) }
}

/// What follows the value in `Invalid value: "…": what is wrong with it`. The value is JSON, or Go's `%v` of a struct.
fn behind_value(text: &str) -> &str {
    const QUOTE: &str = "Invalid value: ";
    let Some(at) = text.find(QUOTE) else { return text };
    let rest = &text[at + QUOTE.len()..];
    let mut value = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
    match value.next() {
        Some(Ok(_)) => rest.get(value.byte_offset()..).unwrap_or_default(),
        _ => rest,
    }
}

fn is_typed(status: &Status) -> bool {
    status.says("failed to create typed patch object") || status.says("failed to convert new object")
}

fn conflicts(status: &Status) -> Vec<ConflictOn> {
    let ours = |cause: &&Cause| cause.reason.as_deref() == Some("FieldManagerConflict");
    status.causes().iter().filter(ours).map(conflict).collect()
}

/// `conflict with "kubectl-edit" using apps/v1`, field `.spec.replicas`. One that cannot be read is kept, without manager
/// or path: a conflict that is left out would be forced.
fn conflict(cause: &Cause) -> ConflictOn {
    let after = cause.message.as_deref().and_then(|message| message.split_once("conflict with \""));
    let (manager, rest) = after.and_then(|(_, after)| after.split_once('"')).unwrap_or_default();
    ConflictOn {
        manager: Foreign::from(manager),
        applies: !rest.contains(" using "),
        path: path_of(cause.field.as_deref().unwrap_or_default()),
    }
}

/// Maps whose keys are free text: what follows them in the server's path is one key, dots included.
const FREE_KEYS: [&str; 8] =
    ["labels", "annotations", "matchLabels", "nodeSelector", "data", "binaryData", "stringData", "selector"];

/// structured-merge-diff's spelling, `.spec.containers[name="app"].image`; it writes keys unquoted.
fn path_of(text: &str) -> FieldPath {
    let (head, key) =
        FREE_KEYS.iter().filter_map(|word| free_key(text, word)).min_by_key(|(head, _)| head.len()).unzip();
    let mut path: FieldPath = head.unwrap_or(text).parse().unwrap_or_default();
    if let Some(key) = key {
        path.0.push(Step::Key(Arc::from(key)));
    }
    path
}

/// Splits behind the first `.word.`; a selector's own `.matchLabels` or `.matchExpressions` is no free key.
fn free_key<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = text.find(&format!(".{word}."))? + word.len() + 1;
    let key = &text[at + 1..];
    let structured = key.is_empty() || key.contains('[') || (word == "selector" && key.starts_with("match"));
    (!structured).then_some((&text[..at], key))
}

#[cfg(test)]
#[path = "classify/tests.rs"]
mod tests;
