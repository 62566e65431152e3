//! What looking costs: a thousand objects in peace, under churn, and after one edit; one commit among ten apps.
//!
//! On the sandbox with a held clock. Requests are counted where they leave, so nothing that is sent is missed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftdeck::cluster::Cluster;
use driftdeck::engine::{Clock, Ports};
use driftdeck::model::{Cost, Fleet, Health, Verdict};
use driftdeck::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::apiserver::User;
use crate::road::{Deck, Git, Hand, Start, config_text, still};
use crate::scene::{dirs, is, row, sync};
use crate::stage::{Place, Stage};

const DEPLOYMENTS: usize = 100;

/// A deck whose connection the test can look at.
struct Watched {
    deck: Deck,
    hand: Hand,
    clock: Clock,
    line: Arc<Mutex<Option<Cluster>>>,
}

impl Watched {
    fn start(text: &str, stage: &Stage, dirs: &Arc<tempfile::TempDir>) -> Self {
        let (hand, clock) = still();
        let line = Arc::<Mutex<Option<Cluster>>>::default();
        let (ports, noted) = (stage.ports(User::Admin), line.clone());
        let ports = move |cache| {
            let ports: Ports = ports(cache);
            let connect = ports.connect.clone();
            let connect = move |spec| {
                let (connect, noted) = (connect.clone(), noted.clone());
                let connecting = async move {
                    let cluster = connect(spec).await?;
                    *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(cluster.clone());
                    Ok(cluster)
                };
                Box::pin(connecting) as futures::future::BoxFuture<'static, _>
            };
            Ports { connect: Arc::new(connect), ..ports }
        };
        let deck = Deck::start(text, ports, dirs, Start { clock: clock.clone(), ..Start::default() });
        Self { deck, hand, clock, line }
    }

    /// Requests so far, as they left.
    fn sent(&self) -> Cost {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.as_ref().expect("connected").cost()
    }

    /// What counts: everything but the probes, and the watches that go on where the last one ended.
    fn looked(&self) -> BTreeMap<&'static str, u64> {
        let apart = ["probe", "watch-renewal"];
        self.sent().requests.into_iter().filter(|(verb, _)| !apart.contains(verb)).collect()
    }

    fn judged(&self) -> u64 {
        self.deck.fleet().cost.judged
    }

    /// Lets five seconds pass, and waits until the engine has taken them in: the probe that falls due has answered.
    async fn step(&mut self) {
        self.hand.by(Duration::from_secs(5));
        let now = self.clock.now().wall;
        let answered = |fleet: &Fleet| fleet.clusters.first().is_some_and(|row| row.observed_at >= Some(now));
        self.deck.until_fleet("the probe's answer", answered).await;
    }

    /// Lets time pass until the fleet is as wanted.
    async fn pass_until(&mut self, what: &str, wanted: impl Fn(&Fleet) -> bool) {
        for _ in 0..200 {
            if wanted(&self.deck.fleet()) {
                return;
            }
            self.step().await;
        }
        panic!("never {what}; last: {}", self.deck.told());
    }

    /// Until nothing is under way.
    async fn quiet(&mut self) {
        let (mut before, mut same) = (None, 0);
        for _ in 0..200 {
            self.step().await;
            let now = (self.looked(), self.judged());
            same = if before.as_ref() == Some(&now) { same + 1 } else { 0 };
            if same == 4 {
                return;
            }
            before = Some(now);
        }
        panic!("never quiet: {:?}", self.looked());
    }
}

fn namespaces() -> [&'static str; 2] {
    ["shop", "shop-jobs"]
}

/// A thousand objects of five kinds in two namespaces.
fn thousand() -> Vec<(String, String)> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for namespace in namespaces() {
        for n in 0..DEPLOYMENTS {
            let meta = format!("metadata:\n  name: o{n}\n  namespace: {namespace}\n");
            let pods = "spec:\n      containers:\n      - name: app\n        image: \"a:1\"\n";
            let kinds = [
                ("config-maps", format!("apiVersion: v1\nkind: ConfigMap\n{meta}data:\n  n: \"{n}\"\n")),
                ("accounts", format!("apiVersion: v1\nkind: ServiceAccount\n{meta}")),
                (
                    "services",
                    format!(
                        "apiVersion: v1\nkind: Service\n{meta}spec:\n  selector: {{app: o{n}}}\n  ports:\n  - port: 80\n"
                    ),
                ),
                (
                    "policies",
                    format!(
                        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{meta}spec:\n  podSelector: {{}}\n  policyTypes: [Ingress]\n"
                    ),
                ),
                (
                    "deployments",
                    format!(
                        "apiVersion: apps/v1\nkind: Deployment\n{meta}spec:\n  replicas: 2\n  selector: {{matchLabels: {{app: o{n}}}}}\n  template:\n    metadata: {{labels: {{app: o{n}}}}}\n    {pods}"
                    ),
                ),
            ];
            for (kind, text) in kinds {
                let file = files.entry(format!("shop/{namespace}-{kind}.yaml")).or_default();
                let _ = write!(file, "---\n{text}");
            }
        }
    }
    files.into_iter().collect()
}

fn sandbox(stage: &Stage) -> &Sandbox {
    match stage {
        Stage::Sandbox(sandbox) => sandbox,
        _ => panic!("these scenes play on the sandbox"),
    }
}

fn patch(stage: &Stage, path: &str, body: &Value) {
    let done = sandbox(stage).request("PATCH", path, body, "application/merge-patch+json");
    assert_eq!(done.status, 200, "{path}: {}", done.body);
}

/// As a kubelet's reports would make a Deployment controller write.
fn churn(stage: &Stage, ready: usize) {
    let status = json!({"status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": ready, "readyReplicas": ready, "availableReplicas": ready}});
    for n in 0..DEPLOYMENTS {
        let path =
            format!("/apis/apps/v1/namespaces/shop/deployments/o{n}/status?fieldManager=kube-controller-manager");
        patch(stage, &path, &status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_synced_objects_cost_nothing_but_what_changes() {
    let stage = Stage::open(Place::Sandbox).expect("always there");
    for namespace in namespaces() {
        stage.namespace(namespace);
    }
    let git = Git::new();
    let files = thousand();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    git.commit("feat: a thousand objects", &files);
    let dirs = dirs();
    let text = config_text(&git.origin(), "shop", "namespaces = [\"shop-jobs\"]");
    let mut first = Deck::start(&text, stage.ports(User::Admin), &dirs, Start::default());
    first.verdict(Verdict::Behind).await;
    sync(&mut first, false).await;
    first.verdict(Verdict::Synced).await;
    first.close().await;

    let mut it = Watched::start(&text, &stage, &dirs);
    let app = it.deck.verdict(Verdict::Synced).await;
    assert_eq!(app.counts.total, 1_000);
    churn(&stage, 1);
    it.deck.until("the first status", |app| progressing(app) == DEPLOYMENTS).await;
    it.quiet().await;

    let (sent, judged) = (it.looked(), it.judged());
    for _ in 0..120 {
        it.step().await;
    }
    assert_eq!(it.looked(), sent, "ten minutes in peace make no list, get, patch or dry run");
    assert_eq!(it.judged(), judged, "and nothing is compared");
    assert!(it.sent().of("probe") >= 120, "life was asked for all the while");

    for round in 0..6 {
        let ready = if round % 2 == 0 { 2 } else { 1 };
        churn(&stage, ready);
        let wanted = if ready == 2 { 0 } else { DEPLOYMENTS };
        it.deck.until("the new health", |app| progressing(app) == wanted && !app.settling).await;
        it.step().await;
    }
    assert_eq!(it.looked(), sent, "status of a hundred Deployments, six times: no request");
    assert_eq!(it.judged(), judged, "health is looked at, nothing is compared again");

    let edit = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a:hotfix"}]}}}});
    patch(&stage, "/apis/apps/v1/namespaces/shop/deployments/o7?fieldManager=kubectl-edit", &edit);
    it.deck.until("the edit", |app| app.verdict == Verdict::Drifted).await;
    assert_eq!(it.judged(), judged + 1, "exactly the edited object is judged again");
    let confirmed = |fleet: &Fleet| fleet.apps.iter().all(|app| app.counts.pending == 0 && !app.settling);
    it.pass_until("the edit confirmed", confirmed).await;
    let app = it.deck.verdict(Verdict::Drifted).await;
    assert_eq!(app.resources.iter().filter(|row| row.verdict != Verdict::Synced).count(), 1);
    it.quiet().await;
    assert_eq!(it.judged(), judged + 1, "once");
    let asked = it.sent().of("dry-run") - sent.get("dry-run").copied().unwrap_or_default();
    assert_eq!(asked, 1, "and the server is asked about it once: {:?}", it.looked());
    it.deck.close().await;
}

fn progressing(app: &driftdeck::model::AppRow) -> usize {
    let of =
        |kind: &str, row: &driftdeck::model::ResourceRow| *row.key.kind.kind == *kind && &*row.key.namespace == "shop";
    app.resources.iter().filter(|row| of("Deployment", row) && row.health == Health::Progressing).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_to_one_of_ten_apps_has_its_changed_object_judged_and_no_other() {
    let stage = Stage::open(Place::Sandbox).expect("always there");
    stage.namespace("shop");
    let git = Git::new();
    let map = |name: &str, value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  v: {value}\n")
    };
    let mut text = config_text(&git.origin(), "shop", "");
    let mut files =
        vec![("shop/x.yaml".to_owned(), map("shop-x", "git")), ("shop/y.yaml".to_owned(), map("shop-y", "git"))];
    for n in 1..10 {
        files.push((format!("app{n}/x.yaml"), map(&format!("app{n}-x"), "git")));
        files.push((format!("app{n}/y.yaml"), map(&format!("app{n}-y"), "git")));
        let _ = write!(
            text,
            "[[apps]]\nname = \"app{n}\"\nrepo = \"platform\"\npath = \"app{n}\"\ncluster = \"test\"\nnamespace = \"shop\"\n"
        );
    }
    let written: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    git.commit("feat: ten apps", &written);
    for n in 0..10 {
        let name = if n == 0 { "shop".to_owned() } else { format!("app{n}") };
        for part in ["x", "y"] {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("{name}-{part}")}, "data": {"v": "live"}});
            stage.create("shop", &body);
        }
    }
    let mut it = Watched::start(&text, &stage, &dirs());
    let confirmed = |fleet: &Fleet| {
        let rows = || fleet.apps.iter().flat_map(|app| &app.resources);
        rows().count() == 20 && rows().all(|row| row.verdict == Verdict::Drifted && !row.pending)
    };
    it.deck
        .until_fleet("listed", |fleet| fleet.apps.len() == 10 && fleet.apps.iter().all(|app| app.counts.changed == 2))
        .await;
    it.pass_until("twenty differences confirmed", confirmed).await;
    it.quiet().await;
    let (sent, judged) = (it.looked(), it.judged());
    git.commit("feat: another value", &[("shop/x.yaml", Some(&map("shop-x", "newer")))]);
    it.step().await;
    let newer = |app: &driftdeck::model::AppRow| format!("{:?}", row(app, "shop-x").findings).contains("newer");
    it.deck.until("the new commit", newer).await;
    it.pass_until("its difference confirmed", confirmed).await;
    it.quiet().await;
    assert_eq!(it.judged(), judged + 1, "one object of one app is judged again");
    let mut after = it.looked();
    *after.entry("dry-run").or_default() -= 1;
    assert_eq!(after, sent, "for one dry run");
    assert!(is(it.deck.fleet().app(&crate::road::shop()).expect("there"), "shop-y", Verdict::Drifted));
    it.deck.close().await;
}
