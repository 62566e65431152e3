//! `SelfSubjectAccessReview`, `SelfSubjectRulesReview` and `SelfSubjectReview`: who asks, and what it may do. Refuses to
//! ask about others.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Account, Wish};
use super::answer::Answer;
use super::core::World;
use super::failure::Failure;
use super::json as body_json;
use super::object::text;
use super::route::Target;

/// Whether a path asks for a review; everybody may.
pub(super) fn is_review(target: &Target) -> bool {
    matches!(&*target.kind.group, "authorization.k8s.io" | "authentication.k8s.io")
}

/// Answers a review.
pub(super) fn answer(
    (world, now): (&World, Timestamp),
    account: &Account,
    target: &Target,
    body: &Bytes,
) -> Result<Answer, Failure> {
    let mut review = body_json::read_object(body, &format!("v1.{}", target.kind.kind)).map_err(Failure::bad)?;
    review["kind"] = (*target.kind.kind).into();
    review["apiVersion"] = target.kind.api_version().into();
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    review["status"] = match &*target.kind.plural {
        "selfsubjectrulesreviews" => rules(world, account, text(&review, "/spec/namespace")),
        "selfsubjectreviews" => {
            review["metadata"]["creationTimestamp"] = now.to_string().into();
            json!({"userInfo": {"username": account.user(), "uid": account.user(), "groups": account.groups()}})
        }
        _ => json!({"allowed": allowed(account, &review)}),
    };
    Ok(Answer::of(201, &review))
}

fn allowed(account: &Account, review: &Value) -> bool {
    let at = |key: &str| text(review, &format!("/spec/resourceAttributes/{key}")).to_owned();
    if review.pointer("/spec/resourceAttributes").is_none() {
        return account.is_admin() || text(review, "/spec/nonResourceAttributes/verb") == "get";
    }
    let resource = match at("subresource").as_str() {
        "" => at("resource"),
        sub => format!("{}/{sub}", at("resource")),
    };
    account.allows(Wish { verb: &at("verb"), group: &at("group"), resource: &resource, namespace: &at("namespace") })
}

/// What `system:public-info-viewer` opens to everybody.
const PUBLIC: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
/// What `system:discovery` opens to whoever is signed in.
const DISCOVERY: [&str; 11] = [
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

fn rules(world: &World, account: &Account, namespace: &str) -> Value {
    let known = world.kinds.iter().map(|kind| (&*kind.group, &*kind.plural));
    let create =
        |group: &str, resources: &[&str]| json!({"verbs": ["create"], "apiGroups": [group], "resources": resources});
    let mut resources = vec![
        create("authorization.k8s.io", &["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
        create("authentication.k8s.io", &["selfsubjectreviews"]),
    ];
    let own = account.rules_in(namespace, known).into_iter();
    resources
        .extend(own.map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources})));
    let mut urls = vec![
        json!({"verbs": ["get"], "nonResourceURLs": DISCOVERY}),
        json!({"verbs": ["get"], "nonResourceURLs": PUBLIC}),
    ];
    if account.is_admin() {
        urls.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    json!({"resourceRules": resources, "nonResourceRules": urls, "incomplete": false})
}
