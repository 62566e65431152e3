//! Create, update, patches and scale.

use super::*;

#[test]
fn a_second_create_of_a_name_is_refused() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    let refused = send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 409);
    assert_eq!(message(&refused), "deployments.apps \"api\" already exists");
    assert_eq!(refused["details"], json!({"name": "api", "group": "apps", "kind": "deployments"}));
}

#[test]
fn an_update_with_an_old_version_is_refused_and_one_without_is_taken() {
    let sandbox = shop();
    let made = send(&sandbox, &format!("POST {MAPS}"), &config_map("c", &json!({"a": "1"})), 201);
    let mut next = made.clone();
    next["data"]["a"] = "2".into();
    send(&sandbox, &format!("PUT {MAPS}/c"), &next, 200);
    let refused = send(&sandbox, &format!("PUT {MAPS}/c"), &next, 409);
    assert_eq!(
        message(&refused),
        "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to \
         the latest version and try again"
    );
    let updated = send(&sandbox, &format!("PUT {MAPS}/c"), &config_map("c", &json!({"a": "3"})), 200);
    assert_eq!(updated["metadata"]["uid"], made["metadata"]["uid"], "identity is the server's");
}

#[test]
fn unknown_fields_are_refused_under_strict_and_dropped_otherwise() {
    let sandbox = shop();
    let mut wrong = deployment("x:1");
    wrong["spec"]["replica"] = json!(3);
    wrong["spec"]["template"]["spec"]["foo"] = json!(1);
    let refused = send(&sandbox, &format!("POST {APPS}?fieldValidation=Strict"), &wrong, 400);
    assert_eq!(
        message(&refused),
        "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \
         \"spec.replica\", unknown field \"spec.template.spec.foo\""
    );
    let made = send(&sandbox, &format!("POST {APPS}"), &wrong, 201);
    assert!(made["spec"].get("replica").is_none(), "an unknown field is not stored");
}

#[test]
fn required_fields_are_named_all_at_once() {
    let sandbox = shop();
    let empty = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api9"}});
    let refused = send(&sandbox, &format!("POST {APPS}"), &empty, 422);
    assert_eq!(
        message(&refused),
        "Deployment.apps \"api9\" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid \
         value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]"
    );
}

#[test]
fn an_immutable_map_stays_as_it_is() {
    let sandbox = shop();
    let mut map = config_map("c", &json!({"a": "1"}));
    map["immutable"] = true.into();
    send(&sandbox, &format!("POST {MAPS}"), &map, 201);
    let edit = json!({"data": {"a": "2"}});
    let refused = send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&edit, MERGE), 422);
    assert!(message(&refused).contains("field is immutable when `immutable` is set"), "{refused}");
}

#[test]
fn scale_changes_replicas_and_notes_the_scaler_only_where_somebody_held_them() {
    let sandbox = shop();
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&deployment("x:1"), APPLY), 201);
    let scale = |replicas: u32| {
        let patch = json!({"spec": {"replicas": replicas}});
        send_as(&sandbox, &format!("PATCH {APPS}/api/scale?fieldManager=kubectl"), (&patch, MERGE), 200)
    };
    let said = scale(5);
    assert_eq!((&said["kind"], &said["spec"]), (&json!("Scale"), &json!({"replicas": 5})));
    let live = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!((&live["spec"]["replicas"], &live["metadata"]["generation"]), (&json!(5), &json!(2)));
    assert_eq!(owners(&live).len(), 1, "replicas were a default: nobody held them, so no trace");
    let mut held = deployment("x:1");
    held["spec"]["replicas"] = json!(5);
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&held, APPLY), 200);
    scale(6);
    let live = get(&sandbox, &format!("{APPS}/api"));
    let owned = owners(&live);
    assert!(owned.contains(&("kubectl Update scale".to_owned(), json!({"f:spec": {"f:replicas": {}}}))), "{owned:?}");
    assert!(owned[0].1["f:spec"].get("f:replicas").is_none(), "the applier lost them");
}

#[test]
fn the_status_is_written_by_its_own_path_only() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    let patch = json!({"spec": {"replicas": 7}, "status": {"replicas": 4}});
    let after = send_as(&sandbox, &format!("PATCH {APPS}/api/status?fieldManager=c"), (&patch, MERGE), 200);
    assert_eq!((&after["spec"]["replicas"], &after["status"]["replicas"]), (&json!(1), &json!(4)));
    assert_eq!(after["metadata"]["generation"], 1);
    let after = send_as(&sandbox, &format!("PATCH {APPS}/api"), (&json!({"status": {"replicas": 9}}), MERGE), 200);
    assert_eq!(after["status"]["replicas"], 4);
}

#[test]
fn a_patch_of_an_unknown_type_is_415() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {MAPS}"), &config_map("c", &json!({})), 201);
    let odd = "application/odd-patch+json";
    let refused = send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&json!({}), odd), 415);
    assert_eq!(message(&refused), "415: Unsupported Media Type");
    let patch = json!([{"op": "add", "path": "/data", "value": {"x": "y"}}]);
    let done = send_as(&sandbox, &format!("PATCH {MAPS}/c"), (&patch, "application/json-patch+json"), 200);
    assert_eq!(done["data"], json!({"x": "y"}));
}

#[test]
fn secrets_fold_string_data_and_services_get_their_address() {
    let sandbox = shop();
    let secret = json!({"metadata": {"name": "s"}, "stringData": {"k": "v"}});
    let made = send(&sandbox, "POST /api/v1/namespaces/shop/secrets", &secret, 201);
    assert_eq!((&made["data"], &made["type"]), (&json!({"k": "dg=="}), &json!("Opaque")));
    let service = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let made = send(&sandbox, "POST /api/v1/namespaces/shop/services", &service, 201);
    assert_eq!(made["spec"]["ports"], json!([{"port": 80, "protocol": "TCP", "targetPort": 80}]));
    assert_eq!(made["spec"]["clusterIPs"], json!([made["spec"]["clusterIP"]]));
    let patch = json!({"spec": {"selector": {"a": "b"}}});
    let after = send_as(&sandbox, "PATCH /api/v1/namespaces/shop/services/s", (&patch, MERGE), 200);
    assert_eq!(after["spec"]["clusterIP"], made["spec"]["clusterIP"], "an allocation stays");
}

#[test]
fn a_lease_is_renewed_under_its_version() {
    let sandbox = shop();
    let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    let lease =
        json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "a", "renewTime": "2026-01-01T00:00:00.000000Z"}});
    let mut made = send(&sandbox, &format!("POST {path}"), &lease, 201);
    made["spec"]["renewTime"] = "2026-01-01T00:00:10.000000Z".into();
    let renewed = send(&sandbox, &format!("PUT {path}/l"), &made, 200);
    assert_eq!(renewed["spec"]["renewTime"], "2026-01-01T00:00:10.000000Z", "microseconds are kept");
    send(&sandbox, &format!("PUT {path}/l"), &made, 409);
}
