//! From raw differences to findings: who moved, who wrote it, contested or not, hidden or not; values masked last.

use serde_json::Value;

use super::moved::Mover;
use super::{Ground, Legs, Pair, contested, ignore, mask, outcome, who};
use crate::model::{Comparison, FieldPath, Finding, Hidden, Moved, Op};

/// A difference with its plain values: never leaves this room. No `Debug`.
pub(super) struct Raw {
    /// Where.
    pub path: FieldPath,
    /// What live did to git's declaration.
    pub op: Op,
    /// The live value.
    pub live: Option<Value>,
    /// Git's value, or what a sync would make of it.
    pub git: Option<Value>,
    /// Git dropped it, a sync cannot.
    pub needs_delete: bool,
}

/// Judges an object by its raw differences.
pub(super) fn judge(raw: Vec<Raw>, pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let moves = Mover::new(pair, legs);
    let (mut shown, mut hidden): (Vec<Finding>, Vec<Hidden>) = (Vec::new(), Vec::new());
    for found in raw {
        let finding = finding(found, pair, &moves, ground);
        match ignore::rule_for(&ground.app.ignore, &pair.git.key, &finding) {
            Some(rule) => hidden.push(ignore::hide(rule, finding)),
            None => shown.push(finding),
        }
    }
    shown.sort_by_key(|finding| finding.path.to_string());
    let base = legs.base.base();
    Comparison {
        verdict: outcome::verdict(&shown),
        moved: outcome::moved_over(&shown),
        reason: outcome::no_base(base, &shown, ground),
        hidden,
        findings: shown,
        ..outcome::blank(legs, crate::model::Verdict::Synced)
    }
}

fn finding(raw: Raw, pair: &Pair, sides: &Mover, ground: &Ground) -> Finding {
    let moved = if raw.needs_delete { Some(Moved::Git) } else { sides.who_moved(&raw.path) };
    let by = who::wrote(pair, &raw.path, moved);
    let masks = mask::Masks::new(&pair.git.key.kind, ground);
    let was = sides.was(&raw.path);
    Finding {
        contested: contested::is_contested(pair, &raw.path, ground.owner_lists),
        live: raw.live.as_ref().map(|value| masks.say(&raw.path, value, raw.git.as_ref())),
        git: raw.git.as_ref().map(|value| masks.say(&raw.path, value, raw.live.as_ref())),
        was: was.as_ref().map(|value| masks.say(&raw.path, value, raw.live.as_ref())),
        path: raw.path,
        moved,
        op: raw.op,
        by,
        declared: None,
        needs_delete: raw.needs_delete,
    }
}
