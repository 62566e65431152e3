//! Plays the script: each group on both servers at once, step by step, and says where they differ.
//!
//! While one writes on a group, `KUBECTL_GROUP=its-name` plays it alone.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::apiserver::{self, Admission, Server, User};
use super::differs::DIFFERS;
use super::plain::plain;
use super::script::{Group, SCRIPT, Step};
use super::side::{Said, Side, filled};
use super::{controllers, kubectls, port};

/// Controllers, definitions and their documents follow a write on the real server after a while.
const LIMIT: Duration = Duration::from_secs(90);
/// Groups at a time.
const WORKERS: usize = 4;
/// Commands that write nothing, and so may be typed again.
const READS: [&str; 12] = [
    "get",
    "describe",
    "explain",
    "api-resources",
    "api-versions",
    "auth",
    "diff",
    "wait",
    "version",
    "events",
    "rollout status",
    "rollout history",
];

/// A group under one kubectl.
struct Job<'a> {
    group: &'a Group,
    program: &'a Path,
    letter: char,
}

/// A step that did not go the same way.
struct Difference {
    group: &'static str,
    line: &'static str,
    text: String,
}

/// The two servers as one group sees them.
struct Pair {
    real: Side,
    ours: Side,
    letter: char,
    namespace: String,
    /// Whether something goes on by itself on the real server.
    settles: bool,
}

#[test]
fn the_same_commands_say_the_same_on_kube_apiserver_and_on_the_sandbox() {
    let commands: usize = SCRIPT.iter().map(|group| group.steps.len()).sum();
    assert!(commands >= 60, "{commands} commands are few");
    let Some(server) = apiserver::with(Admission::NamespaceLifecycle) else { return };
    let mut found = all(&server, &port::open(false).url, false);
    if let Some(_controllers) = controllers::start(&server) {
        found.extend(all(&server, &port::open(true).url, true));
    }
    let is_expected = |one: &Difference| DIFFERS.iter().any(|row| (row.0, row.1) == (one.group, one.line));
    let wrong: Vec<&str> = found.iter().filter(|one| !is_expected(one)).map(|one| &*one.text).collect();
    let stale = DIFFERS
        .iter()
        .filter(|row| only().is_none() && !found.iter().any(|one| (row.0, row.1) == (one.group, one.line)));
    let stale: Vec<String> =
        stale.map(|row| format!("does not differ any more: {}: kubectl {}", row.0, row.1)).collect();
    assert!(
        wrong.is_empty() && stale.is_empty(),
        "{} differ:\n{}\n{}",
        wrong.len(),
        wrong.join("\n"),
        stale.join("\n")
    );
}

/// The one group that was asked for.
fn only() -> Option<String> {
    std::env::var("KUBECTL_GROUP").ok()
}

/// Every group that wants the controllers so, under every kubectl.
fn all(server: &Server, sandbox: &str, with_controllers: bool) -> Vec<Difference> {
    let programs: Vec<PathBuf> = kubectls();
    let only = only();
    let jobs = programs.iter().zip('a'..).flat_map(|(program, letter)| {
        let only = only.clone();
        let groups = SCRIPT.iter().filter(move |group| {
            group.with_controllers == with_controllers && only.as_ref().is_none_or(|only| only == group.name)
        });
        groups.map(move |group| Job { group, program, letter })
    });
    let (jobs, found) = (Mutex::new(jobs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(job) = jobs.lock().expect("one at a time").next() else { return };
                    let own = play(&job, server, sandbox);
                    found.lock().expect("one at a time").extend(own);
                }
            });
        }
    });
    found.into_inner().expect("nobody else")
}

fn play(job: &Job, server: &Server, sandbox: &str) -> Vec<Difference> {
    let namespace = format!("{}-{}", job.group.name, job.letter);
    let place = (job.letter, &*namespace);
    let there = format!("server: \"{}\", certificate-authority: \"{}\"", server.url(), server.ca_file().display());
    let pair = Pair {
        real: Side::new(job.program, (&there, &User::Admin.token()), place),
        ours: Side::new(job.program, (&format!("server: \"{sandbox}\""), "none"), place),
        letter: job.letter,
        namespace: namespace.clone(),
        settles: job.group.with_controllers || job.group.name == "customs",
    };
    for side in [&pair.real, &pair.ours] {
        let said = side.run(&format!("create namespace {namespace}"));
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    let mut out = Vec::new();
    for step in job.group.steps {
        if let Some((line, text)) = pair.step(*step) {
            let text = format!("{} ({}): kubectl {line}\n{text}", job.group.name, job.letter);
            out.push(Difference { group: job.group.name, line, text });
        }
    }
    out
}

impl Pair {
    /// Where a step goes another way, in words.
    fn step(&self, step: Step) -> Option<(&'static str, String)> {
        match step {
            Step::Run(code, line) => self.run(code, line).map(|text| (line, text)),
            Step::Watch(line, lines, writes) => {
                let [real, ours] = [&self.real, &self.ours].map(|side| {
                    let writes = || writes.iter().for_each(|line| drop(side.run(&self.filled(line))));
                    side.watch(&self.filled(line), lines, writes)
                });
                self.difference(line, &real, &ours).map(|text| (line, text))
            }
            Step::Ready(selector, count) => self.both(selector, |side| reach(side, selector, READY) == (count, count)),
            Step::Ended(selector, count) => self.both(selector, |side| reach(side, selector, ENDED) == (count, count)),
            Step::Rolled(what) => self.both(what, |side| {
                let selector = what.split_once('/').map(|(_, name)| format!("app={name}")).unwrap_or_default();
                reach(side, &selector, READY);
                let said = side.run(&format!("rollout status {what} --watch=false"));
                said.out.contains("successfully rolled out") || said.out.contains("roll out complete")
            }),
        }
    }

    fn filled(&self, line: &str) -> String {
        filled(line, self.letter, &self.namespace)
    }

    /// Tries until it holds, on both.
    fn both(&self, line: &'static str, holds: impl Fn(&Side) -> bool) -> Option<(&'static str, String)> {
        let mut failed = Vec::new();
        for (name, side) in [("kube-apiserver", &self.real), ("the sandbox", &self.ours)] {
            let started = Instant::now();
            while !holds(side) {
                if started.elapsed() > LIMIT {
                    failed.push(format!("never on {name}"));
                    break;
                }
                apiserver::breathe();
            }
        }
        (!failed.is_empty()).then(|| (line, failed.join(", ")))
    }

    /// Runs a line on both; on the real server again while that may help.
    fn run(&self, code: i32, line: &'static str) -> Option<String> {
        let typed = self.filled(line);
        let (ours, started) = (self.ours.run(&typed), Instant::now());
        loop {
            let real = self.real.run(&typed);
            let is_built = self.letter == 'a';
            let differs = self.difference(line, &real, &ours).or_else(|| {
                let is_as_stated = !is_built || real.code == Some(code);
                (!is_as_stated).then(|| format!("exit code {:?}, {code} stated\n{}{}", real.code, real.out, real.err))
            });
            let expected = DIFFERS.iter().any(|row| row.1 == line);
            let harmless = READS.iter().any(|read| line.starts_with(read)) || (code == 0 && real.code != Some(0));
            if differs.is_none() || expected || !harmless || !self.settles || started.elapsed() > LIMIT {
                return differs;
            }
            apiserver::breathe();
        }
    }

    fn difference(&self, line: &str, real: &Said, ours: &Said) -> Option<String> {
        let whole = |side: &Side, said: &Said| {
            let text = format!("{}\n--- stderr, code {:?}\n{}", said.out.trim_end(), said.code, said.err.trim_end());
            plain(line, &text.replace(&side.home().display().to_string(), "HOME"))
        };
        let (real, ours) = (whole(&self.real, real), whole(&self.ours, ours));
        (real != ours).then(|| lines_of(&real, &ours))
    }
}

/// What the kubelet says of pods: the phase, and the rest of the status.
const READY: (&str, &str) =
    ("Running", r#"[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]"#);
const ENDED: (&str, &str) = ("Succeeded", "[]");

/// Brings the pods of a selector to a phase; how many there are, and how many were there before.
fn reach(side: &Side, selector: &str, (phase, conditions): (&str, &str)) -> (usize, usize) {
    let said = side.run(&format!("get pods -l {selector} -o json"));
    let read: Value = serde_json::from_str(&said.out).unwrap_or_default();
    let pods = read["items"].as_array().cloned().unwrap_or_default();
    let is_there = |pod: &&Value| pod["status"]["phase"] == phase;
    let goes = |pod: &&Value| pod["metadata"].get("deletionTimestamp").is_some();
    let pods: Vec<&Value> = pods.iter().filter(|pod| !goes(pod)).collect();
    let status = format!(r#"{{"status":{{"phase":"{phase}","conditions":{conditions}}}}}"#);
    let before = pods.iter().filter(|pod| is_there(pod)).count();
    for pod in pods.iter().filter(|pod| !is_there(pod)) {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        side.run(&format!("patch pod {name} --subresource=status --type=merge -p '{status}'"));
    }
    (pods.len(), before)
}

/// The lines that only one of them has.
fn lines_of(real: &str, ours: &str) -> String {
    let diff = similar::TextDiff::from_lines(real, ours);
    let text = diff.unified_diff().context_radius(2).header("kube-apiserver", "sandbox").to_string();
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}
