//! What holds of any plan, whatever is in it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{Consent, Mode};
use crate::plan::admit;

fn kinds() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("ConfigMap"),
        Just("Deployment"),
        Just("Namespace"),
        Just("PersistentVolumeClaim"),
        Just("Secret"),
        Just("Widget"),
    ]
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    (0..Verdict::ALL.len()).prop_map(|at| Verdict::ALL[at])
}

fn rows() -> impl Strategy<Value = Vec<ResourceRow>> {
    let row = (kinds(), verdicts(), any::<bool>(), any::<bool>(), any::<bool>());
    vec(row, 0..12).prop_map(|rows| {
        let row = |(n, (kind, verdict, in_bounds, pending, unadopted))| {
            let key = key(kind, if kind == "Namespace" { "" } else { "shop" }, &format!("o{n}"));
            ResourceRow { pending, in_bounds, unadopted, ..resource(key, verdict) }
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

fn stages() -> impl Strategy<Value = Stage> {
    (rows(), 0..60_usize, any::<[bool; 6]>()).prop_map(
        |(rows, inventory, [prune, auto, partial, empty, held, pause])| {
            let mut stage = Stage { inventory, empty, protected: held, ..Stage::new(rows) };
            stage.app.policy = Policy { auto, self_heal: auto, prune };
            stage.fault = partial.then(fault);
            let pause =
                pause.then(|| Pause { by: "a".into(), reason: "b".into(), since: Timestamp::UNIX_EPOCH, until: None });
            stage.paused = pause;
            stage
        },
    )
}

fn orders(plan: &Plan, picks: &[bool], take: bool, take_over: bool) -> SyncOrder {
    let chosen: Vec<_> =
        plan.rows.iter().zip(picks).filter(|(_, pick)| **pick).map(|(row, _)| row.key.clone()).collect();
    SyncOrder { take: chosen.iter().take(usize::from(take)).cloned().collect(), chosen, take_over, ..order_of(plan) }
}

fn consents() -> impl Strategy<Value = Consent> {
    let number = || proptest::option::of(0..13_usize);
    let word = || proptest::option::of(prop_oneof![Just(String::new()), Just(" ".to_owned()), Just("shop".to_owned())]);
    (any::<bool>(), number(), word(), word(), number(), any::<bool>()).prop_map(
        |(yes, deletes, app_name, unlock, mass_delete, prune)| Consent {
            yes,
            deletes,
            app_name,
            unlock,
            mass_delete,
            prune,
        },
    )
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::ReadOnly), Just(Mode::Observe), Just(Mode::Operate)]
}

proptest! {
    #[test]
    fn no_prune_is_ever_ticked_from_a_partial_or_an_empty_render(stage in stages()) {
        let plan = stage.plan();
        if stage.fault.is_some() {
            prop_assert_eq!(plan.chosen().count(), 0, "nothing of a partial render is applied");
            prop_assert!(plan.blocked.is_some(), "and it says so");
        }
        if stage.empty {
            prop_assert!(plan.rows.iter().all(|row| row.act != Act::Prune), "an empty render deletes nothing");
        }
        if !stage.app.policy.prune {
            prop_assert_eq!(plan.deletes(), 0, "no delete is ticked that the policy did not ask for");
        }
    }

    #[test]
    fn only_what_the_prune_rule_lets_go_is_deleted(mut stage in stages(), kept in any::<bool>()) {
        if kept {
            stage.prunable.values_mut().for_each(|allowed| *allowed = Err("kept"));
        }
        for row in stage.plan().rows.iter().filter(|row| row.act == Act::Prune) {
            prop_assert!(matches!(stage.prunable.get(&row.key), Some(Ok(_))), "{:?}", row.key);
            prop_assert_eq!(row.verdict, Verdict::Extra);
        }
    }

    #[test]
    fn protection_never_lets_more_through(
        stage in stages(), picks in vec(any::<bool>(), 12), take in any::<bool>(), over in any::<bool>(),
        consent in consents(), mode in modes(),
    ) {
        let plan = stage.plan();
        let order = orders(&plan, &picks, take, over);
        let plain = gate_sync(&plan, &order, stage.inventory, false);
        let held = gate_sync(&plan, &order, stage.inventory, true);
        prop_assert!(held.level >= plain.level);
        prop_assert!(plain.needs.iter().all(|need| held.needs.contains(need)));
        let unlocking = consent.unlock.as_ref().is_some_and(|why| !why.trim().is_empty());
        // Only an unlock given along opens OBSERVE, and only a protected cluster can be unlocked.
        if !(mode == Mode::Observe && unlocking) && admit(&held, &consent, mode).is_ok() {
            prop_assert_eq!(admit(&plain, &consent, mode), Ok(()));
        }
    }

    #[test]
    fn read_only_passes_nothing_that_writes(
        stage in stages(), picks in vec(any::<bool>(), 12), take in any::<bool>(), over in any::<bool>(),
        consent in consents(),
    ) {
        let plan = stage.plan();
        let gate = gate_sync(&plan, &orders(&plan, &picks, take, over), stage.inventory, stage.protected);
        prop_assert!(gate.level >= Level::L2, "a sync writes");
        prop_assert!(admit(&gate, &consent, Mode::ReadOnly).is_err());
    }

    #[test]
    fn more_deletes_never_lower_the_level(stage in stages(), picks in vec(any::<bool>(), 12), more in 0..12_usize) {
        let plan = stage.plan();
        let mut wider = picks.clone();
        wider[more] = true;
        let [few, many] = [picks, wider].map(|picks| orders(&plan, &picks, false, false));
        let [few, many] = [few, many].map(|order| gate_sync(&plan, &order, stage.inventory, stage.protected).level);
        prop_assert!(few <= many, "{few:?} with fewer rows, {many:?} with one more");
    }
}
