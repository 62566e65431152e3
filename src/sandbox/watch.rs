//! Watches: the changes after a version, each once and in order, then what comes.
//!
//! Owns event lines, streaming lists, bookmarks, time-outs and 410. Time-outs and bookmarks go by the sandbox's clock.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accept::{self, Accept};
use super::answer::Answer;
use super::core::{Core, State};
use super::failure::Failure;
use super::flags::Flags;
use super::partial;
use super::route::Target;
use super::selector::Selector;
use super::service::{Outage, Unreachable};
use super::store::Change;
use super::stored::{Stored, Texts};
use super::table::Table;

/// Bytes sent in one frame at most, unless one event is larger.
const FRAME: usize = 64 * 1024;
/// Changes taken under the lock at once.
const BATCH: usize = 256;
/// Between bookmarks, as kube-apiserver's watch cache: about a minute.
const BOOKMARK: SignedDuration = SignedDuration::from_secs(60);

/// An open watch. It holds no events: what it has not read lies in the ring, and falls out of it with everybody's.
pub(super) struct Watch {
    core: Arc<Core>,
    ticket: u64,
    target: Target,
    form: Form,
    selector: Selector,
    /// A streaming list of a version that is not there yet, and the version that is.
    too_early: Option<(u64, u64)>,
    /// The version seen last, or the one to wait for.
    position: u64,
    /// Whether it has been told anything from the ring: it may fall behind then, but did not start too late.
    started: bool,
    /// Objects to be told of before any change, and the version of the bookmark behind them.
    ahead: std::vec::IntoIter<Arc<Stored>>,
    ahead_ends: Option<u64>,
    /// Changes taken and not told yet.
    taken: std::vec::IntoIter<Arc<Change>>,
    until: Option<Timestamp>,
    bookmark: Option<Timestamp>,
    ended: bool,
}

/// What events carry.
enum Form {
    Whole,
    Table(Box<Table>),
    Partial,
}

impl Form {
    fn asked(wanted: Accept, flags: &Flags) -> Self {
        match wanted.form {
            accept::Form::Metadata => Self::Partial,
            accept::Form::Table => Self::Table(Box::new(Table::including(flags))),
            accept::Form::Whole | accept::Form::MetadataList => Self::Whole,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({} after {})", self.target.kind.qualified(), self.position)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.core.leave(self.ticket, Some(self.target.kind.id));
    }
}

/// Opens a watch.
pub(super) fn open(core: &Arc<Core>, target: &Target, flags: &Flags, wanted: Accept) -> Result<Answer, Failure> {
    let selector = Selector::of(flags, &target.kind)?;
    let asked = flags.resource_version()?;
    let ticket = core.ticket();
    let state = core.timed();
    let (now, current) = (state.now, state.store.rv());
    let bookmarks = flags.is("allowWatchBookmarks");
    let streaming = flags.is("sendInitialEvents");
    let initial = streaming || (asked == 0 && flags.get("sendInitialEvents").is_none());
    let ahead = if initial { matching(&state, target, &selector) } else { Vec::new() };
    drop(state);
    let timeout = flags.number("timeoutSeconds").and_then(|seconds| i64::try_from(seconds).ok());
    Ok(Answer::Stream(Box::new(Watch {
        core: core.clone(),
        ticket,
        form: Form::asked(wanted, flags),
        target: target.clone(),
        selector,
        too_early: (streaming && asked > current).then_some((asked, current)),
        position: if initial { current } else { asked },
        started: initial,
        ahead: ahead.into_iter(),
        ahead_ends: (streaming && bookmarks).then_some(current),
        taken: Vec::new().into_iter(),
        until: timeout.and_then(|seconds| now.saturating_add(SignedDuration::from_secs(seconds)).ok()),
        bookmark: bookmarks.then(|| now.saturating_add(BOOKMARK).ok()).flatten(),
        ended: false,
    })))
}

fn matching(state: &State, target: &Target, selector: &Selector) -> Vec<Arc<Stored>> {
    let all = state.store.list(target.kind.id, &target.namespace);
    all.filter(|(name, stored)| selector.takes(name, stored)).map(|(_, stored)| stored.clone()).collect()
}

impl Watch {
    /// The next frame of lines, the end, or a break.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unreachable>>> {
        let mut frame = Vec::new();
        while !self.ended {
            let core = self.core.clone();
            let mut state = core.timed();
            match state.outage_now() {
                Outage::Cut => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(Unreachable)));
                }
                Outage::Mute => {
                    state.wait(self.ticket, Some(self.target.kind.id), cx.waker());
                    return Poll::Pending;
                }
                Outage::None => {}
            }
            let now = state.now;
            if let Some((asked, current)) = self.too_early {
                self.ended = true;
                error_line(&Failure::too_large(asked, current), &mut frame);
                return Poll::Ready(Some(Ok(Bytes::from(frame))));
            }
            let is_idle = self.is_told() && !self.take(&state, &mut frame);
            if is_idle && frame.is_empty() && !self.ended {
                if self.until.is_none_or(|until| now < until) {
                    state.wait(self.ticket, Some(self.target.kind.id), cx.waker());
                    return Poll::Pending;
                }
                self.ended = true;
            }
            drop(state);
            self.tell(now, &mut frame);
            if !frame.is_empty() {
                return Poll::Ready(Some(Ok(Bytes::from(frame))));
            }
        }
        Poll::Ready(None)
    }

    /// Whether all that was taken has been told.
    fn is_told(&self) -> bool {
        self.ahead.as_slice().is_empty() && self.ahead_ends.is_none() && self.taken.as_slice().is_empty()
    }

    /// Takes the next changes; where there are none, what else there is to say. Says whether there were any.
    fn take(&mut self, state: &State, frame: &mut Vec<u8>) -> bool {
        let kind = &self.target.kind;
        let Some(changes) = state.store.since(kind.id, self.position) else {
            self.falls_behind(state, frame);
            return false;
        };
        self.started = true;
        let is_within =
            |change: &Change| self.target.namespace.is_empty() || *change.name.namespace == *self.target.namespace;
        let taken: Vec<_> = changes.filter(|change| is_within(change)).take(BATCH).cloned().collect();
        self.position = if taken.len() < BATCH {
            state.store.rv().max(self.position)
        } else {
            taken.last().map_or(self.position, |last| last.rv)
        };
        if !taken.is_empty() {
            self.taken = taken.into_iter();
            return true;
        }
        self.ended |= kind.custom.is_some() && state.world.kinds.get(kind.id).is_none();
        if self.bookmark.is_some_and(|due| state.now >= due) && !self.ended {
            self.bookmark_line((self.position, false), state.now, frame);
            self.bookmark = state.now.saturating_add(BOOKMARK).ok();
        }
        false
    }

    /// A watch from before is told so. One that reads too slowly is closed, as kube-apiserver closes it: its client
    /// comes again, and is told then.
    fn falls_behind(&mut self, state: &State, frame: &mut Vec<u8>) {
        self.ended = true;
        if !self.started || self.position < state.store.asked() {
            let oldest = state.store.compacted(self.target.kind.id);
            let why = format!("too old resource version: {} ({oldest})", self.position);
            error_line(&Failure::expired(why), frame);
        }
    }

    /// Writes what was taken, up to a frame.
    fn tell(&mut self, now: Timestamp, frame: &mut Vec<u8>) {
        while frame.len() < FRAME
            && let Some(stored) = self.ahead.next()
        {
            self.event("ADDED", &stored, now, frame);
        }
        if self.ahead.as_slice().is_empty()
            && let Some(rv) = self.ahead_ends.take()
        {
            self.bookmark_line((rv, true), now, frame);
        }
        while frame.len() < FRAME
            && let Some(change) = self.taken.next()
        {
            self.change(&change, now, frame);
        }
    }

    fn change(&mut self, change: &Change, now: Timestamp, frame: &mut Vec<u8>) {
        let takes = |stored: &Arc<Stored>| self.selector.takes(&change.name, stored);
        let before = change.was.as_ref().is_some_and(takes);
        let after = !change.deleted && takes(&change.now);
        match (before, after) {
            (false, true) => self.event("ADDED", &change.now, now, frame),
            (true, true) => self.event("MODIFIED", &change.now, now, frame),
            (true, false) => self.event("DELETED", &self.last_seen(change), now, frame),
            (false, false) => {}
        }
    }

    /// What a selector's watcher is told of an object that left it: the state it knew, at the change's version.
    fn last_seen(&self, change: &Change) -> Arc<Stored> {
        match &change.was {
            Some(was) if !change.deleted => {
                Arc::new(Stored::new(&was.value(&self.target.kind), change.rv, &mut Texts::default()))
            }
            _ => change.now.clone(),
        }
    }

    /// A bookmark, in the form of the other events.
    fn bookmark_line(&mut self, (rv, initial): (u64, bool), now: Timestamp, out: &mut Vec<u8>) {
        let mut metadata = json!({"resourceVersion": rv.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let (kind, version) = (&*self.target.kind.kind, self.target.kind.api_version());
        let object: Value = json!({"kind": kind, "apiVersion": version, "metadata": metadata});
        let told = match &mut self.form {
            Form::Partial => partial::one(&object),
            Form::Table(table) => table.event(&self.target, object.to_string().as_bytes(), now),
            Form::Whole => object,
        };
        line("BOOKMARK", out, |out| out.extend_from_slice(told.to_string().as_bytes()));
    }

    /// An object as its watcher asked for it.
    fn event(&mut self, what: &str, stored: &Stored, now: Timestamp, frame: &mut Vec<u8>) {
        let kind = &self.target.kind;
        let told = match &mut self.form {
            Form::Table(table) => table.event(&self.target, &stored.whole(kind), now),
            Form::Partial => partial::one(&stored.value(kind)),
            Form::Whole => return line(what, frame, |out| stored.write(kind, out)),
        };
        line(what, frame, |out| out.extend_from_slice(told.to_string().as_bytes()));
    }
}

fn error_line(failure: &Failure, out: &mut Vec<u8>) {
    let object = failure.to_value().to_string();
    line("ERROR", out, |out| out.extend_from_slice(object.as_bytes()));
}

fn line(what: &str, out: &mut Vec<u8>, object: impl FnOnce(&mut Vec<u8>)) {
    for part in ["{\"type\":\"", what, "\",\"object\":"] {
        out.extend_from_slice(part.as_bytes());
    }
    object(out);
    out.extend_from_slice(b"}\n");
}
