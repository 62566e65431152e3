//! One app as a task sees it: everything it needs, taken at one moment; and what all tasks share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::desired::Desired;
use super::event::Memo;
use super::line::Wire;
use super::rendering::Renders;
use super::setup::Ports;
use super::world::RecordState;
use crate::config::Home;
use crate::diff::{Ground, Masker, Owners};
use crate::journal::Journal;
use crate::model::{
    AppId, AppSpec, ClusterName, ClusterSpec, CommitId, Digest, Foreign, Kind, Live, Location, Manifest, Mode, Now,
    Reason, RepoName, RepoSpec, ResourceKey, ResourceRow, Without, Write,
};
use crate::render::Programs;
use crate::source::{Author, Mirror, SourceError};

/// The newest commit at which each object was seen synced.
pub(super) type SeenSynced = BTreeMap<(Kind, Arc<str>, Arc<str>), CommitId>;

/// What a server makes of a manifest where nothing is there yet: by cluster, its line's epoch, how often its admission has
/// changed, and the manifest.
pub(super) type FreshObjects = BTreeMap<(ClusterName, [u64; 2], Digest), Option<serde_json::Value>>;

/// What all tasks share; nothing in it is changed but caches.
pub(super) struct Shared {
    /// The outside.
    pub ports: Ports,
    /// Repositories by name.
    pub repos: BTreeMap<RepoName, RepoSpec>,
    /// Mirrors made anew that have not answered since.
    pub renewed: Mutex<BTreeSet<RepoName>>,
    /// Opened mirrors.
    pub mirrors: Mutex<BTreeMap<RepoName, Mirror>>,
    /// Renders by content.
    pub renders: Renders,
    /// Renderer programs found at start.
    pub programs: Programs,
    /// Private space for renders.
    pub scratch: PathBuf,
    /// Keyed digests for Secrets.
    pub masker: Masker,
    /// Who is people, who is a controller.
    pub owners: Owners,
    /// What happened here; `None` where the state directory cannot be written.
    pub journal: Option<Journal>,
    /// Limits blames that run.
    pub blames: Arc<Semaphore>,
    /// Every app of the config, asked for or not, and whether its cluster is protected: a push feeds all of them.
    pub declared: Vec<(Arc<AppSpec>, bool)>,
    /// Namespaces in which apps of the config live or have their records: never pruned.
    pub held_namespaces: BTreeSet<(ClusterName, String)>,
    /// Fresh objects; `None` = none was to be had.
    pub fresh: Mutex<FreshObjects>,
    /// Rules that a test has switched off.
    pub without: Without,
    /// Objects compared so far.
    pub judged: std::sync::atomic::AtomicU64,
    /// What the journal saw synced, by app: its file is read whole, so it is read once.
    pub seen: Mutex<BTreeMap<AppId, Arc<SeenSynced>>>,
    /// Who acts.
    pub who: Foreign,
    /// The file of the config, as it was last read or written here.
    pub home: Mutex<Option<Home>>,
    /// Author of commits.
    pub author: Option<(String, String)>,
}

impl Shared {
    /// The mirror of a repository, opened once; blocks.
    pub fn mirror(&self, name: &RepoName) -> Result<Mirror, SourceError> {
        if let Some(mirror) = lock(&self.mirrors).get(name) {
            return Ok(mirror.clone());
        }
        let spec = self.repos.get(name).ok_or_else(|| unknown(name))?;
        let mirror = (self.ports.open)(spec)?;
        lock(&self.mirrors).insert(name.clone(), mirror.clone());
        Ok(mirror)
    }
}

impl Shared {
    /// Whether a broken mirror is to be made anew: once, until it has answered again (faults.md F28).
    pub fn may_renew(&self, name: &RepoName, error: &SourceError) -> bool {
        error.is_broken() && lock(&self.renewed).insert(name.clone())
    }

    /// An empty mirror in place of a broken one, which is set aside; blocks.
    pub fn renewed(&self, name: &RepoName) -> Result<Mirror, SourceError> {
        let spec = self.repos.get(name).ok_or_else(|| unknown(name))?;
        tracing::warn!(repo = %name, "the mirror is broken: it is set aside and fetched anew");
        let mirror = (self.ports.renew)(spec)?;
        lock(&self.mirrors).insert(name.clone(), mirror.clone());
        Ok(mirror)
    }

    /// The mirror has answered: should it break again, it is made anew again.
    pub fn is_sound(&self, name: &RepoName) {
        lock(&self.renewed).remove(name);
    }
}

fn unknown(name: &RepoName) -> SourceError {
    SourceError::NotFound { remote: name.to_string() }
}

/// Takes a lock even if a task panicked while holding it: the caches stay usable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One app, its cluster, and how they stood when a task began.
#[derive(Clone)]
pub(super) struct Site {
    /// Everything shared.
    pub shared: Arc<Shared>,
    /// The app.
    pub app: Arc<AppSpec>,
    /// Its cluster.
    pub cluster: ClusterSpec,
    /// The line to it.
    pub wire: Wire,
    /// The record as last read.
    pub record: RecordState,
    /// Git's side as last rendered.
    pub desired: Option<Arc<Desired>>,
    /// The rows as last judged.
    pub rows: BTreeMap<ResourceKey, Arc<ResourceRow>>,
    /// Live objects of the app's keys.
    pub lives: BTreeMap<ResourceKey, Live>,
    /// What the watch saw of them.
    pub seen: BTreeMap<ResourceKey, Arc<Vec<Write>>>,
    /// The branch head.
    pub head: Option<CommitId>,
    /// What may be done on the cluster.
    pub mode: Mode,
    /// All apps that follow the same repository and revision, this one included, with their clusters' protection.
    pub siblings: Vec<(Arc<AppSpec>, bool)>,
    /// The least of what may be done on the clusters of all siblings.
    pub fed_mode: Mode,
    /// The cluster has been silent for too long: why. Nothing is written on what it said before.
    pub stale: Option<Reason>,
    /// How often admission has changed on the cluster.
    pub admission: u64,
    /// A live object names another record of the app: nothing is written.
    pub elsewhere: Option<Foreign>,
    /// When.
    pub now: Now,
}

impl Site {
    /// The app's identity.
    pub fn id(&self) -> &AppId {
        &self.app.id
    }

    /// What its comparisons stand on.
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            app: &self.app,
            schemas: &self.wire.schemas,
            now: self.now,
            masker: &self.shared.masker,
            owner_lists: &self.shared.owners,
            without: self.shared.without,
        }
    }

    /// What the watch saw of an object, oldest first.
    pub fn seen_of(&self, key: &ResourceKey) -> &[Write] {
        self.seen.get(key).map_or(&[], |writes| writes.as_slice())
    }

    /// What an answer about an object depends on.
    pub fn memo(&self, git: Option<&Manifest>, live: Option<&Live>) -> Memo {
        let gvk = git.map(|manifest| &manifest.gvk).or(live.map(|live| &live.gvk));
        Memo {
            git: git.map(|manifest| manifest.digest.clone()),
            live: live.map(|live| crate::diff::live_hash(live, &self.wire.schemas)),
            schema: gvk.map(|gvk| self.wire.schemas.hash(gvk)),
            admission: self.admission,
        }
    }

    /// The objects that the journal of this host saw synced.
    pub fn seen_synced(&self) -> Arc<SeenSynced> {
        // Read under the lock: what is noted meanwhile is not covered by what was there before.
        let mut seen = lock(&self.shared.seen);
        let read = || self.shared.journal.as_ref().map(|journal| journal.last_seen(self.id())).unwrap_or_default();
        seen.entry(self.id().clone()).or_insert_with(|| Arc::new(read())).clone()
    }

    /// Who writes a commit: the config's author, else whoever acts here.
    pub fn author(&self) -> Author {
        let (name, email) = self.shared.author.clone().unwrap_or_else(|| {
            let who = self.shared.who.first_line();
            (who.raw().to_owned(), who.raw().replace(' ', "-"))
        });
        Author { name, email, time: self.now.wall }
    }

    /// The namespace of the record.
    pub fn record_namespace(&self) -> &str {
        self.cluster.record_namespace.as_deref().unwrap_or(&self.app.namespace)
    }

    /// The path within the source; empty for directories.
    pub fn path(&self) -> &str {
        match &self.app.source.location {
            Location::Git { path, .. } => path,
            Location::Dir { .. } => "",
        }
    }

    /// The mirror of the app's repository; `None` for directories. Blocks.
    pub fn mirror(&self) -> Option<Result<Mirror, SourceError>> {
        match &self.app.source.location {
            Location::Git { repo, .. } => Some(self.shared.mirror(repo)),
            Location::Dir { .. } => None,
        }
    }

    /// The repository's URL, or the directory, as the record names the source.
    pub fn source_url(&self) -> Foreign {
        match &self.app.source.location {
            Location::Git { repo, .. } => {
                Foreign::from(self.shared.repos.get(repo).map_or("", |spec| spec.url.as_str()))
            }
            Location::Dir { path } => Foreign::new(format!("dir:{}", path.display())),
        }
    }
}
