//! One app asked for alone, as by `driftdeck status APP`: what the others of the config mean for it.

use driftdeck::engine::Role;
use driftdeck::model::{AppId, ClusterName, Consent, Gate, Level, Need, Outcome, ReasonCode, RevertMode, Verdict};
use serde_json::json;

use crate::apiserver::User;
use crate::road::{Start, shop};
use crate::scene::{FLAGS, Scene, is};
use crate::stage::Place;

crate::scenes! {
    an_object_that_a_sibling_applied_otherwise_is_in_dispute_though_the_sibling_was_not_asked_for
    what_a_sibling_applied_alike_is_no_dispute
    a_revert_counts_destinations_that_were_not_asked_for
}

/// Another app of the config, on the same cluster and in the same namespace.
const STALL: &str = "[[apps]]\nname = \"stall\"\nrepo = \"platform\"\npath = \"stall\"\ncluster = \"test\"\n";
/// The same path on a protected cluster, which nobody has to reach.
const PROD: &str = "[[clusters]]\nname = \"prod\"\nprotected = true\n\
    [[apps]]\nname = \"shop\"\nrepo = \"platform\"\npath = \"shop\"\ncluster = \"prod\"\nnamespace = \"shop\"\n";

/// A command that asks for `shop` alone.
fn alone() -> Start {
    Start { role: Role::OneShot, only: Some(vec![shop()]), ..Start::default() }
}

/// The object of git's `flags`, as a sync of `stall` leaves it.
fn applied_by_stall(scene: &Scene, retry_max: &str) {
    let body = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "flags", "annotations": {"driftdeck.dev/app": format!("{}/stall", scene.namespace)}},
        "data": {"RETRY_MAX": retry_max},
    });
    scene.stage.apply_as(&scene.namespace, "driftdeck", &body);
}

fn stall(scene: &Scene) -> String {
    format!("{STALL}namespace = \"{}\"\n", scene.namespace)
}

async fn an_object_that_a_sibling_applied_otherwise_is_in_dispute_though_the_sibling_was_not_asked_for(place: Place) {
    let Some(scene) = Scene::new(place, "rival") else { return };
    scene.git.commit("feat: stall", &[("stall/flags.yaml", Some(&FLAGS.replace('3', "7")))]);
    applied_by_stall(&scene, "7");
    let mut deck = scene.elsewhere((User::Admin, &stall(&scene)), alone());
    let app = deck.verdict(Verdict::Invalid).await;
    let why = app.reason.as_ref().expect("a reason");
    assert_eq!(why.code, ReasonCode::Disputed);
    assert_eq!(why.message.raw(), "ConfigMap flags is rendered differently by shop@test and stall@test");
    assert_eq!(deck.fleet().apps.len(), 1, "the sibling is not published: nobody asked for it");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Refused, "{note}");
    let live = scene.get("configmap/flags").expect("it is there");
    assert_eq!(live["data"]["RETRY_MAX"], "7", "the sibling's value stands");
    deck.close().await;
}

async fn what_a_sibling_applied_alike_is_no_dispute(place: Place) {
    let Some(scene) = Scene::new(place, "twin") else { return };
    scene.git.commit("feat: stall", &[("stall/flags.yaml", Some(FLAGS))]);
    applied_by_stall(&scene, "3");
    let mut deck = scene.elsewhere((User::Admin, &stall(&scene)), alone());
    let app = deck.until("judged", |app| !app.settling && app.counts.pending == 0 && app.reason.is_none()).await;
    assert!(is(&app, "api", Verdict::Missing), "the rest is judged: {}", deck.told());
    deck.close().await;
}

async fn a_revert_counts_destinations_that_were_not_asked_for(place: Place) {
    let Some(scene) = Scene::new(place, "feeds") else { return };
    let first = scene.git.head();
    scene.git.commit("feat: other", &[("shop/flags.yaml", Some(&FLAGS.replace('3', "4")))]);
    let mut deck = scene.elsewhere((User::Admin, PROD), alone());
    deck.verdict(Verdict::Behind).await;
    let preview = deck.preview(&first, RevertMode::Restore).await;
    let prod = AppId::new("shop", ClusterName::new("prod"));
    assert_eq!(preview.feeds, [shop(), prod], "a push feeds both");
    let Gate { level, needs, .. } = &preview.gate;
    assert_eq!((*level, needs.contains(&Need::Unlock)), (Level::L3, true), "the protected one protects the push");
    let (outcome, note) = deck.order(crate::revert::order(&preview, &first, RevertMode::Restore), yes()).await;
    assert_eq!(outcome, Outcome::Refused, "{note}");
    deck.close().await;
}

fn yes() -> Consent {
    Consent { yes: true, deletes: Some(0), ..Consent::default() }
}
