//! Who, what, when: what the watch saw, what fell into a gap, and which line of git says otherwise.

use std::path::Path;
use std::sync::Arc;

use driftdeck::model::{AppRow, Attribution, Declared, Moved, Precision, Verdict};
use serde_json::json;

use crate::road::Start;
use crate::scene::{Scene, row, secret};
use crate::stage::Place;

crate::scenes! {
    an_edit_that_the_watch_saw_is_told_as_seen_and_stays_so_after_a_restart
    a_deleted_field_is_told_with_the_hand_that_also_set_something
    a_field_that_was_only_deleted_is_told_with_its_time_and_nobody
    a_change_between_two_processes_lies_between_two_times
    an_object_deleted_between_two_processes_lies_between_two_times
    a_difference_that_an_earlier_process_knew_is_not_put_into_the_gap
    a_secret_leaves_no_value_and_no_digest_on_disk
    each_differing_line_of_git_names_its_own_commit
}

/// Who wrote the only finding of an object.
fn by(app: &Arc<AppRow>, name: &str) -> Attribution {
    let findings = &row(app, name).findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings[0].by.clone().expect("somebody is named, or nobody")
}

async fn an_edit_that_the_watch_saw_is_told_as_seen_and_stays_so_after_a_restart(place: Place) {
    let Some(scene) = Scene::new(place, "seen") else { return };
    let mut deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    let seen = by(&deck.verdict(Verdict::Drifted).await, "api");
    assert_eq!((seen.manager.raw(), seen.precision, seen.after), ("kubectl-edit", Precision::Seen, None));
    assert!(seen.time.is_some(), "{seen:?}");
    deck.close().await;
    let noted = std::fs::read_to_string(scene.dirs.path().join("state/writes.jsonl")).expect("what was seen is noted");
    let line = noted.lines().find(|line| line.contains("a:hotfix")).expect("the edit");
    assert!(line.contains(r#""was":{"value":"a:1"},"now":{"value":"a:hotfix"}"#), "old and new: {line}");

    let mut again = scene.deck(Start::default());
    assert_eq!(by(&again.verdict(Verdict::Drifted).await, "api"), seen, "a restart forgets nothing");
    again.close().await;
}

async fn a_deleted_field_is_told_with_the_hand_that_also_set_something(place: Place) {
    let Some(scene) = Scene::new(place, "dropped") else { return };
    let mut deck = scene.synced().await;
    let patch = json!({"data": {"RETRY_MAX": null, "NEW": "1"}});
    scene.stage.patch_as(&scene.namespace, "configmap/flags", ("kubectl-edit", &patch));
    let app = deck.until("the deletion", |app| row(app, "flags").findings.iter().any(|f| f.live.is_none())).await;
    let gone = row(&app, "flags").findings.iter().find(|finding| finding.live.is_none()).expect("just seen");
    let by = gone.by.as_ref().expect("the watch's word");
    assert_eq!((by.manager.raw(), by.precision), ("kubectl-edit", Precision::Seen));
    deck.close().await;
}

async fn a_field_that_was_only_deleted_is_told_with_its_time_and_nobody(place: Place) {
    let Some(scene) = Scene::new(place, "gone") else { return };
    let mut deck = scene.synced().await;
    scene.stage.patch_as(&scene.namespace, "configmap/flags", ("k9s", &json!({"data": {"RETRY_MAX": null}})));
    let by = by(&deck.verdict(Verdict::Drifted).await, "flags");
    assert!(!by.is_named(), "a pure deletion signs nothing, and driftdeck makes nothing up: {by:?}");
    assert_eq!(by.precision, Precision::Seen);
    deck.close().await;
}

async fn a_change_between_two_processes_lies_between_two_times(place: Place) {
    let Some(scene) = Scene::new(place, "gap") else { return };
    scene.synced().await.close().await;
    scene.edit_image("a:1", "a:hotfix");
    let mut deck = scene.deck(Start::default());
    let by = by(&deck.verdict(Verdict::Drifted).await, "api");
    assert_eq!((by.manager.raw(), by.precision), ("kubectl-edit", Precision::Bound), "{by:?}");
    let (after, time) = (by.after.expect("not before"), by.time.expect("not after"));
    assert!(after <= time, "{by:?}");
    deck.close().await;
}

async fn an_object_deleted_between_two_processes_lies_between_two_times(place: Place) {
    let Some(scene) = Scene::new(place, "away") else { return };
    scene.synced().await.close().await;
    scene.stage.delete(&scene.namespace, "configmap/flags");
    let mut deck = scene.deck(Start::default());
    let app = deck.verdict(Verdict::Missing).await;
    assert_eq!(row(&app, "flags").moved, Some(Moved::Live));
    let by = by(&app, "flags");
    assert!(!by.is_named() && by.after.is_some() && by.after <= by.time, "{by:?}");
    deck.close().await;
}

async fn a_difference_that_an_earlier_process_knew_is_not_put_into_the_gap(place: Place) {
    let Some(scene) = Scene::new(place, "known") else { return };
    let mut deck = scene.synced().await;
    scene.edit_image("a:1", "a:hotfix");
    let seen = by(&deck.verdict(Verdict::Drifted).await, "api");
    deck.close().await;
    scene.stage.scale(&scene.namespace, "deployment/api", 5);
    let mut deck = scene.deck(Start::default());
    let both = |app: &AppRow| app.resources.iter().any(|row| row.findings.len() == 2 && !row.pending);
    let app = deck.until("both", both).await;
    let of = |path: &str| {
        let finding = row(&app, "api").findings.iter().find(|finding| finding.path.to_string().ends_with(path));
        finding.and_then(|finding| finding.by.clone()).expect("told")
    };
    assert_eq!(of("image"), seen, "it was there before");
    assert!(of("replicas").after.is_some(), "this one fell into the gap: {:?}", of("replicas"));
    deck.close().await;
}

async fn a_secret_leaves_no_value_and_no_digest_on_disk(place: Place) {
    let Some(scene) = Scene::new(place, "canary") else { return };
    // "hunter2-git", "hunter2-live" and "hunter2-gap"
    let (git, live, gap) = ("aHVudGVyMi1naXQ=", "aHVudGVyMi1saXZl", "aHVudGVyMi1nYXA=");
    scene.git.commit("feat: token", &[("shop/token.yaml", Some(&secret(git)))]);
    let mut deck = scene.synced().await;
    scene.stage.edit(&scene.namespace, "secret/token", ("TOKEN", git, live));
    let app = deck.verdict(Verdict::Drifted).await;
    assert_eq!(by(&app, "token").precision, Precision::Seen);
    deck.close().await;
    scene.stage.edit(&scene.namespace, "secret/token", ("TOKEN", live, gap));
    let mut deck = scene.deck(Start::default());
    let app = deck.verdict(Verdict::Drifted).await;
    assert_eq!(
        by(&app, "token").precision,
        Precision::Bound,
        "what was seen of a Secret holds only while it is the same"
    );
    deck.close().await;

    let mut told = String::new();
    read_all(&scene.dirs.path().join("state"), &mut told);
    assert!(told.contains("data.TOKEN"), "the change itself is noted");
    for value in [git, live, gap] {
        for canary in [value.to_owned(), hex(value), hex(&format!("\"{value}\"")), hex("hunter2-live")] {
            assert!(!told.contains(&canary), "{canary} of the Secret lies on disk");
        }
    }
    assert!(!told.contains("hunter2"), "a decoded value lies on disk");
}

fn hex(text: &str) -> String {
    driftdeck::model::Digest::of_bytes(text.as_bytes()).0.to_string()
}

fn read_all(dir: &Path, told: &mut String) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        if entry.path().is_dir() {
            read_all(&entry.path(), told);
        } else {
            told.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).expect("readable")));
        }
    }
}

/// Where git declares a finding, once it is known.
async fn declared(deck: &mut crate::road::Deck, name: &str, path: &str) -> Declared {
    let of = |app: &AppRow| {
        let found = row(app, name).findings.iter().find(|finding| finding.path.to_string().ends_with(path)).cloned();
        found.and_then(|finding| finding.declared)
    };
    let app = deck.until("declared", |app| of(app).is_some()).await;
    (*of(&app).expect("just seen")).clone()
}

async fn each_differing_line_of_git_names_its_own_commit(place: Place) {
    let Some(scene) = Scene::new(place, "blame") else { return };
    let flags = |a: &str, b: &str, c: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  A: {a}\n  B: {b}\n  C: {c}\n")
    };
    let commit = |author: &str, text: &str| {
        let author = format!("{author} <{author}@example.com>");
        scene.git.commit_by(&author, &format!("feat: by {author}"), &[("shop/flags.yaml", Some(text))])
    };
    let one = commit("ben", &flags("\"1\"", "\"1\"", "\"1\""));
    let two = commit("cleo", &flags("\"1\"", "\"2\"", "\"1\""));
    let three = commit("dora", &flags("\"1\"", "\"2\"", "\"3\""));
    let mut deck = scene.synced().await;
    let patch = json!({"data": {"A": "x", "B": "x", "C": "x"}});
    scene.stage.patch_as(&scene.namespace, "configmap/flags", ("kubectl-edit", &patch));
    for (path, line, author, id) in
        [("data.A", 6, "ben", one), ("data.B", 7, "cleo", two), ("data.C", 8, "dora", three)]
    {
        let told = declared(&mut deck, "flags", path).await;
        assert_eq!((told.file.raw(), told.line), ("shop/flags.yaml", line), "{path}");
        assert_eq!((told.name().raw(), &told.commit), (author, &id), "{path}");
        assert!(told.subject.raw().contains(author) && told.time.is_some(), "{told:?}");
    }
    scene.edit_image("a:1", "a:hotfix");
    let told = declared(&mut deck, "api", "image").await;
    assert_eq!((told.file.raw(), told.name().raw()), ("shop/api.yaml", "Ana"));
    deck.close().await;
}
