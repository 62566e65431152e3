//! The fingerprint of a plan: moves when anything it was made from moves, but not by a status write.

use serde_json::json;

use super::Facts;
use crate::model::{Digest, Fingerprint};

/// Hash over commit, policy, pause, and per object git's digest, uid, content hash, verdict and prunability.
pub(super) fn fingerprint(facts: &Facts) -> Fingerprint {
    let rows: Vec<_> = facts
        .rows
        .iter()
        .map(|row| {
            json!([
                format!("{:?}", row.key),
                facts.digests.get(&row.key).map(|digest| &*digest.0),
                row.uid,
                facts.live.get(&row.key).map(|digest| &*digest.0),
                row.verdict.word(),
                row.pending,
                facts.prunable.contains_key(&row.key),
            ])
        })
        .collect();
    let policy = facts.app.policy;
    let paused = facts.record.and_then(|record| record.paused.as_ref()).map(|pause| pause.since.to_string());
    let all = json!([
        facts.commit.id.as_str(),
        [policy.auto, policy.self_heal, policy.prune],
        facts.complete,
        facts.inventory,
        paused,
        rows
    ]);
    Fingerprint(Digest::of_value(&all).0)
}
