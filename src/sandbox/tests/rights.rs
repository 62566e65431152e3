//! Accounts, reviews, outages, counts: what the service door adds to the request door.

use futures::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service as _;

use super::*;

fn ask(service: &mut Service, method: &str, path: &str, body: &Value) -> Option<Result<(u16, Value), Unreachable>> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = http::Request::builder().method(method).uri(path).body(Full::new(bytes::Bytes::from(body)));
    let answered = service.call(request.expect("a request")).now_or_never()?;
    Some(answered.map(|response| {
        let status = response.status().as_u16();
        let body = response.into_body().collect().now_or_never().expect("whole").expect("read").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }))
}

#[test]
fn an_account_without_rights_gets_the_real_sentence() {
    let sandbox = shop();
    let mut service = sandbox.as_user(Account::all_but("x", &[("", "secrets")]));
    let mut get = |path: &str| ask(&mut service, "GET", path, &Value::Null).expect("answered").expect("reachable");
    let (status, refused) = get("/api/v1/namespaces/shop/secrets");
    assert_eq!(status, 403);
    assert_eq!(
        message(&refused),
        "secrets is forbidden: User \"x\" cannot list resource \"secrets\" in API group \"\" in the namespace \"shop\""
    );
    assert_eq!(refused["details"], json!({"kind": "secrets"}));
    let (_, refused) = get("/api/v1/secrets?watch=true");
    assert!(message(&refused).ends_with("cannot watch resource \"secrets\" in API group \"\" at the cluster scope"));
    assert_eq!(get(MAPS).0, 200, "the rest works");
}

#[test]
fn reviews_tell_what_the_account_may() {
    let sandbox = shop();
    let only = Rule {
        verbs: vec!["get".to_owned()],
        groups: vec![String::new()],
        resources: vec!["secrets".to_owned()],
        namespace: Some("shop".to_owned()),
    };
    let mut service = sandbox.as_user(Account::with_rules("x", vec![only]));
    let mut may = |namespace: &str, verb: &str| {
        let attributes = json!({"verb": verb, "resource": "secrets", "namespace": namespace});
        let review = json!({"spec": {"resourceAttributes": attributes}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let (status, said) = ask(&mut service, "POST", path, &review).expect("answered").expect("reachable");
        assert_eq!(status, 201);
        said["status"]["allowed"].clone()
    };
    assert_eq!(
        (may("shop", "get"), may("shop", "list"), may("other", "get")),
        (true.into(), false.into(), false.into())
    );
    let review = json!({"spec": {"namespace": "shop"}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let (_, said) = ask(&mut service, "POST", path, &review).expect("answered").expect("reachable");
    let rules = said["status"]["resourceRules"].as_array().expect("rules");
    let resources: Vec<&Value> = rules.iter().map(|rule| &rule["resources"]).collect();
    let reviews = json!(["selfsubjectaccessreviews", "selfsubjectrulesreviews"]);
    assert_eq!(
        resources,
        [&reviews, &json!(["selfsubjectreviews"]), &json!(["secrets"])],
        "its own beside the reviews"
    );
}

#[test]
fn a_cut_cluster_refuses_a_mute_one_hangs_and_a_restored_one_is_as_it_was() {
    let sandbox = shop();
    let mut service = sandbox.service();
    sandbox.cut();
    assert_eq!(ask(&mut service, "GET", MAPS, &Value::Null), Some(Err(Unreachable)));
    sandbox.mute();
    assert_eq!(ask(&mut service, "GET", MAPS, &Value::Null), None, "no answer, no end");
    sandbox.restore();
    let answered = ask(&mut service, "GET", "/api/v1/namespaces/shop", &Value::Null);
    assert_eq!(answered.expect("answered").expect("reachable").0, 200);
}

#[test]
fn requests_are_counted_by_verb() {
    let sandbox = shop();
    get(&sandbox, MAPS);
    get(&sandbox, "/api/v1/namespaces/shop");
    send_as(&sandbox, &format!("PATCH {MAPS}/c?fieldManager=x"), (&config_map("c", &json!({})), APPLY), 201);
    send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&json!({}), MERGE), 200);
    get(&sandbox, "/version");
    let counts = sandbox.requests();
    for (verb, wanted) in [("list", 1), ("get", 1), ("apply", 1), ("patch", 1), ("create", 1), ("other", 1)] {
        assert_eq!(counts.get(verb), Some(&wanted), "{verb} of {counts:?}");
    }
}

#[test]
fn a_body_over_three_mebibytes_is_refused() {
    let sandbox = shop();
    let big = config_map("c", &json!({"a": "x".repeat(3 * 1024 * 1024)}));
    let (status, _) = ask(&mut sandbox.service(), "POST", MAPS, &big).expect("answered").expect("reachable");
    assert_eq!(status, 413);
}
