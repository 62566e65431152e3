//! The binary on a real API server: every command, the cockpit on a pseudo-terminal, every file it leaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use portable_pty::CommandBuilder;
use serde_json::Value;

use crate::apiserver::{self, Server, User};
use crate::engine::{commit, missed, play};
use crate::hunt::Hunt;
use crate::road::Git;
use crate::shapes::{self, SHAPES};
use crate::stage::Stage;
use crate::terminal::Terminal;

/// A home of its own: everything the binary writes lies below it.
struct Home {
    dir: tempfile::TempDir,
    git: Git,
    namespace: String,
    kubeconfig: PathBuf,
    outputs: Vec<(String, Vec<u8>)>,
}

impl Home {
    fn new(server: &'static Server) -> Self {
        let (dir, git) = (tempfile::tempdir().expect("a directory"), Git::new());
        let (namespace, kubeconfig) = (server.namespace("canary"), server.kubeconfig(User::Operator));
        let cluster =
            format!("context = {:?}\nkubeconfig = {:?}", User::Operator.name(), kubeconfig.display().to_string());
        let text = shapes::config(&git.origin().display().to_string(), &namespace, &cluster);
        std::fs::write(dir.path().join("config.toml"), text).expect("written");
        std::fs::create_dir(dir.path().join("tmp")).expect("a directory");
        Self { dir, git, namespace, kubeconfig, outputs: Vec::new() }
    }

    fn env(&self) -> BTreeMap<&'static str, PathBuf> {
        let at = |name: &str| self.dir.path().join(name);
        BTreeMap::from([
            ("HOME", self.dir.path().to_owned()),
            ("TMPDIR", at("tmp")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_CACHE_HOME", at("cache")),
            ("PATH", PathBuf::from(std::env::var_os("PATH").unwrap_or_default())),
            ("RUST_LOG", "trace".into()),
            ("RUST_BACKTRACE", "full".into()),
            ("DRIFTDECK_LOG", "trace".into()),
        ])
    }

    /// Runs a command, keeps what it wrote, gives its stdout.
    fn run(&mut self, line: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftdeck"));
        command.args(line.split_whitespace()).current_dir(self.dir.path()).env_clear().envs(self.env());
        let config = self.dir.path().join("config.toml");
        let log = self.dir.path().join("trace.log");
        let ran = command.arg("--config").arg(config).arg("--log-file").arg(log).output().expect("it runs");
        self.outputs.push((format!("{line} (stdout)"), ran.stdout.clone()));
        self.outputs.push((format!("{line} (stderr)"), ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// Runs a command that goes on until a signal, as long as it takes to say that.
    fn run_until(&mut self, line: &str, said: &str) {
        let config = self.dir.path().join("config.toml");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
        line.split_whitespace().for_each(|word| command.arg(word));
        command.arg("--config");
        command.arg(config);
        command.env_clear();
        self.env().into_iter().for_each(|(name, value)| command.env(name, value));
        let running = Terminal::start(command, 400, 100);
        running.shows(said);
        running.signal("TERM");
        self.outputs.push((line.to_owned(), running.end().1.bytes));
    }

    fn holds(&mut self) {
        for line in [
            "pin shop --reason night --yes",
            "status -o json",
            "unpin shop --yes",
            "revert shop --to HEAD~1",
            "revert shop --to HEAD~1 --mode pin --reason night --yes",
            "status",
            "unpin shop --yes",
            "revert shop --to HEAD~1 --reason night --sync --prune --yes",
            "config path",
            "config trust",
            "completions bash",
            "man",
        ] {
            self.run(line);
        }
        self.run_until("status --watch", "shop");
        self.run_until("agent", "shop@");
    }

    fn looks(&mut self) {
        for line in [
            "status",
            "status -o json",
            "status -o yaml",
            "status -o jsonl",
            "status --color always",
            "diff",
            "diff shop bad",
            "diff torn",
            "diff -o json",
            "diff --rev HEAD~1",
            "diff shop --rev main -o json",
            "sync shop --dry-run",
            "sync --all --dry-run -o json",
            "sync bad --dry-run",
            "sync torn --yes",
            "sync kust --yes",
            "history shop",
            "history shop -o json",
            "config check",
            "config example",
            "status nosuch",
            "pause shop --reason night --yes",
            "status",
            "resume shop --yes",
        ] {
            self.run(line);
        }
        let kubeconfig = self.kubeconfig.display().to_string();
        for shape in SHAPES {
            let Some(text) = shapes::file(shape, true) else { continue };
            std::fs::create_dir_all(self.git_copy()).expect("a directory");
            let file = self.git_copy().join(format!("{}.yaml", shape.name));
            std::fs::write(&file, text).expect("written");
            let namespace = self.namespace.clone();
            self.run(&format!("diff -f {} --kubeconfig {kubeconfig} -n {namespace}", file.display()));
        }
        std::fs::remove_dir_all(self.git_copy()).expect("removed");
    }

    /// Manifests of a person's own: not written by driftdeck, and not searched.
    fn git_copy(&self) -> PathBuf {
        self.dir.path().join("manifests")
    }

    /// The cockpit, through its screens.
    fn cockpit(&mut self) {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
        command.arg("--config");
        command.arg(self.dir.path().join("config.toml"));
        command.env_clear();
        self.env().into_iter().for_each(|(name, value)| command.env(name, value));
        let mut deck = Terminal::start(command, 160, 50);
        let mut screens =
            vec![deck.until("the fleet, judged", |screen| screen.contains("shop") && screen.contains("torn"))];
        deck.press("/shop\r");
        screens.push(deck.until("shop alone", |screen| screen.contains("shop") && !screen.contains("torn ")));
        deck.press("\r");
        screens.push(deck.shows("OBJECT"));
        deck.press("jjjjd");
        screens.push(deck.shows("- live (now)"));
        for _ in 0..30 {
            deck.press("]b");
        }
        deck.press("\u{1b}");
        screens.push(deck.shows("OBJECT"));
        deck.press("s");
        screens.push(deck.shows("SYNC shop"));
        deck.press("\u{1b}");
        screens.push(deck.until("the app again", |screen| screen.contains("OBJECT") && !screen.contains("SYNC shop")));
        deck.press("t");
        screens.push(deck.shows("touch this app's inputs"));
        deck.press("\u{1b}");
        screens.push(deck.shows("OBJECT"));
        deck.press("6");
        screens.push(deck.shows("ERRORS"));
        deck.press("?");
        screens.push(deck.shows("HELP"));
        deck.press("Cnry");
        screens.push(deck.shows("Cnry"));
        deck.signal("TERM");
        let (_, output) = deck.end();
        self.outputs.push(("the cockpit's bytes".to_owned(), output.bytes));
        self.outputs.push(("the cockpit's screens".to_owned(), screens.concat().into_bytes()));
    }

    fn leaks(&self) -> Vec<String> {
        let hunt = Hunt::of(SHAPES.iter().flat_map(shapes::values));
        let found = |(name, bytes): &(String, Vec<u8>)| {
            hunt.found(bytes).into_iter().map(|value| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let mut leaks: Vec<String> = self.outputs.iter().flat_map(found).collect();
        let mirrors = self.dir.path().join("cache/driftdeck/mirrors");
        assert!(mirrors.is_dir(), "the one directory that may hold what git holds is there");
        leaks.extend(hunt.found_below(self.dir.path(), &[mirrors.as_path()]));
        leaks
    }
}

fn paths(report: &Value, name: &str) -> Option<Vec<String>> {
    let apps = report["apps"].as_array()?;
    let shop = apps.iter().find(|app| app["name"] == "shop")?;
    let row = shop["resources"].as_array()?.iter().find(|row| row["name"] == name)?;
    let path = |finding: &Value| finding["path"].as_str().map(str::to_owned);
    row["findings"].as_array().map(|findings| findings.iter().filter_map(path).collect())
}

#[test]
fn no_value_leaves_the_binary_on_a_real_server_and_every_change_is_told_by_key() {
    let Some(server) = apiserver::shared() else { return };
    let stage = Stage::Shared(server);
    let mut home = Home::new(server);
    commit(&home.git, "feat: all shapes", false);
    let first = home.run("sync shop --yes");
    assert!(Path::new(&home.kubeconfig).exists(), "{first}");
    play(&stage, &home.namespace);
    commit(&home.git, "feat: new values", true);
    let report: Value = serde_json::from_str(&home.run("status shop -o json")).expect("JSON");
    let wrong = missed(&|name| paths(&report, name));
    home.looks();
    home.cockpit();
    home.run("sync shop --yes --prune");
    home.run("sync bad --yes");
    home.run("status -o json");
    home.run("history shop");
    home.looks();
    home.holds();
    let leaks = home.leaks();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    assert!(wrong.is_empty(), "told otherwise:\n{}", wrong.join("\n"));
    assert!(home.dir.path().join("trace.log").exists(), "there is a log, at the level of everything");
    let left: Vec<_> = std::fs::read_dir(home.dir.path().join("tmp")).expect("readable").flatten().collect();
    assert!(left.is_empty(), "exports of renders are gone: {left:?}");
    eprintln!("{} shapes, {} outputs searched", SHAPES.len(), home.outputs.len());
}
