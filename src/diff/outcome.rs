//! The judgements that need no field to be compared: absent on a side, on its way out, not to be read.

use serde_json::Value;

use super::ignore::{self, Placed};
use super::{BaseLeg, Ground, Legs, Refusal, ServerSaid, testimony};
use crate::model::{
    Base, Basis, Comparison, FieldPath, Finding, Foreign, Live, Manifest, Moved, Op, Reason, ReasonCode, Rule, Verdict,
};

/// Both sides where both are there; else the judgement that follows from presence alone (drift.md steps 0 and 1).
pub(super) fn presence<'a>(legs: &Legs<'a>, ground: &Ground) -> Result<(&'a Manifest, &'a Live), Box<Comparison>> {
    let judged = match (legs.git, legs.live) {
        (_, Some(live)) if ground.has(Rule::Terminating) && is_leaving(live) => terminating(legs, live, ground),
        (Some(git), Some(live)) => return Ok((git, live)),
        (Some(_), None) => missing(legs, ground),
        (None, Some(_)) if !was_ours(legs) || !ground.has(Rule::Inventory) => not_ours(legs, ground),
        (None, Some(live)) => extra(legs, live, ground),
        (None, None) => blank(legs, Verdict::Synced),
    };
    Err(Box::new(judged))
}

/// A judgement with nothing in it.
pub(super) fn blank(legs: &Legs, verdict: Verdict) -> Comparison {
    Comparison {
        verdict,
        moved: None,
        base: legs.base.base(),
        basis: Basis::Server,
        pending: false,
        findings: Vec::new(),
        hidden: Vec::new(),
        refused: None,
        reason: None,
        unadopted: false,
    }
}

/// A reason that begins now.
pub(super) fn reason(code: ReasonCode, message: impl Into<Foreign>, ground: &Ground) -> Reason {
    Reason { code, message: message.into(), since: ground.now.wall }
}

/// One finding for the whole object.
fn whole(moved: Moved, op: Op) -> Finding {
    Finding {
        path: FieldPath::root(),
        moved: Some(moved),
        contested: false,
        op,
        live: None,
        git: None,
        was: None,
        by: None,
        declared: None,
        needs_delete: false,
        left: None,
    }
}

/// Whether the base or our inventory has the object; a label alone never makes it ours.
fn was_ours(legs: &Legs) -> bool {
    legs.in_inventory || matches!(legs.base, BaseLeg::At(_, Some(_)) | BaseLeg::Hash(_))
}

/// On the cluster only, and never ours.
fn not_ours(legs: &Legs, ground: &Ground) -> Comparison {
    let words = "in neither git nor the inventory; it is not ours to judge or to delete";
    Comparison { reason: Some(reason(ReasonCode::Other, words, ground)), ..blank(legs, Verdict::Unknown) }
}

/// In git only: deleted by somebody when it was there before, else never synced.
fn missing(legs: &Legs, ground: &Ground) -> Comparison {
    let moved = if was_ours(legs) { Moved::Live } else { Moved::Git };
    let by = testimony::deleted(legs.seen).filter(|_| moved == Moved::Live && ground.has(Rule::SeenWrites));
    with_whole(blank(legs, Verdict::Missing), Finding { by, ..whole(moved, Op::Remove) }, legs, ground)
}

/// Synced once, gone from git. What a controller owns is never ours to delete.
fn extra(legs: &Legs, live: &Live, ground: &Ground) -> Comparison {
    if is_controlled(live, ground) {
        let words = "a controller owns this object now; it is not ours to judge or to delete";
        return Comparison { reason: Some(reason(ReasonCode::Other, words, ground)), ..blank(legs, Verdict::Unknown) };
    }
    with_whole(blank(legs, Verdict::Extra), whole(Moved::Git, Op::Add), legs, ground)
}

fn with_whole(judged: Comparison, finding: Finding, legs: &Legs, ground: &Ground) -> Comparison {
    let moved = finding.moved;
    let key = legs.git.map(|git| &git.key).or(legs.live.map(|live| &live.key));
    let Some(key) = key else { return Comparison { moved, findings: vec![finding], ..judged } };
    match ignore::place(finding, false, (key, None), ground) {
        Placed::Aside(hidden) => Comparison { verdict: Verdict::Synced, hidden: vec![hidden], ..judged },
        Placed::Shown(finding) => Comparison { moved, findings: vec![finding], ..judged },
    }
}

fn terminating(legs: &Legs, live: &Live, ground: &Ground) -> Comparison {
    let object: Value = serde_json::from_str(&live.json).unwrap_or_default();
    let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    let since = object.pointer("/metadata/deletionTimestamp").and_then(Value::as_str).unwrap_or("?");
    let words = if names.is_empty() {
        format!("being deleted since {since}")
    } else {
        format!("being deleted since {since}, waits for {}", names.join(", "))
    };
    Comparison { reason: Some(reason(ReasonCode::Deleting, words, ground)), ..blank(legs, Verdict::Terminating) }
}

/// A live object that is no JSON.
pub(super) fn unreadable(legs: &Legs, ground: &Ground) -> Comparison {
    let words = "the server sent an object that cannot be read";
    Comparison { reason: Some(reason(ReasonCode::Other, words, ground)), ..blank(legs, Verdict::Unknown) }
}

/// What a dry run of an absent object adds: git cannot be applied at all, or its namespace is going.
pub(super) fn absent_with(judged: Comparison, said: &ServerSaid, ground: &Ground) -> Comparison {
    let ServerSaid::Refused { why, message } = said else { return judged };
    match (judged.verdict, why) {
        (_, Refusal::Invalid) if !ground.has(Rule::Invalid) => judged,
        (_, Refusal::Quota | Refusal::Webhook | Refusal::Immutable) if !ground.has(Rule::RefusedFindings) => judged,
        (Verdict::Missing, Refusal::Invalid) => Comparison {
            verdict: Verdict::Invalid,
            reason: Some(reason(ReasonCode::Rejected, message.clone(), ground)),
            ..judged
        },
        (Verdict::Missing, Refusal::NamespaceTerminating) => Comparison {
            verdict: Verdict::Unknown,
            reason: Some(reason(ReasonCode::NamespaceTerminating, message.clone(), ground)),
            ..judged
        },
        (Verdict::Missing, Refusal::Quota | Refusal::Webhook | Refusal::Immutable) => {
            let reason = Some(reason(ReasonCode::Refused, message.clone(), ground));
            Comparison { refused: Some(message.clone()), basis: Basis::Local, reason, ..judged }
        }
        (Verdict::Missing, Refusal::Unavailable) => Comparison {
            basis: Basis::Local,
            reason: Some(reason(ReasonCode::DryRunUnavailable, message.clone(), ground)),
            ..judged
        },
        _ => judged,
    }
}

/// Whether an object is being deleted (`metadata.deletionTimestamp`).
#[must_use]
pub fn is_leaving(live: &Live) -> bool {
    // Cheap first: most objects have no such text, and parsing them all would cost more than judging.
    live.json.contains("\"deletionTimestamp\"")
        && serde_json::from_str::<Value>(&live.json)
            .is_ok_and(|object| object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null()))
}

/// Whether a controller owns an object (`metadata.ownerReferences[].controller`).
#[must_use]
pub fn is_controlled(live: &Live, ground: &Ground) -> bool {
    ground.has(Rule::ControllerOwned)
        && serde_json::from_str::<Value>(&live.json).is_ok_and(|object| has_controller(&object))
}

/// Whether a controller owns an object, by its text alone.
#[must_use]
pub fn has_controller(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// Which side moved over all findings: one word, or both.
pub(super) fn moved_over(findings: &[Finding]) -> Option<Moved> {
    // What git does not mention says nothing about which side left the base, unless there is nothing else.
    let counts = |finding: &&Finding| finding.moved != Some(Moved::Foreign);
    let mut moves = findings.iter().filter(counts).map(|finding| finding.moved);
    let Some(first) = moves.next() else { return findings.first().and_then(|finding| finding.moved) };
    let first = first?;
    moves.try_fold(first, |so_far, next| {
        let next = next?;
        Some(if next == so_far { so_far } else { Moved::Both })
    })
}

/// The verdict of an object whose findings are known.
#[must_use]
pub fn verdict(findings: &[Finding]) -> Verdict {
    if findings.is_empty() {
        return Verdict::Synced;
    }
    if findings.iter().any(|finding| finding.contested) {
        return Verdict::Contested;
    }
    match moved_over(findings) {
        Some(Moved::Git) => Verdict::Behind,
        Some(Moved::Both) => Verdict::Diverged,
        Some(Moved::Foreign) => Verdict::Touched,
        Some(Moved::Live) | None => Verdict::Drifted,
    }
}

/// Why differences stand without a side: there is no base.
pub(super) fn no_base(base: Base, findings: &[Finding], ground: &Ground) -> Option<Reason> {
    let judged = findings.iter().any(|finding| finding.moved != Some(Moved::Foreign));
    (base == Base::None && judged).then(|| reason(ReasonCode::NoBase, "no base: never seen in sync", ground))
}
