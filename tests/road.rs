//! The road, end to end: from a commit to the fleet and back, on the real kube-apiserver.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/road.rs"]
mod road;

use std::sync::Arc;

use apiserver::{Server, User};
use driftdeck::cluster::KubeSource;
use driftdeck::engine::Ports;
use driftdeck::model::{AppRow, Command, Consent, Moved, Outcome, RevertMode, RevertOrder, Verdict};
use road::{Deck, Git, Start, config_text, shop};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  RETRY_MAX: \"3\"\n";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      containers:\n      - name: app\n        image: {image}\n        ports:\n        - containerPort: 8080\n"
    )
}

fn ports(server: &Server, user: User) -> impl FnOnce(std::path::PathBuf) -> Ports {
    let source = KubeSource::file(server.kubeconfig(user));
    move |cache| Ports::real(cache, source)
}

struct Scene {
    server: &'static Server,
    git: Git,
    namespace: String,
    dirs: Arc<tempfile::TempDir>,
}

impl Scene {
    fn new(name: &str) -> Option<Self> {
        let server = apiserver::shared()?;
        let namespace = server.namespace(name);
        let dirs = Arc::new(tempfile::tempdir().expect("a directory"));
        let git = Git::new();
        git.commit(
            "feat: first",
            &[("shop/flags.yaml", Some(CONFIG_MAP)), ("shop/api.yaml", Some(&deployment("a:1")))],
        );
        Some(Self { server, git, namespace, dirs })
    }

    fn deck(&self, start: Start) -> Deck {
        let text = config_text(&self.git.origin(), &self.namespace, "")
            .replace("name = \"test\"\n", "name = \"test\"\ncontext = \"admin\"\n");
        Deck::start(&text, ports(self.server, User::Admin), &self.dirs, start)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_missing_then_synced_then_behind_then_synced() {
    let Some(scene) = Scene::new("road") else { return };
    let mut deck = scene.deck(Start::default());
    let row = deck.verdict(Verdict::Behind).await;
    assert!(row.resources.iter().all(|row| row.verdict == Verdict::Missing && row.moved == Some(Moved::Git)));
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.verdict(Verdict::Synced).await;

    scene.git.commit("feat: second", &[("shop/api.yaml", Some(&deployment("a:2")))]);
    let row = deck.verdict(Verdict::Behind).await;
    let changed: Vec<_> = row.resources.iter().flat_map(|row| &row.findings).map(|f| f.path.to_string()).collect();
    assert_eq!(changed, ["spec.template.spec.containers[name=app].image"]);
    deck.sync(false).await;
    let deployed = |row: &AppRow| row.deployed.as_ref().map(|deployed| deployed.commit.clone());
    deck.until("deployed at head", |row| deployed(row) == row.desired.as_ref().map(|commit| commit.id.clone())).await;
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_drift_with_its_manager_and_a_sync_puts_it_back() {
    let Some(scene) = Scene::new("drift") else { return };
    let mut deck = scene.deck(Start::default());
    deck.verdict(Verdict::Behind).await;
    deck.sync(false).await;
    deck.verdict(Verdict::Synced).await;
    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let row = deck.verdict(Verdict::Drifted).await;
    let finding = row.resources.iter().flat_map(|row| &row.findings).next().expect("a finding");
    assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some("kubectl-edit"));
    assert_eq!(finding.moved, Some(Moved::Live));
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    deck.verdict(Verdict::Synced).await;
    let image =
        scene.server.kubectl(User::Admin, &["get", "deploy/api", "-n", &scene.namespace, "-o", "jsonpath={..image}"]);
    assert_eq!(image, "a:1", "the server has git's image again");
    deck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_pushes_a_commit_that_puts_the_inputs_back() {
    let Some(scene) = Scene::new("revert") else { return };
    let first = scene.git.head();
    let mut deck = scene.deck(Start::default());
    deck.verdict(Verdict::Behind).await;
    deck.sync(false).await;
    deck.verdict(Verdict::Synced).await;
    scene.git.commit("feat: bad", &[("shop/api.yaml", Some(&deployment("a:bad"))), ("other/x.txt", Some("x"))]);
    deck.verdict(Verdict::Behind).await;
    deck.sync(false).await;
    deck.verdict(Verdict::Synced).await;

    let preview = deck.preview(&first, RevertMode::Restore).await;
    assert_eq!(preview.refused, None);
    assert_eq!(preview.files.len(), 1, "only the app's own inputs change");
    assert_eq!(preview.plan.chosen().count(), 1, "one object differs there");
    let order = RevertOrder {
        app: shop(),
        to: first.clone(),
        mode: RevertMode::Restore,
        expected_head: preview.head.clone(),
        reason: "INC-1".into(),
        until: None,
    };
    let consent = Consent { yes: true, deletes: Some(0), ..Consent::default() };
    let (outcome, note) = deck.order(Command::Revert(order), consent).await;
    assert_eq!(outcome, Outcome::Done, "{note}");
    assert!(scene.git.show("shop/api.yaml").contains("a:1"), "the inputs are back");
    assert_eq!(scene.git.show("other/x.txt"), "x", "what is not the app's stays");
    let message = scene.git.message();
    for trailer in
        ["Driftdeck-App: shop", "Driftdeck-Cluster: test", "Driftdeck-Operator: ana@test", "Driftdeck-Reason: INC-1"]
    {
        assert!(message.contains(trailer), "{trailer} in:\n{message}");
    }
    deck.verdict(Verdict::Behind).await;
    deck.sync(false).await;
    deck.verdict(Verdict::Synced).await;
    deck.close().await;
}
