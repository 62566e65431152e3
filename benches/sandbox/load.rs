//! Who asks: a client of the tower service, writers, watchers, and one who lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use driftdeck::sandbox::{Body, Sandbox, Service};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::Notify;
use tower_service::Service as _;

use crate::fleet::{self, Kind, Request};
use crate::gauge::Times;

/// One client.
#[derive(Clone)]
pub struct Client(Service);

impl Client {
    pub fn of(sandbox: &Sandbox) -> Self {
        Self(sandbox.service())
    }

    async fn call(&self, (method, path, content, body): (&str, &str, &str, Bytes)) -> http::Response<Body> {
        let request = http::Request::builder().method(method).uri(path).header("content-type", content);
        let request = request.header("user-agent", "bench").body(Full::new(body)).expect("a request");
        let answer = self.0.clone().call(request).await.expect("the sandbox is there");
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        answer
    }

    /// Sends a request and reads its answer.
    pub async fn sends(&self, (method, path, content, body): Request) {
        let answer = self.call((method, &path, content, body.to_string().into())).await;
        answer.into_body().collect().await.expect("a body");
    }

    /// Reads an answer and keeps its first piece only: what it holds is the client's memory, not the sandbox's.
    pub async fn get(&self, path: &str) -> (Bytes, usize) {
        let mut body = self.call(("GET", path, "", Bytes::new())).await.into_body();
        let (mut first, mut size) = (Bytes::new(), 0);
        while let Some(frame) = body.frame().await {
            let piece = frame.expect("no break").into_data().expect("data");
            size += piece.len();
            if first.is_empty() {
                first = piece;
            }
        }
        (first, size)
    }

    /// A list page by page.
    pub async fn pages(&self, path: &str, limit: usize) -> Times {
        let (mut times, mut next) = (Times::default(), String::new());
        loop {
            let start = Instant::now();
            let (page, _) = self.get(&format!("{path}?limit={limit}&continue={next}")).await;
            times.push(start.elapsed());
            let head = String::from_utf8_lossy(&page[..page.len().min(600)]).into_owned();
            let Some((_, rest)) = head.split_once("\"continue\":\"") else { return times };
            rest.split('"').next().unwrap_or_default().clone_into(&mut next);
        }
    }

    /// A streaming list up to its bookmark: how many events.
    pub async fn streams(&self, path: &str) -> usize {
        let query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
        let mut body = self.call(("GET", &format!("{path}?{query}"), "", Bytes::new())).await.into_body();
        let mut lines = 0;
        loop {
            let frame = body.frame().await.expect("a frame").expect("no break").into_data().expect("data");
            lines += ends(&frame);
            if frame.windows(22).rev().take(500).any(|part| part == b"k8s.io/initial-events-") {
                return lines;
            }
        }
    }
}

fn ends(frame: &[u8]) -> usize {
    frame.split(|byte| *byte == b'\n').count() - 1
}

/// No write says what another said: each moves something.
static TURN: AtomicUsize = AtomicUsize::new(1);

/// Writes objects all over the fleet.
pub struct Writer {
    client: Client,
    objects: usize,
}

impl Writer {
    pub fn new(sandbox: &Sandbox, objects: usize) -> Self {
        Self { client: Client::of(sandbox), objects }
    }

    /// One write; how long it took.
    pub async fn write(&self, kind: Kind) -> Duration {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let (method, path, content, body) = fleet::write(kind.pick(self.objects, turn * 7919), turn);
        let body = Bytes::from(body.to_string());
        let start = Instant::now();
        let answer = self.client.call((method, &path, content, body)).await;
        answer.into_body().collect().await.expect("a body");
        start.elapsed()
    }
}

/// Writes all kinds in turn until a moment, with a pause from one to the next or as fast as it goes.
pub async fn writes_until(writer: Writer, until: Instant, every: Option<Duration>) -> Times {
    let mut times = Times::default();
    let mut due = Instant::now();
    for kind in Kind::ALL.into_iter().cycle() {
        if Instant::now() >= until {
            break;
        }
        times.push(writer.write(kind).await);
        match every {
            Some(every) => {
                due += every;
                tokio::time::sleep_until(due.into()).await;
            }
            None => tokio::task::yield_now().await,
        }
    }
    times
}

/// Watchers of all kinds, each on a task of its own, until dropped.
pub struct Watchers {
    seen: Arc<AtomicUsize>,
    news: Arc<Notify>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Watchers {
    /// `each` watchers on each kind, from now on.
    pub async fn open(sandbox: &Sandbox, each: usize) -> Self {
        let (seen, news) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let mut tasks = Vec::new();
        for kind in Kind::ALL.into_iter().flat_map(|kind| std::iter::repeat_n(kind, each)) {
            let client = Client::of(sandbox);
            let (list, _) = client.get(&format!("{}?limit=1", kind.path())).await;
            let head = String::from_utf8_lossy(&list[..300]).into_owned();
            let version = head.split("\"resourceVersion\":\"").nth(1).expect("a version");
            let version = version.split('"').next().unwrap_or_default();
            let path = format!("{}?watch=true&allowWatchBookmarks=true&resourceVersion={version}", kind.path());
            let mut body = client.call(("GET", &path, "", Bytes::new())).await.into_body();
            let (seen, news) = (seen.clone(), news.clone());
            tasks.push(tokio::spawn(async move {
                while let Some(Ok(frame)) = body.frame().await {
                    seen.fetch_add(ends(&frame.into_data().expect("data")), Ordering::Relaxed);
                    news.notify_one();
                }
            }));
        }
        Self { seen, news, tasks }
    }

    /// Waits until so many events have come.
    pub async fn have(&self, events: usize) {
        while self.seen.load(Ordering::Relaxed) < events {
            self.news.notified().await;
        }
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Somebody who lists all pods, again and again.
pub struct Lister {
    lists: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Lister {
    /// Stops; how many lists it got.
    pub fn ends(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        self.lists.load(Ordering::Relaxed)
    }
}

pub fn lists_on(sandbox: &Sandbox) -> Lister {
    let lister = Lister { lists: Arc::default(), over: Arc::default() };
    let (lists, over, client) = (lister.lists.clone(), lister.over.clone(), Client::of(sandbox));
    tokio::spawn(async move {
        while !over.load(Ordering::Relaxed) {
            client.get(Kind::Pod.path()).await;
            lists.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    lister
}
