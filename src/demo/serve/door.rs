//! Whoever comes to the port: TLS, the token, the cluster it belongs to.
//!
//! A path may begin with the cluster's name and does so in the kubeconfig, so that kubectl's caches tell clusters apart;
//! `kubectl get --raw` leaves it out. TLS, because kubectl sends no token over plain http. Refuses whoever has no token,
//! `/healthz` and `/version` included and before anything else is looked at; more than a bounded number at a time; and
//! whoever keeps it waiting.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;

use super::keys::Token;
use crate::sandbox::{Body, Service, Unreachable};

/// Connections at a time; more wait to be taken.
pub(super) const CONNECTIONS: usize = 256;
/// How long a client may take to shake hands, and to send the head of a request.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The longest head of a request.
const HEAD: usize = 128 * 1024;
/// How often a cluster that is cut is asked whether it is back.
const PAUSE: Duration = Duration::from_secs(1);
/// After a connection that could not be taken.
const TRY_AGAIN: Duration = Duration::from_millis(100);
/// What a client of plain http is told, in the words of Go's server.
const PLAIN: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

const NO_CONTAINERS: &str = "a sample cluster runs no containers: it has no logs, exec, attach or port-forward";

type Answered = Result<Response<Body>, Unreachable>;
type Answering = dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Answered> + Send>> + Send + Sync;
type Reply = Response<Either<Body, Full<Bytes>>>;

/// A cluster behind the door.
#[derive(Clone)]
pub(super) struct Behind {
    pub(super) name: String,
    pub(super) token: Token,
    pub(super) answer: Arc<Answering>,
}

impl Behind {
    /// A sandbox, with a token of its own.
    pub(super) fn new(name: &str, service: Service) -> Self {
        Self {
            name: name.to_owned(),
            token: Token::new(),
            answer: Arc::new(move |request| service.clone().call(request)),
        }
    }
}

/// Whether a cluster is cut now. One that is slow or mute is not: it can be reached.
pub(super) fn is_cut(service: &Service) -> bool {
    let mut asked = Request::new(Full::<Bytes>::default());
    *asked.uri_mut() = Uri::from_static("/livez");
    matches!(service.clone().call(asked).now_or_never(), Some(Err(Unreachable)))
}

/// Waits until a cluster is not cut any more.
pub(super) async fn back(service: Service) {
    while is_cut(&service) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// One way in for all clusters, at any number of ports.
#[derive(Clone)]
pub(super) struct Door {
    tls: TlsAcceptor,
    site: Arc<[Behind]>,
    seats: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(tls: TlsAcceptor, site: Vec<Behind>) -> Self {
        Self { tls, site: site.into(), seats: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// How many more connections are taken now.
    #[cfg(test)]
    pub(super) fn seats(&self) -> usize {
        self.seats.available_permits()
    }

    /// Takes connections until it is aborted; they end with it.
    pub(super) async fn open(self, listener: TcpListener) {
        let mut open = JoinSet::new();
        loop {
            let Ok(seat) = self.seats.clone().acquire_owned().await else { return };
            while open.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    let door = self.clone();
                    open.spawn(async move {
                        door.converse(stream).await;
                        drop(seat);
                    });
                }
                // Out of file handles, or a client that was gone at once: the next may fare better.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not taken");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    /// One connection to its end; why a client went away is its own business.
    async fn converse(self, stream: TcpStream) {
        let begun = tokio::time::timeout(PATIENCE, self.shake(stream)).await;
        let Ok(Some(stream)) = begun else { return };
        let serve = service_fn(move |request| answer(self.site.clone(), request));
        let mut http = http1::Builder::new();
        let http = http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD);
        if let Err(error) = http.serve_connection(TokioIo::new(stream), serve).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }

    async fn shake(&self, mut stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut first = [0];
        stream.peek(&mut first).await.ok()?;
        // A TLS client begins with the byte of a handshake, a client of plain http with its method.
        if first[0].is_ascii_uppercase() {
            let _ = stream.write_all(PLAIN).await;
            let _ = stream.shutdown().await;
            // Closed with words unread, the connection would be reset and the answer lost.
            let _ = stream.take(HEAD as u64).read_to_end(&mut Vec::new()).await;
            return None;
        }
        self.tls.accept(stream).await.ok()
    }
}

/// One request; an error breaks the connection off, as a cluster that is cut does.
async fn answer(site: Arc<[Behind]>, mut request: Request<Incoming>) -> Result<Reply, Unreachable> {
    let said = request.headers().get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
    let said = said.unwrap_or_default();
    let Some(meant) = site.iter().find(|one| one.token.is(said)) else { return Ok(stranger()) };
    let named = site.iter().find_map(|one| Some((&one.name, below(request.uri(), &one.name)?)));
    match named {
        // The token of one cluster is none for another.
        Some((name, _)) if *name != meant.name => return Ok(stranger()),
        Some((_, uri)) => *request.uri_mut() = uri,
        None => {}
    }
    if is_stream(request.uri().path()) {
        return Ok(status(StatusCode::NOT_IMPLEMENTED, "NotImplemented", NO_CONTAINERS));
    }
    match AssertUnwindSafe(async { (meant.answer)(request).await }).catch_unwind().await {
        Ok(answer) => Ok(answer?.map(Either::Left)),
        Err(_) => Ok(status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the sample cluster panicked")),
    }
}

/// A path as the cluster knows it, where it begins with the cluster's name.
fn below(uri: &Uri, name: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix('/')?.strip_prefix(name)?;
    match rest.chars().next() {
        None => "/".parse().ok(),
        Some('?') => format!("/{rest}").parse().ok(),
        Some('/') => rest.parse().ok(),
        Some(_) => None,
    }
}

/// Whether a path is a container's log or a stream to it: what a kubelet would answer.
fn is_stream(path: &str) -> bool {
    let parts: Vec<&str> = path.rsplitn(6, '/').collect();
    matches!(parts.as_slice(), ["log" | "exec" | "attach" | "portforward", _, "pods", _, "namespaces", _])
}

/// 401, as kube-apiserver says it; whoever has no token keeps no seat either.
fn stranger() -> Reply {
    let mut reply = status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized");
    reply.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
    reply
}

fn status(code: StatusCode, reason: &str, message: &str) -> Reply {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code.as_u16(),
    });
    let mut reply = Response::new(Either::Right(Full::new(Bytes::from(body.to_string()))));
    *reply.status_mut() = code;
    reply.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_begin_with_the_clusters_name() {
        let below = |text: &str| below(&text.parse().expect("a uri"), "prod-eu").map(|uri| uri.to_string());
        assert_eq!(below("/prod-eu/api/v1/pods?limit=1").as_deref(), Some("/api/v1/pods?limit=1"));
        assert_eq!(below("/prod-eu").as_deref(), Some("/"));
        assert_eq!(below("/prod-eu?a=b").as_deref(), Some("/?a=b"));
        for other in ["/version", "/prod-eu-2/api", "/"] {
            assert_eq!(below(other), None, "{other} stays as it is");
        }
    }

    #[test]
    fn what_a_kubelet_would_answer_is_told_apart() {
        for part in ["log", "exec", "attach", "portforward"] {
            assert!(is_stream(&format!("/api/v1/namespaces/shop/pods/cart-1/{part}")), "{part}");
        }
        for path in ["/api/v1/namespaces/shop/pods/log", "/api/v1/namespaces/pods/configmaps/log", "/log", "/"] {
            assert!(!is_stream(path), "{path} is a matter of the cluster");
        }
    }
}
