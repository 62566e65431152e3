//! From a kube context to a [`Cluster`].
//!
//! Owns what is found out before the first request: which context, whose credentials, whether the server is verified.
//! Refuses to fall back to another context than the one named, and to send credentials over plain http.

use std::path::PathBuf;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;

use super::kubeconfig::{self, KubeSource, Picked};
use super::session::Session;
use super::{Cluster, plugin};
use crate::model::{ClusterName, ClusterSpec, Foreign};

/// What connecting found out, for line 1 of the screen and the clusters view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectFacts {
    /// The context in use; `None` = in-cluster, or a service in this process.
    pub context: Option<Foreign>,
    /// The server is not verified (`insecure-skip-tls-verify`, or plain http): to be shown.
    pub insecure: bool,
    /// Host and port of the server.
    pub server: Foreign,
}

/// Why there is no connection to try.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No kubeconfig where one was looked for, and not in a cluster either.
    #[error("no kubeconfig at {}", display_list(looked_at))]
    NoKubeconfig {
        /// The files looked at.
        looked_at: Vec<PathBuf>,
    },
    /// A kubeconfig that cannot be read. The parser's own words may quote the file and are left out.
    #[error("{} cannot be read as a kubeconfig{}", file.display(), why)]
    BadKubeconfig {
        /// Which.
        file: PathBuf,
        /// Empty, or a colon and what is wrong, without any text of the file.
        why: String,
    },
    /// The files disagree on what they are (kind or apiVersion).
    #[error("the kubeconfig files of KUBECONFIG do not fit together")]
    Unmergeable,
    /// No context named, and no current one in the files.
    #[error("no current context in {}", display_list(files))]
    NoCurrentContext {
        /// The files read.
        files: Vec<PathBuf>,
    },
    /// The context is not there. Another one is never taken instead.
    #[error("context not found in {}", display_list(files))]
    ContextNotFound {
        /// Which was asked for.
        context: Foreign,
        /// Those that exist, sorted.
        exist: Vec<Foreign>,
        /// The files read.
        files: Vec<PathBuf>,
    },
    /// The context's cluster, certificates or URL are missing or broken.
    #[error("the context is not usable: {what}")]
    BadContext {
        /// Which.
        context: Foreign,
        /// What is wrong.
        what: &'static str,
    },
    /// The exec plugin did not give credentials. What it printed is never told.
    #[error("the sign-in program {what}")]
    Plugin {
        /// The program's name, without arguments.
        command: Foreign,
        /// What happened: `is not installed`, `did not answer within 30 s` …
        what: &'static str,
    },
}

fn display_list(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Connects as `spec` says: its kubeconfig before `source`, its context and no other. No request is made but those of an
/// exec plugin, which runs without a terminal for at most 30 s.
///
/// # Errors
/// [`ConnectError`]; all of them need the operator's hands, none goes away by itself but `Plugin`.
pub async fn connect(spec: &ClusterSpec, source: &KubeSource) -> Result<Cluster, ConnectError> {
    // Fails when one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let source = spec.kubeconfig.clone().map_or_else(|| source.clone(), KubeSource::file);
    let picked = kubeconfig::pick(&source, spec.context.as_deref()).await?;
    let facts = facts_of(&picked);
    let client = plugin::client(&picked).await?;
    let session = if picked.exec.is_some() { Session::renewable(client, picked) } else { Session::fixed(client) };
    Ok(Cluster::new(spec.name.clone(), facts, session))
}

/// The same [`Cluster`] on any HTTP service, such as the sandbox or a test's closure.
///
/// # Panics
/// Outside a tokio runtime: the client's queue is a task.
pub fn over<S, B>(service: S, name: &ClusterName) -> Cluster
where
    S: tower::Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<tower::BoxError>,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    let facts = ConnectFacts { context: None, insecure: false, server: Foreign::from("in this process") };
    Cluster::new(name.clone(), facts, Session::fixed(Client::new(service, "default")))
}

fn facts_of(picked: &Picked) -> ConnectFacts {
    let url = &picked.config.cluster_url;
    ConnectFacts {
        context: picked.context.clone(),
        insecure: picked.config.accept_invalid_certs || url.scheme_str() == Some("http"),
        server: Foreign::from(url.authority().map(ToString::to_string).unwrap_or_default()),
    }
}

#[cfg(test)]
#[path = "connect/tests.rs"]
mod tests;
