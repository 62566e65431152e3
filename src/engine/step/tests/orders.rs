//! Orders, runs, and records that somebody else writes.

use super::*;

fn pause(id: AppId) -> Command {
    Command::Pause { app: id, until: None, reason: "INC".into() }
}

#[test]
fn an_order_for_a_busy_app_is_refused() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(names(&stage.order(1, pause(shop()))), ["execute"]);
    assert_eq!(names(&stage.order(2, pause(shop()))), [""; 0]);
    let runs = stage.publish().runs;
    assert_eq!(runs[1].state, RunState::Ended(Outcome::Refused));
    assert!(runs[1].note.as_ref().is_some_and(|note| note.raw().contains("already running")));
    stage.take(Event::Ran(OrderId(1), RunNews::Ended(Outcome::Done, None)));
    assert_eq!(count(&stage.order(3, pause(shop())), "execute"), 1, "free again");
}

#[test]
fn the_same_order_twice_is_carried_out_once() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(count(&stage.order(1, pause(shop())), "execute"), 1);
    stage.take(Event::Ran(OrderId(1), RunNews::Ended(Outcome::Done, None)));
    assert_eq!(names(&stage.order(1, pause(shop()))), [""; 0]);
}

#[test]
fn an_order_for_an_app_that_is_not_there_ends_with_a_word() {
    let mut stage = Stage::synced(Role::OneShot);
    assert_eq!(names(&stage.order(1, pause(AppId::new("nobody", cluster())))), [""; 0]);
    assert_eq!(
        stage.publish().runs[0].state,
        RunState::Ended(Outcome::Refused),
        "who waits for it is not left waiting"
    );
}

#[test]
fn runs_that_go_on_are_never_forgotten() {
    let mut stage = Stage::synced(Role::Cockpit);
    let busy = AppId::new("busy", cluster());
    stage.world.apps.insert(busy.clone(), AppWorld::new(spec(busy.clone())));
    stage.order(1, pause(busy.clone()));
    for id in 2..80 {
        stage.order(id, pause(shop()));
        stage.take(Event::Ran(OrderId(id), RunNews::Ended(Outcome::Done, None)));
    }
    let runs = stage.publish().runs;
    assert!(runs.iter().any(|run| run.id == OrderId(1)), "the oldest goes on");
    assert!(runs.len() <= 51, "of the ended ones fifty stay: {}", runs.len());
    stage.take(Event::Ran(OrderId(1), RunNews::Ended(Outcome::Done, None)));
    assert!(stage.world.apps[&busy].running.is_none());
}

#[test]
fn after_a_run_record_and_remote_are_looked_at_again() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.order(1, pause(shop()));
    let effects = stage.take(Event::Ran(OrderId(1), RunNews::Ended(Outcome::Done, None)));
    assert_eq!((count(&effects, "read record"), count(&effects, "poll")), (1, 1));
}

#[test]
fn a_pause_by_somebody_else_is_seen() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["driftdeck.shop"]);
    assert_eq!(names(&effects), ["read record"]);
    let pause = Pause { by: "ben".into(), reason: "INC".into(), since: stage.now.wall, until: None };
    stage.record(Some(Record { paused: Some(pause), ..Record::default() }));
    assert_eq!(stage.row().paused.as_ref().map(|pause| pause.by.raw().to_owned()), Some("ben".to_owned()));
    assert_eq!(names(&stage.dirty(&["driftdeck.shopper"])), [""; 0], "another app's record is not ours");
    assert_eq!(names(&stage.dirty(&["driftdeck.shop.1"])), ["read record"], "its second page is");
}

#[test]
fn a_record_written_while_it_is_read_is_read_again() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(count(&stage.dirty(&["driftdeck.shop"]), "read record"), 1);
    assert_eq!(count(&stage.dirty(&["driftdeck.shop"]), "read record"), 0, "one at a time");
    assert_eq!(count(&stage.record(None), "read record"), 1, "what came meanwhile is not lost");
}
