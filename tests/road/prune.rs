//! The prune rule: what is deleted, and all that never is.

use driftdeck::model::{Act, Command, Consent, Outcome, ReasonCode, SyncOrder, Verdict};
use serde_json::json;

use crate::road::{Deck, shop};
use crate::scene::{Scene, api, is, row, sync};
use crate::stage::Place;

crate::scenes! {
    an_object_gone_from_git_is_extra_and_is_deleted_by_hand_with_prune_only
    a_hand_made_copy_with_our_marks_is_never_ours_to_prune
    an_object_made_anew_under_the_same_name_is_not_pruned
    an_object_that_lost_our_field_manager_is_not_pruned
    nothing_is_pruned_because_of_an_empty_directory
    nothing_is_applied_or_pruned_because_of_a_broken_document
}

/// Orders the deletion of an object whatever the plan says of it.
async fn insist(deck: &mut Deck, name: &str) -> (Outcome, String) {
    let plan = deck.plan().await.plan.clone();
    let chosen = plan.rows.iter().filter(|row| &*row.key.name == name).map(|row| row.key.clone()).collect();
    let (commit, fingerprint) = (plan.commit.id.clone(), plan.fingerprint.clone());
    let order = SyncOrder { app: shop(), commit, fingerprint, chosen, take: vec![], take_over: false, full: false };
    let consent = Consent { yes: true, deletes: Some(1), prune: true, mass_delete: Some(1), ..Consent::default() };
    deck.order(Command::Sync(order), consent).await
}

async fn an_object_gone_from_git_is_extra_and_is_deleted_by_hand_with_prune_only(place: Place) {
    let Some(scene) = Scene::new(place, "prune") else { return };
    let mut deck = scene.synced().await;
    scene.git.commit("feat: no flags", &[("shop/flags.yaml", None)]);
    let app = deck.verdict(Verdict::Behind).await;
    assert_eq!(row(&app, "flags").verdict, Verdict::Extra);
    let plan = deck.plan().await;
    let planned = plan.plan.rows.iter().find(|row| &*row.key.name == "flags").expect("it is in the plan");
    assert_eq!((planned.act, planned.chosen), (Act::Prune, false), "offered, not ticked");
    sync(&mut deck, false).await;
    assert!(scene.get("configmap/flags").is_some(), "without prune it stays");
    let app = deck.until("extra still", |app| is(app, "flags", Verdict::Extra) && app.running.is_none()).await;
    assert_eq!(app.verdict, Verdict::Behind);

    let plan = deck.plan().await.plan.clone();
    let chosen: Vec<_> = plan.rows.iter().filter(|row| row.act == Act::Prune).map(|row| row.key.clone()).collect();
    let (commit, fingerprint) = (plan.commit.id.clone(), plan.fingerprint.clone());
    let order = SyncOrder { app: shop(), commit, fingerprint, chosen, take: vec![], take_over: false, full: true };
    let unsaid = Consent { yes: true, deletes: Some(1), ..Consent::default() };
    let (outcome, note) = deck.order(Command::Sync(order.clone()), unsaid.clone()).await;
    assert_eq!(outcome, Outcome::Refused, "not without the word prune: {note}");
    let (outcome, note) = deck.order(Command::Sync(order), Consent { prune: true, ..unsaid }).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    let app = deck.verdict(Verdict::Synced).await;
    assert_eq!(app.counts.total, 1);
    assert!(scene.get("configmap/flags").is_none(), "it is gone");
    deck.close().await;
}

async fn a_hand_made_copy_with_our_marks_is_never_ours_to_prune(place: Place) {
    let Some(scene) = Scene::new(place, "copy") else { return };
    let mut deck = scene.synced().await;
    let mut copy = scene.get("configmap/flags").expect("live");
    let marks = copy["metadata"]["annotations"].take();
    assert!(marks["driftdeck.dev/app"].is_string(), "ours carries the mark: {marks}");
    let copy = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy", "annotations": marks}, "data": {"A": "1"},
    });
    scene.stage.create(&scene.namespace, &copy);
    scene.git.commit("feat: no flags", &[("shop/flags.yaml", None)]);
    let app = deck.verdict(Verdict::Behind).await;
    assert_eq!(app.counts.total, 2, "the copy has no row: {}", deck.told());
    sync(&mut deck, true).await;
    deck.verdict(Verdict::Synced).await;
    assert!(scene.get("configmap/flags").is_none(), "ours is gone");
    assert!(scene.get("configmap/copy").is_some(), "the copy is not");
    deck.close().await;
}

async fn an_object_made_anew_under_the_same_name_is_not_pruned(place: Place) {
    let Some(scene) = Scene::new(place, "anew") else { return };
    let mut deck = scene.synced().await;
    scene.stage.delete(&scene.namespace, "configmap/flags");
    deck.verdict(Verdict::Missing).await;
    let anew = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}, "data": {"RETRY_MAX": "9"},
    });
    // Even under our own manager's name: the uid tells.
    scene.stage.apply_as(&scene.namespace, "driftdeck", &anew);
    scene.git.commit("feat: no flags", &[("shop/flags.yaml", None)]);
    deck.until("extra", |app| is(app, "flags", Verdict::Extra)).await;
    let plan = deck.plan().await;
    assert!(plan.plan.rows.iter().all(|row| row.act != Act::Prune), "{:?}", plan.plan.rows);
    let (outcome, note) = insist(&mut deck, "flags").await;
    assert_ne!(outcome, Outcome::Done, "{note}");
    assert!(scene.get("configmap/flags").is_some(), "it stays");
    deck.close().await;
}

async fn an_object_that_lost_our_field_manager_is_not_pruned(place: Place) {
    let Some(scene) = Scene::new(place, "lost") else { return };
    let mut deck = scene.synced().await;
    // An empty list of managedFields resets it, as the API server's documentation says.
    let wiped = json!({"metadata": {"managedFields": [{}]}});
    scene.stage.patch_as(&scene.namespace, "configmap/flags", ("kubectl-patch", &wiped));
    let live = scene.get("configmap/flags").expect("live");
    assert!(!live["metadata"]["managedFields"].to_string().contains("\"driftdeck\""), "{live}");
    scene.git.commit("feat: no flags", &[("shop/flags.yaml", None)]);
    deck.until("extra", |app| is(app, "flags", Verdict::Extra)).await;
    let (outcome, note) = insist(&mut deck, "flags").await;
    assert_ne!(outcome, Outcome::Done, "{note}");
    assert!(scene.get("configmap/flags").is_some(), "it stays");
    deck.close().await;
}

async fn nothing_is_pruned_because_of_an_empty_directory(place: Place) {
    let Some(scene) = Scene::new(place, "empty") else { return };
    let mut deck = scene.synced().await;
    let all = [("shop/flags.yaml", None), ("shop/api.yaml", None), ("shop/README.md", Some("empty"))];
    scene.git.commit("feat: nothing", &all);
    let app =
        deck.until("empty", |app| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::EmptyRender)).await;
    assert_eq!(app.verdict, Verdict::Unknown, "nothing to compare is not synced");
    let plan = deck.plan().await;
    assert!(plan.plan.rows.iter().all(|row| row.act != Act::Prune), "{:?}", plan.plan.rows);
    let (outcome, note) = insist(&mut deck, "flags").await;
    assert_ne!(outcome, Outcome::Done, "{note}");
    assert!(scene.get("configmap/flags").is_some() && scene.get("deployment/api").is_some(), "all stays");
    deck.close().await;
}

async fn nothing_is_applied_or_pruned_because_of_a_broken_document(place: Place) {
    let Some(scene) = Scene::new(place, "partial") else { return };
    let mut deck = scene.synced().await;
    let files =
        [("shop/flags.yaml", None), ("shop/api.yaml", Some(&*api("a:2"))), ("shop/broken.yaml", Some("a: [\n"))];
    scene.git.commit("feat: broken", &files);
    let app = deck
        .until("partial, judged", |app| {
            let partial = app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::RenderFailed);
            partial && is(app, "api", Verdict::Behind) && app.counts.pending == 0
        })
        .await;
    let why = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(why.contains("broken.yaml:1:4: "), "file, line and column: {why}");
    assert_eq!(app.verdict, Verdict::Unknown);
    for name in ["flags", "api"] {
        let (outcome, note) = insist(&mut deck, name).await;
        assert_eq!(outcome, Outcome::Refused, "{name}: {note}");
    }
    assert!(scene.get("configmap/flags").is_some(), "nothing is pruned");
    assert_eq!(scene.image(), "a:1", "nothing is applied");
    scene.git.commit("fix: whole again", &[("shop/broken.yaml", None)]);
    deck.verdict(Verdict::Behind).await;
    sync(&mut deck, true).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}
