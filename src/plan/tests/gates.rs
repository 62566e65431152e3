//! Every command against every hold: one table, as product.md *Gates* has it.

use super::*;
use crate::model::{Command, Consent, Fingerprint, Foreign, Mode, Need, Refusal, RevertMode, RevertOrder, RunId};
use crate::plan::{admit, gate_of, gate_revert};

fn commands() -> Vec<Command> {
    let (app, reason) = (id(), Foreign::from("why"));
    vec![
        Command::Refresh { app: None },
        Command::Sync(SyncOrder {
            app: app.clone(),
            commit: CommitId::new("c"),
            fingerprint: Fingerprint("f".into()),
            chosen: Vec::new(),
            take: Vec::new(),
            take_over: false,
            full: true,
        }),
        Command::Pause { app: app.clone(), until: None, reason: reason.clone() },
        Command::Resume { app: app.clone() },
        Command::Pin { app: app.clone(), commit: CommitId::new("c"), until: None, reason: reason.clone() },
        Command::Unpin { app: app.clone() },
        Command::Revert(RevertOrder {
            app: app.clone(),
            to: CommitId::new("c"),
            mode: RevertMode::Restore,
            expected_head: CommitId::new("h"),
            reason: reason.clone(),
            until: None,
        }),
        Command::Abort { run: RunId { 0: 1 } },
        Command::Unlock { cluster: ClusterName::new("prod"), reason },
        Command::Lock { cluster: ClusterName::new("prod") },
        Command::Ignore { app, rule: Box::new(rule()) },
    ]
}

fn generous() -> Consent {
    Consent {
        yes: true,
        deletes: Some(0),
        app_name: Some("shop".to_owned()),
        unlock: None,
        mass_delete: Some(0),
        prune: true,
    }
}

/// Where a command stands in the list above: a new one does not compile before it is there.
fn place(command: &Command) -> usize {
    match command {
        Command::Refresh { .. } => 0,
        Command::Sync(_) => 1,
        Command::Pause { .. } => 2,
        Command::Resume { .. } => 3,
        Command::Pin { .. } => 4,
        Command::Unpin { .. } => 5,
        Command::Revert(_) => 6,
        Command::Abort { .. } => 7,
        Command::Unlock { .. } => 8,
        Command::Lock { .. } => 9,
        Command::Ignore { .. } => 10,
    }
}

/// What a command does when everything is answered but no unlock is given: under `--read-only`, and on a locked
/// protected cluster.
fn lets_through(command: &Command) -> (bool, bool) {
    match command {
        Command::Refresh { .. } | Command::Unlock { .. } | Command::Lock { .. } | Command::Ignore { .. } => {
            (true, true)
        }
        Command::Pause { .. } | Command::Abort { .. } => (false, true),
        Command::Sync(_)
        | Command::Resume { .. }
        | Command::Pin { .. }
        | Command::Unpin { .. }
        | Command::Revert(_) => (false, false),
    }
}

fn rule() -> crate::model::IgnoreRule {
    crate::model::IgnoreRule {
        place: "".into(),
        kind: Some("Deployment".to_owned()),
        name: None,
        namespace: None,
        path: None,
        manager: None,
        effect: crate::model::Effect::Hide,
        reason: None,
    }
}

#[test]
fn every_command_is_held_by_read_only_and_by_a_locked_protected_cluster() {
    let all = commands();
    let places: Vec<usize> = all.iter().map(place).collect();
    assert_eq!(places, (0..11).collect::<Vec<_>>(), "the list names every command once");
    for command in &all {
        let (read_only, locked) = lets_through(command);
        let unlocking = Consent { unlock: Some("INC-1".to_owned()), ..generous() };
        for protected in [false, true] {
            let gate = gate_of(command, protected);
            let passed = admit(&gate, &unlocking, Mode::ReadOnly);
            assert_eq!(passed.is_ok(), read_only, "--read-only, {command:?}");
        }
        let gate = gate_of(command, true);
        assert_eq!(admit(&gate, &generous(), Mode::Observe).is_ok(), locked, "locked, {command:?}");
        assert_eq!(admit(&gate, &unlocking, Mode::Observe), Ok(()), "a reason opens it, {command:?}");
        for blank in ["", "  ", "\t\n"] {
            let blank = Consent { unlock: Some(blank.to_owned()), ..generous() };
            assert_eq!(
                admit(&gate, &blank, Mode::Observe).is_ok(),
                locked,
                "a blank reason opens nothing, {command:?}"
            );
        }
        let free = admit(&gate_of(command, false), &unlocking, Mode::Observe).is_ok();
        assert_eq!(free, locked, "where there is nothing to unlock a reason opens nothing, {command:?}");
        assert_eq!(admit(&gate, &unlocking, Mode::Operate), Ok(()), "unlocked, {command:?}");
    }
}

#[test]
fn taking_a_field_and_taking_a_record_over_are_one_level_higher() {
    let plan = Stage::new(extras(0)).plan();
    let level = |order: &SyncOrder| gate_sync(&plan, order, 10, false).level;
    let order = order_of(&plan);
    assert_eq!(level(&order), Level::L2);
    assert_eq!(
        level(&SyncOrder { take: order.chosen.clone(), ..order.clone() }),
        Level::L3,
        "taking a contested field"
    );
    assert_eq!(level(&SyncOrder { take_over: true, ..order }), Level::L3, "taking a record over");
}

#[test]
fn a_revert_is_answered_for_the_destinations_it_feeds() {
    let gate = gate_revert(&id(), true);
    assert_eq!(gate.level, Level::L3);
    assert_eq!(gate.needs, [Need::Deletes(0), Need::Unlock, Need::AppName(id())]);
}

#[test]
fn protection_never_makes_anything_easier() {
    for command in commands() {
        let (plain, held) = (gate_of(&command, false), gate_of(&command, true));
        assert!(plain.needs.iter().all(|need| held.needs.contains(need)), "{command:?}");
    }
}

#[test]
fn what_is_not_answered_is_named() {
    let stage = Stage { protected: true, ..Stage::new(extras(2)) };
    let gate = stage.gate_with_everything();
    let Err(Refusal::Unanswered(needs)) = admit(&gate, &Consent::default(), Mode::Observe) else {
        panic!("an unanswered gate must refuse");
    };
    assert_eq!(needs, [Need::Deletes(2), Need::Prune, Need::Unlock, Need::AppName(id())]);
    let answers = Consent { deletes: Some(2), unlock: Some("INC-1".to_owned()), ..generous() };
    assert_eq!(admit(&gate, &answers, Mode::Observe), Ok(()), "an unlock for this order opens OBSERVE");
    let wrong = Consent { app_name: Some("other".to_owned()), ..answers };
    assert!(admit(&gate, &wrong, Mode::Observe).is_err(), "another app's name opens nothing");
}
