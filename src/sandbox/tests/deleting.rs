//! Delete: preconditions, finalizers, cascade, namespaces.

use super::*;

#[test]
fn preconditions_hold_a_delete_back() {
    let sandbox = shop();
    let made = send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    let own = made["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let with =
        |preconditions: Value| json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions});
    let refused = send(&sandbox, &format!("DELETE {APPS}/api"), &with(json!({"uid": "x"})), 409);
    assert_eq!(
        message(&refused),
        format!(
            "Operation cannot be fulfilled on Deployment.apps \"api\": the UID in the precondition (x) does not match \
             the UID in record ({own}). The object might have been deleted and then recreated"
        )
    );
    let refused = send(&sandbox, &format!("DELETE {APPS}/api"), &with(json!({"resourceVersion": "1"})), 409);
    assert!(message(&refused).contains("the ResourceVersion in the precondition (1)"), "{refused}");
    let version = &made["metadata"]["resourceVersion"];
    let done =
        send(&sandbox, &format!("DELETE {APPS}/api"), &with(json!({"uid": own, "resourceVersion": version})), 200);
    assert_eq!(done["details"], json!({"name": "api", "group": "apps", "kind": "deployments", "uid": own}));
    send(&sandbox, &format!("GET {APPS}/api"), &Value::Null, 404);
}

#[test]
fn a_finalizer_holds_an_object_until_it_is_taken_off() {
    let sandbox = shop();
    let mut map = config_map("c", &json!({}));
    map["metadata"]["finalizers"] = json!(["example.com/hold"]);
    send(&sandbox, &format!("POST {MAPS}"), &map, 201);
    let held = send(&sandbox, &format!("DELETE {MAPS}/c"), &Value::Null, 200);
    assert!(held["metadata"]["deletionTimestamp"].is_string(), "{held}");
    let more = json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}});
    send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&more, MERGE), 422);
    send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&json!({"metadata": {"finalizers": null}}), MERGE), 200);
    send(&sandbox, &format!("GET {MAPS}/c"), &Value::Null, 404);
}

#[test]
fn dependents_follow_their_owner() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    sandbox.advance(Duration::from_secs(10));
    let count = |plural: &str, group: &str| {
        get(&sandbox, &format!("{group}/namespaces/shop/{plural}"))["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((count("replicasets", "/apis/apps/v1"), count("pods", "/api/v1")), (1, 1));
    send(&sandbox, &format!("DELETE {APPS}/api"), &Value::Null, 200);
    sandbox.advance(Duration::from_secs(40));
    assert_eq!((count("replicasets", "/apis/apps/v1"), count("pods", "/api/v1")), (0, 0), "the cascade ran");
}

#[test]
fn a_foreground_delete_waits_for_the_dependents() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    sandbox.advance(Duration::from_secs(10));
    let held = send(&sandbox, &format!("DELETE {APPS}/api?propagationPolicy=Foreground"), &Value::Null, 200);
    assert_eq!(held["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    sandbox.advance(Duration::from_secs(40));
    send(&sandbox, &format!("GET {APPS}/api"), &Value::Null, 404);
}

#[test]
fn a_namespace_goes_with_its_content_and_takes_nothing_new() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {MAPS}"), &config_map("c", &json!({})), 201);
    let going = send(&sandbox, "DELETE /api/v1/namespaces/shop", &Value::Null, 200);
    assert_eq!(going["status"]["phase"], "Terminating");
    let refused = send(&sandbox, &format!("POST {MAPS}"), &config_map("d", &json!({})), 403);
    assert_eq!(
        message(&refused),
        "configmaps \"d\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );
    assert_eq!(refused["details"]["causes"][0]["reason"], "NamespaceTerminating");
    sandbox.advance(Duration::from_secs(1));
    send(&sandbox, "GET /api/v1/namespaces/shop", &Value::Null, 404);
    assert_eq!(get(&sandbox, "/api/v1/configmaps")["items"], json!([]));
}

#[test]
fn a_collection_is_deleted_by_its_labels() {
    let sandbox = shop();
    for (name, label) in [("a", "x"), ("b", "y")] {
        let mut map = config_map(name, &json!({}));
        map["metadata"]["labels"] = json!({"l": label});
        send(&sandbox, &format!("POST {MAPS}"), &map, 201);
    }
    send(&sandbox, &format!("DELETE {MAPS}?labelSelector=l%3Dx"), &Value::Null, 200);
    let left = get(&sandbox, MAPS);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1), "{left}");
}
