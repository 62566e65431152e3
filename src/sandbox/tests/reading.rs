//! Get, list, pages, selectors, discovery and schemas.

use super::*;

fn fill(sandbox: &Sandbox, count: usize) {
    for n in 0..count {
        let mut map = config_map(&format!("c{n}"), &json!({}));
        map["metadata"]["labels"] = json!({"n": n.to_string(), "odd": if n % 2 == 1 { "yes" } else { "no" }});
        send(sandbox, &format!("POST {MAPS}"), &map, 201);
    }
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or_default()).collect()
}

#[test]
fn pages_make_one_consistent_list_even_when_objects_move_between_them() {
    let sandbox = shop();
    fill(&sandbox, 5);
    let first = get(&sandbox, &format!("{MAPS}?limit=2"));
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["c0", "c1"], &json!(3)));
    send(&sandbox, &format!("DELETE {MAPS}/c2"), &Value::Null, 200);
    send(&sandbox, &format!("POST {MAPS}"), &config_map("c9", &json!({})), 201);
    let token = first["metadata"]["continue"].as_str().expect("a token").to_owned();
    let second = get(&sandbox, &format!("{MAPS}?limit=2&continue={token}"));
    assert_eq!(names(&second), ["c2", "c3"], "the list is as it was when it began");
    let token = second["metadata"]["continue"].as_str().expect("a token").to_owned();
    let last = get(&sandbox, &format!("{MAPS}?limit=2&continue={token}"));
    assert_eq!(names(&last), ["c4"]);
    assert!(last["metadata"].get("continue").is_none());
    sandbox.compact();
    let gone = send(&sandbox, &format!("GET {MAPS}?limit=2&continue={token}"), &Value::Null, 410);
    assert_eq!(gone["reason"], "Expired");
}

#[test]
fn selectors_narrow_a_list() {
    let sandbox = shop();
    fill(&sandbox, 4);
    let table = [
        ("labelSelector=odd%3Dyes", vec!["c1", "c3"]),
        ("labelSelector=odd!%3Dyes,n", vec!["c0", "c2"]),
        ("labelSelector=n%20in%20(0,3)", vec!["c0", "c3"]),
        ("labelSelector=n%20notin%20(0,3)", vec!["c1", "c2"]),
        ("labelSelector=!n", vec![]),
        ("fieldSelector=metadata.name%3Dc2", vec!["c2"]),
        ("fieldSelector=metadata.name!%3Dc2,metadata.namespace%3Dshop", vec!["c0", "c1", "c3"]),
    ];
    for (query, wanted) in table {
        assert_eq!(names(&get(&sandbox, &format!("{MAPS}?{query}"))), wanted, "{query}");
    }
    let refused = send(&sandbox, &format!("GET {MAPS}?fieldSelector=foo%3Dbar"), &Value::Null, 400);
    let known = "is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    assert_eq!(message(&refused), format!("\"foo\" {known}"));
    let refused = send(&sandbox, &format!("GET {MAPS}?labelSelector=a%3D%3D%3Db"), &Value::Null, 400);
    assert_eq!(message(&refused), "unable to parse requirement: found '=', expected: identifier");
}

#[test]
fn what_is_not_there_is_said_as_the_real_server_says_it() {
    let sandbox = shop();
    let table = [
        (format!("GET {APPS}/nope"), 404, "deployments.apps \"nope\" not found"),
        ("GET /apis/apps/v1/namespaces/shop/nope".to_owned(), 404, "the server could not find the requested resource"),
        ("PUT /api/v1/configmaps".to_owned(), 405, "the server does not allow this method on the requested resource"),
        (
            "GET /api/v1/namespaces?resourceVersion=99999999&resourceVersionMatch=NotOlderThan".to_owned(),
            504,
            "Timeout: Too large resource version",
        ),
    ];
    for (what, status, wanted) in table {
        let refused = send(&sandbox, &what, &Value::Null, status);
        assert!(message(&refused).starts_with(wanted), "{what}: {refused}");
        assert_eq!(refused["code"], status);
    }
    assert_eq!(send(&sandbox, "GET /apis/nope/v1/things", &Value::Null, 404), json!("404 page not found\n"));
}

#[test]
fn discovery_lists_what_is_answered_in_both_forms() {
    let sandbox = shop();
    let groups = get(&sandbox, "/apis");
    assert!(groups["groups"].as_array().is_some_and(|all| all.iter().any(|group| group["name"] == "apps")));
    let apps = get(&sandbox, "/apis/apps/v1");
    let found = |name: &str| apps["resources"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == name));
    assert!(found("deployments") && found("deployments/scale") && found("deployments/status"));
    let core = get(&sandbox, "/api/v1");
    let all = core["resources"].as_array().expect("resources");
    assert!(all.iter().any(|one| one["name"] == "events") && !all.iter().any(|one| one["name"] == "pods/exec"));
    for resource in all.iter().filter(|one| !one["name"].as_str().unwrap_or_default().contains('/')) {
        let path = format!("/api/v1/{}", resource["name"].as_str().expect("a name"));
        get(&sandbox, &path);
    }
}

#[test]
fn every_schema_in_the_index_is_served() {
    let sandbox = shop();
    let index = get(&sandbox, "/openapi/v3");
    let paths = index["paths"].as_object().expect("paths");
    assert!(paths.contains_key("apis/apps/v1"));
    for entry in paths.values() {
        let url = entry["serverRelativeURL"].as_str().expect("a url");
        assert!(url.contains("?hash="), "{url}");
        assert!(get(&sandbox, url)["components"]["schemas"].is_object(), "{url}");
    }
    assert_eq!(get(&sandbox, "/version")["gitVersion"], "v1.36.3");
    assert_eq!(get(&sandbox, "/readyz"), json!("ok"));
}

#[test]
fn a_long_list_leaves_piece_by_piece_as_it_was_when_it_was_asked_for() {
    use futures::FutureExt as _;
    use http_body_util::BodyExt as _;
    use tower_service::Service as _;

    let sandbox = shop();
    let text = "x".repeat(40_000);
    for n in 0..5 {
        send(&sandbox, &format!("POST {MAPS}"), &config_map(&format!("c{n}"), &json!({"text": text})), 201);
    }
    let request = http::Request::get(MAPS).body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request");
    let answer = sandbox.service().call(request).now_or_never().expect("at once").expect("reachable");
    send(&sandbox, &format!("DELETE {MAPS}/c4"), &Value::Null, 200);
    let (mut body, mut pieces) = (answer.into_body(), Vec::new());
    while let Some(frame) = body.frame().now_or_never().expect("at once") {
        pieces.push(frame.expect("no break").into_data().expect("data"));
    }
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() < 150_000), "{} pieces", pieces.len());
    let list: Value = serde_json::from_slice(&pieces.concat()).expect("one JSON");
    assert_eq!(names(&list), ["c0", "c1", "c2", "c3", "c4"]);
    assert_eq!(names(&get(&sandbox, MAPS)).len(), 4);
}
