//! One list, then one watch after another, for a kind in a namespace: what the store is fed with.
//!
//! Owns the loop: resume from the last version after a break, list again after 410, never flash to empty, find a mute
//! stream within `limits.watch` + 5 s and list again. Refuses to judge a failure: it is told, and tried again with
//! growing pauses.

mod lines;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use http::header;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Cluster;
use super::call::{Ask, Verb, jittered, json, segment};
use super::classify::Refused;
use super::discover::Served;
use super::error::{CallError, CallKind};
use super::events::{Event, Page, Place, event};
use crate::model::{ClusterName, Live, ResourceKey};
use lines::Lines;

/// A server that is asked for a watch may end it this much late.
const GRACE: Duration = Duration::from_secs(5);
/// Who may not look, or looks for a kind that is gone, asks again this often.
const SLOW: Duration = Duration::from_secs(30);
/// What was listed and is forbidden now is asked for this often again before that is told, within some seconds: a server
/// that has just started says no to everybody until it has read its roles.
const DOUBTS: u32 = 5;
const PAUSE_CAP: Duration = Duration::from_secs(30);
/// While nobody answers, so that the screen is back within ten seconds of the server.
const SILENT_CAP: Duration = Duration::from_secs(8);
const PAGE: usize = 500;
const PAGES_CAP: usize = 2_000;

/// What one watch is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The kind, in the version it is read in.
    pub served: Served,
    /// One namespace; `None` = the whole cluster.
    pub namespace: Option<Arc<str>>,
}

/// Something a watch said.
#[derive(Clone, Debug)]
pub struct Seen {
    /// On which cluster.
    pub cluster: ClusterName,
    /// What it watches.
    pub target: Target,
    /// Ends the watch that says it.
    pub stop: CancellationToken,
    /// What.
    pub what: SeenWhat,
}

impl Seen {
    /// The watch that said it was ended meanwhile: another may be in its place, of which this is no word.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.stop.is_cancelled()
    }
}

/// What a watch can say.
#[derive(Clone, Debug)]
pub enum SeenWhat {
    /// Everything there is: complete.
    Listed(Vec<Live>),
    /// An object is new or has changed.
    Changed(Live),
    /// An object is deleted.
    Gone(ResourceKey),
    /// It does not work; it is tried again, and [`SeenWhat::Opened`] or [`SeenWhat::Listed`] says when it works.
    Failed(CallError),
    /// A watch was opened where it had ended: nothing came of it yet.
    Opened,
    /// A bookmark: what was seen is still so.
    Alive,
}

/// A part of a collection, for what is minded rather than judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Only the object of that name.
    pub name: Option<&'static str>,
    /// Only objects with these labels; a selector.
    pub labels: Option<&'static str>,
    /// Only `metadata` of each (`PartialObjectMetadata`), where the server can.
    pub heads: bool,
}

const HEADS: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const HEAD_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

impl Narrow {
    fn query(self) -> String {
        let fields = self.name.map(|name| format!("&fieldSelector=metadata.name%3D{}", segment(name)));
        let labels = self.labels.map(|labels| format!("&labelSelector={}", segment(labels)));
        fields.into_iter().chain(labels).collect()
    }

    fn ask(self, verb: Verb, uri: String) -> Ask {
        let ask = Ask::get(verb, uri);
        match (self.heads, verb) {
            (false, _) => ask,
            (true, Verb::List) => ask.with(header::ACCEPT, HEAD_LIST),
            (true, _) => ask.with(header::ACCEPT, HEADS),
        }
    }
}

impl Cluster {
    /// Watches until `stop` is cancelled or nobody listens. A full queue holds the stream back; nothing is dropped.
    pub fn watch(&self, target: Target, out: mpsc::Sender<Seen>, stop: CancellationToken) {
        self.watch_part(target, Narrow::default(), out, stop);
    }

    /// One list of a part of a collection.
    ///
    /// # Errors
    /// As any read.
    pub async fn list_part(&self, target: &Target, narrow: Narrow) -> Result<Vec<Live>, CallError> {
        let (out, _) = mpsc::channel(1);
        let reading = Watching::new(self.clone(), (target.clone(), narrow), out, CancellationToken::new());
        reading.pages().await.map(|(all, _)| all).map_err(|refused| refused.error)
    }

    /// The same for a part of a collection.
    pub fn watch_part(&self, target: Target, narrow: Narrow, out: mpsc::Sender<Seen>, stop: CancellationToken) {
        let watching = Watching::new(self.clone(), (target, narrow), out, stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled_owned(watching.run()).await });
    }
}

/// Where the loop stands.
enum State {
    /// Nothing is known, or what is known is too old to go on from.
    List,
    /// Known up to a version.
    Follow(String),
}

/// Nobody listens any more.
struct Closed;

/// What became of one list or one watch.
enum Step {
    Next(State),
    /// Say so, pause, go on there.
    Failed(State, Refused),
    /// Say nothing, pause, go on there.
    Pause(State),
}

struct Watching {
    cluster: Cluster,
    target: Target,
    narrow: Narrow,
    out: mpsc::Sender<Seen>,
    stop: CancellationToken,
    /// In a row.
    failures: u32,
    /// Watches opened since the last list: all but the first are renewals.
    seen: u32,
    /// Watches in a row that broke without an event.
    wordless: u32,
    /// It was listed once: we had the right.
    listed: bool,
    /// How often in a row the loss of that right was doubted.
    doubts: u32,
}

impl Watching {
    fn new(
        cluster: Cluster,
        (target, narrow): (Target, Narrow),
        out: mpsc::Sender<Seen>,
        stop: CancellationToken,
    ) -> Self {
        Self { cluster, target, narrow, out, stop, failures: 0, seen: 0, wordless: 0, listed: false, doubts: 0 }
    }

    async fn run(mut self) {
        let mut state = State::List;
        loop {
            let step = match state {
                State::List => self.list().await,
                State::Follow(version) => self.follow(version).await,
            };
            state = match step {
                Ok(Step::Next(next)) => next,
                Ok(Step::Pause(next)) => {
                    self.pause(None).await;
                    next
                }
                Ok(Step::Failed(next, refused)) => {
                    if self.say(SeenWhat::Failed(refused.error.clone())).await.is_err() {
                        return;
                    }
                    self.pause(Some(&refused)).await;
                    next
                }
                Err(Closed) => return,
            };
        }
    }

    async fn say(&self, what: SeenWhat) -> Result<(), Closed> {
        let (target, stop) = (self.target.clone(), self.stop.clone());
        let seen = Seen { cluster: self.cluster.name().clone(), target, stop, what };
        self.out.send(seen).await.map_err(|_| Closed)
    }

    /// Waits before the next try, longer after each failure in a row.
    async fn pause(&mut self, refused: Option<&Refused>) {
        let kind = refused.map(|refused| &refused.error.kind);
        let doubled = self.cluster.limits.pause * 2_u32.pow(self.failures.min(10));
        self.failures += 1;
        let pause = match kind {
            Some(CallKind::Forbidden | CallKind::KindNotServed | CallKind::NotFound | CallKind::Unauthorized) => {
                doubled.max(SLOW.min(self.cluster.limits.pause * 120))
            }
            Some(CallKind::Unreachable | CallKind::Timeout) => doubled.min(SILENT_CAP),
            _ => doubled,
        };
        let said = refused.and_then(|refused| refused.retry_after);
        tokio::time::sleep(jittered(pause.min(PAUSE_CAP)).max(said.unwrap_or_default())).await;
    }

    async fn list(&mut self) -> Result<Step, Closed> {
        match self.pages().await {
            Ok((all, version)) => {
                (self.seen, self.wordless) = (0, 0);
                (self.listed, self.doubts) = (true, 0);
                self.say(SeenWhat::Listed(all)).await?;
                Ok(Step::Next(State::Follow(version)))
            }
            Err(refused) if refused.error.kind == CallKind::Gone && self.failures < 5 => Ok(Step::Pause(State::List)),
            Err(refused) => Ok(Step::Failed(State::List, self.doubted(refused))),
        }
    }

    /// All pages of one list; the version is the first page's, which all pages share.
    async fn pages(&self) -> Result<(Vec<Live>, String), Refused> {
        let (mut all, mut more) = (Vec::new(), String::new());
        for _ in 0..PAGES_CAP {
            let uri = format!("{}?limit={PAGE}{}{more}", self.collection(), self.narrow.query());
            let answer = self.cluster.once(&self.narrow.ask(Verb::List, uri)).await?;
            let page: Page = json(&answer)?;
            all.extend(page.objects(&self.place()));
            match page.more() {
                Some(token) => more = format!("&continue={}", segment(token)),
                None => return Ok((all, page.version()?)),
            }
        }
        Err(CallError::local(CallKind::Other, format!("a list of more than {PAGES_CAP} pages")).into())
    }

    /// One watch from a version to its end.
    async fn follow(&mut self, mut version: String) -> Result<Step, Closed> {
        let seconds = self.cluster.limits.watch.as_secs().max(1);
        let from = segment(&version);
        let uri = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={from}{}",
            self.collection(),
            self.narrow.query()
        );
        // Servers from 1.37 on gzip each event on its own, which decoders stop after (kube's own watch does the same).
        let verb = if self.seen == 0 { Verb::Watch } else { Verb::Renewal };
        self.seen = self.seen.saturating_add(1);
        let ask = self.narrow.ask(verb, uri).with(header::ACCEPT_ENCODING, "identity");
        let opened = Instant::now();
        let mut lines = match self.cluster.open(&ask).await {
            Ok(body) => Lines::new(body),
            Err(refused) => return Ok(self.broke(version, refused)),
        };
        self.doubts = 0;
        self.say(SeenWhat::Opened).await?;
        let mut heard = false;
        loop {
            let silence = self.cluster.limits.watch + GRACE.min(self.cluster.limits.watch);
            match tokio::time::timeout(silence, lines.next()).await {
                Ok(Ok(Some(line))) => {
                    let was = version.clone();
                    if let ControlFlow::Break(step) = self.hear(&line, &mut version).await? {
                        return Ok(step);
                    }
                    heard |= version != was;
                }
                Ok(Ok(None)) if heard || opened.elapsed() >= Duration::from_secs(1) => {
                    (self.failures, self.wordless) = (0, 0);
                    return Ok(Step::Next(State::Follow(version)));
                }
                // A server that ends watches at once must not be asked in a tight loop.
                Ok(Ok(None)) => return Ok(Step::Pause(self.after_a_break(version))),
                Ok(Err(error)) => return Ok(Step::Failed(self.after_a_break(version), error.into())),
                Err(_) => {
                    let mute = CallError::local(CallKind::Timeout, "the watch went mute");
                    // A watch that opens proves nothing after one that opened and said nothing: what is there is asked.
                    return Ok(Step::Failed(State::List, mute.into()));
                }
            }
        }
    }

    /// A break resumes. Two in a row without an event between them prove nothing of what is there: a list does.
    fn after_a_break(&mut self, version: String) -> State {
        self.wordless += 1;
        if self.wordless < 2 { State::Follow(version) } else { State::List }
    }

    /// One line of the stream.
    async fn hear(&mut self, line: &[u8], version: &mut String) -> Result<ControlFlow<Step>, Closed> {
        let (event, newer) = event(line, &self.place());
        let what = match event {
            Event::Changed(object) => SeenWhat::Changed(object),
            Event::Gone(key) => SeenWhat::Gone(key),
            Event::Bookmark => SeenWhat::Alive,
            Event::Refused(refused) => return Ok(ControlFlow::Break(self.broke(version.clone(), refused))),
            Event::Noise => return Ok(ControlFlow::Continue(())),
        };
        (self.failures, self.wordless) = (0, 0);
        self.say(what).await?;
        if let Some(newer) = newer {
            *version = newer;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Where to go on after a watch was refused: 410 lists again in silence, a gone kind lists aloud, the rest resumes.
    fn broke(&mut self, version: String, refused: Refused) -> Step {
        let refused = self.doubted(refused);
        match refused.error.kind {
            CallKind::Gone if self.failures < 5 => Step::Pause(State::List),
            CallKind::Gone | CallKind::Forbidden | CallKind::NotFound | CallKind::KindNotServed => {
                Step::Failed(State::List, refused)
            }
            _ => Step::Failed(State::Follow(version), refused),
        }
    }

    /// The first refusals of what was listed before are told as a server that has no answer yet, and tried again soon: what
    /// is known stays. After these the right is gone.
    fn doubted(&mut self, refused: Refused) -> Refused {
        if refused.error.kind != CallKind::Forbidden || !self.listed || self.doubts >= DOUBTS {
            return refused;
        }
        if self.doubts == 0 {
            self.failures = 0;
        }
        self.doubts += 1;
        Refused { error: CallError { kind: CallKind::Unreachable, ..refused.error }, ..refused }
    }

    fn collection(&self) -> String {
        self.target.served.collection(self.target.namespace.as_deref().unwrap_or_default())
    }

    fn place(&self) -> Place<'_> {
        let Target { served, namespace } = &self.target;
        Place { cluster: self.cluster.name(), served, namespace: namespace.as_deref() }
    }
}

#[cfg(test)]
#[path = "watch/tests.rs"]
mod tests;
