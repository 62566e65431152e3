//! Update: the object as sent takes the place of the stored one, if its version still is the stored one's.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::failure::Failure;
use super::super::kinds::KindInfo;
use super::super::route::{Part, Target};
use super::super::store::Name;
use super::super::{defaults, managed, object};
use super::{Asked, Author};

/// PUT, on the whole or on the status.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let (mut body, warnings) = asked.object(world, target)?;
    check_name(target, &mut body)?;
    let live = super::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    let (own, said) = (object::uid(&live), object::uid(&body));
    if !said.is_empty() && own != said {
        return Err(Failure::other_uid(&target.kind, &live, said));
    }
    if target.kind.custom.is_some() && object::text(&body, "/metadata/resourceVersion").is_empty() {
        return Err(Failure::unversioned(&target.kind, &target.name));
    }
    let author = asked.author(target.part);
    let made = update(world, state, (&target.kind, target.part), (&live, body), &author);
    Ok(super::answered(made.map(|object| Answer::ok(&object)), warnings))
}

/// The body's name and namespace must be the path's.
pub(in super::super) fn check_name(target: &Target, body: &mut Value) -> Result<(), Failure> {
    let (said, asked) = (object::name(body), &target.name);
    if said.is_empty() {
        let why = format!("the name of the object ({asked} based on URL) was undeterminable: name must be provided");
        return Err(Failure::bad(why));
    } else if said != asked {
        let what = format!("the name of the object ({said}) does not match the name on the URL ({asked})");
        return Err(Failure::bad(what));
    }
    if !target.kind.namespaced {
        return Ok(());
    }
    let said = object::namespace(body);
    if said.is_empty() {
        object::set(body, &["metadata", "namespace"], target.namespace.as_str().into());
    } else if said != target.namespace {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Failure::bad(why));
    }
    Ok(())
}

/// Updates `live` to `new`, with ownership.
pub(in super::super) fn update(
    world: &World,
    state: &mut State,
    (kind, part): (&KindInfo, Part),
    (live, mut new): (&Value, Value),
    author: &Author,
) -> Result<Value, Failure> {
    let version = object::text(&new, "/metadata/resourceVersion");
    if version.parse::<u64>().is_err() && !version.is_empty() {
        return Err(Failure::new(500, "", format!("strconv.ParseUint: parsing \"{version}\": invalid syntax")));
    }
    if !version.is_empty() && version != "0" && version != object::text(live, "/metadata/resourceVersion") {
        return Err(Failure::stale(kind, object::name(live)));
    }
    defaults::fill(kind, &mut new);
    defaults::keep_allocated(kind, live, &mut new);
    managed::after_update(super::ground(world, kind, state), live, &mut new, author);
    super::keep_other_part(kind, part, live, &mut new);
    defaults::reallocate(state, kind, &mut new);
    super::replace(world, state, kind, (live, new), author)
}
