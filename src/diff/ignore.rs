//! Ignore rules: which finding a rule puts aside, and which a sync leaves. Every hidden finding is kept with its rule.

use std::sync::Arc;

use crate::model::{FieldPath, Finding, Hidden, IgnoreRule, ResourceKey, Rule, Said, Step, ignore};
use crate::schema::{ListKind, Node, Shape};

use super::Ground;

/// What the rules make of a finding.
pub(super) enum Placed {
    /// It counts.
    Shown(Finding),
    /// It does not, and this is by which rule.
    Aside(Hidden),
}

/// The rules of the config that are in force.
pub(super) fn rules<'g>(ground: &'g Ground) -> &'g [IgnoreRule] {
    if ground.has(Rule::IgnoreRules) { &ground.app.ignore } else { &[] }
}

/// Puts a finding where the rules want it, and marks it where a sync is to leave it, unless that writes it all the same.
/// The first rule of each effect counts.
pub(super) fn place(
    mut finding: Finding,
    is_written: bool,
    (key, node): (&ResourceKey, Option<&Node>),
    ground: &Ground,
) -> Placed {
    let rules = rules(ground);
    let leaves = |rule: &&IgnoreRule| {
        let within = || rule.path.as_ref().is_some_and(|path| is_within(path, &finding, node));
        rule.effect.leaves()
            && (rule.matches(key, &finding) || (rule.is_about(key) && rule.is_by(&finding) && within()))
    };
    let left = rules.iter().find(leaves);
    let whole = |rule: &&IgnoreRule| rule.effect.hides() && rule.matches(key, &finding);
    let hides = rules.iter().find(whole).or(left.filter(|rule| rule.effect.hides()));
    finding.left = left.filter(|_| !is_written).map(|rule| rule.place.clone());
    match hides {
        Some(rule) => Placed::Aside(hide(rule, finding)),
        None => Placed::Shown(finding),
    }
}

/// A finding, put aside with its rule.
fn hide(rule: &IgnoreRule, finding: Finding) -> Hidden {
    let reason = rule.reason.as_deref().map(Arc::from);
    Hidden { path: finding.path.clone(), rule: rule.place.clone(), reason, finding: Arc::new(finding) }
}

/// Whether a rule is about the inside of a finding that is one unit: then it is about the whole of it.
fn is_within(rule: &FieldPath, finding: &Finding, node: Option<&Node>) -> bool {
    ignore::leads_into(rule, &finding.path) && is_unit(finding, node)
}

fn is_unit(finding: &Finding, node: Option<&Node>) -> bool {
    let shape = node.and_then(|node| at(node, &finding.path)).map(|node| node.shape());
    match shape {
        Some(Shape::AtomicMap | Shape::List(ListKind::Atomic)) => true,
        None | Some(Shape::Any) => [&finding.live, &finding.git].into_iter().flatten().any(is_list),
        Some(_) => false,
    }
}

fn is_list(said: &Said) -> bool {
    matches!(said, Said::Plain(value) if value.is_array())
}

/// The schema of a field.
fn at(node: &Node, path: &FieldPath) -> Option<Node> {
    path.0.iter().try_fold(node.clone(), |node, step| match step {
        Step::Key(key) => node.field(key),
        Step::Item(_) | Step::Member(_) | Step::Index(_) => node.item(),
    })
}
