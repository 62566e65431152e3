//! The body of an answer: bytes at once, a list as it is read, or a watch's lines as they come.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::listed::Listed;
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
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Unreachable;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unreachable>>> {
        match &mut self.get_mut().0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::List(list) => Poll::Ready(list.next().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Watch(watch) => watch.poll(cx).map(|next| next.map(|bytes| bytes.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_none(),
            Inner::List(list) => list.is_ended(),
            Inner::Watch(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::List(_) | Inner::Watch(_) => SizeHint::default(),
        }
    }
}
