//! A scene: a stage with a namespace, a repository with an app in it, and the directories of one driftdeck.

use std::sync::Arc;

use driftdeck::model::{AppRow, Outcome, ResourceRow, Verdict};
use serde_json::Value;

use crate::apiserver::User;
use crate::road::{Deck, Git, Start, config_text};
use crate::stage::{Place, Stage};

/// A ConfigMap of the app.
pub const FLAGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  RETRY_MAX: \"3\"\n";

/// A Deployment of the app.
pub fn api(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 2\n  selector:\n    \
         matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      \
         containers:\n      - name: app\n        image: {image}\n        ports:\n        - containerPort: 8080\n"
    )
}

/// A Secret of the app, its one value in base64.
pub fn secret(value: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\ntype: Opaque\ndata:\n  TOKEN: {value}\n")
}

/// What every scene begins with.
pub struct Scene {
    /// The cluster.
    pub stage: Stage,
    /// The repository.
    pub git: Git,
    /// The app's namespace.
    pub namespace: String,
    /// The first driftdeck's directories.
    pub dirs: Arc<tempfile::TempDir>,
    /// More lines for the app's config.
    pub more: &'static str,
    /// The cluster is protected.
    pub protected: bool,
}

impl Scene {
    /// On the suite's server or a sandbox, with a ConfigMap and a Deployment committed.
    pub fn new(place: Place, name: &str) -> Option<Self> {
        Some(Self::on(Stage::open(place)?, name))
    }

    /// On a server of its own.
    pub fn own(place: Place, name: &str) -> Option<Self> {
        Some(Self::on(Stage::own(place)?, name))
    }

    fn on(stage: Stage, name: &str) -> Self {
        let namespace = stage.namespace(name);
        let git = Git::new();
        git.commit("feat: first", &[("shop/flags.yaml", Some(FLAGS)), ("shop/api.yaml", Some(&api("a:1")))]);
        Self { stage, git, namespace, dirs: dirs(), more: "", protected: false }
    }

    /// A driftdeck on the scene's own directories.
    pub fn deck(&self, start: Start) -> Deck {
        self.deck_in(&self.dirs, (User::Admin, ""), start)
    }

    /// A driftdeck on another machine: nothing shared but git and the cluster.
    pub fn elsewhere(&self, who: (User, &str), start: Start) -> Deck {
        self.deck_in(&dirs(), who, start)
    }

    fn deck_in(&self, dirs: &Arc<tempfile::TempDir>, (user, more): (User, &str), start: Start) -> Deck {
        let text = config_text(&self.git.origin(), &self.namespace, &format!("{}{more}", self.more));
        let text = if self.protected { text.replace("protected = false", "protected = true") } else { text };
        Deck::start(&text, self.stage.ports(user), dirs, start)
    }

    /// A driftdeck that has synced what git has.
    pub async fn synced(&self) -> Deck {
        self.synced_by(Start::default()).await
    }

    /// The same, started so.
    pub async fn synced_by(&self, start: Start) -> Deck {
        let mut deck = self.deck(start);
        deck.verdict(Verdict::Behind).await;
        sync(&mut deck, false).await;
        deck.verdict(Verdict::Synced).await;
        deck
    }

    /// A live object of the app's namespace.
    pub fn get(&self, object: &str) -> Option<Value> {
        self.stage.get(&self.namespace, object)
    }

    /// Edits the image of the Deployment by hand.
    pub fn edit_image(&self, from: &str, to: &str) {
        self.stage.edit(&self.namespace, "deployment/api", ("image", from, to));
    }

    /// The live image of the Deployment.
    pub fn image(&self) -> String {
        let live = self.get("deployment/api").expect("the Deployment is there");
        live["spec"]["template"]["spec"]["containers"][0]["image"].as_str().expect("an image").to_owned()
    }
}

/// Directories of a driftdeck.
pub fn dirs() -> Arc<tempfile::TempDir> {
    Arc::new(tempfile::tempdir().expect("a directory"))
}

/// Syncs, and wants it done.
pub async fn sync(deck: &mut Deck, prune: bool) {
    let (outcome, note) = deck.sync(prune).await;
    assert_eq!(outcome, Outcome::Done, "{note}; {}", deck.told());
}

/// The row of an object, by its name.
pub fn row<'a>(app: &'a AppRow, name: &str) -> &'a ResourceRow {
    app.resources.iter().find(|row| &*row.key.name == name).expect("the object has a row")
}

/// The verdict of an object, once there is a row for it.
pub fn is(app: &AppRow, name: &str, verdict: Verdict) -> bool {
    app.resources.iter().any(|row| &*row.key.name == name && row.verdict == verdict)
}
