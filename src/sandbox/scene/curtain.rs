//! What stands between an open watch and who listens: it hushes or breaks the stream while a scene wants that.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::service::Unreachable;
use super::asked::Asked;
use super::bell::{Board, Hold};

/// One open watch's.
pub(in crate::sandbox) struct Curtain {
    board: Arc<Board>,
    asked: Asked,
    ticket: u64,
    is_noted: bool,
    is_broken: bool,
}

impl fmt::Debug for Curtain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Curtain({})", self.asked.path)
    }
}

impl Drop for Curtain {
    fn drop(&mut self) {
        self.board.bell.leave(self.ticket);
    }
}

impl Curtain {
    pub(super) fn new(board: Arc<Board>, asked: Asked) -> Self {
        let ticket = board.bell.ticket();
        Self { board, asked, ticket, is_noted: false, is_broken: false }
    }

    pub(super) fn is_watch(&self) -> bool {
        self.asked.is_watch()
    }

    /// `Pending` while the stream is hushed, ready while it may speak; it never speaks again once it broke.
    pub(in crate::sandbox) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        self.board.bell.wait(self.ticket, cx.waker());
        let held = self.board.hold(&self.asked);
        if let Some((act, _)) = &held
            && !self.is_noted
        {
            self.is_noted = true;
            act.noted();
        }
        match held {
            _ if self.is_broken => Poll::Ready(Err(Unreachable)),
            Some((_, Hold::Break)) => {
                self.is_broken = true;
                Poll::Ready(Err(Unreachable))
            }
            Some((_, Hold::Hush)) => Poll::Pending,
            None => {
                self.is_noted = false;
                Poll::Ready(Ok(()))
            }
        }
    }
}
