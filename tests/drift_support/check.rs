//! What came against what must come: every difference is told, none ends the comparison.
//!
//! Owns the strictness: findings are complete, and a row that a case does not name is synced without any.

use std::collections::{BTreeMap, BTreeSet};

use driftdeck::model::{AppRow, Attribution, Finding, ResourceRow};
use serde::Serialize;
use serde_json::Value;

use super::case::{Case, Expected, ExpectedFinding, ExpectedHidden, ExpectedRow};

/// Every difference between an app and what its case says; empty = as it must be.
pub fn mismatches(case: &Case, app: &AppRow) -> Vec<String> {
    let Expected { verdict, reason, rows } = &case.expect;
    let mut told = Told::default();
    told.same("the app's verdict", verdict.as_str(), app.verdict.word());
    if let Some(reason) = reason {
        let code = app.reason.as_ref().map(|reason| word(&reason.code));
        told.same("the app's reason", Some(reason.as_str()), code.as_deref());
    }
    let mut met = BTreeSet::new();
    for row in &app.resources {
        let names = names(case, row);
        let wanted: Vec<_> = rows.iter().filter(|(name, _)| names.contains(name)).collect();
        match wanted.as_slice() {
            [] => told.quiet(&names[0], row),
            [(name, expected)] => {
                told.row(name, expected, row);
                met.insert((*name).clone());
            }
            _ => told.say(format!("{}: named more than once", names[0])),
        }
    }
    for name in rows.keys().filter(|name| !met.contains(*name)) {
        told.say(format!("{name}: no such row"));
    }
    told.0
}

/// How a row may be called in a case.
fn names(case: &Case, row: &ResourceRow) -> Vec<String> {
    let key = &row.key;
    let (kind, group) = (key.kind.kind.to_lowercase(), &key.kind.group);
    let mut names = vec![format!("{kind}/{}", key.name), format!("{kind}.{group}/{}", key.name)];
    if *key.namespace != *case.name && !key.namespace.is_empty() {
        names = vec![format!("{kind}/{}/{}", key.namespace, key.name)];
    }
    if &*key.kind.kind == "?" {
        // What has no name is named by its sentence.
        names = vec!["?".to_owned()];
    }
    names
}

#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn say(&mut self, what: String) {
        self.0.push(what);
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, wanted: T, came: T) {
        if wanted != came {
            self.say(format!("{what}: expected {wanted:?}, came {came:?}"));
        }
    }

    fn quiet(&mut self, name: &str, row: &ResourceRow) {
        if row.verdict.word() != "synced" || !row.findings.is_empty() || row.pending {
            self.say(format!("{name}: expected synced, came {}", describe(row)));
        }
    }

    fn row(&mut self, name: &str, expected: &ExpectedRow, row: &ResourceRow) {
        if expected.verdict != row.verdict.word() {
            self.say(format!("{name}: expected {}, came {}", expected.verdict, describe(row)));
        }
        if row.pending {
            self.say(format!("{name}: still pending"));
        }
        if let Some(moved) = &expected.moved {
            self.same(&format!("{name}: moved"), moved.clone(), row.moved.map(|moved| word(&moved)));
        }
        if let Some(basis) = &expected.basis {
            self.same(&format!("{name}: basis"), basis.clone(), word(&row.basis));
        }
        if let Some(base) = &expected.base {
            self.same(&format!("{name}: base"), base.clone(), word(&row.base));
        }
        if let Some(part) = &expected.refused {
            let refused = row.refused.as_ref().map(|words| words.raw().to_owned()).unwrap_or_default();
            if !refused.contains(part) {
                self.say(format!("{name}: refused: expected {part:?} in {refused:?}"));
            }
        }
        if let Some(code) = &expected.reason {
            let came = row.reason.as_ref().map(|reason| word(&reason.code));
            if came.as_deref() != Some(code) {
                self.say(format!("{name}: reason: expected {code}, came {}", describe(row)));
            }
        }
        self.findings(name, &expected.findings, &row.findings);
        if let Some(hidden) = &expected.hidden {
            let mut wanted = hidden.clone();
            let came = row.hidden.iter();
            let mut came: Vec<_> = came
                .map(|hidden| ExpectedHidden { path: hidden.path.to_string(), rule: hidden.rule.to_string() })
                .collect();
            wanted.sort();
            came.sort();
            self.same(&format!("{name}: hidden"), wanted, came);
        }
    }

    fn findings(&mut self, name: &str, expected: &[ExpectedFinding], came: &[Finding]) {
        let all = came.len();
        let came: BTreeMap<String, &Finding> = came.iter().map(|finding| (finding.path.to_string(), finding)).collect();
        if came.len() < all {
            self.say(format!("{name}: {all} findings at {} paths", came.len()));
        }
        let wanted: BTreeSet<String> = expected.iter().map(|finding| finding.path.clone()).collect();
        for (path, finding) in came.iter().filter(|(path, _)| !wanted.contains(*path)) {
            self.say(format!("{name}: an unexpected finding: {}", one(path, finding)));
        }
        for expected in expected {
            let place = format!("{name}: {}", expected.path);
            match came.get(&expected.path) {
                Some(finding) => self.finding(&place, expected, finding),
                None => self.say(format!("{place}: no such finding")),
            }
        }
    }

    fn finding(&mut self, place: &str, expected: &ExpectedFinding, finding: &Finding) {
        if let Some(moved) = &expected.moved {
            self.same(&format!("{place}: moved"), moved.clone(), finding.moved.map(|moved| word(&moved)));
        }
        if let Some(op) = &expected.op {
            self.same(&format!("{place}: op"), op.clone(), word(&finding.op));
        }
        if let Some(contested) = expected.contested {
            self.same(&format!("{place}: contested"), contested, finding.contested);
        }
        if let Some(by) = &expected.by
            && !is_by(by.as_ref(), finding.by.as_ref())
        {
            self.say(format!("{place}: by: expected {by:?}, came {:?}", finding.by));
        }
        for (side, wanted, came) in [
            ("live", &expected.live, &finding.live),
            ("git", &expected.git, &finding.git),
            ("was", &expected.was, &finding.was),
        ] {
            let came = came.as_ref().map(|said| serde_json::to_value(said).expect("JSON"));
            if wanted.is_some() && *wanted != came {
                self.say(format!("{place}: {side}: expected {wanted:?}, came {came:?}"));
            }
        }
    }
}

fn is_by(wanted: Option<&Value>, came: Option<&Attribution>) -> bool {
    match (wanted, came) {
        (None, None) => true,
        (Some(Value::String(manager)), Some(came)) => manager == came.manager.raw(),
        (Some(Value::Object(wanted)), Some(came)) => {
            let came = serde_json::to_value(came).expect("JSON");
            wanted.iter().all(|(key, value)| came.get(key) == Some(value))
        }
        _ => false,
    }
}

fn one(path: &str, finding: &Finding) -> String {
    let moved = finding.moved.map_or_else(|| "null".to_owned(), |moved| word(&moved));
    let by = finding.by.as_ref().map_or("nobody", |by| by.manager.raw());
    format!("{path:?} {} moved={moved} contested={} by {by}", word(&finding.op), finding.contested)
}

/// A row in words.
pub fn describe(row: &ResourceRow) -> String {
    let mut words = vec![format!("{} (basis {}, base {})", row.verdict.word(), word(&row.basis), word(&row.base))];
    words.extend(row.findings.iter().map(|finding| one(&finding.path.to_string(), finding)));
    words.extend(row.reason.iter().map(|reason| format!("{}: {}", word(&reason.code), reason.message.raw())));
    words.join("; ")
}

/// The word of a value in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}

/// What a rule must change when it is off: verdicts, paths, owners, basis, and whether a value is masked.
#[derive(PartialEq, Eq)]
pub struct Gist(String, BTreeMap<String, (String, String, BTreeSet<String>, BTreeSet<String>)>);

impl Gist {
    /// Of an app.
    pub fn of(app: &AppRow) -> Self {
        let owner = |finding: &Finding| {
            let by = finding.by.as_ref();
            by.map(|by| (by.manager.raw().to_owned(), by.operation.raw().to_owned(), word(&by.precision)))
        };
        let masked = |finding: &Finding| serde_json::to_value(&finding.live).is_ok_and(|said| said["masked"] == true);
        let shown = |finding: &Finding| format!("{} {:?} {}", finding.path, owner(finding), masked(finding));
        let rows = app.resources.iter().map(|row| {
            let hidden = row.hidden.iter().map(|hidden| hidden.path.to_string()).collect();
            let shown = row.findings.iter().map(shown).collect();
            (format!("{:?}", row.key), (row.verdict.word().to_owned(), word(&row.basis), shown, hidden))
        });
        Self(app.verdict.word().to_owned(), rows.collect())
    }
}
