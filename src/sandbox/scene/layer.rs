//! The tower side of scenes: a service that lets each act of a board have its way with a request, the last one first.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use super::super::body::Body;
use super::super::service::{BoxError, Unreachable, gathered};
use super::act::Act;
use super::asked::Asked;
use super::bell::Board;
use super::curtain::Curtain;
use super::play;

/// A request with its body read.
pub(super) type Whole = Request<Full<Bytes>>;
/// What a request gets.
pub(super) type Reply = Result<Response<Body>, Unreachable>;
/// The way on to the cluster.
pub(super) type Way = BoxCloneSyncService<Whole, Response<Body>, Unreachable>;

/// A way to a cluster on which scenes play.
#[derive(Clone, Debug)]
pub struct Staged<S> {
    inner: S,
    board: Arc<Board>,
}

impl<S> Staged<S> {
    pub(in crate::sandbox) fn new(inner: S, board: Arc<Board>) -> Self {
        Self { inner, board }
    }
}

impl<S, B> Service<Request<B>> for Staged<S>
where
    S: Service<Whole, Response = Response<Body>, Error = Unreachable> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut inner, board) = (self.inner.clone(), self.board.clone());
        Box::pin(async move {
            let request = match gathered(request).await {
                Ok(request) => request,
                Err(refused) => return Ok(refused.into_response()),
            };
            let stream = request.uri().query().is_some_and(|query| query.contains("watch"));
            let curtain = stream.then(|| Curtain::new(board.clone(), asked(&request)));
            let acts = board.on();
            let answered = if acts.is_empty() {
                inner.call(request).await?
            } else {
                let wrap = |way, act| Way::new(One { act, way });
                acts.into_iter().fold(Way::new(inner), wrap).call(request).await?
            };
            Ok(match curtain {
                Some(curtain) if curtain.is_watch() => answered.map(|body| body.behind(curtain)),
                _ => answered,
            })
        })
    }
}

fn asked(request: &Whole) -> Asked {
    let (head, ()) = {
        let mut bare = Request::new(());
        *bare.method_mut() = request.method().clone();
        *bare.uri_mut() = request.uri().clone();
        *bare.headers_mut() = request.headers().clone();
        bare.into_parts()
    };
    Asked::of(&head)
}

/// One act before the way on.
#[derive(Clone)]
struct One {
    act: Act,
    way: Way,
}

impl Service<Whole> for One {
    type Response = Response<Body>;
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Whole) -> Self::Future {
        let (act, way) = (self.act.clone(), self.way.clone());
        let asked = asked(&request);
        Box::pin(async move { play::play(&act, &asked, request, way).await })
    }
}
