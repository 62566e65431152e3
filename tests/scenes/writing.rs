//! What is written: each object once or not at all, each told for itself, and nothing resent blindly.

use driftdeck::model::{AppRow, Outcome, ReasonCode, Verdict};
use driftdeck::sandbox::{Act, Cast, Pace, Scene};
use serde_json::{Value, json};

use crate::road::Deck;
use crate::show::{Show, api, is, map, pause, row, step, sync};

/// Two changes and a new object in git.
fn commit(show: &Show) {
    let files =
        [("shop/flags.yaml", map("flags", "4")), ("shop/api.yaml", api("a:2")), ("shop/new.yaml", map("new", "1"))];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(&**text))).collect();
    show.git.commit("feat: more", &files);
}

async fn behind(deck: &mut Deck) {
    let all = |app: &AppRow| {
        is(app, "flags", Verdict::Behind) && is(app, "api", Verdict::Behind) && is(app, "new", Verdict::Missing)
    };
    deck.until("all three wait for a sync", all).await;
}

/// The words of a row's reason, for a row that is refused.
fn refusal(app: &AppRow, name: &str) -> String {
    app.resources
        .iter()
        .find(|row| &*row.key.name == name)
        .and_then(|row| row.reason.as_ref())
        .map_or(String::new(), |why| why.message.raw().to_owned())
}

fn generation(object: &Value) -> u64 {
    object["metadata"]["generation"].as_u64().expect("a generation")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_goes_away_in_a_sync_leaves_part_of_it_and_the_next_sync_does_the_rest() {
    let show = Show::new();
    let mut deck = show.synced().await;
    commit(&show);
    behind(&mut deck).await;
    let act = show.play(Act::of(Scene::Gone));
    let (outcome, note) = deck.sync(false).await;
    assert_ne!(outcome, Outcome::Done, "{note}");
    let done = ["flags", "api", "new"].into_iter().filter(|name| step(&deck, name).starts_with("Done")).count();
    assert_eq!(done, 1, "one was written before it went: {}", deck.told());
    let app = deck.until("marked", |app| app.stale.is_some()).await;
    assert_ne!(app.verdict, Verdict::Synced);
    assert!(app.resources.iter().all(|row| row.verdict != Verdict::Synced), "nothing is green: {}", deck.told());
    act.stop();
    let rest = |app: &AppRow| {
        app.stale.is_none() && app.verdict == Verdict::Behind && app.counts.pending == 0 && !app.settling
    };
    deck.until("what is left", rest).await;
    sync(&mut deck).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(generation(&show.api()), 2, "the Deployment was changed once");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_deleted_a_moment_before_it_is_written_is_there_afterwards() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let before = show.api()["metadata"]["uid"].clone();
    show.git.commit("feat: image", &[("shop/api.yaml", Some(&api("a:2")))]);
    deck.verdict(Verdict::Behind).await;
    let act = show.play(Act::of(Scene::Vanishing));
    sync(&mut deck).await;
    act.stop();
    assert_eq!(act.times(), 1);
    deck.verdict(Verdict::Synced).await;
    assert_ne!(show.api()["metadata"]["uid"], before, "it is another one");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_read_back_and_no_write_is_resent() {
    let show = Show::new();
    let mut deck = show.synced().await;
    commit(&show);
    behind(&mut deck).await;
    let before = deck.writes();
    let act = show.play(Act::of(Scene::Lost));
    let (outcome, note) = deck.sync(false).await;
    for name in ["flags", "api", "new"] {
        let told = step(&deck, name);
        assert!(told.starts_with("Done the answer was lost, the object has arrived"), "{name}: {told}");
    }
    assert_eq!(outcome, Outcome::Done, "{note}; {}", deck.told());
    assert_eq!(deck.writes() - before, act.times(), "every write was sent once");
    act.stop();
    let app = deck.verdict(Verdict::Synced).await;
    assert_eq!(generation(&show.api()), 2, "and none twice");
    assert_eq!(app.deployed.as_ref().map(|deployed| deployed.commit.clone()), Some(show.git.head()), "the record too");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_read_back_beside_what_others_put_there() {
    let show = Show::new();
    let mut deck = show.synced().await;
    show.set("kubectl-label", "/metadata/labels", &json!({"team": "night"}));
    show.set("scaler-controller", "/spec/replicas", &json!(5));
    deck.until("the fight", |app| is(app, "api", Verdict::Contested)).await;
    show.git.commit("feat: image", &[("shop/api.yaml", Some(&api("a:2")))]);
    deck.until("the new image", |app| app.desired.as_ref().is_some_and(|at| at.id == show.git.head())).await;
    deck.until("judged", |app| row(app, "api").findings.len() == 3 && !row(app, "api").pending).await;
    let second = Act::of(Scene::Lost).about(Cast::all().named("api")).after(1);
    let act = show.play(second);
    let (outcome, note) = deck.sync(false).await;
    let told = step(&deck, "api");
    assert!(told.starts_with("Done the answer was lost, the object has arrived"), "{told}");
    assert_eq!((outcome, act.times()), (Outcome::Done, 1), "{note}; {}", deck.told());
    assert_eq!(show.api()["spec"]["replicas"], 5, "the controller keeps its field");
    assert_eq!(show.api()["metadata"]["labels"]["team"], "night");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_whose_answer_was_lost_is_read_back() {
    let show = Show::new();
    let mut deck = show.synced().await;
    show.git.commit("feat: without flags", &[("shop/flags.yaml", None)]);
    deck.until("the prune candidate", |app| is(app, "flags", Verdict::Extra)).await;
    let act = show.play(Act::of(Scene::Lost).about(Cast::all().named("flags")));
    let (outcome, note) = deck.sync(true).await;
    let told = step(&deck, "flags");
    assert!(told.starts_with("Done the answer was lost, the object is deleted"), "{told}");
    assert_eq!((outcome, act.times()), (Outcome::Done, 1), "{note}; {}", deck.told());
    assert!(show.map("flags").is_none());
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_denies_is_told_with_its_name_and_stops_nothing_else() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Webhook));
    commit(&show);
    let words = "admission webhook \"images.example.com\" denied the request: images must be pinned by digest";
    let app = deck.until("the refusal before any sync", |app| refusal(app, "api").contains(words)).await;
    assert_ne!(row(&app, "api").verdict, Verdict::Synced);
    deck.until("the others wait for a sync", |app| {
        is(app, "flags", Verdict::Behind) && is(app, "new", Verdict::Missing)
    })
    .await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Partly, "{note}; {}", deck.told());
    assert!(step(&deck, "api").starts_with("Failed") && step(&deck, "api").contains(words), "{}", step(&deck, "api"));
    assert!(step(&deck, "flags").starts_with("Done") && step(&deck, "new").starts_with("Done"), "{}", deck.told());
    act.stop();
    deck.until("free again", |app| is(app, "api", Verdict::Behind) && refusal(app, "api").is_empty()).await;
    sync(&mut deck).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_answer_is_told_with_its_name_and_stops_nothing_else() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let (gate, pace) = Pace::gate();
    gate.open();
    let act = show.play(Act::of(Scene::WebhookTimeout).paced(pace));
    commit(&show);
    let words = "failed calling webhook \"images.example.com\"";
    deck.until("the refusal before any sync", |app| refusal(app, "api").contains(words)).await;
    deck.until("the others wait for a sync", |app| {
        is(app, "flags", Verdict::Behind) && is(app, "new", Verdict::Missing)
    })
    .await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Partly, "{note}; {}", deck.told());
    assert!(step(&deck, "api").contains("context deadline exceeded"), "{}", step(&deck, "api"));
    assert!(step(&deck, "flags").starts_with("Done"), "{}", deck.told());
    act.stop();
    deck.until("free again", |app| is(app, "api", Verdict::Behind) && refusal(app, "api").is_empty()).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rival_holds_is_kept_and_told_with_its_name() {
    let show = Show::new();
    let mut deck = show.synced().await;
    show.git.commit("feat: image", &[("shop/api.yaml", Some(&api("a:2")))]);
    deck.verdict(Verdict::Behind).await;
    let act = show.play(Act::of(Scene::Conflict).about(Cast::of(&[("apps", "deployments")])));
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "{note}; {}", deck.told());
    assert_eq!(step(&deck, "api"), "Done kept: 1 field(s) held by rival-operator");
    act.stop();
    assert_eq!(act.times(), 1);
    let app = deck.until("contested", |app| is(app, "api", Verdict::Contested)).await;
    assert_ne!(app.verdict, Verdict::Synced);
    assert_eq!(show.api()["spec"]["replicas"], 3, "nothing was forced");
    assert_eq!(show.api()["spec"]["template"]["spec"]["containers"][0]["image"], "a:2", "the rest was applied");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_somebody_keeps_touching_is_given_up_after_three_tries() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Conflict).about(Cast::all().named("driftdeck.shop")));
    let (outcome, note) = pause(&mut deck).await;
    assert_eq!((outcome, act.times()), (Outcome::Failed, 3), "{note}");
    assert!(note.contains("somebody else keeps writing it"), "{note}");
    act.stop();
    assert_eq!(pause(&mut deck).await.0, Outcome::Done);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_quota_takes_is_told_with_numbers_and_stops_nothing_else() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Quota));
    commit(&show);
    let words = "exceeded quota: objects, requested: count/configmaps=1, used: count/configmaps=";
    deck.until("the refusal before any sync", |app| refusal(app, "new").contains(words)).await;
    let plan = deck.plan().await;
    let new = plan.plan.rows.iter().find(|row| &*row.key.name == "new").expect("it is in git");
    assert!(new.why.raw().contains(words), "the plan says why before it is run: {}", new.why.raw());
    deck.until("the others wait for a sync", |app| {
        is(app, "flags", Verdict::Behind) && is(app, "api", Verdict::Behind)
    })
    .await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Partly, "{note}; {}", deck.told());
    assert!(step(&deck, "new").starts_with("Failed") && step(&deck, "new").contains(words), "{}", step(&deck, "new"));
    assert!(step(&deck, "flags").starts_with("Done"), "its own wave goes on: {}", deck.told());
    assert!(step(&deck, "api").starts_with("Skipped"), "a later one may depend on it: {}", deck.told());
    assert!(show.map("new").is_none());
    act.stop();
    deck.until("room again", |app| is(app, "new", Verdict::Missing) && refusal(app, "new").is_empty()).await;
    sync(&mut deck).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_in_a_namespace_that_ends_is_told_so_and_what_is_there_is_judged() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Terminating));
    commit(&show);
    let words = "because it is being terminated";
    let refused = |app: &AppRow| refusal(app, "new").contains(words);
    let app = deck.until("the cause", refused).await;
    let why = row(&app, "new").reason.as_ref().map(|why| why.code);
    assert_eq!(why, Some(ReasonCode::NamespaceTerminating), "{}", deck.told());
    deck.until("the rest is judged", |app| is(app, "flags", Verdict::Behind) && is(app, "api", Verdict::Behind)).await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "what could be done: {note}");
    assert!(show.map("new").is_none());
    let app = deck
        .until("the rest is synced", |app| is(app, "flags", Verdict::Synced) && is(app, "api", Verdict::Synced))
        .await;
    assert_ne!(app.verdict, Verdict::Synced);
    assert_ne!(
        app.deployed.as_ref().map(|deployed| deployed.commit.clone()),
        Some(show.git.head()),
        "it is not all there"
    );
    act.stop();
    deck.until("free again", |app| is(app, "new", Verdict::Missing) && refusal(app, "new").is_empty()).await;
    deck.close().await;
}
