//! The sample clusters behind a port: `driftdeck demo --serve`, for the kubectl one has.
//!
//! Owns the listener, the tokens and the kubeconfig. One port for all clusters: whose token comes with a request, that
//! cluster is meant. A path may begin with the cluster's name and does so in the kubeconfig, so that kubectl's caches tell
//! them apart; `kubectl get --raw` leaves it out. TLS, because kubectl sends no token over plain http. Refuses whoever
//! has no token, before anything else is looked at, and any address but loopback unless the operator named one.

mod keys;
mod kubeconfig;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::stage::Stage;
use crate::model::ClusterName;
use crate::sandbox::{Body, Sandbox, Service, Unreachable};
use keys::Token;

/// The cluster that a kubeconfig is set to.
const FIRST: &str = "prod-eu";
/// Connections at a time; more wait to be taken.
const CONNECTIONS: usize = 256;
/// How long a client may take to shake hands, and to send the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the door is: what `--serve` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(SocketAddr);

/// An open door. Dropping it closes the port, ends every connection and removes the kubeconfig.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    kubeconfig: PathBuf,
    text: String,
    task: JoinHandle<()>,
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Not an address.
    #[error("--serve takes an address: 127.0.0.1:8443, :8443 or 8443")]
    Address,
    /// The port is not to be had.
    #[error("cannot listen on {address}: {kind}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        kind: io::ErrorKind,
    },
    /// No key or certificate could be made.
    #[error("no certificate can be made: {0}")]
    Certificate(String),
    /// The kubeconfig could not be written.
    #[error("cannot write {}: {kind}", path.display())]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// Why.
        kind: io::ErrorKind,
    },
    /// Somebody else's kubeconfig is there.
    #[error("{} is there already and is not a demo's: name another file", .0.display())]
    Taken(PathBuf),
}

impl Default for Address {
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

impl std::str::FromStr for Address {
    type Err = ServeError;

    /// `IP:PORT`, `IP`, `:PORT` or `PORT`; what is left out is loopback, and a free port.
    fn from_str(text: &str) -> Result<Self, ServeError> {
        let port = text.strip_prefix(':').unwrap_or(text);
        let read = port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let read = read.ok().or_else(|| text.parse().ok());
        let read = read.or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::from((ip, 0))));
        read.map(Self).ok_or(ServeError::Address)
    }
}

impl Served {
    /// Opens the door to a stage's clusters. Without `file` the kubeconfig lies in the stage's directory.
    ///
    /// # Errors
    /// The port, the certificate or the file is not to be had.
    pub async fn open(stage: &Stage, Address(wanted): Address, file: Option<&Path>) -> Result<Self, ServeError> {
        let listen = |error: io::Error| ServeError::Listen { address: wanted, kind: error.kind() };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let tls = keys::tls(address.ip())?;
        let behind = |(name, sandbox): (&ClusterName, &Sandbox)| Behind {
            name: name.as_str().to_owned(),
            token: Token::new(),
            service: sandbox.service(),
        };
        let site: Arc<[Behind]> = stage.clusters().map(behind).collect();
        let users: Vec<(&str, &str)> = site.iter().map(|one| (&*one.name, one.token.text())).collect();
        let text = kubeconfig::text(&users, address, &tls.authority);
        let kubeconfig = file.map_or_else(|| stage.directory().join("kubeconfig"), Path::to_owned);
        kubeconfig::write(&kubeconfig, &text)?;
        let task = tokio::spawn(accept(listener, TlsAcceptor::from(tls.config), site));
        Ok(Self { address, kubeconfig, text, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The kubeconfig: one context per sample cluster, named like it.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The line to paste into a shell.
    #[must_use]
    pub fn export(&self) -> String {
        let path = self.kubeconfig.to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@".contains(c);
        if path.chars().all(is_plain) {
            return format!("export KUBECONFIG={path}");
        }
        format!("export KUBECONFIG='{}'", path.replace('\'', r"'\''"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
        // Its token is worth nothing any more. Somebody's later file of that name stays.
        if std::fs::read_to_string(&self.kubeconfig).is_ok_and(|now| now == self.text) {
            let _ = std::fs::remove_file(&self.kubeconfig);
        }
    }
}

/// A cluster behind the door.
struct Behind {
    name: String,
    token: Token,
    service: Service,
}

type Reply = Response<Either<Body, Full<Bytes>>>;

/// Takes connections until it is aborted; they end with it.
async fn accept(listener: TcpListener, tls: TlsAcceptor, site: Arc<[Behind]>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        let Ok(seat) = room.clone().acquire_owned().await else { return };
        while open.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (tls, site) = (tls.clone(), site.clone());
                open.spawn(async move {
                    converse(stream, tls, site).await;
                    drop(seat);
                });
            }
            // Out of file handles, or a client that was gone at once: the next may fare better.
            Err(error) => {
                tracing::debug!(%error, "a connection was not taken");
                tokio::task::yield_now().await;
            }
        }
    }
}

/// One connection to its end; why a client went away is its own business.
async fn converse(stream: TcpStream, tls: TlsAcceptor, site: Arc<[Behind]>) {
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, tls.accept(stream)).await else { return };
    let serve = service_fn(move |request| answer(site.clone(), request));
    let mut http = http1::Builder::new();
    let connection = http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    if let Err(error) = connection.serve_connection(TokioIo::new(stream), serve).await {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// One request; an error breaks the connection off, as a cluster that is cut does.
async fn answer(site: Arc<[Behind]>, mut request: Request<Incoming>) -> Result<Reply, Unreachable> {
    let said = request.headers().get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
    let meant = site.iter().find(|one| one.token.is(said.unwrap_or_default()));
    let Some(meant) = meant else { return Ok(stranger()) };
    if let Some(uri) = below(request.uri(), &meant.name) {
        *request.uri_mut() = uri;
    }
    Ok(meant.service.clone().call(request).await?.map(Either::Left))
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

/// 401, as kube-apiserver says it.
fn stranger() -> Reply {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Unauthorized",
        "reason": "Unauthorized", "code": 401,
    });
    let mut reply = Response::new(Either::Right(Full::new(Bytes::from(body.to_string()))));
    *reply.status_mut() = StatusCode::UNAUTHORIZED;
    reply.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_is_loopback_and_a_free_port() {
        let table = [
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            (":8443", "127.0.0.1:8443"),
            ("8443", "127.0.0.1:8443"),
            ("127.0.0.1", "127.0.0.1:0"),
            ("[::1]:9", "[::1]:9"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ];
        for (text, wanted) in table {
            let read: Address = text.parse().expect("an address");
            assert_eq!(read.0.to_string(), wanted, "{text}");
        }
        for text in ["", "localhost", "70000", "1.2.3.4:x", "example.com:80"] {
            assert!(text.parse::<Address>().is_err(), "{text} is no address, and no name is looked up");
        }
        assert!(Address::default().0.ip().is_loopback(), "nothing but loopback unless told");
    }

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
}
