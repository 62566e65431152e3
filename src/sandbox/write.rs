//! The write path without admission: decode, merge, defaults, managedFields, validation, version, store.
//!
//! Owns what create, update, patch, apply and the controllers have in common. Refuses webhooks and quotas.

pub(super) mod apply;
pub(super) mod create;
pub(super) mod delete;
mod json_patch;
pub(super) mod patch;
mod strategic;
pub(super) mod update;

use serde_json::Value;

use super::answer::Answer;
use super::core::{Call, State, World};
use super::custom;
use super::failure::{Cause, Failure};
use super::flags::{Flags, Validation};
use super::json;
use super::kinds::KindInfo;
use super::managed::Ground;
use super::object::{self, text};
use super::route::{Part, Target};
use super::store::Name;
use super::validate::{self, shape};

/// A write's request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) flags: &'a Flags,
}

/// In whose name, and how, something is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Author {
    pub(super) manager: String,
    pub(super) subresource: Option<&'static str>,
    pub(super) dry_run: bool,
}

impl Author {
    /// A controller, on the object itself.
    pub(super) fn controller(manager: &str) -> Self {
        Self { manager: manager.to_owned(), ..Self::default() }
    }

    /// A controller, on the object's status.
    pub(super) fn status(manager: &str) -> Self {
        Self { manager: manager.to_owned(), subresource: Some("status"), dry_run: false }
    }
}

impl Asked<'_> {
    /// The field manager: as given, else the user agent up to its first slash.
    pub(super) fn author(&self, part: Part) -> Author {
        let agent = self.call.agent.split('/').next().unwrap_or_default();
        let manager = self.flags.get("fieldManager").unwrap_or(if agent.is_empty() { "unknown" } else { agent });
        Author { manager: manager.to_owned(), subresource: part.name(), dry_run: self.flags.dry_run() }
    }

    /// The body as an object of the target's kind, unknown fields dealt with; the second are warnings.
    pub(super) fn object(&self, world: &World, target: &Target) -> Result<(Value, Vec<String>), Failure> {
        let body = &*self.call.body;
        let refused = |why: &str| {
            let head = format!("the object provided is unrecognized (must be of type {})", target.kind.kind);
            let summary = json::summary(body);
            Failure::bad(format!("{head}: couldn't get version/kind; json parse error: {why} ({summary})"))
        };
        let is_yaml = self.call.content_type.starts_with("application/yaml");
        let value = if is_yaml { apply::read(body)? } else { json::read(body).map_err(|why| refused(&why))? };
        if !value.is_object() {
            let form = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                        \"json:\\\"kind,omitempty\\\"\" }";
            let got = shape::go_name(&value);
            return Err(refused(&format!("json: cannot unmarshal {got} into Go value of type {form}")));
        }
        let twice = if is_yaml { Vec::new() } else { json::duplicates(body) };
        decode(world, &target.kind, value, (self.flags.validation(), &twice))
    }
}

/// Reads an object as the kind's decoder does: kind and version must fit, unknown fields are dropped or refused.
pub(super) fn decode(
    world: &World,
    kind: &KindInfo,
    mut body: Value,
    (validation, twice): (Validation, &[String]),
) -> Result<(Value, Vec<String>), Failure> {
    if let Some(custom) = &kind.custom {
        return super::custom::decode(kind, custom, body, (validation, twice));
    }
    let said = |body: &Value, key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for (key, ours) in [("apiVersion", kind.api_version()), ("kind", kind.kind.to_string())] {
        if said(&body, key).is_empty() {
            object::put(&mut body, key, ours.into());
        }
    }
    let (version, named) = (said(&body, "apiVersion"), said(&body, "kind"));
    if *named != *kind.kind || version != kind.api_version() {
        let short = version.rsplit('/').next().unwrap_or_default();
        let package = kind.group.split('.').next().filter(|own| !own.is_empty()).unwrap_or("core");
        let head = format!("{named} in version \"{short}\" cannot be handled as a {}", kind.kind);
        let is_known = |named: &str| {
            world.kinds.iter().any(|own| own.custom.is_none() && *own.kind == *named && own.api_version() == version)
        };
        if !is_known(&named) && !named.strip_suffix("List").is_some_and(is_known) {
            let scheme = "pkg/runtime/scheme.go:111";
            let why = format!("no kind \"{named}\" is registered for version \"{version}\" in scheme \"{scheme}\"");
            return Err(Failure::bad(format!("{head}: {why}")));
        }
        let why = format!("converting ({short}.{named}) to ({package}.{}): unknown conversion", kind.kind);
        return Err(Failure::bad(format!("{head}: {why}")));
    }
    let node = world.schemas.of(&kind.gvk());
    // An empty list of owners is no empty list: it asks to forget them.
    let forgets = body.pointer("/metadata/managedFields").is_some_and(|own| own.as_array().is_some_and(Vec::is_empty));
    let unknown = validate::shape::decode(node.as_ref(), kind, &mut body)?;
    if forgets {
        object::set(&mut body, &["metadata", "managedFields"], Value::Array(Vec::new()));
    }
    unknown_said(kind, (&unknown, twice), validation).map(|warnings| (body, warnings))
}

/// A refusal, with the warnings that were due before it.
pub(super) fn answered(result: Result<Answer, Failure>, warnings: Vec<String>) -> Answer {
    result.unwrap_or_else(Answer::from).with_warnings(warnings)
}

/// What is said of fields that are unknown or stand twice: nothing, warnings, or a refusal.
pub(super) fn unknown_said(
    kind: &KindInfo,
    (unknown, twice): (&[String], &[String]),
    validation: Validation,
) -> Result<Vec<String>, Failure> {
    if unknown.is_empty() && twice.is_empty() || validation == Validation::Ignore {
        return Ok(Vec::new());
    }
    let twice = twice.iter().map(|path| format!("duplicate field \"{path}\""));
    let said: Vec<String> = twice.chain(unknown.iter().map(|path| format!("unknown field \"{path}\""))).collect();
    if validation == Validation::Strict {
        let head = format!("{} in version \"{}\" cannot be handled as a {}", kind.kind, kind.version, kind.kind);
        return Err(Failure::bad(format!("{head}: strict decoding error: {}", said.join(", "))));
    }
    Ok(said)
}

/// `apps/v1, Kind=Deployment`.
fn go_kind(version: &str, kind: &str) -> String {
    let version = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
    format!("{version}, Kind={kind}")
}

/// The stored object, or 404.
pub(super) fn stored(state: &State, kind: &KindInfo, name: &Name) -> Result<Value, Failure> {
    let stored = state.store.get(kind.id, name).ok_or_else(|| Failure::not_found(kind, &name.name))?;
    Ok(stored.value(kind))
}

/// What managedFields are computed on.
pub(super) fn ground<'a>(world: &'a World, kind: &'a KindInfo, state: &State) -> Ground<'a> {
    Ground { world, kind, now: state.now }
}

/// Puts `new` in the place of `live`: identity, generation, validation; nothing is written where nothing moved.
pub(super) fn replace(
    world: &World,
    state: &mut State,
    kind: &KindInfo,
    (live, mut new): (&Value, Value),
    author: &Author,
) -> Result<Value, Failure> {
    keep_identity(kind, live, &mut new)?;
    if author.subresource.is_none() && moves_generation(kind, live, &new) {
        let generation = object::number(live, "/metadata/generation").unwrap_or_default() + 1;
        object::set(&mut new, &["metadata", "generation"], generation.into());
    }
    validate::update(kind, live, &new)?;
    custom::check(kind, live, &new, author.subresource)?;
    object::set(&mut new, &["metadata", "resourceVersion"], live["metadata"]["resourceVersion"].clone());
    let stored = custom::for_storage(world, kind, &mut new);
    if timeless(live) == timeless(&new) && stored.as_ref().is_none_or(|stored| is_stored(state, kind, stored)) {
        return Ok(live.clone());
    }
    if author.dry_run {
        return Ok(new);
    }
    let finished = object::is_terminating(&new) && delete::is_released(kind, &new);
    if finished {
        state.store.remove(kind.id, &new);
    } else {
        state.store.put(kind.id, stored.as_ref().unwrap_or(&new));
    }
    Ok(committed(world, state, kind, new))
}

/// After a write: the controllers are told, watches wake, the answer carries the new version.
pub(super) fn committed(world: &World, state: &mut State, kind: &KindInfo, mut object: Value) -> Value {
    object::set(&mut object, &["metadata", "resourceVersion"], state.store.rv().to_string().into());
    let gone = state.store.get(kind.id, &Name::of(&object)).is_none();
    state.queue.touched(world, kind, &object, gone);
    state.wake(Some(kind.id));
    if kind.is(custom::GROUP, custom::KIND) {
        custom::written(world, state, &object, gone);
    } else if gone && kind.custom.is_some() {
        custom::removed(world, state, kind);
    }
    object
}

/// Server-owned metadata is as it was, whatever the request says; another uid is a conflict.
fn keep_identity(kind: &KindInfo, live: &Value, new: &mut Value) -> Result<(), Failure> {
    let (own, said) = (object::uid(live), object::uid(new));
    if !said.is_empty() && own != said {
        let cause = Cause::invalid("metadata.uid", &said.into(), "field is immutable");
        return Err(Failure::invalid(kind, object::name(live), &[cause.clone(), cause]));
    }
    let (own, said) = (text(live, "/metadata/deletionTimestamp"), text(new, "/metadata/deletionTimestamp"));
    if !said.is_empty() && own.is_empty() {
        let cause = Cause::invalid("metadata.deletionTimestamp", &said.into(), "field is immutable");
        return Err(Failure::invalid(kind, object::name(live), &[cause]));
    }
    for key in ["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        match live["metadata"].get(key) {
            Some(value) => object::set(new, &["metadata", key], value.clone()),
            None => {
                object::take(new, &["metadata", key]);
            }
        }
    }
    Ok(())
}

/// Kinds whose generation follows their spec.
const GENERATIONS: [&str; 14] = [
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "Ingress",
    "Job",
    "NetworkPolicy",
    "Pod",
    "PodDisruptionBudget",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Whether the kind counts generations.
pub(super) fn has_generation(kind: &KindInfo) -> bool {
    kind.custom.is_some() || GENERATIONS.contains(&&*kind.kind)
}

fn moves_generation(kind: &KindInfo, live: &Value, new: &Value) -> bool {
    if kind.custom.is_some() {
        let kept = |object: &Value| {
            let mut object = object.clone();
            object::take(&mut object, &["metadata"]);
            if kind.has_status {
                object::take(&mut object, &["status"]);
            }
            object
        };
        return kept(live) != kept(new);
    }
    if kind.is("discovery.k8s.io", "EndpointSlice") {
        let parts = ["/addressType", "/endpoints", "/ports", "/metadata/labels"];
        return parts.iter().any(|part| !object::same(live, new, part));
    }
    let annotations = kind.is("apps", "Deployment") && !object::same(live, new, "/metadata/annotations");
    has_generation(kind) && (annotations || !object::same(live, new, "/spec"))
}

/// An object as compared for "did anything move": the times of managedFields do not count.
fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        object::take(entry, &["time"]);
    }
    object
}

/// Whether a custom object lies in the store just so. Another version may show what was asked for and hide what is lost.
fn is_stored(state: &State, kind: &KindInfo, stored: &Value) -> bool {
    let lying = state.store.get(kind.id, &Name::of(stored)).map(|lying| serde_json::from_slice(&lying.bare()));
    let Some(Ok(mut lying)) = lying else { return false };
    for key in ["apiVersion", "kind"] {
        object::put(&mut lying, key, stored[key].clone());
    }
    timeless(&lying) == timeless(stored)
}

/// The object with its status (a write to the whole) or all but its status (a write to the status) as it was.
pub(super) fn keep_other_part(kind: &KindInfo, part: Part, live: &Value, new: &mut Value) {
    let restore = |new: &mut Value, key: &str| match live.get(key) {
        Some(value) => object::put(new, key, value.clone()),
        None => {
            object::take(new, &[key]);
        }
    };
    match part {
        Part::Whole | Part::Finalize if kind.has_status => restore(new, "status"),
        Part::Status if kind.custom.is_some() => {
            let (status, managed) = (new.get("status").cloned(), new["metadata"].get("managedFields").cloned());
            *new = live.clone();
            for (keys, value) in [(&["status"][..], status), (&["metadata", "managedFields"], managed)] {
                object::take(new, keys);
                if let Some(value) = value {
                    object::set(new, keys, value);
                }
            }
        }
        Part::Status => {
            restore(new, "spec");
            if &*kind.group == "apps" {
                let labels = live["metadata"].get("labels").cloned().unwrap_or_default();
                object::set(new, &["metadata", "labels"], labels);
                if new["metadata"]["labels"].is_null() {
                    object::take(new, &["metadata", "labels"]);
                }
            }
        }
        Part::Whole | Part::Scale | Part::Finalize => {}
    }
}
