//! Claims are bound a second after they were made. Refuses volumes: no `PersistentVolume` is made for them.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::{MANAGER, Room, after};

/// Binds a claim when its second is over.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        release(room, kind, live);
        return;
    }
    if text(live, "/status/phase") != "Pending" {
        return;
    }
    let Some(due) = after(text(live, "/metadata/creationTimestamp"), 1) else { return };
    if due > room.now() {
        room.again(kind, live, due);
        return;
    }
    if text(live, "/spec/volumeName").is_empty() {
        let mut new = live.clone();
        object::set(&mut new, &["spec", "volumeName"], format!("pvc-{}", object::uid(live)).into());
        object::set(&mut new, &["metadata", "annotations", "pv.kubernetes.io/bind-completed"], "yes".into());
        room.update(kind, live, new);
        return;
    }
    let mut new = live.clone();
    new["status"] = json!({
        "phase": "Bound", "accessModes": live["spec"]["accessModes"],
        "capacity": {"storage": live["spec"]["resources"]["requests"]["storage"]},
    });
    room.status(kind, live, new, MANAGER);
}

/// A claim that goes away and that no pod of its namespace mounts loses its protection.
fn release(room: &mut Room, kind: &KindInfo, live: &Value) {
    let Some(pods) = room.world.kinds.of("", "Pod") else { return };
    let used = room.state.store.list(pods.id, object::namespace(live)).any(|(_, pod)| {
        let pod = pod.value(pods);
        let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array).cloned().unwrap_or_default();
        volumes.iter().any(|volume| text(volume, "/persistentVolumeClaim/claimName") == object::name(live))
    });
    if used {
        let later = after(&room.now().to_string(), 1);
        if let Some(later) = later {
            room.again(kind, live, later);
        }
        return;
    }
    let mut new = live.clone();
    let all = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut);
    if let Some(all) = all {
        all.retain(|one| one != "kubernetes.io/pvc-protection");
    }
    room.update(kind, live, new);
}
