//! A show: a sandbox with an app of four objects in git, and driftdecks whose patience is short.

use std::sync::Arc;
use std::time::Duration;

use driftdeck::cluster::{Limits, connect};
use driftdeck::engine::{Clock, Ports};
use driftdeck::model::{AppRow, Command, Consent, Outcome, ReasonCode, ResourceRow, Verdict};
use driftdeck::sandbox::{self, Act, Options, Sandbox};
use driftdeck::source::Store;
use serde_json::{Value, json};

use crate::road::{Deck, Git, Start, config_text, shop};

const FLAGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  RETRY_MAX: \"3\"\n";
const TOKEN: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\ntype: Opaque\ndata:\n  TOKEN: aHVudGVyMg==\n";
const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: closed\nspec:\n  \
                      podSelector: {}\n  policyTypes: [Ingress]\n";

/// The app's Deployment.
pub fn api(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 2\n  selector:\n    \
         matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      \
         containers:\n      - name: app\n        image: {image}\n"
    )
}

/// A ConfigMap of the app.
pub fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  KEY: \"{value}\"\n")
}

/// A cluster, a repository, a driftdeck's directories.
pub struct Show {
    /// The cluster, without scenes for who asks it directly.
    pub sandbox: Sandbox,
    /// The repository.
    pub git: Git,
    dirs: Arc<tempfile::TempDir>,
}

impl Show {
    /// With a ConfigMap, a Secret, a `NetworkPolicy` and a Deployment in git, nothing of it on the cluster.
    pub fn new() -> Self {
        let real = Clock::real();
        let clock = sandbox::Clock::Real(Arc::new(move || real.now().wall));
        let options = Options { clock, seed: 7, server_version: "v1.36.3".to_owned() };
        let sandbox = Sandbox::new(options).expect("the shipped documents read");
        let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "shop"}}), "");
        assert_eq!(made.status, 201, "{}", made.body);
        let git = Git::new();
        let files = [("flags", FLAGS), ("token", TOKEN), ("policy", POLICY), ("api", &api("a:1"))];
        let files: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!("shop/{name}.yaml"), *text)).collect();
        let files: Vec<(&str, Option<&str>)> = files.iter().map(|(path, text)| (&**path, Some(*text))).collect();
        git.commit("feat: first", &files);
        tokio::spawn(heartbeat(sandbox.clone()));
        Self { sandbox, git, dirs: Arc::new(tempfile::tempdir().expect("a directory")) }
    }

    /// A driftdeck whose waits are short: a watch of one second, a call of one, a pause of ten milliseconds.
    pub fn deck(&self) -> Deck {
        let service = self.sandbox.service();
        let limits = Limits {
            unary: Duration::from_secs(1),
            probe: Duration::from_secs(1),
            watch: Duration::from_secs(1),
            pause: Duration::from_millis(10),
        };
        let ports = move |cache| {
            let store = Store::new(cache);
            let again = store.clone();
            Ports {
                connect: Arc::new(move |spec| {
                    let cluster = connect::over(service.clone(), &spec.name).with_limits(limits);
                    Box::pin(async move { Ok(cluster) })
                }),
                renew: Arc::new(move |spec| again.renew(spec)),
                open: Arc::new(move |spec| store.open(spec)),
            }
        };
        Deck::start(&config_text(&self.git.origin(), "shop", ""), ports, &self.dirs, Start::default())
    }

    /// One that has synced what git has.
    pub async fn synced(&self) -> Deck {
        let mut deck = self.deck();
        deck.verdict(Verdict::Behind).await;
        sync(&mut deck).await;
        deck.verdict(Verdict::Synced).await;
        deck
    }

    /// Plays an act from now on.
    pub fn play(&self, act: Act) -> Act {
        self.sandbox.play(act)
    }

    /// Somebody changes the Deployment's image with kubectl, whatever scene is on.
    pub fn edit_image(&self, to: &str) {
        self.set("kubectl-edit", "/spec/template/spec/containers/0/image", &json!(to));
    }

    /// Some manager sets a field of the Deployment, whatever scene is on.
    pub fn set(&self, manager: &str, pointer: &str, to: &Value) {
        let change = json!([{"op": "add", "path": pointer, "value": to}]);
        let path = format!("/apis/apps/v1/namespaces/shop/deployments/api?fieldManager={manager}");
        let done = self.sandbox.request("PATCH", &path, &change, "application/json-patch+json");
        assert_eq!(done.status, 200, "{}", done.body);
    }

    /// An object as it is.
    pub fn get(&self, path: &str) -> Option<Value> {
        let got = self.sandbox.request("GET", path, &Value::Null, "");
        (got.status == 200).then_some(got.body)
    }

    /// The live Deployment.
    pub fn api(&self) -> Value {
        self.get("/apis/apps/v1/namespaces/shop/deployments/api").expect("the Deployment is there")
    }

    /// A live ConfigMap.
    pub fn map(&self, name: &str) -> Option<Value> {
        self.get(&format!("/api/v1/namespaces/shop/configmaps/{name}"))
    }
}

/// The cluster's time goes on: its controllers work, and its watches end when they were asked to.
async fn heartbeat(sandbox: Sandbox) {
    let real = Clock::real();
    let mut beats = tokio::time::interval(Duration::from_millis(200));
    loop {
        beats.tick().await;
        sandbox.tick(real.now().wall);
    }
}

/// Waits until a scene has taken place so often.
pub async fn happened(act: &Act, times: u64) {
    let often = async {
        while act.times() < times {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), often).await.is_ok(), "{} never took place", act.scene());
}

/// Syncs, and wants it done.
pub async fn sync(deck: &mut Deck) {
    let (outcome, note) = deck.sync(false).await;
    assert_eq!(outcome, Outcome::Done, "{note}; {}", deck.told());
}

/// Pauses the app; how that ended.
pub async fn pause(deck: &mut Deck) -> (Outcome, String) {
    let consent = Consent { yes: true, ..Consent::default() };
    deck.order(Command::Pause { app: shop(), until: None, reason: "R".into() }, consent).await
}

/// The row of an object.
pub fn row<'a>(app: &'a AppRow, name: &str) -> &'a ResourceRow {
    app.resources.iter().find(|row| &*row.key.name == name).expect("the object has a row")
}

/// Whether an object has that verdict.
pub fn is(app: &AppRow, name: &str, verdict: Verdict) -> bool {
    app.resources.iter().any(|row| &*row.key.name == name && row.verdict == verdict && !row.pending)
}

/// Whether an object is unknown for that cause, in words that hold `part`.
pub fn unknown(app: &AppRow, name: &str, (code, part): (ReasonCode, &str)) -> bool {
    app.resources
        .iter()
        .filter(|row| &*row.key.name == name && row.verdict == Verdict::Unknown)
        .any(|row| row.reason.as_ref().is_some_and(|why| why.code == code && why.message.raw().contains(part)))
}

/// What a step of the last run says of an object.
pub fn step(deck: &Deck, name: &str) -> String {
    let fleet = deck.fleet();
    let run = fleet.runs.last().expect("a run");
    let step = run.steps.iter().find(|step| &*step.key.name == name).expect("a step of that object");
    format!("{:?} {}", step.state, step.note.as_ref().map_or("", |note| note.raw()))
}
