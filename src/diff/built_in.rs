//! Built-in rules: differences that are nobody's doing. They hide like the config's rules do, each with its reason, and
//! what they hide is kept and counted.

use std::sync::Arc;

use super::findings::{Raw, Sort};
use super::{Ground, Pair, aliases};
use crate::fields::Set;
use crate::model::{FieldPath, Finding, Hidden, Rule, Step, Without};
use crate::typed;

/// A rule that is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name among the rules, such as `builtin:aliases`.
    pub place: &'static str,
    /// Why it is there.
    pub reason: &'static str,
}

/// Rules of an aggregated cluster role.
const AGGREGATED: BuiltIn = BuiltIn {
    place: "builtin:aggregated-roles",
    reason: "the rules of an aggregated ClusterRole are written by its controller",
};
/// Mirrored fields.
const ALIASES: BuiltIn =
    BuiltIn { place: "builtin:aliases", reason: "the server mirrors another field into it, which is told instead" };
/// What follows from something else.
const FOLLOWS: BuiltIn = BuiltIn {
    place: "builtin:follows",
    reason: "git does not declare it: the server would set it anew as a consequence of the write",
};
/// The notes of `kubectl apply`.
const LAST_APPLIED: BuiltIn =
    BuiltIn { place: "builtin:last-applied", reason: "kubectl apply keeps its own copy of what it sent there" };

/// All of them.
pub const BUILT_IN: [BuiltIn; 4] = [AGGREGATED, ALIASES, FOLLOWS, LAST_APPLIED];

/// Tells which built-in rule hides a difference of one object.
pub(super) struct BuiltIns<'a> {
    pair: &'a Pair<'a>,
    /// What git declares, and what our Apply entry owns.
    declared: Set,
    without: Without,
}

impl<'a> BuiltIns<'a> {
    pub fn new(pair: &'a Pair<'a>, ground: &Ground) -> Self {
        Self { pair, declared: pair.declared(), without: ground.without }
    }

    /// The rule that hides a difference, where there is one.
    pub fn rule_for(&self, raw: &Raw) -> Option<BuiltIn> {
        let has = |rule| self.without.has(rule);
        if !has(Rule::BuiltInRules) {
            return None;
        }
        let first = raw.path.0.first();
        let is_rules = matches!(first, Some(Step::Key(key)) if &**key == "rules");
        if is_rules && has(Rule::AggregatedRoles) && is_aggregated(self.pair) {
            return Some(AGGREGATED);
        }
        if has(Rule::Aliases) && self.is_mirror(raw) {
            return Some(ALIASES);
        }
        if raw.sort == Sort::Foreign {
            return is_last_applied(&raw.path).then_some(LAST_APPLIED);
        }
        (has(Rule::Consequences) && raw.sort == Sort::Answered && !self.concerns_us(&raw.path)).then_some(FOLLOWS)
    }

    /// Whether the field it mirrors is told instead: declared as well, or added as well.
    fn is_mirror(&self, raw: &Raw) -> bool {
        let told = if raw.sort == Sort::Foreign { &self.pair.have } else { &self.pair.wanted };
        aliases::mirrored(&raw.path).is_some_and(|of| typed::at(told, &of).is_some())
    }

    fn concerns_us(&self, path: &FieldPath) -> bool {
        let concerns = |set: &Set| set.covers(path) || set.has_below(path);
        concerns(&self.declared) || self.pair.ours().is_some_and(|ours| concerns(&ours.set))
    }
}

/// Aggregated cluster roles: the controller writes the rules.
fn is_aggregated(pair: &Pair) -> bool {
    &*pair.git.gvk.kind == "ClusterRole" && pair.wanted.get("aggregationRule").is_some()
}

fn is_last_applied(path: &FieldPath) -> bool {
    let key = |at: usize, wanted: &str| matches!(path.0.get(at), Some(Step::Key(key)) if &**key == wanted);
    key(0, "metadata") && key(1, "annotations") && key(2, super::mask::LAST_APPLIED)
}

impl BuiltIn {
    /// Whether it hides only beside a difference that is told: what follows must follow from something.
    pub(super) fn needs_another(&self) -> bool {
        *self == FOLLOWS
    }

    /// A finding, put aside with this rule.
    pub(super) fn hide(self, finding: Finding) -> Hidden {
        let (rule, reason) = (self.place.into(), Some(self.reason.into()));
        Hidden { path: finding.path.clone(), rule, reason, finding: Arc::new(finding) }
    }
}
