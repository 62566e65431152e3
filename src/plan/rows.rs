//! One row of a plan: what is done to an object, why, and whether it is ticked.

use std::sync::Arc;

use super::prune::is_namespace;
use super::{Facts, bounds};
use crate::model::{
    Act, Effect, Finding, Foreign, IgnoreRule, Moved, PlanRow, ReasonCode, ResourceKey, ResourceRow, Stays, Verdict,
};

/// The answer to one resource row.
pub(super) fn row(row: &ResourceRow, facts: &Facts) -> PlanRow {
    let (act, why) = act(row, facts);
    let prune_allowed = facts.app.policy.prune && facts.is_complete() && !facts.empty;
    let chosen = match act {
        Act::Create | Act::Update | Act::Adopt => facts.is_complete() && !is_held_whole(row),
        Act::Prune => prune_allowed,
        Act::Keep | Act::Skip => false,
    };
    PlanRow {
        key: row.key.clone(),
        wave: row.wave,
        act,
        why: with_notes(&why, act, row, facts),
        verdict: row.verdict,
        digest: facts.digests.get(&row.key).cloned(),
        uid: row.uid.clone(),
        findings: row.findings.clone(),
        overwrites: matches!(act, Act::Update) && row.findings.iter().any(by_hand),
        chosen,
    }
}

/// What else there is to know before it is done: what it does to pods, what the server said, what rules hide.
fn with_notes(why: &Foreign, act: Act, row: &ResourceRow, facts: &Facts) -> Foreign {
    let mut words: Vec<String> = Some(why.raw().to_owned()).filter(|why| !why.is_empty()).into_iter().collect();
    match act {
        Act::Create | Act::Update => {
            words.extend(restart(&row.key, act, facts).map(|restart| restart.raw().to_owned()));
            words.extend(said(row));
        }
        Act::Keep if words.is_empty() => words.extend(hidden(row, facts)),
        Act::Adopt | Act::Prune | Act::Keep | Act::Skip => {}
    }
    Foreign::new(words.join("; "))
}

/// The server's sentence where it would not take it, or why it could not be asked.
fn said(row: &ResourceRow) -> Option<String> {
    if let Some(refused) = &row.refused {
        return Some(format!("the server refused it in its dry run: {}", refused.raw()));
    }
    let unasked = row.reason.as_ref().filter(|reason| reason.code == ReasonCode::DryRunUnavailable);
    unasked.map(|reason| format!("compared here only: {}", reason.message.raw()))
}

/// Differences that rules of the config hide but do not leave: what is not counted is not gone.
fn hidden(row: &ResourceRow, facts: &Facts) -> Option<String> {
    let hides = |place: &str| facts.app.ignore.iter().any(|rule| *rule.place == *place && rule.effect == Effect::Hide);
    match row.hidden.iter().filter(|hidden| hides(&hidden.rule)).count() {
        0 => None,
        1 => Some("1 field differs, hidden by a rule: written only with its object".to_owned()),
        count => Some(format!("{count} fields differ, hidden by rules: written only with their object")),
    }
}

/// What becomes of pods when that is done to an object.
pub(super) fn restart<'f>(key: &ResourceKey, act: Act, facts: &'f Facts) -> Option<&'f Foreign> {
    facts.restarts.get(key).filter(|_| act == Act::Update)
}

fn act(row: &ResourceRow, facts: &Facts) -> (Act, Foreign) {
    if let Some(rule) = left_by(row, facts) {
        return (Act::Keep, Foreign::new(format!("left by rule {rule}")));
    }
    if let Some(words) = beyond_a_sync(row) {
        return (Act::Keep, words);
    }
    if row.verdict == Verdict::Extra {
        return prune(row, facts);
    }
    let differs = !matches!(row.verdict, Verdict::Synced | Verdict::Touched) || row.unadopted;
    if differs && !row.in_bounds {
        let words = format!("outside the app's bounds: add {}", bounds::line_to_add(&row.key));
        return (Act::Skip, Foreign::new(words));
    }
    match row.verdict {
        Verdict::Synced | Verdict::Touched if row.unadopted => {
            (Act::Adopt, Foreign::from("equal: only takes ownership"))
        }
        Verdict::Synced | Verdict::Touched | Verdict::Extra => (Act::Keep, Foreign::from("")),
        Verdict::Missing if row.moved == Some(Moved::Live) => (Act::Create, Foreign::from("deleted live")),
        Verdict::Missing => (Act::Create, Foreign::new(format!("new in {}", facts.commit.id.short()))),
        Verdict::Behind => (Act::Update, fields("update", row)),
        Verdict::Drifted => (Act::Update, fields("drift", row)),
        Verdict::Diverged => (Act::Update, fields("drift + update", row)),
        Verdict::Contested => contested(row),
        Verdict::Invalid | Verdict::Unknown | Verdict::Terminating => (Act::Skip, because(row)),
    }
}

/// The rule by which nothing is done to an object: it leaves the object whole, or all that differs.
fn left_by(row: &ResourceRow, facts: &Facts) -> Option<Arc<str>> {
    let whole = |rule: &&IgnoreRule| rule.effect.leaves() && rule.is_whole() && rule.is_about(&row.key);
    let settled = matches!(row.verdict, Verdict::Unknown | Verdict::Invalid | Verdict::Terminating);
    let whole = facts.app.ignore.iter().find(whole).map(|rule| rule.place.clone());
    let differs = !row.findings.is_empty() || !row.hidden.is_empty() || row.unadopted;
    if whole.is_some() && differs && !settled {
        return whole;
    }
    let counted = || row.findings.iter().filter(|finding| finding.stays() != Some(Stays::Unmentioned));
    let all = counted().all(|finding| finding.left.is_some());
    counted().next().filter(|_| all && !settled).and_then(|finding| finding.left.clone())
}

/// All that differs is what a sync cannot take away: what git dropped and somebody else owns too.
fn beyond_a_sync(row: &ResourceRow) -> Option<Foreign> {
    let judged = matches!(row.verdict, Verdict::Behind | Verdict::Drifted | Verdict::Diverged);
    let counted = || row.findings.iter().filter(|finding| finding.stays() != Some(Stays::Unmentioned));
    if !judged || row.unadopted || counted().next().is_none() || !counted().all(|finding| finding.needs_delete) {
        return None;
    }
    let holder = counted().find_map(|finding| finding.by.as_ref()).map_or("somebody else", |by| by.manager.raw());
    Some(Foreign::new(format!("needs an explicit delete: held by {holder}")))
}

/// What a sync would write of the findings.
fn written(row: &ResourceRow) -> impl Iterator<Item = &Finding> {
    row.findings.iter().filter(|finding| finding.stays().is_none())
}

fn prune(row: &ResourceRow, facts: &Facts) -> (Act, Foreign) {
    if is_namespace(&row.key.kind) && *row.key.name == *facts.app.namespace {
        return (Act::Skip, Foreign::from("not in git any more, but the app's own Namespace is never deleted"));
    }
    if facts.empty {
        return (Act::Skip, Foreign::from("the render is empty: nothing is deleted because of it"));
    }
    match facts.prunable.get(&row.key) {
        Some(Ok(_)) => (Act::Prune, Foreign::from("not in git any more")),
        Some(Err(why)) => (Act::Skip, Foreign::new(format!("not in git any more; kept: {why}"))),
        None => (Act::Skip, Foreign::from("not in git any more, but not seen live")),
    }
}

/// All findings held by others: nothing of it is written unless it is taken. Some: the rest is.
fn contested(row: &ResourceRow) -> (Act, Foreign) {
    let holder = written(row).find(|finding| finding.contested).and_then(|finding| finding.by.as_ref());
    if !written(row).any(|finding| finding.contested) {
        return (Act::Update, fields("update", row));
    }
    let holder = holder.map_or("another controller", |by| by.manager.raw());
    let words = format!("kept: held by {holder}");
    if is_held_whole(row) {
        (Act::Update, Foreign::new(words))
    } else {
        (Act::Update, Foreign::new(format!("{}, {words}", fields("update", row).raw())))
    }
}

/// Nothing of it would be written unless it is taken: never ticked by itself.
fn is_held_whole(row: &ResourceRow) -> bool {
    row.verdict == Verdict::Contested && written(row).all(|finding| finding.contested)
}

fn fields(what: &str, row: &ResourceRow) -> Foreign {
    let shown = written(row).next().map(|finding| finding.path.to_string()).unwrap_or_default();
    let words = match written(row).count() {
        0 | 1 => format!("{what} {shown}").trim_end().to_owned(),
        count => format!("{what} ({count} fields)"),
    };
    Foreign::new(staying(row).fold(words, |words, stays| format!("{words}, {stays}")))
}

/// What differs and is there after a sync as before, and why.
fn staying(row: &ResourceRow) -> impl Iterator<Item = String> {
    let count = |why: Stays| row.findings.iter().filter(|finding| finding.stays() == Some(why)).count();
    let words = [
        (count(Stays::Rule), "left by a rule"),
        (count(Stays::Shared), "left: held by others too"),
        (count(Stays::Unmentioned), "left: not in git"),
    ];
    words.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"))
}

fn because(row: &ResourceRow) -> Foreign {
    row.reason.as_ref().map_or_else(|| Foreign::from(row.verdict.word()), |reason| reason.message.clone())
}

/// Whether hands made the difference: an apply overwrites what they did.
pub(super) fn by_hand(finding: &Finding) -> bool {
    matches!(finding.moved, Some(Moved::Live | Moved::Both))
        && finding.by.is_some()
        && !finding.contested
        && finding.stays().is_none()
}
