//! A mask rule: which values are told as those of a Secret are.

use super::{Ground, rule, rule_place};
use crate::config::names;
use crate::config::page::Written;
use crate::config::written::RawMask;
use crate::model::{FieldPath, MaskRule, Step};

impl Ground<'_> {
    /// Checks a rule; `None` where it is no rule.
    pub(super) fn mask(&self, raw: &RawMask) -> Option<MaskRule> {
        let cure = "write the path of what is to be masked, such as data.password or data[\"*\"]";
        let path = self.need(raw.path.as_ref(), &raw.place, "path", cure)?;
        let parsed = self.hold(path, rule::field_path(&path.value))?;
        self.one_step_each(path, &parsed);
        self.key_globs(path, &parsed);
        let glob = |text: Option<&Written<String>>| {
            let text = text?;
            self.hold(text, names::glob(&text.value)).map(|_| text.value.clone())
        };
        Some(MaskRule {
            place: rule_place(&raw.place.name),
            kind: glob(raw.kind.as_ref()),
            name: glob(raw.name.as_ref()),
            namespace: glob(raw.namespace.as_ref()),
            path: parsed,
            reason: raw.reason.as_ref().map(|reason| reason.value.clone()),
        })
    }

    /// Where an ignore rule may skip any number of steps a mask may not: it would cover less than it seems to.
    fn one_step_each(&self, at: &Written<String>, path: &FieldPath) {
        if path.0.iter().any(|step| matches!(step, Step::Key(key) if &**key == "**")) {
            self.refuse(at, "** stands for one step in a mask", "write each step, * for any one of them");
        }
    }

    /// A key with a `*` in it is a glob, and must be one.
    fn key_globs(&self, at: &Written<String>, path: &FieldPath) {
        for step in &path.0 {
            if let Step::Key(key) = step
                && key.contains('*')
            {
                self.hold(at, names::glob(key));
            }
        }
    }
}
