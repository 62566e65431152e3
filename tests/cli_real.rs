//! The built binary on a real API server and a real repository: the whole way of an operator without a cockpit.

#![allow(clippy::expect_used, reason = "a test that cannot be set up says so")]

#[path = "support/apiserver.rs"]
mod apiserver;

use std::path::PathBuf;
use std::process::Command;

use apiserver::{Server, User};
use serde_json::Value;

/// An operator: a home, a repository with a work tree, an app on the server.
struct Operator {
    home: tempfile::TempDir,
    server: &'static Server,
    namespace: String,
}

struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Operator {
    fn new(server: &'static Server, prefix: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let namespace = server.namespace(prefix);
        let operator = Self { home, server, namespace };
        operator.git(".", &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        operator.git(".", &["init", "-q", "-b", "main", "work"]);
        operator.git("work", &["remote", "add", "origin", "../origin.git"]);
        let config = format!(
            r#"
author = {{ name = "Ops", email = "ops@example.com" }}
[[clusters]]
name = "real"
context = {context:?}
kubeconfig = "{kubeconfig}"
[[repos]]
name = "platform"
url = "file://{home}/origin.git"
[[apps]]
name = "web"
repo = "platform"
path = "web"
revision = "main"
cluster = "real"
namespace = "{namespace}"
"#,
            context = User::Operator.name(),
            kubeconfig = server.kubeconfig(User::Operator).display(),
            home = operator.home.path().display(),
            namespace = operator.namespace,
        );
        std::fs::write(operator.path("config.toml"), config).expect("written");
        operator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn git(&self, within: &str, words: &[&str]) -> String {
        let mut git = Command::new("git");
        let who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
        let ran = git.args(who).args(words).current_dir(self.path(within)).output().expect("git runs");
        assert!(ran.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Commits one ConfigMap with this colour; the commit's id.
    fn commit(&self, colour: &str) -> String {
        std::fs::create_dir_all(self.path("work/web")).expect("a directory");
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: web }}\ndata: {{ colour: {colour} }}\n");
        std::fs::write(self.path("work/web/cm.yaml"), text).expect("written");
        self.git("work", &["add", "-A"]);
        self.git("work", &["commit", "-q", "-m", &format!("Paint it {colour}")]);
        self.git("work", &["push", "-q", "origin", "HEAD:main"]);
        self.git("work", &["rev-parse", "HEAD"])
    }

    fn run(&self, line: &str) -> Ran {
        let mut binary = Command::new(env!("CARGO_BIN_EXE_driftdeck"));
        binary.args(line.split_whitespace()).arg("--config").arg(self.path("config.toml"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        binary.env_clear().env("HOME", self.home.path()).env("PATH", path).env("USER", "ana");
        let ran = binary.current_dir(self.home.path()).output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran { exit: ran.status.code().expect("no signal"), out: text(ran.stdout), err: text(ran.stderr) }
    }

    /// Runs it, and holds it to its exit code.
    fn ends(&self, line: &str, exit: i32) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.exit, exit, "driftdeck {line}\n--- stdout\n{}\n--- stderr\n{}", ran.out, ran.err);
        ran
    }

    fn app(&self, exit: i32) -> Value {
        let ran = self.ends("status -o json", exit);
        let value: Value = serde_json::from_str(&ran.out).expect("JSON");
        value["apps"][0].clone()
    }

    fn colour(&self) -> String {
        let words = ["-n", &self.namespace, "get", "cm", "web", "-o", "jsonpath={.data.colour}"];
        self.server.kubectl(User::Operator, &words)
    }
}

#[test]
fn an_operator_looks_syncs_finds_drift_and_goes_back() {
    let Some(server) = apiserver::shared() else { return };
    let ana = Operator::new(server, "cli");
    let red = ana.commit("red");

    assert_eq!(ana.app(1)["verdict"], "behind", "git is ahead: nothing is there yet");
    let plan = ana.ends("sync web --dry-run", 1);
    assert!(plan.out.contains("create") && plan.out.contains("ConfigMap/web"), "the plan is data: {}", plan.out);
    let refused = ana.ends("sync web", 3);
    assert!(refused.err.contains("--yes"), "the flag to add is named: {}", refused.err);
    ana.ends("sync web --yes --read-only", 3);
    assert_eq!(ana.app(1)["deployed"], Value::Null, "nothing was written");

    let synced = ana.ends("sync web --yes --wait", 0);
    assert!(synced.err.contains("ConfigMap/web: done"), "progress on stderr: {}", synced.err);
    assert_eq!(ana.app(0)["verdict"], "synced");
    assert_eq!(ana.app(0)["deployed"]["commit"], red.as_str());
    let again = ana.ends("sync web --yes", 0);
    assert!(again.err.contains("nothing to do"), "the same command twice: {}", again.err);
    assert!(ana.ends("diff", 0).err.contains("no differences"));

    server.edit(&ana.namespace, "configmap/web", "s/colour: red/colour: blue/");
    assert_eq!(ana.app(1)["verdict"], "drifted");
    let diff = ana.ends("diff web", 1);
    assert!(diff.out.contains("-  colour: blue") && diff.out.contains("+  colour: red"), "{}", diff.out);
    assert!(diff.out.contains("kubectl-edit"), "who did it: {}", diff.out);
    ana.ends("sync web --yes --only ConfigMap/web", 0);
    assert_eq!(ana.colour(), "red");
    ana.ends("sync web --yes --only ConfigMap/nope", 2);

    ana.commit("green");
    ana.ends("sync web --yes --wait", 0);
    assert_eq!(ana.colour(), "green");
    let history = ana.ends("history web -o json", 0);
    let history: Value = serde_json::from_str(&history.out).expect("JSON");
    assert_eq!(history["apps"][0]["commits"][0]["subject"], "Paint it green");
    assert_eq!(history["apps"][0]["commits"][1]["commit"], red.as_str());
    let short = &red[..7];
    ana.ends(&format!("diff web --rev {short}"), 1);
    ana.ends(&format!("diff web --rev {short} -o json"), 1);
    ana.ends("diff web --rev main", 0);
    ana.ends("diff web --rev no-such-branch", 3);

    ana.ends("pause web --reason night --for 2h --yes", 0);
    assert_eq!(ana.app(0)["paused"]["reason"], "night");
    ana.ends("resume web --yes", 0);
    assert_eq!(ana.app(0)["paused"], Value::Null);

    let preview = ana.ends(&format!("revert web --to {short}"), 3);
    assert!(preview.out.contains("revert: web@real back to"), "the preview comes first: {}", preview.out);
    ana.ends(&format!("revert web --to {short} --reason oops --yes=0 --sync"), 0);
    assert!(ana.git("origin.git", &["log", "-1", "--format=%B"]).contains("Driftdeck-App"), "a new commit says whose");
    assert_eq!(ana.colour(), "red", "pushed, planned, synced");
    assert_eq!(ana.app(0)["verdict"], "synced");
}

#[test]
fn plain_manifests_are_compared_with_the_current_context() {
    let Some(server) = apiserver::shared() else { return };
    let ana = Operator::new(server, "plain");
    let file = ana.path("cm.yaml");
    let manifest = |colour: &str| {
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: web }}\ndata: {{ colour: {colour} }}\n");
        std::fs::write(&file, text).expect("written");
    };
    let kubeconfig = server.kubeconfig(User::Operator);
    let diff = |exit: i32| {
        let line = format!("diff -f {} --kubeconfig {} -n {}", file.display(), kubeconfig.display(), ana.namespace);
        ana.ends(&line, exit)
    };
    manifest("red");
    assert!(diff(1).out.contains("+  colour: red"), "nothing is there yet");
    let words = ["-n", &ana.namespace, "create", "configmap", "web", "--from-literal=colour=blue"];
    server.kubectl(User::Operator, &words);
    let out = diff(1).out;
    assert!(out.contains("-  colour: blue") && out.contains("+  colour: red"), "{out}");
    manifest("blue");
    assert!(diff(0).err.contains("no differences"), "what the manifest says is there");
}
