//! Scenes that refuse: admission, quotas, namespaces that end, groups that are down, credentials that count no more.

use super::*;

#[test]
fn admission_denies_its_cast_only_and_only_what_the_server_would_take() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Webhook));
    let mut service = sandbox.service();
    let (status, said) = apply(&mut service, APPS, &deployment("api")).expect("reachable");
    assert_eq!((status, text(&said, "/reason")), (403, "Forbidden"));
    assert!(
        text(&said, "/message").starts_with("admission webhook \"images.example.com\" denied the request: "),
        "{said}"
    );
    let dry = format!("PATCH {APPS}/api?fieldManager=driftdeck&dryRun=All");
    assert_eq!(send(&mut service, &dry, (&deployment("api"), APPLY)).expect("reachable").0, 403, "in dry runs too");
    assert_eq!(apply(&mut service, MAPS, &map("one", "1")).expect("reachable").0, 201, "it is about Deployments");
    let mut wrong = deployment("api");
    wrong["spec"]["selector"] = json!({"matchLabels": {"app": "other"}});
    assert_eq!(apply(&mut service, APPS, &wrong).expect("reachable").0, 422, "the server speaks first");
    assert_eq!(act.times(), 2);
}

#[test]
fn a_webhook_that_does_not_answer_takes_its_time_first() {
    let sandbox = shop();
    let (gate, pace) = Pace::gate();
    sandbox.play(Act::of(Scene::WebhookTimeout).paced(pace));
    let mut service = sandbox.service();
    let path = format!("PATCH {APPS}/api?fieldManager=driftdeck");
    let mut answer = service.call(request(&path, &deployment("api"), APPLY));
    assert!((&mut answer).now_or_never().is_none(), "it is waited for");
    gate.open();
    let (status, said) = block_on(async { whole(answer.await.expect("reachable")).await });
    assert_eq!((status, text(&said, "/reason")), (500, "InternalError"));
    assert!(
        text(&said, "/message").contains("failed calling webhook")
            && text(&said, "/message").ends_with("context deadline exceeded")
    );
}

#[test]
fn a_quota_lets_in_as_much_as_there_was() {
    let sandbox = shop();
    let mut service = sandbox.service();
    apply(&mut service, MAPS, &map("one", "1")).expect("reachable");
    let act = sandbox.play(Act::of(Scene::Quota));
    let (status, said) = apply(&mut service, MAPS, &map("two", "1")).expect("reachable");
    assert_eq!(status, 403);
    assert_eq!(
        text(&said, "/message"),
        "configmaps \"two\" is forbidden: exceeded quota: objects, requested: count/configmaps=1, \
         used: count/configmaps=1, limited: count/configmaps=1"
    );
    assert_eq!(apply(&mut service, MAPS, &map("one", "2")).expect("reachable").0, 200, "changes are no creates");
    assert_eq!(ask(&mut service, &format!("DELETE {MAPS}/one")).expect("reachable").0, 200);
    assert_eq!(apply(&mut service, MAPS, &map("two", "1")).expect("reachable").0, 201, "there is room again");
    assert_eq!(act.times(), 1);
}

#[test]
fn nothing_new_goes_into_a_namespace_that_ends_and_it_says_so() {
    let sandbox = shop();
    let mut service = sandbox.service();
    apply(&mut service, MAPS, &map("one", "1")).expect("reachable");
    sandbox.play(Act::of(Scene::Terminating));
    let (status, said) = send(&mut service, &format!("POST {MAPS}"), (&map("two", "1"), "")).expect("reachable");
    assert_eq!((status, text(&said, "/details/causes/0/reason")), (403, "NamespaceTerminating"));
    assert_eq!(apply(&mut service, MAPS, &map("one", "2")).expect("reachable").0, 200, "what is there may change");
    let other = "POST /api/v1/namespaces/default/configmaps";
    let mut elsewhere = map("two", "1");
    elsewhere["metadata"]["namespace"] = "default".into();
    assert_eq!(send(&mut service, other, (&elsewhere, "")).expect("reachable").0, 201, "default does not end");
    let (_, shown) = ask(&mut service, "GET /api/v1/namespaces/shop").expect("reachable");
    assert_eq!(text(&shown, "/status/phase"), "Terminating");
    assert_eq!(text(&shown, "/metadata/deletionTimestamp"), "2026-01-01T00:00:00Z");
}

#[test]
fn a_group_that_is_down_is_stale_in_discovery_and_503_in_text() {
    let sandbox = shop();
    let mut service = sandbox.service();
    sandbox.play(Act::of(Scene::GroupDown));
    let policies = "GET /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
    for what in [policies, "GET /apis/networking.k8s.io/v1", &format!("{policies}?watch=true")] {
        let answered = ask(&mut service, what).expect("reachable");
        assert_eq!(answered, (503, "service unavailable\n".into()), "{what}");
    }
    assert_eq!(ask(&mut service, "GET /apis/networking.k8s.io").expect("reachable").0, 200, "the aggregator knows it");
    let (_, listed) = ask(&mut service, "GET /apis").expect("reachable");
    let items = listed["items"].as_array().expect("groups");
    let group = items.iter().find(|item| item["metadata"]["name"] == "networking.k8s.io").expect("it is listed");
    assert_eq!(group["versions"], json!([{"version": "v1", "freshness": "Stale"}]));
    let (_, index) = ask(&mut service, "GET /openapi/v3").expect("reachable");
    let paths = index["paths"].as_object().expect("paths");
    assert!(!paths.contains_key("apis/networking.k8s.io/v1") && paths.contains_key("apis/apps/v1"));
    assert_eq!(ask(&mut service, &format!("GET {APPS}")).expect("reachable").0, 200, "the rest works");
}

#[test]
fn nobody_is_signed_in_not_even_for_probes() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::SignedOut));
    let mut service = sandbox.service();
    for what in ["GET /readyz", "GET /version", &format!("GET {MAPS}")] {
        let (status, said) = ask(&mut service, what).expect("reachable");
        assert_eq!((status, text(&said, "/message")), (401, "Unauthorized"), "{what}");
    }
    assert_eq!(act.times(), 3);
}

#[test]
fn namespaces_that_end_say_so_in_kubectls_columns_too() {
    let sandbox = shop();
    sandbox.play(Act::of(Scene::Terminating));
    let mut request = request("GET /api/v1/namespaces", &Value::Null, "");
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    request.headers_mut().insert("accept", accept.parse().expect("a header"));
    let (_, table) = block_on(async { whole(sandbox.service().call(request).await.expect("reachable")).await });
    assert!(table["kind"] == "Table" && table.get("items").is_none(), "a Table as it was: {table}");
    let rows = table["rows"].as_array().expect("rows");
    let phase = |name: &str| rows.iter().find(|row| row["cells"][0] == name).map(|row| row["cells"][1].clone());
    assert_eq!((phase("shop"), phase("default")), (Some("Terminating".into()), Some("Active".into())));
}

#[test]
fn what_is_created_by_protobuf_is_named_too() {
    let part =
        |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).expect("short")], bytes].concat();
    let raw = part(1, &part(1, b"two"));
    let kind = [part(1, b"v1"), part(2, b"ConfigMap")].concat();
    let body = [b"k8s\0".to_vec(), part(1, &kind), part(2, &raw)].concat();
    let sandbox = shop();
    sandbox.play(Act::of(Scene::Quota));
    let request = http::Request::post(MAPS).header("content-type", "application/vnd.kubernetes.protobuf");
    let request = request.body(Full::new(bytes::Bytes::from(body))).expect("a request");
    let (status, said) = block_on(async { whole(sandbox.service().call(request).await.expect("reachable")).await });
    assert_eq!((status, text(&said, "/details/name")), (403, "two"), "{said}");
}
