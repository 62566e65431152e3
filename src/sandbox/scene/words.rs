//! The refusals of scenes, in the words of kube-apiserver 1.36.3 (held to a real one by `tests/scenes/words.rs`).

use serde_json::{Value, json};

use super::super::failure::Failure;
use super::asked::Asked;

/// `timeoutSeconds` of the webhook that does not answer.
pub(super) const WEBHOOK_SECONDS: u64 = 2;
const WEBHOOK: &str = "images.example.com";
const WEBHOOK_URL: &str = "https://images.policy.svc:443/validate";
const QUOTA: &str = "objects";

/// 401.
pub(super) fn signed_out() -> Failure {
    Failure::new(401, "Unauthorized", "Unauthorized")
}

/// 429, by which a server protects itself: text, no Status.
pub(super) const THROTTLED: &str = "Too many requests, please try again later.\n";

/// 500 of a server whose etcd does not follow: no reason, no details.
pub(super) fn broken() -> Failure {
    Failure::new(500, "", "etcdserver: request timed out")
}

/// 410 of a watch from a version that the server does not remember.
pub(super) fn watch_expired(asked: u64, oldest: u64) -> Failure {
    Failure::expired(format!("too old resource version: {asked} ({oldest})"))
}

/// What a webhook that says no makes of a request.
pub(super) fn denied() -> Failure {
    let why = "images must be pinned by digest";
    Failure::new(403, "Forbidden", format!("admission webhook \"{WEBHOOK}\" denied the request: {why}"))
}

/// What one that says nothing makes of it.
pub(super) fn unanswered() -> Failure {
    let url = format!("{WEBHOOK_URL}?timeout={WEBHOOK_SECONDS}s");
    let why = format!("failed to call webhook: Post \"{url}\": context deadline exceeded");
    Failure::internal(&format!("failed calling webhook \"{WEBHOOK}\": {why}"))
}

/// 403 of a quota on the number of objects.
pub(super) fn over_quota(asked: &Asked, name: &str, (used, limit): (u64, u64)) -> Failure {
    let what = format!("count/{}", asked.qualified());
    let why = format!("exceeded quota: {QUOTA}, requested: {what}=1, used: {what}={used}, limited: {what}={limit}");
    forbidden(asked, name, &why)
}

/// 403 of a create in a namespace that goes away.
pub(super) fn terminating(asked: &Asked, name: &str) -> Failure {
    let namespace = &asked.namespace;
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let cause = json!({
        "reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"),
        "field": "metadata.namespace",
    });
    let mut failure = forbidden(asked, name, &why);
    if let Some(details) = &mut failure.details {
        details["causes"] = Value::Array(vec![cause]);
    }
    failure
}

fn forbidden(asked: &Asked, name: &str, why: &str) -> Failure {
    let message = format!("{} \"{name}\" is forbidden: {why}", asked.qualified());
    let mut details = serde_json::Map::new();
    for (key, value) in [("name", name), ("group", &*asked.group), ("kind", &*asked.plural)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), value.into());
        }
    }
    Failure { details: Some(details.into()), ..Failure::new(403, "Forbidden", message) }
}
