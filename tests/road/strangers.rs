//! Bad input from clusters: rights that lack, servers that go away, records of somebody else.

use std::time::Duration;

use driftdeck::model::{ClusterState, Command, Consent, Outcome, ReasonCode, RevertMode, Verdict};
use serde_json::json;

use crate::apiserver::User;
use crate::hold::yes;
use crate::road::{Deck, Git, Start, config_text, shop, still};
use crate::scene::{FLAGS, Scene, dirs, is, row, secret};
use crate::stage::Place;

crate::scenes! {
    what_may_not_be_read_is_not_planned_as_new_at_another_commit
    kinds_that_may_not_be_read_are_unknown_and_the_rest_is_judged
    a_server_that_stops_while_open_turns_synced_into_unknown_and_comes_back
    a_record_of_another_source_is_named_and_nothing_is_written
    a_record_that_cannot_be_read_is_named_and_nothing_is_written
}

async fn kinds_that_may_not_be_read_are_unknown_and_the_rest_is_judged(place: Place) {
    let Some(scene) = Scene::new(place, "forbidden") else { return };
    scene.git.commit("feat: token", &[("shop/token.yaml", Some(&secret("aHVudGVyMg==")))]);
    scene.synced().await.close().await;
    let mut deck = scene.elsewhere((User::Reader, ""), Start::default());
    let app = deck.until("judged", |app| is(app, "flags", Verdict::Synced) && is(app, "api", Verdict::Synced)).await;
    let app = if row(&app, "token").reason.as_ref().is_some_and(|why| why.code == ReasonCode::Forbidden) {
        app
    } else {
        let forbidden = |why: &driftdeck::model::Reason| why.code == ReasonCode::Forbidden;
        deck.until("forbidden", |app| row(app, "token").reason.as_ref().is_some_and(forbidden)).await
    };
    assert_eq!(row(&app, "token").verdict, Verdict::Unknown);
    assert_eq!(app.verdict, Verdict::Unknown, "never green with a row unread");
    let words = row(&app, "token").reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(words.contains("secrets"), "it says what may not be read: {words}");
    scene.edit_image("a:1", "a:hotfix");
    deck.until("drift beside it", |app| is(app, "api", Verdict::Drifted)).await;
    assert_eq!(deck.writes(), 0);
    deck.close().await;
}

async fn a_server_that_stops_while_open_turns_synced_into_unknown_and_comes_back(place: Place) {
    let Some(scene) = Scene::own(place, "stopped") else { return };
    let (hand, clock) = still();
    let mut deck = scene.synced_by(Start { clock, ..Start::default() }).await;
    scene.stage.cut();
    hand.by(Duration::from_secs(16));
    let app = deck.verdict(Verdict::Unknown).await;
    assert_eq!(app.reason.as_ref().map(|why| why.code), Some(ReasonCode::ClusterStale));
    assert!(app.resources.iter().all(|row| row.verdict == Verdict::Unknown), "nothing is green");
    deck.until_fleet("the cluster's own state", |fleet| {
        let cluster = fleet.clusters.first();
        cluster.is_some_and(|row| {
            matches!(row.state, ClusterState::Stale | ClusterState::Reconnecting) && row.reason.is_some()
        })
    })
    .await;
    let (outcome, note) = deck.order(Command::Pause { app: shop(), until: None, reason: "R".into() }, yes()).await;
    assert_eq!(outcome, Outcome::Failed, "{note}");
    scene.stage.restore();
    hand.by(Duration::from_secs(30));
    hand.run();
    deck.verdict(Verdict::Synced).await;
    scene.edit_image("a:1", "a:hotfix");
    deck.verdict(Verdict::Drifted).await;
    deck.close().await;
}

/// An order that would write the record, refused; the record as it was.
async fn untouched(scene: &Scene, deck: &mut Deck) {
    let before = scene.get("configmap/driftdeck.shop");
    assert!(before.is_some(), "there is a record");
    let (outcome, note) = deck.order(Command::Pause { app: shop(), until: None, reason: "R".into() }, yes()).await;
    assert!(matches!(outcome, Outcome::Failed | Outcome::Refused), "{note}");
    let (outcome, note) = deck.sync(false).await;
    assert!(matches!(outcome, Outcome::Failed | Outcome::Refused), "{note}");
    assert_eq!(scene.get("configmap/driftdeck.shop"), before, "the record is as it was");
    assert_eq!(deck.writes(), 0, "{:?}", deck.cost());
}

async fn a_record_of_another_source_is_named_and_nothing_is_written(place: Place) {
    let Some(scene) = Scene::new(place, "another") else { return };
    let git = Git::new();
    git.commit("feat: another shop", &[("shop/flags.yaml", Some(&FLAGS.replace('3', "9")))]);
    let text = config_text(&git.origin(), &scene.namespace, "");
    let mut theirs = Deck::start(&text, scene.stage.ports(User::Admin), &dirs(), Start::default());
    theirs.verdict(Verdict::Behind).await;
    crate::scene::sync(&mut theirs, false).await;
    theirs.verdict(Verdict::Synced).await;

    let mut deck = scene.deck(Start::default());
    let app =
        deck.until("named", |app| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::RecordOfAnother)).await;
    assert_eq!(app.verdict, Verdict::Unknown);
    let words = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    let whose = git.origin().display().to_string();
    assert!(words.contains("record belongs to") && words.contains(&whose), "{words}");
    deck.until("judged", |app| app.counts.pending == 0 && app.counts.total == 2 && is(app, "api", Verdict::Missing))
        .await;
    untouched(&scene, &mut deck).await;
    assert!(scene.get("deployment/api").is_none(), "nothing was applied");
    let (head, to) = (scene.git.head(), scene.git.head());
    let revert = driftdeck::model::RevertOrder {
        app: shop(),
        to,
        mode: RevertMode::Restore,
        expected_head: head.clone(),
        reason: "R".into(),
        until: None,
    };
    let (outcome, note) = deck.order(Command::Revert(revert), yes()).await;
    assert!(outcome == Outcome::Refused && note.contains("record belongs to"), "no push either: {outcome:?} {note}");
    theirs.close().await;
    let plan = deck.plan().await.plan.clone();
    let order = driftdeck::model::SyncOrder {
        app: shop(),
        commit: head,
        fingerprint: plan.fingerprint.clone(),
        chosen: plan.chosen().map(|row| row.key.clone()).collect(),
        take: vec![],
        take_over: true,
        full: true,
    };
    let consent = Consent { app_name: Some("shop".into()), ..yes() };
    let (outcome, note) = deck.order(Command::Sync(order), consent).await;
    assert_eq!(outcome, Outcome::Done, "taken over: {note}; {}", deck.told());
    deck.verdict(Verdict::Synced).await;
    assert!(scene.get("deployment/api").is_some(), "applied");
    deck.close().await;
}

async fn a_record_that_cannot_be_read_is_named_and_nothing_is_written(place: Place) {
    let Some(scene) = Scene::new(place, "garbage") else { return };
    let garbage = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "driftdeck.shop", "labels": {"driftdeck.dev/record": "v1"}},
        "data": {"app.json": "{"},
    });
    scene.stage.create(&scene.namespace, &garbage);
    let mut deck = scene.deck(Start::default());
    let app = deck
        .until("named", |app| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::RecordUnreadable))
        .await;
    assert_eq!(app.verdict, Verdict::Unknown);
    deck.until("judged", |app| app.counts.pending == 0 && is(app, "api", Verdict::Missing)).await;
    untouched(&scene, &mut deck).await;
    deck.close().await;
}

async fn what_may_not_be_read_is_not_planned_as_new_at_another_commit(place: Place) {
    let Some(scene) = Scene::new(place, "unread") else { return };
    scene.git.commit("feat: token", &[("shop/token.yaml", Some(&secret("aHVudGVyMg==")))]);
    let with_token = scene.git.head();
    scene.synced().await.close().await;
    scene.git.commit("feat: flags", &[("shop/flags.yaml", Some(&crate::scene::FLAGS.replace('3', "4")))]);
    let mut deck = scene.elsewhere((User::Reader, ""), Start::default());
    deck.until("judged", |app| is(app, "flags", Verdict::Behind) && is(app, "api", Verdict::Synced)).await;
    let query = driftdeck::model::Query::PlanFor { app: crate::road::shop(), rev: Some(with_token) };
    let driftdeck::model::ViewBody::Plan(view) = deck.ask(query).await else { panic!("no plan") };
    let token = view.plan.rows.iter().find(|row| &*row.key.name == "token").expect("it has a row");
    assert_eq!(
        (token.act, token.chosen),
        (driftdeck::model::Act::Skip, false),
        "unread is not missing: {}",
        token.why.raw()
    );
    assert_eq!(token.verdict, Verdict::Unknown);
    deck.close().await;
}
