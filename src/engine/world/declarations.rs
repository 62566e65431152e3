//! What is known of where an app's differing values are declared, as of one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CommitId, Declared, FieldPath, Finding, ResourceKey, ResourceRow};

/// Paths kept per app; what differs beyond them has no declaration.
const KEPT: usize = 2_000;

/// What is known of one path; `None` = it is not to be known.
type Told = (FieldPath, Option<Arc<Declared>>);

/// The declarations of one app.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    at: Option<CommitId>,
    told: BTreeMap<ResourceKey, Vec<Told>>,
    count: usize,
    /// A question is out.
    pub asking: bool,
}

impl Declarations {
    /// Forgets what was told as of another commit.
    pub fn begin(&mut self, at: &CommitId) {
        if self.at.as_ref() != Some(at) {
            *self = Self { at: Some(at.clone()), asking: self.asking, ..Self::default() };
        }
    }

    /// Whether nothing more is kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count >= KEPT
    }

    /// Whether a path was asked about.
    #[must_use]
    pub fn knows(&self, key: &ResourceKey, path: &FieldPath) -> bool {
        self.told.get(key).is_some_and(|told| told.iter().any(|(known, _)| known == path))
    }

    /// Takes an answer in, if it is as of the commit that is asked about.
    pub fn put(&mut self, at: &CommitId, key: ResourceKey, path: FieldPath, told: Option<Arc<Declared>>) {
        if self.at.as_ref() == Some(at) && !self.is_full() {
            self.told.entry(key).or_default().push((path, told));
            self.count += 1;
        }
    }

    /// A row with the declarations of its findings.
    #[must_use]
    pub fn put_into(&self, row: Arc<ResourceRow>) -> Arc<ResourceRow> {
        let Some(told) = self.told.get(&row.key).filter(|_| !row.findings.is_empty()) else { return row };
        let of = |finding: &Finding| told.iter().find(|(path, _)| *path == finding.path)?.1.clone();
        if row.findings.iter().all(|finding| of(finding) == finding.declared) {
            return row;
        }
        let with = |finding: &Finding| Finding { declared: of(finding), ..finding.clone() };
        Arc::new(ResourceRow { findings: row.findings.iter().map(with).collect(), ..(*row).clone() })
    }
}
