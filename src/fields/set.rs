//! A set of paths as a tree of steps. Owns the algebra; refuses fieldsV1, which is `v1`'s.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{FieldPath, Step};

/// A set of field paths. A member is an owned path; members may lie below members. The object itself (the empty path)
/// is never a member: nobody owns it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    branches: BTreeMap<StepKey, Branch>,
}

/// A step and what lies below it; never neither member nor parent.
#[derive(Clone, Debug, Default, PartialEq)]
struct Branch {
    member: bool,
    below: Set,
}

/// A step as a key: ordered, equal where two steps name the same item (keys in any order, numbers by value).
#[derive(Clone, Debug)]
pub struct StepKey(Step);

impl StepKey {
    /// The key of a step.
    pub fn new(step: &Step) -> Self {
        let mut step = step.clone();
        if let Step::Item(keys) = &mut step {
            keys.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Self(step)
    }

    fn rank(&self) -> u8 {
        match self.0 {
            Step::Key(_) => 0,
            Step::Item(_) => 1,
            Step::Member(_) => 2,
            Step::Index(_) => 3,
        }
    }
}

impl Ord for StepKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Step::Key(a), Step::Key(b)) => a.cmp(b),
            (Step::Item(a), Step::Item(b)) => compare_keys(a, b),
            (Step::Member(a), Step::Member(b)) => compare_values(a, b),
            (Step::Index(a), Step::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for StepKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for StepKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for StepKey {}

type Keys = [(std::sync::Arc<str>, Value)];

fn compare_keys(a: &Keys, b: &Keys) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| a.0.cmp(&b.0).then_with(|| compare_values(&a.1, &b.1)));
    pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
}

/// A total order of JSON values in which `1` and `1.0` are the same.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| compare_values(a, b));
            pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| a.0.cmp(b.0).then_with(|| compare_values(a.1, b.1)));
            pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn compare_numbers(a: &serde_json::Number, b: &serde_json::Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// Whether two JSON values are the same to structured-merge-diff: numbers by value, everything else exactly.
pub fn same_value(a: &Value, b: &Value) -> bool {
    compare_values(a, b) == Ordering::Equal
}

impl Set {
    /// Adds a path; its parents are not added.
    pub fn insert(&mut self, path: &FieldPath) {
        let Some((last, parents)) = path.0.split_last() else { return };
        let mut set = self;
        for step in parents {
            set = &mut set.branches.entry(StepKey::new(step)).or_default().below;
        }
        set.branches.entry(StepKey::new(last)).or_default().member = true;
    }

    /// Whether exactly this path is a member.
    pub fn contains(&self, path: &FieldPath) -> bool {
        let Some((last, parents)) = path.0.split_last() else { return false };
        let holder = parents.iter().try_fold(self, |set, step| set.below(step));
        holder.is_some_and(|set| set.has(last))
    }

    /// Whether this path, or an ancestor that is a member with nothing below it, is a member.
    pub fn covers(&self, path: &FieldPath) -> bool {
        let mut set = self;
        for (at, step) in path.0.iter().enumerate() {
            let Some(branch) = set.branches.get(&StepKey::new(step)) else { return false };
            if branch.member && (branch.below.is_empty() || at + 1 == path.0.len()) {
                return true;
            }
            set = &branch.below;
        }
        false
    }

    /// Whether a member lies below the path.
    pub fn has_below(&self, path: &FieldPath) -> bool {
        path.0.iter().try_fold(self, |set, step| set.below(step)).is_some_and(|set| !set.is_empty())
    }

    /// Whether the one-step path is a member.
    pub fn has(&self, step: &Step) -> bool {
        self.branches.get(&StepKey::new(step)).is_some_and(|branch| branch.member)
    }

    /// The members below a step, told from there (SMD `WithPrefix`).
    pub fn below(&self, step: &Step) -> Option<&Self> {
        self.branches.get(&StepKey::new(step)).map(|branch| &branch.below).filter(|below| !below.is_empty())
    }

    /// The steps the set begins with: the step, whether it is a member, and the members below it.
    pub fn steps(&self) -> impl Iterator<Item = (&Step, bool, &Self)> {
        self.branches.iter().map(|(elem, branch)| (&elem.0, branch.member, &branch.below))
    }

    /// Hangs a whole set below a step; nothing is added where there is nothing to add.
    pub fn graft(&mut self, step: &Step, member: bool, below: Self) {
        if !member && below.is_empty() {
            return;
        }
        let branch = self.branches.entry(StepKey::new(step)).or_default();
        branch.member |= member;
        branch.below = if branch.below.is_empty() { below } else { branch.below.union(&below) };
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (elem, branch) in &other.branches {
            all.graft(&elem.0, branch.member, branch.below.clone());
        }
        all
    }

    /// Members of this one only; what lies below a member of the other stays.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.pairs(other, |mine, theirs| match theirs {
            Some(theirs) => (mine.member && !theirs.member, mine.below.difference(&theirs.below)),
            None => (mine.member, mine.below.clone()),
        })
    }

    /// Members of this one that neither are members of the other nor lie below one (SMD `RecursiveDifference`).
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.pairs(other, |mine, theirs| match theirs {
            Some(theirs) if theirs.member => (false, Self::default()),
            Some(theirs) => (mine.member, mine.below.recursive_difference(&theirs.below)),
            None => (mine.member, mine.below.clone()),
        })
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.pairs(other, |mine, theirs| match theirs {
            Some(theirs) => (mine.member && theirs.member, mine.below.intersection(&theirs.below)),
            None => (false, Self::default()),
        })
    }

    fn pairs(&self, other: &Self, keep: impl Fn(&Branch, Option<&Branch>) -> (bool, Self)) -> Self {
        let mut kept = Self::default();
        for (elem, branch) in &self.branches {
            let (member, below) = keep(branch, other.branches.get(elem));
            kept.graft(&elem.0, member, below);
        }
        kept
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Members with no member below them, in order.
    pub fn leaves(&self) -> Vec<FieldPath> {
        let mut found = Vec::new();
        self.collect(&mut FieldPath::root(), &mut |path, branch| {
            if branch.below.is_empty() {
                found.push(path.clone());
            }
        });
        found
    }

    /// All members, parents before what lies below them.
    pub fn iter(&self) -> impl Iterator<Item = FieldPath> {
        let mut found = Vec::new();
        self.collect(&mut FieldPath::root(), &mut |path, _| found.push(path.clone()));
        found.into_iter()
    }

    fn collect(&self, at: &mut FieldPath, found: &mut dyn FnMut(&FieldPath, &Branch)) {
        for (elem, branch) in &self.branches {
            at.0.push(elem.0.clone());
            if branch.member {
                found(at, branch);
            }
            branch.below.collect(at, found);
            at.0.pop();
        }
    }
}
