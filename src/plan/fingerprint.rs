//! The fingerprint of a plan: moves when anything it was made from moves, but not by a status write.

use serde_json::json;

use super::Facts;
use crate::model::{Digest, Fingerprint};

/// Hash over the commit, the policy, the pause (the gate depends on it), and per object its uid, its content hash and
/// git's digest, and the rules by which something is left. Verdicts are left out: they follow from these, and a confirmation that only agrees moves nothing.
pub(super) fn fingerprint(facts: &Facts) -> Fingerprint {
    let rows: Vec<_> = facts
        .rows
        .iter()
        .map(|row| {
            json!([
                format!("{:?}", row.key),
                row.uid,
                facts.live.get(&row.key).map(|digest| &*digest.0),
                facts.digests.get(&row.key).map(|digest| &*digest.0),
            ])
        })
        .collect();
    let policy = facts.app.policy;
    let paused = facts.paused.map(|pause| [Some(pause.since), pause.until].map(|at| at.map(|at| at.to_string())));
    let leaves = facts.app.ignore.iter().filter(|rule| rule.effect.leaves());
    let left: Vec<_> = leaves
        .map(|rule| {
            let path = rule.path.as_ref().map(ToString::to_string);
            json!([rule.kind, rule.name, rule.namespace, path, rule.manager])
        })
        .collect();
    let mut all = json!([facts.commit.id.as_str(), [policy.auto, policy.self_heal, policy.prune], paused, rows]);
    if let (false, Some(all)) = (left.is_empty(), all.as_array_mut()) {
        all.push(left.into());
    }
    Fingerprint(Digest::of_value(&all).0)
}
