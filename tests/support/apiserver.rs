//! A real kube-apiserver with its etcd for the tests: free loopback ports, its own CA, five accounts.
//!
//! Owns starting them and stopping them: on drop, on a panic, and when the test process is killed. Refuses to know what
//! is tested, and where the programs come from (`programs.rs`).
//!
//! In a suite: `#[path = "support/apiserver.rs"] mod apiserver;` and
//! `let Some(server) = apiserver::shared() else { return };` – `None` = skipped, said in one line on stderr.
#![allow(dead_code, reason = "each suite uses its own part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "test support: what does not work ends the test")]

#[path = "credentials.rs"]
mod credentials;
#[path = "programs.rs"]
pub mod programs;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use programs::Programs;

/// An account of the token file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// `system:masters`: everything; exempt from throttling.
    Admin,
    /// Everything by RBAC, throttled like anybody.
    Operator,
    /// Gets, lists and watches the usual kinds; no Secrets, no writes.
    Reader,
    /// Gets, lists and watches everything, Secrets too; no writes, and so no dry runs.
    Looker,
    /// Signed in, without a single right.
    NoAccess,
}

impl User {
    const ALL: [Self; 5] = [Self::Admin, Self::Operator, Self::Reader, Self::Looker, Self::NoAccess];

    /// The account's name, also of its context in the kubeconfig.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Reader => "reader",
            Self::Looker => "looker",
            Self::NoAccess => "noaccess",
        }
    }

    /// The bearer token.
    pub fn token(self) -> String {
        format!("token-of-{}", self.name())
    }
}

/// What stands between a write and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The plugins that kube-apiserver runs by default, but for `ServiceAccount`: nobody makes accounts here.
    Usual,
    /// `NamespaceLifecycle` alone: what the sandbox plays.
    NamespaceLifecycle,
}

/// The plugins that run by default.
const PLUGINS: &str = "CertificateApproval,CertificateSigning,CertificateSubjectRestriction,ClusterTrustBundleAttest,\
    DefaultIngressClass,DefaultStorageClass,DefaultTolerationSeconds,JobValidation,LimitRanger,MutatingAdmissionPolicy,\
    MutatingAdmissionWebhook,NodeDeclaredFeatureValidator,PersistentVolumeClaimResize,PodGroupProtection,\
    PodGroupWorkloadExists,PodResizeValidator,PodSecurity,PodTopologyLabels,Priority,ResourceQuota,RuntimeClass,\
    ServiceAccount,StorageObjectInUseProtection,TaintNodesByCondition,ValidatingAdmissionPolicy,\
    ValidatingAdmissionWebhook";

impl Admission {
    fn off(self) -> String {
        let plugins = if self == Self::Usual { "ServiceAccount" } else { PLUGINS };
        format!("--disable-admission-plugins={plugins}")
    }
}

/// The suite's server, started at the first call. `None`: there is none to be had here (no Go), said once on stderr;
/// with `CI` set that is a failure.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(own).as_ref()
}

/// A server of one's own, for tests that stop or hinder it. `None` as in [`shared`].
pub fn own() -> Option<Server> {
    with(Admission::Usual)
}

/// A server of one's own with this admission. `None` as in [`shared`].
pub fn with(admission: Admission) -> Option<Server> {
    match programs::find() {
        Ok(programs) => Some(Server::start(programs, admission)),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) => {
            panic!("no kube-apiserver to test on: {why}")
        }
        Err(why) => {
            static SAID: OnceLock<()> = OnceLock::new();
            // The handle, not the macro: the line must be seen though the test passes.
            SAID.get_or_init(|| {
                let _ = writeln!(std::io::stderr(), "skipped, needs a real kube-apiserver: {why}");
            });
            None
        }
    }
}

/// A running pair of etcd and kube-apiserver.
pub struct Server {
    dir: PathBuf,
    url: String,
    programs: &'static Programs,
    admission: Admission,
    /// Of etcd's clients, and of the API server.
    ports: [u16; 2],
    running: Mutex<Running>,
}

/// The processes; stopped on drop.
struct Running {
    etcd: Child,
    apiserver: Child,
    /// Reads a pipe that this process holds, and kills the pair when the pipe closes for whatever reason.
    watchdog: Child,
    dir: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        for child in [&mut self.apiserver, &mut self.etcd] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Server {
    fn start(programs: &'static Programs, admission: Admission) -> Self {
        let mut last = String::new();
        for _ in 0..3 {
            match Self::try_start(programs, admission) {
                Ok(server) => return server,
                Err(why) => last = why,
            }
        }
        panic!("kube-apiserver does not start: {last}");
    }

    /// One try; a port that somebody took in between makes it fail.
    fn try_start(programs: &'static Programs, admission: Admission) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("driftdeck-apiserver").tempdir().map_err(|e| e.to_string())?.keep();
        let [client, peer, secure] = free_ports();
        let url = format!("https://127.0.0.1:{secure}");
        credentials::write(&dir, &url);
        let etcd = start_etcd(&programs.etcd, &dir, client, peer)?;
        let apiserver = start_apiserver(&programs.apiserver, &dir, [client, secure], admission)?;
        let watchdog = start_watchdog(&dir, &[etcd.id(), apiserver.id()])?;
        let running = Mutex::new(Running { etcd, apiserver, watchdog, dir: dir.clone() });
        let server = Self { dir, url, programs, admission, ports: [client, secure], running };
        server.wait_until_ready()?;
        server.apply(User::Admin, credentials::RBAC);
        Ok(server)
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig of its own for one account: one context, named like the account, and current.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.dir.join(format!("{}.kubeconfig", user.name()))
    }

    /// The PEM file of the server's CA.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A namespace that no other test uses, such as `payments-3`.
    pub fn namespace(&self, prefix: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.kubectl(User::Admin, &["create", "namespace", &name]);
        name
    }

    /// Where its files are, and those of what runs beside it; gone with it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The kubectl program, for those who time it.
    pub fn kubectl_path(&self) -> &std::path::Path {
        &self.programs.kubectl
    }

    /// Runs kubectl and returns its stdout; panics with its stderr when it fails.
    pub fn kubectl(&self, user: User, args: &[&str]) -> String {
        let out = self.try_kubectl(user, args, "");
        assert!(out.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Runs kubectl, with `input` on stdin, whatever comes of it.
    pub fn try_kubectl(&self, user: User, args: &[&str], input: &str) -> Output {
        finish(self.command(user).args(args), input)
    }

    /// `kubectl apply -f -`: as a person applies (client-side, manager `kubectl-client-side-apply`).
    pub fn apply(&self, user: User, yaml: &str) {
        let out = self.try_kubectl(user, &["apply", "-f", "-"], yaml);
        assert!(out.status.success(), "kubectl apply: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// `kubectl edit` with a sed script for an editor: `server.edit(ns, "deployment/api", "s/replicas: 1/replicas: 5/")`.
    pub fn edit(&self, namespace: &str, object: &str, sed: &str) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let script = self.dir.join(format!("edit-{}.sh", NEXT.fetch_add(1, Ordering::Relaxed)));
        let quoted = sed.replace('\'', "'\\''");
        fs::write(&script, format!("sed -e '{quoted}' \"$1\" > \"$1.new\" && cat \"$1.new\" > \"$1\"\n"))
            .expect("script");
        let mut command = self.command(User::Admin);
        command.env("KUBE_EDITOR", format!("sh {}", script.display())).args(["-n", namespace, "edit", object]);
        let out = finish(&mut command, "");
        assert!(out.status.success(), "kubectl edit {object}: {}", String::from_utf8_lossy(&out.stderr));
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains("edited"), "the sed script {sed:?} must change {object}: {said}");
    }

    /// Stops answering without closing a connection (SIGSTOP), until [`Server::resume`].
    pub fn pause(&self) {
        self.signal("STOP");
        let pid = self.running.lock().expect("one at a time").apiserver.id();
        // A signal is only asked for: a thread on the other core may answer once more before it stops.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while !is_stopped(pid) && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
    }

    /// Goes on answering.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Kills the API server (SIGKILL), so that every connection breaks; etcd keeps what it has.
    pub fn kill(&self) {
        let mut running = self.running.lock().expect("one at a time");
        let _ = running.apiserver.kill();
        let _ = running.apiserver.wait();
    }

    /// Starts it again after [`Server::kill`], on the same port, and waits until it is ready.
    pub fn start_again(&self) {
        let apiserver = start_apiserver(&self.programs.apiserver, &self.dir, self.ports, self.admission);
        let apiserver = apiserver.expect("it started before");
        {
            let mut running = self.running.lock().expect("one at a time");
            let watchdog = start_watchdog(&self.dir, &[running.etcd.id(), apiserver.id()]).expect("a shell");
            let mut old = std::mem::replace(&mut running.watchdog, watchdog);
            let _ = old.kill();
            let _ = old.wait();
            running.apiserver = apiserver;
        }
        self.wait_until_ready().expect("ready again");
    }

    fn signal(&self, name: &str) {
        let pid = self.running.lock().expect("one at a time").apiserver.id().to_string();
        let done = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(done.success(), "kill -{name} {pid}");
    }

    fn command(&self, user: User) -> Command {
        let mut command = Command::new(&self.programs.kubectl);
        // kubectl caches discovery below HOME; that of a stranger's home must not be read or written.
        command.env("KUBECONFIG", self.kubeconfig(user)).env("HOME", &self.dir).env("KUBERC", "off");
        command
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        for _ in 0..400 {
            let done = |args: &[&str]| self.try_kubectl(User::Admin, args, "").status.success();
            if done(&["get", "--raw", "/readyz"]) && done(&["get", "namespace", "default", "kube-system"]) {
                return Ok(());
            }
            let ended = self.running.lock().expect("one at a time").apiserver.try_wait();
            if ended.is_ok_and(|status| status.is_some()) {
                break;
            }
            breathe();
        }
        let log = fs::read_to_string(self.dir.join("apiserver.log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(8).collect();
        Err(format!("not ready; the last lines of its log, newest first: {}", tail.join(" | ")))
    }
}

/// Gives the processor away for a moment between two questions.
pub fn breathe() {
    let (_held, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(100));
}

/// Runs a command with text on stdin.
fn finish(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kubectl starts");
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output().expect("kubectl ends")
}

fn free_ports() -> [u16; 3] {
    let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}

fn start_etcd(program: &Path, dir: &Path, client: u16, peer: u16) -> Result<Child, String> {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let mut command = Command::new(program);
    command.arg("--data-dir").arg(dir.join("etcd"));
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("default={peer}"), "--unsafe-no-fsync", "--log-level=error"]);
    logged(&mut command, &dir.join("etcd.log"))
}

fn start_apiserver(
    program: &Path,
    dir: &Path,
    [etcd, secure]: [u16; 2],
    admission: Admission,
) -> Result<Child, String> {
    let file = |name: &str| dir.join(name).display().to_string();
    let mut command = Command::new(program);
    command.arg(format!("--etcd-servers=http://127.0.0.1:{etcd}"));
    command.arg(format!("--secure-port={secure}"));
    command.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
    command.arg(format!("--tls-cert-file={}", file("server.pem")));
    command.arg(format!("--tls-private-key-file={}", file("server.key")));
    command.arg(format!("--cert-dir={}", file("certs")));
    command.arg(format!("--token-auth-file={}", file("tokens.csv")));
    command.args(["--authorization-mode=RBAC", &admission.off()]);
    command.arg("--service-account-issuer=https://kubernetes.default.svc");
    command.arg(format!("--service-account-key-file={}", file("accounts.pub")));
    command.arg(format!("--service-account-signing-key-file={}", file("accounts.key")));
    command.args(["--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=true", "--profiling=false"]);
    logged(&mut command, &dir.join("apiserver.log"))
}

pub fn logged(command: &mut Command, log: &Path) -> Result<Child, String> {
    let out = fs::File::create(log).map_err(|e| e.to_string())?;
    let err = out.try_clone().map_err(|e| e.to_string())?;
    let started = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
    started.map_err(|e| format!("{}: {e}", command.get_program().display()))
}

/// A shell that waits for the end of this process: the write end of its stdin lives here and nowhere else.
pub fn start_watchdog(dir: &Path, pids: &[u32]) -> Result<Child, String> {
    const SCRIPT: &str = "trap '' INT TERM HUP; dir=$1; shift; cat >/dev/null; kill -KILL \"$@\"; rm -rf \"$dir\" || { sleep 1; rm -rf \"$dir\"; }";
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "sh"]).arg(dir).args(pids.iter().map(u32::to_string));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())
}

/// Whether every thread of a process stands still; where there is no `/proc`, the signal's word is taken.
fn is_stopped(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.filter_map(Result::ok).all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with('T'))
    })
}
