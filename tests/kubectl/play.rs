//! Plays the script: each group on both servers at once, step by step, and says where they differ.

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
const LIMIT: Duration = Duration::from_secs(20);
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
    if std::env::var("KQ_SERVE").is_ok() {
        let (a, b) = (port::open(false), port::open(true));
        eprintln!("{} {}", a.url, b.url);
        loop {
            apiserver::breathe();
        }
    }
    let Some(server) = apiserver::with(Admission::NamespaceLifecycle) else { return };
    let mut found = all(&server, &port::open(false).url, false);
    let _controllers = controllers::start(&server);
    found.extend(all(&server, &port::open(true).url, true));
    let is_expected = |one: &Difference| DIFFERS.iter().any(|row| (row.0, row.1) == (one.group, one.line));
    let wrong: Vec<&str> = found.iter().filter(|one| !is_expected(one)).map(|one| &*one.text).collect();
    let stale = DIFFERS.iter().filter(|row| !found.iter().any(|one| (row.0, row.1) == (one.group, one.line)));
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

/// Every group that wants the controllers so, under every kubectl.
fn all(server: &Server, sandbox: &str, with_controllers: bool) -> Vec<Difference> {
    let mut programs: Vec<PathBuf> = kubectls();
    if std::env::var("KQ_ONE").is_ok() {
        programs.truncate(1);
    }
    let jobs = programs.iter().zip('a'..).flat_map(|(program, letter)| {
        let groups = SCRIPT.iter().filter(move |group| group.with_controllers == with_controllers);
        groups.map(move |group| Job { group, program, letter })
    });
    let only = std::env::var("DRIFTDECK_KUBECTL_GROUP").ok();
    let jobs = jobs.filter(|job| only.as_ref().is_none_or(|only| only == job.group.name));
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
    let pair = Pair {
        real: Side::new(job.program, (server.url(), &User::Admin.token()), place),
        ours: Side::new(job.program, (sandbox, "none"), place),
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
        let t = Instant::now();
        let _guard = TimeLog(t, format!("{}-{} {step:?}", job.group.name, job.letter));
        if let Some((line, text)) = pair.step(*step) {
            let text = format!("{} ({}): kubectl {line}\n{text}", job.group.name, job.letter);
            if std::env::var("KQ_LIMIT").is_ok() {
                eprintln!("{text}");
            }
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
            Step::Ready(selector, count) => self.both(selector, |side| ready(side, selector) == (count, count)),
            Step::Rolled(what) => self.both(what, |side| {
                let selector = what.split_once('/').map(|(_, name)| format!("app={name}")).unwrap_or_default();
                ready(side, &selector);
                let said = side.run(&format!("rollout status {what} --watch=false"));
                said.out.contains("successfully rolled out")
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
            let limit = std::env::var("KQ_LIMIT").map_or(LIMIT, |t| Duration::from_millis(t.parse().unwrap()));
            if differs.is_none() || expected || !harmless || !self.settles || started.elapsed() > limit {
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

/// Makes the pods of a selector ready; how many there are, and how many of them were ready before.
fn ready(side: &Side, selector: &str) -> (usize, usize) {
    let said = side.run(&format!("get pods -l {selector} -o json"));
    let read: Value = serde_json::from_str(&said.out).unwrap_or_default();
    let pods = read["items"].as_array().cloned().unwrap_or_default();
    let pods: Vec<&Value> = pods.iter().filter(|pod| pod["metadata"].get("deletionTimestamp").is_none()).collect();
    let status = r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}"#;
    let is_ready = |pod: &&&Value| pod["status"]["phase"] == "Running";
    let before = pods.iter().filter(is_ready).count();
    for pod in pods.iter().filter(|pod| !is_ready(pod)) {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        side.run(&format!("patch pod {name} --subresource=status --type=merge -p '{status}'"));
    }
    (pods.len(), before)
}

/// The lines that only one of them has.
fn lines_of(real: &str, ours: &str) -> String {
    let diff = similar::TextDiff::from_lines(real, ours);
    let text = diff.unified_diff().context_radius(2).header("kube-apiserver", "sandbox").to_string();
    text.lines().map(|line| format!("    {line}\n")).collect()
}

struct TimeLog(Instant, String);
impl Drop for TimeLog {
    fn drop(&mut self) {
        if std::env::var("KQ_LIMIT").is_ok() && self.0.elapsed() > Duration::from_secs(3) {
            eprintln!("SLOW {:?} {}", self.0.elapsed(), self.1);
        }
    }
}
