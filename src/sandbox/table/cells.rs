//! The cells of built-in kinds other than workloads, in the order of their columns (`printers/internalversion`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::{KindInfo, list};
use super::super::object::{self, number, text};
use super::{age, pairs, selector, workloads};

/// The cells of an object; of a kind without a printer its name and when it was made.
pub(super) fn of(kind: &KindInfo, object: &Value, now: Timestamp) -> Vec<Value> {
    let name = Value::from(object::name(object));
    let age = Value::from(age::of(object, now));
    if let Some(cells) = workloads::of(kind, object, now) {
        return cells;
    }
    match (&*kind.group, &*kind.kind) {
        ("", "ConfigMap") => vec![name, (keys(&object["data"]) + keys(&object["binaryData"])).into(), age],
        ("", "Secret") => vec![name, object["type"].clone(), keys(&object["data"]).into(), age],
        ("", "ServiceAccount") => vec![name, age],
        ("", "Namespace") => vec![name, phase(object), age],
        ("", "Service") => service(object, age),
        ("", "Node") => node(object, age),
        ("", "PersistentVolumeClaim") => claim(object, age),
        ("", "PersistentVolume") => volume(object, age),
        ("", "Event") => event(object, now),
        ("", "Endpoints") => vec![name, endpoints(object).into(), age],
        ("networking.k8s.io", "Ingress") => ingress(object, age),
        ("networking.k8s.io", "IngressClass") => {
            vec![name, text(object, "/spec/controller").into(), "<none>".into(), age]
        }
        ("networking.k8s.io", "NetworkPolicy") => vec![name, selector(&object["spec"]["podSelector"]).into(), age],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => binding(object, age),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object, age),
        ("policy", "PodDisruptionBudget") => budget(object, age),
        ("", "ResourceQuota") => quota(object, age),
        ("", "PodTemplate") => pod_template(object),
        ("scheduling.k8s.io", "PriorityClass") => {
            let policy = text(object, "/preemptionPolicy");
            let default = object["globalDefault"] == true;
            vec![name, object["value"].clone(), default.into(), age, policy.into()]
        }
        ("discovery.k8s.io", "EndpointSlice") => slice(object, age),
        ("coordination.k8s.io", "Lease") => vec![name, text(object, "/spec/holderIdentity").into(), age],
        ("storage.k8s.io", "StorageClass") => storage_class(object, age),
        ("apps", "ControllerRevision") => {
            let owner = object::controller(object).map(|(_, kind, name)| format!("{}/{name}", kind.to_lowercase()));
            vec![name, owner.unwrap_or_else(|| "<none>".to_owned()).into(), object["revision"].clone(), age]
        }
        ("networking.k8s.io", "ServiceCIDR") => {
            let all: Vec<&str> = list(&object["spec"]["cidrs"]).filter_map(Value::as_str).collect();
            vec![name, all.join(",").into(), age]
        }
        _ => vec![name, text(object, "/metadata/creationTimestamp").into()],
    }
}

fn keys(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

/// A text of the object, or what is printed for none.
fn or<'v>(object: &'v Value, pointer: &str, none: &'v str) -> &'v str {
    Some(text(object, pointer)).filter(|text| !text.is_empty()).unwrap_or(none)
}

/// The phase, or `Terminating`.
fn phase(object: &Value) -> Value {
    if object::is_terminating(object) { "Terminating".into() } else { text(object, "/status/phase").into() }
}

fn service(object: &Value, age: Value) -> Vec<Value> {
    let spec = &object["spec"];
    let kind = text(object, "/spec/type");
    let port = |port: &Value| {
        let node = port["nodePort"].as_i64().map(|node| format!(":{node}")).unwrap_or_default();
        format!("{}{node}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"))
    };
    let ports: Vec<String> = list(&spec["ports"]).map(port).collect();
    let external: Vec<&str> = list(&spec["externalIPs"]).filter_map(Value::as_str).collect();
    let ingress: Vec<&str> = list(&object["status"]["loadBalancer"]["ingress"])
        .filter_map(|own| own["ip"].as_str().or_else(|| own["hostname"].as_str()))
        .collect();
    let external = match kind {
        "ExternalName" => text(object, "/spec/externalName").to_owned(),
        "LoadBalancer" if ingress.is_empty() && external.is_empty() => "<pending>".to_owned(),
        "LoadBalancer" => [ingress, external].concat().join(","),
        _ if external.is_empty() => "<none>".to_owned(),
        _ => external.join(","),
    };
    let ports = if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") };
    let ip = or(object, "/spec/clusterIP", "<none>");
    vec![
        object::name(object).into(),
        kind.into(),
        ip.into(),
        external.into(),
        ports.into(),
        age,
        pairs(&spec["selector"]).into(),
    ]
}

fn node(object: &Value, age: Value) -> Vec<Value> {
    let ready = list(&object["status"]["conditions"]).find(|own| own["type"] == "Ready");
    let mut status = match ready {
        Some(own) if own["status"] == "True" => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if object["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    let labels = object["metadata"]["labels"].as_object();
    let roles: Vec<&str> =
        labels.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    let roles = if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") };
    let address = |kind: &str| {
        let found = list(&object["status"]["addresses"]).find(|own| own["type"] == kind);
        found.and_then(|own| own["address"].as_str()).unwrap_or("<none>").to_owned()
    };
    let info = |key: &str| Some(text(object, &format!("/status/nodeInfo/{key}"))).filter(|text| !text.is_empty());
    vec![
        object::name(object).into(),
        status.into(),
        roles.into(),
        age,
        info("kubeletVersion").unwrap_or_default().into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        info("osImage").unwrap_or("<unknown>").into(),
        info("kernelVersion").unwrap_or("<unknown>").into(),
        info("containerRuntimeVersion").unwrap_or("<unknown>").into(),
    ]
}

/// `RWO,ROX` of access modes.
fn modes(modes: &Value) -> String {
    let short = |mode: &str| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        _ => "RWOP",
    };
    let modes: Vec<&str> = list(modes).filter_map(Value::as_str).map(short).collect();
    modes.join(",")
}

fn claim(object: &Value, age: Value) -> Vec<Value> {
    let bound = !text(object, "/spec/volumeName").is_empty();
    let (capacity, access) = if bound {
        (text(object, "/status/capacity/storage").to_owned(), modes(&object["status"]["accessModes"]))
    } else {
        (String::new(), String::new())
    };
    vec![
        object::name(object).into(),
        phase(object),
        text(object, "/spec/volumeName").into(),
        capacity.into(),
        access.into(),
        text(object, "/spec/storageClassName").into(),
        or(object, "/spec/volumeAttributesClassName", "<unset>").into(),
        age,
        or(object, "/spec/volumeMode", "<unset>").into(),
    ]
}

fn volume(object: &Value, age: Value) -> Vec<Value> {
    let claim = &object["spec"]["claimRef"];
    let claim =
        if claim.is_null() { String::new() } else { format!("{}/{}", text(claim, "/namespace"), text(claim, "/name")) };
    vec![
        object::name(object).into(),
        text(object, "/spec/capacity/storage").into(),
        modes(&object["spec"]["accessModes"]).into(),
        text(object, "/spec/persistentVolumeReclaimPolicy").into(),
        phase(object),
        claim.into(),
        text(object, "/spec/storageClassName").into(),
        or(object, "/spec/volumeAttributesClassName", "<unset>").into(),
        text(object, "/status/reason").into(),
        age,
        or(object, "/spec/volumeMode", "<unset>").into(),
    ]
}

fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first = or(object, "/firstTimestamp", text(object, "/eventTime"));
    let last = or(object, "/lastTimestamp", first);
    let involved = &object["involvedObject"];
    let about = format!("{}/{}", text(involved, "/kind").to_lowercase(), text(involved, "/name"));
    let source = or(object, "/source/component", text(object, "/reportingComponent"));
    let source = match text(object, "/source/host") {
        "" => source.to_owned(),
        host => format!("{source}, {host}"),
    };
    vec![
        age::since(last, now).into(),
        object["type"].clone(),
        object["reason"].clone(),
        about.into(),
        text(involved, "/fieldPath").into(),
        source.into(),
        text(object, "/message").trim().into(),
        age::since(first, now).into(),
        number(object, "/count").unwrap_or(1).into(),
        object::name(object).into(),
    ]
}

fn endpoints(object: &Value) -> String {
    let mut all = Vec::new();
    for subset in list(&object["subsets"]) {
        for port in list(&subset["ports"]) {
            for address in list(&subset["addresses"]) {
                all.push(format!("{}:{}", text(address, "/ip"), port["port"]));
            }
        }
    }
    if all.is_empty() { "<none>".to_owned() } else { all.join(",") }
}

/// Used of allowed, requests and limits apart, by name.
fn quota(object: &Value, age: Value) -> Vec<Value> {
    let (hard, used) = (&object["status"]["hard"], &object["status"]["used"]);
    let part = |limits: bool| {
        let own = hard.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with("limits.") == limits);
        let said: Vec<String> = own
            .map(|(key, hard)| {
                let hard = hard.as_str().unwrap_or_default();
                format!("{key}: {}/{hard}", used[key].as_str().unwrap_or("0"))
            })
            .collect();
        said.join(", ")
    };
    vec![object::name(object).into(), part(false).into(), part(true).into(), age]
}

fn pod_template(object: &Value) -> Vec<Value> {
    let [names, images] = workloads::containers(&object["template"]);
    vec![object::name(object).into(), names, images, pairs(&object["template"]["metadata"]["labels"]).into()]
}

/// The first three of a list, and how many more there are.
fn few(all: &[String]) -> String {
    match all.len() {
        0 => "<unset>".to_owned(),
        1..=3 => all.join(","),
        more => format!("{} + {} more...", all[..3].join(","), more - 3),
    }
}

fn slice(object: &Value, age: Value) -> Vec<Value> {
    let port = |port: &Value| match (&port["port"], port["name"].as_str()) {
        (Value::Null, None) => "*".to_owned(),
        (Value::Null, Some(name)) => name.to_owned(),
        (number, _) => number.to_string(),
    };
    let ports: Vec<String> = list(&object["ports"]).map(port).collect();
    let addresses = list(&object["endpoints"]).flat_map(|one| list(&one["addresses"]));
    let addresses: Vec<String> = addresses.filter_map(Value::as_str).map(str::to_owned).collect();
    let kind = text(object, "/addressType");
    vec![object::name(object).into(), kind.into(), few(&ports).into(), few(&addresses).into(), age]
}

fn ingress(object: &Value, age: Value) -> Vec<Value> {
    let hosts: Vec<&str> = list(&object["spec"]["rules"]).filter_map(|rule| rule["host"].as_str()).collect();
    let hosts = if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") };
    let addresses: Vec<&str> = list(&object["status"]["loadBalancer"]["ingress"])
        .filter_map(|own| own["ip"].as_str().or_else(|| own["hostname"].as_str()))
        .collect();
    let ports = if list(&object["spec"]["tls"]).next().is_some() { "80, 443" } else { "80" };
    let class = or(object, "/spec/ingressClassName", "<none>");
    vec![object::name(object).into(), class.into(), hosts.into(), addresses.join(",").into(), ports.into(), age]
}

fn binding(object: &Value, age: Value) -> Vec<Value> {
    let role = format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
    let of = |kind: &str| {
        let own = list(&object["subjects"]).filter(|own| own["kind"] == kind);
        let names: Vec<String> = own
            .map(|own| match kind {
                "ServiceAccount" => format!("{}/{}", text(own, "/namespace"), text(own, "/name")),
                _ => text(own, "/name").to_owned(),
            })
            .collect();
        names.join(", ")
    };
    vec![
        object::name(object).into(),
        role.into(),
        age,
        of("User").into(),
        of("Group").into(),
        of("ServiceAccount").into(),
    ]
}

fn autoscaler(object: &Value, age: Value) -> Vec<Value> {
    let spec = &object["spec"];
    let reference = format!("{}/{}", text(spec, "/scaleTargetRef/kind"), text(spec, "/scaleTargetRef/name"));
    let current: Vec<&Value> = list(&object["status"]["currentMetrics"]).collect();
    let metric = |(n, metric): (usize, &Value)| {
        let (name, target) = (text(metric, "/resource/name"), &metric["resource"]["target"]);
        let now = current.get(n).map(|own| &own["resource"]["current"]);
        if let Some(wanted) = target["averageUtilization"].as_i64() {
            let now = now.and_then(|now| now["averageUtilization"].as_i64());
            let now = now.map_or_else(|| "<unknown>".to_owned(), |now| format!("{now}%"));
            return format!("{name}: {now}/{wanted}%");
        }
        let now = now.and_then(|now| now["averageValue"].as_str()).unwrap_or("<unknown>");
        format!("{name}: {now}/{}", target["averageValue"].as_str().unwrap_or("<auto>"))
    };
    let metrics: Vec<String> = list(&spec["metrics"]).enumerate().map(metric).collect();
    let metrics = if metrics.is_empty() { "<none>".to_owned() } else { metrics.join(", ") };
    let least = number(object, "/spec/minReplicas").map_or_else(|| "<unset>".to_owned(), |own| own.to_string());
    vec![
        object::name(object).into(),
        reference.into(),
        metrics.into(),
        least.into(),
        spec["maxReplicas"].clone(),
        number(object, "/status/currentReplicas").unwrap_or_default().into(),
        age,
    ]
}

fn budget(object: &Value, age: Value) -> Vec<Value> {
    let said = |key: &str| match &object["spec"][key] {
        Value::Null => json!("N/A"),
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    };
    let allowed = number(object, "/status/disruptionsAllowed").unwrap_or_default();
    vec![object::name(object).into(), said("minAvailable"), said("maxUnavailable"), allowed.into(), age]
}

fn storage_class(object: &Value, age: Value) -> Vec<Value> {
    let is_default = object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    let name = format!("{}{}", object::name(object), if is_default { " (default)" } else { "" });
    vec![
        name.into(),
        text(object, "/provisioner").into(),
        or(object, "/reclaimPolicy", "Delete").into(),
        or(object, "/volumeBindingMode", "Immediate").into(),
        (object["allowVolumeExpansion"] == true).into(),
        age,
    ]
}
