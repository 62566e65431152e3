//! The recorded exchanges, on a real kube-apiserver and on the sandbox, one after another, in one test.
//!
//! Both servers are held to one text: managedFields to the field, once uids, versions, times and allocated addresses are
//! taken out. Where they may differ is a table of strict rows; what must be among the recordings is another. To record
//! more: write an exchange without `status` and `answer`, and play with `EXCHANGES_RECORD` set.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/both.rs"]
mod both;
#[path = "support/exchanges.rs"]
mod exchanges;
#[path = "support/forms.rs"]
mod forms;

use std::time::{Duration, Instant};

use both::{Answer, Door};
use exchanges::Kept;
use serde_json::Value;

/// Definitions, their kinds and their documents follow a write after a while.
const LIMIT: Duration = Duration::from_secs(30);

/// Where the sandbox may differ: a part of the question, and why.
const DIFFERS: [(&str, &str); 4] = [
    ("\"apiVersion\":\"example.com/v2\",\"kind\":\"Widget\"", "a version nobody knows: its fields are not warned of"),
    ("/pods/hand/", "binding, eviction and log act on nodes and kubelets: there are none of those parts"),
    ("/deployments/e/scale?fieldManager=ssa", "no apply to a scale: ownership is not told in autoscaling/v1"),
    ("data: {k: v, k: w}", "the YAML reader refuses a key that stands twice, whatever validation is asked for"),
];

/// Whether asking again is harmless: a read, or a write that was refused for what is not there yet or still is.
fn may_ask_again(exchange: &Value, status: u16) -> bool {
    let read = exchange["ask"].as_str().is_some_and(|ask| ask.starts_with("GET "));
    read || (exchange["status"] != status && matches!(status, 404 | 405 | 409 | 429 | 500 | 503))
}

/// The answer; the real server is asked again for a while where it is not the recorded one.
async fn settled(door: &Door<'_>, exchange: &Value, kept: &Kept) -> Answer {
    let started = Instant::now();
    loop {
        let answer = door.ask(&exchanges::question(exchange, kept)).await;
        let fits = match exchange.get("answer") {
            Some(_) => exchanges::unequal(exchange, &answer, kept).is_empty(),
            None => exchange["status"] == answer.status,
        };
        let real = matches!(door, Door::Real(..));
        let waits = real && !exchange["status"].is_null() && may_ask_again(exchange, answer.status);
        if fits || !waits || started.elapsed() > LIMIT {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

fn told(name: &str, exchange: &Value, out: &[String]) -> String {
    format!("{name}: {} {} {}\n    {}", exchange["ask"], exchange["content"], exchange["body"], out.join("\n    "))
}

/// Plays a recording on one server; returns what differs, by question.
async fn play(door: &Door<'_>, recording: &mut [Value], name: &str) -> Vec<(String, String)> {
    let (mut kept, mut wrong) = (Kept::default(), Vec::new());
    for exchange in recording {
        let answer = settled(door, exchange, &kept).await;
        exchanges::keep(exchange, &answer, &mut kept);
        let out = exchanges::unequal(exchange, &answer, &kept);
        if !out.is_empty() {
            let asked = format!("{} {}", exchange["ask"], exchange["body"]);
            wrong.push((asked, told(name, exchange, &out)));
        }
        if exchange.get("answer").is_none() {
            exchanges::record(exchange, &answer, &kept);
        }
    }
    wrong
}

/// What the sandbox may not differ in, and the rows that differ no more. `{what was asked, what differs}` of each.
fn beyond_the_table(wrong: Vec<(String, String)>) -> Vec<String> {
    let stale = DIFFERS.iter().filter(|(part, _)| !wrong.iter().any(|(ask, _)| ask.contains(part)));
    let mut out: Vec<String> = stale.map(|(part, _)| format!("{part} differs no more: take its row out")).collect();
    let known = |ask: &str| DIFFERS.iter().any(|(part, _)| ask.contains(part));
    out.extend(wrong.into_iter().filter(|(ask, _)| !known(ask)).map(|(_, told)| told));
    out
}

#[tokio::test]
async fn both_servers_answer_as_recorded() {
    let server = apiserver::own();
    let real = server.as_ref().map(Door::real);
    let (mut on_real, mut on_ours, mut count) = (Vec::new(), Vec::new(), 0);
    for (name, text) in exchanges::RECORDINGS {
        let mut recording = exchanges::read(text);
        let is_new = recording.iter().any(|exchange| exchange.get("answer").is_none());
        if let Some(real) = &real {
            on_real.extend(play(real, &mut recording, name).await.into_iter().map(|(_, told)| told));
        }
        if is_new && real.is_some() && std::env::var_os("EXCHANGES_RECORD").is_some() {
            exchanges::write(name, &recording);
        }
        on_ours.extend(play(&Door::sandbox(), &mut recording, name).await);
        count += recording.len();
    }
    assert!(on_real.is_empty(), "{} of {count} differ on the real server:\n{}", on_real.len(), on_real.join("\n"));
    let on_ours = beyond_the_table(on_ours);
    assert!(on_ours.is_empty(), "{} of {count} differ on the sandbox:\n{}", on_ours.len(), on_ours.join("\n"));
}

#[test]
fn every_form_of_question_is_recorded() {
    let all: Vec<Value> = exchanges::RECORDINGS.iter().flat_map(|(_, text)| exchanges::read(text)).collect();
    let missing: Vec<&str> = forms::missing(&all);
    assert!(missing.is_empty(), "no exchange is: {}", missing.join("; "));
    assert!(all.len() >= 500, "{} exchanges", all.len());
}
