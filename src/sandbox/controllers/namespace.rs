//! Namespaces that go away: their content first, then the finalizer.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::Room;

/// Deletes what is in a terminating namespace; releases the namespace when nothing is left.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if !object::is_terminating(live) {
        return;
    }
    let name = object::name(live);
    let mut left = 0;
    for inner in room.world.kinds.iter().filter(|inner| inner.namespaced) {
        let all: Vec<Value> = room.state.store.list(inner.id, name).map(|(_, stored)| stored.value(inner)).collect();
        for object in all {
            left += 1;
            if !object::is_terminating(&object) {
                room.delete(&object, &json!({"propagationPolicy": "Background"}));
            }
        }
    }
    if left == 0 {
        let mut new = live.clone();
        object::take(&mut new, &["spec", "finalizers"]);
        release(room, kind, live, new);
    }
}

/// As by `/finalize`: no owner is noted.
fn release(room: &mut Room, kind: &KindInfo, live: &Value, new: Value) {
    let author = super::Author::controller(super::MANAGER);
    let _ = super::super::write::replace(room.world, room.state, kind, (live, new), &author);
}
