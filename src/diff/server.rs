//! Step 3: with the server's answer. What it would change is the difference; admission's rewrites come out right.

use serde_json::Value;

use super::findings::{self, Raw, Sort};
use super::{Answer, Ground, Legs, Pair, Refusal, ServerSaid, aliases, fresh, leave, local, noise, outcome, touched};
use crate::model::{Basis, Comparison, FieldPath, Foreign, Op, ReasonCode, Rule, Verdict};
use crate::typed::{self, Change, Leniency, Side};

/// Judges with what the server said.
pub(super) fn compare(pair: &Pair, legs: &Legs, answer: &Answer, ground: &Ground) -> Comparison {
    match &answer.said {
        ServerSaid::Would(would) if ground.has(Rule::DryRun) => answered(pair, legs, (would, answer), ground),
        ServerSaid::Would(_) | ServerSaid::NotAsked => local::as_last_word(pair, legs, ground),
        ServerSaid::Refused { why, message } => refused(pair, legs, (*why, message), ground),
    }
}

fn answered(pair: &Pair, legs: &Legs, (would, answer): (&Value, &Answer), ground: &Ground) -> Comparison {
    let after =
        noise::without_server_fields(would.clone(), (&pair.git.gvk, pair.node.as_ref()), ground.has(Rule::Tracking));
    let leniency = Leniency { empty_is_absent: ground.has(Rule::EmptyIsAbsent), zero_is_absent: false };
    let changes = typed::compare_with(pair.node.as_ref(), &pair.have, &after, leniency);
    let mut raw: Vec<Raw> = changes.into_iter().map(|change| raw(pair, change)).collect();
    raw.extend(reordered(pair, &after, ground));
    raw.extend(aliases_held(pair, &after, ground));
    raw.extend(not_removed(pair, legs, &after, ground));
    raw.extend(left(pair, legs, &raw, ground));
    let told = raw.len();
    findings::extend(&mut raw, touched::additions(pair, answer.fresh.as_ref(), Some(&after), ground));
    let untried = answer.fresh.is_none() && raw.len() > told;
    let judged = findings::judge(raw, pair, legs, ground);
    let unadopted = pair.ours().is_none() && judged.findings.is_empty();
    let judged = Comparison { basis: Basis::Server, pending: false, unadopted, ..judged };
    if untried && judged.verdict == Verdict::Touched { guessed(judged, ground) } else { judged }
}

/// What rules leave as it is was not in the body that the server answered to: told by the local comparison.
fn left(pair: &Pair, legs: &Legs, told: &[Raw], ground: &Ground) -> Vec<Raw> {
    let is_told = |found: &Raw| told.iter().any(|told| told.path.covers(&found.path) || found.path.covers(&told.path));
    leave::differences(pair, legs, ground).into_iter().filter(|found| !is_told(found)).collect()
}

/// Additions that no fresh object was tried for: told by known defaults only, and said so.
fn guessed(judged: Comparison, ground: &Ground) -> Comparison {
    let words = "no fresh object could be tried: additions are told from known defaults only";
    let reason = Some(outcome::reason(ReasonCode::DryRunUnavailable, words, ground));
    Comparison { basis: Basis::Local, reason, ..judged }
}

/// A difference from live to what the server would make of it, told as git's own value: what git no longer declares is
/// live's addition, whatever default the server would put in its place.
fn raw(pair: &Pair, change: Change) -> Raw {
    let declared = typed::at(&pair.wanted, &change.path).cloned();
    let op = match (&change.a, &declared) {
        (None, _) => Op::Remove,
        (Some(_), None) => Op::Add,
        (Some(_), Some(_)) => Op::Replace,
    };
    Raw { path: change.path, op, live: change.a, git: declared, sort: Sort::Answered }
}

/// Lists whose items a sync would bring into another order, where the order means something.
fn reordered(pair: &Pair, after: &Value, ground: &Ground) -> Vec<Raw> {
    let every = !ground.has(Rule::Reorders);
    let lists = typed::reordered(pair.node.as_ref(), &pair.have, after);
    let counts = |path: &FieldPath| every || (ground.has(Rule::Order) && typed::order_matters(path));
    lists.into_iter().filter(|change| counts(&change.path)).map(|change| raw(pair, change)).collect()
}

/// What git dropped since the base and a sync would not remove, because somebody else owns it too.
fn not_removed(pair: &Pair, legs: &Legs, after: &Value, ground: &Ground) -> Vec<Raw> {
    let super::BaseLeg::At(_, Some(base)) = &legs.base else { return Vec::new() };
    if !ground.has(Rule::NeedsDelete) {
        return Vec::new();
    }
    let was = noise::without_tracking((*base.body).clone());
    let gone = typed::compare(pair.node.as_ref(), &was, &pair.wanted).into_iter().filter(|c| c.side == Side::Removed);
    gone.filter_map(|change| {
        let live = typed::at(&pair.have, &change.path)?;
        let stays = typed::at(after, &change.path) == Some(live);
        let as_it_was = change.a.as_ref().is_some_and(|was| fresh::holds(live, was));
        let told = stays && as_it_was && !fresh::is_default(pair, &change.path);
        told.then(|| Raw {
            path: change.path,
            op: Op::Add,
            git: None,
            live: Some(live.clone()),
            sort: Sort::NeedsDelete,
        })
    })
    .collect()
}

/// What git declares by a field's old name only, while live was set otherwise by the new one, which wins: a sync cannot
/// help it.
fn aliases_held(pair: &Pair, after: &Value, ground: &Ground) -> Vec<Raw> {
    if !ground.has(Rule::Aliases) {
        return Vec::new();
    }
    let declared = pair.declared().leaves();
    let olds = declared
        .into_iter()
        .filter(|path| aliases::mirrored(path).is_some_and(|of| typed::at(&pair.wanted, &of).is_none()));
    olds.filter_map(|path| {
        let (git, live) = (typed::at(&pair.wanted, &path)?.clone(), typed::at(&pair.have, &path)?.clone());
        let stays = typed::at(after, &path) == Some(&live) && git != live;
        stays.then_some(Raw { path, op: Op::Replace, git: Some(git), live: Some(live), sort: Sort::Held })
    })
    .collect()
}

fn refused(pair: &Pair, legs: &Legs, (why, message): (Refusal, &Foreign), ground: &Ground) -> Comparison {
    let local = local::as_last_word(pair, legs, ground);
    let with = |code| Some(outcome::reason(code, message.clone(), ground));
    match why {
        Refusal::Invalid if !ground.has(Rule::Invalid) => local,
        Refusal::Immutable | Refusal::Quota | Refusal::Webhook if !ground.has(Rule::RefusedFindings) => {
            Comparison { findings: Vec::new(), verdict: Verdict::Synced, moved: None, ..local }
        }
        Refusal::Invalid => Comparison { verdict: Verdict::Invalid, reason: with(ReasonCode::Rejected), ..local },
        Refusal::NamespaceTerminating => {
            Comparison { verdict: Verdict::Unknown, reason: with(ReasonCode::NamespaceTerminating), ..local }
        }
        Refusal::Immutable | Refusal::Quota | Refusal::Webhook => {
            Comparison { refused: Some(message.clone()), reason: with(ReasonCode::Refused), ..local }
        }
        Refusal::Unavailable => Comparison { reason: with(ReasonCode::DryRunUnavailable), ..local },
    }
}
