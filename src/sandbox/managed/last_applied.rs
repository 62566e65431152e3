//! What kubectl's client-side applies still own: an apply by `kubectl` may take it without force.
//!
//! Owns the reading of the annotation for that. Refuses every other manager.

use serde_json::Value;

use super::super::write::Author;
use super::Ground;
use crate::fields::Set;
use crate::typed::{self, Conflict};

/// The annotation of client-side apply.
pub(in super::super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The conflicts without what the last client-side apply set and nobody has changed since.
pub(super) fn still_disputed(ground: Ground, live: &Value, author: &Author, all: Vec<Conflict>) -> Vec<Conflict> {
    let allowed = if author.manager == "kubectl" { allowed(ground, live) } else { None };
    let Some(allowed) = allowed else { return all };
    let left = all.into_iter().map(|conflict| Conflict { set: conflict.set.difference(&allowed), ..conflict });
    left.filter(|conflict| !conflict.set.is_empty()).collect()
}

fn allowed(ground: Ground, live: &Value) -> Option<Set> {
    let text = live["metadata"]["annotations"].get(LAST_APPLIED)?.as_str()?;
    let last: Value = serde_json::from_str(text).ok()?;
    if last["apiVersion"] != ground.kind.api_version() {
        return None;
    }
    let node = ground.world.schemas.of(&ground.kind.gvk());
    let delta = typed::changed(node.as_ref(), &last, live);
    let moved = delta.modified.union(&delta.added).union(&delta.removed);
    Some(typed::set_of(node.as_ref(), &last).difference(&moved))
}
