//! Watches: the changes after a version, each once and in order, then what comes.
//!
//! Owns event lines, streaming lists, bookmarks, time-outs and 410. Time-outs and bookmarks go by the sandbox's clock.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::Answer;
use super::core::{Core, State};
use super::failure::Failure;
use super::flags::Flags;
use super::object;
use super::partial;
use super::route::Target;
use super::selector::Selector;
use super::service::{Outage, Unreachable};
use super::store::{Change, Stored};
use super::table::{self, Table};

/// Bytes sent in one frame at most, unless one event is larger.
const FRAME: usize = 64 * 1024;
/// Between bookmarks, as kube-apiserver's watch cache: about a minute.
const BOOKMARK: SignedDuration = SignedDuration::from_secs(60);

/// An open watch.
pub(super) struct Watch {
    core: Arc<Core>,
    ticket: u64,
    target: Target,
    form: Form,
    selector: Selector,
    /// The version seen last.
    position: u64,
    /// Lines to be sent before the changes: a streaming list, newest first out of the end.
    ahead: Vec<Bytes>,
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
    fn asked(accept: &str) -> Self {
        if partial::is_asked(accept) {
            Self::Partial
        } else if table::is_asked(accept) {
            Self::Table(Box::default())
        } else {
            Self::Whole
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
        self.core.leave(self.ticket);
    }
}

/// Opens a watch.
pub(super) fn open(core: &Arc<Core>, target: &Target, flags: &Flags, accept: &str) -> Result<Answer, Failure> {
    let selector = Selector::of(flags, &target.kind)?;
    let asked = flags.resource_version()?;
    let (ticket, now) = (core.ticket(), core.now());
    let state = core.state();
    let current = state.store.rv();
    if asked > current {
        return Err(Failure::too_large(asked, current));
    }
    let bookmarks = flags.is("allowWatchBookmarks");
    let streaming = flags.is("sendInitialEvents");
    let initial = streaming || (asked == 0 && flags.get("sendInitialEvents").is_none());
    let mut form = Form::asked(accept);
    let mut ahead = if initial { initial_lines(&state, target, &selector, (&mut form, now)) } else { Vec::new() };
    if streaming && bookmarks {
        ahead.push(bookmark_line(target, current, true));
    }
    ahead.reverse();
    let timeout = flags.number("timeoutSeconds").and_then(|seconds| i64::try_from(seconds).ok());
    drop(state);
    Ok(Answer::Stream(Box::new(Watch {
        core: core.clone(),
        ticket,
        form,
        target: target.clone(),
        selector,
        position: if initial { current } else { asked },
        ahead,
        until: timeout.and_then(|seconds| now.saturating_add(SignedDuration::from_secs(seconds)).ok()),
        bookmark: bookmarks.then(|| now.saturating_add(BOOKMARK).ok()).flatten(),
        ended: false,
    })))
}

fn initial_lines(
    state: &State,
    target: &Target,
    selector: &Selector,
    (form, now): (&mut Form, Timestamp),
) -> Vec<Bytes> {
    let all = state.store.list(target.kind.id, &target.namespace);
    let taken = all.filter(|(name, stored)| selector.takes(name, stored));
    taken.map(|(_, stored)| line("ADDED", &shown(target, form, stored.whole(&target.kind), now))).collect()
}

impl Watch {
    /// The next frame of lines, the end, or a break.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unreachable>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let core = self.core.clone();
        core.wait(self.ticket, Some(self.target.kind.id), cx.waker());
        let now = core.now();
        let state = core.state();
        match state.outage_now() {
            Outage::Cut => {
                self.ended = true;
                return Poll::Ready(Some(Err(Unreachable)));
            }
            Outage::Mute => return Poll::Pending,
            Outage::None => {}
        }
        let mut frame = self.take_ahead();
        if self.ahead.is_empty() {
            self.take_changes(&state, &mut frame);
            let kind = &self.target.kind;
            self.ended |= kind.custom.is_some() && state.world.kinds.get(kind.id).is_none();
            self.take_bookmark(&state, now, &mut frame);
        }
        if !frame.is_empty() {
            return Poll::Ready(Some(Ok(Bytes::from(frame))));
        }
        if self.ended || self.until.is_some_and(|until| now >= until) {
            self.ended = true;
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    fn take_ahead(&mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        while frame.len() < FRAME
            && let Some(line) = self.ahead.pop()
        {
            frame.extend_from_slice(&line);
        }
        frame
    }

    fn take_changes(&mut self, state: &State, frame: &mut Vec<u8>) {
        let Some(changes) = state.store.since(self.position) else {
            let why = format!("too old resource version: {} ({})", self.position, state.store.compacted());
            frame.extend_from_slice(&line("ERROR", Failure::expired(why).to_value().to_string().as_bytes()));
            self.ended = true;
            return;
        };
        for change in changes {
            if frame.len() >= FRAME {
                return;
            }
            self.position = change.rv;
            if let Some(line) = self.line_of(change, state.now) {
                frame.extend_from_slice(&line);
            }
        }
    }

    fn line_of(&mut self, change: &Change, now: Timestamp) -> Option<Bytes> {
        let target = self.target.clone();
        let elsewhere = !target.namespace.is_empty() && *change.name.namespace != *target.namespace;
        if change.kind != target.kind.id || elsewhere {
            return None;
        }
        let takes = |stored: &Arc<Stored>| self.selector.takes(&change.name, stored);
        let before = change.was.as_ref().is_some_and(takes);
        let after = !change.deleted && takes(&change.now);
        let (what, object) = match (before, after) {
            (false, true) => ("ADDED", change.now.whole(&target.kind)),
            (true, true) => ("MODIFIED", change.now.whole(&target.kind)),
            (true, false) => ("DELETED", self.last_seen(change)),
            (false, false) => return None,
        };
        Some(line(what, &shown(&target, &mut self.form, object, now)))
    }

    /// What a selector's watcher is told of an object that left it: the state it knew, at the change's version.
    fn last_seen(&self, change: &Change) -> Vec<u8> {
        let kind = &self.target.kind;
        match &change.was {
            Some(was) if !change.deleted => {
                let mut value = was.value(kind);
                object::set(&mut value, &["metadata", "resourceVersion"], change.rv.to_string().into());
                value.to_string().into_bytes()
            }
            _ => change.now.whole(kind),
        }
    }

    fn take_bookmark(&mut self, state: &State, now: Timestamp, frame: &mut Vec<u8>) {
        if self.bookmark.is_some_and(|due| now >= due) && !self.ended {
            self.position = self.position.max(state.store.rv());
            frame.extend_from_slice(&bookmark_line(&self.target, self.position, false));
            self.bookmark = now.saturating_add(BOOKMARK).ok();
        }
    }
}

/// An object as its watcher asked for it.
fn shown(target: &Target, form: &mut Form, object: Vec<u8>, now: Timestamp) -> Vec<u8> {
    match form {
        Form::Whole => object,
        Form::Table(table) => table.event(target, &object, now).to_string().into_bytes(),
        Form::Partial => partial::one(&serde_json::from_slice(&object).unwrap_or_default()).to_string().into_bytes(),
    }
}

fn bookmark_line(target: &Target, rv: u64, initial: bool) -> Bytes {
    let mut metadata = json!({"resourceVersion": rv.to_string()});
    if initial {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let object: Value =
        json!({"kind": &*target.kind.kind, "apiVersion": target.kind.api_version(), "metadata": metadata});
    line("BOOKMARK", object.to_string().as_bytes())
}

fn line(what: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(format!("{{\"type\":\"{what}\",\"object\":").as_bytes());
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    Bytes::from(out)
}
