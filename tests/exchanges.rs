//! The recorded exchanges against a real kube-apiserver: that they still are what it answers.
//!
//! The same recordings are played into the sandbox by its own tests, so both servers are held to one text. To record
//! more: write an exchange without `status` and `answer`; the failing test prints what the server says.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/exchanges.rs"]
mod exchanges;

use std::time::{Duration, Instant};

use apiserver::{Server, User};
use serde_json::Value;

/// Definitions, their kinds and their documents follow a write after a while.
const LIMIT: Duration = Duration::from_secs(30);

fn client(server: &Server) -> reqwest::Client {
    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(server.ca_file()).expect("the CA")).expect("PEM");
    let token = HeaderValue::from_str(&format!("Bearer {}", User::Admin.token())).expect("a header");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
    let builder = reqwest::Client::builder().tls_certs_only([ca]).default_headers(headers).user_agent("sandbox");
    builder.no_proxy().build().expect("a client")
}

async fn ask(client: &reqwest::Client, server: &Server, exchange: &Value) -> (u16, Value) {
    let text = |key: &str| exchange[key].as_str().unwrap_or_default();
    let or_json = |key: &str| {
        if text(key).is_empty() { "application/json" } else { exchange[key].as_str().unwrap_or_default() }.to_owned()
    };
    let (method, path) = text("ask").split_once(' ').expect("method and path");
    let request = client.request(method.parse().expect("a method"), format!("{}{path}", server.url()));
    let request = request.header("accept", or_json("accept"));
    let request = match &exchange["body"] {
        Value::Null => request,
        body => request.header("content-type", or_json("content")).body(body.to_string()),
    };
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Whether asking again is harmless: a read, or a write that was refused for what is not there yet or still is.
fn may_ask_again(exchange: &Value, status: u16) -> bool {
    let read = exchange["ask"].as_str().is_some_and(|ask| ask.starts_with("GET "));
    read || (exchange["status"] != status && matches!(status, 404 | 405 | 409 | 429 | 500 | 503))
}

async fn settled(client: &reqwest::Client, server: &Server, exchange: &Value) -> Vec<String> {
    let started = Instant::now();
    loop {
        let (status, body) = ask(client, server, exchange).await;
        let mut out = exchanges::unequal(exchange, status, &body);
        if out.is_empty() || started.elapsed() > LIMIT || !may_ask_again(exchange, status) {
            if exchange["status"].is_null() {
                out = vec![serde_json::json!({"status": status, "answer": exchanges::comparable(&body)}).to_string()];
            }
            return out;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_real_server_answers_as_recorded() {
    let Some(server) = apiserver::own() else { return };
    let (client, mut wrong) = (client(&server), Vec::new());
    for (name, recording) in exchanges::RECORDINGS {
        for exchange in exchanges::read(recording) {
            let out = settled(&client, &server, &exchange).await;
            if !out.is_empty() {
                wrong.push(format!("{name}: {} {}\n    {}", exchange["ask"], exchange["body"], out.join("\n    ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
