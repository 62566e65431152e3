//! Server-side apply: owners, conflicts, force, pruning, refusals.

use super::*;

fn image_patch(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "api", "image": image}]}}},
    })
}

#[test]
fn a_create_owns_what_it_sent_and_the_defaults_as_on_the_real_server() {
    let sandbox = shop();
    let made = send(&sandbox, &format!("POST {APPS}?fieldManager=kubectl-create"), &deployment("x:1"), 201);
    let wanted = json!({
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {
            "f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:revisionHistoryLimit": {}, "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}},
            "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {
                    "f:containers": {"k:{\"name\":\"api\"}": {
                        ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
                        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {
                            ".": {}, "f:containerPort": {}, "f:protocol": {},
                        }},
                        "f:resources": {}, "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
                    }},
                    "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {},
                    "f:terminationGracePeriodSeconds": {},
                },
            },
        },
    });
    assert_eq!(owners(&made), [("kubectl-create Update".to_owned(), wanted)]);
    assert_eq!(made["spec"]["strategy"]["rollingUpdate"], json!({"maxUnavailable": "25%", "maxSurge": "25%"}));
    assert_eq!(made["metadata"]["generation"], 1);
}

#[test]
fn two_managers_conflict_and_force_settles_it() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}?fieldManager=kubectl-create"), &deployment("x:1"), 201);
    let apply = |force: &str, status| {
        let what = format!("PATCH {APPS}/api?fieldManager=driftdeck{force}");
        send_as(&sandbox, &what, (&image_patch("x:2"), APPLY), status)
    };
    let refused = apply("", 409);
    assert_eq!(
        message(&refused),
        "Apply failed with 2 conflicts: conflicts with \"kubectl-create\" using apps/v1:\n- .spec.replicas\n- \
         .spec.template.spec.containers[name=\"api\"].image"
    );
    assert_eq!(
        refused["details"]["causes"][0],
        json!({
            "reason": "FieldManagerConflict", "message": "conflict with \"kubectl-create\" using apps/v1",
            "field": ".spec.replicas",
        })
    );
    let forced = apply("&force=true", 200);
    assert_eq!(forced["metadata"]["generation"], 2, "the spec moved");
    let owned = owners(&forced);
    assert_eq!(owned[0].0, "driftdeck Apply");
    let containers = json!({"k:{\"name\":\"api\"}": {".": {}, "f:image": {}, "f:name": {}}});
    assert_eq!(
        owned[0].1,
        json!({"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": containers}}}})
    );
    let left = &owned[1].1["f:spec"];
    assert!(left.get("f:replicas").is_none(), "the first manager lost what was taken: {left}");
}

#[test]
fn an_edit_takes_the_field_and_shows_its_manager() {
    let sandbox = shop();
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&deployment("x:1"), APPLY), 201);
    let edit = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "api", "image": "x:3", "env": [{"name": "A", "value": "b"}]},
    ]}}}});
    let edited = send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=kubectl-edit"), (&edit, MERGE), 200);
    let owned = owners(&edited);
    assert_eq!(owned[1].0, "kubectl-edit Update");
    assert_eq!(
        owned[1].1,
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": {
            "f:env": {".": {}, "k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}}, "f:image": {},
        }}}}}})
    );
    let again =
        send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&deployment("x:1"), APPLY), 409);
    assert!(message(&again).contains("kubectl-edit"), "{again}");
}

#[test]
fn what_an_applier_drops_goes_unless_another_holds_it() {
    let sandbox = shop();
    let apply = |manager: &str, data: &Value| {
        let what = format!("PATCH {MAPS}/c?fieldManager={manager}");
        let status =
            if sandbox.request("GET", &format!("{MAPS}/c"), &Value::Null, "").status == 404 { 201 } else { 200 };
        send_as(&sandbox, &what, (&config_map("c", data), APPLY), status)
    };
    apply("one", &json!({"a": "1", "b": "2", "c": "3"}));
    apply("two", &json!({"b": "2"}));
    let after = apply("one", &json!({"a": "1"}));
    assert_eq!(after["data"], json!({"a": "1", "b": "2"}), "c went, b is held by the other");
}

#[test]
fn an_equal_apply_writes_nothing() {
    let sandbox = shop();
    let apply = |status| {
        let what = format!("PATCH {APPS}/api?fieldManager=driftdeck");
        send_as(&sandbox, &what, (&deployment("x:1"), APPLY), status)
    };
    let first = apply(201);
    sandbox.advance(Duration::from_secs(1));
    let settled = get(&sandbox, &format!("{APPS}/api"));
    let second = apply(200);
    assert_eq!(second, settled, "no version, no time moves");
    assert_eq!(first["metadata"]["uid"], second["metadata"]["uid"]);
}

#[test]
fn a_dry_run_answers_in_full_and_changes_nothing() {
    let sandbox = shop();
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&deployment("x:1"), APPLY), 201);
    let (before, at) = (get(&sandbox, &format!("{APPS}/api")), version(&sandbox));
    let dry = format!("PATCH {APPS}/api?fieldManager=driftdeck&force=true&dryRun=All&fieldValidation=Strict");
    let would = send_as(&sandbox, &dry, (&deployment("x:9"), APPLY), 200);
    assert_eq!(would["spec"]["template"]["spec"]["containers"][0]["image"], "x:9");
    assert_eq!(would["metadata"]["generation"], 2);
    send(&sandbox, &format!("POST {MAPS}?dryRun=All"), &config_map("c", &json!({})), 201);
    send(&sandbox, &format!("DELETE {APPS}/api?dryRun=All"), &Value::Null, 200);
    assert_eq!((get(&sandbox, &format!("{APPS}/api")), version(&sandbox)), (before, at), "nothing was written");
    send(&sandbox, &format!("GET {MAPS}/c"), &Value::Null, 404);
}

#[test]
fn refused_applies_speak_the_real_servers_sentences() {
    let sandbox = shop();
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&deployment("x:1"), APPLY), 201);
    let head = "failed to create typed patch object (/api; apps/v1, Kind=Deployment): ";
    let with =
        |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": spec});
    let table = [
        (
            "api?fieldManager=x",
            with(json!({"replica": 3})),
            500,
            format!("{head}.spec.replica: field not declared in schema"),
        ),
        (
            "api?fieldManager=x",
            with(json!({"replicas": "3"})),
            500,
            format!("{head}.spec.replicas: expected numeric (int or float), got string"),
        ),
        (
            "api",
            with(json!({})),
            422,
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
                .to_owned(),
        ),
        (
            "other?fieldManager=x",
            with(json!({})),
            400,
            "the name of the object (api) does not match the name on the URL (other)".to_owned(),
        ),
        (
            "api?fieldManager=x",
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api"}}),
            400,
            "invalid object type: /v1, Kind=Pod".to_owned(),
        ),
        (
            "api?fieldManager=x&force=true",
            with(json!({
                "selector": {"matchLabels": {"app": "other"}},
                "template": {"metadata": {"labels": {"app": "other"}}},
            })),
            422,
            "Deployment.apps \"api\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"other\"}}: \
             field is immutable"
                .to_owned(),
        ),
    ];
    for (path, patch, status, wanted) in table {
        let refused = send_as(&sandbox, &format!("PATCH {APPS}/{path}"), (&patch, APPLY), status);
        assert_eq!(message(&refused), wanted);
    }
    let nowhere = APPS.replace("shop", "nope");
    let refused = send_as(&sandbox, &format!("PATCH {nowhere}/api?fieldManager=x"), (&deployment("x"), APPLY), 404);
    assert_eq!(message(&refused), "namespaces \"nope\" not found");
}
