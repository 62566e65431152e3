//! The built binary, run as a shell runs it: what it prints where, and the number it leaves behind.

#![allow(clippy::expect_used, reason = "a test that cannot be set up says so")]

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A home of its own for each test: no config, no state, no kubeconfig of the machine.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.dir().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftdeck"));
        command.args(words).current_dir(self.dir()).env_clear().env("HOME", self.dir()).stdin(Stdio::null());
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(name, self.dir().join(name));
        }
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        Ran::of(words, &self.command(words).output().expect("the binary runs"))
    }
}

struct Ran {
    line: String,
    exit: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(words: &[&str], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { line: words.join(" "), exit: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Ended with this code, and said this on stderr.
    fn ends(&self, exit: i32, says: &[&str]) -> &Self {
        let Self { line, out, err, .. } = self;
        assert_eq!(self.exit, Some(exit), "`{line}`\n--- stdout\n{out}\n--- stderr\n{err}");
        for word in says {
            assert!(err.contains(word), "`{line}` says {word:?}:\n{err}");
        }
        self
    }

    fn prints_nothing(&self) -> &Self {
        assert_eq!(self.out, "", "`{}`: words belong on stderr", self.line);
        self
    }
}

const GOOD: &str = r#"
[[clusters]]
name = "nowhere"
kubeconfig = "KUBECONFIG"
[[apps]]
name = "web"
dir = "web"
cluster = "nowhere"
namespace = "web"
"#;

/// A config that is good, on a cluster whose kubeconfig is not there.
fn good(home: &Home) -> String {
    std::fs::create_dir(home.dir().join("web")).expect("a directory");
    home.write("web/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n");
    home.write("config.toml", GOOD)
}

#[test]
fn help_and_version_are_data() {
    let home = Home::new();
    let help = home.run(&["--help"]);
    help.ends(0, &[]);
    for command in ["status", "diff", "sync", "history", "revert", "pause", "resume", "pin", "unpin", "agent", "demo"] {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command} is listed:\n{}", help.out);
    }
    assert_eq!(home.run(&["--version"]).ends(0, &[]).out, format!("driftdeck {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_config_key_is_told_with_file_and_line() {
    let home = Home::new();
    let file = home.write("bad.toml", "interval = \"30s\"\nintervall = \"30s\"\n");
    for words in [["--config", &file, "status"], ["config", "check", "--config"]] {
        let mut words = words.to_vec();
        if words[0] == "config" {
            words.push(&file);
        }
        home.run(&words).ends(2, &[&format!("{file}:2"), "intervall", "interval"]).prints_nothing();
    }
}

#[test]
fn a_config_that_is_not_there_is_said_and_where_it_was_looked_for() {
    let home = Home::new();
    home.run(&["status", "--config", "nope.toml"]).ends(2, &["nope.toml", "no such file"]).prints_nothing();
    home.run(&["status"]).ends(2, &["config.toml", "config example"]).prints_nothing();
    let path = home.run(&["config", "path"]);
    assert!(path.ends(0, &[]).out.ends_with("config.toml\n"), "{}", path.out);
}

#[test]
fn the_example_is_a_config_that_this_version_reads() {
    let home = Home::new();
    let example = home.run(&["config", "example"]);
    let file = home.write("example.toml", &example.ends(0, &[]).out);
    home.run(&["config", "check", "--config", &file]).ends(0, &["good"]).prints_nothing();
}

#[test]
fn a_local_config_is_shown_and_refused_until_it_is_trusted_as_it_is() {
    let home = Home::new();
    home.write("driftdeck.toml", "interval = \"31s\"\n");
    home.run(&["config", "check"]).ends(2, &["not trusted", "config trust", "interval = \"31s\""]).prints_nothing();
    home.run(&["config", "trust"]).ends(0, &["trusted"]);
    home.run(&["config", "check"]).ends(0, &["good"]);
    home.write("driftdeck.toml", "interval = \"32s\"\n");
    home.run(&["config", "check"]).ends(2, &["changed since it was trusted"]);
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&["completions", shell]);
        assert!(script.ends(0, &[]).out.contains("driftdeck"), "{shell}");
        assert!(!script.out.contains("--plain"), "{shell}: what is not there yet is not completed");
    }
    assert!(home.run(&["man"]).ends(0, &[]).out.contains(".TH driftdeck 1"));
    home.run(&["completions", "tcsh"]).ends(2, &["tcsh"]);
}

#[test]
fn the_cockpit_needs_a_terminal() {
    Home::new().run(&[]).ends(2, &["no terminal"]).prints_nothing();
}

#[test]
fn a_word_that_is_neither_command_nor_directory_is_a_usage_error() {
    Home::new().run(&["statsu"]).ends(2, &["statsu is neither a command nor a directory"]).prints_nothing();
}

#[test]
fn what_is_not_there_yet_exits_2() {
    let home = Home::new();
    home.run(&["diff", "-o", "markdown"]).ends(2, &["not there yet"]).prints_nothing();
    home.run(&["revert", "web", "--to", "HEAD", "--mode", "undo"]).ends(2, &["--mode undo is not there yet"]);
}

#[test]
fn an_unknown_app_is_a_usage_error_with_the_nearest_name() {
    let home = Home::new();
    let file = good(&home);
    home.run(&["status", "wed", "--config", &file]).ends(2, &["no app wed", "did you mean web?"]).prints_nothing();
}

#[test]
fn a_cluster_that_cannot_be_reached_leaves_the_app_unknown_with_its_reason_and_exits_3() {
    let home = Home::new();
    let file = good(&home);
    let ran = home.run(&["status", "-o", "json", "--config", &file]);
    let value: serde_json::Value = serde_json::from_str(&ran.ends(3, &[]).out).expect("JSON on stdout alone");
    assert_eq!(value["schema"], "driftdeck/v1");
    assert_eq!(value["apps"][0]["verdict"], "unknown", "{value:#}");
    assert_eq!(value["apps"][0]["reason"]["code"], "cluster_config", "{value:#}");
    assert_eq!(value["clusters"][0]["state"], "misconfigured", "{value:#}");
}

#[test]
fn a_write_that_cannot_be_planned_exits_3_and_prints_no_plan() {
    let home = Home::new();
    let file = good(&home);
    let ran = home.run(&["sync", "web", "--yes", "--config", &file]);
    ran.ends(3, &["driftdeck: ", "its cluster is not connected: "]).prints_nothing();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child =
        home.command(&["config", "example"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!((ended.status.code(), said.as_str()), (Some(0), ""), "a closed pipe is not told");
}

#[test]
fn the_log_is_never_on_the_screen() {
    let home = Home::new();
    let (file, log) = (good(&home), home.dir().join("own.log"));
    let words = ["status", "--config", &file, "--log-file", &log.display().to_string()];
    let ran = home.run(&words);
    ran.ends(3, &[]);
    assert!(log.exists(), "it is in the file that was named");
    assert!(!ran.err.contains("INFO") && !ran.err.contains("WARN"), "{}", ran.err);
    home.run(&["status", "--config", &file, "--log-file", "no/such/dir/log"]).ends(2, &["--log-file"]);
}

#[test]
fn nothing_but_plain_text_leaves_without_a_terminal() {
    let home = Home::new();
    let file = good(&home);
    let plain = home.run(&["status", "--config", &file]);
    assert!(!plain.out.contains('\u{1b}') && !plain.err.contains('\u{1b}'), "{}{}", plain.out, plain.err);
    let coloured = home.run(&["status", "--config", &file, "--color", "always"]);
    assert!(coloured.out.contains('\u{1b}'), "--color always means it");
}

#[test]
fn manifests_on_standard_input_need_a_context_to_be_compared_with() {
    let home = Home::new();
    let mut child = home.command(&["diff", "-f", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n").expect("read");
    drop(stdin);
    let ended = child.wait_with_output().expect("ends");
    Ran::of(&["diff", "-f", "-"], &ended).ends(2, &["no kubeconfig"]).prints_nothing();
}

#[test]
fn a_signal_ends_a_command_with_its_number() {
    for (name, exit) in [("-INT", 130), ("-TERM", 143)] {
        let home = Home::new();
        let file = good(&home);
        let mut command = home.command(&["status", "--watch", "--config", &file]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
        let mut first = String::new();
        std::io::BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut first).expect("a line");
        assert!(first.starts_with("APP "), "it has printed how things stand: {first}");
        let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(child.wait().expect("ends").code(), Some(exit), "{name}");
    }
}

#[test]
fn a_scene_that_there_is_not_is_told_with_all_there_are() {
    let home = Home::new();
    let ran = home.run(&["demo", "--scene", "quotta"]);
    ran.ends(2, &["there is no scene \"quotta\"; did you mean quota?"]);
    ran.ends(
        2,
        &["  quota            nothing new fits", "  webhook-timeout  an admission webhook", "  410 ", "  signed-out "],
    );
}
