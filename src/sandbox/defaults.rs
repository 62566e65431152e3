//! What the server fills in: the table `assets/openapi/defaults.json`, the defaults that depend on another field, and
//! what is allocated (cluster IPs, a Job's selector).
//!
//! In the table a plain value is filled in where absent; an object goes down (`"!"` makes it where absent), `"[]"` goes
//! into each item, `"@"` takes in a named part. A kind is named as in error sentences: `Deployment.apps`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::core::{State, World};
use super::kinds::KindInfo;
use super::object::{self, text};

type Table = BTreeMap<String, Value>;

/// Fills in the defaults that an owner is noted for: those of the versioned decoder.
pub(super) fn fill(world: &World, kind: &KindInfo, body: &mut Value) {
    if let Some(Value::Object(tree)) = world.defaults.get(&kind.qualified_kind()) {
        fill_map(&world.defaults, tree, body);
    }
    special(kind, body);
}

fn fill_map(table: &Table, tree: &Map<String, Value>, at: &mut Value) {
    for (key, default) in tree {
        match (key.as_str(), default) {
            ("!", _) => {}
            ("@", Value::String(part)) => {
                if let Some(Value::Object(part)) = table.get(part) {
                    fill_map(table, part, at);
                }
            }
            ("[]", Value::Object(item)) => {
                at.as_array_mut().into_iter().flatten().for_each(|own| fill_map(table, item, own));
            }
            (key, Value::Object(below)) => fill_below(table, (key, below), at),
            (key, value) => {
                let Some(map) = at.as_object_mut() else { return };
                let own = map.entry(key).or_insert(Value::Null);
                if own.is_null() {
                    *own = value.clone();
                }
            }
        }
    }
}

fn fill_below(table: &Table, (key, below): (&str, &Map<String, Value>), at: &mut Value) {
    let Some(map) = at.as_object_mut() else { return };
    if below.contains_key("!") && map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), json!({}));
    }
    if let Some(own) = map.get_mut(key) {
        fill_map(table, below, own);
    }
}

/// Defaults that look at another field.
fn special(kind: &KindInfo, body: &mut Value) {
    for pointer in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/template/spec"] {
        if let Some(spec) = body.pointer_mut(pointer).filter(|spec| spec.get("containers").is_some()) {
            pod_spec(spec);
        }
    }
    match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") => deployment(body),
        ("apps", "StatefulSet") => strategy(body, &json!({"partition": 0})),
        ("apps", "DaemonSet") => strategy(body, &json!({"maxUnavailable": 1, "maxSurge": 0})),
        ("apps", "ReplicaSet") => labels_from_template(body),
        ("batch", "Job") => job(body),
        ("", "Service") => service(body),
        ("", "Namespace") => {
            let name = object::name(body).to_owned();
            object::set(body, &["metadata", "labels", "kubernetes.io/metadata.name"], name.into());
        }
        ("networking.k8s.io", "NetworkPolicy") => policy_types(body),
        ("rbac.authorization.k8s.io", _) => subjects(body),
        ("", "Secret") => fold_string_data(body),
        _ => {}
    }
}

fn absent(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_none_or(Value::is_null)
}

fn pod_spec(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if absent(container, "/imagePullPolicy") {
                let image = text(container, "/image");
                let last = image.rsplit('/').next().unwrap_or_default();
                let floating = !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
                let policy = if floating { "Always" } else { "IfNotPresent" };
                object::put(container, "imagePullPolicy", policy.into());
            }
        }
    }
    for (from, to) in [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")] {
        if let Some(name) = spec.get(from).filter(|name| !name.is_null()).cloned()
            && absent(spec, &format!("/{to}"))
        {
            object::put(spec, to, name);
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if volume.as_object().is_some_and(|own| own.len() == 1 && own.contains_key("name")) {
            object::put(volume, "emptyDir", json!({}));
        }
    }
}

fn deployment(body: &mut Value) {
    if text(body, "/spec/strategy/type") == "RollingUpdate" {
        fill_absent(body, &["spec", "strategy", "rollingUpdate"], &json!({"maxUnavailable": "25%", "maxSurge": "25%"}));
    }
}

fn strategy(body: &mut Value, rolling: &Value) {
    if text(body, "/spec/updateStrategy/type") == "RollingUpdate" {
        fill_absent(body, &["spec", "updateStrategy", "rollingUpdate"], rolling);
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

fn labels_from_template(body: &mut Value) {
    let Some(labels) = body.pointer("/spec/template/metadata/labels").cloned() else { return };
    if absent(body, "/metadata/labels") {
        object::set(body, &["metadata", "labels"], labels);
    }
}

fn job(body: &mut Value) {
    if absent(body, "/spec/completions") && absent(body, "/spec/parallelism") {
        object::set(body, &["spec", "completions"], json!(1));
        object::set(body, &["spec", "parallelism"], json!(1));
    } else if absent(body, "/spec/parallelism") {
        object::set(body, &["spec", "parallelism"], json!(1));
    }
    if let Some(labels) = body.pointer("/spec/template/metadata/labels").cloned()
        && absent(body, "/metadata/labels")
    {
        object::set(body, &["metadata", "labels"], labels);
    }
}

fn service(body: &mut Value) {
    for port in body.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if absent(port, "/targetPort") {
            let own = port["port"].clone();
            object::put(port, "targetPort", own);
        }
    }
    let kind = text(body, "/spec/type").to_owned();
    if kind != "ExternalName" {
        fill_absent(body, &["spec"], &json!({"internalTrafficPolicy": "Cluster"}));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        fill_absent(body, &["spec"], &json!({"externalTrafficPolicy": "Cluster"}));
    }
    if kind == "LoadBalancer" {
        fill_absent(body, &["spec"], &json!({"allocateLoadBalancerNodePorts": true}));
    }
    if text(body, "/spec/sessionAffinity") == "ClientIP" {
        fill_absent(body, &["spec", "sessionAffinityConfig", "clientIP"], &json!({"timeoutSeconds": 10800}));
    }
}

fn policy_types(body: &mut Value) {
    if absent(body, "/spec/policyTypes") && body.get("spec").is_some() {
        let egress = body.pointer("/spec/egress").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        object::set(body, &["spec", "policyTypes"], types);
    }
}

fn subjects(body: &mut Value) {
    for subject in body.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if matches!(text(subject, "/kind"), "User" | "Group") && absent(subject, "/apiGroup") {
            object::put(subject, "apiGroup", "rbac.authorization.k8s.io".into());
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
        ("", "Pod") => object::set(body, &["status"], json!({"phase": "Pending", "qosClass": "BestEffort"})),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => {
            object::set(body, &["status"], json!({"phase": "Pending"}));
        }
        ("batch", "Job") => job_selector(body),
        ("apps", _) if kind.has_status => object::put(body, "status", json!({})),
        _ => {}
    }
}

fn cluster_ip(state: &mut State, body: &mut Value) {
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
    let exposed = matches!(text(body, "/spec/type"), "NodePort" | "LoadBalancer");
    for port in body.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if exposed && absent(port, "/nodePort") {
            object::put(port, "nodePort", (state.dice.roll() % 2_767 + 30_000).into());
        }
    }
    object::put(body, "status", json!({"loadBalancer": {}}));
}

fn job_selector(body: &mut Value) {
    if body.pointer("/spec/manualSelector") == Some(&Value::Bool(true)) || !absent(body, "/spec/selector") {
        return;
    }
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
    if kind.is("batch", "Job") {
        let labels = live.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
        fill_absent(new, &["spec", "template", "metadata", "labels"], &labels);
    }
}
