//! Pause and pin: written where everybody sees them, and kept by everybody.

use driftdeck::model::{Command, CommitId, Consent, Mode, Outcome, Plan, RevertMode, RevertOrder, SyncOrder, Verdict};

use crate::apiserver::User;
use crate::road::{Deck, Start, shop};
use crate::scene::{Scene, api};
use crate::stage::Place;

crate::scenes! {
    a_pause_survives_a_restart_and_is_seen_live_by_another_driftdeck
    a_pin_holds_the_app_at_its_commit_and_unpin_lets_it_follow
    a_read_only_driftdeck_writes_nothing_whatever_it_is_told
    a_locked_protected_cluster_takes_a_pause_and_nothing_else
    an_account_that_may_only_look_looks_and_is_told_why_it_writes_nothing
}

/// What a person says to a pause.
pub fn yes() -> Consent {
    Consent { yes: true, deletes: Some(0), ..Consent::default() }
}

/// Pauses the app.
pub async fn pause(deck: &mut Deck, reason: &str) {
    let (outcome, note) = deck.order(Command::Pause { app: shop(), until: None, reason: reason.into() }, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
}

async fn a_pause_survives_a_restart_and_is_seen_live_by_another_driftdeck(place: Place) {
    let Some(scene) = Scene::new(place, "pause") else { return };
    let mut deck = scene.synced().await;
    let mut other = scene.elsewhere((User::Admin, ""), Start { who: "ben@test", ..Start::default() });
    other.verdict(Verdict::Synced).await;
    pause(&mut deck, "INC-7").await;
    let app = other.until("the pause, unasked", |app| app.paused.is_some()).await;
    let pause = app.paused.clone().expect("just seen");
    assert_eq!((pause.by.raw(), pause.reason.raw()), ("ana@test", "INC-7"));
    assert_eq!(app.verdict, Verdict::Synced, "a pause is no verdict");

    deck.close().await;
    let mut deck = scene.deck(Start::default());
    deck.until("the pause after a restart", |app| app.paused.is_some()).await;
    let (outcome, note) = other.order(Command::Resume { app: shop() }, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.until("the end of it", |app| app.paused.is_none()).await;
    let (outcome, note) = deck.order(Command::Resume { app: shop() }, yes()).await;
    assert_eq!(outcome, Outcome::Nothing, "{note}");
    deck.close().await;
    other.close().await;
}

async fn a_pin_holds_the_app_at_its_commit_and_unpin_lets_it_follow(place: Place) {
    let Some(scene) = Scene::new(place, "pin") else { return };
    let first = scene.git.head();
    let mut deck = scene.synced().await;
    let pin = Command::Pin { app: shop(), commit: first.clone(), until: None, reason: "freeze".into() };
    let (outcome, note) = deck.order(pin, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.until("the pin", |app| app.pinned.is_some()).await;
    let second = scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let app = deck.until("the new head", |app| app.source.head.as_ref() == Some(&second)).await;
    assert_eq!(app.desired.as_ref().map(|commit| &commit.id), Some(&first), "it stays at the pin");
    assert_eq!(app.verdict, Verdict::Synced);
    let (outcome, note) = deck.order(Command::Unpin { app: shop() }, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    let app = deck.verdict(Verdict::Behind).await;
    assert_eq!(app.desired.as_ref().map(|commit| &commit.id), Some(&second));
    deck.close().await;
}

/// Every command that may write, as a dialog would send it.
fn writing(plan: &Plan, first: &CommitId, head: &CommitId) -> Vec<Command> {
    let sync = SyncOrder {
        app: shop(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen: plan.chosen().map(|row| row.key.clone()).collect(),
        take: vec![],
        take_over: false,
        full: true,
    };
    let revert = |mode| RevertOrder {
        app: shop(),
        to: first.clone(),
        mode,
        expected_head: head.clone(),
        reason: "R".into(),
        until: None,
    };
    vec![
        Command::Sync(SyncOrder { take_over: true, ..sync.clone() }),
        Command::Sync(sync),
        Command::Resume { app: shop() },
        Command::Pin { app: shop(), commit: first.clone(), until: None, reason: "R".into() },
        Command::Unpin { app: shop() },
        Command::Revert(revert(RevertMode::Restore)),
        Command::Revert(revert(RevertMode::Pin)),
    ]
}

/// Everything that can be answered but an unlock.
fn everything() -> Consent {
    Consent { app_name: Some("shop".into()), prune: true, ..yes() }
}

async fn a_read_only_driftdeck_writes_nothing_whatever_it_is_told(place: Place) {
    let Some(scene) = Scene::new(place, "read-only") else { return };
    let first = scene.git.head();
    scene.synced().await.close().await;
    let head = scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let before = scene.get("configmap/driftdeck.shop");
    let mut deck = scene.deck(Start { read_only: true, ..Start::default() });
    deck.verdict(Verdict::Behind).await;
    let plan = deck.plan().await.plan.clone();
    let mut all = writing(&plan, &first, &head);
    all.push(Command::Pause { app: shop(), until: None, reason: "R".into() });
    for command in all {
        let words = format!("{command:?}");
        let (outcome, note) = deck.order(command, Consent { unlock: Some("R".into()), ..everything() }).await;
        assert_eq!(outcome, Outcome::Refused, "{words}: {note}");
    }
    let unlock = Command::Unlock { cluster: shop().cluster, reason: "R".into() };
    for command in [unlock, Command::Lock { cluster: shop().cluster }, Command::Refresh { app: None }] {
        deck.send(command);
        deck.plan().await;
        assert_eq!(deck.fleet().clusters[0].mode, Mode::ReadOnly, "no unlock opens it");
    }
    assert_eq!(deck.writes(), 0, "{:?}", deck.cost());
    assert_eq!(scene.git.head(), head, "nothing was pushed");
    assert_eq!(scene.image(), "a:1");
    assert_eq!(scene.get("configmap/driftdeck.shop"), before, "the record is as it was");
    deck.close().await;
}

async fn a_locked_protected_cluster_takes_a_pause_and_nothing_else(place: Place) {
    let Some(mut scene) = Scene::new(place, "locked") else { return };
    let first = scene.git.head();
    scene.synced().await.close().await;
    let head = scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    scene.protected = true;
    let mut deck = scene.deck(Start::default());
    deck.verdict(Verdict::Behind).await;
    let plan = deck.plan().await.plan.clone();
    for command in writing(&plan, &first, &head) {
        let words = format!("{command:?}");
        let (outcome, note) = deck.order(command, everything()).await;
        assert_eq!(outcome, Outcome::Refused, "{words}: {note}");
    }
    assert_eq!(deck.writes(), 0, "{:?}", deck.cost());
    assert_eq!((scene.git.head(), scene.image()), (head, "a:1".to_owned()), "neither git nor the cluster was written");
    pause(&mut deck, "INC-9").await;
    assert!(deck.writes() > 0, "a pause calms: it passes a lock");
    deck.close().await;
}

async fn an_account_that_may_only_look_looks_and_is_told_why_it_writes_nothing(place: Place) {
    let Some(scene) = Scene::new(place, "reader") else { return };
    scene.synced().await.close().await;
    let mut deck = scene.elsewhere((User::Reader, ""), Start::default());
    deck.verdict(Verdict::Synced).await;
    scene.edit_image("a:1", "a:hotfix");
    let app = deck.verdict(Verdict::Drifted).await;
    let seen = crate::scene::row(&app, "api");
    assert_eq!(seen.basis, driftdeck::model::Basis::Local, "no dry run for this account: our own comparison stands");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Failed, "{note}");
    let run = deck.fleet().runs.last().cloned().expect("a run");
    let why = format!("{note} {:?}", run.steps.iter().map(|step| &step.note).collect::<Vec<_>>());
    assert!(why.contains("forbidden") || why.contains("cannot"), "the server's sentence is told: {why}");
    assert_eq!(scene.image(), "a:hotfix", "nothing was written");
    let (outcome, note) = deck.order(Command::Pause { app: shop(), until: None, reason: "R".into() }, yes()).await;
    assert_eq!(outcome, Outcome::Failed, "{note}");
    deck.close().await;
}
