//! Rollouts on the sandbox: revisions and their history, going back, pausing, proportions, replacing all at once.

use driftdeck::sandbox::Sandbox;
use serde_json::{Value, json};

use super::rows::{APPS, CORE, deployment, get, list, pass, send};
use super::shop;

const REVISION: &str = "deployment.kubernetes.io/revision";

fn image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}})
}

fn sets(sandbox: &Sandbox) -> Vec<(String, String, u64)> {
    let of = |set: &Value| {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let image = word(&set["spec"]["template"]["spec"]["containers"][0]["image"]);
        (image, word(&set["metadata"]["annotations"][REVISION]), set["spec"]["replicas"].as_u64().unwrap_or_default())
    };
    let mut all: Vec<_> = list(sandbox, &format!("{APPS}/replicasets")).iter().map(of).collect();
    all.sort();
    all
}

fn named(image: &str, revision: &str, replicas: u64) -> (String, String, u64) {
    (image.to_owned(), revision.to_owned(), replicas)
}

#[test]
fn going_back_to_a_template_gives_its_set_the_newest_revision_and_keeps_the_old_number() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    for next in ["x:2", "x:1"] {
        pass(&sandbox, 20);
        send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image(next));
    }
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x:1", "3", 1), named("x:2", "2", 0)]);
    let live = get(&sandbox, &format!("{APPS}/deployments/w"));
    assert_eq!(live["metadata"]["annotations"][REVISION], "3");
    let first = &list(&sandbox, &format!("{APPS}/replicasets"));
    let first = first.iter().find(|set| set["spec"]["replicas"] == 1).expect("one is active");
    assert_eq!(first["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"], "1");
}

#[test]
fn only_so_many_old_sets_are_kept() {
    let sandbox = shop();
    let mut wanted = deployment(1, &json!({}));
    wanted["spec"]["revisionHistoryLimit"] = json!(1);
    send(&sandbox, &format!("POST {APPS}/deployments"), &wanted);
    for next in ["x:2", "x:3", "x:4"] {
        pass(&sandbox, 20);
        send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image(next));
    }
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x:3", "3", 0), named("x:4", "4", 1)]);
}

#[test]
fn a_paused_rollout_stands_still_and_goes_on_when_it_is_resumed() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    pass(&sandbox, 20);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &json!({"spec": {"paused": true}}));
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image("x:2"));
    pass(&sandbox, 300);
    let live = get(&sandbox, &format!("{APPS}/deployments/w"));
    assert_eq!(live["status"]["conditions"][1]["reason"], "DeploymentPaused", "{}", live["status"]);
    assert_eq!(sets(&sandbox), [named("x:1", "1", 1)]);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &json!({"spec": {"paused": false}}));
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x:1", "1", 0), named("x:2", "2", 1)]);
}

#[test]
fn a_rollout_never_has_more_or_fewer_pods_than_it_may() {
    let sandbox = shop();
    let mut wanted = deployment(4, &json!({}));
    wanted["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    send(&sandbox, &format!("POST {APPS}/deployments"), &wanted);
    pass(&sandbox, 20);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image("x:2"));
    for second in 0..40 {
        pass(&sandbox, 1);
        let pods = list(&sandbox, &format!("{CORE}/pods"));
        let active = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count();
        let live = get(&sandbox, &format!("{APPS}/deployments/w"));
        let available = live["status"]["availableReplicas"].as_u64().unwrap_or_default();
        assert!(active <= 5 && available >= 3, "after {second} s: {active} pods, {available} available");
    }
    assert_eq!(sets(&sandbox), [named("x:1", "1", 0), named("x:2", "2", 4)]);
}

#[test]
fn a_size_changed_within_a_stuck_rollout_is_shared_between_its_sets() {
    let sandbox = shop();
    let mut wanted = deployment(10, &json!({}));
    wanted["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}});
    send(&sandbox, &format!("POST {APPS}/deployments"), &wanted);
    pass(&sandbox, 20);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image("x/does-not-exist:2"));
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x/does-not-exist:2", "2", 5), named("x:1", "1", 8)]);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &json!({"spec": {"replicas": 15}}));
    pass(&sandbox, 20);
    assert_eq!(
        sets(&sandbox),
        [named("x/does-not-exist:2", "2", 7), named("x:1", "1", 11)],
        "as the pages of Kubernetes tell it"
    );
}

#[test]
fn recreating_has_no_new_pod_before_the_last_old_one_is_gone() {
    let sandbox = shop();
    let mut wanted = deployment(2, &json!({}));
    wanted["spec"]["strategy"] = json!({"type": "Recreate"});
    send(&sandbox, &format!("POST {APPS}/deployments"), &wanted);
    pass(&sandbox, 20);
    send(&sandbox, &format!("PATCH {APPS}/deployments/w"), &image("x:2"));
    for _ in 0..20 {
        pass(&sandbox, 1);
        let images: std::collections::BTreeSet<String> = list(&sandbox, &format!("{CORE}/pods"))
            .iter()
            .map(|pod| pod["spec"]["containers"][0]["image"].to_string())
            .collect();
        assert!(images.len() <= 1, "old and new at once: {images:?}");
    }
    assert_eq!(sets(&sandbox), [named("x:1", "1", 0), named("x:2", "2", 2)]);
}

#[test]
fn an_orphaned_set_and_its_pods_are_adopted_by_a_deployment_of_the_same_template() {
    let sandbox = shop();
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    pass(&sandbox, 20);
    let before = list(&sandbox, &format!("{CORE}/pods"))[0]["metadata"]["uid"].clone();
    send(&sandbox, &format!("DELETE {APPS}/deployments/w?propagationPolicy=Orphan"), &Value::Null);
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x:1", "1", 1)], "nothing of it goes");
    send(&sandbox, &format!("POST {APPS}/deployments"), &deployment(1, &json!({})));
    pass(&sandbox, 20);
    assert_eq!(sets(&sandbox), [named("x:1", "1", 1)]);
    let pods = list(&sandbox, &format!("{CORE}/pods"));
    assert_eq!((pods.len(), &pods[0]["metadata"]["uid"]), (1, &before));
}

#[test]
fn stateful_sets_and_daemon_sets_keep_their_templates_as_revisions() {
    for (path, update) in [("statefulsets", "updatedReplicas"), ("daemonsets", "updatedNumberScheduled")] {
        let sandbox = shop();
        let mut body = deployment(2, &json!({}));
        body["spec"].as_object_mut().expect("a spec").remove("progressDeadlineSeconds");
        if path == "daemonsets" {
            body["spec"].as_object_mut().expect("a spec").remove("replicas");
        }
        send(&sandbox, &format!("POST {APPS}/{path}"), &body);
        pass(&sandbox, 20);
        for next in ["x:2", "x:1"] {
            send(&sandbox, &format!("PATCH {APPS}/{path}/w"), &image(next));
            pass(&sandbox, 60);
        }
        let revisions = list(&sandbox, &format!("{APPS}/controllerrevisions"));
        let mut of: Vec<(u64, &Value)> = revisions
            .iter()
            .map(|own| {
                let template = &own["data"]["spec"]["template"];
                assert_eq!(template["$patch"], "replace", "it brings the template back whole");
                (own["revision"].as_u64().unwrap_or_default(), &template["spec"]["containers"][0]["image"])
            })
            .collect();
        of.sort_by_key(|(number, _)| *number);
        assert_eq!(of, [(2, &json!("x:2")), (3, &json!("x:1"))], "{path}: going back renews a revision");
        let live = get(&sandbox, &format!("{APPS}/{path}/w"));
        assert!(live["status"][update].as_u64() >= Some(2), "{path}: {}", live["status"]);
        let images: Vec<Value> = list(&sandbox, &format!("{CORE}/pods"))
            .iter()
            .map(|pod| pod["spec"]["containers"][0]["image"].clone())
            .collect();
        assert!(images.iter().all(|image| image == "x:1"), "{path}: {images:?}");
    }
}

#[test]
fn a_stateful_set_is_rolled_down_to_its_partition() {
    let sandbox = shop();
    let mut body = deployment(3, &json!({}));
    body["spec"].as_object_mut().expect("a spec").remove("progressDeadlineSeconds");
    body["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    send(&sandbox, &format!("POST {APPS}/statefulsets"), &body);
    pass(&sandbox, 30);
    send(&sandbox, &format!("PATCH {APPS}/statefulsets/w"), &image("x:2"));
    pass(&sandbox, 30);
    let images: Vec<Value> = list(&sandbox, &format!("{CORE}/pods"))
        .iter()
        .map(|pod| pod["spec"]["containers"][0]["image"].clone())
        .collect();
    assert_eq!(images, [json!("x:1"), json!("x:1"), json!("x:2")]);
    let live = get(&sandbox, &format!("{APPS}/statefulsets/w"));
    assert_ne!(live["status"]["currentRevision"], live["status"]["updateRevision"]);
}
