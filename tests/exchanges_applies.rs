//! Random sequences of writes by several managers on random schemas: both servers answer alike, ownership to the field.
//!
//! A failure names its seed and its step; `APPLIES_FROM` and `APPLIES_CASES` play others than the suite's.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/applies.rs"]
mod applies;
#[path = "support/both.rs"]
mod both;
#[path = "support/exchanges.rs"]
mod exchanges;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use applies::Case;
use both::{Answer, Door, Question};
use serde_json::{Value, json};

/// The suite's cases beside those that found something, and the steps of each.
const CASES: u64 = 32;
const STEPS: usize = 30;
/// Seeds that once found a difference.
const FOUND: [u64; 8] = [154, 178, 203, 212, 388, 421, 504, 551];
/// Definitions are served a while after they are made.
const LIMIT: Duration = Duration::from_mins(1);

fn post(path: &str, body: Value) -> Question {
    Question { method: "POST".to_owned(), path: path.to_owned(), body, ..Question::default() }
}

fn get(path: String) -> Question {
    Question { method: "GET".to_owned(), path, ..Question::default() }
}

/// All definitions at once; then every version of every kind is waited for by asking.
async fn define(doors: &[Door<'_>; 2], cases: &[Case]) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for case in cases {
        for door in doors {
            let made = door.ask(&post(path, case.definition())).await;
            assert_eq!(made.status, 201, "seed {}: {} {}", case.seed, made.body, case.definition());
        }
    }
    let started = Instant::now();
    for case in cases {
        while doors[0].ask(&get(case.list())).await.status != 200 {
            assert!(started.elapsed() < LIMIT, "seed {} is served", case.seed);
            tokio::task::yield_now().await;
        }
    }
}

/// An answer as compared: what has no order on a server in one order.
fn plain(answer: &Answer) -> Value {
    let mut body = exchanges::comparable(&answer.body);
    let many = body["details"]["causes"].as_array().is_some_and(|causes| causes.len() > 1);
    if let Some(causes) = body["details"]["causes"].as_array_mut() {
        causes.sort_by_key(ToString::to_string);
    }
    if let Some(message) = body["message"].as_str() {
        let mut lines: Vec<String> = message.lines().map(str::to_owned).collect();
        lines.sort();
        body["message"] = if many && body["reason"] == "Invalid" { Value::Null } else { json!(lines) };
    }
    let mut warnings = answer.warnings.clone();
    warnings.sort();
    json!({"status": answer.status, "body": body, "warnings": warnings})
}

fn for_door(question: &Question, live: &Value, from_live: bool) -> Question {
    let mut question = question.clone();
    if from_live {
        let own = std::mem::replace(&mut question.body["metadata"], live["metadata"].clone());
        drop(own);
    }
    question
}

/// Plays one case; how often each status was answered, or the first difference, told.
async fn play(doors: &[Door<'_>; 2], case: &mut Case, steps: usize) -> Result<BTreeMap<u16, usize>, String> {
    let (mut told, mut statuses) = (Vec::new(), BTreeMap::new());
    for at in 0..steps {
        let read = case.read();
        let mut lives = Vec::new();
        for door in doors {
            lives.push(door.ask(&read).await);
        }
        let step = case.step(if lives[0].status == 200 { &lives[0].body } else { &Value::Null });
        let (mut answers, question) = (Vec::new(), &step.question);
        for (door, live) in doors.iter().zip(&lives) {
            answers.push(door.ask(&for_door(question, &live.body, step.from_live)).await);
        }
        *statuses.entry(answers[0].status).or_default() += 1;
        told.push(format!("{} {} {}", question.method, question.path, question.body));
        for (what, pair) in [("the object before", &lives), ("the answer", &answers)] {
            let (theirs, ours) = (plain(&pair[0]), plain(&pair[1]));
            let mut out = Vec::new();
            exchanges::differences(&theirs, &ours, "", &mut out);
            if !out.is_empty() {
                let last = told.len().saturating_sub(4);
                let head = format!("seed {} step {at}: {what} differs", case.seed);
                return Err(format!(
                    "{head}\n  {}\n  live {}\n    {}\n  schema {}",
                    told[last..].join("\n  "),
                    exchanges::comparable(&lives[0].body),
                    out.join("\n    "),
                    case.definition()["spec"]["versions"]
                ));
            }
        }
    }
    Ok(statuses)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn random_applies_of_three_managers_are_answered_alike() {
    let Some(server) = apiserver::own() else { return };
    let doors = [Door::real(&server), Door::sandbox()];
    let (from, count) = (number("APPLIES_FROM").unwrap_or(1), number("APPLIES_CASES").unwrap_or(CASES));
    let mut cases: Vec<Case> = FOUND.iter().copied().chain(from..from + count).map(Case::new).collect();
    define(&doors, &cases).await;
    let (mut wrong, mut statuses) = (Vec::new(), BTreeMap::<u16, usize>::new());
    for case in &mut cases {
        match play(&doors, case, STEPS).await {
            Ok(answered) => {
                for (status, times) in answered {
                    *statuses.entry(status).or_default() += times;
                }
            }
            Err(told) => wrong.push(told),
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    for (status, share) in [(200, 3), (201, 60), (409, 30)] {
        let times = statuses.get(&status).copied().unwrap_or_default();
        assert!(times * share >= cases.len() * STEPS, "{status} only {times} times: {statuses:?}");
    }
}
