//! The roles of `docs/security.md`, each tried on the real server: an account bound to one does what the page says, and
//! nothing more.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[allow(dead_code, reason = "each suite uses its own part of it")]
#[path = "support/road.rs"]
mod road;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use apiserver::{Server, User};
use driftdeck::cluster::KubeSource;
use driftdeck::engine::{Ports, Role};
use driftdeck::model::{
    Act, AgentSeen, AppRow, Basis, Command, Consent, Fleet, Moved, Outcome, ReasonCode, ResourceRow, RevertMode,
    RevertOrder, RunRow, RunState, RunStep, Said, StepState, Verdict,
};
use road::{Deck, Git, Start, config_text, shop};

const LOOK: &str = include_str!("../assets/deploy/rbac-look.yaml");
const OPERATE: &str = include_str!("../assets/deploy/rbac-operate.yaml");
const AGENT: &str = include_str!("../assets/deploy/rbac-agent.yaml");
const PAGE: &str = include_str!("../docs/security.md");

const FLAGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  RETRY_MAX: \"3\"\n";
const OLD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: old\ndata:\n  a: b\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: hunter2-canary\n";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      containers:\n      - name: app\n        image: {image}\n"
    )
}

/// The server with all roles of the page, nobody bound yet.
fn server() -> Option<&'static Server> {
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
struct Account {
    server: &'static Server,
    subject: String,
    kubeconfig: PathBuf,
    _dir: tempfile::TempDir,
}

impl Account {
    /// A new one without rights.
    fn new(server: &'static Server, namespace: &str) -> Self {
        server.kubectl(User::Admin, &["-n", namespace, "create", "serviceaccount", "someone"]);
        Self::signed_in(server, namespace, "someone")
    }

    /// One that is there, signed in by a token of its own.
    fn signed_in(server: &'static Server, namespace: &str, name: &str) -> Self {
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
    fn bind(&self, namespace: &str, role: &str) -> &Self {
        let (account, role) = (format!("--serviceaccount={}", self.subject), format!("--clusterrole={role}"));
        let name = format!("{}-{}", &role[14..], self.subject.replace(':', "-"));
        self.server.kubectl(User::Admin, &["-n", namespace, "create", "rolebinding", &name, &role, &account]);
        self
    }

    /// Whether the server lets it.
    fn may(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let user = format!("--as=system:serviceaccount:{}", self.subject);
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let part = format!("--subresource={part}");
        let args = ["auth", "can-i", verb, resource, &part, "-n", namespace, &user];
        self.server.try_kubectl(User::Admin, &args, "").status.success()
    }

    /// Waits until a right that was just bound counts.
    fn wait_for(&self, verb: &str, resource: &str, namespace: &str) {
        let counts = (0..100).any(|_| self.may(verb, resource, namespace));
        assert!(counts, "{} may {verb} {resource} in {namespace}", self.subject);
    }

    /// None of these is allowed.
    fn assert_may_not(&self, namespace: &str, denied: &[(&str, &str)]) {
        for (verb, resource) in denied {
            assert!(!self.may(verb, resource, namespace), "{verb} {resource} in {namespace} is not in the role");
        }
    }
}

/// An app in git and its namespace.
struct Scene {
    server: &'static Server,
    git: Git,
    namespace: String,
    more: &'static str,
}

impl Scene {
    fn new(name: &str) -> Option<Self> {
        let server = server()?;
        let git = Git::new();
        git.commit("feat: first", &[("shop/flags.yaml", Some(FLAGS)), ("shop/api.yaml", Some(&deployment("a:1")))]);
        Some(Self { server, git, namespace: server.namespace(name), more: "" })
    }

    fn deck_in(&self, namespace: &str, kubeconfig: PathBuf, context: &str, start: Start) -> Deck {
        let cluster = format!("name = \"test\"\ncontext = \"{context}\"\n{}", self.more);
        let text = config_text(&self.git.origin(), namespace, "").replace("name = \"test\"\n", &cluster);
        let dirs = Arc::new(tempfile::tempdir().expect("a directory"));
        let source = KubeSource::file(kubeconfig);
        Deck::start(&text, |cache| Ports::real(cache, source), &dirs, start)
    }

    /// Everything allowed: who prepares the scene.
    fn admin(&self) -> Deck {
        self.deck_in(&self.namespace, self.server.kubeconfig(User::Admin), "admin", Start::default())
    }

    /// Signed in as that account, with a cache and a state of its own.
    fn deck(&self, account: &Account) -> Deck {
        self.deck_in(&self.namespace, account.kubeconfig.clone(), "test", Start::default())
    }

    /// Synced by the administrator.
    async fn synced(&self) {
        let mut deck = self.admin();
        deck.verdict(Verdict::Behind).await;
        let (outcome, note) = deck.sync(false).await;
        assert_eq!(outcome, Outcome::Done, "{note}");
        deck.verdict(Verdict::Synced).await;
        deck.close().await;
    }

    /// Everything in the namespace at its version: moves with any write.
    fn versions(&self) -> String {
        let columns = "custom-columns=K:.kind,N:.metadata.name,V:.metadata.resourceVersion";
        let kinds = "configmaps,deployments,secrets,serviceaccounts,rolebindings";
        self.server.kubectl(User::Admin, &["-n", &self.namespace, "get", kinds, "-o", columns])
    }

    fn image(&self) -> String {
        let args = ["-n", &self.namespace, "get", "deployment/api", "-o", "jsonpath={..image}"];
        self.server.kubectl(User::Admin, &args)
    }
}

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
    scene.more = "record_namespace = \"driftdeck\"\n";
    let account = Account::signed_in(scene.server, "driftdeck", "driftdeck-agent");
    account.bind(&scene.namespace, "driftdeck-agent").wait_for("patch", "deployments", &scene.namespace);
    account.wait_for("update", "leases.coordination.k8s.io", "driftdeck");
    let mut eyes = scene.admin();
    eyes.until("no agent yet", |app| app.agent == AgentSeen::Never && app.verdict == Verdict::Behind).await;
    let text = config_text(&scene.git.origin(), &scene.namespace, "sync = { auto = true, self_heal = true }");
    let text = text.replace("name = \"test\"\n", "name = \"test\"\nrecord_namespace = \"driftdeck\"\n");
    let dirs = Arc::new(tempfile::tempdir().expect("a directory"));
    let source = KubeSource::file(account.kubeconfig.clone());
    let start = Start { role: Role::Agent, who: "driftdeck agent", ..Start::default() };
    let mut agent = Deck::start(&text, |cache| Ports::real(cache, source), &dirs, start);
    agent.verdict(Verdict::Synced).await;
    eyes.until("the agent seen", |app| matches!(app.agent, AgentSeen::At(_))).await;
    let app = eyes.verdict(Verdict::Synced).await;
    assert_eq!(app.deployed.as_ref().map(|deployed| deployed.by.raw()), Some("driftdeck agent"), "it is on record");
    let here = scene.server.try_kubectl(User::Admin, &["-n", &scene.namespace, "get", "cm/driftdeck.shop"], "");
    assert!(!here.status.success(), "the record lies with the agent, not with the app");

    let mut fleet = agent.handle.fleet();
    scene.server.edit(&scene.namespace, "deployment/api", "s/image: a:1/image: a:hotfix/");
    let updated = |run: &RunRow| {
        let update = |step: &RunStep| step.act == Act::Update && step.state == StepState::Done;
        run.state == RunState::Ended(Outcome::Done) && run.steps.iter().any(update)
    };
    let healed = |fleet: &Arc<Fleet>| fleet.runs.iter().any(|run| updated(run));
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), fleet.wait_for(healed));
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
