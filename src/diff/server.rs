//! Step 3: with the server's answer. What it would change is the difference; admission's rewrites come out right.

use serde_json::Value;

use super::findings::{self, Raw};
use super::{Answer, Ground, Legs, Pair, Refusal, ServerSaid, local, noise, outcome};
use crate::fields::{self, Set};
use crate::model::{Basis, Comparison, FieldPath, Foreign, Op, ReasonCode, Step, Verdict};
use crate::typed::{self, Change, Leniency, Side};

/// Judges with what the server said.
pub(super) fn compare(pair: &Pair, legs: &Legs, answer: &Answer, ground: &Ground) -> Comparison {
    match &answer.said {
        ServerSaid::Would(would) => answered(pair, legs, would, ground),
        ServerSaid::NotAsked => local::as_last_word(pair, legs, ground),
        ServerSaid::Refused { why, message } => refused(pair, legs, (*why, message), ground),
    }
}

fn answered(pair: &Pair, legs: &Legs, would: &Value, ground: &Ground) -> Comparison {
    let after = noise::without_server_fields(would.clone(), &pair.git.gvk, pair.node.as_ref());
    let leniency = Leniency { empty_is_absent: true, zero_is_absent: false };
    let changes = typed::compare_with(pair.node.as_ref(), &pair.have, &after, leniency);
    let mut raw: Vec<Raw> = consequences_left_out(changes, pair).into_iter().map(raw).collect();
    raw.extend(not_removed(pair, legs, &after));
    let judged = findings::judge(raw, pair, legs, ground);
    let unadopted = pair.ours().is_none() && judged.findings.is_empty();
    Comparison { basis: Basis::Server, pending: false, unadopted, ..judged }
}

fn raw(change: Change) -> Raw {
    let op = match change.side {
        Side::Added => Op::Remove,
        Side::Removed => Op::Add,
        Side::Changed => Op::Replace,
    };
    Raw { path: change.path, op, live: change.a, git: change.b, needs_delete: false }
}

/// Keeps what git declares or we own; drops what merely follows from it: allocations, aliases, re-defaulted fields,
/// rules of aggregated roles, stamps that admission puts anew each time.
fn consequences_left_out(changes: Vec<Change>, pair: &Pair) -> Vec<Change> {
    let declared = typed::applied_set(pair.node.as_ref(), &pair.git.body);
    let empty = Set::default();
    let owned = pair.ours().map_or(&empty, |entry| &entry.set);
    let aggregated = local::is_aggregated(pair);
    let concerns = |set: &Set, path: &FieldPath| set.covers(path) || set.has_below(path);
    changes
        .into_iter()
        .filter(|change| {
            let rules = aggregated && matches!(change.path.0.first(), Some(Step::Key(key)) if &**key == "rules");
            !rules && (concerns(&declared, &change.path) || concerns(owned, &change.path))
        })
        .collect()
}

/// What git dropped since the base and a sync would not remove, because somebody else owns it too.
fn not_removed(pair: &Pair, legs: &Legs, after: &Value) -> Vec<Raw> {
    let super::BaseLeg::At(_, Some(base)) = &legs.base else { return Vec::new() };
    let base = noise::without_tracking((*base.body).clone());
    let gone = typed::compare(pair.node.as_ref(), &base, &pair.wanted).into_iter().filter(|c| c.side == Side::Removed);
    gone.filter_map(|change| {
        let live = typed::at(&pair.have, &change.path)?;
        let stays = typed::at(after, &change.path) == Some(live) && Some(live) == change.a.as_ref();
        let held = fields::owner(&pair.entries, &change.path, fields::MANAGER).is_some();
        (stays && held).then(|| Raw {
            path: change.path,
            op: Op::Add,
            git: None,
            live: Some(live.clone()),
            needs_delete: true,
        })
    })
    .collect()
}

fn refused(pair: &Pair, legs: &Legs, (why, message): (Refusal, &Foreign), ground: &Ground) -> Comparison {
    let local = local::as_last_word(pair, legs, ground);
    let with = |code| Some(outcome::reason(code, message.clone(), ground));
    match why {
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
