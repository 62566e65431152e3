//! The road against the clock, on a real kube-apiserver: `cargo bench --bench road`.
//!
//! Two questions. How long does `driftdeck status` take over 1,000 synced objects, beside `kubectl diff --server-side` of
//! the same files (whole processes in alternation, medians of five)? And how long from a live edit that the server has
//! acknowledged to the changed cell on a pseudo-terminal? Prints figures; judges nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a bench stops at the first surprise")]

#[path = "../tests/support/apiserver.rs"]
mod apiserver;

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use apiserver::{Server, User};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const APPS: usize = 10;
/// Of each of the five kinds in each app.
const EACH: usize = 20;
const RUNS: usize = 5;
const EDITS: usize = 60;

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(server) = apiserver::own() else { return };
    let ground = Ground::new(&server);
    ground.sync_all();
    ground.status_beside_kubectl();
    ground.edit_to_cell();
}

struct Ground<'s> {
    server: &'s Server,
    dir: tempfile::TempDir,
    config: PathBuf,
}

impl<'s> Ground<'s> {
    fn new(server: &'s Server) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let repo = dir.path().join("platform");
        for app in 0..APPS {
            let at = repo.join(format!("apps/a{app}"));
            std::fs::create_dir_all(&at).expect("directories");
            std::fs::write(at.join("all.yaml"), manifests(app)).expect("written");
            server.kubectl(User::Admin, &["create", "namespace", &format!("bench-{app}")]);
        }
        git(&repo, &["init", "-q", "-b", "main"]);
        git(&repo, &["add", "-A"]);
        git(&repo, &["commit", "-q", "-m", "feat: a thousand objects"]);
        let config = dir.path().join("driftdeck.toml");
        std::fs::write(&config, config_text(server, &repo)).expect("written");
        std::fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("mode");
        Self { server, dir, config }
    }

    fn driftdeck(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftdeck"));
        command.arg("--config").arg(&self.config);
        self.at_home(&mut command);
        command
    }

    fn at_home(&self, command: &mut Command) {
        for (name, below) in [("HOME", "home"), ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")] {
            command.env(name, self.dir.path().join(below));
        }
    }

    fn sync_all(&self) {
        let start = Instant::now();
        for app in 0..APPS {
            let done = self.driftdeck().args(["sync", &format!("a{app}"), "--yes"]).output().expect("driftdeck runs");
            assert!(done.status.success(), "sync: {}", String::from_utf8_lossy(&done.stderr));
        }
        println!("sync of {} new objects in {APPS} processes: {:.1} s", objects(), start.elapsed().as_secs_f64());
    }

    fn status_beside_kubectl(&self) {
        let files = self.dir.path().join("platform/apps");
        let kubeconfig = self.server.kubeconfig(User::Admin);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            ours.push(timed(self.driftdeck().arg("status")));
            let mut kubectl = Command::new(self.server.kubectl_path());
            kubectl.args(["diff", "--server-side", "-R", "-f"]).arg(&files).arg("--kubeconfig").arg(&kubeconfig);
            self.at_home(&mut kubectl);
            theirs.push(timed(&mut kubectl));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "status of {} synced objects: driftdeck {:.3} s, kubectl diff --server-side {:.3} s: {:.1} times",
            objects(),
            ours.as_secs_f64(),
            theirs.as_secs_f64(),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }

    fn edit_to_cell(&self) {
        let cockpit = Cockpit::open(self);
        cockpit.wait("all synced", |screen| screen.matches("synced").count() >= APPS);
        let client = Client::new(self.server);
        let mut times = Vec::new();
        for n in 0..EDITS {
            client.set(&format!("edited-{n}"));
            let acknowledged = Instant::now();
            cockpit.wait("drifted", |screen| screen.contains("drifted"));
            times.push(acknowledged.elapsed());
            client.set("v0");
            let acknowledged = Instant::now();
            cockpit.wait("synced again", |screen| !screen.contains("drifted"));
            times.push(acknowledged.elapsed());
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        println!(
            "edit acknowledged to cell changed, {} edits: p50 {:.1} ms, p99 {:.1} ms",
            times.len(),
            at(50),
            at(99)
        );
    }
}

fn objects() -> usize {
    APPS * EACH * 5
}

/// Five kinds in equal parts, with bodies as people write them.
fn manifests(app: usize) -> String {
    let mut all = String::new();
    for n in 0..EACH {
        let _ = write!(
            all,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}, namespace: bench-{app}, labels: {{app: a{app}}}}}\ndata: {{key: v0, other: \"two\\nlines\\n\"}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: s{n}, namespace: bench-{app}}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: v{n}, namespace: bench-{app}}}\nspec: {{selector: {{app: d{n}}}, ports: [{{port: 80, targetPort: 8080, protocol: TCP}}]}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n{n}, namespace: bench-{app}}}\nspec: {{podSelector: {{matchLabels: {{app: d{n}}}}}, policyTypes: [Ingress], ingress: [{{from: [{{podSelector: {{}}}}]}}]}}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{n}, namespace: bench-{app}}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: d{n}}}}}\n  template:\n    metadata: {{labels: {{app: d{n}}}}}\n    spec:\n      containers:\n      - name: app\n        image: registry.example.com/app:{n}\n        ports: [{{containerPort: 8080}}]\n        env: [{{name: A, value: \"1\"}}, {{name: B, value: \"2\"}}]\n        resources: {{limits: {{cpu: 500m, memory: 256Mi}}, requests: {{cpu: 100m, memory: 128Mi}}}}\n---\n"
        );
    }
    all
}

fn config_text(server: &Server, repo: &Path) -> String {
    let mut text = format!(
        "interval = \"1h\"\n[[clusters]]\nname = \"bench\"\ncontext = \"admin\"\nkubeconfig = \"{}\"\n\
         [[repos]]\nname = \"platform\"\nurl = \"file://{}\"\n",
        server.kubeconfig(User::Admin).display(),
        repo.display()
    );
    for app in 0..APPS {
        let _ = write!(
            text,
            "[[apps]]\nname = \"a{app}\"\nrepo = \"platform\"\npath = \"apps/a{app}\"\ncluster = \"bench\"\nnamespace = \"bench-{app}\"\n"
        );
    }
    text
}

fn git(at: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"];
    let done = Command::new("git").args(identity).args(args).current_dir(at).output().expect("git runs");
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let done: Output = command.stdin(Stdio::null()).output().expect("the program runs");
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} found a difference or failed: {said}");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Writes one ConfigMap's key as `kubectl edit` would; returns when the server has acknowledged.
struct Client {
    http: reqwest::blocking::Client,
    url: String,
    token: String,
}

impl Client {
    fn new(server: &Server) -> Self {
        let pem = std::fs::read(server.ca_file()).expect("the CA");
        let ca = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        let http = reqwest::blocking::Client::builder().tls_certs_only([ca]).build().expect("a client");
        let path = "/api/v1/namespaces/bench-0/configmaps/c0?fieldManager=kubectl-edit";
        Self { http, url: format!("{}{path}", server.url()), token: User::Admin.token() }
    }

    fn set(&self, value: &str) {
        let body = format!("{{\"data\":{{\"key\":\"{value}\"}}}}");
        let request = self.http.patch(&self.url).bearer_auth(&self.token);
        let answer = request.header("content-type", "application/merge-patch+json").body(body).send().expect("sent");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

/// The cockpit on a pseudo-terminal: the screen as it is now, and the news of each change.
struct Cockpit {
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    input: Mutex<Box<dyn std::io::Write + Send>>,
    child: Mutex<Box<dyn portable_pty::Child + Send + Sync>>,
    _terminal: Box<dyn portable_pty::MasterPty + Send>,
}

impl Cockpit {
    fn open(ground: &Ground) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
        command.arg("--config");
        command.arg(&ground.config);
        for (name, below) in [("HOME", "home"), ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")] {
            command.env(name, ground.dir.path().join(below));
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command).expect("driftdeck starts");
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let (rows, cols) = (36.try_into().expect("rows"), 120.try_into().expect("columns"));
        let screen = Arc::new((Mutex::new(vt100::Parser::new(rows, cols, 0)), Condvar::new()));
        let fed = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                fed.0.lock().unwrap_or_else(PoisonError::into_inner).process(&bytes[..count]);
                fed.1.notify_all();
            }
        });
        let input = Mutex::new(pair.master.take_writer().expect("a writer"));
        Self { screen, input, child: Mutex::new(child), _terminal: pair.master }
    }

    fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let parser = self.screen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unmet = |parser: &mut vt100::Parser| !wanted(&parser.screen().contents());
        let (parser, outcome) =
            self.screen.1.wait_timeout_while(parser, Duration::from_mins(1), unmet).expect("not poisoned");
        assert!(!outcome.timed_out(), "never {what}:\n{}", parser.screen().contents());
    }
}

impl Drop for Cockpit {
    fn drop(&mut self) {
        let _ = self.input.lock().unwrap_or_else(PoisonError::into_inner).write_all(b"Q");
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
    }
}
