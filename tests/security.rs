//! The roles of `docs/security.md`, each tried on the real server: an account bound to one does what the page says, and
//! nothing more.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/accounts.rs"]
mod accounts;
#[path = "support/apiserver.rs"]
mod apiserver;
#[allow(dead_code, reason = "each suite uses its own part of it")]
#[path = "support/road.rs"]
mod road;

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;

use accounts::{AGENT, Account, LOOK, OPERATE, Scene};
use apiserver::User;
use driftdeck::engine::Role;
use driftdeck::model::{
    Act, AgentSeen, AppRow, Basis, Command, Consent, Fleet, Moved, Outcome, ReasonCode, ResourceRow, RevertMode,
    RevertOrder, RunRow, RunState, RunStep, Said, StepState, Verdict,
};
use road::{Start, shop};

const PAGE: &str = include_str!("../docs/security.md");
const DRIFT: &str = include_str!("../docs/drift.md");

const OLD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: old\ndata:\n  a: b\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: hunter2-canary\n";

fn row<'r>(app: &'r AppRow, kind: &str) -> &'r ResourceRow {
    app.resources.iter().find(|row| &*row.key.kind.kind == kind).expect("a row of that kind")
}

fn code(row: &ResourceRow) -> Option<ReasonCode> {
    row.reason.as_ref().map(|reason| reason.code)
}

fn yes() -> Consent {
    Consent { yes: true, deletes: Some(0), ..Consent::default() }
}

fn pause() -> Command {
    Command::Pause { app: shop(), until: None, reason: "INC-1".into() }
}

#[test]
fn the_page_prints_the_very_files() {
    for (name, file) in [("rbac-look", LOOK), ("rbac-operate", OPERATE), ("rbac-agent", AGENT)] {
        let block = format!("`assets/deploy/{name}.yaml`:\n\n```yaml\n{file}```\n");
        assert!(PAGE.contains(&block), "docs/security.md shows {name}.yaml as it is");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_look_judges_an_app_by_itself() {
    let Some(scene) = Scene::new("look") else { return };
    scene.synced().await;
    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let account = Account::new(scene.server, &scene.namespace);
    account.bind(&scene.namespace, "driftdeck-look").wait_for("list", "deployments", &scene.namespace);
    let mut deck = scene.deck(&account);
    let app = deck.verdict(Verdict::Drifted).await;
    let api = row(&app, "Deployment");
    assert_eq!(api.moved, Some(Moved::Live), "the record is read: who moved is known");
    assert_eq!(api.basis, Basis::Local, "no dry run without the right to patch");
    assert_eq!(code(api), Some(ReasonCode::DryRunUnavailable), "and the row says so");
    let finding = api.findings.first().expect("a finding");
    assert_eq!(finding.path.to_string(), "spec.template.spec.containers[name=app].image");
    assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some("kubectl-edit"));
    assert_eq!(row(&app, "ConfigMap").verdict, Verdict::Synced);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_look_writes_nothing() {
    let Some(scene) = Scene::new("lookonly") else { return };
    scene.synced().await;
    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let account = Account::new(scene.server, &scene.namespace);
    account.bind(&scene.namespace, "driftdeck-look").wait_for("list", "deployments", &scene.namespace);
    let mut deck = scene.deck(&account);
    deck.verdict(Verdict::Drifted).await;
    let before = scene.versions();
    let (outcome, note) = deck.sync(false).await;
    assert!(!matches!(outcome, Outcome::Done | Outcome::Nothing), "a sync fails: {note}");
    assert!(note.contains("forbidden"), "in the server's words: {note}");
    let (outcome, note) = deck.order(pause(), yes()).await;
    assert_eq!(outcome, Outcome::Failed, "a pause is a write too: {note}");
    assert!(note.contains("forbidden"), "{note}");
    assert_eq!(scene.versions(), before, "nothing was written");
    let denied = [
        ("patch", "deployments"),
        ("create", "deployments"),
        ("delete", "deployments"),
        ("update", "configmaps"),
        ("create", "configmaps"),
        ("get", "secrets"),
        ("list", "secrets"),
        ("create", "pods/exec"),
        ("get", "pods/log"),
        ("create", "leases"),
        ("patch", "roles"),
        ("impersonate", "users"),
    ];
    account.assert_may_not(&scene.namespace, &denied);
    assert!(!account.may("list", "configmaps", "kube-system"), "one namespace is one namespace");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_judged_only_with_their_own_role_and_masked() {
    let Some(scene) = Scene::new("secrets") else { return };
    scene.git.commit("feat: a secret", &[("shop/db.yaml", Some(SECRET))]);
    scene.synced().await;
    let patch = r#"{"stringData":{"password":"changed-canary"}}"#;
    scene.server.kubectl(User::Admin, &["-n", &scene.namespace, "patch", "secret/db", "--type=merge", "-p", patch]);
    let account = Account::new(scene.server, &scene.namespace);
    account.bind(&scene.namespace, "driftdeck-look").wait_for("list", "deployments", &scene.namespace);
    let mut deck = scene.deck(&account);
    let others =
        |app: &AppRow| ["Deployment", "ConfigMap"].iter().all(|kind| row(app, kind).verdict == Verdict::Synced);
    let forbidden = |app: &AppRow| {
        let secret = app.resources.iter().find(|row| row.key.kind.is_secret());
        secret.is_some_and(|secret| secret.verdict == Verdict::Unknown && code(secret) == Some(ReasonCode::Forbidden))
    };
    deck.until("the Secret forbidden, the rest judged", |app| forbidden(app) && others(app)).await;
    deck.close().await;

    account.bind(&scene.namespace, "driftdeck-look-secrets").wait_for("list", "secrets", &scene.namespace);
    let mut deck = scene.deck(&account);
    let app = deck.verdict(Verdict::Drifted).await;
    let finding = row(&app, "Secret").findings.first().expect("a finding");
    assert!(matches!(finding.live, Some(Said::Masked { changed: true, .. })), "that it changed is told, never to what");
    assert!(!format!("{app:?}").contains("canary"), "no value in anything a screen or a program gets");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_operate_syncs_pauses_pins_and_prunes() {
    let Some(scene) = Scene::new("operate") else { return };
    let first = scene.git.head();
    scene.git.commit("feat: one more", &[("shop/old.yaml", Some(OLD))]);
    let account = Account::new(scene.server, &scene.namespace);
    account.bind(&scene.namespace, "driftdeck-look").bind(&scene.namespace, "driftdeck-operate");
    account.wait_for("list", "deployments", &scene.namespace);
    account.wait_for("patch", "deployments", &scene.namespace);
    let mut deck = scene.deck(&account);
    deck.verdict(Verdict::Behind).await;
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.verdict(Verdict::Synced).await;

    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let app = deck.verdict(Verdict::Drifted).await;
    assert_eq!(row(&app, "Deployment").basis, Basis::Server, "who may patch gets the server's judgement");
    let (outcome, note) = deck.sync(false).await;
    assert_eq!((outcome, scene.image().as_str()), (Outcome::Done, "a:1"), "{note}");
    deck.verdict(Verdict::Synced).await;

    let (outcome, note) = deck.order(pause(), yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.until("paused", |app| app.paused.is_some()).await;
    let (outcome, note) = deck.order(Command::Resume { app: shop() }, yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.until("resumed", |app| app.paused.is_none()).await;

    scene.git.pull();
    scene.git.commit("chore: away with it", &[("shop/old.yaml", None)]);
    deck.verdict(Verdict::Behind).await;
    let (outcome, note) = deck.sync(true).await;
    assert_eq!(outcome, Outcome::Done, "a prune by hand: {note}");
    let gone = scene.server.try_kubectl(User::Admin, &["-n", &scene.namespace, "get", "configmap/old"], "");
    assert!(!gone.status.success(), "what git dropped is deleted");
    deck.verdict(Verdict::Synced).await;

    let preview = deck.preview(&first, RevertMode::Pin).await;
    let order = RevertOrder {
        app: shop(),
        to: first.clone(),
        mode: RevertMode::Pin,
        expected_head: preview.head.clone(),
        reason: "INC-1".into(),
        until: None,
    };
    let (outcome, note) = deck.order(Command::Revert(order), yes()).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.until("pinned", |app| app.pinned.as_ref().is_some_and(|pin| pin.commit == first)).await;
    deck.close().await;
}

/// Keys that occur anywhere in a value.
fn keys_in(value: &serde_json::Value, out: &mut Vec<String>) {
    if let Some(map) = value.as_object() {
        for (key, value) in map {
            out.push(key.clone());
            keys_in(value, out);
        }
    }
    value.as_array().into_iter().flatten().for_each(|item| keys_in(item, out));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_what_the_page_says() {
    let Some(scene) = Scene::new("record") else { return };
    scene.synced().await;
    let mut deck = scene.admin();
    deck.verdict(Verdict::Synced).await;
    let at = scene.git.head();
    let pin = Command::Pin { app: shop(), commit: at, until: None, reason: "INC-1".into() };
    for command in [pause(), pin] {
        let (outcome, note) = deck.order(command, yes()).await;
        assert_eq!(outcome, Outcome::Done, "{note}");
    }
    deck.close().await;
    let args = ["-n", &scene.namespace, "get", "configmap/driftdeck.shop", "-o", "json"];
    let map: serde_json::Value = serde_json::from_str(&scene.server.kubectl(User::Admin, &args)).expect("JSON");
    assert_eq!(map["metadata"]["labels"]["driftdeck.dev/record"], "v1");
    let app = map["data"]["app.json"].as_str().expect("app.json");
    let mut keys = Vec::new();
    keys_in(&serde_json::from_str(app).expect("JSON"), &mut keys);
    let packed =
        base64::engine::general_purpose::STANDARD.decode(map["binaryData"]["inventory"].as_str().expect("text"));
    let mut lines = String::new();
    flate2::read::GzDecoder::new(&*packed.expect("base64")).read_to_string(&mut lines).expect("gzip");
    assert_eq!(lines.lines().count(), 2, "an object a line: {lines}");
    for line in lines.lines() {
        keys_in(&serde_json::from_str(line).expect("JSON"), &mut keys);
    }
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        assert!(DRIFT.contains(&format!("\"{key}\"")), "docs/drift.md explains {key:?} of the record");
    }
    let object = scene.server.kubectl(User::Admin, &["-n", &scene.namespace, "get", "configmap/flags", "-o", "yaml"]);
    assert!(object.contains(&format!("driftdeck.dev/app: {}/shop", scene.namespace)), "{object}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_operate_in_one_namespace_may_not_in_another() {
    let Some(scene) = Scene::new("fenced") else { return };
    let account = Account::new(scene.server, &scene.namespace);
    account.bind(&scene.namespace, "driftdeck-look").bind(&scene.namespace, "driftdeck-operate");
    let other = scene.server.namespace("foreign");
    account.bind(&other, "driftdeck-look").wait_for("list", "deployments", &other);
    account.wait_for("patch", "deployments", &scene.namespace);
    let mut deck = scene.deck_in(&other, account.kubeconfig.clone(), "test", Start::default());
    deck.verdict(Verdict::Behind).await;
    let (outcome, note) = deck.sync(false).await;
    assert!(!matches!(outcome, Outcome::Done | Outcome::Nothing), "a sync fails there: {note}");
    assert!(note.contains("forbidden"), "in the server's words: {note}");
    let there = scene.server.kubectl(User::Admin, &["-n", &other, "get", "deployments,secrets", "-o", "name"]);
    assert_eq!(there.trim(), "", "nothing was written");
    let record = scene.server.try_kubectl(User::Admin, &["-n", &other, "get", "configmap/driftdeck.shop"], "");
    assert!(!record.status.success(), "no record either");
    let denied = [
        ("get", "secrets"),
        ("patch", "secrets"),
        ("create", "pods"),
        ("create", "pods/exec"),
        ("patch", "namespaces"),
        ("delete", "namespaces"),
        ("patch", "roles"),
        ("create", "rolebindings"),
        ("deletecollection", "configmaps"),
        ("create", "leases"),
        ("patch", "deployments/scale"),
        ("create", "serviceaccounts/token"),
    ];
    account.assert_may_not(&scene.namespace, &denied);
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_renews_its_lease_writes_its_record_and_heals() {
    let Some(mut scene) = Scene::new("agent") else { return };
    scene.more = ["record_namespace = \"driftdeck\"\n", "sync = { auto = true, self_heal = true }"];
    let account = Account::signed_in(scene.server, "driftdeck", "driftdeck-agent");
    account.bind(&scene.namespace, "driftdeck-agent").wait_for("patch", "deployments", &scene.namespace);
    account.wait_for("update", "leases.coordination.k8s.io", "driftdeck");
    let mut eyes = scene.admin();
    eyes.until("no agent yet", |app| app.agent == AgentSeen::Never && app.verdict == Verdict::Behind).await;
    let start = Start { role: Role::Agent, who: "driftdeck agent", ..Start::default() };
    let mut agent = scene.deck_in(&scene.namespace, account.kubeconfig.clone(), "test", start);
    agent.verdict(Verdict::Synced).await;
    eyes.until("the agent seen", |app| matches!(app.agent, AgentSeen::At(_))).await;
    eyes.verdict(Verdict::Synced).await;
    let by_agent = |app: &AppRow| app.deployed.as_ref().is_some_and(|deployed| deployed.by.raw() == "driftdeck agent");
    eyes.until("the agent's sync on record", by_agent).await;
    let here = scene.server.try_kubectl(User::Admin, &["-n", &scene.namespace, "get", "cm/driftdeck.shop"], "");
    assert!(!here.status.success(), "the record lies with the agent, not with the app");

    let mut fleet = agent.handle.fleet();
    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let updated = |run: &RunRow| {
        let update = |step: &RunStep| step.act == Act::Update && step.state == StepState::Done;
        run.state == RunState::Ended(Outcome::Done) && run.steps.iter().any(update)
    };
    let healed = |fleet: &Arc<Fleet>| fleet.runs.iter().any(|run| updated(run));
    let waited = tokio::time::timeout(std::time::Duration::from_mins(1), fleet.wait_for(healed));
    let healed = waited.await.is_ok();
    assert!(healed, "the agent heals an edit; {}", agent.told());
    assert_eq!(scene.image(), "a:1", "the server has git's image again");

    let denied = [
        ("delete", "deployments"),
        ("delete", "configmaps"),
        ("update", "configmaps"),
        ("get", "secrets"),
        ("create", "pods/exec"),
        ("patch", "namespaces"),
        ("create", "rolebindings"),
    ];
    account.assert_may_not(&scene.namespace, &denied);
    account.assert_may_not("driftdeck", &[("delete", "configmaps"), ("get", "secrets"), ("patch", "deployments")]);
    assert!(!account.may("list", "deployments", "kube-system"), "only where it is bound");
    agent.close().await;
    eyes.close().await;
}
