//! Who writes unasked, when, and when not.

use super::*;

fn syncs(effects: &[Effect]) -> usize {
    count(effects, "auto sync")
}

/// Ends the attempt that is out.
fn end(stage: &mut Stage, outcome: Outcome) -> Vec<Effect> {
    super::super::begin_auto(&mut stage.world, &shop(), OrderId(7), stage.now);
    let run = stage.app().running.expect("a run");
    stage.take(Event::Ran(run, RunNews::Ended(outcome, None)))
}

#[test]
fn the_cockpit_and_the_command_line_never_write_unasked() {
    for role in [Role::Cockpit, Role::OneShot] {
        let mut stage = Stage::synced(role);
        let mut effects = stage.drift("web");
        effects.extend(stage.seconds(60));
        assert_eq!((syncs(&effects), count(&effects, "renew lease")), (0, 0), "{role:?}");
    }
    let stage = Stage::synced(Role::Cockpit);
    let minded = &stage.world.clusters[&cluster()].minded;
    assert!(minded.contains(&crate::engine::event::Aside::Leases), "it looks whether an agent is there");
}

#[test]
fn an_agent_heals_what_is_settled_and_fresh() {
    let mut stage = Stage::synced(Role::Agent);
    assert!(count(&stage.seconds(20), "renew lease") > 0, "it says that it lives");
    assert_eq!(syncs(&stage.drift("web")), 1);
    assert_eq!(syncs(&stage.seconds(5)), 0, "one attempt at a time");
}

#[test]
fn an_agent_waits_until_everything_is_judged_and_confirmed() {
    let mut stage = Stage::listed(Role::Agent);
    let effects = stage.dirty(&["web", "api"]);
    let effects = stage.judge(&effects, |row| if *row.key.name == *"web" { row.pending() } else { row });
    assert_eq!(syncs(&effects), 0, "pending is never healed");
    let effects = stage.seconds(1);
    assert_eq!(syncs(&effects), 0, "the server has been asked");
    assert_eq!(syncs(&stage.confirm(&effects, |row| row.is(Verdict::Drifted))), 1);
}

#[test]
fn an_agent_leaves_alone_what_is_held() {
    let pause = Pause { by: "ana".into(), reason: "INC".into(), since: Timestamp::UNIX_EPOCH, until: None };
    let pin = Pin {
        commit: CommitId::new(HEAD),
        by: "ana".into(),
        reason: "INC".into(),
        since: Timestamp::UNIX_EPOCH,
        until: None,
    };
    let holds =
        [Record { paused: Some(pause), ..Record::default() }, Record { pinned: Some(pin), ..Record::default() }];
    for record in holds {
        let mut stage = Stage::synced(Role::Agent);
        let mut effects = stage.record(Some(record));
        effects.extend(stage.render(desired(HEAD, &["web", "api"])));
        let mut all = stage.judge(&effects, |row| row);
        all.extend(stage.drift("web"));
        all.extend(stage.seconds(30));
        assert_eq!(syncs(&all), 0);
        all = stage.record(Some(Record::default()));
        all.extend(stage.render(desired(HEAD, &["web", "api"])));
        let freed = stage.judge(&all, |row| row.is(Verdict::Drifted));
        assert_eq!(syncs(&freed), 1, "freed, it goes on");
    }
}

#[test]
fn a_pause_that_has_ended_holds_nothing() {
    let mut stage = Stage::synced(Role::Agent);
    let until = stage.now.wall.checked_add(Duration::from_secs(30)).ok();
    let pause = Pause { by: "ana".into(), reason: "INC".into(), since: stage.now.wall, until };
    let effects = stage.record(Some(Record { paused: Some(pause), ..Record::default() }));
    let effects = stage.judge(&effects, |row| row.is(Verdict::Drifted));
    assert_eq!(syncs(&effects) + syncs(&stage.seconds(29)), 0);
    assert_eq!(syncs(&stage.seconds(2)), 1);
}

#[test]
fn an_agent_writes_nothing_from_stale_data() {
    let mut stage = Stage::synced(Role::Agent);
    stage.pass(Duration::from_secs(121));
    stage.take(Event::Alive(cluster()));
    assert_eq!(syncs(&stage.drift("web")), 0, "git has been silent");
    assert_eq!(syncs(&stage.poll(HEAD)), 1, "its head is confirmed again");
}

#[test]
fn extra_objects_alone_start_nothing() {
    let mut stage = Stage::synced(Role::Agent);
    let effects = stage.record(Some(Record { inventory: vec![line("old")], ..Record::default() }));
    let extra = |row: Judged| if *row.key.name == *"old" { row.is(Verdict::Extra) } else { row };
    let mut all = stage.judge(&effects, extra);
    all.extend(stage.seconds(30));
    assert_eq!(stage.row().counts.removed, 1);
    assert_eq!(syncs(&all), 0, "an agent does not prune");
}

#[test]
fn what_the_policy_does_not_ask_for_is_left() {
    for (policy, verdict, wanted) in [
        (Policy { auto: true, self_heal: false, prune: true }, Verdict::Drifted, 0),
        (Policy { auto: true, self_heal: false, prune: true }, Verdict::Behind, 1),
        (Policy { auto: false, self_heal: true, prune: true }, Verdict::Behind, 0),
        (Policy { auto: true, self_heal: false, prune: true }, Verdict::Diverged, 0),
        (Policy { auto: true, self_heal: true, prune: true }, Verdict::Diverged, 1),
        (Policy { auto: true, self_heal: true, prune: true }, Verdict::Contested, 0),
    ] {
        let mut stage = Stage::synced(Role::Agent);
        stage.world.apps.get_mut(&shop()).expect("the app").spec.policy = policy;
        let effects = stage.dirty(&["web"]);
        assert_eq!(syncs(&stage.judge(&effects, |row| row.is(verdict))), wanted, "{policy:?} {verdict:?}");
    }
}

#[test]
fn what_lies_outside_the_bounds_starts_nothing() {
    let mut stage = Stage::synced(Role::Agent);
    let effects = stage.dirty(&["web"]);
    for effect in &effects {
        if let Effect::Judge(ticket, work) = effect {
            let mut rows = stage.rows(work, |row| row.is(Verdict::Drifted));
            rows.iter_mut().filter_map(|row| row.row.as_mut()).for_each(|row| row.in_bounds = false);
            assert_eq!(syncs(&stage.take(Event::Judged(ticket.clone(), rows))), 0, "a sync would not write it");
        }
    }
}

#[test]
fn an_agent_backs_off_after_a_failure() {
    let mut stage = Stage::synced(Role::Agent);
    stage.drift("web");
    assert_eq!(syncs(&end(&mut stage, Outcome::Failed)), 0);
    stage.record(None);
    assert_eq!(syncs(&stage.seconds(9)), 0);
    assert_eq!(syncs(&stage.seconds(1)), 1, "ten seconds after the first");
    end(&mut stage, Outcome::Partly);
    stage.record(None);
    assert_eq!(syncs(&stage.seconds(19)), 0);
    assert_eq!(syncs(&stage.seconds(1)), 1, "twenty after the second");
}

#[test]
fn an_agent_that_achieves_nothing_does_not_go_in_circles() {
    for outcome in [Outcome::Done, Outcome::Nothing] {
        let mut stage = Stage::synced(Role::Agent);
        assert_eq!(syncs(&stage.drift("web")), 1);
        let mut all = end(&mut stage, outcome);
        all.extend(stage.record(None));
        all.extend(stage.seconds(5));
        assert_eq!(syncs(&all), 0, "{outcome:?}, and still drifted: the watch may be late, or somebody fights");
        assert_eq!(syncs(&stage.seconds(5)), 1, "{outcome:?}");
        end(&mut stage, outcome);
        stage.record(None);
        let effects = stage.dirty(&["web"]);
        stage.judge(&effects, |row| row);
        assert_eq!(
            syncs(&stage.drift("web")),
            1,
            "{outcome:?}: it was in sync meanwhile, a new drift is healed at once"
        );
    }
}
