//! The scheduler: which node a pod gets, and why it gets none.

use serde_json::{Value, json};

use super::super::super::kinds::KindInfo;
use super::super::super::object::{self, text};
use super::super::super::write::{self, Author};
use super::super::Room;

const BY: &str = "default-scheduler";
/// What the daemon controller lets its pods bear.
const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The nodes, in order of their names.
pub(in super::super) fn nodes(room: &Room) -> Vec<Value> {
    let Some(kind) = room.world.kinds.of("", "Node") else { return Vec::new() };
    room.state.store.list(kind.id, "").map(|(_, stored)| stored.value(kind)).collect()
}

/// After a node moved: pods without one may have one now, daemons may be missing.
pub(in super::super) fn node_moved(room: &mut Room) {
    room.look_at(("", "Pod"), "", |pod| text(pod, "/spec/nodeName").is_empty());
    room.look_at(("apps", "DaemonSet"), "", |_| true);
}

/// Whether a pod's selector takes a node.
pub(in super::super) fn selects(spec: &Value, node: &Value) -> bool {
    let wanted = spec["nodeSelector"].as_object();
    let labels = &node["metadata"]["labels"];
    wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && bound_to(spec).is_none_or(|name| name == object::name(node))
}

/// The one node that a daemon's pod is for.
pub(in super::super) fn bound_to(spec: &Value) -> Option<&str> {
    let terms = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0";
    spec.pointer(&format!("{terms}/matchFields/0/values/0")).and_then(Value::as_str)
}

/// Makes a pod one for a node, as the daemon controller does.
pub(in super::super) fn bind_to(spec: &mut Value, node: &str) {
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    let terms = json!({"nodeSelectorTerms": [{"matchFields": [field]}]});
    let keys = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    object::set(spec, &keys, terms);
    let mut all = spec["tolerations"].as_array().cloned().unwrap_or_default();
    all.extend(BORNE.map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})));
    object::put(spec, "tolerations", all.into());
}

/// Gives a pod a node, or says why there is none.
pub(super) fn place(room: &mut Room, kind: &KindInfo, live: &Value) {
    let all = nodes(room);
    if let Some(why) = unbound(room, live) {
        refuse(room, kind, live, &format!("0/{} nodes are available: {why}", all.len()));
        return;
    }
    let daemon = bound_to(&live["spec"]).is_some();
    let (fit, other): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|node| selects(&live["spec"], node));
    let (open, closed): (Vec<&Value>, Vec<&Value>) =
        fit.into_iter().partition(|node| daemon || node["spec"]["unschedulable"] != true);
    if open.is_empty() {
        let mut why = Vec::new();
        for (count, said) in
            [(other.len(), "didn't match Pod's node affinity/selector"), (closed.len(), "were unschedulable")]
        {
            if count > 0 {
                why.push(format!("{count} node(s) {said}"));
            }
        }
        let none = if why.is_empty() { "no nodes available to schedule pods".to_owned() } else { why.join(", ") };
        let help = format!(
            "no new claims to deallocate, preemption: 0/{0} nodes are available: {0} Preemption is not helpful for \
             scheduling.",
            all.len()
        );
        refuse(room, kind, live, &format!("0/{} nodes are available: {none}. {help}", all.len()));
        return;
    }
    let roll = usize::try_from(room.state.dice.roll() % 1024).unwrap_or_default();
    if let Some(node) = open.get(roll % open.len()) {
        bind(room, kind, live, object::name(node));
    }
}

/// As by `/binding`: nobody is noted as the owner of the node's name, and the generation stays.
fn bind(room: &mut Room, kind: &KindInfo, live: &Value, node: &str) {
    let mut new = live.clone();
    object::set(&mut new, &["spec", "nodeName"], node.into());
    new["status"]["conditions"] = json!([scheduled(room, live, ("True", "", ""))]);
    let author = Author { subresource: Some("binding"), ..Author::controller("kube-scheduler") };
    let _ = write::replace(room.world, room.state, kind, (live, new), &author);
    let said = format!("Successfully assigned {}/{} to {node}", object::namespace(live), object::name(live));
    room.tell(live, BY, ("Scheduled", &said));
}

fn refuse(room: &mut Room, kind: &KindInfo, live: &Value, why: &str) {
    if live["status"]["conditions"][0]["message"] == why {
        return;
    }
    let mut new = live.clone();
    new["status"]["conditions"] = json!([scheduled(room, live, ("False", "Unschedulable", why))]);
    room.status(kind, live, new, "kube-scheduler");
    room.warn(live, BY, ("FailedScheduling", why));
}

fn scheduled(room: &Room, live: &Value, (word, reason, message): (&str, &str, &str)) -> Value {
    let mut own = json!({
        "type": "PodScheduled", "status": word, "lastProbeTime": null,
        "lastTransitionTime": room.now().to_string(), "observedGeneration": live["metadata"]["generation"],
    });
    if !reason.is_empty() {
        own["reason"] = reason.into();
        own["message"] = message.into();
    }
    own
}

/// Why a pod's claims keep it waiting; one that waits for its first consumer is looked at.
fn unbound(room: &mut Room, live: &Value) -> Option<String> {
    let namespace = object::namespace(live).to_owned();
    for volume in live["spec"]["volumes"].as_array().into_iter().flatten() {
        let name = text(volume, "/persistentVolumeClaim/claimName");
        if name.is_empty() {
            continue;
        }
        let Some(claim) = room.get(("", "PersistentVolumeClaim"), &namespace, name) else {
            return Some(format!("persistentvolumeclaim \"{name}\" not found."));
        };
        if text(&claim, "/status/phase") != "Bound" {
            room.look_at(("", "PersistentVolumeClaim"), &namespace, |own| object::name(own) == name);
            return Some("pod has unbound immediate PersistentVolumeClaims.".to_owned());
        }
    }
    None
}
