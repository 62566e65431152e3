//! Bad input from git: each has its own words, and nothing is applied or pruned because of it.

use driftdeck::model::{AppRow, Outcome, ReasonCode, Verdict};

use crate::road::{Deck, Start, shop};
use crate::scene::{FLAGS, Scene, api, is, row};
use crate::stage::Place;

crate::scenes! {
    a_path_gone_from_git_is_named_and_costs_no_object
    a_branch_gone_is_named_and_costs_no_object
    a_broken_document_leaves_the_rest_judged
    a_secret_of_a_wrong_type_is_refused_and_nothing_of_it_is_shown
    an_object_the_server_refuses_stops_only_itself
    an_object_without_a_name_or_twice_in_git_is_invalid
    a_commit_with_an_object_twice_is_never_called_deployed
    a_repository_that_goes_away_leaves_the_verdicts_standing
}

fn because(app: &AppRow, code: ReasonCode) -> bool {
    app.reason.as_ref().is_some_and(|why| why.code == code)
}

/// All of what was synced is still there, and nothing was ordered or written since.
fn unharmed(scene: &Scene, deck: &Deck) {
    assert!(scene.get("configmap/flags").is_some(), "nothing is pruned");
    assert_eq!(scene.image(), "a:1", "nothing is applied");
    assert_eq!(deck.fleet().runs.len(), 1, "the first sync is the only run");
}

async fn a_path_gone_from_git_is_named_and_costs_no_object(place: Place) {
    let Some(scene) = Scene::new(place, "path") else { return };
    let mut deck = scene.synced().await;
    let files = [("shop/flags.yaml", None), ("shop/api.yaml", None), ("other/x.txt", Some("x"))];
    scene.git.commit("refactor: move away", &files);
    let app = deck.until("path gone", |app| because(app, ReasonCode::PathNotFound)).await;
    assert_eq!(app.verdict, Verdict::Unknown);
    unharmed(&scene, &deck);
    scene.git.commit("fix: back", &[("shop/flags.yaml", Some(FLAGS)), ("shop/api.yaml", Some(&api("a:1")))]);
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

async fn a_branch_gone_is_named_and_costs_no_object(place: Place) {
    let Some(scene) = Scene::new(place, "branch") else { return };
    let mut deck = scene.synced().await;
    scene.git.rename("main", "trunk");
    let app = deck.until("branch gone", |app| because(app, ReasonCode::RevisionNotFound)).await;
    assert_eq!(app.verdict, Verdict::Unknown);
    unharmed(&scene, &deck);
    scene.git.rename("trunk", "main");
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

async fn a_broken_document_leaves_the_rest_judged(place: Place) {
    let Some(scene) = Scene::new(place, "document") else { return };
    let mut deck = scene.synced().await;
    scene.git.commit("feat: broken", &[("shop/more.yaml", Some("kind: [\n---\nkind: ConfigMap\n  bad: indent\n"))]);
    let app = deck.until("partial", |app| because(app, ReasonCode::RenderFailed)).await;
    assert_eq!(app.verdict, Verdict::Unknown, "a partial render is never synced");
    scene.edit_image("a:1", "a:hotfix");
    let app =
        deck.until("the drift beside it", |app| is(app, "api", Verdict::Drifted) && app.counts.pending == 0).await;
    assert!(is(&app, "flags", Verdict::Synced) && because(&app, ReasonCode::RenderFailed));
    deck.close().await;
}

async fn a_secret_of_a_wrong_type_is_refused_and_nothing_of_it_is_shown(place: Place) {
    let Some(scene) = Scene::new(place, "wrong-secret") else { return };
    let head = "apiVersion: v1\nkind: Secret\nmetadata:\n";
    let plain = format!("{head}  name: plain\ndata:\n  TOKEN: 'not base64: hunter2'\n");
    let nested = format!("{head}  name: nested\ndata:\n  TOKEN: {{inner: hunter2}}\n");
    let folded = format!("{head}  name: folded\nstringData:\n  TOKEN: [hunter2]\n");
    let number = format!("{head}  name: number\nstringData:\n  TOKEN: 4711423\n");
    let files = [
        ("shop/plain.yaml", Some(&*plain)),
        ("shop/nested.yaml", Some(&*nested)),
        ("shop/folded.yaml", Some(&*folded)),
        ("shop/number.yaml", Some(&*number)),
    ];
    scene.git.commit("feat: secrets", &files);
    let mut deck = scene.deck(Start::default());
    let settled = |app: &AppRow| {
        app.counts.pending == 0
            && app.counts.total >= 6
            && app.resources.iter().all(|row| row.verdict != Verdict::Unknown)
    };
    deck.until("judged", settled).await;
    let (outcome, note) = deck.sync(false).await;
    assert!(matches!(outcome, Outcome::Partly | Outcome::Failed), "{note}");
    let app = deck.until("judged again", settled).await;
    for name in ["plain", "nested", "folded", "number"] {
        assert_ne!(row(&app, name).verdict, Verdict::Synced, "{name}");
        assert!(scene.get(&format!("secret/{name}")).is_none(), "{name} was never made");
    }
    let planned = deck.plan().await;
    let diff = deck.ask(driftdeck::model::Query::DiffOf { app: shop(), key: None, rev: None }).await;
    let said = format!("{note} {:?} {planned:?} {diff:?}", deck.fleet());
    for value in ["hunter2", "4711423", "aHVudGVyMg"] {
        assert!(!said.contains(value), "{value} is shown");
    }
    deck.close().await;
}

async fn an_object_the_server_refuses_stops_only_itself(place: Place) {
    let Some(scene) = Scene::new(place, "refused") else { return };
    let mut deck = scene.synced().await;
    let bad = api("a:2").replace("replicas: 2", "replicas: two");
    let flags = FLAGS.replace('3', "4");
    scene.git.commit("feat: bad", &[("shop/api.yaml", Some(&bad)), ("shop/flags.yaml", Some(&flags))]);
    let app = deck.verdict(Verdict::Invalid).await;
    let seen = row(&app, "api");
    assert!(seen.reason.as_ref().is_some_and(|why| why.message.raw().contains("replicas")), "{:?}", seen.reason);
    assert!(is(&app, "flags", Verdict::Behind), "the rest is judged");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Partly, "what git has is not all there: {note}");
    deck.until("the rest synced", |app| is(app, "flags", Verdict::Synced)).await;
    assert_eq!(scene.get("configmap/flags").expect("live")["data"]["RETRY_MAX"], "4");
    assert_eq!(scene.image(), "a:1", "the refused one is as it was");
    deck.close().await;
}

async fn an_object_without_a_name_or_twice_in_git_is_invalid(place: Place) {
    let Some(scene) = Scene::new(place, "identity") else { return };
    let mut deck = scene.synced().await;
    let twice = FLAGS.replace('3', "4");
    let nameless = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: x-\n";
    scene.git.commit("feat: twice", &[("shop/twice.yaml", Some(&twice)), ("shop/nameless.yaml", Some(nameless))]);
    let app = deck.verdict(Verdict::Invalid).await;
    let invalid: Vec<_> = app.resources.iter().filter(|row| row.verdict == Verdict::Invalid).collect();
    assert_eq!(invalid.len(), 2, "{}", deck.told());
    assert!(is(&app, "api", Verdict::Synced), "the rest is judged");
    let (outcome, note) = deck.sync(true).await;
    assert_eq!(outcome, Outcome::Failed, "nothing could be done of what is asked: {note}");
    assert_eq!(scene.get("configmap/flags").expect("live")["data"]["RETRY_MAX"], "3", "neither of the two is applied");
    scene.git.commit("feat: no api", &[("shop/api.yaml", None)]);
    deck.until("api extra", |app| is(app, "api", Verdict::Extra) && !app.settling).await;
    let (outcome, note) = deck.sync(true).await;
    assert_eq!(outcome, Outcome::Failed, "{note}");
    assert!(scene.get("deployment/api").is_some(), "beside what has no name, what is absent is not known to be gone");
    deck.close().await;
}

async fn a_repository_that_goes_away_leaves_the_verdicts_standing(place: Place) {
    let Some(scene) = Scene::new(place, "away") else { return };
    let mut deck = scene.synced().await;
    scene.git.hide();
    deck.until_fleet("the remote fails", |fleet| fleet.remotes.iter().any(|remote| remote.reason.is_some())).await;
    unharmed(&scene, &deck);
    scene.git.unhide();
    deck.until_fleet("the remote answers", |fleet| fleet.remotes.iter().all(|remote| remote.reason.is_none())).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

async fn a_commit_with_an_object_twice_is_never_called_deployed(place: Place) {
    let Some(scene) = Scene::new(place, "undeployed") else { return };
    let mut deck = scene.synced().await;
    let first = scene.git.head();
    let twice = FLAGS.replace('3', "4");
    let files = [("shop/twice.yaml", Some(&*twice)), ("shop/api.yaml", Some(&*api("a:2")))];
    scene.git.commit("feat: twice", &files);
    deck.until("behind, judged", |app| is(app, "api", Verdict::Behind) && app.counts.pending == 0).await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, driftdeck::model::Outcome::Done, "{note}");
    let app = deck.until("applied", |app| is(app, "api", Verdict::Synced) && app.running.is_none()).await;
    let deployed = app.deployed.as_ref().map(|deployed| deployed.commit.clone());
    assert_eq!(deployed, Some(first), "what git names twice was not applied: the new commit is not deployed");
    deck.close().await;
}
