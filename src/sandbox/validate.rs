//! The rules a write must keep beyond its shape: a few required fields, names, and what never changes.
//!
//! Refuses completeness: these are the refusals an operator meets with built-in kinds; `docs/limits.md` says so.

mod metadata;
pub(super) mod names;
pub(super) mod shape;
pub(super) mod zeros;

use serde_json::Value;

use super::custom;
use super::failure::{Cause, Failure};
use super::kinds::KindInfo;
use super::object::{self, text};

/// A new object.
pub(super) fn create(kind: &KindInfo, body: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    metadata::name(kind, body, &mut causes);
    metadata::rest(kind, body, &mut causes);
    every(kind, body, &mut causes);
    if kind.is(custom::GROUP, custom::KIND) {
        custom::check_definition(&Value::Null, body, &mut causes);
    }
    said(kind, body, &causes)
}

/// A changed object.
pub(super) fn update(kind: &KindInfo, live: &Value, new: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    let spec_first = &*kind.group == "apps";
    if spec_first {
        every(kind, new, &mut causes);
    }
    immutable(kind, live, new, &mut causes);
    metadata::rest(kind, new, &mut causes);
    finalizers(live, new, &mut causes);
    if !spec_first {
        every(kind, new, &mut causes);
    }
    if kind.is(custom::GROUP, custom::KIND) {
        custom::check_definition(live, new, &mut causes);
    }
    said(kind, new, &causes)
}

fn said(kind: &KindInfo, body: &Value, causes: &[Cause]) -> Result<(), Failure> {
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, object::name(body), causes)) }
}

/// Rules of any version of an object.
fn every(kind: &KindInfo, body: &Value, causes: &mut Vec<Cause>) {
    match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") => deployment(body, causes),
        ("apps", "ReplicaSet" | "StatefulSet" | "DaemonSet") => workload(body, causes),
        ("batch", "Job") => job(body, causes),
        ("", "Pod") => pod_spec(body, "/spec", causes),
        ("", "Service") => service(body, causes),
        ("", "ConfigMap" | "Secret") => keys(kind, body, causes),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            required(body, "/roleRef/name", causes);
        }
        _ => {}
    }
}

fn required(body: &Value, pointer: &str, causes: &mut Vec<Cause>) {
    if text(body, pointer).is_empty() {
        causes.push(Cause::required(&pointer.trim_start_matches('/').replace('/', "."), ""));
    }
}

fn deployment(body: &Value, causes: &mut Vec<Cause>) {
    workload(body, causes);
    let recreate = text(body, "/spec/strategy/type") == "Recreate";
    if recreate && body.pointer("/spec/strategy/rollingUpdate").is_some() {
        let why = "may not be specified when strategy `type` is 'Recreate'";
        causes.push(Cause::forbidden("spec.strategy.rollingUpdate", why));
    }
}

fn job(body: &Value, causes: &mut Vec<Cause>) {
    pod_spec(body, "/spec/template/spec", causes);
    if !matches!(text(body, "/spec/template/spec/restartPolicy"), "OnFailure" | "Never") {
        let why = "valid values: \"OnFailure\", \"Never\"";
        causes.push(Cause::required("spec.template.spec.restartPolicy", why));
    }
}

fn workload(body: &Value, causes: &mut Vec<Cause>) {
    let replicas = object::number(body, "/spec/replicas").unwrap_or_default();
    if replicas < 0 {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &replicas.into(), why));
    }
    let selector = body.pointer("/spec/selector").filter(|selector| !selector.is_null());
    if selector.is_none() {
        causes.push(Cause::required("spec.selector", ""));
    }
    let labels = body.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    let wanted = body.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let matches = wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let expressions = body.pointer("/spec/selector/matchExpressions").is_some();
    if !matches && !expressions {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, why));
    }
    pod_spec(body, "/spec/template/spec", causes);
}

fn pod_spec(body: &Value, at: &str, causes: &mut Vec<Cause>) {
    let path = at.trim_start_matches('/').replace('/', ".");
    let containers = body.pointer(&format!("{at}/containers")).and_then(Value::as_array);
    if containers.is_none_or(Vec::is_empty) {
        causes.push(Cause::required(&format!("{path}.containers"), ""));
    }
    for (n, container) in containers.into_iter().flatten().enumerate() {
        let name = text(container, "/name");
        if let Some(why) = names::label(name).filter(|_| !name.is_empty()) {
            causes.push(Cause::invalid(&format!("{path}.containers[{n}].name"), &name.into(), why));
        }
        for key in ["name", "image"] {
            if text(container, &format!("/{key}")).is_empty() {
                causes.push(Cause::required(&format!("{path}.containers[{n}].{key}"), ""));
            }
        }
    }
}

fn service(body: &Value, causes: &mut Vec<Cause>) {
    let none = body.pointer("/spec/ports").and_then(Value::as_array).is_none_or(Vec::is_empty);
    let headless = text(body, "/spec/clusterIP") == "None";
    if none && !headless && text(body, "/spec/type") != "ExternalName" {
        causes.push(Cause::required("spec.ports", ""));
    }
    let ports = body.pointer("/spec/ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for (n, port) in ports.iter().enumerate().filter(|_| ports.len() > 1) {
        if text(port, "/name").is_empty() {
            causes.push(Cause::required(&format!("spec.ports[{n}].name"), ""));
        }
    }
    one_of(body, "/spec/sessionAffinity", &["ClientIP", "None"], causes);
    one_of(body, "/spec/type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], causes);
}

/// A text, where there is one, is one of a few.
fn one_of(body: &Value, pointer: &str, known: &[&str], causes: &mut Vec<Cause>) {
    let said = text(body, pointer);
    if !said.is_empty() && !known.contains(&said) {
        let field = pointer.trim_start_matches('/').replace('/', ".");
        causes.push(Cause::unsupported(&field, &said.into(), known));
    }
}

fn keys(kind: &KindInfo, body: &Value, causes: &mut Vec<Cause>) {
    for key in body.get("data").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key) {
        let fits =
            key.len() <= 253 && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if key.is_empty() || !fits {
            let why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  \
                       or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
            causes.push(Cause::invalid(&format!("data[{key}]"), &key.as_str().into(), why));
        }
        if body["binaryData"].get(key).is_some() {
            let why = "duplicate of key present in binaryData";
            causes.push(Cause::invalid(&format!("data[{key}]"), &key.as_str().into(), why));
        }
    }
    too_long(kind, body, causes);
}

/// The most that the values of a ConfigMap or a Secret may come to.
const DATA: usize = 1024 * 1024;

fn too_long(kind: &KindInfo, body: &Value, causes: &mut Vec<Cause>) {
    let texts = |key: &str| body[key].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
    let decoded = |text: &str| text.trim_end_matches('=').len() * 3 / 4;
    let (field, total) = if kind.is("", "Secret") {
        ("data", texts("data").map(decoded).sum::<usize>())
    } else {
        ("[]", texts("data").map(str::len).chain(texts("binaryData").map(decoded)).sum())
    };
    if total > DATA {
        causes.push(Cause::too_long(field, DATA));
    }
}

/// Finalizers may go, not come, while an object is being deleted.
fn finalizers(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let of =
        |object: &Value| object.pointer("/metadata/finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (of(live), of(new));
    if object::is_terminating(live) && after.iter().any(|one| !before.contains(one)) {
        let added = after.iter().filter(|one| !before.contains(one));
        let added: Vec<String> = added.map(ToString::to_string).collect();
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            added.join(", ")
        );
        let cause = Cause::forbidden("metadata.finalizers", &why);
        causes.extend([cause.clone(), cause]);
    }
}

fn immutable(kind: &KindInfo, live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let mut fixed = |pointer: &str| {
        if !object::same(live, new, pointer) {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            let value = new.pointer(pointer).unwrap_or(&Value::Null);
            causes.push(Cause::invalid(&field, value, "field is immutable"));
        }
    };
    match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => fixed("/spec/selector"),
        ("batch", "Job") => ["/spec/selector", "/spec/template", "/spec/completions"].into_iter().for_each(fixed),
        ("", "Secret") => {
            fixed("/type");
            frozen(live, new, causes);
        }
        ("", "ConfigMap") => frozen(live, new, causes),
        ("", "Service") => cluster_ip(live, new, causes),
        ("apps", "StatefulSet") => stateful_set(live, new, causes),
        ("", "PersistentVolumeClaim") => claim(live, new, causes),
        ("storage.k8s.io", "StorageClass") => ["/provisioner", "/parameters"].into_iter().for_each(fixed),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => role_ref(live, new, causes),
        ("", "Pod") => pod(live, new, causes),
        _ => {}
    }
}

fn frozen(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if live.get("immutable") != Some(&Value::Bool(true)) {
        return;
    }
    if new.get("immutable") != Some(&Value::Bool(true)) {
        causes.push(Cause::forbidden("immutable", "field is immutable when `immutable` is set"));
    }
    for key in ["data", "binaryData"] {
        if !object::same(live, new, &format!("/{key}")) {
            causes.push(Cause::forbidden(key, "field is immutable when `immutable` is set"));
        }
    }
}

fn cluster_ip(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let external = |object: &Value| text(object, "/spec/type") == "ExternalName";
    if !external(live) && !external(new) && !object::same(live, new, "/spec/clusterIP") {
        let (own, why) = (new.pointer("/spec/clusterIPs").cloned().unwrap_or_default(), "may not change once set");
        causes.push(Cause::invalid("spec.clusterIPs[0]", &own, why));
    }
}

/// What of a StatefulSet's spec may change.
const STATEFUL: [&str; 7] = [
    "minReadySeconds",
    "ordinals",
    "persistentVolumeClaimRetentionPolicy",
    "replicas",
    "revisionHistoryLimit",
    "template",
    "updateStrategy",
];

fn stateful_set(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let kept = |object: &Value| {
        let mut spec = object["spec"].clone();
        for key in STATEFUL {
            object::take(&mut spec, &[key]);
        }
        spec
    };
    if kept(live) != kept(new) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
        causes.push(Cause::forbidden("spec", why));
    }
}

fn claim(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let kept = |object: &Value| {
        let mut spec = object["spec"].clone();
        for key in ["resources", "volumeAttributesClassName", "volumeName"] {
            object::take(&mut spec, &[key]);
        }
        spec
    };
    if kept(live) != kept(new) {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                   claims";
        causes.push(Cause::forbidden("spec", why));
    }
}

fn role_ref(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if !object::same(live, new, "/roleRef") {
        let own = &new["roleRef"];
        let go = serde_json::json!({"APIGroup": own["apiGroup"], "Kind": own["kind"], "Name": own["name"]});
        causes.push(Cause::invalid("roleRef", &go, "cannot change roleRef"));
    }
}

fn pod(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let kept = |object: &Value| {
        let mut spec = object["spec"].clone();
        for key in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"] {
            object::take(&mut spec, &[key]);
        }
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                object::take(container, &["image"]);
            }
        }
        spec
    };
    if kept(live) != kept(new) {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
                   `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
                   existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                   previously negative)";
        causes.push(Cause::forbidden("spec", why));
    }
}
