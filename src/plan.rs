//! Comparison × policy → an ordered `Plan`; what may be pruned; and the gates before every write.
//!
//! Pure. Owns the order of waves, the prune rule, the bounds of an app, the fingerprint, and the one table of gates
//! (product.md *Gates*). Refuses bodies: a plan names manifests by digest.

mod bounds;
mod checks;
mod fingerprint;
mod gate;
mod order;
mod prune;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{AppSpec, CommitInfo, Digest, Fault, Foreign, Pause, Plan, ResourceKey, ResourceRow};

pub use bounds::in_bounds;
pub use gate::{admit, gate_of, gate_revert, gate_sync};
pub use order::wave;
pub use prune::{Candidate, prunable};

/// What a plan is made from, all taken at one moment.
pub struct Facts<'a> {
    /// The app.
    pub app: &'a AppSpec,
    /// Its cluster is protected.
    pub protected: bool,
    /// The commit to go to.
    pub commit: CommitInfo,
    /// The app's rows against that commit.
    pub rows: &'a [Arc<ResourceRow>],
    /// Digests of git's manifests.
    pub digests: &'a BTreeMap<ResourceKey, Digest>,
    /// Content hashes of the live objects.
    pub live: &'a BTreeMap<ResourceKey, Digest>,
    /// Objects in the inventory: what a share of deletes is taken of.
    pub inventory: usize,
    /// The pause in force.
    pub paused: Option<&'a Pause>,
    /// The first document that could not be read: the render is partial.
    pub fault: Option<&'a Fault>,
    /// The render has no objects at all.
    pub empty: bool,
    /// Not the commit the app follows.
    pub other_revision: bool,
    /// What the prune rule says of each extra object that is live: its uid, or why it stays.
    pub prunable: &'a BTreeMap<ResourceKey, Result<Arc<str>, &'static str>>,
    /// What becomes of pods where an object is applied, in words.
    pub restarts: &'a BTreeMap<ResourceKey, Foreign>,
    /// The cluster has been silent for too long: what the rows say is from before, and nothing is written on it.
    pub stale: Option<&'a Foreign>,
}

impl Facts<'_> {
    /// Every document was read: only then may anything be applied or pruned.
    fn is_complete(&self) -> bool {
        self.fault.is_none()
    }
}

/// Makes the plan.
#[must_use]
pub fn plan(facts: &Facts) -> Plan {
    let mut rows: Vec<_> = facts.rows.iter().map(|row| rows::row(row, facts)).collect();
    rows.sort_by(|a, b| order::place(a).cmp(&order::place(b)));
    let mut plan = Plan {
        app: facts.app.id.clone(),
        commit: facts.commit.clone(),
        fingerprint: fingerprint::fingerprint(facts),
        checks: checks::checks(facts, &rows),
        gate: crate::model::Gate {
            level: crate::model::Level::L2,
            protected: facts.protected,
            needs: Vec::new(),
            calming: false,
        },
        rows,
        paused: facts.paused.cloned(),
        blocked: blocked(facts),
        other_revision: facts.other_revision,
    };
    plan.gate = gate::gate_ticked(&plan, facts.inventory, facts.protected);
    plan
}

/// Why nothing of the render may be applied, by anybody.
fn blocked(facts: &Facts) -> Option<Foreign> {
    let told = facts.fault?.told();
    Some(Foreign::new(format!("{told}; the render is partial: nothing of it is applied or pruned")))
}

#[cfg(test)]
mod tests;
