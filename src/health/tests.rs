use serde_json::{Value, json};

use super::assess;
use crate::model::{ClusterName, Gvk, Health, Live, ResourceKey};

fn live(api: &str, kind: &str, object: &Value) -> Live {
    let gvk = Gvk::parse(api, kind);
    let cluster = ClusterName::new("test");
    let key = ResourceKey { cluster, kind: gvk.kind(), namespace: "ns".into(), name: "x".into() };
    let json = object.to_string().into();
    Live { key, gvk, uid: "u".into(), resource_version: "1".into(), created: None, json }
}

fn check(api: &str, kind: &str, object: &Value, health: Health, note: Option<&str>) {
    let (was, said) = assess(&live(api, kind, object));
    assert_eq!(was, health, "{kind}: {object}");
    assert_eq!(said.as_ref().map(crate::model::Foreign::raw), note, "{kind}: {object}");
}

fn rollout(wanted: i64, updated: i64, available: i64) -> Value {
    json!({"metadata": {"generation": 2}, "spec": {"replicas": wanted}, "status": {"observedGeneration": 2,
        "replicas": wanted, "updatedReplicas": updated, "availableReplicas": available}})
}

#[test]
fn a_deployment_is_well_once_all_replicas_are_new_and_available() {
    check("apps/v1", "Deployment", &rollout(6, 6, 6), Health::Healthy, Some("6/6 ready"));
    check("apps/v1", "Deployment", &rollout(6, 6, 3), Health::Progressing, Some("3/6 ready"));
}

#[test]
fn what_the_controller_has_not_observed_is_progressing() {
    let mut object = rollout(1, 1, 1);
    object["metadata"]["generation"] = json!(3);
    check("apps/v1", "Deployment", &object, Health::Progressing, None);
}

#[test]
fn a_missed_deadline_is_degraded_and_a_pause_is_suspended() {
    let mut object = rollout(2, 1, 1);
    object["status"]["conditions"] =
        json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    check("apps/v1", "Deployment", &object, Health::Degraded, Some("ProgressDeadlineExceeded"));
    object["spec"]["paused"] = json!(true);
    check("apps/v1", "Deployment", &object, Health::Suspended, Some("paused"));
}

#[test]
fn a_pod_that_cannot_start_is_degraded() {
    for reason in ["CrashLoopBackOff", "ImagePullBackOff"] {
        let object = json!({"status": {"phase": "Running",
            "containerStatuses": [{"state": {"waiting": {"reason": reason}}}]}});
        check("v1", "Pod", &object, Health::Degraded, Some(reason));
    }
    check("v1", "Pod", &json!({"status": {"phase": "Failed"}}), Health::Degraded, Some("Failed"));
}

#[test]
fn jobs_end_well_or_badly_or_are_held() {
    check("batch/v1", "Job", &json!({"spec": {"suspend": true}}), Health::Suspended, Some("suspended"));
    let done = json!({"status": {"conditions": [{"type": "Complete", "status": "True"}]}});
    check("batch/v1", "Job", &done, Health::Healthy, None);
    let failed =
        json!({"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}});
    check("batch/v1", "Job", &failed, Health::Degraded, Some("BackoffLimitExceeded"));
}

#[test]
fn without_a_rule_only_ready_or_available_counts() {
    check("v1", "ConfigMap", &json!({}), Health::NotJudged, None);
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    check("example.com/v1", "Widget", &ready, Health::Healthy, None);
    let not = json!({"status": {"conditions": [{"type": "Available", "status": "False", "reason": "Down"}]}});
    check("example.com/v1", "Widget", &not, Health::Degraded, Some("Down"));
}
