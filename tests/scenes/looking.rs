//! What is seen: never synced from what is not known now, the cause in plain words, well again when the scene ends.

use driftdeck::model::{Act as DoneTo, AppRow, ClusterState, Fleet, ReasonCode, Verdict};
use driftdeck::sandbox::{Act, Cast, Pace, Scene};

use crate::road::Deck;
use crate::show::{Show, api, happened, is, pause, row, unknown};

/// What the cluster's own row says.
fn cluster(fleet: &Fleet) -> (ClusterState, String) {
    let Some(row) = fleet.clusters.first() else { return (ClusterState::Connecting, String::new()) };
    (row.state, row.reason.as_ref().map(|why| why.message.raw().to_owned()).unwrap_or_default())
}

/// Waits until the cluster is in that state, in words that hold `part`.
async fn told(deck: &mut Deck, state: ClusterState, part: &str) {
    let what = format!("{state:?} with {part:?}");
    deck.until_fleet(&what, |fleet| {
        let (now, words) = cluster(fleet);
        now == state && words.contains(part)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forbidden_kinds_are_unknown_and_the_rest_is_judged() {
    let show = Show::new();
    show.synced().await.close().await;
    let act = show.play(Act::of(Scene::Forbidden));
    let mut deck = show.deck();
    let settled =
        |app: &AppRow| unknown(app, "token", (ReasonCode::Forbidden, "secrets")) && is(app, "api", Verdict::Synced);
    let app = deck.until("forbidden, and the rest judged", settled).await;
    assert_eq!(app.verdict, Verdict::Unknown, "never green with a row unread");
    show.edit_image("a:hotfix");
    deck.until("drift beside it", |app| is(app, "api", Verdict::Drifted)).await;
    show.edit_image("a:1");
    act.stop();
    deck.verdict(Verdict::Synced).await;
    assert!(act.times() > 0 && deck.writes() == 0);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_is_waited_for_and_nothing_is_claimed_meanwhile() {
    let show = Show::new();
    show.synced().await.close().await;
    let (gate, pace) = Pace::gate();
    show.play(Act::of(Scene::Slow).paced(pace));
    let mut deck = show.deck();
    let app = deck.until("unknown with a cause", |app| app.reason.is_some()).await;
    assert_eq!(app.verdict, Verdict::Unknown, "nothing is green before it was read");
    told(&mut deck, ClusterState::Reconnecting, "no answer within 1000 ms").await;
    gate.open();
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttling_server_is_named_and_asked_less() {
    let show = Show::new();
    show.synced().await.close().await;
    let act = show.play(Act::of(Scene::Throttled).every(3));
    let mut deck = show.deck();
    told(&mut deck, ClusterState::Degraded, "throttled: the server answers 429; ").await;
    act.stop();
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_on_one_kind_leaves_that_kind_unknown() {
    let show = Show::new();
    show.synced().await.close().await;
    let act = show.play(Act::of(Scene::Broken).about(Cast::of(&[("", "configmaps")])));
    let mut deck = show.deck();
    let record = |app: &AppRow| {
        app.reason.as_ref().is_some_and(|why| why.message.raw().contains("etcdserver: request timed out"))
    };
    let app = deck.until("what it said", record).await;
    assert_eq!(app.verdict, Verdict::Unknown, "the record is not read: nothing is known of the app");
    act.stop();
    deck.verdict(Verdict::Synced).await;
    let act = show.play(Act::of(Scene::Broken).about(Cast::of(&[("apps", "deployments")])));
    let cause = (ReasonCode::ClusterStale, "nothing is heard of Deployment for 15 s: etcdserver: request timed out");
    let app = deck.until("the Deployment unknown", |app| unknown(app, "api", cause)).await;
    assert!(is(&app, "flags", Verdict::Synced), "the rest is judged");
    act.stop();
    deck.verdict(Verdict::Synced).await;
    assert_eq!(deck.writes(), 0);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_cut_is_unknown_and_comes_back_with_what_changed() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Cut));
    told(&mut deck, ClusterState::Reconnecting, "connection refused").await;
    let stale = |app: &AppRow| app.reason.as_ref().is_some_and(|why| why.code == ReasonCode::ClusterStale);
    let app = deck.until("stale", stale).await;
    assert!(app.resources.iter().all(|row| row.verdict == Verdict::Unknown), "nothing is green");
    let plan = deck.plan().await.plan.clone();
    assert!(plan.rows.iter().all(|row| row.act == DoneTo::Skip), "nothing is unchanged for sure: {:?}", plan.rows);
    let told: Vec<&str> = plan.checks.iter().filter(|check| !check.ok).map(|check| check.text.raw()).collect();
    assert!(told.iter().any(|line| line.contains("has not answered for 15 s: connection refused")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("4 not judged: ")), "{told:?}");
    show.edit_image("a:hotfix");
    act.stop();
    deck.until("what changed meanwhile", |app| is(app, "api", Verdict::Drifted)).await;
    assert!(act.times() > 0);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mute_watch_keeps_back_is_found_by_asking_anew() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Mute));
    show.edit_image("a:hotfix");
    deck.until("the edit, though no watch tells it", |app| is(app, "api", Verdict::Drifted)).await;
    show.edit_image("a:1");
    deck.until("and its end", |app| is(app, "api", Verdict::Synced)).await;
    assert!(act.is_on() && act.times() > 0, "the watches are mute all the time");
    act.stop();
    show.edit_image("a:other");
    deck.until("what the watch tells", |app| is(app, "api", Verdict::Drifted)).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_that_may_not_go_on_are_listed_anew_and_nothing_seems_missing() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::Expired));
    let whole = |app: &AppRow| app.resources.iter().all(|row| row.verdict != Verdict::Missing);
    happened(&act, 3).await;
    show.edit_image("a:hotfix");
    deck.until("the edit, and no flash to missing", |app| {
        assert!(whole(app), "an object seemed missing");
        is(app, "api", Verdict::Drifted)
    })
    .await;
    act.stop();
    show.edit_image("a:1");
    deck.until("synced", |app| {
        assert!(whole(app), "an object seemed missing");
        app.verdict == Verdict::Synced
    })
    .await;
    assert!(act.times() > 0);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_down_is_unknown_and_nothing_of_it_is_pruned() {
    let show = Show::new();
    show.synced().await.close().await;
    let act = show.play(Act::of(Scene::GroupDown));
    let mut deck = show.deck();
    let cause = (ReasonCode::ClusterUnreachable, "API group networking.k8s.io does not answer");
    let app =
        deck.until("the policy unknown", |app| unknown(app, "closed", cause) && is(app, "api", Verdict::Synced)).await;
    assert_eq!(app.verdict, Verdict::Unknown, "never green with a row unread");
    show.git.commit("feat: no policy", &[("shop/policy.yaml", None), ("shop/api.yaml", Some(&api("a:2")))]);
    deck.until("behind beside it", |app| is(app, "api", Verdict::Behind)).await;
    let (_, note) = deck.sync(true).await;
    let path = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/closed";
    assert!(show.get(path).is_some(), "what cannot be seen is not pruned: {note}");
    assert!(deck.until("the rest synced", |app| is(app, "api", Verdict::Synced)).await.verdict != Verdict::Synced);
    act.stop();
    deck.until("seen again", |app| is(app, "closed", Verdict::Extra)).await;
    assert!(act.times() > 0);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_not_taken_any_more_are_named_and_not_hammered() {
    let show = Show::new();
    let mut deck = show.synced().await;
    let act = show.play(Act::of(Scene::SignedOut));
    told(&mut deck, ClusterState::AuthFailed, "Unauthorized").await;
    let app = deck.until("unknown", |app| app.verdict == Verdict::Unknown).await;
    assert_eq!(app.reason.as_ref().map(|why| why.code), Some(ReasonCode::ClusterAuth));
    let (outcome, note) = pause(&mut deck).await;
    assert_ne!(outcome, driftdeck::model::Outcome::Done, "{note}");
    act.stop();
    deck.verdict(Verdict::Synced).await;
    assert!(row(&deck.fleet().apps[0], "api").reason.is_none());
    deck.close().await;
}
