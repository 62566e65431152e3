//! `driftdeck demo --serve` as it is used: the built binary, a shell's line, kubectl, and a cockpit that sees what it did.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/programs.rs"]
mod programs;
#[path = "support/served.rs"]
mod served;
#[path = "support/terminal.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use portable_pty::CommandBuilder;
use serde_json::Value;
use served::{Demo, Home, driftdeck, kubectl};
use terminal::Terminal;

/// One press of Esc; two in a row would be another key.
const ESC: &str = "\u{1b}";

/// The binary on a terminal, in a home of its own.
fn deck(home: &Home, words: &[&str], columns: u16, rows: u16) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
    command.args(words);
    command.env("TMPDIR", home.temporary());
    command.env("HOME", home.dir());
    command.cwd(home.dir());
    Terminal::start(command, columns, rows)
}

/// The line on a screen, as a shell reads it when it is pasted.
fn line_on(screen: &str) -> Option<String> {
    let rest = &screen[screen.find("export KUBECONFIG=")?..];
    let mut line = String::new();
    for row in rest.lines() {
        match row.trim_end().strip_suffix('\\') {
            Some(begun) => line.push_str(begun),
            None => return Some(line + row.trim_end()),
        }
    }
    None
}

fn file_of(line: &str) -> PathBuf {
    PathBuf::from(line.strip_prefix("export KUBECONFIG=").expect("a line for a shell"))
}

#[test]
fn headless_it_prints_one_line_and_a_signal_leaves_nothing() {
    for (signal, exit) in [("INT", 130), ("TERM", 143)] {
        let home = Home::new();
        let demo = Demo::start(&home, &[]);
        let file = file_of(&demo.line);
        assert!(file.starts_with(home.temporary()) && file.is_file(), "the file of {:?} is there", demo.line);
        demo.signal(signal);
        let ended = demo.end();
        assert_eq!(ended.exit, Some(exit), "{signal}");
        assert_eq!(ended.out, "", "one line is all the data there is");
        assert!(ended.err.contains("until Ctrl-c"), "words are on stderr: {}", ended.err);
        assert_eq!(home.left(), Vec::<String>::new(), "nothing is left behind");
    }
}

#[test]
fn it_serves_though_nobody_hears_it_and_two_are_no_trouble() {
    if served::programs::kubectl().is_none() {
        return;
    }
    let home = Home::new();
    let (one, other) = (home.path("one"), home.path("other"));
    // A shell closes standard output, as a service manager might.
    let mut shell = Command::new("sh");
    let line = "exec \"$0\" demo --headless --write-kubeconfig \"$1\" >&-";
    shell.args(["-c", line, env!("CARGO_BIN_EXE_driftdeck")]).arg(&one);
    let unheard = Demo::run(&home, shell);
    let second = Demo::start(&home, &["--write-kubeconfig", "other"]);
    assert_eq!(file_of(&second.line), other, "whole, though the flag's was not");
    for file in [&one, &other] {
        let version = kubectl(&home, file, "get --raw /version");
        assert!(version.ok && version.text.contains("gitVersion"), "{}", version.text);
    }
    let tokens = |file: &Path| {
        let text = std::fs::read_to_string(file).expect("a kubeconfig");
        text.lines().filter_map(|line| line.trim().strip_prefix("token: ").map(str::to_owned)).collect::<Vec<_>>()
    };
    let (ours, theirs) = (tokens(&one), tokens(&other));
    assert!(ours.len() == 4 && ours.iter().all(|token| !theirs.contains(token)), "each its own");
    let refused = kubectl(&home, &one, &format!("--token={} get ns", theirs[0]));
    assert!(!refused.ok && refused.text.contains("must be logged in"), "{}", refused.text);

    let told = second.everything_told();
    for demo in [unheard, second] {
        demo.signal("TERM");
        let ended = demo.end();
        assert_eq!(ended.exit, Some(143), "{}", ended.err);
        let told = format!("{told}{}{}", ended.out, ended.err);
        for token in ours.iter().chain(&theirs) {
            assert!(!told.contains(token.as_str()), "a token is in the kubeconfig and nowhere else");
        }
    }
    assert!(!one.exists() && !other.exists(), "the files go with their demos");
    assert_eq!(home.left(), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn what_cannot_be_opened_is_told_and_leaves_nothing() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    std::fs::write(home.path("mine"), "kind: Config\n").expect("somebody's kubeconfig");
    let table: [(i32, &[&str], &str); 5] = [
        (2, &["--serve", "localhost"], "names are not looked up"),
        (3, &["--serve", &port], "another program has port"),
        (3, &["--serve", "192.0.2.1:0"], "this machine has no such address"),
        (3, &["--write-kubeconfig", "mine"], "was not written by a demo"),
        (3, &["--write-kubeconfig", "no/such/dir"], "its directory is not there"),
    ];
    for (exit, words, says) in table {
        let mut command = driftdeck(&home);
        let ran = command.args(["demo", "--headless"]).args(words).output().expect("it runs");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(exit), "{words:?}: {said}");
        assert!(said.contains(says) && ran.stdout.is_empty(), "{words:?} says {says:?}: {said}");
        assert_eq!(home.left(), Vec::<String>::new(), "{words:?}: nothing is left behind");
    }
    assert_eq!(std::fs::read_to_string(home.path("mine")).expect("it is there"), "kind: Config\n");
    let ran = driftdeck(&home).args(["demo", "--serve"]).stdin(Stdio::null()).output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(2) && said.contains("demo --headless"), "the way without a terminal: {said}");
}

#[test]
fn an_edit_by_kubectl_is_on_the_screen_with_its_manager() {
    if served::programs::kubectl().is_none() {
        return;
    }
    let home = Home::new();
    let mut deck = deck(&home, &["demo", "--serve"], 80, 24);
    let screen = deck.until("the line to paste", |screen| line_on(screen).is_some());
    let file = file_of(&line_on(&screen).expect("the line"));
    let kubectl = |words: &str| {
        let ran = kubectl(&home, &file, &format!("--context=stage-eu -n shop {words}"));
        assert!(ran.ok, "kubectl {words}: {}", ran.text);
    };
    deck.press("/payments cluster:stage-eu\r");
    let screen = deck.until("payments, synced", |screen| screen.contains("✓ synced      payments"));
    assert!(line_on(&screen).is_some(), "the line stays as long as the fleet is looked at:\n{screen}");

    kubectl(r#"patch configmap payments-config --type=merge -p {"data":{"RETRY_BUDGET":"0.9"}}"#);
    deck.until("the patch and who did it", |screen| {
        screen.contains("~ drifted     payments")
            && screen.lines().any(|line| line.starts_with("kubectl-patch") && line.contains("payments-config"))
    });
    // The editor of `kubectl` below writes seven replicas.
    kubectl("edit deployment payments");
    deck.until("the edit and who did it", |screen| {
        screen.lines().any(|line| line.starts_with("kubectl-edit") && line.contains("spec.replicas"))
    });
    let logs = served::kubectl(&home, &file, "--context=stage-eu -n shop logs deployment/payments");
    assert!(!logs.ok && logs.text.contains("runs no containers: it has no logs"), "{}", logs.text);
    kubectl("scale deployment payments --replicas=9");
    deck.until("the scaling and who did it", |screen| {
        screen.lines().any(|line| line.starts_with("kubectl ") && line.contains("spec.replicas"))
    });
    deck.press("Q");
    let (status, _) = deck.end();
    assert!(status.success(), "{status:?}");
    assert_eq!(home.left(), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn a_line_that_is_longer_than_the_screen_is_there_to_the_last_letter() {
    let home = Home::new();
    let long = home.temporary().join("a-directory-for-temporary-files-whose-name-alone-fills-a-terminal");
    std::fs::create_dir(&long).expect("a directory");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
    command.args(["demo", "--serve"]);
    command.env("TMPDIR", &long);
    command.env("HOME", home.dir());
    let mut deck = Terminal::start(command, 80, 24);
    let screen = deck.until("the line", |screen| line_on(screen).is_some());
    let line = line_on(&screen).expect("the line");
    assert!(line.len() > 80 && file_of(&line).is_file(), "pasted, it names the file: {line}");
    deck.press("?");
    let help = deck.until("help", |screen| screen.contains("type to search"));
    assert_eq!(line_on(&help).as_ref(), Some(&line), "it is on the help page too:\n{help}");
    deck.press_until(ESC, "the fleet", |screen| screen.contains("STATUS"));
    deck.press("c");
    deck.shows("for kubectl");
    deck.press("k");
    deck.shows("copied the line for kubectl");
    deck.press("Q");
    let (_, output) = deck.end();
    let copied = format!("\u{1b}]52;c;{}", base64::engine::general_purpose::STANDARD.encode(&line));
    assert!(String::from_utf8_lossy(&output.bytes).contains(&copied), "the exact line went to the clipboard");
}

const CONFIG: &str = r#"
author = { name = "Ops", email = "ops@example.com" }
# What a person wrote here stays.
[[clusters]]
name = "stage-eu"
kubeconfig = "KUBECONFIG"
[[clusters]]
name = "edge-07"
kubeconfig = "KUBECONFIG"
[[repos]]
name = "team"
url = "file://HOME/origin.git"
[[apps]]
name = "hello"
repo = "team"
path = "hello"
cluster = "stage-eu"
namespace = "team"
[[apps]]
name = "far"
repo = "team"
path = "hello"
cluster = "edge-07"
namespace = "team"
"#;

/// An operator with a config of their own, on a demo that serves.
struct Operator {
    home: Home,
    config: PathBuf,
    kubeconfig: PathBuf,
    demo: Demo,
}

impl Operator {
    fn new() -> Self {
        let home = Home::new();
        let kubeconfig = home.path("kubeconfig");
        let demo = Demo::start(&home, &["--write-kubeconfig", "kubeconfig"]);
        let text = CONFIG.replace("KUBECONFIG", &kubeconfig.display().to_string());
        let text = text.replace("HOME", &home.dir().display().to_string());
        std::fs::write(home.path("config.toml"), text).expect("written");
        home.git(".", "init -q --bare -b main origin.git");
        home.git(".", "init -q -b main work");
        std::fs::create_dir(home.path("work/hello")).expect("a directory");
        let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hello }\ndata: { colour: red }\n";
        std::fs::write(home.path("work/hello/cm.yaml"), manifest).expect("written");
        home.git("work", "add -A");
        home.git("work", "commit -q -m Hello");
        home.git("work", "push -q ../origin.git main");
        Self { config: home.path("config.toml"), kubeconfig, home, demo }
    }

    /// Runs a command and holds it to its exit code; what it printed.
    fn ends(&self, line: &str, exit: i32) -> String {
        let mut command = driftdeck(&self.home);
        let ran = command.args(line.split_whitespace()).arg("--config").arg(&self.config).output().expect("it runs");
        let [out, err] = [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(ran.status.code(), Some(exit), "driftdeck {line}\n--- stdout\n{out}\n--- stderr\n{err}");
        out
    }

    fn app(&self, name: &str, exit: i32) -> Value {
        let value: Value = serde_json::from_str(&self.ends(&format!("status {name} -o json"), exit)).expect("JSON");
        value["apps"][0].clone()
    }

    fn kubectl(&self, words: &str) {
        let ran = kubectl(&self.home, &self.kubeconfig, &format!("--context=stage-eu {words}"));
        assert!(ran.ok, "kubectl {words}: {}", ran.text);
    }
}

#[test]
fn a_config_of_ones_own_works_on_it_and_a_rule_is_written_from_the_diff() {
    if served::programs::kubectl().is_none() {
        return;
    }
    let ana = Operator::new();
    ana.kubectl("create namespace team");
    assert_eq!(ana.app("hello", 1)["verdict"], "behind", "nothing is there yet");
    ana.ends("sync hello --yes --wait", 0);
    assert_eq!(ana.app("hello", 0)["verdict"], "synced");
    assert!(ana.ends("diff hello", 0).is_empty(), "nothing differs");
    let far = ana.app("far", 3);
    assert_eq!(far["verdict"], "unknown", "{far:#}");
    ana.kubectl(r#"-n team patch configmap hello --type=merge -p {"data":{"colour":"blue"}}"#);
    let app = ana.app("hello", 1);
    assert_eq!(app["verdict"], "drifted");
    let by = &app["resources"][0]["findings"][0]["by"]["manager"];
    assert_eq!(by, "kubectl-patch", "who did it: {app:#}");
    assert!(ana.ends("diff hello", 1).contains("-  colour: blue"), "and what");

    let config = ana.config.display().to_string();
    let mut deck = deck(&ana.home, &["--config", &config], 120, 36);
    deck.until("the drift", |screen| screen.contains("~ drifted     hello"));
    deck.press("/hello\r");
    deck.until("hello alone", |screen| screen.contains("hello") && !screen.contains("edge-07 "));
    deck.press("d");
    deck.shows("- live (now)");
    deck.press("I");
    deck.shows("IGNORE hello · stage-eu");
    deck.press("INC-12");
    deck.shows("INC-12");
    deck.press_until("\r", "the rule written", |screen| !screen.contains("IGNORE hello"));
    deck.press_until(ESC, "the fleet", |screen| screen.contains("LAST COMMIT"));
    deck.until("hidden by the rule", |screen| screen.contains("✓ synced      hello"));
    deck.press("Q");
    assert!(deck.end().0.success());
    let text = std::fs::read_to_string(&ana.config).expect("the config");
    for word in
        ["path = \"data.colour\"", "reason = \"INC-12\"", "kind = \"ConfigMap\"", "# What a person wrote here stays."]
    {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    assert_eq!(ana.app("hello", 0)["verdict"], "synced", "and the rule holds for whoever reads the config");
    let Operator { demo, home, .. } = ana;
    demo.signal("TERM");
    assert_eq!(demo.end().exit, Some(143));
    assert_eq!(home.left(), Vec::<String>::new(), "nothing is left behind");
}
