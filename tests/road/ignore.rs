//! Ignore rules on the way of a sync: what is hidden, what is left, and what the server does to a field nobody sends.

use driftdeck::engine::Role;
use driftdeck::model::{Act, Command, Consent, Effect, IgnoreRule, Outcome, Verdict};

use crate::apiserver::User;
use crate::road::{Deck, Start, shop};
use crate::scene::{Scene, api, row, sync};
use crate::stage::Place;

crate::scenes! {
    a_hidden_difference_does_not_count_and_a_sync_undoes_it
    a_left_difference_counts_and_a_sync_leaves_it
    what_is_both_neither_counts_nor_is_written
    a_left_field_that_only_we_own_keeps_its_live_value
    replicas_that_a_controller_scales_are_left_to_it
    an_agent_does_not_fight_over_what_is_left
    a_rule_kept_here_counts_at_once
}

const fn rules(effect: &str) -> &'static str {
    match effect.as_bytes() {
        b"hide" => "ignore = [{ kind = \"Deployment\", path = \"spec.template.spec.containers[*].image\" }]\n",
        b"leave" => {
            "ignore = [{ kind = \"Deployment\", path = \"spec.template.spec.containers[*].image\", effect = \"leave\" }]\n"
        }
        _ => {
            "ignore = [{ kind = \"Deployment\", path = \"spec.template.spec.containers[*].image\", effect = \"both\" }]\n"
        }
    }
}

const REPLICAS: &str = "ignore = [{ kind = \"Deployment\", path = \"spec.replicas\", effect = \"leave\" }]\n";

/// The app's Deployment with other replicas, and one label more.
fn scaled(replicas: u32, image: &str) -> String {
    api(image).replace("replicas: 2", &format!("replicas: {replicas}"))
}

fn replicas(scene: &Scene) -> serde_json::Value {
    scene.get("deployment/api").expect("the Deployment is there")["spec"]["replicas"].clone()
}

async fn edited(place: Place, effect: &'static str) -> Option<(Scene, Deck)> {
    let mut scene = Scene::new(place, effect)?;
    scene.more = rules(effect);
    let deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    scene.git.commit("feat: retries", &[("shop/flags.yaml", Some(&crate::scene::FLAGS.replace('3', "4")))]);
    Some((scene, deck))
}

async fn a_hidden_difference_does_not_count_and_a_sync_undoes_it(place: Place) {
    let Some((scene, mut deck)) = edited(place, "hide").await else { return };
    let app =
        deck.until("the hidden edit", |app| app.verdict == Verdict::Behind && row(app, "api").hidden.len() == 1).await;
    let api = row(&app, "api");
    assert_eq!((api.verdict, api.findings.len()), (Verdict::Synced, 0), "hidden");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:hotfix", "a row that does not differ is not written");
    scene.git.commit("feat: label", &[("shop/api.yaml", Some(&scaled(3, "a:1")))]);
    deck.verdict(Verdict::Behind).await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1", "when the object is written, git's value is");
    deck.close().await;
}

async fn a_left_difference_counts_and_a_sync_leaves_it(place: Place) {
    let Some((scene, mut deck)) = edited(place, "leave").await else { return };
    let app = deck.until("both seen", |app| app.verdict == Verdict::Diverged && app.counts.pending == 0).await;
    let api = row(&app, "api");
    assert_eq!(api.verdict, Verdict::Drifted, "it is shown");
    assert_eq!(api.findings[0].left.as_deref(), Some("apps[shop].ignore[0]"));
    let plan = deck.plan().await;
    let planned = plan.plan.rows.iter().find(|row| &*row.key.name == "api").expect("it has a row");
    assert_eq!((planned.act, planned.chosen), (Act::Keep, false));
    assert!(planned.why.raw().contains("left by rule apps[shop].ignore[0]"), "{}", planned.why.raw());
    sync(&mut deck, false).await;
    let app = deck.until("the rest synced", |app| app.verdict == Verdict::Drifted && app.running.is_none()).await;
    assert!(app.deployed.is_some(), "what is left does not keep a sync from being full");
    assert_eq!(scene.image(), "a:hotfix");
    let head = scene.git.commit("feat: more", &[("shop/api.yaml", Some(&scaled(3, "a:2")))]);
    deck.until("the commit", |app| app.desired.as_ref().is_some_and(|commit| commit.id == head)).await;
    deck.verdict(Verdict::Diverged).await;
    sync(&mut deck, false).await;
    assert_eq!((scene.image().as_str(), replicas(&scene)), ("a:hotfix", 3.into()), "the rest of the object is written");
    deck.close().await;
}

async fn what_is_both_neither_counts_nor_is_written(place: Place) {
    let Some((scene, mut deck)) = edited(place, "both").await else { return };
    deck.until("hidden", |app| app.verdict == Verdict::Behind && row(app, "api").hidden.len() == 1).await;
    scene.git.commit("feat: more", &[("shop/api.yaml", Some(&scaled(3, "a:2")))]);
    deck.until("both behind", |app| row(app, "api").verdict == Verdict::Behind && app.counts.pending == 0).await;
    sync(&mut deck, false).await;
    let app = deck.verdict(Verdict::Synced).await;
    assert_eq!((scene.image().as_str(), replicas(&scene)), ("a:hotfix", 3.into()));
    assert_eq!(row(&app, "api").hidden.len(), 1, "what is hidden is kept");
    deck.close().await;
}

/// Left out, the server would set `replicas` to its default: nobody else owns it.
async fn a_left_field_that_only_we_own_keeps_its_live_value(place: Place) {
    let Some(mut scene) = Scene::new(place, "sole") else { return };
    scene.more = REPLICAS;
    let mut deck = scene.synced().await;
    for (image, text) in [("a:2", scaled(5, "a:2")), ("a:3", api("a:3").replace("  replicas: 2\n", ""))] {
        scene.git.commit("feat: next", &[("shop/api.yaml", Some(&text))]);
        deck.until("image and replicas", |app| row(app, "api").findings.len() == 2 && app.counts.pending == 0).await;
        sync(&mut deck, false).await;
        let app =
            deck.until("the image synced", |app| row(app, "api").findings.len() == 1 && app.counts.pending == 0).await;
        assert!(row(&app, "api").findings[0].left.is_some());
        assert_eq!((scene.image().as_str(), replicas(&scene)), (image, 2.into()), "as it was live");
    }
    deck.close().await;
}

async fn replicas_that_a_controller_scales_are_left_to_it(place: Place) {
    let Some(mut scene) = Scene::new(place, "hpa") else { return };
    scene.more = REPLICAS;
    let mut deck = scene.synced().await;
    scene.stage.scale(&scene.namespace, "deployment/api", 7);
    deck.until("the scaling", |app| row(app, "api").findings.len() == 1 && app.counts.pending == 0).await;
    scene.git.commit("feat: next", &[("shop/api.yaml", Some(&scaled(2, "a:2")))]);
    deck.until("the commit too", |app| row(app, "api").findings.len() == 2 && app.counts.pending == 0).await;
    sync(&mut deck, false).await;
    deck.until("the rest synced", |app| row(app, "api").findings.len() == 1 && app.running.is_none()).await;
    assert_eq!((scene.image().as_str(), replicas(&scene)), ("a:2", 7.into()));
    let live = scene.get("deployment/api").expect("there");
    let ours = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let ours = ours.filter(|entry| entry["manager"] == "driftdeck" && entry["operation"] == "Apply");
    assert!(ours.into_iter().all(|entry| entry["fieldsV1"]["f:spec"].get("f:replicas").is_none()), "not ours any more");
    deck.close().await;
}

async fn an_agent_does_not_fight_over_what_is_left(place: Place) {
    let Some(mut scene) = Scene::new(place, "left") else { return };
    scene.more = "sync = { auto = true, self_heal = true }\nignore = [{ kind = \"Deployment\", path = \"spec.template\", effect = \"leave\" }]\n";
    let start = Start { role: Role::Agent, who: "driftdeck agent", ..Start::default() };
    let mut agent = scene.elsewhere((User::Admin, ""), start);
    assert_eq!(agent.healed().await, Outcome::Done, "{}", agent.told());
    agent.verdict(Verdict::Synced).await;
    let runs = agent.fleet().runs.len();
    scene.edit_image("a:1", "a:hotfix");
    let app = agent.until("the edit", |app| app.verdict == Verdict::Drifted && app.counts.pending == 0).await;
    assert!(app.running.is_none());
    assert_eq!(agent.fleet().runs.len(), runs, "nothing to heal: {}", agent.told());
    scene.git.commit("feat: next", &[("shop/api.yaml", Some(&scaled(4, "a:1")))]);
    agent
        .until("what git moved, synced", |app| {
            app.verdict == Verdict::Drifted
                && app.running.is_none()
                && row(app, "api").findings.len() == 1
                && app.deployed.as_ref().is_some_and(|last| last.commit == scene.git.head())
        })
        .await;
    assert_eq!((scene.image().as_str(), replicas(&scene)), ("a:hotfix", 4.into()));
    agent.close().await;
}

async fn a_rule_kept_here_counts_at_once(place: Place) {
    let Some(scene) = Scene::new(place, "kept") else { return };
    let mut deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    deck.until("the edit", |app| app.verdict == Verdict::Drifted && app.counts.pending == 0).await;
    let rule = IgnoreRule {
        place: "".into(),
        kind: Some("Deployment".to_owned()),
        name: Some("api".to_owned()),
        namespace: None,
        path: Some("spec.template.spec.containers[name=app].image".parse().expect("a path")),
        manager: None,
        effect: Effect::Hide,
        reason: Some("INC-7".to_owned()),
    };
    let command = Command::Ignore { app: shop(), rule: Box::new(rule) };
    let (outcome, note) = deck.order(command, Consent::default()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    let app = deck.verdict(Verdict::Synced).await;
    let hidden = &row(&app, "api").hidden;
    assert_eq!((hidden.len(), hidden[0].reason.as_deref()), (1, Some("INC-7")));
    deck.close().await;
}
