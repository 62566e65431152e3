//! What an ignore rule matches: objects by globs, fields by a path and everything below it, writers by a glob.
//!
//! In a rule's path `*` is any one step, `**` any number of them, `[*]` any item of a list; a key, and the value of a list
//! item's key, may hold `*` for any characters; a list item needs no more keys than the rule names.

use globset::Glob;

use super::{FieldPath, Finding, IgnoreRule, ResourceKey, Step};

impl IgnoreRule {
    /// Whether it is about that object at all.
    #[must_use]
    pub fn is_about(&self, key: &ResourceKey) -> bool {
        glob(self.kind.as_deref(), &key.kind.kind)
            && glob(self.name.as_deref(), &key.name)
            && glob(self.namespace.as_deref(), &key.namespace)
    }

    /// Whether it is about the object as a whole: its being there, and every field.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path.is_none() && self.manager.is_none()
    }

    /// Whether it matches a finding of that object.
    #[must_use]
    pub fn matches(&self, key: &ResourceKey, finding: &Finding) -> bool {
        self.is_about(key) && self.is_by(finding) && self.path.as_ref().is_none_or(|path| covers(path, &finding.path))
    }

    /// Whether the live value was written by whom the rule names.
    #[must_use]
    pub fn is_by(&self, finding: &Finding) -> bool {
        self.manager.is_none() || finding.by.as_ref().is_some_and(|by| self.is_manager(by.manager.raw()))
    }

    /// Whether it is about what that manager wrote.
    #[must_use]
    pub fn is_manager(&self, manager: &str) -> bool {
        glob(self.manager.as_deref(), manager)
    }
}

fn glob(pattern: Option<&str>, text: &str) -> bool {
    let plain = |pattern: &str| !pattern.contains(['*', '?', '[', '{', '\\']);
    pattern.is_none_or(|pattern| if plain(pattern) { pattern == text } else { is_glob(pattern, text) })
}

fn is_glob(pattern: &str, text: &str) -> bool {
    Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(text))
}

/// Whether a rule's path is that path, or leads to it.
#[must_use]
pub fn covers(rule: &FieldPath, path: &FieldPath) -> bool {
    unit(rule, path).is_some()
}

/// How many steps of a path a rule's path takes up, at least: what it is about is that much of it, and all below.
#[must_use]
pub fn unit(rule: &FieldPath, path: &FieldPath) -> Option<usize> {
    (0..=path.0.len()).find(|at| is_match(&rule.0, &path.0[..*at]))
}

/// Whether a rule's path is about something inside of that path.
#[must_use]
pub fn leads_into(rule: &FieldPath, path: &FieldPath) -> bool {
    let inside = |at: usize| is_match(&rule.0[..at], &path.0) && rule.0[at..].iter().any(|step| !is_any_number(step));
    (0..rule.0.len()).any(inside)
}

fn is_match(rule: &[Step], path: &[Step]) -> bool {
    match (rule.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if is_any_number(any) => (0..=path.len()).any(|at| is_match(rest, &path[at..])),
        (Some((rule, rules)), Some((step, steps))) => is_step(rule, step) && is_match(rules, steps),
        _ => false,
    }
}

fn is_any_number(step: &Step) -> bool {
    matches!(step, Step::Key(key) if &**key == "**")
}

fn is_step(rule: &Step, step: &Step) -> bool {
    match (rule, step) {
        (Step::Key(any), _) if &**any == "*" => true,
        (Step::Key(rule), Step::Key(key)) => is_text(rule, key),
        (Step::Item(rule), Step::Item(keys)) => {
            let has = |(name, want): &(_, _)| keys.iter().any(|(key, value)| key == name && is_value(want, value));
            rule.iter().all(has)
        }
        (Step::Item(rule), Step::Member(_) | Step::Index(_)) => rule.is_empty(),
        (Step::Member(rule), Step::Member(value)) => is_value(rule, value),
        (Step::Index(rule), Step::Index(at)) => rule == at,
        _ => false,
    }
}

fn is_value(rule: &serde_json::Value, value: &serde_json::Value) -> bool {
    match (rule.as_str(), value.as_str()) {
        (Some(rule), Some(value)) => is_text(rule, value),
        _ => rule == value,
    }
}

/// A text in which `*` stands for any characters, none too.
fn is_text(rule: &str, text: &str) -> bool {
    let Some((first, rest)) = rule.split_once('*') else { return rule == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.len() >= last.len() && left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FieldPath {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_rules_path_matches_itself_and_everything_below() {
        for (rule, field, expected) in [
            ("spec.replicas", "spec.replicas", true),
            ("spec", "spec.replicas", true),
            ("spec.replicas", "spec", false),
            ("spec.replicas", "spec.replicasMore", false),
            ("spec.containers[name=app]", "spec.containers[name=app].image", true),
            ("spec.containers[name=app].image", "spec.containers[name=db].image", false),
            ("spec.containers[*].image", "spec.containers[name=db].image", true),
            ("spec.containers.*.image", "spec.containers[name=db].image", true),
            ("spec.containers[name=istio-*]", "spec.containers[name=istio-proxy].image", true),
            ("spec.containers[name=istio-*]", "spec.containers[name=app].image", false),
            ("spec.ports[port=80].nodePort", "spec.ports[port=80,protocol=TCP].nodePort", true),
            ("spec.ports[port=80,protocol=UDP]", "spec.ports[port=80,protocol=TCP]", false),
            ("spec.ports[port=8080]", "spec.ports[port=80]", false),
            ("metadata.finalizers[*]", "metadata.finalizers[=\"a/b\"]", true),
            ("metadata.finalizers[=\"a/*\"]", "metadata.finalizers[=\"a/b\"]", true),
            ("metadata.finalizers[=\"b/*\"]", "metadata.finalizers[=\"a/b\"]", false),
            ("spec.args[*]", "spec.args[2]", true),
            ("spec.args[1]", "spec.args[2]", false),
            ("spec[*]", "spec.replicas", false),
            ("metadata.annotations[\"example.com/*\"]", "metadata.annotations[\"example.com/a\"]", true),
            ("metadata.annotations[\"example.com/*\"]", "metadata.annotations[\"example.org/a\"]", false),
            ("data.*", "data.key", true),
            ("data.*", "data", false),
            ("**.image", "spec.template.spec.containers[name=a].image", true),
            ("**.image", "spec.image.tag", true),
            ("**.image", "spec.template.spec", false),
            ("spec.**", "spec", true),
            ("spec.**.cpu", "spec.a.b.limits.cpu", true),
            ("spec.**.cpu", "status.cpu", false),
        ] {
            assert_eq!(covers(&path(rule), &path(field)), expected, "{rule} on {field}");
        }
    }

    #[test]
    fn a_rule_may_be_about_something_inside_a_field_that_is_one_unit() {
        assert!(leads_into(&path("spec.args[1]"), &path("spec.args")));
        assert!(leads_into(&path("spec.*[*].x"), &path("spec.args")));
        assert!(!leads_into(&path("spec.args"), &path("spec.args")), "that is the field itself");
        assert!(!leads_into(&path("spec.other[1]"), &path("spec.args")));
        assert!(!leads_into(&path("spec.args.**"), &path("spec.args")), "that is the field itself, too");
    }

    #[test]
    fn the_unit_of_a_rule_is_the_shortest_part_of_a_path_that_it_matches() {
        assert_eq!(unit(&path("spec.*"), &path("spec.a.b.c")), Some(2));
        assert_eq!(unit(&path("spec.**.b"), &path("spec.a.b.c")), Some(3));
        assert_eq!(unit(&path("data"), &path("spec.a")), None);
    }

    #[test]
    fn stars_stand_for_any_characters() {
        for (rule, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abd", false),
            ("*a*", "bab", true),
            ("a*a", "a", false),
            ("**", "x", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(is_text(rule, text), expected, "{rule} on {text}");
        }
    }
}
