//! Patch: which kind of patch it is, and merge and JSON patches. Refuses strategic merge of custom kinds, with 415.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::core::{State, World};
use super::super::failure::Failure;
use super::super::flags::Validation;
use super::super::route::Target;
use super::super::store::Name;
use super::{Asked, apply, decode, json_patch, strategic, update};
use crate::schema::Node;

/// Merges a patch into an object of a schema.
type Merge = fn(Option<&Node>, &mut Value, &Value) -> Result<(), Failure>;

/// PATCH.
pub(in super::super) fn answer(
    world: &World,
    state: &mut State,
    target: &Target,
    asked: &Asked,
) -> Result<Answer, Failure> {
    let content = asked.call.content_type.split(';').next().unwrap_or_default().trim();
    let is_strategic = content == "application/strategic-merge-patch+json";
    let merge: Merge = match content {
        "application/apply-patch+yaml" => return apply::answer(world, state, target, asked),
        "application/merge-patch+json" => |_, live, patch| {
            merge_patch(live, patch);
            Ok(())
        },
        "application/json-patch+json" => |_, live, patch| json_patch::patch(live, patch),
        _ if target.kind.custom.is_some() => return Err(Failure::custom_media_type()),
        _ if is_strategic => strategic::patch,
        _ => return Err(Failure::media_type()),
    };
    let live = super::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    let patch: Value = serde_json::from_slice(&asked.call.body)
        .map_err(|error| Failure::bad(format!("error decoding patch: {error}")))?;
    let node = world.schemas.of(&target.kind.gvk());
    let mut new = live.clone();
    merge(node.as_ref(), &mut new, &patch)?;
    if is_strategic {
        let strict = asked.flags.validation() == Validation::Strict;
        strategic::converted(node.as_ref(), &target.kind, (&new, &patch), strict)?;
    }
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
