//! An ignore rule: what it matches, and that it matches less than everything.

use super::{Ground, rule_place};
use crate::config::mistake::{Wrong, quoted};
use crate::config::names;
use crate::config::page::Written;
use crate::config::written::RawIgnore;
use crate::model::{Effect, FieldPath, IgnoreRule};

impl Ground<'_> {
    /// Checks a rule; `None` where it is no rule.
    pub(super) fn rule(&self, raw: &RawIgnore) -> Option<IgnoreRule> {
        let fields = [&raw.kind, &raw.name, &raw.namespace, &raw.path, &raw.manager];
        if fields.iter().all(|field| field.as_ref().is_none_or(|field| is_anything(&field.value))) {
            let at = Written { value: (), line: raw.place.line, key: raw.place.name.clone() };
            self.refuse(
                &at,
                "matches everything, and no difference would count or be written",
                "write a kind, name, namespace, path or manager",
            );
            return None;
        }
        let glob = |text: Option<&Written<String>>| {
            let text = text?;
            self.hold(text, names::glob(&text.value)).map(|_| text.value.clone())
        };
        let effect = match &raw.effect {
            Some(effect) => self.effect(effect),
            None => Effect::Hide,
        };
        if effect.leaves() && raw.manager.is_none() && raw.path.as_ref().is_some_and(|path| is_anything(&path.value)) {
            let at = raw.path.as_ref().map_or(raw.place.line, |path| path.line);
            let at = Written { value: (), line: at, key: format!("{}.path", raw.place.name) };
            self.refuse(&at, "a path that is every field", "leave path out: then the object is left whole");
        }
        Some(IgnoreRule {
            place: rule_place(&raw.place.name),
            kind: glob(raw.kind.as_ref()),
            name: glob(raw.name.as_ref()),
            namespace: glob(raw.namespace.as_ref()),
            path: raw.path.as_ref().and_then(|path| self.hold(path, field_path(&path.value))),
            manager: glob(raw.manager.as_ref()),
            effect,
            reason: raw.reason.as_ref().map(|reason| reason.value.clone()),
        })
    }

    fn effect(&self, written: &Written<String>) -> Effect {
        let known = Effect::ALL.into_iter().find(|effect| effect.word() == written.value);
        known.unwrap_or_else(|| {
            let cure = match names::nearest(&written.value, Effect::ALL.map(Effect::word)) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => "write \"hide\" (not counted), \"leave\" (not written) or \"both\"".to_owned(),
            };
            self.refuse(written, format!("unknown effect {}", quoted(&written.value)), cure);
            Effect::Hide
        })
    }
}

/// Stars alone match anything.
fn is_anything(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '*' || c == '.')
}

/// A path that is not the whole object.
pub(super) fn field_path(text: &str) -> Result<FieldPath, Wrong> {
    const CURE: &str = "write a path such as spec.replicas or spec.containers[name=app].image";
    let path: FieldPath = text.parse().map_err(|error| Wrong::new(format!("not a field path: {error}"), CURE))?;
    if path.0.is_empty() { Err(Wrong::new("an empty path is the whole object", CURE)) } else { Ok(path) }
}
