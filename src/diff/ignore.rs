//! Ignore rules: which finding a rule hides. Every hidden finding is kept with the rule that hid it.

use std::sync::Arc;

use globset::Glob;

use crate::model::{FieldPath, Finding, Hidden, IgnoreRule, ResourceKey, Step};

/// The first rule that hides a finding.
pub(super) fn rule_for<'r>(rules: &'r [IgnoreRule], key: &ResourceKey, finding: &Finding) -> Option<&'r IgnoreRule> {
    rules.iter().find(|rule| {
        glob(rule.kind.as_deref(), &key.kind.kind)
            && glob(rule.name.as_deref(), &key.name)
            && glob(rule.namespace.as_deref(), &key.namespace)
            && manager(rule, finding)
            && rule.path.as_ref().is_none_or(|path| matches_path(path, &finding.path))
    })
}

/// A finding, put aside with its rule.
pub(super) fn hide(rule: &IgnoreRule, finding: Finding) -> Hidden {
    Hidden { path: finding.path.clone(), rule: rule.place.clone(), finding: Arc::new(finding) }
}

fn glob(pattern: Option<&str>, text: &str) -> bool {
    pattern.is_none_or(|pattern| Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(text)))
}

fn manager(rule: &IgnoreRule, finding: &Finding) -> bool {
    let writer = finding.by.as_ref().map(|by| by.manager.raw());
    rule.manager.as_deref().is_none_or(|pattern| writer.is_some_and(|writer| glob(Some(pattern), writer)))
}

/// A rule's path matches itself and everything below; `*` stands for any one step.
fn matches_path(rule: &FieldPath, path: &FieldPath) -> bool {
    rule.0.len() <= path.0.len() && rule.0.iter().zip(&path.0).all(|(rule, step)| is_any(rule) || rule == step)
}

fn is_any(step: &Step) -> bool {
    matches!(step, Step::Key(key) if &**key == "*")
}
