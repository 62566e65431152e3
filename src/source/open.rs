//! Opening mirrors, and repositories in place.
//!
//! Owns the list of what is open and the making of an empty mirror. Refuses to repair: a broken mirror is set aside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::remote::Remote;
use super::secret::Keyring;
use super::{Inner, Mirror, SourceError, broken, place, transport};
use crate::model::{Credentials, RepoName, RepoSpec};

/// All mirrors of this process, in one cache directory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    cache: PathBuf,
    open: Arc<Mutex<BTreeMap<RepoName, (RepoSpec, Mirror)>>>,
}

impl Store {
    /// The mirrors below `cache_dir`; nothing is touched before the first [`Store::open`].
    pub fn new(cache_dir: PathBuf) -> Self {
        Self { cache: cache_dir, open: Arc::default() }
    }

    /// Sets a broken mirror aside and opens an empty one in its place (faults.md 28): for one more try after
    /// [`SourceError::Broken`]. What was kept is fetched again by its id.
    pub fn renew(&self, spec: &RepoSpec) -> Result<Mirror, SourceError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&spec.name);
        let url = Remote::parse(&spec.url)?.url();
        let dir = place::mirror_dir(&self.cache, &url);
        let fail = |why: &dyn std::fmt::Display| broken(&format!("the mirror of {url}"), why);
        if dir.exists() {
            let held = place::lock(&dir, Duration::from_secs(5)).map_err(|why| fail(&why))?;
            let _held = held.ok_or(SourceError::Locked { remote: url.clone() })?;
            place::set_aside(&dir).map_err(|why| fail(&why))?;
        }
        let mirror = open_mirror(&self.cache, spec)?;
        open.insert(spec.name.clone(), (spec.clone(), mirror.clone()));
        Ok(mirror)
    }

    /// Opens the mirror of a repository, creating an empty one where there is none. No network.
    pub fn open(&self, spec: &RepoSpec) -> Result<Mirror, SourceError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, mirror)) = open.get(&spec.name).filter(|(known, _)| known == spec) {
            return Ok(mirror.clone());
        }
        let mirror = open_mirror(&self.cache, spec)?;
        open.insert(spec.name.clone(), (spec.clone(), mirror.clone()));
        Ok(mirror)
    }
}

fn open_mirror(cache: &Path, spec: &RepoSpec) -> Result<Mirror, SourceError> {
    let remote = Remote::parse(&spec.url)?;
    let url = remote.url();
    let dir = place::mirror_dir(cache, &url);
    let fail = |why: &dyn std::fmt::Display| broken(&format!("the mirror of {url}"), why);
    place::private_dir(cache).map_err(|why| fail(&why))?;
    place::private_dir(&cache.join("mirrors")).map_err(|why| fail(&why))?;
    place::private_dir(&dir).map_err(|why| fail(&why))?;
    let options = transport::open_options(&spec.credentials);
    let repo = if let Ok(repo) = gix::ThreadSafeRepository::open_opts(&dir, options.clone()) {
        repo
    } else {
        let held = place::lock(&dir, Duration::from_secs(5)).map_err(|why| fail(&why))?;
        let _held = held.ok_or(SourceError::Locked { remote: url.clone() })?;
        create(&dir, options).map_err(|why| fail(&why))?
    };
    Ok(mirror(repo, remote, dir, &spec.credentials))
}

/// Makes an empty bare repository; a broken one is set aside first (faults.md 28), never repaired in place.
fn create(dir: &Path, options: gix::open::Options) -> Result<gix::ThreadSafeRepository, Box<dyn std::error::Error>> {
    if let Ok(repo) = gix::ThreadSafeRepository::open_opts(dir, options.clone()) {
        return Ok(repo);
    }
    if std::fs::read_dir(dir)?.next().is_some() {
        place::set_aside(dir)?;
    }
    let create = gix::create::Options { destination_must_be_empty: Some(true), ..Default::default() };
    let repo = gix::ThreadSafeRepository::init_opts(dir, gix::create::Kind::Bare, create, options)?;
    Ok(repo)
}

fn mirror(repo: gix::ThreadSafeRepository, remote: Remote, dir: PathBuf, settings: &Credentials) -> Mirror {
    let inner = Inner {
        repo,
        keyring: Keyring::new(remote.clone(), settings.clone()),
        remote,
        is_in_place: false,
        settings: settings.clone(),
        dir,
        gate: Mutex::new(()),
        is_stuck: AtomicBool::new(false),
    };
    Mirror { inner: Arc::new(inner) }
}

/// Opens a repository where it lies, without a transport: polls read its refs, a push moves its branch.
pub fn open_in_place(path: &Path) -> Result<Mirror, SourceError> {
    let settings = Credentials::default();
    let remote = Remote::File { path: path.to_owned() };
    let options = transport::open_options(&settings).open_path_as_is(false);
    let repo = gix::ThreadSafeRepository::open_opts(path, options)
        .map_err(|_| SourceError::NotFound { remote: remote.url() })?;
    let dir = repo.to_thread_local().git_dir().to_owned();
    let inner = Arc::into_inner(mirror(repo, remote, dir, &settings).inner);
    let inner = inner.ok_or(SourceError::BadUrl { why: "it is open already" })?;
    Ok(Mirror { inner: Arc::new(Inner { is_in_place: true, ..inner }) })
}
