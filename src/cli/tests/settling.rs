//! When an answer is complete.

use std::sync::Arc;
use std::time::Duration;

use super::fleets::{app, fleet, id, reason, row};
use crate::cli::settle::{is_settled, is_well, wait};
use crate::model::{AppRow, Health, ReasonCode, ResourceRow, Verdict};

fn with(change: impl FnOnce(&mut AppRow)) -> crate::model::Fleet {
    let mut row = app(id("a", "prod-eu"), Verdict::Synced);
    change(&mut row);
    fleet([row])
}

fn with_object(change: impl FnOnce(&mut ResourceRow)) -> crate::model::Fleet {
    with(|app| {
        let mut object = row(Verdict::Drifted);
        change(&mut object);
        app.resources.push(Arc::new(object));
    })
}

fn foreign(app: &mut AppRow, settling: bool) {
    (app.reason, app.settling) = (Some(reason(ReasonCode::RecordOfAnother)), settling);
}

#[test]
fn an_app_is_settled_when_nothing_of_it_is_on_its_way() {
    let asked = [id("a", "prod-eu")];
    let table = [
        ("judged", with(|_| ()), true),
        ("no row yet", fleet([]), false),
        ("the app is loading", with(|app| app.reason = Some(reason(ReasonCode::Loading))), false),
        ("the app says why it is unknown", with(|app| app.reason = Some(reason(ReasonCode::GitAuth))), true),
        ("a record of another, its plan to come", with(|app| foreign(app, true)), false),
        ("a record of another, rendered", with(|app| foreign(app, false)), true),
        ("an object is loading", with_object(|row| row.reason = Some(reason(ReasonCode::Loading))), false),
        ("an object is forbidden", with_object(|row| row.reason = Some(reason(ReasonCode::Forbidden))), true),
        ("an object is not confirmed", with_object(|row| row.pending = true), false),
    ];
    for (what, fleet, settled) in table {
        assert_eq!(is_settled(&fleet, &asked), settled, "{what}");
    }
}

#[test]
fn every_app_asked_for_must_be_settled() {
    let fleet = with(|_| ());
    assert!(!is_settled(&fleet, &[id("a", "prod-eu"), id("b", "prod-eu")]), "b has no row");
}

#[test]
fn an_app_is_well_when_it_is_synced_and_healthy() {
    let a = id("a", "prod-eu");
    let table = [
        ("synced and healthy", with(|_| ()), true),
        ("on its way", with(|app| app.health = Health::Progressing), false),
        ("not judged is not ill", with(|app| app.health = Health::NotJudged), true),
        ("drifted", with(|app| app.verdict = Verdict::Drifted), false),
        ("a run goes on", with(|app| app.running = Some(crate::model::OrderId(1))), false),
    ];
    for (what, fleet, well) in table {
        assert_eq!(is_well(&fleet, &a, &[]), well, "{what}");
    }
}

#[test]
fn with_only_the_objects_named_must_be_well() {
    let a = id("a", "prod-eu");
    let fleet = with(|app| app.verdict = Verdict::Behind);
    let key = row(Verdict::Synced).key;
    assert!(is_well(&fleet, &a, std::slice::from_ref(&key)), "another object holds the app back");
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_by_the_word_or_by_the_limit() {
    let (sender, mut receiver) = tokio::sync::watch::channel(Arc::new(fleet([])));
    let asked = [id("a", "prod-eu")];
    let (last, done) = wait(&mut receiver, Duration::from_mins(1), |fleet| is_settled(fleet, &asked)).await;
    assert!(!done && last.apps.is_empty(), "what is there is given back");
    sender.send_replace(Arc::new(with(|_| ())));
    let (last, done) = wait(&mut receiver, Duration::from_mins(1), |fleet| is_settled(fleet, &asked)).await;
    assert!(done && last.apps.len() == 1);
}
