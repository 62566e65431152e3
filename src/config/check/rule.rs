//! An ignore rule: what it matches, and that it matches less than everything.

use super::{Ground, rule_place};
use crate::config::mistake::Wrong;
use crate::config::names;
use crate::config::page::Written;
use crate::config::written::RawIgnore;
use crate::model::{Effect, FieldPath, IgnoreRule};

impl Ground<'_> {
    /// Checks a rule; `None` where it is no rule.
    pub(super) fn rule(&self, raw: &RawIgnore) -> Option<IgnoreRule> {
        let fields = [&raw.kind, &raw.name, &raw.namespace, &raw.path, &raw.manager];
        if fields.iter().all(|field| field.is_none()) {
            let at = Written { value: (), line: raw.place.line, key: raw.place.name.clone() };
            self.refuse(
                &at,
                "matches everything, and would hide every difference",
                "write a kind, name, namespace, path or manager",
            );
            return None;
        }
        let glob = |text: Option<&Written<String>>| {
            let text = text?;
            self.hold(text, names::glob(&text.value)).map(|_| text.value.clone())
        };
        Some(IgnoreRule {
            place: rule_place(&raw.place.name),
            kind: glob(raw.kind.as_ref()),
            name: glob(raw.name.as_ref()),
            namespace: glob(raw.namespace.as_ref()),
            path: raw.path.as_ref().and_then(|path| self.hold(path, field_path(&path.value))),
            manager: glob(raw.manager.as_ref()),
            effect: Effect::Hide,
            reason: raw.reason.as_ref().map(|reason| reason.value.clone()),
        })
    }
}

/// A path that is not the whole object.
pub(super) fn field_path(text: &str) -> Result<FieldPath, Wrong> {
    const CURE: &str = "write a path such as spec.replicas or spec.containers[name=app].image";
    let path: FieldPath = text.parse().map_err(|error| Wrong::new(format!("not a field path: {error}"), CURE))?;
    if path.0.is_empty() { Err(Wrong::new("an empty path is the whole object", CURE)) } else { Ok(path) }
}
