//! Workloads on the sandbox's clock: the table of rows, and that it comes out the same in whatever steps time is moved.

use std::time::Duration;

use driftdeck::sandbox::Sandbox;
use serde_json::{Value, json};

use super::rows::{
    APPS, BATCH, CORE, Row, claim, container, deployment, get, health, list, pass, rows, send, template,
};
use super::shop;

#[test]
fn each_workload_says_at_each_second_what_a_cluster_would() {
    for Row { what, made: (path, body), moments } in rows() {
        let sandbox = shop();
        send(&sandbox, &format!("POST {path}"), &body);
        let mut now = 0;
        sandbox.advance(Duration::ZERO);
        for (at, of, wanted, more) in moments {
            pass(&sandbox, at - now);
            now = at;
            let object = match of {
                "" => get(&sandbox, &format!("{path}/w")),
                of => {
                    let newest = list(&sandbox, &format!("{CORE}/{of}")).pop().unwrap_or_default();
                    get(&sandbox, &format!("{CORE}/{of}/{}", newest["metadata"]["name"].as_str().unwrap_or_default()))
                }
            };
            assert_eq!(health(&object), wanted, "{what}, after {at} s: {}", object["status"]);
            for (pointer, value) in more {
                let own = object.pointer(pointer).unwrap_or(&Value::Null);
                assert_eq!(*own, value, "{what}, after {at} s, {pointer}: {}", object["status"]);
            }
        }
    }
}

/// Everything at once, and people who edit it.
fn busy() -> Sandbox {
    let sandbox = shop();
    let named = |mut body: Value, name: &str| {
        body["metadata"]["name"] = name.into();
        for pointer in ["/spec/selector/matchLabels/app", "/spec/template/metadata/labels/app"] {
            if let Some(own) = body.pointer_mut(pointer) {
                *own = name.into();
            }
        }
        body
    };
    for (n, Row { made: (path, body), .. }) in rows().enumerate() {
        send(&sandbox, &format!("POST {path}"), &named(body, &format!("w{n}")));
    }
    let cron = json!({"metadata": {"name": "often"}, "spec": {
        "schedule": "* * * * *", "jobTemplate": {"spec": {"template": template(&json!({}), "Never")}},
    }});
    send(&sandbox, &format!("POST {BATCH}/cronjobs"), &cron);
    sandbox
}

/// All that is stored, as it is answered.
fn everything(sandbox: &Sandbox) -> String {
    let mut out = String::new();
    for (group, kinds) in [
        ("/api/v1", &["pods", "events", "persistentvolumeclaims", "persistentvolumes"][..]),
        ("/apis/apps/v1", &["deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"]),
        ("/apis/batch/v1", &["jobs", "cronjobs"]),
    ] {
        for kind in kinds {
            for item in list(sandbox, &format!("{group}/{kind}")) {
                out.push_str(&item.to_string());
                out.push('\n');
            }
        }
    }
    out
}

/// Ten minutes in two halves, in steps of so many seconds; between the halves somebody edits.
fn ten_minutes(steps: &[u64]) -> String {
    let sandbox = busy();
    for half in 0..2 {
        let (mut left, mut at) = (300_u64, 0);
        while left > 0 {
            let step = steps[at % steps.len()].min(left);
            pass(&sandbox, step);
            (left, at) = (left - step, at + 1);
        }
        if half == 0 {
            let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}});
            send(&sandbox, &format!("PATCH {APPS}/deployments/w6"), &image);
            send(&sandbox, &format!("PATCH {APPS}/deployments/w8"), &json!({"spec": {"replicas": 4}}));
            send(&sandbox, &format!("PATCH {APPS}/statefulsets/w9"), &image);
            send(&sandbox, &format!("PATCH {APPS}/daemonsets/w10"), &image);
        }
    }
    everything(&sandbox)
}

#[test]
fn ten_minutes_come_out_the_same_in_whatever_steps_they_pass() {
    let whole = ten_minutes(&[300]);
    for steps in [&[1][..], &[7, 1, 60, 3], &[59, 61]] {
        let parts = ten_minutes(steps);
        let differs = whole.lines().zip(parts.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "steps of {steps:?} s");
        assert_eq!(whole.len(), parts.len(), "steps of {steps:?} s");
    }
    assert!(whole.contains("BackoffLimitExceeded") && whole.contains("x:2"), "something happened in them");
}

#[test]
fn two_autoscalers_that_undo_each_other_are_seen() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    for (name, size) in [("few", 2), ("many", 4)] {
        let body = json!({"metadata": {"name": name}, "spec": {
            "minReplicas": size, "maxReplicas": size,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"},
        }});
        send(&sandbox, "POST /apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers", &body);
    }
    sandbox.advance(Duration::from_secs(1));
    let restless = sandbox.unsettled();
    assert!(restless.iter().any(|one| one.starts_with("HorizontalPodAutoscaler shop/")), "{restless:?}");
    send(&sandbox, "DELETE /apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/few", &Value::Null);
    pass(&sandbox, 30);
    assert_eq!(
        get(&sandbox, &format!("{APPS}/deployments/w"))["spec"]["replicas"],
        4,
        "the other one is left in peace"
    );
}

#[test]
fn a_pod_that_somebody_holds_ends_and_stays_until_it_is_let_go() {
    let sandbox = shop();
    let mut pod = json!({"metadata": {"name": "p", "finalizers": ["shop.example/wait"]}, "spec": {"containers": [container(&json!({}))]}});
    pod["spec"]["terminationGracePeriodSeconds"] = json!(30);
    send(&sandbox, &format!("POST {CORE}/pods"), &pod);
    pass(&sandbox, 10);
    send(&sandbox, &format!("DELETE {CORE}/pods/p"), &Value::Null);
    pass(&sandbox, 100);
    let held = get(&sandbox, &format!("{CORE}/pods/p"));
    assert_eq!(
        (&held["status"]["phase"], &held["metadata"]["deletionGracePeriodSeconds"]),
        (&json!("Failed"), &json!(0))
    );
    assert_eq!(held["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"], 137);
    send(&sandbox, &format!("PATCH {CORE}/pods/p"), &json!({"metadata": {"finalizers": null}}));
    assert_eq!(list(&sandbox, &format!("{CORE}/pods")), Vec::<Value>::new());
}

#[test]
fn a_claim_waits_for_its_class_and_its_pod_for_the_claim() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {CORE}/persistentvolumeclaims"), &claim(&json!("fast")));
    let pod = json!({"metadata": {"name": "p"}, "spec": {
        "containers": [container(&json!({}))],
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "w"}}],
    }});
    send(&sandbox, &format!("POST {CORE}/pods"), &pod);
    pass(&sandbox, 60);
    let waiting = get(&sandbox, &format!("{CORE}/pods/p"));
    assert_eq!(waiting["status"]["conditions"][0]["reason"], "Unschedulable", "{}", waiting["status"]);
    let class = json!({"metadata": {"name": "fast"}, "provisioner": "shop.example/disks"});
    send(&sandbox, "POST /apis/storage.k8s.io/v1/storageclasses", &class);
    pass(&sandbox, 5);
    assert_eq!(health(&get(&sandbox, &format!("{CORE}/pods/p"))), "Healthy");
    let volume = &list(&sandbox, "/api/v1/persistentvolumes")[0];
    assert_eq!((&volume["status"]["phase"], &volume["spec"]["claimRef"]["name"]), (&json!("Bound"), &json!("w")));
    send(&sandbox, &format!("DELETE {CORE}/persistentvolumeclaims/w"), &Value::Null);
    pass(&sandbox, 5);
    assert_eq!(list(&sandbox, &format!("{CORE}/persistentvolumeclaims")).len(), 1, "a claim that is mounted stays");
    send(&sandbox, &format!("DELETE {CORE}/pods/p"), &Value::Null);
    pass(&sandbox, 5);
    assert!(list(&sandbox, &format!("{CORE}/persistentvolumeclaims")).is_empty(), "and goes with its pod");
    assert!(list(&sandbox, "/api/v1/persistentvolumes").is_empty(), "and its volume with it");
}

#[test]
fn a_namespace_says_what_holds_it() {
    let sandbox = shop();
    let held = json!({"metadata": {"name": "c", "finalizers": ["shop.example/wait"]}});
    send(&sandbox, &format!("POST {CORE}/configmaps"), &held);
    send(&sandbox, "DELETE /api/v1/namespaces/shop", &Value::Null);
    pass(&sandbox, 10);
    let going = get(&sandbox, "/api/v1/namespaces/shop");
    let said: Vec<&str> = going["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["message"].as_str())
        .collect();
    assert!(said.contains(&"Some resources are remaining: configmaps. has 1 resource instances"), "{said:?}");
    let finalizers =
        "Some content in the namespace has finalizers remaining: shop.example/wait in 1 resource instances";
    assert!(said.contains(&finalizers), "{said:?}");
}

#[test]
fn what_is_told_again_is_counted_and_forgotten_after_an_hour() {
    let sandbox = shop();
    let missing = json!({"image": "x/does-not-exist:1"});
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &missing));
    pass(&sandbox, 400);
    let events = list(&sandbox, &format!("{CORE}/events"));
    let told = |reason: &str| -> Vec<&Value> { events.iter().filter(|event| event["reason"] == reason).collect() };
    assert_eq!(told("ScalingReplicaSet")[0]["source"]["component"], "deployment-controller");
    assert_eq!(told("Scheduled").len(), 1);
    let pulls = told("Pulling");
    assert_eq!((pulls.len(), pulls[0]["count"].as_u64()), (1, Some(6)), "one event, counted: {pulls:?}");
    assert_eq!(pulls[0]["involvedObject"]["fieldPath"], "spec.containers{c}");
    send(&sandbox, &format!("DELETE {APPS}/deployments/w"), &Value::Null);
    pass(&sandbox, 3_700);
    assert_eq!(list(&sandbox, &format!("{CORE}/events")), Vec::<Value>::new());
}

#[test]
fn of_many_pods_made_at_once_the_first_25_are_told() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(40, &json!({})));
    pass(&sandbox, 10);
    let events = list(&sandbox, &format!("{CORE}/events"));
    let made = events.iter().filter(|event| event["reason"] == "SuccessfulCreate").count();
    assert_eq!(made, 25, "client-go's recorder lets no more through");
    assert_eq!(health(&get(&sandbox, &format!("{APPS}/deployments/w"))), "Healthy 40/40 ready");
}

#[test]
fn a_held_job_goes_on_and_a_finished_one_goes_when_its_time_is_over() {
    let sandbox = shop();
    let pod = template(&json!({}), "Never");
    let body = json!({"metadata": {"name": "w"}, "spec": {
        "suspend": true, "ttlSecondsAfterFinished": 60, "template": pod,
    }});
    send(&sandbox, &format!("POST {BATCH}/jobs"), &body);
    pass(&sandbox, 30);
    assert!(list(&sandbox, &format!("{CORE}/pods")).is_empty(), "a held job has no pods");
    send(&sandbox, &format!("PATCH {BATCH}/jobs/w"), &json!({"spec": {"suspend": false}}));
    pass(&sandbox, 10);
    let done = get(&sandbox, &format!("{BATCH}/jobs/w"));
    assert_eq!((health(&done).as_str(), &done["status"]["startTime"]), ("Healthy", &json!("2026-01-01T00:00:30Z")));
    assert_eq!(list(&sandbox, &format!("{CORE}/pods")).len(), 1, "its pod stays with it");
    pass(&sandbox, 70);
    assert!(list(&sandbox, &format!("{BATCH}/jobs")).is_empty() && list(&sandbox, &format!("{CORE}/pods")).is_empty());
}

#[test]
fn a_cordoned_node_gets_no_pod_but_a_daemons() {
    let sandbox = shop();
    for node in ["node-1", "node-2", "node-3"] {
        send(&sandbox, &format!("PATCH /api/v1/nodes/{node}"), &json!({"spec": {"unschedulable": true}}));
    }
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    let mut daemon = deployment(1, &json!({}));
    for key in ["replicas", "progressDeadlineSeconds"] {
        daemon["spec"].as_object_mut().expect("a spec").remove(key);
    }
    daemon["metadata"]["name"] = "d".into();
    daemon["spec"]["selector"]["matchLabels"]["app"] = "d".into();
    daemon["spec"]["template"]["metadata"]["labels"]["app"] = "d".into();
    send(&sandbox, &format!("POST {APPS}/daemonsets"), &daemon);
    pass(&sandbox, 10);
    assert_eq!(health(&get(&sandbox, &format!("{APPS}/daemonsets/d"))), "Healthy 3/3 ready");
    assert_eq!(health(&get(&sandbox, &format!("{APPS}/deployments/w"))), "Progressing 0/1 ready");
    send(&sandbox, "PATCH /api/v1/nodes/node-2", &json!({"spec": {"unschedulable": null}}));
    pass(&sandbox, 10);
    assert_eq!(health(&get(&sandbox, &format!("{APPS}/deployments/w"))), "Healthy 1/1 ready");
}
