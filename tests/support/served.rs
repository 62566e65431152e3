//! A demo that serves without a screen, and the commands one runs beside it.
#![allow(dead_code, reason = "each suite uses its own part of it")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::programs;

/// A home of its own for each test, with a place for temporary files.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        std::fs::create_dir(home.temporary()).expect("a directory");
        home
    }

    pub fn dir(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    /// What lies among the temporary files.
    pub fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.temporary()).expect("readable");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    pub fn git(&self, within: &str, words: &str) {
        let who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
        let mut git = Command::new("git");
        let ran = git.args(who).args(words.split_whitespace()).current_dir(self.path(within)).output();
        let ran = ran.expect("git runs");
        assert!(ran.status.success(), "git {words}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// The built binary in that home, with nothing of the machine's own settings.
pub fn driftdeck(home: &Home) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftdeck"));
    surround(&mut command, home);
    command
}

fn surround(command: &mut Command, home: &Home) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", home.dir()).env("TMPDIR", home.temporary()).env("USER", "ana");
    command.current_dir(home.dir()).stdin(Stdio::null());
}

/// A demo that serves.
pub struct Demo {
    /// The line it printed; empty where nobody heard it.
    pub line: String,
    child: Child,
    out: Option<BufReader<ChildStdout>>,
    err: BufReader<ChildStderr>,
    said: String,
}

/// How it ended, and what else it said.
pub struct Ended {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Demo {
    /// `driftdeck demo --headless` with more words; open when this returns.
    pub fn start(home: &Home, words: &[&str]) -> Self {
        let mut command = driftdeck(home);
        command.args(["demo", "--headless"]).args(words).stdout(Stdio::piped());
        let mut demo = Self::run(home, command);
        let out = demo.out.as_mut().expect("a pipe");
        out.read_line(&mut demo.line).expect("a line");
        demo.line.truncate(demo.line.trim_end().len());
        demo
    }

    /// A command that becomes one.
    pub fn run(home: &Home, mut command: Command) -> Self {
        surround(&mut command, home);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
        let out = child.stdout.take().map(BufReader::new);
        let mut err = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        err.read_line(&mut said).expect("a line");
        assert!(said.contains("serving"), "it says that it serves: {said}");
        Self { line: String::new(), child, out, err, said }
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "the signal was sent");
    }

    /// What other users of this machine may see of it, and what it has written so far but for the kubeconfig.
    pub fn everything_told(&self) -> String {
        let mut told = self.line.clone() + &self.said;
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
            told.push_str(&String::from_utf8_lossy(&bytes));
        }
        told
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let exit = self.child.wait().expect("it ends").code();
        let (mut out, mut err) = (String::new(), std::mem::take(&mut self.said));
        if let Some(rest) = &mut self.out {
            rest.read_to_string(&mut out).expect("text");
        }
        self.err.read_to_string(&mut err).expect("text");
        Ended { exit, out, err }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What kubectl said.
pub struct Said {
    pub ok: bool,
    pub text: String,
}

/// The kubectl of the test support; its editor wants seven replicas.
pub fn kubectl(home: &Home, kubeconfig: &Path, words: &str) -> Said {
    let mut command = Command::new(programs::kubectl().expect("a kubectl"));
    surround(&mut command, home);
    command.args(words.split_whitespace()).env("KUBECONFIG", kubeconfig);
    let ran =
        command.env("KUBE_EDITOR", "sed -i s/^..replicas:.*/\\ \\ replicas:\\ 7/").output().expect("kubectl runs");
    let text = [ran.stdout, ran.stderr].concat();
    Said { ok: ran.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}
