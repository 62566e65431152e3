//! Patch: which kind of patch it is, and merge and JSON patches. Refuses strategic merge for now, with 415.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::failure::Failure;
use super::super::route::Target;
use super::super::store::Name;
use super::{Asked, apply, decode, json_patch, update};

/// PATCH.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let content = asked.call.content_type.split(';').next().unwrap_or_default().trim();
    let merge: fn(&mut Value, &Value) -> Result<(), Failure> = match content {
        "application/apply-patch+yaml" => return apply::answer(world, state, target, asked),
        "application/merge-patch+json" => |live, patch| {
            merge_patch(live, patch);
            Ok(())
        },
        "application/json-patch+json" => json_patch::patch,
        _ => return Err(Failure::media_type()),
    };
    let live = super::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    let patch: Value = serde_json::from_slice(&asked.call.body)
        .map_err(|error| Failure::bad(format!("error decoding patch: {error}")))?;
    let mut new = live.clone();
    merge(&mut new, &patch)?;
    let (mut new, warnings) = decode(world, &target.kind, new, asked.flags.validation())?;
    update::check_name(target, &mut new)?;
    let author = asked.author(target.part);
    let object = update::update(world, state, (&target.kind, target.part), (&live, new), &author)?;
    Ok(Answer::ok(&object).with_warnings(warnings))
}

/// RFC 7386.
pub(in super::super) fn merge_patch(live: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *live = patch.clone();
        return;
    };
    if !live.is_object() {
        *live = Value::Object(serde_json::Map::new());
    }
    let Value::Object(map) = live else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge_patch(map.entry(key).or_insert(Value::Null), value);
        }
    }
}
