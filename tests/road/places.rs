//! Where things lie: directories as sources, and kubeconfigs, contexts, repositories that are not there.

use std::path::PathBuf;

use driftdeck::engine::Ports;
use driftdeck::model::{AppRow, ClusterState, ReasonCode, Verdict};

use crate::apiserver::User;
use crate::road::{Deck, Start, config_text};
use crate::scene::{FLAGS, Scene, dirs, sync};
use crate::stage::Place;

crate::scenes! {
    a_directory_is_watched_and_synced_as_it_lies
    a_repository_that_is_not_there_is_named
}

const FROM_GIT: &str = "repo = \"platform\"\npath = \"shop\"\n";

fn because(app: &AppRow, code: ReasonCode) -> bool {
    app.verdict == Verdict::Unknown && app.reason.as_ref().is_some_and(|why| why.code == code)
}

async fn a_directory_is_watched_and_synced_as_it_lies(place: Place) {
    let Some(scene) = Scene::new(place, "dir") else { return };
    let lying = tempfile::tempdir().expect("a directory");
    let file = lying.path().join("flags.yaml");
    std::fs::write(&file, FLAGS).expect("written");
    let text = config_text(&scene.git.origin(), &scene.namespace, "");
    let text = text.replace(FROM_GIT, &format!("dir = \"{}\"\n", lying.path().display()));
    let mut deck = Deck::start(&text, scene.stage.ports(User::Admin), &scene.dirs, Start::default());
    let app = deck.verdict(Verdict::Behind).await;
    let first = app.source.head.clone().expect("a revision");
    assert!(first.as_str().starts_with("dir:"), "{first:?}");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    std::fs::write(&file, FLAGS.replace('3', "4")).expect("written");
    let moved = |app: &AppRow| matches!(app.verdict, Verdict::Behind | Verdict::Drifted) && app.counts.pending == 0;
    let app = deck.until("the save seen", moved).await;
    assert_ne!(app.source.head.as_ref(), Some(&first), "another content, another revision");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.get("configmap/flags").expect("live")["data"]["RETRY_MAX"], "4");
    deck.close().await;
}

async fn a_repository_that_is_not_there_is_named(place: Place) {
    let Some(scene) = Scene::new(place, "no-repo") else { return };
    let nowhere = scene.git.origin().with_file_name("nowhere.git");
    let text = config_text(&nowhere, &scene.namespace, "");
    let mut deck = Deck::start(&text, scene.stage.ports(User::Admin), &scene.dirs, Start::default());
    deck.until("named", |app| because(app, ReasonCode::GitNotFound)).await;
    let app = deck.until("told", |app| app.reason.is_some()).await;
    assert!(app.resources.is_empty(), "nothing is judged");
    assert_eq!(deck.writes(), 0);
    deck.close().await;
}

/// A driftdeck whose kubeconfig is this text, or is not there.
fn with_kubeconfig(text: Option<&str>) -> (Deck, PathBuf) {
    let (git, dirs) = (crate::road::Git::new(), dirs());
    git.commit("feat: first", &[("shop/flags.yaml", Some(FLAGS))]);
    let file = dirs.path().join("kubeconfig");
    if let Some(text) = text {
        std::fs::write(&file, text).expect("written");
    }
    let config = config_text(&git.origin(), "shop", "");
    let named = file.clone();
    (Deck::start(&config, move |cache| Ports::kubeconfig(cache, Some(named)), &dirs, Start::default()), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_that_is_not_there_is_named() {
    let (mut deck, file) = with_kubeconfig(None);
    let app = deck.until("named", |app| because(app, ReasonCode::ClusterConfig)).await;
    let words = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(words.contains(&file.display().to_string()), "it says where it looked: {words}");
    let fleet = deck.until_fleet("the cluster", |fleet| fleet.clusters[0].state == ClusterState::Misconfigured).await;
    assert!(fleet.errors.iter().any(|row| row.reason.code == ReasonCode::ClusterConfig), "it is among the errors");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_is_not_there_is_named_with_those_that_are() {
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: other\n\
        clusters: [{name: c, cluster: {server: \"https://127.0.0.1:1\"}}]\nusers: [{name: u, user: {}}]\n\
        contexts: [{name: other, context: {cluster: c, user: u}}]\n";
    let (mut deck, _) = with_kubeconfig(Some(text));
    let app = deck.until("named", |app| because(app, ReasonCode::ClusterConfig)).await;
    let words = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(words.contains("test") && words.contains("other"), "what was asked for, and what there is: {words}");
    deck.close().await;
}
