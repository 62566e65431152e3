//! From raw differences to findings: who moved, who wrote it, contested or not, hidden or not; values masked last.

use serde_json::Value;

use super::built_in::BuiltIns;
use super::ignore::{self, Placed};
use super::moved::Mover;
use super::{Ground, Legs, Pair, contested, leave, mask, outcome, who};
use crate::model::{Comparison, FieldPath, Finding, Hidden, Moved, Op, Rule};

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
    /// How it came to be a difference.
    pub sort: Sort,
}

/// How a difference was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Git declares it or we own it, and live has it otherwise.
    Declared,
    /// The server's dry run would change it.
    Answered,
    /// Git dropped it, a sync cannot.
    NeedsDelete,
    /// Git declares it by an old name only, and the new one wins: a sync cannot help it.
    Held,
    /// Git does not mention it.
    Foreign,
}

/// Adds differences that are not told already, by themselves or by one above or below them.
pub(super) fn extend(raw: &mut Vec<Raw>, more: Vec<Raw>) {
    for found in more {
        if !raw.iter().any(|other| other.path.covers(&found.path) || found.path.covers(&other.path)) {
            raw.push(found);
        }
    }
}

/// Judges an object by its raw differences.
pub(super) fn judge(raw: Vec<Raw>, pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let moves = Mover::new(pair, legs, ground);
    let built_in = BuiltIns::new(pair, ground);
    let kinds: Vec<_> = legs.live.map(|live| &live.gvk).into_iter().chain([&pair.git.gvk]).collect();
    let masks = mask::Masks::new(&pair.git.key, &kinds, [&pair.wanted, &pair.have], ground);
    let left = leave::left(pair, ground);
    let (mut shown, mut hidden): (Vec<Finding>, Vec<Hidden>) = (Vec::new(), Vec::new());
    let beside = raw.iter().any(|found| built_in.rule_for(found).is_none());
    for found in raw {
        let hides = built_in.rule_for(&found).filter(|rule| beside || !rule.needs_another());
        let is_written = is_written(&found, &left);
        let finding = finding(found, pair, &moves, (&masks, ground));
        if let Some(rule) = hides {
            hidden.push(rule.hide(finding));
            continue;
        }
        match ignore::place(finding, is_written, (&pair.git.key, pair.node.as_ref()), ground) {
            Placed::Aside(put) => hidden.push(put),
            Placed::Shown(finding) => shown.push(finding),
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

/// Whether a sync writes there whatever rules say: what it sends is decided by who owns a field now, and a rule may have
/// matched who was seen to write it.
fn is_written(raw: &Raw, left: &[FieldPath]) -> bool {
    let is_left = || left.iter().any(|unit| unit.covers(&raw.path) || raw.path.covers(unit));
    matches!(raw.sort, Sort::Declared | Sort::Answered) && !is_left()
}

fn finding(raw: Raw, pair: &Pair, sides: &Mover, (masks, ground): (&mask::Masks, &Ground)) -> Finding {
    let moved = match raw.sort {
        Sort::NeedsDelete => Some(Moved::Git),
        Sort::Foreign => Some(Moved::Foreign),
        Sort::Declared | Sort::Answered | Sort::Held => sides.who_moved(&raw.path),
    };
    let fights = matches!(raw.sort, Sort::Declared | Sort::Answered);
    let holder = contested::holder(pair, &raw.path, ground).filter(|_| fights);
    let by = match holder {
        _ if !ground.has(Rule::Owner) => None,
        Some(holder) => who::held(pair, &raw.path, holder),
        None => who::wrote(pair, &raw.path, moved),
    };
    let was = sides.was(&raw.path);
    Finding {
        contested: holder.is_some(),
        live: raw.live.as_ref().map(|value| masks.say(&raw.path, value, raw.git.as_ref())),
        git: raw.git.as_ref().map(|value| masks.say(&raw.path, value, raw.live.as_ref())),
        was: was.as_ref().map(|value| masks.say(&raw.path, value, raw.live.as_ref())),
        path: masks.path(raw.path),
        moved,
        op: raw.op,
        by,
        declared: None,
        needs_delete: matches!(raw.sort, Sort::NeedsDelete | Sort::Held),
        left: None,
    }
}
