//! Accounts bound to the roles of `docs/security.md`, and an app for them to act on.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use driftdeck::cluster::KubeSource;
use driftdeck::engine::Ports;
use driftdeck::model::{Outcome, Verdict};

use crate::apiserver::{self, Server, User};
use crate::road::{Deck, Git, Start, config_text};

pub const LOOK: &str = include_str!("../../assets/deploy/rbac-look.yaml");
pub const OPERATE: &str = include_str!("../../assets/deploy/rbac-operate.yaml");
pub const AGENT: &str = include_str!("../../assets/deploy/rbac-agent.yaml");

const FLAGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  RETRY_MAX: \"3\"\n";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      containers:\n      - name: app\n        image: {image}\n"
    )
}

/// The server with all roles of the page, nobody bound yet.
pub fn server() -> Option<&'static Server> {
    static ROLES: OnceLock<()> = OnceLock::new();
    let server = apiserver::shared()?;
    ROLES.get_or_init(|| {
        for roles in [LOOK, OPERATE, AGENT] {
            server.apply(User::Admin, roles);
        }
    });
    Some(server)
}

/// A service account with its own kubeconfig.
pub struct Account {
    pub server: &'static Server,
    pub subject: String,
    pub kubeconfig: PathBuf,
    _dir: tempfile::TempDir,
}

impl Account {
    /// A new one without rights.
    pub fn new(server: &'static Server, namespace: &str) -> Self {
        server.kubectl(User::Admin, &["-n", namespace, "create", "serviceaccount", "someone"]);
        Self::signed_in(server, namespace, "someone")
    }

    /// One that is there, signed in by a token of its own.
    pub fn signed_in(server: &'static Server, namespace: &str, name: &str) -> Self {
        let token = server.kubectl(User::Admin, &["-n", namespace, "create", "token", name]);
        let dir = tempfile::tempdir().expect("a directory");
        let kubeconfig = dir.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{name: c, cluster: {{server: \"{}\", certificate-authority: \"{}\"}}}}]\n\
             users: [{{name: u, user: {{token: \"{}\"}}}}]\n\
             contexts: [{{name: test, context: {{cluster: c, user: u}}}}]\n",
            server.url(),
            server.ca_file().display(),
            token.trim()
        );
        std::fs::write(&kubeconfig, text).expect("written");
        Self { server, subject: format!("{namespace}:{name}"), kubeconfig, _dir: dir }
    }

    /// Binds a cluster role in one namespace, with the command of the page.
    pub fn bind(&self, namespace: &str, role: &str) -> &Self {
        let (account, role) = (format!("--serviceaccount={}", self.subject), format!("--clusterrole={role}"));
        let name = format!("{}-{}", &role[14..], self.subject.replace(':', "-"));
        self.server.kubectl(User::Admin, &["-n", namespace, "create", "rolebinding", &name, &role, &account]);
        self
    }

    /// Whether the server lets it.
    pub fn may(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let user = format!("--as=system:serviceaccount:{}", self.subject);
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let part = format!("--subresource={part}");
        let args = ["auth", "can-i", verb, resource, &part, "-n", namespace, &user];
        self.server.try_kubectl(User::Admin, &args, "").status.success()
    }

    /// Waits until a right that was just bound counts.
    pub fn wait_for(&self, verb: &str, resource: &str, namespace: &str) {
        let counts = (0..100).any(|_| self.may(verb, resource, namespace));
        assert!(counts, "{} may {verb} {resource} in {namespace}", self.subject);
    }

    /// None of these is allowed.
    pub fn assert_may_not(&self, namespace: &str, denied: &[(&str, &str)]) {
        for (verb, resource) in denied {
            assert!(!self.may(verb, resource, namespace), "{verb} {resource} in {namespace} is not in the role");
        }
    }
}

/// An app in git and its namespace.
pub struct Scene {
    pub server: &'static Server,
    pub git: Git,
    pub namespace: String,
    /// Lines of the cluster, and of the app.
    pub more: [&'static str; 2],
}

impl Scene {
    pub fn new(name: &str) -> Option<Self> {
        let server = server()?;
        let git = Git::new();
        git.commit("feat: first", &[("shop/flags.yaml", Some(FLAGS)), ("shop/api.yaml", Some(&deployment("a:1")))]);
        Some(Self { server, git, namespace: server.namespace(name), more: ["", ""] })
    }

    pub fn deck_in(&self, namespace: &str, kubeconfig: PathBuf, context: &str, start: Start) -> Deck {
        let cluster = format!("name = \"test\"\ncontext = \"{context}\"\n{}", self.more[0]);
        let text = config_text(&self.git.origin(), namespace, self.more[1]).replace("name = \"test\"\n", &cluster);
        let dirs = Arc::new(tempfile::tempdir().expect("a directory"));
        let source = KubeSource::file(kubeconfig);
        Deck::start(&text, |cache| Ports::real(cache, source), &dirs, start)
    }

    /// Everything allowed: who prepares the scene.
    pub fn admin(&self) -> Deck {
        self.deck_in(&self.namespace, self.server.kubeconfig(User::Admin), "admin", Start::default())
    }

    /// Signed in as that account, with a cache and a state of its own.
    pub fn deck(&self, account: &Account) -> Deck {
        self.deck_in(&self.namespace, account.kubeconfig.clone(), "test", Start::default())
    }

    /// Synced by the administrator.
    pub async fn synced(&self) {
        let mut deck = self.admin();
        deck.verdict(Verdict::Behind).await;
        let (outcome, note) = deck.sync(false).await;
        assert_eq!(outcome, Outcome::Done, "{note}");
        deck.verdict(Verdict::Synced).await;
        deck.close().await;
    }

    /// Everything in the namespace at its version: moves with any write.
    pub fn versions(&self) -> String {
        let columns = "custom-columns=K:.kind,N:.metadata.name,V:.metadata.resourceVersion";
        let kinds = "configmaps,deployments,secrets,serviceaccounts,rolebindings";
        self.server.kubectl(User::Admin, &["-n", &self.namespace, "get", kinds, "-o", columns])
    }

    pub fn image(&self) -> String {
        let args = ["-n", &self.namespace, "get", "deployment/api", "-o", "jsonpath={..image}"];
        self.server.kubectl(User::Admin, &args)
    }
}
