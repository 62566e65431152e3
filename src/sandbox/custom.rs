//! Custom kinds: what a `CustomResourceDefinition` opens, changes and closes.
//!
//! Owns definitions (names, conditions, versions), and the reading of custom objects by their structural schema: pruning,
//! defaults, validation. Refuses conversion by webhook: an object is stored once and read in any served version.

mod definition;
mod document;
mod formats;
mod read;
mod register;
mod validate;

use serde_json::Value;

use super::core::World;
use super::failure::Failure;
use super::flags::Validation;
use super::kinds::KindInfo;
use super::object;
use super::write::unknown_said;

pub(super) use definition::check as check_definition;
pub(super) use register::{Registered, hold, removed, written};

/// What a version of a definition says of its kind.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    /// `openAPIV3Schema`, with what every object has.
    pub(super) schema: Value,
    /// `additionalPrinterColumns`, or null.
    pub(super) columns: Value,
    /// `subresources.scale`, or null.
    pub(super) scale: Value,
    /// Fields that a selector may name, without their first dot.
    pub(super) selectable: Vec<String>,
    /// Whether requests may name this version.
    pub(super) is_served: bool,
    /// Whether the definition is about to go.
    pub(super) is_going: bool,
}

impl Custom {
    /// A stored object as this version shows it: without what its schema does not know, with its defaults.
    pub(super) fn view(&self, value: &mut Value) {
        read::prune(&self.schema, value);
        read::drop_nulls(&self.schema, value);
        read::coerce_metadata(value);
        read::fill(&self.schema, value);
    }

    /// The same with its defaults, and no more.
    pub(super) fn fill(&self, value: &mut Value) {
        read::fill(&self.schema, value);
    }
}

/// The group and kind of definitions.
pub(super) const GROUP: &str = "apiextensions.k8s.io";
/// Their kind.
pub(super) const KIND: &str = "CustomResourceDefinition";

/// Reads a custom object as its decoder does; the second are warnings.
pub(super) fn decode(
    kind: &KindInfo,
    custom: &Custom,
    mut body: Value,
    (validation, twice): (Validation, &[String]),
) -> Result<(Value, Vec<String>), Failure> {
    let text = body.to_string();
    let said = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    if said("kind").is_empty() {
        let start: String = text.chars().take(30).collect();
        let why = format!("Object 'Kind' is missing in '{text}' ({start} ...)");
        return Err(Failure::bad(format!(
            "the object provided is unrecognized (must be of type {}): {why}",
            kind.kind
        )));
    }
    let (version, ours) = (said("apiVersion").to_owned(), kind.api_version());
    if version != ours {
        let why = format!("the API version in the data ({version}) does not match the expected API version ({ours})");
        return Err(Failure::bad(why));
    }
    if said("kind") != &*kind.kind {
        let named = KindInfo { kind: said("kind").into(), ..kind.clone() };
        let cause = super::failure::Cause::invalid("kind", &said("kind").into(), &format!("must be {}", kind.kind));
        return Err(Failure::invalid(&named, object::name(&body), &[cause]));
    }
    let unknown = read::prune(&custom.schema, &mut body);
    read::drop_nulls(&custom.schema, &mut body);
    read::coerce_metadata(&mut body);
    read::fill(&custom.schema, &mut body);
    unknown_said(kind, (&unknown, twice), validation).map(|warnings| (body, warnings))
}

/// Whether a new object of the kind can be made: not while its definition goes.
pub(super) fn open(kind: &KindInfo, name: &str) -> Result<(), Failure> {
    match &kind.custom {
        Some(custom) if custom.is_going => {
            let why = "create not allowed while custom resource definition is terminating";
            Err(Failure::forbidden(kind, name, why))
        }
        _ => Ok(()),
    }
}

/// Whether an object keeps its schema; a write to the status is judged by its status alone, and only if that moved.
pub(super) fn check(kind: &KindInfo, live: &Value, body: &Value, subresource: Option<&str>) -> Result<(), Failure> {
    let Some(custom) = &kind.custom else { return Ok(()) };
    let causes = match subresource {
        Some("status") if object::same(live, body, "/status") => Vec::new(),
        Some("status") => validate::status(&custom.schema, body),
        _ => validate::whole(&custom.schema, body),
    };
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, object::name(body), &causes)) }
}

/// What is stored of an object, and the object as it is read back: written in the storage version's schema, read in its
/// own; `None` = it as it is.
pub(super) fn for_storage(world: &World, kind: &KindInfo, object: &mut Value) -> Option<Value> {
    let custom = kind.custom.as_ref()?;
    let storage = world.kinds.get(kind.id)?.custom.clone()?;
    let mut stored = object.clone();
    read::prune(&storage.schema, &mut stored);
    read::drop_nulls(&storage.schema, &mut stored);
    read::coerce_metadata(&mut stored);
    let mut read = stored.clone();
    custom.view(&mut read);
    *object = read;
    Some(stored)
}

/// Whether a text holds a schema's pattern; a pattern that does not read refuses nothing.
fn matches(pattern: &str, text: &str) -> bool {
    regex_automata::meta::Regex::new(pattern).map_or(true, |pattern| pattern.is_match(text))
}
