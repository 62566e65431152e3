//! The body of an answer: bytes at once, a list as it is read, or a watch's lines as they come.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::listed::Listed;
use super::scene::Curtain;
use super::service::Unreachable;
use super::watch::Watch;

/// A response body. A watch is newline-delimited JSON, one event a line; it breaks off with an error on `cut`.
#[derive(Debug)]
pub struct Body(Inner);

#[derive(Debug)]
enum Inner {
    Whole(Option<Bytes>),
    List(Box<Listed>),
    Watch(Box<Watch>),
    Behind(Box<(Curtain, Inner)>),
}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Inner::Whole((!bytes.is_empty()).then_some(bytes)))
    }

    pub(super) fn list(list: Listed) -> Self {
        Self(Inner::List(Box::new(list)))
    }

    pub(super) fn watch(watch: Watch) -> Self {
        Self(Inner::Watch(Box::new(watch)))
    }

    /// The same stream as long as scenes let it through; what is said at once has been let through.
    pub(super) fn behind(self, curtain: Curtain) -> Self {
        match self.0 {
            whole @ (Inner::Whole(_) | Inner::List(_)) => Self(whole),
            stream => Self(Inner::Behind(Box::new((curtain, stream)))),
        }
    }
}

impl Inner {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unreachable>>> {
        match self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Self::List(list) => Poll::Ready(list.next().map(Ok)),
            Self::Watch(watch) => watch.poll(cx),
            Self::Behind(behind) => match behind.0.poll(cx) {
                Poll::Ready(Ok(())) => behind.1.poll(cx),
                Poll::Ready(Err(broken)) => Poll::Ready(Some(Err(broken))),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Unreachable;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unreachable>>> {
        self.get_mut().0.poll(cx).map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_none(),
            Inner::List(list) => list.is_ended(),
            Inner::Watch(_) | Inner::Behind(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::List(_) | Inner::Watch(_) | Inner::Behind(_) => SizeHint::default(),
        }
    }
}
