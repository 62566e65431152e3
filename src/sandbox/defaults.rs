//! What the server fills in: the defaults that `schema` knows, aliases, and what is allocated (cluster IPs, a Job's
//! selector).

use serde_json::{Value, json};

use super::core::State;
use super::kinds::{KindInfo, list};
use super::object::{self, text};
use crate::schema;

/// Rules whose values nobody is noted to own: they are set when the object is stored, see [`allocate`].
const STORED: [(&str, &str); 8] = [
    ("CronJob", "/spec/jobTemplate/metadata"),
    ("Namespace", "/spec"),
    ("PersistentVolumeClaim", "/metadata/finalizers"),
    ("Pod", "/spec/preemptionPolicy"),
    ("Pod", "/spec/priority"),
    ("Pod", "/spec/tolerations"),
    ("Service", "/spec/ipFamilies"),
    ("Service", "/spec/ipFamilyPolicy"),
];

/// Fills in the defaults that an owner is noted for: those of the versioned decoder.
pub(super) fn fill(kind: &KindInfo, body: &mut Value) {
    let stored = |path: &str| STORED.contains(&(&*kind.kind, path));
    schema::fill_built_in(&kind.gvk(), body, stored);
    special(kind, body);
}

/// What is no rule: deprecated aliases and write-only fields.
fn special(kind: &KindInfo, body: &mut Value) {
    for pointer in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        if let Some(spec) = body.pointer_mut(pointer).filter(|spec| spec.get("containers").is_some()) {
            alias(spec);
        }
    }
    if kind.is("", "Service") && text(body, "/spec/type") == "ExternalName" {
        object::take(body, &["spec", "internalTrafficPolicy"]);
    }
    if kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        let name = text(body, "/spec/names/kind").to_owned();
        fill_absent(body, &["spec"], &json!({"conversion": {"strategy": "None"}}));
        let names = json!({"singular": name.to_lowercase(), "listKind": format!("{name}List")});
        fill_absent(body, &["spec", "names"], &names);
    }
    if kind.is("storage.k8s.io", "StorageClass") {
        fill_absent(body, &[], &json!({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}));
    }
    let times = match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") => json!({"lastTransitionTime": null, "lastUpdateTime": null}),
        ("", "Pod") => json!({"lastProbeTime": null, "lastTransitionTime": null}),
        ("", "Namespace") => json!({"lastTransitionTime": null}),
        _ => Value::Null,
    };
    if !times.is_null() {
        for own in body.pointer_mut("/status/conditions").and_then(Value::as_array_mut).into_iter().flatten() {
            fill_absent(own, &[], &times);
        }
    }
    if kind.is("", "Secret") {
        fold_string_data(body);
    }
    if kind.is("batch", "Job") {
        labels_from_template(body);
    }
    if kind.is("apps", "DaemonSet") {
        fill_absent(body, &["metadata", "annotations"], &json!({"deprecated.daemonset.template.generation": "1"}));
    }
}

fn labels_from_template(body: &mut Value) {
    if let Some(labels) = body.pointer("/spec/template/metadata/labels").cloned()
        && absent(body, "/metadata/labels")
    {
        object::set(body, &["metadata", "labels"], labels);
    }
}

fn absent(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_none_or(Value::is_null)
}

/// `serviceAccount` is the old name of `serviceAccountName`; either is copied to the other.
fn alias(spec: &mut Value) {
    for (from, to) in [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")] {
        if let Some(name) = spec.get(from).filter(|name| !name.is_null()).cloned()
            && spec.get(to).is_none_or(Value::is_null)
        {
            object::put(spec, to, name);
        }
    }
}

fn fill_absent(body: &mut Value, keys: &[&str], defaults: &Value) {
    for (key, value) in defaults.as_object().into_iter().flatten() {
        let path: Vec<&str> = keys.iter().copied().chain([key.as_str()]).collect();
        if absent(body, &format!("/{}", path.join("/"))) {
            object::set(body, &path, value.clone());
        }
    }
}

/// `stringData` is write-only: it lands in `data`.
fn fold_string_data(body: &mut Value) {
    use base64::Engine as _;
    let Some(Value::Object(plain)) = object::take(body, &["stringData"]) else { return };
    for (key, value) in plain {
        let encoded = base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
        object::set(body, &["data", &key], encoded.into());
    }
}

/// What a create is given besides: nobody is noted as its owner.
pub(super) fn allocate(state: &mut State, kind: &KindInfo, body: &mut Value) {
    match (&*kind.group, &*kind.kind) {
        ("", "Namespace") => {
            object::set(body, &["spec", "finalizers"], json!(["kubernetes"]));
            object::set(body, &["status"], json!({"phase": "Active"}));
        }
        ("", "Service") => cluster_ip(state, body),
        ("", "Pod") => pod(body, state.admission),
        ("", "Event") => fill_absent(
            body,
            &[],
            &json!({
                "eventTime": null, "firstTimestamp": null, "lastTimestamp": null, "reportingComponent": "",
                "reportingInstance": "", "source": {},
            }),
        ),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => {
            object::set(body, &["status"], json!({"phase": "Pending"}));
            if kind.is("", "PersistentVolumeClaim") && state.admission {
                fill_absent(body, &["metadata"], &json!({"finalizers": ["kubernetes.io/pvc-protection"]}));
            }
        }
        ("batch", "Job") => job_selector(body),
        ("batch", "CronJob") => {
            fill_absent(body, &["spec", "jobTemplate"], &json!({"metadata": {}}));
            fill_absent(body, &["spec", "jobTemplate", "spec", "template"], &json!({"metadata": {}}));
            object::put(body, "status", json!({}));
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let versions = list(&body["spec"]["versions"]);
            let storage: Vec<Value> =
                versions.filter(|version| version["storage"] == true).map(|version| version["name"].clone()).collect();
            let names = json!({"plural": "", "kind": ""});
            object::put(body, "status", json!({"conditions": null, "acceptedNames": names, "storedVersions": storage}));
        }
        _ if kind.has_status && kind.custom.is_none() => object::put(body, "status", first_status(&kind.kind)),
        _ => {}
    }
}

/// The status a new object has: the zeros that Go does not leave out.
fn first_status(kind: &str) -> Value {
    match kind {
        "StatefulSet" => json!({"availableReplicas": 0, "replicas": 0}),
        "ReplicaSet" | "ReplicationController" => json!({"replicas": 0}),
        "DaemonSet" => json!({
            "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
        }),
        "HorizontalPodAutoscaler" => json!({"currentMetrics": null, "desiredReplicas": 0}),
        "PodDisruptionBudget" => {
            json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0})
        }
        "Ingress" => json!({"loadBalancer": {}}),
        _ => json!({}),
    }
}

fn pod(body: &mut Value, admission: bool) {
    let toleration =
        |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let tolerations = [toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")];
    let admitted = json!({"preemptionPolicy": "PreemptLowerPriority", "priority": 0, "tolerations": tolerations});
    if admission {
        fill_absent(body, &["spec"], &admitted);
    }
    let bounded = |name: &str| {
        list(&body["spec"]["containers"])
            .any(|one| one["resources"][name].as_object().is_some_and(|own| !own.is_empty()))
    };
    let class = if bounded("limits") || bounded("requests") { "Burstable" } else { "BestEffort" };
    object::set(body, &["status"], json!({"phase": "Pending", "qosClass": class}));
}

/// What an update allocates: node ports of a service that is exposed now.
pub(super) fn reallocate(state: &mut State, kind: &KindInfo, new: &mut Value) {
    if kind.is("", "Service") {
        node_ports(state, new);
    }
}

fn cluster_ip(state: &mut State, body: &mut Value) {
    object::put(body, "status", json!({"loadBalancer": {}}));
    if text(body, "/spec/type") == "ExternalName" {
        return;
    }
    if absent(body, "/spec/clusterIP") {
        let roll = state.dice.roll() % 64_000 + 300;
        object::set(body, &["spec", "clusterIP"], format!("10.0.{}.{}", roll / 256, roll % 256).into());
    }
    let own = body["spec"]["clusterIP"].clone();
    fill_absent(
        body,
        &["spec"],
        &json!({"clusterIPs": [own], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}),
    );
    node_ports(state, body);
}

fn node_ports(state: &mut State, body: &mut Value) {
    let exposed = matches!(text(body, "/spec/type"), "NodePort" | "LoadBalancer");
    for port in body.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if exposed && absent(port, "/nodePort") {
            object::put(port, "nodePort", (state.dice.roll() % 2_767 + 30_000).into());
        }
    }
}

fn job_selector(body: &mut Value) {
    if body.pointer("/spec/manualSelector") == Some(&Value::Bool(true)) || !absent(body, "/spec/selector") {
        return;
    }
    // Labels that were taken from the template are one map with it in the server, and grow with it.
    let shared = body["metadata"]["labels"] == body["spec"]["template"]["metadata"]["labels"];
    let (uid, name) = (object::uid(body).to_owned(), object::name(body).to_owned());
    object::set(body, &["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"], uid.clone().into());
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        object::set(body, &["spec", "template", "metadata", "labels", key], value.as_str().into());
    }
    if shared {
        object::take(body, &["metadata", "labels"]);
    }
    labels_from_template(body);
    object::put(body, "status", json!({}));
}

/// An update that does not name what was allocated keeps it.
pub(super) fn keep_allocated(kind: &KindInfo, live: &Value, new: &mut Value) {
    let keys: &[&str] = match (&*kind.group, &*kind.kind) {
        ("", "Service") => &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"],
        ("", "Namespace") => &["finalizers"],
        ("batch", "Job") => &["selector"],
        ("", "PersistentVolumeClaim") => &["volumeName", "storageClassName"],
        ("", "Pod") => &["nodeName"],
        _ => &[],
    };
    for key in keys {
        if let Some(value) = live.pointer(&format!("/spec/{key}"))
            && absent(new, &format!("/spec/{key}"))
        {
            object::set(new, &["spec", key], value.clone());
        }
    }
    if kind.is("", "Service") {
        let ports: Vec<Value> = list(&live["spec"]["ports"]).cloned().collect();
        let exposed = text(new, "/spec/type") != "ClusterIP";
        for port in new.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
            let was = ports.iter().find(|was| was["port"] == port["port"] && was["protocol"] == port["protocol"]);
            if let Some(own) = was.and_then(|was| was.get("nodePort")).filter(|_| exposed && absent(port, "/nodePort"))
            {
                object::put(port, "nodePort", own.clone());
            }
        }
    }
    if kind.is("batch", "Job") {
        let labels = live.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
        fill_absent(new, &["spec", "template", "metadata", "labels"], &labels);
    }
}
