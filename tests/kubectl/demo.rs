//! kubectl on the demo's port: contexts, the token, and an edit that the cockpit sees.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use driftdeck::demo::{self, Address, Demo, Options, Served};
use driftdeck::engine::{self, Clock, Role};
use driftdeck::model::*;

use super::{HANG, kubectls};

const MANIFEST: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: notes, namespace: shop}
data: {a: \"1\"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec: {containers: [{name: c, image: 'registry.example.com/hello:1'}]}
";

/// Line by line: exit code, what is typed, what must stand in the output; behind a `!`, what must not. That each command
/// says what it says on kube-apiserver is the business of `script`; here is the port, its contexts and what lies behind.
const SCRIPT: &[(i32, &str, &str)] = &[
    (0, "get --raw /version", "\"gitVersion\":\"v1.36.3\""),
    (0, "config get-contexts -o name", "stage-eu"),
    (0, "auth whoami", "system:masters"),
    (0, "get deploy -n shop", "UP-TO-DATE"),
    (0, "get configmaps -A --chunk-size=2", "web-config"),
    (0, "get cm -n shop cart-config -o yaml", "!managedFields"),
    (0, "get pods -n shop --field-selector status.phase=Running -o name", "pod/"),
    (0, "describe deploy cart -n shop", "Name:"),
    (1, "get cm -n shop nosuch", "configmaps \"nosuch\" not found"),
    (0, "--context=prod-us get deploy -n web -o name", "deployment.apps/web"),
    (0, "create namespace extra", "created"),
    (0, "create secret generic hush -n extra --from-literal=k=v", "created"),
    (0, "apply -f FILE", "configmap/notes created"),
    (0, "apply -f FILE", "configmap/notes unchanged"),
    (0, "apply --server-side --force-conflicts -f FILE", "serverside-applied"),
    (1, "diff -f MORE", "+  a: \"2\""),
    (0, "apply -f MORE", "deployment.apps/hello configured"),
    (0, "edit cm notes -n shop", "edited"),
    (0, "get cm notes -n shop -o jsonpath={.data.a}", "edited"),
    (0, "scale deploy/hello -n shop --replicas=1", "scaled"),
    (0, "rollout history deploy/payments -n shop", "REVISION"),
    (0, "delete -f FILE --wait=false", "deleted"),
    (1, "--token=wrong get ns", "must be logged in"),
];

fn kubectl(program: &Path, (home, config): (&Path, &Path), words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command
        .args(words)
        .env("KUBECONFIG", config)
        .env("HOME", home)
        .env("KUBE_EDITOR", "sed -i s/^..a:.*/\\ \\ a:\\ edited/")
        .current_dir(home);
    command.output().expect("kubectl runs")
}

fn held() -> (tokio::sync::watch::Sender<Now>, Clock) {
    let wall = "2026-11-21T14:02:00Z".parse().expect("a time");
    Clock::held(Now { wall, since_start: Duration::from_secs(10) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_of_kubectl_commands_goes_as_on_a_real_server() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut wrong = Vec::new();
    for program in kubectls() {
        let (_clock, clock) = held();
        let demo = demo::start(Options::headless(clock, Role::Cockpit)).await.expect("a demo");
        let home = tempfile::tempdir().expect("a home");
        std::fs::write(home.path().join("FILE"), MANIFEST).expect("a manifest");
        let more = MANIFEST.replace("\"1\"", "\"2\"").replace("replicas: 2", "replicas: 3");
        std::fs::write(home.path().join("MORE"), more).expect("a manifest");
        let served = Served::open(&demo.stage, Address::default(), None).expect("a port");
        for &(code, line, said) in SCRIPT {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (program, home, config) = (program.clone(), home.path().to_owned(), served.kubeconfig().to_owned());
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            let output = tokio::task::spawn_blocking(move || {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                kubectl(&program, (&home, &config), &words)
            });
            let output = tokio::time::timeout(HANG, output).await.expect("no hang").expect("kubectl runs");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            let fits = match said.strip_prefix('!') {
                Some(hidden) => !text.contains(hidden),
                None => text.contains(said),
            };
            if output.status.code() != Some(code) || !fits {
                wrong.push(format!("{:?} for {code}: kubectl {line}\n{text}", output.status.code()));
            }
        }
        drop(served);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_by_kubectl_is_seen_with_its_manager() {
    let Some(program) = kubectls().into_iter().next() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_clock, clock) = held();
    let Demo { setup, stage } = demo::start(Options::headless(clock, Role::OneShot)).await.expect("a demo");
    let served = Served::open(&stage, Address::default(), None).expect("a port");
    let (engine, _answers) = engine::start(setup);
    let app = AppId::new("web", ClusterName::new("stage-eu"));
    let mut fleets = engine.fleet();
    let verdict = |fleet: &Fleet| fleet.app(&app).map(|app| app.verdict);
    let synced = fleets.wait_for(|fleet| verdict(fleet) == Some(Verdict::Synced));
    drop(tokio::time::timeout(HANG, synced).await.expect("web is judged").expect("the engine runs"));
    let home = tempfile::tempdir().expect("a home");
    let patch = r#"{"data":{"SENTRY_SAMPLE":"1.0"}}"#;
    let words = ["--context=stage-eu", "patch", "cm", "web-config", "-n", "web", "--type=merge", "-p", patch];
    let (dir, config) = (home.path().to_owned(), served.kubeconfig().to_owned());
    let output = tokio::task::spawn_blocking(move || kubectl(&program, (&dir, &config), &words)).await.expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drifted = fleets.wait_for(|fleet| verdict(fleet) == Some(Verdict::Drifted));
    let fleet = tokio::time::timeout(HANG, drifted).await.expect("the drift is seen").expect("the engine runs").clone();
    let row = fleet.app(&app).expect("web");
    let by: Vec<&str> = row
        .resources
        .iter()
        .flat_map(|row| &row.findings)
        .filter_map(|finding| finding.by.as_ref())
        .map(|by| by.manager.raw())
        .collect();
    assert_eq!(by, ["kubectl-patch"], "who did it is said");
    let file = served.kubeconfig().to_owned();
    engine.close().await;
    drop(served);
    assert!(!file.exists(), "the kubeconfig goes with the port");
}
