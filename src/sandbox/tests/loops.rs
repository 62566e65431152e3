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
    sandbox.advance(Duration::from_hours(2));
    let rest = version(&sandbox);
    sandbox.advance(Duration::from_hours(24));
    assert_eq!(version(&sandbox), rest, "a healthy fleet writes nothing once its events are forgotten");
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

/// An autoscaler of `api` between two and four.
fn autoscaler() -> Value {
    json!({
        "metadata": {"name": "api"},
        "spec": {
            "minReplicas": 2, "maxReplicas": 4,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
        },
    })
}

#[test]
fn an_autoscaler_keeps_its_target_between_its_bounds() {
    let sandbox = shop();
    let path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
    send(&sandbox, &format!("POST {APPS}?fieldManager=kubectl"), &deployment("x:1"), 201);
    send(&sandbox, &format!("POST {path}"), &autoscaler(), 201);
    sandbox.advance(Duration::from_secs(30));
    let live = get(&sandbox, &format!("{APPS}/api"));
    assert_eq!((&live["spec"]["replicas"], &live["status"]["readyReplicas"]), (&json!(2), &json!(2)));
    let owned = owners(&live);
    let scaled = owned.iter().find(|(who, _)| who == "kube-controller-manager Update scale");
    assert!(scaled.is_some_and(|(_, set)| set["f:spec"]["f:replicas"] == json!({})), "{owned:?}");
    let load = json!({"metadata": {"annotations": {"sandbox.driftdeck.dev/replicas": "9"}}});
    send_as(&sandbox, &format!("PATCH {path}/api"), (&load, MERGE), 200);
    sandbox.advance(Duration::from_secs(30));
    let own = get(&sandbox, &format!("{path}/api"));
    assert_eq!((&own["status"]["desiredReplicas"], &own["status"]["currentReplicas"]), (&json!(4), &json!(4)));
    assert_eq!(condition_of(&own, "ScalingLimited")["reason"], "TooManyReplicas");
    let by_hand = json!({"spec": {"replicas": 1}});
    send_as(&sandbox, &format!("PATCH {APPS}/api/scale"), (&by_hand, MERGE), 200);
    sandbox.advance(Duration::from_secs(30));
    assert_eq!(get(&sandbox, &format!("{APPS}/api"))["spec"]["replicas"], 4, "who scales by hand is overruled");
    sandbox.advance(Duration::from_hours(2));
    let rest = version(&sandbox);
    sandbox.advance(Duration::from_hours(1));
    assert_eq!(version(&sandbox), rest, "an autoscaler that has nothing to do writes nothing");
}

#[test]
fn a_cron_job_makes_a_job_when_its_time_comes_and_keeps_the_newest() {
    let sandbox = shop();
    let path = "/apis/batch/v1/namespaces/shop/cronjobs";
    let pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]});
    let body = json!({
        "metadata": {"name": "report"},
        "spec": {"schedule": "*/10 * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    });
    send(&sandbox, &format!("POST {path}"), &body, 201);
    let jobs = || get(&sandbox, "/apis/batch/v1/namespaces/shop/jobs")["items"].as_array().cloned().unwrap_or_default();
    sandbox.advance(Duration::from_mins(9));
    assert!(jobs().is_empty(), "its time has not come");
    sandbox.advance(Duration::from_mins(1));
    let first = jobs();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["metadata"]["name"], "report-29453770", "it is named by its minute");
    assert_eq!(first[0]["metadata"]["ownerReferences"][0]["kind"], "CronJob");
    let own = get(&sandbox, &format!("{path}/report"));
    assert_eq!(own["status"]["lastScheduleTime"], "2026-01-01T00:10:00Z");
    assert_eq!(own["status"]["active"][0]["name"], "report-29453770");
    for _ in 0..12 {
        sandbox.advance(Duration::from_mins(5));
    }
    sandbox.advance(Duration::from_mins(5));
    assert_eq!(jobs().len(), 3, "three that succeeded are kept");
    let own = get(&sandbox, &format!("{path}/report"));
    let last = own["status"]["lastSuccessfulTime"].as_str().unwrap_or_default();
    assert!(last.starts_with("2026-01-01T01:10:0"), "{}", own["status"]);
    let newest =
        |jobs: &[Value]| jobs.iter().filter_map(|job| job["metadata"]["name"].as_str().map(str::to_owned)).max();
    sandbox.advance(Duration::from_mins(95));
    assert_eq!(newest(&jobs()).as_deref(), Some("report-29453930"), "a leap of time makes every run");
    let names: Vec<Value> = jobs().iter().map(|job| job["metadata"]["name"].clone()).collect();
    assert!(names.contains(&json!("report-29453920")), "and the newest are kept: {names:?}");
    sandbox.advance(Duration::from_mins(1));
    let hold = json!({"spec": {"suspend": true}});
    send_as(&sandbox, &format!("PATCH {path}/report"), (&hold, MERGE), 200);
    sandbox.advance(Duration::from_hours(2));
    let rest = version(&sandbox);
    sandbox.advance(Duration::from_hours(9));
    let later = jobs();
    assert!(later.iter().all(|job| job["metadata"]["creationTimestamp"].as_str() < Some("2026-01-01T03:00:00Z")));
    assert_eq!(version(&sandbox), rest, "a suspended one starts nothing");
}
