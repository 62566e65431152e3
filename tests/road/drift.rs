//! From a commit or an edit to the word on the screen, and back by a sync.

use driftdeck::model::{AppRow, Command, Consent, Foreign, Moved, Outcome, Query, SyncOrder, Verdict, ViewBody};
use serde_json::json;

use crate::road::{Start, shop, still};
use crate::scene::{Scene, api, row, secret, sync};
use crate::stage::Place;

crate::scenes! {
    a_commit_is_missing_then_synced_then_behind_then_synced
    an_edit_is_drift_with_its_manager_and_a_sync_puts_it_back
    an_edit_is_told_by_the_watch_alone
    a_scale_is_drift
    a_deleted_object_is_missing_and_a_sync_brings_it_back
    an_edit_beside_a_commit_is_diverged
    a_field_held_by_a_controller_is_contested_and_kept_out_of_a_sync
    objects_that_somebody_else_made_are_adopted
    a_change_of_a_secret_is_drift_and_shows_no_value
}

async fn a_commit_is_missing_then_synced_then_behind_then_synced(place: Place) {
    let Some(scene) = Scene::new(place, "road") else { return };
    let mut deck = scene.deck(Start::default());
    let app = deck.verdict(Verdict::Behind).await;
    assert!(app.resources.iter().all(|row| row.verdict == Verdict::Missing && row.moved == Some(Moved::Git)));
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;

    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let app = deck.verdict(Verdict::Behind).await;
    let changed: Vec<_> = app.resources.iter().flat_map(|row| &row.findings).map(|f| f.path.to_string()).collect();
    assert_eq!(changed, ["spec.template.spec.containers[name=app].image"]);
    assert_eq!(row(&app, "api").findings[0].moved, Some(Moved::Git));
    sync(&mut deck, false).await;
    let deployed = |app: &AppRow| app.deployed.as_ref().map(|deployed| deployed.commit.clone());
    deck.until("deployed at head", |app| deployed(app) == app.desired.as_ref().map(|commit| commit.id.clone())).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:2", "the server has git's image");
    deck.close().await;
}

async fn an_edit_is_drift_with_its_manager_and_a_sync_puts_it_back(place: Place) {
    let Some(scene) = Scene::new(place, "drift") else { return };
    let mut deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    let app = deck.verdict(Verdict::Drifted).await;
    let finding = row(&app, "api").findings.first().expect("a finding");
    assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some("kubectl-edit"));
    assert_eq!(finding.moved, Some(Moved::Live));
    assert!(deck.plan().await.plan.rows.iter().any(|row| row.overwrites), "the plan says what it overwrites");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1", "the server has git's image again");
    deck.close().await;
}

/// The clock stands still: no poll, no probe, no confirmation falls due. What was under way when the app was first seen
/// synced may still be answered beside the first edit; so an edit is made until one costs nothing, and one must.
async fn an_edit_is_told_by_the_watch_alone(place: Place) {
    let Some(scene) = Scene::new(place, "watch") else { return };
    scene.synced().await.close().await;
    let (_hand, clock) = still();
    let mut deck = scene.deck(Start { clock, ..Start::default() });
    deck.verdict(Verdict::Synced).await;
    let (mut before, mut image) = (deck.cost(), "a:1".to_owned());
    for edit in 1..=5 {
        let next = format!("a:edit-{edit}");
        scene.edit_image(&image, &next);
        let seen = deck.until("the edit", |app| format!("{:?}", row(app, "api").findings).contains(&next)).await;
        assert_eq!(seen.verdict, Verdict::Drifted);
        let by = row(&seen, "api").findings[0].by.as_ref().map(|by| by.manager.raw());
        assert_eq!(by, Some("kubectl-edit"), "the watch names the manager too");
        let after = deck.cost();
        if after == before {
            return deck.close().await;
        }
        (before, image) = (after, next);
    }
    panic!("each edit cost a request: {before:?}");
}

async fn a_scale_is_drift(place: Place) {
    let Some(scene) = Scene::new(place, "scale") else { return };
    let mut deck = scene.synced().await;
    scene.stage.scale(&scene.namespace, "deployment/api", 5);
    let app = deck.verdict(Verdict::Drifted).await;
    assert_eq!(row(&app, "api").findings[0].path.to_string(), "spec.replicas");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.get("deployment/api").expect("live")["spec"]["replicas"], 2);
    deck.close().await;
}

async fn a_deleted_object_is_missing_and_a_sync_brings_it_back(place: Place) {
    let Some(scene) = Scene::new(place, "deleted") else { return };
    let mut deck = scene.synced().await;
    scene.stage.delete(&scene.namespace, "configmap/flags");
    let app = deck.verdict(Verdict::Missing).await;
    assert_eq!(row(&app, "flags").moved, Some(Moved::Live), "somebody deleted it");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.get("configmap/flags").expect("back")["data"]["RETRY_MAX"], "3");
    deck.close().await;
}

async fn an_edit_beside_a_commit_is_diverged(place: Place) {
    let Some(scene) = Scene::new(place, "diverged") else { return };
    let mut deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    deck.verdict(Verdict::Drifted).await;
    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let app = deck.verdict(Verdict::Diverged).await;
    assert_eq!(row(&app, "api").findings[0].moved, Some(Moved::Both));
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:2");
    deck.close().await;
}

async fn a_field_held_by_a_controller_is_contested_and_kept_out_of_a_sync(place: Place) {
    let Some(scene) = Scene::new(place, "contested") else { return };
    let mut deck = scene.synced().await;
    let replicas = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {"replicas": 4},
    });
    scene.stage.apply_as(&scene.namespace, "scaling-operator", &replicas);
    let app = deck.verdict(Verdict::Contested).await;
    let finding = &row(&app, "api").findings[0];
    assert!(finding.contested, "{finding:?}");
    assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some("scaling-operator"));

    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    deck.until("the new image beside it", |app| app.counts.pending == 0 && row(app, "api").findings.len() == 2).await;
    sync(&mut deck, false).await;
    let run = deck.fleet().runs.last().cloned().expect("a run");
    let notes: Vec<_> = run.steps.iter().filter_map(|step| step.note.as_ref()).map(Foreign::raw).collect();
    assert_eq!(notes, ["kept: 1 field(s) held by scaling-operator"]);
    deck.verdict(Verdict::Contested).await;
    assert_eq!(scene.image(), "a:2", "the rest is applied");
    let live = scene.get("deployment/api").expect("live");
    assert_eq!(live["spec"]["replicas"], 4, "the other's field is left to it");

    let plan = deck.plan().await.plan.clone();
    assert_eq!(plan.chosen().count(), 0, "what is held whole is not ticked by itself");
    let held: Vec<_> =
        plan.rows.iter().filter(|row| row.verdict == Verdict::Contested).map(|row| row.key.clone()).collect();
    let order = SyncOrder {
        app: shop(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen: held.clone(),
        take: held,
        take_over: false,
        full: false,
    };
    let consent = Consent { yes: true, deletes: Some(0), ..Consent::default() };
    let (outcome, note) = deck.order(Command::Sync(order), consent).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.verdict(Verdict::Synced).await;
    let live = scene.get("deployment/api").expect("live");
    assert_eq!(live["spec"]["replicas"], 2, "taken by hand, it is git's again");
    deck.close().await;
}

async fn objects_that_somebody_else_made_are_adopted(place: Place) {
    let Some(scene) = Scene::new(place, "adopt") else { return };
    let flags = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}, "data": {"RETRY_MAX": "3"},
    });
    scene.stage.create(&scene.namespace, &flags);
    let mut deck = scene.deck(Start::default());
    let app = deck.verdict(Verdict::Behind).await;
    assert_eq!((row(&app, "flags").verdict, app.counts.unadopted), (Verdict::Synced, 1), "equal, not ours yet");
    sync(&mut deck, false).await;
    let app = deck.verdict(Verdict::Synced).await;
    assert_eq!(app.counts.unadopted, 0, "ours now");
    let live = scene.get("configmap/flags").expect("live");
    let managers = live["metadata"]["managedFields"].to_string();
    assert!(managers.contains("\"driftdeck\""), "{managers}");
    deck.close().await;
}

async fn a_change_of_a_secret_is_drift_and_shows_no_value(place: Place) {
    let Some(scene) = Scene::new(place, "secret") else { return };
    // "hunter2-git" and "hunter2-live"
    let (git, live) = ("aHVudGVyMi1naXQ=", "aHVudGVyMi1saXZl");
    scene.git.commit("feat: token", &[("shop/token.yaml", Some(&secret(git)))]);
    let mut deck = scene.synced().await;
    scene.stage.edit(&scene.namespace, "secret/token", ("TOKEN", git, live));
    let app = deck.verdict(Verdict::Drifted).await;
    assert_eq!(row(&app, "token").findings[0].path.to_string(), "data.TOKEN");
    let ViewBody::Diff(diff) = deck.ask(Query::DiffOf { app: app.id.clone(), key: None, rev: None }).await else {
        panic!("a diff");
    };
    assert!(diff.objects.iter().any(|object| &*object.key.name == "token" && object.stat.0 > 0), "it is in the diff");
    let plan = deck.plan().await;
    let json = serde_json::to_string(&row(&app, "token").findings).expect("JSON");
    let said = format!("{:?} {diff:?} {plan:?} {json}", deck.fleet());
    for value in [git, live, "hunter2"] {
        assert!(!said.contains(value), "a value of the Secret is shown: {value}");
    }
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.get("secret/token").expect("live")["data"]["TOKEN"], git);
    deck.close().await;
}
