//! What a policy answers of one object: the same for the look at the rows and for the plan made of them.

use crate::diff;
use crate::model::{Finding, Moved, Policy, Verdict};

/// Whether an agent writes an object of that verdict. What a rule leaves as it is asks for nothing: a difference that no sync
/// removes must not be answered for ever.
pub(in crate::engine) fn answers(policy: Policy, verdict: Verdict, moved: Option<Moved>, findings: &[Finding]) -> bool {
    let Policy { auto, self_heal, .. } = policy;
    let Some(verdict) = to_answer(verdict, findings) else { return false };
    match (verdict, moved) {
        (Verdict::Behind, _) | (Verdict::Missing, Some(Moved::Git)) => auto,
        (Verdict::Drifted | Verdict::Missing, _) => self_heal,
        (Verdict::Diverged, _) => auto && self_heal,
        _ => false,
    }
}

/// Whether a sync would change it: not what a rule leaves, nor what it cannot take away.
fn is_written(finding: &Finding) -> bool {
    finding.left.is_none() && !finding.needs_delete
}

/// The verdict without what no sync changes; `None` where that is all there is.
fn to_answer(verdict: Verdict, findings: &[Finding]) -> Option<Verdict> {
    if findings.iter().all(is_written) {
        return Some(verdict);
    }
    let written: Vec<Finding> = findings.iter().filter(|finding| is_written(finding)).cloned().collect();
    let judged = matches!(
        verdict,
        Verdict::Drifted | Verdict::Behind | Verdict::Diverged | Verdict::Contested | Verdict::Touched
    );
    match (written.is_empty(), judged) {
        (true, _) => None,
        (false, true) => Some(diff::verdict_of(&written)),
        (false, false) => Some(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Op;

    fn finding(moved: Moved, left: bool) -> Finding {
        Finding {
            path: "spec.replicas".parse().expect("a path"),
            moved: Some(moved),
            contested: false,
            op: Op::Replace,
            live: None,
            git: None,
            was: None,
            by: None,
            declared: None,
            needs_delete: false,
            left: left.then(|| "ignore[0]".into()),
        }
    }

    #[test]
    fn what_a_rule_leaves_is_never_healed() {
        let heals = Policy { auto: true, self_heal: true, prune: false };
        let left = [finding(Moved::Live, true)];
        assert!(!answers(heals, Verdict::Drifted, Some(Moved::Live), &left), "a sync would change nothing");
        assert!(answers(heals, Verdict::Drifted, Some(Moved::Live), &[finding(Moved::Live, false)]));
    }

    #[test]
    fn what_a_rule_leaves_does_not_keep_the_rest_from_being_synced() {
        let auto = Policy { auto: true, self_heal: false, prune: false };
        let both = [finding(Moved::Live, true), finding(Moved::Git, false)];
        assert!(answers(auto, Verdict::Diverged, Some(Moved::Both), &both), "git moved the rest");
        assert!(answers(auto, Verdict::Contested, None, &both), "the contested field is left");
        let swapped = [finding(Moved::Live, false), finding(Moved::Git, true)];
        assert!(!answers(auto, Verdict::Diverged, Some(Moved::Both), &swapped), "healing was not asked for");
    }
}
