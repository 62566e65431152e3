//! What breaks beside the road and is mended: a mirror, a sign-in, a record in another place.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftdeck::cluster::{KubeSource, connect};
use driftdeck::engine::Ports;
use driftdeck::model::{ClusterState, Command, Outcome, ReasonCode, Verdict};
use driftdeck::source::Store;

use crate::apiserver::{self, User};
use crate::hold::yes;
use crate::road::{Deck, Start, config_text, shop};
use crate::scene::{Scene, api, dirs};
use crate::stage::Place;

crate::scenes! {
    a_broken_mirror_is_made_anew
    a_second_record_elsewhere_is_named_and_nothing_is_written
    live_objects_that_name_another_record_are_named_and_nothing_is_written
}

/// Every file of the mirror's object store loses its content, as after a full disk.
fn break_objects(at: &Path) {
    for entry in std::fs::read_dir(at).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            break_objects(&path);
        } else if path.components().any(|part| part.as_os_str() == "objects") {
            std::fs::remove_file(&path).expect("removed");
            std::fs::write(&path, "broken").expect("written");
        }
    }
}

async fn a_broken_mirror_is_made_anew(place: Place) {
    let Some(scene) = Scene::new(place, "mirror") else { return };
    scene.synced().await.close().await;
    break_objects(&scene.dirs.path().join("cache").join("mirrors"));
    let mut deck = scene.deck(Start::default());
    deck.verdict(Verdict::Synced).await;
    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    deck.verdict(Verdict::Behind).await;
    deck.close().await;
}

async fn a_second_record_elsewhere_is_named_and_nothing_is_written(place: Place) {
    let Some(scene) = Scene::new(place, "elsewhere") else { return };
    let other = scene.stage.namespace("agents");
    scene.synced().await.close().await;
    let text = config_text(&scene.git.origin(), &scene.namespace, "");
    let text = text.replace("protected = false", &format!("protected = false\nrecord_namespace = \"{other}\""));
    let mut deck = Deck::start(&text, scene.stage.ports(User::Admin), &dirs(), Start::default());
    let elsewhere =
        |app: &driftdeck::model::AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::RecordElsewhere);
    let app = deck.until("record elsewhere", |app| elsewhere(app) && !app.settling).await;
    assert_eq!(app.verdict, Verdict::Unknown);
    let words = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(words.starts_with(&format!("record is in {}", scene.namespace)), "{words}");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Refused, "{note}");
    let pause = Command::Pause { app: shop(), until: None, reason: "R".into() };
    let (outcome, note) = deck.order(pause, yes()).await;
    assert!(matches!(outcome, Outcome::Refused | Outcome::Failed), "{outcome:?} {note}");
    assert_eq!(deck.writes(), 0, "{:?}", deck.cost());
    deck.close().await;
}

async fn live_objects_that_name_another_record_are_named_and_nothing_is_written(place: Place) {
    let Some(scene) = Scene::new(place, "named") else { return };
    let other = scene.stage.namespace("agents");
    scene.synced().await.close().await;
    // The record itself is gone, or may not be found: its objects still say where it was.
    scene.stage.delete(&scene.namespace, "configmap/driftdeck.shop");
    let text = config_text(&scene.git.origin(), &scene.namespace, "");
    let text = text.replace("protected = false", &format!("protected = false\nrecord_namespace = \"{other}\""));
    let mut deck = Deck::start(&text, scene.stage.ports(User::Admin), &dirs(), Start::default());
    let elsewhere =
        |app: &driftdeck::model::AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::RecordElsewhere);
    let app = deck.until("record elsewhere", |app| elsewhere(app) && !app.settling).await;
    let words = app.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default();
    assert!(words.starts_with(&format!("record is in {}", scene.namespace)), "{words}");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Refused, "{note}");
    assert_eq!(deck.writes(), 0, "{:?}", deck.cost());
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_refused_is_named_not_hammered_and_mended_without_a_restart() {
    let Some(server) = apiserver::shared() else { return };
    let scene = Scene::new(Place::Server, "signin").expect("there is a server");
    scene.synced().await.close().await;
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("config");
    let good = std::fs::read_to_string(server.kubeconfig(User::Admin)).expect("a kubeconfig");
    let bad = good.replace(&User::Admin.token(), "expired");
    assert_ne!(good, bad, "the token is in it");
    std::fs::write(&file, &bad).expect("written");
    let source = KubeSource::file(file.clone());
    let ports = move |cache| {
        let store = Store::new(cache);
        let again = store.clone();
        Ports {
            connect: Arc::new(move |mut spec| {
                let source = source.clone();
                Box::pin(async move {
                    spec.context = None;
                    connect(&spec, &source).await
                })
            }),
            renew: Arc::new(move |spec| again.renew(spec)),
            open: Arc::new(move |spec| store.open(spec)),
        }
    };
    let (hand, clock) = crate::road::still();
    let text = config_text(&scene.git.origin(), &scene.namespace, "");
    let mut deck = Deck::start(&text, ports, &dirs(), Start { clock, ..Start::default() });
    let refused =
        |app: &driftdeck::model::AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::ClusterAuth);
    let app = deck.until("not signed in", refused).await;
    assert_eq!(app.verdict, Verdict::Unknown, "never green");
    assert_eq!(deck.fleet().clusters[0].state, ClusterState::AuthFailed);
    std::fs::write(&file, &good).expect("written");
    hand.by(Duration::from_mins(1));
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}
