//! Workloads on the sandbox's clock: what their status says and how the health room judges it, second by second; and
//! that it comes out the same in whatever steps time is moved.

use std::time::Duration;

use driftdeck::health::assess;
use driftdeck::model::{ClusterName, Gvk, Live, ResourceKey};
use driftdeck::sandbox::Sandbox;
use serde_json::{Value, json};

use super::shop;

pub const APPS: &str = "/apis/apps/v1/namespaces/shop";
const BATCH: &str = "/apis/batch/v1/namespaces/shop";
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
fn health(object: &Value) -> String {
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

fn container(extra: &Value) -> Value {
    let mut own = json!({"name": "c", "image": "x:1"});
    for (key, value) in extra.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    own
}

fn template(extra: &Value, policy: &str) -> Value {
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

fn claim(class: &Value) -> Value {
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
type Moment = (u64, &'static str, &'static str, Vec<(&'static str, Value)>);

struct Row {
    what: &'static str,
    made: (String, Value),
    moments: Vec<Moment>,
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
    let (this, pods, jobs) = ("", "pods", format!("{BATCH}/jobs"));
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

#[test]
fn each_workload_says_at_each_second_what_a_cluster_would() {
    for Row { what, made: (path, body), moments } in failing().into_iter().chain(going_well()) {
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
    for (n, Row { made: (path, body), .. }) in failing().into_iter().chain(going_well()).enumerate() {
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
