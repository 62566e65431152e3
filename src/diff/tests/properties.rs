//! What holds of every comparison, whatever the objects.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_object_compared_with_itself_is_synced(image in "[a-z]{1,8}:[0-9]{1,3}", replicas in 0u32..9) {
        let stage = Stage::new();
        let git = manifest(&deployment(&image, replicas));
        let live = stage.live(&git.body, &[]);
        let legs = Legs { git: Some(&git), base: BaseLeg::None, live: Some(&live), in_inventory: true, seen: &[] };
        let judged = compare_local(&legs, &stage.ground());
        prop_assert_eq!(judged.verdict, Verdict::Synced);
    }

    #[test]
    fn a_verdict_of_difference_has_a_finding_and_the_others_have_none(
        old in "a:[0-9]", new in "a:[0-9]", now in "a:[0-9]", replicas in 1u32..3, scaled in 1u32..3,
    ) {
        let stage = Stage::new();
        let base = manifest(&deployment(&old, replicas));
        let git = manifest(&deployment(&new, replicas));
        let edits = [
            ("kubectl-edit", "Update", edit_image(&now)),
            ("kubectl-scale", "Update", edit_replicas(scaled)),
        ];
        let live = stage.live(&base.body, &edits);
        let base = BaseLeg::At(Base::Record, Some(&base));
        let legs = Legs { git: Some(&git), base, live: Some(&live), in_inventory: true, seen: &[] };
        let judged = compare_local(&legs, &stage.ground());
        let differs = !matches!(judged.verdict, Verdict::Synced);
        prop_assert_eq!(differs, !judged.findings.is_empty());
        prop_assert_eq!(differs, new != now || replicas != scaled);
    }
}
