//! The corpus of drift: every case of `tests/drift/` on the real kube-apiserver, and what it serves on the sandbox.
//!
//! A case says what git held, what was done to the cluster, what git holds now, and what driftdeck must say: strictly,
//! row by row and path by path. `DRIFT_CASES=part,part` plays those whose name holds a part.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[allow(dead_code, reason = "only its repositories are needed here")]
#[path = "support/road.rs"]
mod road;
#[allow(dead_code, reason = "only its doors to the servers are needed here")]
#[path = "support/stage.rs"]
mod stage;

#[path = "drift_support/api.rs"]
mod api;
#[path = "drift_support/case.rs"]
mod case;
#[path = "drift_support/check.rs"]
mod check;
#[path = "drift_support/look.rs"]
mod look;
#[path = "drift_support/scene.rs"]
mod scene;

use std::collections::{BTreeMap, BTreeSet};

use apiserver::User;
use case::{Case, ReadOnly};
use check::Gist;
use driftdeck::model::{Basis, Rule, Without};
use futures::{StreamExt as _, stream};
use scene::Scene;
use stage::Place;

/// At least so many cases are held against the engine.
const LEAST: usize = 300;
/// Cases that stand for no rule, at most.
const CONTROLS: usize = 20;
/// Quiet cases that an account without dry runs may see otherwise, at most.
const BLIND: usize = 8;
/// Engines at once, each with one rule off.
const ENGINES: usize = 3;
/// Cases that the sandbox answers otherwise than the real server, and why: beside what it says it does not serve.
const NOT_ON_THE_SANDBOX: &[(&str, &str)] = &[
    ("lists-value-became-a-source", "it does not refuse a variable with a value and a source"),
    ("defaults-inside-an-atomic-list", "it puts no defaults into a LimitRange"),
    ("zeros-volume-source-replaced", "it does not refuse a volume with two sources"),
];

/// Cases by name with what is wrong with them; none = good.
type Wrong = BTreeMap<String, Vec<String>>;

/// The corpus on one stage: played once, then looked at by an administrator, with each rule off, and by a looker.
async fn the_corpus(place: Place) {
    let Some(scene) = Scene::play(place).await else { return };
    let looks = [
        ("are not judged as they must be", every_case(&scene).await),
        ("do not need their rule", every_rule(&scene).await),
        ("are seen otherwise by an account that may only look", looking(&scene).await),
    ];
    let looks = if place == Place::Sandbox { but_the_excepted(looks) } else { looks };
    let text: String = looks.iter().map(|(what, wrong)| report(what, wrong, &scene.cases)).collect();
    assert!(text.is_empty(), "{text}");
}

/// Without the cases that are known to come out otherwise; one that does not is told.
fn but_the_excepted<const N: usize>(mut looks: [(&'static str, Wrong); N]) -> [(&'static str, Wrong); N] {
    for (name, why) in NOT_ON_THE_SANDBOX {
        let is_wrong = looks.iter().any(|(_, wrong)| wrong.get(*name).is_some_and(|lines| !lines.is_empty()));
        for (_, wrong) in &mut looks {
            wrong.remove(*name);
        }
        let told = format!("listed, because {why}, but the sandbox answers rightly: strike it from the list");
        looks[0].1.insert((*name).to_owned(), if is_wrong || !is_wanted(name) { Vec::new() } else { vec![told] });
    }
    looks
}

/// Whether a case is played at all.
fn is_wanted(name: &str) -> bool {
    std::env::var("DRIFT_CASES").is_ok_and(|wanted| wanted.split(',').any(|part| name.contains(part)))
        || std::env::var_os("DRIFT_CASES").is_none()
}

/// In words; empty where nothing is wrong.
fn report(what: &str, wrong: &Wrong, cases: &[Case]) -> String {
    let bad: Vec<_> = wrong.iter().filter(|(_, lines)| !lines.is_empty()).collect();
    let why = |name: &str| cases.iter().find(|case| case.name == *name).map_or("", |case| case.why.as_str());
    let texts = bad.iter().map(|(name, lines)| format!("\n{name}: {}\n    {}\n", why(name), lines.join("\n    ")));
    let text: String = texts.collect();
    if bad.is_empty() { text } else { format!("\n== {} of {} cases {what}:\n{text}", bad.len(), cases.len()) }
}

/// Every case against what it says.
async fn every_case(scene: &Scene) -> Wrong {
    let seen = scene.seen(User::Admin, &scene.cases.iter().collect::<Vec<_>>(), Without::NOTHING).await;
    let mut wrong = Wrong::new();
    for case in &scene.cases {
        let app = &seen[&case.name];
        let staged = scene.told.iter().filter(|told| told.starts_with(&format!("{}:", case.name)));
        let lines: Vec<String> = staged.cloned().chain(check::mismatches(case, app)).collect();
        wrong.insert(case.name.clone(), lines);
    }
    wrong
}

/// With its rule off, every case must come out otherwise: else it does not show that the rule is needed. Rules of the
/// local comparison may only show where no server can be asked.
async fn every_rule(scene: &Scene) -> Wrong {
    let held: Vec<&Case> = scene.cases.iter().filter(|case| case.without.is_some()).collect();
    let open = unmoved(scene, User::Admin, held.clone()).await;
    let open = unmoved(scene, User::Looker, open).await;
    let rule = |case: &Case| case.without.map_or("", Rule::name);
    open.into_iter()
        .map(|case| (case.name.clone(), vec![format!("comes out the same without {}", rule(case))]))
        .collect()
}

/// The cases that come out the same with their rule off.
async fn unmoved<'c>(scene: &Scene, user: User, held: Vec<&'c Case>) -> Vec<&'c Case> {
    let usual = &scene.seen(user, &held, Without::NOTHING).await;
    let of = |rule: Rule| held.iter().copied().filter(|case| case.without == Some(rule)).collect::<Vec<_>>();
    let groups = Rule::ALL.iter().map(|&rule| (rule, of(rule))).filter(|(_, cases)| !cases.is_empty());
    let looks = groups.map(async |(rule, cases)| {
        let seen = scene.seen(user, &cases, Without::rule(rule)).await;
        let is_same = |case: &&Case| Gist::of(&usual[&case.name]) == Gist::of(&seen[&case.name]);
        cases.into_iter().filter(is_same).collect::<Vec<_>>()
    });
    let looks: Vec<_> = stream::iter(looks).buffer_unordered(ENGINES).collect().await;
    looks.concat()
}

/// An account that may only look: quiet cases are quiet but for the listed ones, loud ones loud, and nothing fails.
async fn looking(scene: &Scene) -> Wrong {
    let seen = scene.seen(User::Looker, &scene.cases.iter().collect::<Vec<_>>(), Without::NOTHING).await;
    let mut wrong = Wrong::new();
    for case in &scene.cases {
        let row = &seen[&case.name];
        let lines = wrong.entry(case.name.clone()).or_default();
        let word = row.verdict.word();
        let rows: Vec<String> =
            row.resources.iter().map(|row| format!("{:?} {}", row.key, check::describe(row))).collect();
        let mut say = |what: String| lines.push(format!("{what}: {}", rows.join(" | ")));
        if row.reason.as_ref().is_some_and(|reason| reason.code.is_error()) && case.expect.reason.is_none() {
            say(format!("an error: {:?}", row.reason));
        }
        match &case.readonly {
            ReadOnly::Otherwise { verdict, .. } if word != verdict => say(format!("expected {verdict}, came {word}")),
            ReadOnly::Otherwise { .. } => {
                let loud = row.resources.iter().filter(|row| row.verdict.word() != "synced");
                if loud.clone().count() == 0
                    || !loud.clone().all(|row| row.basis == Basis::Local && row.reason.is_some())
                {
                    say("its loud rows are local, with a reason".to_owned());
                }
            }
            ReadOnly::Word(_) if case.is_quiet() != (word == "synced") => {
                say(format!("expected {}, came {word}", case.expect.verdict));
            }
            ReadOnly::Word(_) if word == "unknown" && case.expect.verdict != "unknown" => {
                say(format!("expected {}, and nobody was kept from judging it", case.expect.verdict));
            }
            ReadOnly::Word(_) => {}
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_out_as_it_must_on_the_server() {
    the_corpus(Place::Server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_out_as_it_must_on_the_sandbox() {
    the_corpus(Place::Sandbox).await;
}

#[test]
fn the_corpus_is_large_and_its_exceptions_are_few() {
    if std::env::var_os("DRIFT_CASES").is_some() {
        return;
    }
    let cases = case::all();
    assert!(cases.len() >= LEAST, "{} cases", cases.len());
    let controls: Vec<&str> =
        cases.iter().filter(|case| case.without.is_none()).map(|case| case.name.as_str()).collect();
    assert!(controls.len() <= CONTROLS, "{} controls: {controls:?}", controls.len());
    let blind: Vec<&Case> = cases.iter().filter(|case| matches!(case.readonly, ReadOnly::Otherwise { .. })).collect();
    assert!(blind.len() <= BLIND, "{} cases differ for those who may only look", blind.len());
    for case in blind {
        let ReadOnly::Otherwise { verdict, why } = &case.readonly else { continue };
        assert!(case.is_quiet() && verdict != "synced", "{}: only a quiet case may be seen louder", case.name);
        assert!(why.len() > 20, "{}: why it cannot be known", case.name);
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert!(NOT_ON_THE_SANDBOX.len() <= 15, "the sandbox answers as the server does");
    for (name, why) in NOT_ON_THE_SANDBOX {
        let case = cases.iter().find(|case| case.name == *name);
        assert!(names.contains(name) && !why.is_empty(), "{name} is a case, and has a reason");
        assert!(case.is_some_and(|case| case.needs.is_empty()), "{name} is on the sandbox at all");
    }
}

#[test]
fn every_case_says_in_a_sentence_why() {
    for case in case::all() {
        let Case { name, why, .. } = &case;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(name.len() <= 50 && name.bytes().all(plain), "{name}: a namespace and an app are called so");
        assert!(why.len() > 30 && why.trim_end().ends_with('.'), "{name}: why: {why}");
        assert!(case.is_quiet() == case.expect.rows.values().all(|row| row.verdict == "synced"), "{name}: the rows");
    }
}
