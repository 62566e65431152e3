//! Delete: preconditions, finalizers, grace, propagation. What depends on the object is the garbage collector's work.

use serde_json::Value;
use serde_json::json;

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::custom;
use super::super::failure::{Failure, details};
use super::super::flags::Flags;
use super::super::json;
use super::super::kinds::KindInfo;
use super::super::object::{self, text};
use super::super::options::check_delete;
use super::super::read;
use super::super::route::Target;
use super::super::selector::Selector;
use super::super::store::Name;
use super::Asked;

/// Kinds whose delete answers with the object, not with a Status.
const SHOWN: [&str; 9] = [
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ResourceQuota",
    "Service",
    "ServiceAccount",
    "StorageClass",
];

/// DELETE of one object.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let options = options(asked)?;
    let live = super::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    check(&target.kind, &live, &options)?;
    let (last, gone) = delete(world, state, &target.kind, (&live, &options));
    if !gone || SHOWN.contains(&&*target.kind.kind) {
        return Ok(Answer::ok(&last));
    }
    let mut said = details(&target.kind, &target.name, &target.kind.plural);
    said["uid"] = object::uid(&live).into();
    Ok(Answer::ok(&json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": said,
    })))
}

/// DELETE of all that a selector takes.
pub(in super::super) fn collection(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let (options, selector) = (options(asked)?, Selector::of(asked.flags, &target.kind)?);
    let listed = read::list(state, target, asked.flags)?;
    let all = state.store.list(target.kind.id, &target.namespace);
    let chosen: Vec<Value> = all
        .filter(|(name, stored)| selector.takes(name, stored))
        .map(|(_, stored)| stored.value(&target.kind))
        .collect();
    for live in &chosen {
        delete(world, state, &target.kind, (live, &options));
    }
    Ok(listed)
}

/// `DeleteOptions`: the body's, else the query's.
fn options(asked: &Asked) -> Result<Value, Failure> {
    let mut options = match asked.call.body.as_ref() {
        [] => json!({}),
        body => json::read_object(body, "v1.DeleteOptions")
            .map_err(|why| Failure::bad(format!("couldn't get version/kind; json parse error: {why}")))?,
    };
    let flags: &Flags = asked.flags;
    if let Some(policy) = flags.get("propagationPolicy") {
        options["propagationPolicy"] = policy.into();
    }
    if let Some(grace) = flags.number("gracePeriodSeconds") {
        options["gracePeriodSeconds"] = grace.into();
    }
    if flags.has("dryRun") {
        options["dryRun"] = json!(flags.all("dryRun"));
    }
    check_delete(&options)?;
    Ok(options)
}

fn check(kind: &KindInfo, live: &Value, options: &Value) -> Result<(), Failure> {
    let name = object::name(live);
    let (wanted, own) = (text(options, "/preconditions/uid"), object::uid(live));
    if !wanted.is_empty() && wanted != own {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({own}). The object might have \
             been deleted and then recreated"
        );
        return Err(Failure::precondition(kind, name, &why));
    }
    let (wanted, own) = (text(options, "/preconditions/resourceVersion"), text(live, "/metadata/resourceVersion"));
    if !wanted.is_empty() && wanted != own {
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({own}). \
             The object might have been modified"
        );
        return Err(Failure::precondition(kind, name, &why));
    }
    Ok(())
}

/// Deletes, or marks as terminating what finalizers or a grace period hold; says the last state and whether it is gone.
pub(in super::super) fn delete(
    world: &World,
    state: &mut State,
    kind: &KindInfo,
    (live, options): (&Value, &Value),
) -> (Value, bool) {
    let dry_run = options["dryRun"].as_array().is_some_and(|all| all.iter().any(|one| one == "All"));
    let mut last = live.clone();
    if kind.is(custom::GROUP, custom::KIND) {
        custom::hold(state, &mut last);
    }
    propagate(&mut last, text(options, "/propagationPolicy"));
    let grace = grace(kind, live, options);
    if grace == 0 && kind.is("", "Pod") && object::is_terminating(live) {
        // Who gives no more time ends the wait: so the kubelet takes a pod away that has stopped.
        object::set(&mut last, &["metadata", "deletionGracePeriodSeconds"], json!(0));
    }
    if grace == 0 && is_released(kind, &last) {
        if kind.is("", "Pod") {
            mark(state, kind, &mut last, 0);
        }
        if !dry_run {
            state.store.remove(kind.id, &last);
            last = super::committed(world, state, kind, last);
        }
        return (last, true);
    }
    if object::is_terminating(live) && grace > 0 {
        return (last, false);
    }
    mark(state, kind, &mut last, grace);
    if !dry_run {
        state.store.put(kind.id, &last);
        last = super::committed(world, state, kind, last);
    }
    (last, false)
}

fn mark(state: &State, kind: &KindInfo, last: &mut Value, grace: i64) {
    if !object::is_terminating(last) {
        let at = state.now.saturating_add(jiff::SignedDuration::from_secs(grace)).unwrap_or(state.now);
        object::set(last, &["metadata", "deletionTimestamp"], at.to_string().into());
        let counts = !kind.is(custom::GROUP, custom::KIND);
        if let Some(generation) = object::number(last, "/metadata/generation").filter(|_| counts) {
            object::set(last, &["metadata", "generation"], (generation + 1).into());
        }
    }
    if !kind.is("", "Namespace") && !kind.is(custom::GROUP, custom::KIND) {
        object::set(last, &["metadata", "deletionGracePeriodSeconds"], grace.into());
    }
    if kind.is("", "Namespace") {
        object::set(last, &["status", "phase"], "Terminating".into());
    }
}

/// How long the object may still run: only a scheduled pod has a kubelet to wait for.
fn grace(kind: &KindInfo, live: &Value, options: &Value) -> i64 {
    let runs = kind.is("", "Pod")
        && !text(live, "/spec/nodeName").is_empty()
        && !matches!(text(live, "/status/phase"), "Succeeded" | "Failed");
    if !runs {
        return 0;
    }
    let asked = object::number(options, "/gracePeriodSeconds");
    asked.or_else(|| object::number(live, "/spec/terminationGracePeriodSeconds")).unwrap_or(30).max(0)
}

/// The finalizers that a policy asks for; those of another policy, asked for before, go.
fn propagate(last: &mut Value, policy: &str) {
    let (adds, drops): (&str, &[&str]) = match policy {
        "Foreground" => ("foregroundDeletion", &["orphan"]),
        "Orphan" => ("orphan", &["foregroundDeletion"]),
        "Background" => ("", &["foregroundDeletion", "orphan"]),
        _ => return,
    };
    if let Some(all) = last.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut) {
        all.retain(|one| !drops.iter().any(|drop| one == drop));
        if all.is_empty() {
            object::take(last, &["metadata", "finalizers"]);
        }
    }
    if !adds.is_empty() {
        add_finalizer(last, adds);
    }
}

fn add_finalizer(object: &mut Value, name: &str) {
    let own = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let mut all = own.cloned().unwrap_or_default();
    if !all.iter().any(|one| one == name) {
        all.push(name.into());
        object::set(object, &["metadata", "finalizers"], Value::Array(all));
    }
}

/// Whether no finalizer (of a Namespace: neither of its spec) and no grace holds the object.
pub(in super::super) fn is_released(kind: &KindInfo, object: &Value) -> bool {
    let none = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let grace = object::number(object, "/metadata/deletionGracePeriodSeconds").unwrap_or_default();
    let waits = kind.is("", "Pod") && object::is_terminating(object) && grace > 0;
    none("/metadata/finalizers") && (!kind.is("", "Namespace") || none("/spec/finalizers")) && !waits
}
