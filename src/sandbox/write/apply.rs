//! Server-side apply: the patch is merged under its field manager, with conflicts named or forced.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::failure::Failure;
use super::super::managed::{self, LAST_APPLIED};
use super::super::route::{Part, Target};
use super::super::store::Name;
use super::super::{defaults, object, validate};
use super::{Asked, Author, create, go_kind, update};
use crate::yaml;

/// PATCH `application/apply-patch+yaml`, of an object that is there or not yet.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let kind = &*target.kind;
    let author = asked.author(target.part);
    let mut patch = read(&asked.call.body)?;
    if !patch.is_object() {
        let why = "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
        let got = validate::shape::go_name(&patch);
        return Err(Failure::bad(format!("{why} {got} into Go value of type map[string]interface {{}}")));
    }
    check(target, &mut patch)?;
    if target.part == Part::Status {
        super::stored(state, kind, &Name::new(&target.namespace, &target.name))?;
    }
    let said = patch.clone();
    let node = world.schemas.of(&kind.gvk());
    validate::shape::declared(node.as_ref(), &patch)?;
    if let Some(fault) = validate::shape::base64_fault(kind, &patch) {
        return Err(Failure::converted(&patch, &fault));
    }
    if object::name(&patch).is_empty() {
        object::set(&mut patch, &["metadata", "name"], target.name.as_str().into());
    }
    update::check_name(target, &mut patch)?;
    let name = Name::new(&target.namespace, &target.name);
    let live = state.store.get(kind.id, &name).map_or(Value::Null, |stored| stored.value(kind));
    check_version(target, &live, &patch)?;
    let ground = super::ground(world, kind, state);
    let mut new = managed::after_apply(ground, &live, &patch, &author, asked.flags.is("force"))?;
    if let Some(custom) = &kind.custom {
        custom.fill(&mut new);
    } else {
        validate::zeros::keep_null_texts(node.as_ref(), &mut new);
        validate::zeros::drop_nulls(&mut new);
        validate::zeros::drop_zeros(node.as_ref(), &mut new);
        validate::zeros::keep_null_moments(&mut new);
    }
    keep_last_applied(&live, (&mut new, said), &author);
    defaults::fill(kind, &mut new);
    if live.is_null() {
        let mut made = new;
        create::begin(state, kind, &mut made);
        let object = create::insert(world, state, kind, made, author.dry_run)?;
        return Ok(Answer::of(201, &object));
    }
    defaults::keep_allocated(kind, &live, &mut new);
    super::keep_other_part(kind, target.part, &live, &mut new);
    defaults::reallocate(state, kind, &mut new);
    let object = super::replace(world, state, kind, (&live, new), &author)?;
    Ok(Answer::ok(&object))
}

/// An apply by kubectl keeps the annotation of its client-side form in step (`lastAppliedUpdater`).
fn keep_last_applied(live: &Value, (new, mut said): (&mut Value, Value), author: &Author) {
    let noted = live["metadata"]["annotations"].get(LAST_APPLIED).is_some();
    if noted && author.manager == "kubectl" && author.subresource.is_none() {
        object::take(&mut said, &["metadata", "annotations", LAST_APPLIED]);
        object::set(new, &["metadata", "annotations", LAST_APPLIED], format!("{said}\n").into());
    }
}

/// JSON is read as JSON, so that no number changes; YAML as Kubernetes reads it.
pub(super) fn read(body: &[u8]) -> Result<Value, Failure> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let mut documents = yaml::read(body, &yaml::Budget::default());
    match documents.pop() {
        Some(Ok(document)) if documents.is_empty() => Ok(document.value),
        Some(Err(error)) => Err(Failure::bad(format!("error decoding YAML: {}", error.what))),
        _ => Err(Failure::bad("error decoding YAML: one object is expected")),
    }
}

fn check(target: &Target, patch: &mut Value) -> Result<(), Failure> {
    let (version, kind) = (object::text(patch, "/apiVersion"), object::text(patch, "/kind"));
    if kind != &*target.kind.kind || version != target.kind.api_version() {
        return Err(Failure::bad(format!("invalid object type: {}", go_kind(version, kind))));
    }
    if patch.pointer("/metadata/managedFields").is_some_and(|own| own.as_array().is_some_and(|own| !own.is_empty())) {
        return Err(Failure::bad("metadata.managedFields must be nil"));
    }
    object::take(patch, &["metadata", "managedFields"]);
    Ok(())
}

/// A version or uid in the patch is a precondition; for an object that is not there it is a conflict.
fn check_version(target: &Target, live: &Value, patch: &Value) -> Result<(), Failure> {
    let (version, uid) = (object::text(patch, "/metadata/resourceVersion"), object::uid(patch));
    if live.is_null() && !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(Failure::precondition(&target.kind, &target.name, &why));
    }
    if !version.is_empty() && !live.is_null() && version != object::text(live, "/metadata/resourceVersion") {
        return Err(Failure::stale(&target.kind, &target.name));
    }
    Ok(())
}
