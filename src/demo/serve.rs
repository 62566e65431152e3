//! The sample clusters behind a port: `driftdeck demo --serve`, for the kubectl one has.
//!
//! Owns what is opened: the port, a token for each cluster, the kubeconfig, and the words about them. One port for all
//! clusters: whose token comes with a request, that cluster is meant. A cluster that is cut at the start has a port of
//! its own, at which nobody listens until it is back: kubectl is refused there, as by any cluster that is gone.
//! Refuses any address but loopback unless the operator named one, and to keep anything once it is dropped.

mod address;
mod door;
mod keys;
mod kubeconfig;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::stage::Stage;
use crate::sandbox::Service;
use door::{Behind, Door};
use kubeconfig::{Entry, Written};

pub use address::Address;

/// The cluster that a kubeconfig is set to.
const FIRST: &str = "prod-eu";
/// Who may wait to be taken.
const BACKLOG: u32 = 128;

/// An open door. Dropping it closes the ports, ends every connection and removes the kubeconfig.
pub struct Served {
    address: SocketAddr,
    names: Vec<String>,
    kubeconfig: Written,
    /// Whoever waits at a port; they end with it.
    _doors: JoinSet<()>,
}

impl fmt::Debug for Served {
    /// Without the kubeconfig's text, for the tokens stand in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Served({})", self.address)
    }
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Not an address.
    #[error(
        "--serve {0}: not an address. Write 127.0.0.1:8443, 127.0.0.1, :8443 or 8443; names are not looked up, \
         and without an address it is a free port of this machine alone"
    )]
    Address(String),
    /// The port is not to be had.
    #[error("cannot listen on {address}: {}", address::trouble(*kind, *address))]
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
    #[error("cannot write the kubeconfig {}: {}", path.display(), kubeconfig::trouble(*kind))]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// Why.
        kind: io::ErrorKind,
    },
    /// Somebody else's file is there.
    #[error("{} is there already and was not written by a demo: it stays as it is, name another file", .0.display())]
    Taken(PathBuf),
    /// A link, a pipe, a directory.
    #[error("{} is no ordinary file: name another", .0.display())]
    NoFile(PathBuf),
    /// Another demo's.
    #[error("{} belongs to a demo that still runs: name another file", .0.display())]
    InUse(PathBuf),
}

impl Served {
    /// Opens the door to a stage's clusters. Without `file` the kubeconfig lies in the stage's directory.
    ///
    /// # Errors
    /// The port, the certificate or the file is not to be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(stage: &Stage, wanted: Address, file: Option<&Path>) -> Result<Self, ServeError> {
        let file = file.map_or_else(|| stage.directory().join("kubeconfig"), Path::to_owned);
        let clusters = stage.clusters().map(|(name, sandbox)| (name.as_str(), sandbox.service()));
        Self::to(clusters, wanted.0, &file)
    }

    fn to<'n>(
        clusters: impl Iterator<Item = (&'n str, Service)>,
        wanted: SocketAddr,
        file: &Path,
    ) -> Result<Self, ServeError> {
        let listener = listener(wanted)?;
        let address = listener.local_addr().map_err(|error| failed(wanted, &error))?;
        let tls = keys::tls(address.ip())?;
        let (mut site, mut entries, mut away) = (Vec::new(), Vec::new(), Vec::new());
        for (name, service) in clusters {
            let mut port = address;
            if door::is_cut(&service) {
                let held = held(SocketAddr::new(address.ip(), 0))?;
                port = held.local_addr().map_err(|error| failed(address, &error))?;
                away.push((held, service.clone()));
            }
            let one = Behind::new(name, service);
            entries.push(Entry {
                name: one.name.clone(),
                token: one.token.text().to_owned(),
                address: address::reached(port),
            });
            site.push(one);
        }
        let kubeconfig = Written::new(file, kubeconfig::text(&entries, &tls.authority))?;
        let names = entries.into_iter().map(|entry| entry.name).collect();
        let door = Door::new(TlsAcceptor::from(tls.config), site);
        let mut doors = JoinSet::new();
        for (held, service) in away {
            let door = door.clone();
            doors.spawn(async move {
                door::back(service).await;
                if let Ok(listener) = held.listen(BACKLOG) {
                    door.open(listener).await;
                }
            });
        }
        doors.spawn(door.open(listener));
        Ok(Self { address, names, kubeconfig, _doors: doors })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The kubeconfig: one context per sample cluster, named like it.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// The line to paste into a shell, wherever that shell stands.
    #[must_use]
    pub fn export(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@".contains(c);
        let path = self.kubeconfig.path().to_string_lossy();
        let word = path.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c]));
        format!("export KUBECONFIG={}", word.collect::<String>())
    }

    /// What is served, and where.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} on {}", self.names.join(", "), self.address)
    }

    /// A warning where others than this machine reach the port.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        address::warning(self.address)
    }
}

fn failed(address: SocketAddr, error: &io::Error) -> ServeError {
    ServeError::Listen { address, kind: error.kind() }
}

fn listener(address: SocketAddr) -> Result<TcpListener, ServeError> {
    held(address)?.listen(BACKLOG).map_err(|error| failed(address, &error))
}

/// A port that is ours and at which nobody listens: who comes is refused.
fn held(address: SocketAddr) -> Result<TcpSocket, ServeError> {
    let held = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A demo that has just ended leaves its port free for the next at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    held().map_err(|error| failed(address, &error))
}
