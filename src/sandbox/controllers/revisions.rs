//! `ControllerRevisions`: the templates that a StatefulSet or DaemonSet had, by which `kubectl rollout undo` goes back.

use serde_json::{Value, json};

use super::super::object::{self, number};
use super::pods::count;
use super::{Room, hash};

/// The label that names a template's hash.
pub(super) const HASH: &str = "controller-revision-hash";

/// The same, on the revisions of a StatefulSet.
const HISTORY: &str = "controller.kubernetes.io/hash";

/// The revision of the owner's template as it is (made or renewed where need be), and all others, oldest first.
pub(super) fn of(room: &mut Room, owner: &Value) -> Option<(Value, Vec<Value>)> {
    let mut all = room.owned("apps", "ControllerRevision", owner);
    all.sort_by_key(number_of);
    let next = all.last().map_or(0, number_of) + 1;
    let data = data(owner);
    let Some(at) = all.iter().rposition(|own| own["data"] == data) else {
        return room.create(revision(owner, &data, next)).ok().map(|made| (made, all));
    };
    let own = all.remove(at);
    if at == all.len() {
        return Some((own, all));
    }
    let mut new = own.clone();
    object::put(&mut new, "revision", next.into());
    room.update_any(&own, new);
    let now = room.get(("apps", "ControllerRevision"), object::namespace(&own), object::name(&own))?;
    Some((now, all))
}

/// Takes away the oldest beyond the history limit; `live` says which are in use.
pub(super) fn truncate(room: &mut Room, owner: &Value, old: &[Value], live: impl Fn(&Value) -> bool) {
    let limit = count(number(owner, "/spec/revisionHistoryLimit").unwrap_or(10));
    let idle: Vec<&Value> = old.iter().filter(|own| !live(own)).collect();
    for own in idle.iter().take(idle.len().saturating_sub(limit)) {
        room.delete(own, &json!({}));
    }
}

fn number_of(revision: &Value) -> i64 {
    number(revision, "/revision").unwrap_or_default()
}

/// A patch that brings the template back.
fn data(owner: &Value) -> Value {
    let mut template = owner["spec"]["template"].clone();
    object::put(&mut template, "$patch", "replace".into());
    json!({"spec": {"template": template}})
}

fn revision(owner: &Value, data: &Value, number: i64) -> Value {
    let hash = hash(&owner["spec"]["template"]);
    let mut metadata = json!({
        "name": format!("{}-{hash}", object::name(owner)), "namespace": object::namespace(owner),
        "labels": owner["spec"]["template"]["metadata"]["labels"], "ownerReferences": object::owned_by(owner),
    });
    let key = if owner["kind"] == "DaemonSet" { HASH } else { HISTORY };
    object::set(&mut metadata, &["labels", key], hash.into());
    if let Some(own) = owner["metadata"].get("annotations") {
        metadata["annotations"] = own.clone();
    }
    json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data, "revision": number,
    })
}
