//! Two doors, one question: a real kube-apiserver over the wire, and the sandbox through its service.
//!
//! Owns sending, and what of an answer counts: status, body, warnings. Refuses to judge whether two answers are equal.
#![allow(dead_code, reason = "each suite uses its own part of it")]

use std::time::Duration;

use bytes::Bytes;
use driftdeck::sandbox::{Clock, Options, Sandbox, Service};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;

use super::apiserver::{Server, User};

/// Longest wait for the next event of a watch that has more to say.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub method: String,
    /// With its query.
    pub path: String,
    pub accept: String,
    pub content: String,
    /// Null: none. A text is sent as it stands, anything else as JSON.
    pub body: Value,
    /// How many events are read of a watch; 0: the answer is no stream, or it ends by itself.
    pub events: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// The texts of the `Warning` headers.
    pub warnings: Vec<String>,
}

/// A server.
pub enum Door<'a> {
    Real(&'a Server, reqwest::Client),
    Sandbox(Box<Sandbox>, Service),
}

impl<'a> Door<'a> {
    /// The real server, as its administrator.
    pub fn real(server: &'a Server) -> Self {
        use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca = reqwest::Certificate::from_pem(&std::fs::read(server.ca_file()).expect("the CA")).expect("PEM");
        let token = HeaderValue::from_str(&format!("Bearer {}", User::Admin.token())).expect("a header");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
        let builder = reqwest::Client::builder().tls_certs_only([ca]).default_headers(headers).user_agent("sandbox");
        Self::Real(server, builder.no_proxy().build().expect("a client"))
    }

    /// A new sandbox, at a fixed moment.
    pub fn sandbox() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().expect("a time");
        let options = Options { clock: Clock::Held(start), seed: 7, server_version: "v1.36.3".to_owned() };
        let sandbox = Sandbox::new(options).expect("the shipped documents read");
        let service = sandbox.service();
        Self::Sandbox(Box::new(sandbox), service)
    }

    /// Asks.
    pub async fn ask(&self, question: &Question) -> Answer {
        match self {
            Self::Real(server, client) => real(server, client, question).await,
            Self::Sandbox(sandbox, service) => boxed(sandbox, service.clone(), question).await,
        }
    }
}

/// The bytes of a body, and their type where it is not JSON.
fn sent(question: &Question) -> Option<(String, String)> {
    let content = if question.content.is_empty() { "application/json" } else { &question.content };
    match &question.body {
        Value::Null => None,
        Value::String(text) => Some((text.clone(), content.to_owned())),
        body => Some((body.to_string(), content.to_owned())),
    }
}

fn accept(question: &Question) -> &str {
    if question.accept.is_empty() { "application/json" } else { &question.accept }
}

async fn real(server: &Server, client: &reqwest::Client, question: &Question) -> Answer {
    let method = question.method.parse().expect("a method");
    let mut request = client.request(method, format!("{}{}", server.url(), question.path));
    request = request.header("accept", accept(question));
    if let Some((body, content)) = sent(question) {
        request = request.header("content-type", content).body(body);
    }
    let mut answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let warnings = answer.headers().get_all("warning").iter().filter_map(|value| value.to_str().ok());
    let warnings: Vec<String> = warnings.map(str::to_owned).collect();
    let mut text = Vec::new();
    while !is_enough(&text, status, question) {
        match tokio::time::timeout(PATIENCE, answer.chunk()).await {
            Ok(Ok(Some(chunk))) => text.extend_from_slice(&chunk),
            // The end, or a watch that says less than was expected of it: what it said is compared.
            _ => break,
        }
    }
    Answer { status, body: read(&text, question), warnings }
}

async fn boxed(sandbox: &Sandbox, mut service: Service, question: &Question) -> Answer {
    let mut request = http::Request::builder().method(question.method.as_str()).uri(question.path.as_str());
    request = request.header("accept", accept(question)).header("user-agent", "sandbox");
    let mut bytes = Bytes::new();
    if let Some((body, content)) = sent(question) {
        request = request.header("content-type", content);
        bytes = Bytes::from(body);
    }
    let request = request.body(Full::new(bytes)).expect("a request");
    let answer = tower_service::Service::call(&mut service, request).await.expect("an answer");
    let status = answer.status().as_u16();
    let warnings = answer.headers().get_all("warning").iter().filter_map(|value| value.to_str().ok());
    let warnings: Vec<String> = warnings.map(str::to_owned).collect();
    let (mut text, mut body, mut silence) = (Vec::new(), answer.into_body(), 0);
    while !is_enough(&text, status, question) {
        let next = std::future::poll_fn(|cx| match std::pin::pin!(body.frame()).poll(cx) {
            std::task::Poll::Ready(frame) => std::task::Poll::Ready(Some(frame)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        });
        match next.await {
            Some(Some(frame)) => text.extend_from_slice(&frame.expect("a frame").into_data().expect("data")),
            Some(None) => break,
            None if silence == PATIENCE.as_secs() => break,
            // Its clock stands: what is not there yet comes with time.
            None => {
                sandbox.advance(Duration::from_secs(1));
                silence += 1;
            }
        }
    }
    Answer { status, body: read(&text, question), warnings }
}

fn is_enough(text: &[u8], status: u16, question: &Question) -> bool {
    let lines = text.split(|byte| *byte == b'\n').count();
    status == 200 && question.events > 0 && lines > question.events
}

/// JSON or YAML, a watch's events as a list, or else the text.
fn read(text: &[u8], question: &Question) -> Value {
    let text = String::from_utf8_lossy(text);
    if question.path.contains("watch=") && text.starts_with("{\"type\"") {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_default());
        let mut all: Vec<Value> = lines.collect();
        if question.events > 0 {
            all.truncate(question.events);
        }
        return Value::Array(all);
    }
    if question.accept.contains("yaml") && text.starts_with("apiVersion: ") {
        let mut documents = driftdeck::yaml::read(text.as_bytes(), &driftdeck::yaml::Budget::default());
        return documents.pop().expect("a document").expect("YAML").value;
    }
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}
