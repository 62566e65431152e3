//! Workloads by the second: what their status says, and how the health room judges it; and what a test asks a sandbox.

use std::time::Duration;

use driftdeck::health::assess;
use driftdeck::model::{ClusterName, Gvk, Live, ResourceKey};
use driftdeck::sandbox::Sandbox;
use serde_json::{Value, json};

pub const APPS: &str = "/apis/apps/v1/namespaces/shop";
pub const BATCH: &str = "/apis/batch/v1/namespaces/shop";
pub const CORE: &str = "/api/v1/namespaces/shop";
const MERGE: &str = "application/merge-patch+json";

pub fn send(sandbox: &Sandbox, what: &str, body: &Value) -> Value {
    let (method, path) = what.split_once(' ').expect("method and path");
    let content = if method == "PATCH" { MERGE } else { "" };
    let answered = sandbox.request(method, path, body, content);
    assert!(matches!(answered.status, 200 | 201), "{what}: {} {}", answered.status, answered.body);
    answered.body
}

pub fn get(sandbox: &Sandbox, path: &str) -> Value {
    send(sandbox, &format!("GET {path}"), &Value::Null)
}

pub fn list(sandbox: &Sandbox, path: &str) -> Vec<Value> {
    get(sandbox, path)["items"].as_array().cloned().unwrap_or_default()
}

/// Moves time, and says that the loop found rest.
pub fn pass(sandbox: &Sandbox, seconds: u64) {
    sandbox.advance(Duration::from_secs(seconds));
    assert_eq!(sandbox.unsettled(), Vec::<String>::new(), "the loop finds rest");
}

/// `Progressing 0/2 ready`, as the health room says it.
pub fn health(object: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let gvk = Gvk::parse(&word(&object["apiVersion"]), &word(&object["kind"]));
    let key = ResourceKey {
        cluster: ClusterName::new("sandbox"),
        kind: gvk.kind(),
        namespace: "shop".into(),
        name: word(&object["metadata"]["name"]).into(),
    };
    let json = object.to_string().into();
    let (health, note) = assess(&Live { key, gvk, uid: "u".into(), resource_version: "1".into(), created: None, json });
    format!("{health:?} {}", note.map(|note| note.raw().to_owned()).unwrap_or_default()).trim_end().to_owned()
}

pub fn container(extra: &Value) -> Value {
    let mut own = json!({"name": "c", "image": "x:1"});
    for (key, value) in extra.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    own
}

pub fn template(extra: &Value, policy: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "w"}},
        "spec": {"restartPolicy": policy, "containers": [container(extra)]},
    })
}

fn selector() -> Value {
    json!({"matchLabels": {"app": "w"}})
}

pub fn deployment(replicas: u64, extra: &Value) -> Value {
    json!({
        "metadata": {"name": "w"},
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 60, "selector": selector(),
            "template": template(extra, "Always"),
        },
    })
}

fn job(extra: &Value, policy: &str, limit: u64) -> Value {
    json!({"metadata": {"name": "w"}, "spec": {"backoffLimit": limit, "template": template(extra, policy)}})
}

pub fn claim(class: &Value) -> Value {
    let mut body = json!({
        "metadata": {"name": "w"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    if !class.is_null() {
        body["spec"]["storageClassName"] = class.clone();
    }
    body
}

/// What is said at a second: of which objects, how the health room judges them, and what else stands there.
pub type Moment = (u64, &'static str, &'static str, Vec<(&'static str, Value)>);

pub struct Row {
    pub what: &'static str,
    pub made: (String, Value),
    pub moments: Vec<Moment>,
}

fn row(what: &'static str, path: &str, body: Value, moments: Vec<Moment>) -> Row {
    Row { what, made: (path.to_owned(), body), moments }
}

const STATE: &str = "/status/containerStatuses/0/state/waiting/reason";
const RESTARTS: &str = "/status/containerStatuses/0/restartCount";

fn failing() -> Vec<Row> {
    let missing = json!({"image": "x/does-not-exist:1"});
    let never = json!({"readinessProbe": {"exec": {"command": ["false"]}}});
    let fails = json!({"command": ["false"]});
    let deployments = format!("{APPS}/deployments");
    let (this, pods) = ("", "pods");
    vec![
        row(
            "an image that is not there",
            &deployments,
            deployment(1, &missing),
            vec![
                (0, pods, "Progressing Pending", vec![(STATE, json!("ContainerCreating"))]),
                (2, pods, "Degraded ErrImagePull", vec![("/status/phase", json!("Pending"))]),
                (5, pods, "Degraded ImagePullBackOff", vec![(RESTARTS, json!(0))]),
                (6, this, "Progressing 0/1 ready", vec![("/status/unavailableReplicas", json!(1))]),
                (70, this, "Degraded ProgressDeadlineExceeded", vec![("/status/conditions/1/status", json!("False"))]),
                (400, pods, "Degraded ImagePullBackOff", vec![]),
            ],
        ),
        row(
            "a probe that never succeeds",
            &deployments,
            deployment(1, &never),
            vec![
                (5, pods, "Progressing not ready", vec![("/status/phase", json!("Running"))]),
                (70, this, "Degraded ProgressDeadlineExceeded", vec![("/status/replicas", json!(1))]),
            ],
        ),
        row(
            "a container that fails",
            &deployments,
            deployment(1, &fails),
            vec![
                (
                    30,
                    pods,
                    "Degraded CrashLoopBackOff",
                    vec![(RESTARTS, json!(2)), ("/status/phase", json!("Running"))],
                ),
                (60, pods, "Degraded CrashLoopBackOff", vec![(RESTARTS, json!(3))]),
                (300, pods, "Degraded CrashLoopBackOff", vec![(RESTARTS, json!(5))]),
                (301, this, "Degraded ProgressDeadlineExceeded", vec![]),
            ],
        ),
    ]
}

fn failing_jobs() -> Vec<Row> {
    let fails = json!({"command": ["false"]});
    let (this, pods, jobs) = ("", "pods", format!("{BATCH}/jobs"));
    vec![
        row(
            "a job whose pods fail",
            &jobs,
            job(&fails, "Never", 1),
            vec![
                (9, this, "Progressing 0/1 done", vec![("/status/failed", json!(1)), ("/status/active", Value::Null)]),
                (20, this, "Progressing 0/1 done", vec![("/status/active", json!(1))]),
                (30, this, "Degraded BackoffLimitExceeded", vec![("/status/failed", json!(2))]),
            ],
        ),
        row(
            "a job whose container is restarted",
            &jobs,
            job(&fails, "OnFailure", 2),
            vec![
                (9, pods, "Healthy", vec![(RESTARTS, json!(1))]),
                (60, this, "Degraded BackoffLimitExceeded", vec![("/status/failed", json!(1))]),
            ],
        ),
        row(
            "a claim of a class that is not there",
            &format!("{CORE}/persistentvolumeclaims"),
            claim(&json!("fast")),
            vec![(60, this, "Progressing Pending", vec![("/spec/volumeName", Value::Null)])],
        ),
    ]
}

fn going_well() -> Vec<Row> {
    let none = json!({});
    let this = "";
    let mut paused = deployment(2, &none);
    paused["spec"]["paused"] = json!(true);
    let mut slow = deployment(1, &none);
    slow["spec"]["minReadySeconds"] = json!(20);
    vec![
        row(
            "a deployment",
            &format!("{APPS}/deployments"),
            deployment(2, &none),
            vec![
                (0, this, "Progressing 0/2 ready", vec![("/status/observedGeneration", json!(1))]),
                (5, this, "Healthy 2/2 ready", vec![("/status/conditions/1/reason", json!("NewReplicaSetAvailable"))]),
            ],
        ),
        row(
            "a paused deployment",
            &format!("{APPS}/deployments"),
            paused,
            vec![(5, this, "Suspended paused", vec![("/status/replicas", Value::Null)])],
        ),
        row(
            "a deployment that counts a pod after twenty seconds",
            &format!("{APPS}/deployments"),
            slow,
            vec![
                (10, this, "Progressing 0/1 ready", vec![("/status/readyReplicas", json!(1))]),
                (30, this, "Healthy 1/1 ready", vec![("/status/availableReplicas", json!(1))]),
            ],
        ),
    ]
}

fn others_going_well() -> Vec<Row> {
    let none = json!({});
    let this = "";
    let set = json!({"metadata": {"name": "w"}, "spec": {
        "serviceName": "w", "replicas": 2, "selector": selector(), "template": template(&none, "Always"),
        "volumeClaimTemplates": [claim(&Value::Null)],
    }});
    let daemon = json!({"metadata": {"name": "w"}, "spec": {
        "selector": selector(), "template": template(&none, "Always"),
    }});
    let mut held = job(&none, "Never", 0);
    held["spec"]["suspend"] = json!(true);
    vec![
        row(
            "a stateful set with claims",
            &format!("{APPS}/statefulsets"),
            set,
            vec![
                (0, this, "Progressing 0/2 ready", vec![("/status/replicas", json!(1))]),
                (10, this, "Healthy 2/2 ready", vec![("/status/collisionCount", json!(0))]),
            ],
        ),
        row(
            "a daemon set",
            &format!("{APPS}/daemonsets"),
            daemon,
            vec![
                (0, this, "Progressing 0/3 ready", vec![("/status/numberUnavailable", json!(3))]),
                (5, this, "Healthy 3/3 ready", vec![("/status/updatedNumberScheduled", json!(3))]),
            ],
        ),
        row(
            "a job",
            &format!("{BATCH}/jobs"),
            job(&none, "Never", 0),
            vec![
                (3, this, "Progressing 0/1 done", vec![("/status/active", json!(1))]),
                (10, this, "Healthy", vec![("/status/succeeded", json!(1)), ("/status/ready", json!(0))]),
            ],
        ),
        row(
            "a job that is held",
            &format!("{BATCH}/jobs"),
            held,
            vec![(10, this, "Suspended suspended", vec![("/status/conditions/0/reason", json!("JobSuspended"))])],
        ),
        row(
            "a claim",
            &format!("{CORE}/persistentvolumeclaims"),
            claim(&Value::Null),
            vec![
                (0, this, "Progressing Pending", vec![]),
                (1, this, "Healthy", vec![("/status/phase", json!("Bound"))]),
            ],
        ),
    ]
}

pub fn rows() -> impl Iterator<Item = Row> {
    [failing(), failing_jobs(), going_well(), others_going_well()].into_iter().flatten()
}
