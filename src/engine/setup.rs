//! What an engine is started with: the checked config, the role, and the ports to the outside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use super::clock::Clock;
use super::rendering::Renders;
use super::site::Shared;
use super::world::{AppWorld, ClusterWorld, RemoteWorld, Role, Unasked, World};
use crate::cluster::{self, Cluster, ConnectError};
use crate::config::Config;
use crate::diff::{Masker, Owners};
use crate::journal::Journal;
use crate::model::{AppId, AppSpec, ClusterName, ClusterSpec, Cost, Foreign, Location, RepoSpec, Without};
use crate::render::Programs;
use crate::source::{Mirror, SourceError};

/// Connects to a cluster.
pub type Connect = Arc<dyn Fn(ClusterSpec) -> BoxFuture<'static, Result<Cluster, ConnectError>> + Send + Sync>;
/// Opens a repository's mirror; blocks.
pub type Open = Arc<dyn Fn(&RepoSpec) -> Result<Mirror, SourceError> + Send + Sync>;

/// How the engine reaches clusters and repositories. The demo and the tests put theirs here.
#[derive(Clone)]
pub struct Ports {
    /// Connects to a cluster.
    pub connect: Connect,
    /// Opens a repository's mirror; blocks.
    pub open: Open,
    /// Sets a broken mirror aside and opens an empty one; blocks.
    pub renew: Open,
}

/// What an engine is started with.
pub struct Setup {
    /// The checked config.
    pub config: Config,
    /// What the process is for.
    pub role: Role,
    /// `--read-only`.
    pub read_only: bool,
    /// Who acts: `ana@host`, or `driftdeck agent`.
    pub who: Foreign,
    /// Journal and logs.
    pub state_dir: PathBuf,
    /// Scratch space for renders.
    pub scratch_dir: PathBuf,
    /// The outside.
    pub ports: Ports,
    /// Time.
    pub clock: Clock,
    /// Only these apps; `None` = all.
    pub only: Option<Vec<AppId>>,
    /// Rules that are off: none, but in tests of the rules themselves.
    pub without: Without,
}

impl Ports {
    /// The real ones: mirrors below `cache_dir`, clusters by kubeconfig.
    #[must_use]
    pub fn real(cache_dir: PathBuf, kubeconfig: cluster::KubeSource) -> Self {
        let documents = cache_dir.join("openapi");
        let store = crate::source::Store::new(cache_dir);
        Self {
            connect: Arc::new(move |spec| {
                let kubeconfig = kubeconfig.clone();
                let documents = documents.clone();
                Box::pin(async move {
                    let cluster = cluster::connect(&spec, &kubeconfig).await?;
                    cluster.keep_documents_in(documents);
                    Ok(cluster)
                })
            }),
            renew: {
                let store = store.clone();
                Arc::new(move |spec| store.renew(spec))
            },
            open: Arc::new(move |spec| store.open(spec)),
        }
    }
}

impl Ports {
    /// The real ones, with the kubeconfig that was named, or those that kubectl would read.
    #[must_use]
    pub fn kubeconfig(cache_dir: PathBuf, named: Option<PathBuf>) -> Self {
        Self::real(cache_dir, named.map_or_else(cluster::KubeSource::usual, cluster::KubeSource::file))
    }
}

impl Setup {
    /// What the tasks share.
    pub(super) fn shared(&self) -> Shared {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let owners = &self.config.owners;
        let journal = Journal::open(&self.state_dir);
        if let Err(error) = &journal {
            tracing::warn!(%error, "no journal: what is done is not kept on this host");
        }
        Shared {
            ports: self.ports.clone(),
            repos: self.config.repos.iter().map(|repo| (repo.name.clone(), repo.clone())).collect(),
            renewed: Mutex::default(),
            mirrors: Mutex::default(),
            renders: Renders::default(),
            programs: Programs::find(&path),
            scratch: self.scratch_dir.clone(),
            masker: Masker::new(rand::random()),
            owners: Owners::with(&owners.people, &owners.controllers),
            journal: journal.ok(),
            blames: Arc::new(Semaphore::new(2)),
            declared: self.declared(),
            held_namespaces: self.held_namespaces(),
            fresh: Mutex::default(),
            without: self.without,
            judged: std::sync::atomic::AtomicU64::new(0),
            seen: Mutex::default(),
            who: self.who.clone(),
            home: Mutex::new(self.config.home.clone()),
            author: self.config.author.clone(),
        }
    }

    fn declared(&self) -> Vec<(Arc<AppSpec>, bool)> {
        let protected = |name: &ClusterName| self.config.clusters.iter().any(|c| c.name == *name && c.protected);
        self.config.apps.iter().map(|app| (Arc::new(app.clone()), protected(&app.id.cluster))).collect()
    }

    /// Apps that were not asked for, on the clusters of those that were.
    fn unasked(&self, apps: &[AppWorld]) -> BTreeMap<AppId, Unasked> {
        let near = |app: &AppSpec| apps.iter().any(|one| one.spec.id.cluster == app.id.cluster);
        let there = |app: &AppSpec| apps.iter().any(|one| one.spec.id == app.id);
        let repo = |app: &AppSpec| match &app.source.location {
            Location::Git { repo, .. } => self.config.repos.iter().find(|spec| spec.name == *repo).cloned(),
            Location::Dir { .. } => None,
        };
        let unasked = self.config.apps.iter().filter(|app| near(app) && !there(app));
        unasked.map(|app| (app.id.clone(), (app.clone(), repo(app)))).collect()
    }

    /// Namespaces that hold an app or a record, of every app in the config, asked for or not.
    fn held_namespaces(&self) -> BTreeSet<(ClusterName, String)> {
        let records = self.config.clusters.iter().filter_map(|c| Some((c.name.clone(), c.record_namespace.clone()?)));
        let apps = self.config.apps.iter().map(|app| (app.id.cluster.clone(), app.namespace.clone()));
        records.chain(apps).collect()
    }

    /// The world before anything has happened: the apps asked for, and the clusters and repositories they need.
    pub(super) fn world(&self) -> World {
        let wanted = |id: &AppId| self.only.as_ref().is_none_or(|only| only.contains(id));
        let apps: Vec<_> = self.config.apps.iter().filter(|app| wanted(&app.id)).cloned().map(AppWorld::new).collect();
        let all = self.only.is_none();
        let clusters: Vec<&ClusterSpec> = self
            .config
            .clusters
            .iter()
            .filter(|cluster| all || apps.iter().any(|app| app.spec.id.cluster == cluster.name))
            .collect();
        let repos = self
            .config
            .repos
            .iter()
            .filter(|repo| apps.iter().any(|app| app.follows().is_some_and(|(name, _)| *name == repo.name)));
        World {
            role: self.role,
            read_only: self.read_only,
            cluster_order: clusters.iter().map(|cluster| cluster.name.clone()).collect(),
            clusters: clusters.iter().map(|spec| (spec.name.clone(), ClusterWorld::new((*spec).clone()))).collect(),
            remotes: repos.map(|spec| (spec.name.clone(), RemoteWorld::new(spec.clone()))).collect(),
            unasked: self.unasked(&apps),
            apps: apps.into_iter().map(|app| (app.spec.id.clone(), app)).collect(),
            index: std::collections::BTreeMap::new(),
            runs: Vec::new(),
            stamps: 0,
            shown: std::collections::BTreeSet::new(),
            cost: Cost::default(),
        }
    }
}
