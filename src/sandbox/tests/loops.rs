//! The controller loop on a held clock.

use super::*;

fn condition_of<'v>(object: &'v Value, name: &str) -> &'v Value {
    let all = object["status"]["conditions"].as_array().into_iter().flatten();
    all.clone().find(|one| one["type"] == name).unwrap_or(&Value::Null)
}

fn pods(sandbox: &Sandbox) -> Vec<Value> {
    let list = get(sandbox, "/api/v1/namespaces/shop/pods");
    list["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_deployment_becomes_ready_only_when_the_clock_moves() {
    let sandbox = shop();
    let mut wanted = deployment("x:1");
    wanted["spec"]["replicas"] = json!(3);
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=driftdeck"), (&wanted, APPLY), 201);
    assert_eq!(get(&sandbox, &format!("{APPS}/api"))["status"], json!({}), "a held clock holds the controllers");
    sandbox.advance(Duration::ZERO);
    let young = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!((&young["status"]["replicas"], &young["status"]["unavailableReplicas"]), (&json!(3), &json!(3)));
    assert_eq!(condition_of(&young, "Available")["status"], "False");
    sandbox.advance(Duration::from_secs(5));
    let ready = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!(ready["status"]["readyReplicas"], 3, "{}", ready["status"]);
    assert_eq!(ready["status"]["observedGeneration"], 1);
    assert_eq!(condition_of(&ready, "Progressing")["reason"], "NewReplicaSetAvailable");
    let owned = owners(&ready);
    assert!(owned.iter().any(|(who, _)| who == "kube-controller-manager Update status"), "{owned:?}");
    assert_eq!(ready["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    assert_eq!(pods(&sandbox).len(), 3);
}

#[test]
fn the_loop_comes_to_rest() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
    sandbox.advance(Duration::from_secs(30));
    let rest = version(&sandbox);
    sandbox.advance(Duration::from_hours(1));
    assert_eq!(version(&sandbox), rest, "a healthy fleet writes nothing");
}

#[test]
fn a_new_image_rolls_over_and_the_old_set_is_kept_empty() {
    let sandbox = shop();
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=d"), (&deployment("x:1"), APPLY), 201);
    sandbox.advance(Duration::from_secs(10));
    send_as(&sandbox, &format!("PATCH {APPS}/api?fieldManager=d"), (&deployment("x:2"), APPLY), 200);
    sandbox.advance(Duration::from_mins(1));
    let live = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!((&live["status"]["updatedReplicas"], &live["status"]["replicas"]), (&json!(1), &json!(1)));
    let images: Vec<Value> = pods(&sandbox).iter().map(|pod| pod["spec"]["containers"][0]["image"].clone()).collect();
    assert_eq!(images, [json!("x:2")]);
    let sets = get(&sandbox, "/apis/apps/v1/namespaces/shop/replicasets");
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(2), "the old set stays for a rollback");
}

#[test]
fn an_image_that_does_not_exist_times_the_rollout_out() {
    let sandbox = shop();
    let mut wanted = deployment("x/does-not-exist:1");
    wanted["spec"]["progressDeadlineSeconds"] = json!(60);
    send(&sandbox, &format!("POST {APPS}"), &wanted, 201);
    sandbox.advance(Duration::from_secs(30));
    let pod = &pods(&sandbox)[0];
    assert_eq!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
    sandbox.advance(Duration::from_mins(2));
    let live = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!(condition_of(&live, "Progressing")["reason"], "ProgressDeadlineExceeded", "{}", live["status"]);
}

#[test]
fn the_other_workloads_come_to_health() {
    let sandbox = shop();
    let template =
        json!({"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}});
    let selector = json!({"matchLabels": {"app": "w"}});
    let claim = json!({"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
    }});
    let set = json!({"metadata": {"name": "s"}, "spec": {
        "serviceName": "s", "replicas": 2, "selector": selector, "template": template, "volumeClaimTemplates": [claim],
    }});
    send(&sandbox, "POST /apis/apps/v1/namespaces/shop/statefulsets", &set, 201);
    let daemon = json!({"metadata": {"name": "d"}, "spec": {"selector": selector, "template": template}});
    send(&sandbox, "POST /apis/apps/v1/namespaces/shop/daemonsets", &daemon, 201);
    let mut once = template.clone();
    once["spec"]["restartPolicy"] = "Never".into();
    let job = json!({"metadata": {"name": "j"}, "spec": {"template": once}});
    send(&sandbox, "POST /apis/batch/v1/namespaces/shop/jobs", &job, 201);
    sandbox.advance(Duration::from_secs(30));
    let set = get(&sandbox, "/apis/apps/v1/namespaces/shop/statefulsets/s");
    assert_eq!((&set["status"]["readyReplicas"], &set["status"]["updatedReplicas"]), (&json!(2), &json!(2)));
    let daemon = get(&sandbox, "/apis/apps/v1/namespaces/shop/daemonsets/d");
    assert_eq!((&daemon["status"]["numberReady"], &daemon["status"]["desiredNumberScheduled"]), (&json!(3), &json!(3)));
    let job = get(&sandbox, "/apis/batch/v1/namespaces/shop/jobs/j");
    assert_eq!(condition_of(&job, "Complete")["status"], "True", "{}", job["status"]);
    let claims = get(&sandbox, "/api/v1/namespaces/shop/persistentvolumeclaims");
    let bound =
        claims["items"].as_array().into_iter().flatten().filter(|one| one["status"]["phase"] == "Bound").count();
    assert_eq!(bound, 2, "{claims}");
}

#[test]
fn a_seed_repeats_everything() {
    let run = || {
        let sandbox = shop();
        send(&sandbox, &format!("POST {APPS}"), &deployment("x:1"), 201);
        sandbox.advance(Duration::from_secs(10));
        get(&sandbox, "/api/v1/pods")
    };
    assert_eq!(run(), run());
}
