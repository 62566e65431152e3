//! Back to a chosen commit: by a new commit, or by a pin.

use driftdeck::model::{Command, CommitId, Consent, Outcome, RevertMode, RevertOrder, RevertPreview, Verdict};

use crate::road::{Deck, shop};
use crate::scene::{Scene, api, sync};
use crate::stage::Place;

crate::scenes! {
    a_revert_pushes_a_commit_that_puts_the_inputs_back
    a_revert_beside_somebody_elses_push_is_refused_and_can_be_planned_again
    a_revert_by_pin_leaves_git_alone
}

/// The first commit is synced, then a bad one.
async fn gone_bad(scene: &Scene) -> (Deck, CommitId) {
    let first = scene.git.head();
    let mut deck = scene.synced().await;
    scene.git.commit("feat: bad", &[("shop/api.yaml", Some(&api("a:bad"))), ("other/x.txt", Some("x"))]);
    deck.verdict(Verdict::Behind).await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    (deck, first)
}

pub fn order(preview: &RevertPreview, to: &CommitId, mode: RevertMode) -> Command {
    Command::Revert(RevertOrder {
        app: shop(),
        to: to.clone(),
        mode,
        expected_head: preview.head.clone(),
        reason: "INC-1".into(),
        until: None,
    })
}

fn consent() -> Consent {
    Consent { yes: true, deletes: Some(0), ..Consent::default() }
}

async fn a_revert_pushes_a_commit_that_puts_the_inputs_back(place: Place) {
    let Some(scene) = Scene::new(place, "revert") else { return };
    let (mut deck, first) = gone_bad(&scene).await;
    let preview = deck.preview(&first, RevertMode::Restore).await;
    assert_eq!(preview.refused, None);
    assert_eq!(preview.files.len(), 1, "only the app's own inputs change");
    assert_eq!(preview.plan.chosen().count(), 1, "one object differs there");
    let (outcome, note) = deck.order(order(&preview, &first, RevertMode::Restore), consent()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    assert!(scene.git.show("shop/api.yaml").contains("a:1"), "the inputs are back");
    assert_eq!(scene.git.show("other/x.txt"), "x", "what is not the app's stays");
    let message = scene.git.message();
    for trailer in
        ["Driftdeck-App: shop", "Driftdeck-Cluster: test", "Driftdeck-Operator: ana@test", "Driftdeck-Reason: INC-1"]
    {
        assert!(message.contains(trailer), "{trailer} in:\n{message}");
    }
    assert_eq!(scene.image(), "a:bad", "a revert writes git only");
    deck.verdict(Verdict::Behind).await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1");
    scene.git.pull();
    scene.git.commit("feat: on top of it", &[("shop/api.yaml", Some(&api("a:3")))]);
    deck.verdict(Verdict::Behind).await;
    deck.close().await;
}

async fn a_revert_beside_somebody_elses_push_is_refused_and_can_be_planned_again(place: Place) {
    let Some(scene) = Scene::new(place, "moved") else { return };
    let (mut deck, first) = gone_bad(&scene).await;
    let preview = deck.preview(&first, RevertMode::Restore).await;
    let theirs = scene.git.commit("docs: theirs", &[("other/y.txt", Some("y"))]);
    let (outcome, note) = deck.order(order(&preview, &first, RevertMode::Restore), consent()).await;
    assert_ne!(outcome, Outcome::Done, "{note}");
    assert!(note.contains("moved"), "it says why: {note}");
    assert_eq!(scene.git.head(), theirs, "their commit is still the head");

    deck.until("their commit", |app| app.source.head.as_ref() == Some(&theirs)).await;
    let preview = deck.preview(&first, RevertMode::Restore).await;
    assert_eq!(preview.head, theirs, "planned again on it");
    let (outcome, note) = deck.order(order(&preview, &first, RevertMode::Restore), consent()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    assert!(scene.git.show("shop/api.yaml").contains("a:1"));
    assert_eq!(scene.git.show("other/y.txt"), "y", "nothing of theirs is lost");
    deck.verdict(Verdict::Behind).await;
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}

async fn a_revert_by_pin_leaves_git_alone(place: Place) {
    let Some(scene) = Scene::new(place, "pinned") else { return };
    let (mut deck, first) = gone_bad(&scene).await;
    let bad = scene.git.head();
    let preview = deck.preview(&first, RevertMode::Pin).await;
    let (outcome, note) = deck.order(order(&preview, &first, RevertMode::Pin), consent()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    assert_eq!(scene.git.head(), bad, "git is as it was");
    let app = deck.verdict(Verdict::Behind).await;
    assert_eq!(app.pinned.as_ref().map(|pin| &pin.commit), Some(&first));
    assert_eq!(app.source.ahead, Some(1), "the branch has one commit more");
    sync(&mut deck, false).await;
    deck.verdict(Verdict::Synced).await;
    assert_eq!(scene.image(), "a:1");

    let (outcome, note) = deck.order(Command::Unpin { app: shop() }, consent()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    let app = deck.until("the branch again", |app| app.pinned.is_none() && app.verdict == Verdict::Behind).await;
    assert_eq!(app.desired.as_ref().map(|commit| &commit.id), Some(&bad));
    deck.close().await;
}
