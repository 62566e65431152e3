//! `SelfSubjectAccessReview` and `SelfSubjectRulesReview`: what the asking account may do. Refuses to ask about others.

use bytes::Bytes;
use serde_json::{Value, json};

use super::account::{Account, Wish};
use super::answer::Answer;
use super::core::World;
use super::failure::Failure;
use super::object::text;
use super::route::Target;

/// Whether a path asks for a review; everybody may.
pub(super) fn is_review(target: &Target) -> bool {
    &*target.kind.group == "authorization.k8s.io"
}

/// Answers a review.
pub(super) fn answer(world: &World, account: &Account, target: &Target, body: &Bytes) -> Result<Answer, Failure> {
    let mut review: Value =
        serde_json::from_slice(body).map_err(|error| Failure::bad(format!("error decoding review: {error}")))?;
    review["kind"] = (*target.kind.kind).into();
    review["apiVersion"] = target.kind.api_version().into();
    if &*target.kind.plural == "selfsubjectrulesreviews" {
        review["status"] = rules(world, account, text(&review, "/spec/namespace"));
    } else {
        review["status"] = json!({"allowed": allowed(account, &review)});
    }
    if review.get("metadata").is_none() {
        review["metadata"] = json!({});
    }
    Ok(Answer::of(201, &review))
}

fn allowed(account: &Account, review: &Value) -> bool {
    let at = |key: &str| text(review, &format!("/spec/resourceAttributes/{key}")).to_owned();
    if review.pointer("/spec/resourceAttributes").is_none() {
        return text(review, "/spec/nonResourceAttributes/verb") == "get";
    }
    let resource = match at("subresource").as_str() {
        "" => at("resource"),
        sub => format!("{}/{sub}", at("resource")),
    };
    account.allows(Wish { verb: &at("verb"), group: &at("group"), resource: &resource, namespace: &at("namespace") })
}

fn rules(world: &World, account: &Account, namespace: &str) -> Value {
    let known = world.kinds.iter().map(|kind| (&*kind.group, &*kind.plural));
    let mut resources: Vec<Value> = account
        .rules_in(namespace, known)
        .into_iter()
        .map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}))
        .collect();
    resources.push(json!({
        "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    }));
    let urls = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    json!({
        "resourceRules": resources, "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": urls}],
        "incomplete": false,
    })
}
