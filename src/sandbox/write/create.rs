//! Create: a new object with its uid, its defaults and its first owner.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::failure::{Cause, Failure};
use super::super::kinds::KindInfo;
use super::super::route::Target;
use super::super::store::Name;
use super::super::{custom, defaults, managed, object, validate};
use super::{Asked, Author};

/// Of a prefix this much goes into a name: the whole shall fit a label.
const PREFIX: usize = 58;

/// POST.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let (body, warnings) = asked.object(world, target)?;
    let made = create(world, state, target, (body, &asked.author(target.part)));
    Ok(super::answered(made.map(|object| Answer::of(201, &object)), warnings))
}

/// Creates an object whose ownership is an update's.
pub(in super::super) fn create(
    world: &World,
    state: &mut State,
    target: &Target,
    (mut body, author): (Value, &Author),
) -> Result<Value, Failure> {
    let kind = &*target.kind;
    place(state, target, &mut body)?;
    defaults::fill(kind, &mut body);
    begin(state, kind, &mut body);
    managed::after_update(super::ground(world, kind, state), &Value::Null, &mut body, author);
    insert(world, state, kind, body, author.dry_run)
}

/// Gives the object its namespace and name, and looks whether both can be.
pub(in super::super) fn place(state: &mut State, target: &Target, body: &mut Value) -> Result<(), Failure> {
    let kind = &*target.kind;
    let said = object::namespace(body).to_owned();
    if kind.namespaced {
        if !said.is_empty() && said != target.namespace {
            let why = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Failure::bad(why));
        }
        object::set(body, &["metadata", "namespace"], target.namespace.as_str().into());
    } else {
        object::take(body, &["metadata", "namespace"]);
    }
    let prefix = object::text(body, "/metadata/generateName").to_owned();
    if object::name(body).is_empty() && !prefix.is_empty() {
        let room = prefix.char_indices().nth(PREFIX).map_or(prefix.len(), |(at, _)| at);
        let name = format!("{}{}", &prefix[..room], state.dice.suffix());
        object::set(body, &["metadata", "name"], name.into());
    }
    if object::name(body).is_empty() {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(Failure::invalid(kind, "", &[cause]));
    }
    if !object::text(body, "/metadata/resourceVersion").is_empty() {
        return Err(Failure::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    Ok(())
}

/// The namespace must be there and not go away (the admission plugin `NamespaceLifecycle`).
fn check_namespace(world: &World, state: &State, kind: &KindInfo, body: &Value) -> Result<(), Failure> {
    if !kind.namespaced {
        return Ok(());
    }
    let namespace = object::namespace(body);
    let Some(namespaces) = world.kinds.of("", "Namespace") else { return Ok(()) };
    let found = super::stored(state, namespaces, &Name::new("", namespace))?;
    if object::is_terminating(&found) {
        return Err(Failure::terminating(kind, object::name(body), namespace));
    }
    Ok(())
}

/// What the server sets on a new object before it notes the owner.
pub(in super::super) fn begin(state: &mut State, kind: &KindInfo, body: &mut Value) {
    for key in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
        object::take(body, &["metadata", key]);
    }
    object::set(body, &["metadata", "uid"], state.dice.uuid().into());
    object::set(body, &["metadata", "creationTimestamp"], state.now.to_string().into());
    if super::has_generation(kind) {
        object::set(body, &["metadata", "generation"], json!(1));
    }
    if kind.has_status {
        object::take(body, &["status"]);
    }
}

/// Allocates, validates and stores a prepared object.
pub(in super::super) fn insert(
    world: &World,
    state: &mut State,
    kind: &KindInfo,
    mut body: Value,
    dry_run: bool,
) -> Result<Value, Failure> {
    custom::open(kind, object::name(&body))?;
    check_namespace(world, state, kind, &body)?;
    defaults::allocate(state, kind, &mut body);
    validate::create(kind, &body)?;
    custom::check(kind, &Value::Null, &body, None)?;
    let name = Name::of(&body);
    if state.store.get(kind.id, &name).is_some() {
        return Err(Failure::exists(kind, &name.name));
    }
    let stored = custom::for_storage(world, kind, &mut body);
    if dry_run {
        return Ok(body);
    }
    state.store.put(kind.id, stored.as_ref().unwrap_or(&body));
    Ok(super::committed(world, state, kind, body))
}
