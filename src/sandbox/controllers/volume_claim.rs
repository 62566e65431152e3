//! Claims: a volume is made for one a second after it was made, if its storage class is there.
//!
//! A claim that names no class is served as by a default class. Refuses the binding of volumes made by hand.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::{MANAGER, Room, after, later};

const BY: &str = "persistentvolume-controller";
const PROVISIONER: &str = "sandbox.driftdeck.dev/volumes";
/// Seconds until a claim that goes away is looked at again while a pod mounts it; the end of that pod comes before.
const USED: i64 = 60;
const PROTECTED: &str = "kubernetes.io/pvc-protection";

/// After a class moved: claims that wait may be served now.
pub(super) fn class_moved(room: &mut Room) {
    room.look_at(("", "PersistentVolumeClaim"), "", |claim| text(claim, "/status/phase") == "Pending");
}

/// Binds a claim when its second is over.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        release(room, kind, live);
        return;
    }
    if text(live, "/status/phase") != "Pending" {
        return;
    }
    let Some(class) = class_of(room, live) else { return };
    let Some(due) = after(text(live, "/metadata/creationTimestamp"), 1) else { return };
    if due > room.now() {
        room.again(kind, live, due);
        return;
    }
    if text(live, "/spec/volumeName").is_empty() {
        provision(room, kind, live, &class);
        return;
    }
    let mut new = live.clone();
    new["status"] = json!({
        "phase": "Bound", "accessModes": live["spec"]["accessModes"],
        "capacity": {"storage": live["spec"]["resources"]["requests"]["storage"]},
    });
    room.status(kind, live, new, MANAGER);
    let name = object::name(live);
    room.look_at(("", "Pod"), object::namespace(live), |pod| {
        text(pod, "/spec/nodeName").is_empty() && mounts(pod, name)
    });
}

/// The class that serves a claim (null: the default); none where the claim must wait, which is told.
fn class_of(room: &mut Room, live: &Value) -> Option<Value> {
    let Some(name) = live["spec"].get("storageClassName").and_then(Value::as_str) else { return Some(Value::Null) };
    if name.is_empty() {
        let said = "no persistent volumes available for this claim and no storage class is set";
        room.tell_once(live, BY.into(), ("FailedBinding", said));
        return None;
    }
    let Some(class) = room.get(("storage.k8s.io", "StorageClass"), "", name) else {
        let said = format!("storageclass.storage.k8s.io \"{name}\" not found");
        room.warn(live, BY, ("ProvisioningFailed", &said));
        return None;
    };
    let waits = text(&class, "/volumeBindingMode") == "WaitForFirstConsumer";
    if waits && !is_used(room, live) {
        let said = "waiting for first consumer to be created before binding";
        room.tell_once(live, BY.into(), ("WaitForFirstConsumer", said));
        return None;
    }
    Some(class)
}

/// Makes the claim's volume, and notes it in the claim.
fn provision(room: &mut Room, kind: &KindInfo, live: &Value, class: &Value) {
    let name = format!("pvc-{}", object::uid(live));
    let reference = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": object::name(live),
        "namespace": object::namespace(live), "uid": object::uid(live),
    });
    let provisioner = Some(text(class, "/provisioner")).filter(|own| !own.is_empty()).unwrap_or(PROVISIONER);
    let policy = Some(text(class, "/reclaimPolicy")).filter(|own| !own.is_empty()).unwrap_or("Delete");
    let mut spec = json!({
        "accessModes": live["spec"]["accessModes"], "claimRef": reference, "persistentVolumeReclaimPolicy": policy,
        "capacity": {"storage": live["spec"]["resources"]["requests"]["storage"]},
        "csi": {"driver": provisioner, "volumeHandle": name},
    });
    if let Some(class) = live["spec"].get("storageClassName") {
        spec["storageClassName"] = class.clone();
    }
    let made = room.create(json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "spec": spec,
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}},
    }));
    if let Ok(volume) = made {
        set_phase(room, &volume, "Bound");
    }
    let said = format!("Successfully provisioned volume {name}");
    room.tell(live, BY, ("ProvisioningSucceeded", &said));
    let mut new = live.clone();
    object::set(&mut new, &["spec", "volumeName"], name.into());
    for key in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
        object::set(&mut new, &["metadata", "annotations", key], "yes".into());
    }
    room.update(kind, live, new);
}

fn set_phase(room: &mut Room, volume: &Value, phase: &str) {
    let Some(kind) = room.world.kinds.of("", "PersistentVolume").cloned() else { return };
    let mut new = volume.clone();
    object::set(&mut new, &["status", "phase"], phase.into());
    room.status(&kind, volume, new, MANAGER);
}

fn mounts(pod: &Value, claim: &str) -> bool {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    volumes.into_iter().flatten().any(|volume| text(volume, "/persistentVolumeClaim/claimName") == claim)
}

/// After a pod is gone: claims that wait for its end may go.
pub(super) fn pod_gone(room: &mut Room, pod: &Value) {
    let namespace = object::namespace(pod).to_owned();
    if pod["spec"]["volumes"]
        .as_array()
        .is_some_and(|all| all.iter().any(|own| own.get("persistentVolumeClaim").is_some()))
    {
        room.look_at(("", "PersistentVolumeClaim"), &namespace, |claim| {
            object::is_terminating(claim) && mounts(pod, object::name(claim))
        });
    }
}

fn is_used(room: &Room, live: &Value) -> bool {
    let Some(pods) = room.world.kinds.of("", "Pod") else { return false };
    let mut all = room.state.store.list(pods.id, object::namespace(live));
    all.any(|(_, pod)| mounts(&pod.value(pods), object::name(live)))
}

/// A claim that goes away and that no pod of its namespace mounts loses its protection; its volume goes with it.
fn release(room: &mut Room, kind: &KindInfo, live: &Value) {
    if is_used(room, live) {
        if let Some(later) = later(room.now(), USED) {
            room.again(kind, live, later);
        }
        return;
    }
    let held = live["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == PROTECTED));
    if !held {
        return;
    }
    let mut new = live.clone();
    if let Some(all) = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut) {
        all.retain(|one| one != PROTECTED);
    }
    room.update(kind, live, new);
    if let Some(volume) = room.get(("", "PersistentVolume"), "", text(live, "/spec/volumeName")) {
        if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
            room.delete(&volume, &json!({}));
        } else {
            set_phase(room, &volume, "Released");
        }
    }
}
