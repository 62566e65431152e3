//! Step 2: the local comparison. It settles what is provably equal without a request; what differs waits for the server.

use serde_json::Value;

use super::built_in::BuiltIns;
use super::findings::{self, Raw, Sort};
use super::{BaseLeg, Ground, Legs, Pair, fresh, noise, outcome, touched};
use crate::fields::{self, Set};
use crate::model::{Base, Basis, Comparison, FieldPath, Op, Rule, Step, Verdict};
use crate::schema::Node;
use crate::typed::{self, Change, Leniency, Side};

/// Compares both sides as far as that can be done here.
pub(super) fn compare(pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let mut raw = differences(pair, legs, ground);
    findings::extend(&mut raw, touched::additions(pair, None, None, ground));
    let adopted = pair.ours().is_some();
    let settles = ground.has(Rule::FastPath) && (!ground.has(Rule::EntryVersion) || is_in_version(pair));
    let built_in = BuiltIns::new(pair, ground);
    let differs = raw.iter().any(|found| found.sort != Sort::Foreign || built_in.rule_for(found).is_none());
    let judged = findings::judge(raw, pair, legs, ground);
    Comparison {
        basis: if adopted && !differs && settles { Basis::Server } else { Basis::Local },
        pending: differs || !settles,
        unadopted: !adopted && judged.findings.is_empty(),
        ..judged
    }
}

/// Whether live, and our Apply entry if there is one, are told in git's version.
fn is_in_version(pair: &Pair) -> bool {
    pair.comparable && pair.ours().is_none_or(|entry| entry.api_version.raw() == pair.git.gvk.api_version())
}

/// What git declares that live has not, what we own that git no longer declares, and what git dropped since the base.
pub(super) fn differences(pair: &Pair, legs: &Legs, ground: &Ground) -> Vec<Raw> {
    let mut raw: Vec<Raw> = declared_otherwise(pair, legs, ground)
        .into_iter()
        .map(|change| Raw {
            op: if change.side == Side::Changed { Op::Replace } else { Op::Remove },
            git: change.a,
            live: change.b,
            path: change.path,
            sort: Sort::Declared,
        })
        .collect();
    if let Some(entry) = pair.ours().filter(|_| ground.has(Rule::LeftBehind) && is_in_version(pair)) {
        findings::extend(&mut raw, left_behind(pair, &entry.set));
    }
    findings::extend(&mut raw, dropped_since(pair, legs, ground));
    raw.retain(|found| ground.has(Rule::Order) || !typed::order_matters(&found.path));
    raw
}

/// What git declares that live has not, or has otherwise. A zero that a typed server drops is no difference while our
/// entry still owns it: where it does not, somebody took the field out.
fn declared_otherwise(pair: &Pair, legs: &Legs, ground: &Ground) -> Vec<Change> {
    let node = pair.node.as_ref();
    let strict = typed::subset(node, &pair.wanted, &pair.have, Leniency::default());
    if strict.is_empty() {
        return strict;
    }
    let zeros = ground.has(Rule::ZeroIsAbsent) && crate::model::is_built_in(&pair.git.gvk.group);
    let leniency = Leniency { empty_is_absent: false, zero_is_absent: zeros };
    let lenient = typed::subset(node, &pair.wanted, &pair.have, leniency);
    let dropped = |change: &Change| !lenient.iter().any(|other| other.path == change.path);
    let owned = |path: &FieldPath| pair.ours().is_some_and(|ours| ours.set.covers(path));
    let filled = fresh::locally(pair);
    let filled_in = |change: &Change| change.b.is_some() && typed::at(&filled, &change.path) == change.b.as_ref();
    strict
        .into_iter()
        .filter(|change| !(dropped(change) && (owned(&change.path) || declares_nothing(node, change))))
        .filter(|change| !(owned(&change.path) && is_filled_in_by_the_server(pair, (legs, zeros), change)))
        .filter(|change| change.side != Side::Changed || !filled_in(change))
        .filter(|change| !both_say_nothing(change, zeros))
        .collect()
}

/// An empty list of keyed items or members: a server keeps neither it nor an owner of it.
fn declares_nothing(node: Option<&Node>, change: &Change) -> bool {
    let is_empty = change.a.as_ref().and_then(Value::as_array).is_some_and(Vec::is_empty);
    is_empty && typed::is_taken_apart(node, &change.path)
}

/// A value that only we own, and that is the server's own making of what git says, since whoever changes a value takes it
/// over. An atomic value may hold more than git says; where git says what it said when we applied it, a typed server may
/// also have dropped the zeros in it, or have put a default in the place of a zero.
fn is_filled_in_by_the_server(pair: &Pair, (legs, zeros): (&Legs, bool), change: &Change) -> bool {
    let (Some(git), Some(live)) = (&change.a, &change.b) else { return false };
    let alone = fields::owner(&pair.entries, &change.path, fields::MANAGER).is_none();
    if change.side != Side::Changed || !alone {
        return false;
    }
    let typed_zeros = || zeros && is_as_applied(pair, legs, &change.path);
    fresh::holds_in_order(live, git)
        || (typed_zeros() && (fresh::holds_but_zeros(live, git) || fresh::stands_for_a_zero(pair, change)))
}

/// Whether git says there what it said in the commit that our record names.
fn is_as_applied(pair: &Pair, legs: &Legs, path: &FieldPath) -> bool {
    let BaseLeg::At(Base::Record, Some(base)) = &legs.base else { return false };
    base.gvk == pair.git.gvk && typed::at(&base.body, path) == typed::at(&pair.wanted, path)
}

/// Null on git's side, an empty value on the other; in a typed server's map of texts an empty text.
fn both_say_nothing(change: &Change, is_typed: bool) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => is_typed && text.is_empty(),
        other => other.is_null(),
    };
    change.a.as_ref().is_some_and(Value::is_null) && change.b.as_ref().is_none_or(is_empty)
}

/// Paths that our Apply entry owns and git no longer declares, as far as live still has them.
fn left_behind(pair: &Pair, owned: &Set) -> Vec<Raw> {
    let declared = pair.declared();
    let mut paths: Vec<FieldPath> = Vec::new();
    for path in owned.difference(&declared).leaves() {
        let path = whole_item(path, owned, &declared);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let told = paths.into_iter().filter(|path| !fresh::is_default(pair, path));
    told.filter_map(|path| {
        let sort = if is_shared(pair, &path) { Sort::NeedsDelete } else { Sort::Declared };
        still_there(pair, path, sort)
    })
    .collect()
}

/// Whether a sync leaves what we own there, because somebody else owns it too. A list item goes with all that others have
/// put into it, unless the item itself is theirs as well.
fn is_shared(pair: &Pair, path: &FieldPath) -> bool {
    let is_item = matches!(path.0.last(), Some(Step::Item(_)));
    let mut others = pair.entries.iter().filter(|entry| !entry.is_apply_of(fields::MANAGER));
    others.any(|entry| entry.set.covers(path) || (!is_item && entry.set.has_below(path)))
}

/// A field of a list item that git dropped whole stands for the item: one dropped sidecar is one finding.
fn whole_item(path: FieldPath, owned: &Set, declared: &Set) -> FieldPath {
    for (at, step) in path.0.iter().enumerate() {
        if matches!(step, Step::Item(_)) {
            let item = FieldPath(path.0[..=at].to_vec());
            if owned.contains(&item) && !declared.contains(&item) && !declared.has_below(&item) {
                return item;
            }
        }
    }
    path
}

fn still_there(pair: &Pair, path: FieldPath, sort: Sort) -> Option<Raw> {
    let live = typed::at(&pair.have, &path)?.clone();
    Some(Raw { path, op: Op::Add, git: None, live: Some(live), sort })
}

/// What the base declared, git does not any more, and live still has as it was, though our Apply entry does not own it
/// (never adopted, or applied by another under our name): a sync would leave it.
fn dropped_since(pair: &Pair, legs: &Legs, ground: &Ground) -> Vec<Raw> {
    let BaseLeg::At(_, Some(base)) = &legs.base else { return Vec::new() };
    if !ground.has(Rule::NeedsDelete) {
        return Vec::new();
    }
    let base = noise::without_tracking((*base.body).clone());
    let gone = typed::compare(pair.node.as_ref(), &base, &pair.wanted).into_iter().filter(|c| c.side == Side::Removed);
    // What our entry owns a sync takes away: that is told as left behind, where the entry is of git's version.
    let owned = |path: &FieldPath| pair.ours().is_some_and(|ours| ours.set.covers(path));
    let sort =
        |path: &FieldPath| if pair.ours().is_some() && !owned(path) { Sort::NeedsDelete } else { Sort::Declared };
    let told = |change: &Change| owned(&change.path) && is_in_version(pair);
    let as_it_was = |change: &Change| {
        let live = typed::at(&pair.have, &change.path).zip(change.a.as_ref());
        live.is_some_and(|(live, was)| fresh::holds(live, was)) && !fresh::is_default(pair, &change.path)
    };
    gone.filter(|change| !told(change))
        .filter(as_it_was)
        .filter_map(|change| {
            let sort = sort(&change.path);
            still_there(pair, change.path, sort)
        })
        .collect()
}

/// The local judgement as the last word: the server could not be asked, or would not say.
pub(super) fn as_last_word(pair: &Pair, legs: &Legs, ground: &Ground) -> Comparison {
    let judged = compare(pair, legs, ground);
    let reason = outcome::no_base(judged.base, &judged.findings, ground);
    let verdict = if judged.findings.is_empty() { Verdict::Synced } else { judged.verdict };
    Comparison { pending: false, basis: Basis::Local, verdict, reason, ..judged }
}
