//! The agent: what it does unasked, and what holds it.

use std::time::Duration;

use driftdeck::engine::Role;
use driftdeck::model::{Command, Fleet, Outcome, ReasonCode, Verdict};

use crate::apiserver::User;
use crate::hold::{pause, yes};
use crate::road::{Deck, Start, shop, still};
use crate::scene::{FLAGS, Scene, api, is};
use crate::stage::Place;

crate::scenes! {
    an_agent_syncs_a_commit_and_heals_an_edit_and_a_deletion
    an_agent_without_a_policy_only_looks
    an_agent_does_not_prune
    an_agent_holds_still_while_the_app_is_paused
    an_agent_holds_still_while_the_app_is_pinned
    an_agent_holds_still_on_stale_data
    an_agent_applies_nothing_of_a_broken_render
}

const POLICY: &str = "sync = { auto = true, self_heal = true, prune = true }\n";

fn start() -> Start {
    Start { role: Role::Agent, who: "driftdeck agent", ..Start::default() }
}

/// An agent that has synced the first commit.
async fn agent(scene: &Scene, start: Start) -> Deck {
    let mut agent = scene.elsewhere((User::Admin, POLICY), start);
    assert_eq!(agent.healed().await, Outcome::Done, "{}", agent.told());
    agent.verdict(Verdict::Synced).await;
    agent
}

async fn an_agent_syncs_a_commit_and_heals_an_edit_and_a_deletion(place: Place) {
    let Some(scene) = Scene::new(place, "agent") else { return };
    let mut agent = agent(&scene, start()).await;
    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let head = scene.git.head();
    let app = agent
        .until("synced at the new head", |app| {
            app.verdict == Verdict::Synced && app.deployed.as_ref().is_some_and(|deployed| deployed.commit == head)
        })
        .await;
    assert_eq!(app.deployed.as_ref().map(|deployed| deployed.by.raw()), Some("driftdeck agent"));
    assert_eq!(scene.image(), "a:2");
    let last = agent.last_run();
    scene.edit_image("a:2", "a:hotfix");
    agent.healed_since(last).await;
    agent.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:2", "healed");
    let last = agent.last_run();
    scene.stage.delete(&scene.namespace, "configmap/flags");
    agent.healed_since(last).await;
    agent.verdict(Verdict::Synced).await;
    assert!(scene.get("configmap/flags").is_some(), "back");
    agent.close().await;
}

async fn an_agent_without_a_policy_only_looks(place: Place) {
    let Some(scene) = Scene::new(place, "idle") else { return };
    scene.synced().await.close().await;
    let mut agent = scene.elsewhere((User::Admin, ""), start());
    agent.verdict(Verdict::Synced).await;
    scene.edit_image("a:1", "a:hotfix");
    agent.verdict(Verdict::Drifted).await;
    assert!(agent.fleet().runs.is_empty(), "{}", agent.told());
    agent.close().await;
}

async fn an_agent_does_not_prune(place: Place) {
    let Some(scene) = Scene::new(place, "keep") else { return };
    let mut agent = agent(&scene, start()).await;
    scene.git.commit("feat: second", &[("shop/flags.yaml", None), ("shop/api.yaml", Some(&api("a:2")))]);
    agent.until("the rest synced", |app| is(app, "api", Verdict::Synced) && is(app, "flags", Verdict::Extra)).await;
    let app = agent.until("done", |app| app.running.is_none() && app.counts.pending == 0).await;
    assert!(is(&app, "flags", Verdict::Extra));
    assert!(scene.get("configmap/flags").is_some(), "an agent deletes nothing yet");
    assert_eq!(scene.image(), "a:2");
    agent.close().await;
}

/// In the fleet in which the drift is settled, a run would have begun.
async fn an_agent_holds_still_while_the_app_is_paused(place: Place) {
    let Some(scene) = Scene::new(place, "paused") else { return };
    let mut agent = agent(&scene, start()).await;
    let runs = agent.fleet().runs.len();
    let mut deck = scene.elsewhere((User::Admin, ""), Start::default());
    deck.verdict(Verdict::Synced).await;
    pause(&mut deck, "hands off").await;
    agent.until("the pause", |app| app.paused.is_some()).await;
    scene.edit_image("a:1", "a:hotfix");
    agent.verdict(Verdict::Drifted).await;
    assert_eq!(agent.fleet().runs.len(), runs, "{}", agent.told());
    let (outcome, note) = deck.order(Command::Resume { app: shop() }, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    agent.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1", "resumed, it heals");
    deck.close().await;
    agent.close().await;
}

async fn an_agent_holds_still_while_the_app_is_pinned(place: Place) {
    let Some(scene) = Scene::new(place, "pinned") else { return };
    let first = scene.git.head();
    let mut agent = agent(&scene, start()).await;
    let runs = agent.fleet().runs.len();
    let pin = Command::Pin { app: shop(), commit: first, until: None, reason: "freeze".into() };
    let mut deck = scene.elsewhere((User::Admin, ""), Start::default());
    deck.verdict(Verdict::Synced).await;
    let (outcome, note) = deck.order(pin, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    agent.until("the pin", |app| app.pinned.is_some()).await;
    let second = scene.git.commit("feat: second", &[("shop/api.yaml", Some(&api("a:2")))]);
    let app = agent.until("the new head", |app| app.source.head.as_ref() == Some(&second)).await;
    assert_eq!(app.verdict, Verdict::Synced, "judged at the pin");
    scene.edit_image("a:1", "a:hotfix");
    agent.verdict(Verdict::Drifted).await;
    assert_eq!(agent.fleet().runs.len(), runs, "{}", agent.told());
    assert_eq!(scene.image(), "a:hotfix");
    deck.close().await;
    agent.close().await;
}

async fn an_agent_holds_still_on_stale_data(place: Place) {
    let Some(scene) = Scene::new(place, "stale") else { return };
    scene.synced().await.close().await;
    let (hand, clock) = still();
    let mut agent = scene.elsewhere((User::Admin, POLICY), Start { clock: clock.clone(), ..start() });
    agent.verdict(Verdict::Synced).await;
    scene.git.hide();
    hand.by(Duration::from_mins(5));
    agent
        .until("git stale, the cluster not", |app| {
            app.stale.as_ref().is_some_and(|why| why.code == ReasonCode::GitStale)
        })
        .await;
    scene.edit_image("a:1", "a:hotfix");
    agent.until("the edit", |app| is(app, "api", Verdict::Drifted)).await;
    hand.by(Duration::from_secs(2));
    agent.until("confirmed", |app| is(app, "api", Verdict::Drifted) && app.counts.pending == 0).await;
    hand.by(Duration::from_secs(5));
    let now = clock.now().wall;
    let taken_in = |fleet: &Fleet| fleet.clusters.first().is_some_and(|row| row.observed_at >= Some(now));
    agent.until_fleet("the probe's answer at that time", taken_in).await;
    assert!(agent.fleet().runs.is_empty(), "{}", agent.told());
    assert_eq!(scene.image(), "a:hotfix");

    scene.git.unhide();
    hand.by(Duration::from_mins(5));
    hand.run();
    assert_eq!(agent.healed().await, Outcome::Done, "{}", agent.told());
    agent.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1", "fresh again, it heals");
    agent.close().await;
}

async fn an_agent_applies_nothing_of_a_broken_render(place: Place) {
    let Some(scene) = Scene::new(place, "broken") else { return };
    let mut agent = agent(&scene, start()).await;
    let runs = agent.fleet().runs.len();
    let files = [("shop/api.yaml", Some(&*api("a:2"))), ("shop/broken.yaml", Some("a: [\n"))];
    scene.git.commit("feat: broken", &files);
    agent.until("behind, settled", |app| is(app, "api", Verdict::Behind) && app.counts.pending == 0).await;
    assert_eq!(agent.fleet().runs.len(), runs, "{}", agent.told());
    assert_eq!(scene.image(), "a:1");
    let changed = FLAGS.replace('3', "4");
    scene.git.commit("fix: whole", &[("shop/broken.yaml", None), ("shop/flags.yaml", Some(&changed))]);
    let head = scene.git.head();
    agent.until("synced", |app| app.deployed.as_ref().is_some_and(|deployed| deployed.commit == head)).await;
    assert_eq!(scene.image(), "a:2");
    agent.close().await;
}
