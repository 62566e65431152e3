//! Bodies that are no objects, or whose parts are not what they should be: refused or taken, never a panic.

use super::*;

/// Where bodies can be sent, and with what.
const DOORS: [(&str, &str); 16] = [
    ("POST", "/api/v1/namespaces"),
    ("POST", MAPS),
    ("POST", APPS),
    ("PUT", "/apis/apps/v1/namespaces/shop/deployments/api"),
    ("PUT", "/apis/apps/v1/namespaces/shop/deployments/api/status"),
    ("PUT", "/apis/apps/v1/namespaces/shop/deployments/api/scale"),
    ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/api"),
    ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/api/scale"),
    ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/api/status"),
    ("DELETE", "/api/v1/namespaces/shop/configmaps/none?propagationPolicy=Background"),
    ("DELETE", "/api/v1/namespaces/shop/configmaps?dryRun=All&gracePeriodSeconds=1"),
    ("DELETE", "/apis/apps/v1/namespaces/shop/deployments/api?dryRun=All&propagationPolicy=Orphan"),
    ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"),
    ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"),
    ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
];

const PATCHES: [&str; 5] = ["", APPLY, MERGE, "application/json-patch+json", "application/strategic-merge-patch+json"];

/// Values in places where others belong.
fn odd() -> Vec<Value> {
    let parts = [json!([]), json!("x"), json!(7), json!(true), json!({}), json!([[]]), json!([{}]), Value::Null];
    let mut bodies = parts.to_vec();
    for key in ["metadata", "spec", "status", "data", "kind", "apiVersion", "preconditions", "propagationPolicy"] {
        for part in &parts {
            let mut body = json!({"metadata": {"name": "api"}});
            body[key] = part.clone();
            bodies.push(body);
        }
    }
    for key in ["name", "labels", "annotations", "ownerReferences", "finalizers", "managedFields", "creationTimestamp"]
    {
        bodies.extend(parts.iter().map(|part| json!({"metadata": {"name": "api", key: part}})));
    }
    for key in ["template", "selector", "versions", "names", "replicas", "resourceAttributes", "namespace"] {
        bodies.extend(parts.iter().map(|part| json!({"metadata": {"name": "api"}, "spec": {key: part}})));
    }
    bodies.push(json!([{"op": "add", "path": "/metadata", "value": []}]));
    bodies.push(json!([{"op": "replace", "path": "", "value": "x"}]));
    bodies.push(json!([{"op": "remove", "path": "/spec"}]));
    bodies
}

#[test]
fn odd_bodies_are_answered_and_nothing_falls_over() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("a:1"), 201);
    for body in odd() {
        for (method, path) in DOORS {
            let contents = if method == "PATCH" { &PATCHES[1..] } else { &PATCHES[..1] };
            for content in contents {
                let dry = if path.contains('?') { "&" } else { "?" };
                let path = format!("{path}{dry}dryRun=All&fieldManager=ana&force=true");
                let answered = sandbox.request(method, &path, &body, content);
                assert!((200..600).contains(&answered.status), "{method} {path} {content} {body}: {}", answered.status);
            }
        }
    }
    let live = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!(live["metadata"]["generation"], 1, "a dry run leaves all as it was");
}

#[test]
fn a_review_or_options_that_are_no_object_are_refused_in_gos_words() {
    let sandbox = shop();
    let asked = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let refused = send(&sandbox, asked, &json!([]), 400);
    assert_eq!(message(&refused), "json: cannot unmarshal array into Go value of type v1.SelfSubjectAccessReview");
    let asked = format!("DELETE {MAPS}/none?propagationPolicy=Background");
    let refused = send(&sandbox, &asked, &json!("x"), 400);
    assert!(message(&refused).contains("cannot unmarshal string"), "{refused}");
}
