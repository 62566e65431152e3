//! The sandbox as a tower service: takes any body, answers with [`Body`]. Owns the outage. Refuses sockets.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};

use super::account::{Account, Closed};
use super::answer::Answer;
use super::body::Body;
use super::core::{Call, Core};
use super::failure::Failure;
use super::protobuf;
use super::scene::{Board, Staged};

/// The largest request body taken, as kube-apiserver's default: 3 MiB.
const BODY: usize = 3 * 1024 * 1024;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The cluster cannot be reached: it is cut, or a hanging request broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connection refused: the cluster is cut off")]
pub struct Unreachable;

/// How the cluster is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    None,
    Cut,
    Mute,
}

/// One account's way into a sandbox, past the scenes that play there. Always ready.
#[derive(Clone, Debug)]
pub struct Service(Staged<Plain>);

impl Service {
    pub(super) fn new(core: Arc<Core>, account: Account, board: Arc<Board>) -> Self {
        Self(Staged::new(Plain { core, account: Arc::new(account) }, board))
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Unreachable>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.call(request)
    }
}

/// The same without scenes.
#[derive(Clone, Debug)]
struct Plain {
    core: Arc<Core>,
    account: Arc<Account>,
}

impl tower_service::Service<Request<Full<Bytes>>> for Plain {
    type Response = Response<Body>;
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Unreachable>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let Self { core, account } = self.clone();
        Box::pin(async move {
            reachable(&core).await?;
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let account = match head.extensions.get::<Closed>() {
                Some(closed) => Arc::new(account.without(closed)),
                None => account,
            };
            let answer = match call_of(&head, body.to_bytes()) {
                Ok(call) => core.answer(&account, &call).into_response(),
                Err(failure) => Answer::from(failure).into_response(),
            };
            // To a HEAD nothing but the head is said.
            Ok(if head.method == Method::HEAD { answer.map(|_| Body::whole(Bytes::new())) } else { answer })
        })
    }
}

/// A request with its body read; 413 for one that is too large.
pub(super) async fn gathered<B>(request: Request<B>) -> Result<Request<Full<Bytes>>, Answer>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        let failure = Failure::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
        return Err(Answer::from(failure));
    };
    Ok(Request::from_parts(head, Full::new(body.to_bytes())))
}

/// Bodies in protobuf become JSON here; nothing behind knows of them.
fn call_of(head: &http::request::Parts, mut body: Bytes) -> Result<Call, Failure> {
    let text = |name: header::HeaderName| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut content_type = text(header::CONTENT_TYPE);
    if content_type.starts_with(protobuf::TYPE) {
        let read = protobuf::read(&body).ok_or_else(|| Failure::bad("the body is no protobuf of a known kind"))?;
        body = Bytes::from(read.to_string());
        "application/json".clone_into(&mut content_type);
    }
    Ok(Call {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        accept: text(header::ACCEPT),
        content_type,
        agent: text(header::USER_AGENT),
        body,
    })
}

/// Passes at once, fails at once, or hangs until the outage changes and then fails.
async fn reachable(core: &Core) -> Result<(), Unreachable> {
    let (mut hung, id) = (false, core.ticket());
    poll_fn(|cx| match core.outage() {
        Outage::None if !hung => Poll::Ready(Ok(())),
        Outage::Mute => {
            hung = true;
            core.wait(id, None, cx.waker());
            Poll::Pending
        }
        Outage::None | Outage::Cut => Poll::Ready(Err(Unreachable)),
    })
    .await
}
