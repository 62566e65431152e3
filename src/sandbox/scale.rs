//! The `/scale` subresource of workloads, as `autoscaling/v1` Scale.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::core::{State, World};
use super::failure::Failure;
use super::kinds::KindInfo;
use super::managed;
use super::object::{self, number};
use super::route::{Part, Target};
use super::store::Name;
use super::write::{self, Asked, Author};

/// GET, PUT and PATCH of `/scale`.
pub(super) fn answer(world: &World, state: &mut State, target: &Target, asked: &Asked) -> Result<Answer, Failure> {
    let live = write::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    let was = scale_of(&live);
    let said: Value = match asked.call.method.as_str() {
        "GET" => return Ok(Answer::ok(&was)),
        "PUT" | "PATCH" => serde_json::from_slice(&asked.call.body)
            .map_err(|error| Failure::bad(format!("error decoding scale: {error}")))?,
        _ => return Err(Failure::no_method()),
    };
    let mut wanted = was.clone();
    write::patch::merge_patch(&mut wanted, &said);
    if wanted["metadata"]["resourceVersion"] != was["metadata"]["resourceVersion"] {
        return Err(Failure::stale(&target.kind, &target.name));
    }
    let replicas = number(&wanted, "/spec/replicas").unwrap_or_default();
    if replicas < 0 {
        let why = "must be greater than or equal to 0";
        let cause = super::failure::Cause::invalid("spec.replicas", &wanted["spec"]["replicas"], why);
        return Err(Failure::invalid(&scale_kind(&target.kind), &target.name, &[cause]));
    }
    let author = asked.author(Part::Whole);
    let written = set(world, state, &target.kind, (&live, replicas), &author)?;
    Ok(Answer::ok(&scale_of(&written.unwrap_or(live))))
}

/// Sets an object's replicas as its `/scale` does; nothing where they are that many already.
pub(super) fn set(
    world: &World,
    state: &mut State,
    kind: &Arc<KindInfo>,
    (live, replicas): (&Value, i64),
    author: &Author,
) -> Result<Option<Value>, Failure> {
    let mut new = live.clone();
    object::set(&mut new, &["spec", "replicas"], replicas.into());
    if object::same(live, &new, "/spec/replicas") {
        return Ok(None);
    }
    let node = world.schemas.of(&kind.gvk());
    managed::after_scale(write::ground(kind, node.as_ref(), state), live, &mut new, author);
    write::replace(world, state, kind, (live, new), author).map(Some)
}

fn scale_of(object: &Value) -> Value {
    let own = &object["metadata"];
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let pairs =
        labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let selector: Vec<String> = pairs.collect();
    let mut spec = json!({});
    if let Some(replicas) = number(object, "/spec/replicas").filter(|replicas| *replicas != 0) {
        spec["replicas"] = replicas.into();
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": own["name"], "namespace": own["namespace"], "uid": own["uid"],
            "resourceVersion": own["resourceVersion"], "creationTimestamp": own["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": number(object, "/status/replicas").unwrap_or_default(), "selector": selector.join(","),
        },
    })
}

/// What refusals of a Scale name: not the scaled kind.
fn scale_kind(kind: &KindInfo) -> KindInfo {
    KindInfo { group: "autoscaling".into(), version: "v1".into(), kind: "Scale".into(), ..kind.clone() }
}
