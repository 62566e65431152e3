//! The garbage collector: dependents whose owners are gone, foreground deletion, orphans.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::super::store::Name;
use super::{Room, owner_key};

/// Looks after the object's ownership; says whether the object needs no further look.
pub(super) fn collect(room: &mut Room, kind: &KindInfo, live: &Value) -> bool {
    let owners = live.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let (there, gone): (Vec<&Value>, Vec<&Value>) =
        owners.into_iter().flatten().partition(|owner| is_there(room, owner, object::namespace(live)));
    if there.is_empty() && !gone.is_empty() && !object::is_terminating(live) {
        room.delete(live, &json!({"propagationPolicy": "Background"}));
        return true;
    }
    if !there.is_empty() && forget(room, kind, live, &gone) {
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
            room.let_go(&child, live);
        }
        room.state.queue.children.remove(object::uid(live));
        release(room, kind, live, "orphan");
        return true;
    }
    if has("foregroundDeletion") {
        let children = children(room, live);
        if !children.iter().any(|child| blocks(child, live)) {
            release(room, kind, live, "foregroundDeletion");
            return true;
        }
        for child in children.iter().filter(|child| !object::is_terminating(child)) {
            let owns = room.state.queue.children.get(object::uid(child)).is_some_and(|own| !own.is_empty());
            let policy = if owns { "Foreground" } else { "Background" };
            room.delete(child, &json!({"propagationPolicy": policy}));
        }
    }
    false
}

/// Whether an object keeps its owner from going before it.
fn blocks(child: &Value, owner: &Value) -> bool {
    let owners = child.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners
        .into_iter()
        .flatten()
        .any(|one| object::text(one, "/uid") == object::uid(owner) && one["blockOwnerDeletion"] == true)
}

/// Takes the owners that are gone from an object that has others; says whether there were any.
fn forget(room: &mut Room, kind: &KindInfo, live: &Value, gone: &[&Value]) -> bool {
    if gone.is_empty() || object::is_terminating(live) {
        return false;
    }
    let mut new = live.clone();
    if let Some(owners) = new.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
        owners.retain(|one| !gone.contains(&one));
    }
    room.update(kind, live, new);
    true
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

fn release(room: &mut Room, kind: &KindInfo, live: &Value, finalizer: &str) {
    let mut new = live.clone();
    let all = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut);
    if let Some(all) = all {
        all.retain(|one| one != finalizer);
    }
    room.update(kind, live, new);
}
