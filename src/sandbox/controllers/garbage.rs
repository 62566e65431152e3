//! The garbage collector: dependents whose owners are gone, foreground deletion, orphans.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::super::store::Name;
use super::{Room, owner_key};

/// Looks after the object's ownership; says whether the object needs no further look.
pub(super) fn collect(room: &mut Room, kind: &KindInfo, live: &Value) -> bool {
    let owners = live.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let abandoned = owners.is_some_and(|owners| {
        !owners.is_empty() && !owners.iter().any(|owner| is_there(room, owner, object::namespace(live)))
    });
    if abandoned && !object::is_terminating(live) {
        room.delete(live, &json!({"propagationPolicy": "Background"}));
        return true;
    }
    if !object::is_terminating(live) {
        return false;
    }
    let has = |name: &str| {
        let all = live.pointer("/metadata/finalizers").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|one| one == name))
    };
    if has("orphan") {
        for child in children(room, live) {
            abandon(room, live, &child);
        }
        release(room, kind, live, "orphan");
        return true;
    }
    if has("foregroundDeletion") {
        let children = children(room, live);
        if children.is_empty() {
            release(room, kind, live, "foregroundDeletion");
        }
        for child in children.iter().filter(|child| !object::is_terminating(child)) {
            room.delete(child, &json!({"propagationPolicy": "Foreground"}));
        }
        return true;
    }
    false
}

fn is_there(room: &Room, owner: &Value, namespace: &str) -> bool {
    let Some((id, name)) = owner_key(room.world, owner, namespace) else { return true };
    let Some(kind) = room.world.kinds.get(id) else { return true };
    let found = room.state.store.get(id, &name).map(|stored| stored.value(kind));
    found.is_some_and(|found| object::uid(&found) == object::text(owner, "/uid"))
}

fn children(room: &Room, owner: &Value) -> Vec<Value> {
    let keys = room.state.queue.children.get(object::uid(owner)).into_iter().flatten();
    keys.filter_map(|(id, name): &(_, Name)| {
        let kind = room.world.kinds.get(*id)?;
        room.state.store.get(*id, name).map(|stored| stored.value(kind))
    })
    .collect()
}

fn abandon(room: &mut Room, owner: &Value, child: &Value) {
    let version = object::text(child, "/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let Some(kind) = room.world.kinds.of(group, object::text(child, "/kind")).cloned() else { return };
    let mut new = child.clone();
    let owners = new.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut);
    if let Some(owners) = owners {
        owners.retain(|one| one["uid"] != object::uid(owner));
    }
    room.state.queue.children.remove(object::uid(owner));
    room.update(&kind, child, new);
}

fn release(room: &mut Room, kind: &KindInfo, live: &Value, finalizer: &str) {
    let mut new = live.clone();
    let all = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut);
    if let Some(all) = all {
        all.retain(|one| one != finalizer);
    }
    room.update(kind, live, new);
}
