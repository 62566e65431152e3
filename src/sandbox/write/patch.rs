//! Patch: which kind of patch it is, and merge and JSON patches. Refuses strategic merge of custom kinds, with 415.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::core::{Call, State, World};
use super::super::failure::{Cause, Failure};
use super::super::flags::Validation;
use super::super::json;
use super::super::kinds::KindInfo;
use super::super::route::Target;
use super::super::store::Name;
use super::super::validate::shape;
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
    let patch = read(&asked.call.body, content)?;
    let node = world.schemas.of(&target.kind.gvk());
    let mut new = live.clone();
    merge(node.as_ref(), &mut new, &patch)?;
    if is_strategic {
        let strict = asked.flags.validation() == Validation::Strict;
        strategic::converted(node.as_ref(), &target.kind, (&new, &patch), strict)?;
    }
    let patched = if is_strategic { String::new() } else { new.to_string() };
    let twice = if content.starts_with("application/json") { Vec::new() } else { json::duplicates(&asked.call.body) };
    let (mut new, warnings) = decode(world, &target.kind, new, (asked.flags.validation(), &twice))
        .map_err(|failure| if is_strategic { failure } else { misfit(failure, &patched) })?;
    update::check_name(target, &mut new)?;
    let author = asked.author(target.part);
    let made = update::update(world, state, (&target.kind, target.part), (&live, new), &author);
    Ok(super::answered(made.map(|object| Answer::ok(&object)), warnings))
}

/// The patch itself, of the form its type has.
fn read(body: &[u8], content: &str) -> Result<Value, Failure> {
    let head = if content.contains("strategic") { "" } else { "error decoding patch: " };
    let patch = json::read(body).map_err(|why| Failure::bad(format!("{head}{why}")))?;
    let is_list = content == "application/json-patch+json";
    let (fits, form) = if is_list {
        (patch.is_array() || patch.is_null(), "[]handlers.jsonPatchOp")
    } else {
        (patch.is_object(), "map[string]interface {}")
    };
    let got = shape::go_name(&patch);
    if patch.is_null() && content == "application/merge-patch+json" {
        return Err(Failure::bad("Invalid JSON Patch"));
    }
    if is_list && fits {
        json_patch::check(&patch)?;
    }
    let why = || format!("{head}json: cannot unmarshal {got} into Go value of type {form}");
    if fits { Ok(patch) } else { Err(Failure::bad(why())) }
}

/// What the decoder refuses of a patched object is the patch's fault.
fn misfit(failure: Failure, patched: &str) -> Failure {
    let Some((_, why)) = failure.message.split_once(" cannot be handled as a ") else { return failure };
    let why = why.split_once(": ").map_or(why, |(_, why)| why);
    let cause = Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {patched:?}: {why}"),
        field: "patch".to_owned(),
    };
    Failure::anonymous(&cause)
}

/// A document with the patch merged in that is asked for, read as an object of that kind; the second are warnings.
pub(in super::super) fn merged(
    world: &World,
    kind: &KindInfo,
    document: &Value,
    asked: &Asked,
) -> Result<(Value, Vec<String>), Failure> {
    let content = asked.call.content_type.split(';').next().unwrap_or_default().trim();
    let patch = read(&asked.call.body, content)?;
    let mut new = document.clone();
    if content == "application/json-patch+json" {
        json_patch::patch(&mut new, &patch)?;
    } else {
        merge_patch(&mut new, &patch);
    }
    let patched = new.to_string();
    decode(world, kind, new, (asked.flags.validation(), &[])).map_err(|failure| misfit(failure, &patched))
}

/// Whether the patch is of a type that is not known: that is said before anything else is judged.
pub(in super::super) fn is_unknown(target: &Target, call: &Call) -> bool {
    let content = call.content_type.split(';').next().unwrap_or_default().trim();
    match content {
        "application/apply-patch+yaml" | "application/merge-patch+json" | "application/json-patch+json" => false,
        "application/strategic-merge-patch+json" => target.kind.custom.is_some(),
        _ => true,
    }
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
