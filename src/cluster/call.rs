//! One request, one answer: seats, deadlines, counting, and who is asked again.
//!
//! Reads are tried at most three times, on 429, 503 and 504 only, with `Retry-After` capped at 30 s. A write is sent
//! once: an answer that got lost is not a reason to write again (`faults.md` 1.8, F17). kube's own retry is off.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;
use tokio::time::Instant;

use super::Cluster;
use super::classify::{Refused, refusal};
use super::error::{CallError, CallKind};
use crate::model::Cost;

/// The most an answer may hold, in bytes.
const ANSWER_CAP: usize = 128 << 20;
const READ_TRIES: u32 = 3;

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    List,
    Watch,
    DryRun,
    Patch,
    Create,
    Update,
    Delete,
    Probe,
    Review,
    /// A watch that goes on where the last one ended.
    Renewal,
    /// A dry run that tells defaults from additions.
    Fresh,
}

/// Requests by verb.
#[derive(Default)]
pub(super) struct Counts([AtomicU64; Cost::VERBS.len()]);

impl Counts {
    fn add(&self, verb: Verb) {
        if let Some(count) = self.0.get(verb as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn cost(&self) -> Cost {
        let counted = Cost::VERBS.into_iter().zip(&self.0).map(|(word, count)| (word, count.load(Ordering::Relaxed)));
        Cost { requests: counted.filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(), judged: 0 }
    }
}

/// A request that can be sent again.
pub(super) struct Ask {
    pub verb: Verb,
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Ask {
    pub fn get(verb: Verb, uri: impl Into<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
        Self { verb, method: Method::GET, uri: uri.into(), headers, body: Bytes::new() }
    }

    pub fn sending(verb: Verb, method: Method, uri: String, body: Vec<u8>) -> Self {
        let json = Self::get(verb, uri).with(header::CONTENT_TYPE, "application/json");
        Self { method, body: body.into(), ..json }
    }

    pub fn with(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, header::HeaderValue::from_static(value));
        self
    }

    fn request(&self) -> Result<Request<Body>, CallError> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.uri)
            .body(Body::from(self.body.clone()))
            .map_err(|_| CallError::local(CallKind::Invalid, "a name that cannot stand in a URL"))?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }
}

impl Cluster {
    /// Sends a read, at most three times.
    pub(super) async fn read(&self, ask: &Ask) -> Result<Bytes, CallError> {
        let mut tried = 1;
        loop {
            match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(refused) if tried < READ_TRIES && asks_again(&refused) => {
                    let pause = self.limits.pause * 2_u32.pow(tried - 1);
                    tokio::time::sleep(refused.retry_after.unwrap_or_else(|| jittered(pause))).await;
                    tried += 1;
                }
                Err(refused) => return Err(refused.error),
            }
        }
    }

    /// Sends a write, once.
    pub(super) async fn write(&self, ask: &Ask) -> Result<Bytes, CallError> {
        self.once(ask).await.map_err(|refused| refused.error)
    }

    /// Sends a request once and reads its whole answer within the deadline. After a 429 fewer are sent at once, and
    /// none but a write before its time.
    pub(super) async fn once(&self, ask: &Ask) -> Result<Bytes, Refused> {
        let seat = self.inner.seats.take(is_hurried(ask.verb)).await;
        let answer = self.whole(ask, self.limits.unary).await;
        match &answer {
            Err(refused) if refused.error.kind == CallKind::Throttled => seat.throttled(refused.retry_after),
            Err(_) => {}
            Ok(_) => seat.served(),
        }
        answer
    }

    /// Sends the probe: its own deadline, no seat.
    pub(super) async fn prod(&self, ask: &Ask) -> Result<Bytes, Refused> {
        self.whole(ask, self.limits.probe).await
    }

    /// Opens a watch: the answer's head within the deadline, its body as it comes; not held to the seats.
    pub(super) async fn open(&self, ask: &Ask) -> Result<Body, Refused> {
        self.head(ask, self.limits.unary).await.map(|(body, _)| body)
    }

    async fn whole(&self, ask: &Ask, limit: Duration) -> Result<Bytes, Refused> {
        let (body, deadline) = self.head(ask, limit).await?;
        Ok(by(deadline, limit, collect(body)).await?)
    }

    /// The body of a 2xx answer, and until when it must be read. A 401 is followed by one new sign-in where an exec plugin
    /// can do that: what was refused for its credentials has not been carried out.
    async fn head(&self, ask: &Ask, limit: Duration) -> Result<(Body, Instant), Refused> {
        let (generation, client) = self.inner.session.client();
        let answer = self.sent(client, ask, limit).await;
        let signed_out = matches!(&answer, Err(refused) if refused.error.kind == CallKind::Unauthorized);
        if signed_out && self.inner.session.renew(generation).await {
            return self.sent(self.inner.session.client().1, ask, limit).await;
        }
        answer
    }

    async fn sent(&self, client: kube::Client, ask: &Ask, limit: Duration) -> Result<(Body, Instant), Refused> {
        self.inner.counts.add(ask.verb);
        let (request, deadline) = (ask.request()?, Instant::now() + limit);
        let answered = async { client.send(request).await.map_err(|error| transport(&error)) };
        let answer = by(deadline, limit, answered).await?;
        if answer.status().is_success() {
            return if is_page(answer.headers()) { Err(page().into()) } else { Ok((answer.into_body(), deadline)) };
        }
        let code = answer.status().as_u16();
        let after =
            answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = by(deadline, limit, collect(answer.into_body())).await.unwrap_or_default();
        Err(refusal(code, after, &body))
    }
}

/// What a sign-in page of some proxy says of itself.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn page() -> CallError {
    CallError { kind: CallKind::Other, message: "a web page answers instead of an API server".into(), status: 200 }
}

/// Work that must be done by then.
async fn by<T>(
    deadline: Instant,
    limit: Duration,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let late = |_| CallError::local(CallKind::Timeout, format!("no answer within {} ms", limit.as_millis()));
    tokio::time::timeout_at(deadline, work).await.map_err(late)?
}

async fn collect(body: Body) -> Result<Bytes, CallError> {
    match Limited::new(body, ANSWER_CAP).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(CallError::local(CallKind::Other, format!("an answer larger than {ANSWER_CAP} bytes")))
        }
        Err(error) => Err(CallError::local(CallKind::Unreachable, format!("the answer broke off: {error}"))),
    }
}

/// What the transport says. Credentials that cannot be read are told as such, without the library's words: they may
/// quote what a helper printed.
fn transport(error: &kube::Error) -> CallError {
    if matches!(error, kube::Error::Auth(_)) {
        return CallError::local(CallKind::Unauthorized, "the credentials cannot be read");
    }
    let (mut words, mut source) = (Vec::new(), error.source());
    while let Some(inner) = source {
        words.push(inner.to_string());
        source = inner.source();
    }
    words.dedup();
    let words = if words.is_empty() { error.to_string() } else { words.join(": ") };
    CallError::local(CallKind::Unreachable, words)
}

/// What somebody ordered goes first, also while the server asks for patience.
fn is_hurried(verb: Verb) -> bool {
    matches!(verb, Verb::Patch | Verb::Create | Verb::Update | Verb::Delete)
}

fn asks_again(refused: &Refused) -> bool {
    matches!(refused.error.status, 429 | 503 | 504) && refused.error.kind != CallKind::Gone
}

/// Between half of `pause` and all of it.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..=1.0))
}

/// A path segment with everything but unreserved characters escaped (RFC 3986, section 2.3).
pub(super) fn segment(name: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            b'.' if name != "." && name != ".." => out.push('.'),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// Reads a 2xx answer as JSON of a known shape; a proxy's page is not one.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(answer: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(answer)
        .map_err(|_| CallError::local(CallKind::Other, "the answer is not what an API server says"))
}
