//! What kubectl asks for beside objects, and what the comparison of its commands on both servers found.

use super::*;

#[test]
fn a_self_review_says_who_asks() {
    let path = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews";
    let said = send(&shop(), path, &json!({}), 201);
    let user = json!({"username": "admin", "uid": "admin", "groups": ["system:masters", "system:authenticated"]});
    assert_eq!(said["status"]["userInfo"], user);
    assert_eq!(said["metadata"]["creationTimestamp"], "2026-01-01T00:00:00Z");
}

#[test]
fn the_old_openapi_is_a_document_without_paths() {
    let said = get(&shop(), "/openapi/v2");
    assert_eq!((&said["swagger"], &said["paths"]), (&"2.0".into(), &json!({})));
}

#[test]
fn a_later_policy_of_deletion_takes_the_place_of_an_earlier_one() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x"), 201);
    let delete = format!("DELETE {APPS}/api");
    let held = send(&sandbox, &delete, &json!({"propagationPolicy": "Orphan"}), 200);
    assert_eq!(held["metadata"]["finalizers"], json!(["orphan"]));
    let held = send(&sandbox, &delete, &json!({"propagationPolicy": "Foreground"}), 200);
    assert_eq!(held["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    send(&sandbox, &delete, &json!({"propagationPolicy": "Background"}), 200);
    send(&sandbox, &format!("GET {APPS}/api"), &Value::Null, 404);
}

#[test]
fn labels_and_containers_have_names_that_the_server_takes() {
    let sandbox = shop();
    let mut object = config_map("c", &json!({}));
    object["metadata"]["labels"] = json!({"bad key": "x"});
    let said = send(&sandbox, &format!("POST {MAPS}"), &object, 422);
    assert_eq!(said["details"]["causes"][0]["field"], "metadata.labels");
    object["metadata"]["labels"] = json!({"example.com/good": "-bad"});
    send(&sandbox, &format!("POST {MAPS}"), &object, 422);
    object["metadata"]["labels"] = json!({"example.com/good": ""});
    send(&sandbox, &format!("POST {MAPS}"), &object, 201);
    let mut object = deployment("x");
    object["spec"]["template"]["spec"]["containers"][0]["name"] = "Bad_".into();
    let said = send(&sandbox, &format!("POST {APPS}"), &object, 422);
    assert_eq!(said["details"]["causes"][0]["field"], "spec.template.spec.containers[0].name");
}

#[test]
fn an_unknown_field_selector_is_refused_in_the_words_of_its_kind() {
    let sandbox = shop();
    let said = send(&sandbox, &format!("GET {MAPS}?fieldSelector=nosuch%3D1"), &Value::Null, 400);
    let known = "is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    assert!(message(&said).ends_with(known), "{}", message(&said));
    let said = send(&sandbox, "GET /api/v1/pods?fieldSelector=nosuch%3D1", &Value::Null, 400);
    assert!(message(&said).ends_with("field label not supported: nosuch"), "{}", message(&said));
}

#[test]
fn a_jobs_labels_that_came_from_its_template_grow_with_it() {
    let sandbox = shop();
    let job = |name: &str, labels: &Value| {
        let template = json!({
            "metadata": {"labels": {"app": "once"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]},
        });
        json!({"metadata": {"name": name, "labels": labels}, "spec": {"template": template}})
    };
    let path = "POST /apis/batch/v1/namespaces/shop/jobs";
    let made = send(&sandbox, path, &job("a", &Value::Null), 201);
    assert_eq!(made["metadata"]["labels"]["job-name"], "a");
    let made = send(&sandbox, path, &job("b", &json!({"own": "yes"})), 201);
    assert_eq!(made["metadata"]["labels"], json!({"own": "yes"}));
}

#[test]
fn without_admission_and_kubelets_a_pod_stays_as_it_was_sent() {
    let sandbox = shop();
    sandbox.without_admission();
    sandbox.without_kubelets();
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}]}});
    let path = "/api/v1/namespaces/shop/pods";
    send(&sandbox, &format!("POST {path}"), &pod, 201);
    sandbox.advance(Duration::from_mins(1));
    let pod = get(&sandbox, &format!("{path}/p"));
    for key in ["tolerations", "priority", "nodeName"] {
        assert_eq!(pod["spec"][key], Value::Null, "{key}");
    }
    assert_eq!(pod["status"]["phase"], "Pending");
}
