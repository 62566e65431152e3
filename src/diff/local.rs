//! Step 2: the local comparison. It settles what is provably equal without a request; what differs waits for the server.

use super::findings::{self, Raw};
use super::{Ground, Legs, Pair, outcome};
use crate::fields::Set;
use crate::model::{Base, Basis, Comparison, Op, Verdict};
use crate::typed::{self, Leniency, Side};

/// Compares both sides as far as that can be done here.
pub(super) fn compare(pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let raw = differences(pair, legs);
    let adopted = pair.ours().is_some();
    let same_version = pair.ours().is_none_or(|entry| entry.api_version.raw() == pair.git.gvk.api_version());
    let differs = !raw.is_empty();
    let judged = findings::judge(raw, pair, legs, ground);
    Comparison {
        basis: if adopted && !differs && same_version { Basis::Server } else { Basis::Local },
        pending: differs || !same_version,
        unadopted: !adopted && judged.findings.is_empty(),
        ..judged
    }
}

/// What git declares that live has not, what we own that git no longer declares, and what git dropped since the base.
pub(super) fn differences(pair: &Pair, legs: &Legs) -> Vec<Raw> {
    let leniency = Leniency { empty_is_absent: false, zero_is_absent: is_built_in(&pair.git.gvk.group) };
    let declared = typed::subset(pair.node.as_ref(), &pair.wanted, &pair.have, leniency);
    let mut raw: Vec<Raw> = declared
        .into_iter()
        .map(|change| Raw {
            op: if change.side == Side::Changed { Op::Replace } else { Op::Remove },
            git: change.a,
            live: change.b,
            path: change.path,
            needs_delete: false,
        })
        .collect();
    let dropped = match pair.ours() {
        Some(entry) => left_behind(pair, &entry.set),
        None => dropped_since(pair, legs),
    };
    raw.extend(dropped);
    if is_aggregated(pair) {
        raw.retain(|found| !found.path.to_string().starts_with("rules"));
    }
    raw
}

/// Groups whose zero values the server does not tell from absent ones.
fn is_built_in(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// Paths that our Apply entry owns and git no longer declares, as far as live still has them.
fn left_behind(pair: &Pair, owned: &Set) -> Vec<Raw> {
    let declared = typed::applied_set(pair.node.as_ref(), &pair.git.body);
    let left = owned.difference(&declared).leaves();
    let live = left.into_iter().filter(|path| !path.to_string().contains(super::noise::TRACKING));
    live.filter_map(|path| {
        let value = typed::at(&pair.have, &path)?.clone();
        Some(Raw { path, op: Op::Add, git: None, live: Some(value), needs_delete: false })
    })
    .collect()
}

/// Without an Apply entry of ours: what the base declared, git does not any more, and live still has as it was.
fn dropped_since(pair: &Pair, legs: &Legs) -> Vec<Raw> {
    let super::BaseLeg::At(Base::Record | Base::Seen | Base::Claimed, Some(base)) = &legs.base else {
        return Vec::new();
    };
    let base = super::noise::without_tracking((*base.body).clone());
    let gone = typed::compare(pair.node.as_ref(), &base, &pair.wanted).into_iter().filter(|c| c.side == Side::Removed);
    gone.filter_map(|change| {
        let live = typed::at(&pair.have, &change.path)?;
        (Some(live) == change.a.as_ref()).then(|| Raw {
            path: change.path,
            op: Op::Add,
            git: None,
            live: Some(live.clone()),
            needs_delete: false,
        })
    })
    .collect()
}

/// Aggregated cluster roles: the controller writes the rules.
pub(super) fn is_aggregated(pair: &Pair) -> bool {
    &*pair.git.gvk.kind == "ClusterRole" && pair.wanted.get("aggregationRule").is_some()
}

/// The local judgement as the last word: the server could not be asked, or would not say.
pub(super) fn as_last_word(pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let judged = compare(pair, legs, ground);
    let reason = outcome::no_base(judged.base, &judged.findings, ground);
    let verdict = if judged.findings.is_empty() { Verdict::Synced } else { judged.verdict };
    Comparison { pending: false, basis: Basis::Local, verdict, reason, ..judged }
}
