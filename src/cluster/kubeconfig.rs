//! Kubeconfig files, merged as kubectl merges them, and one context picked out of them.
//!
//! Owns the reading; refuses to pass on the parser's words (they quote the file, which may hold tokens).

use std::path::PathBuf;

use kube::config::{Config, ExecConfig, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::connect::ConnectError;
use crate::model::Foreign;

/// Where credentials are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeSource {
    files: Vec<PathBuf>,
    /// An absent file is an error, as with `--kubeconfig`; in `KUBECONFIG` it is passed over.
    named: bool,
}

impl KubeSource {
    /// One file that must be there.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self { files: vec![path], named: true }
    }

    /// A list as `KUBECONFIG` holds it: the first to say something wins, absent files are passed over.
    #[must_use]
    pub fn list(files: Vec<PathBuf>) -> Self {
        Self { files, named: false }
    }

    /// `KUBECONFIG`, else `~/.kube/config`; when none of them is there, in-cluster credentials.
    #[must_use]
    pub fn usual() -> Self {
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let files: Vec<PathBuf> = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
        if !files.is_empty() {
            return Self::list(files);
        }
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".kube").join("config"));
        Self::list(home.into_iter().collect())
    }
}

/// A context, ready to be connected with.
pub(super) struct Picked {
    /// Its name; `None` = in-cluster.
    pub context: Option<Foreign>,
    /// Everything but the exec plugin, which is taken out.
    pub config: Config,
    /// The plugin that gives credentials.
    pub exec: Option<ExecConfig>,
}

/// Reads the files and picks the context: the named one, else the current one, else the cluster we run in.
pub(super) async fn pick(source: &KubeSource, context: Option<&str>) -> Result<Picked, ConnectError> {
    let merged = tokio::task::spawn_blocking({
        let source = source.clone();
        move || merged(&source)
    });
    let merged = merged.await.map_err(|_| ConnectError::Unmergeable)??;
    match merged {
        Some(merged) => pick_from(merged, source, context).await,
        None if context.is_none() && !source.named => in_cluster(source),
        None => Err(ConnectError::NoKubeconfig { looked_at: source.files.clone() }),
    }
}

/// `None` when none of the files is there.
fn merged(source: &KubeSource) -> Result<Option<Kubeconfig>, ConnectError> {
    let mut merged: Option<Kubeconfig> = None;
    for file in &source.files {
        let mut next = match Kubeconfig::read_from(file) {
            Ok(read) => read,
            Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == std::io::ErrorKind::NotFound => {
                if source.named {
                    return Err(ConnectError::NoKubeconfig { looked_at: source.files.clone() });
                }
                continue;
            }
            Err(KubeconfigError::ReadConfig(error, _)) => {
                return Err(ConnectError::BadKubeconfig { file: file.clone(), why: format!(": {}", error.kind()) });
            }
            Err(_) => return Err(ConnectError::BadKubeconfig { file: file.clone(), why: String::new() }),
        };
        next.current_context = next.current_context.filter(|name| !name.is_empty());
        merged = Some(match merged {
            Some(first) => first.merge(next).map_err(|_| ConnectError::Unmergeable)?,
            None => next,
        });
    }
    Ok(merged)
}

async fn pick_from(merged: Kubeconfig, source: &KubeSource, asked: Option<&str>) -> Result<Picked, ConnectError> {
    let files = || source.files.clone();
    let wanted = asked.map(ToOwned::to_owned).or_else(|| merged.current_context.clone());
    let wanted = wanted.ok_or_else(|| ConnectError::NoCurrentContext { files: files() })?;
    if !merged.contexts.iter().any(|named| named.name == wanted) {
        let mut exist: Vec<Foreign> = merged.contexts.iter().map(|named| Foreign::from(&*named.name)).collect();
        exist.sort();
        return Err(ConnectError::ContextNotFound { context: wanted.into(), exist, files: files() });
    }
    let options = KubeConfigOptions { context: Some(wanted.clone()), ..KubeConfigOptions::default() };
    let bad = |what| ConnectError::BadContext { context: Foreign::from(&*wanted), what };
    let loaded = Config::from_custom_kubeconfig(merged, &options).await;
    let mut config = loaded.map_err(|error| bad(what_is_wrong(&error)))?;
    if config.auth_info.auth_provider.is_some() {
        return Err(bad("auth-provider is not supported any more; use an exec plugin"));
    }
    // Taken out, so that the library never runs it: it would wait for ever and lend it our terminal.
    let exec = config.auth_info.exec.take();
    Ok(Picked { config: ours(config), exec, context: Some(wanted.into()) })
}

/// Our own time-outs instead of the library's; no retries below ours; no credentials over plain http.
fn ours(mut config: Config) -> Config {
    config.default_retry = false;
    config.connect_timeout = Some(std::time::Duration::from_secs(10));
    if config.cluster_url.scheme_str() == Some("http") {
        config.auth_info = kube::config::AuthInfo::default();
    }
    config
}

fn in_cluster(source: &KubeSource) -> Result<Picked, ConnectError> {
    let config = Config::incluster().map_err(|_| ConnectError::NoKubeconfig { looked_at: source.files.clone() })?;
    Ok(Picked { context: None, config: ours(config), exec: None })
}

fn what_is_wrong(error: &KubeconfigError) -> &'static str {
    match error {
        KubeconfigError::LoadClusterOfContext(_) => "its cluster is not in the kubeconfig",
        KubeconfigError::MissingClusterUrl => "its cluster has no server URL",
        KubeconfigError::ParseClusterUrl(_) => "the server URL is none",
        KubeconfigError::ParseProxyUrl(_) => "the proxy URL is none",
        KubeconfigError::LoadCertificateAuthority(_) | KubeconfigError::ParseCertificates(_) => {
            "the certificate authority cannot be read"
        }
        KubeconfigError::LoadClientCertificate(_) => "the client certificate cannot be read",
        KubeconfigError::LoadClientKey(_) => "the client key cannot be read",
        _ => "it cannot be read",
    }
}
