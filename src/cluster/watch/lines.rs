//! The body of a watch as lines. Refuses a line without an end.

use bytes::BytesMut;
use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::cluster::error::{CallError, CallKind};

const LINE_CAP: usize = 32 << 20;

/// A body cut at newlines.
pub(super) struct Lines {
    body: Body,
    held: BytesMut,
    searched: usize,
}

impl Lines {
    pub fn new(body: Body) -> Self {
        Self { body, held: BytesMut::new(), searched: 0 }
    }

    /// The next line; `None` at the end. A last line without its newline is an answer cut short, and left out.
    pub async fn next(&mut self) -> Result<Option<BytesMut>, CallError> {
        loop {
            let fresh = self.held.get(self.searched..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|byte| *byte == b'\n') {
                let line = self.held.split_to(self.searched + at + 1);
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.held.len();
            if self.held.len() > LINE_CAP {
                return Err(CallError::local(CallKind::Other, format!("an event larger than {LINE_CAP} bytes")));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.held.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
                Some(Err(error)) => {
                    return Err(CallError::local(CallKind::Unreachable, format!("the watch broke off: {error}")));
                }
                None => return Ok(None),
            }
        }
    }
}
