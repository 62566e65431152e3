//! Claims are bound a second after they were made. Refuses volumes: no PersistentVolume is made for them.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::{MANAGER, Room, after};

/// Binds a claim when its second is over.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if text(live, "/status/phase") != "Pending" || object::is_terminating(live) {
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
