//! Rendering an app at a commit: read the tree, render it, prepare it. Cached by content, so a commit that does not
//! change the app's inputs costs no render. Blocking: called on blocking threads only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::adapt;
use super::desired::{Desired, Misplaced};
use super::event::Trouble;
use super::site::{Site, lock};
use crate::diff::prepare::{self, Prepared, Wanted};
use crate::model::{AppId, CommitId, CommitInfo, Digest, Foreign, Location, ReasonCode, Rendered, Tree, TreeError};
use crate::render::{self, Job, RenderError};
use crate::source::{Dir, Mirror, SourceError};

/// Prepared renders kept in memory: bytes of the JSON of their objects. Parsed they take several times as much.
const KEPT: usize = 32 << 20;

/// What a prepared render depends on: the app, what was read, and the discovery it was prepared with. The rules that
/// are off are the engine's, as this cache is.
type Key = (AppId, Digest, u64);

/// A render with what was prepared of it.
#[derive(Clone)]
struct Made {
    rendered: Arc<Rendered>,
    prepared: Arc<Prepared>,
    manifests: Arc<BTreeMap<crate::model::ResourceKey, crate::model::Manifest>>,
    /// Of its objects as JSON.
    bytes: usize,
}

/// The cache.
#[derive(Default)]
pub(super) struct Renders {
    made: Mutex<BTreeMap<Key, (u64, Made)>>,
    uses: Mutex<u64>,
}

impl Renders {
    fn get(&self, key: &Key) -> Option<Made> {
        let stamp = self.stamp();
        let mut made = lock(&self.made);
        let (used, found) = made.get_mut(key)?;
        *used = stamp;
        Some(found.clone())
    }

    fn put(&self, key: Key, new: Made) {
        let stamp = self.stamp();
        let mut made = lock(&self.made);
        made.insert(key, (stamp, new));
        let mut held: usize = made.values().map(|(_, made)| made.bytes).sum();
        while held > KEPT && made.len() > 1 {
            let Some(oldest) = made.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone()) else {
                return;
            };
            held -= made.remove(&oldest).map_or(0, |(_, gone)| gone.bytes);
        }
    }

    fn stamp(&self) -> u64 {
        let mut uses = lock(&self.uses);
        *uses += 1;
        *uses
    }
}

/// An app at a commit of its repository. A mirror that turns out to be broken is made anew, once.
pub(super) fn at_commit(site: &Site, at: &CommitId) -> Result<Arc<Desired>, Trouble> {
    let mirror = match site.mirror() {
        Some(mirror) => mirror.map_err(|error| adapt::source(&error))?,
        None => return from_dir(site),
    };
    match read_at(site, &mirror, at) {
        Err(Failed::Mirror(error)) => renewed(site, at, &error).map_err(Failed::trouble),
        read => read.map_err(Failed::trouble),
    }
}

/// What went wrong, and where.
enum Failed {
    /// The mirror itself, or what lies in it.
    Mirror(SourceError),
    /// The render.
    Render(Trouble),
}

impl Failed {
    fn trouble(self) -> Trouble {
        match self {
            Self::Mirror(error) => adapt::source(&error),
            Self::Render(trouble) => trouble,
        }
    }

    /// Objects that are missing or broken are the mirror's fault, not the manifests'.
    fn of_render(error: &RenderError) -> Self {
        match error {
            RenderError::Tree { path, source: TreeError::Broken(why) } => {
                Self::Mirror(SourceError::Broken { place: format!("the mirror, at {path:?},"), why: why.clone() })
            }
            other => Self::Render(adapt::render(other)),
        }
    }
}

fn read_at(site: &Site, mirror: &Mirror, at: &CommitId) -> Result<Arc<Desired>, Failed> {
    let tree = mirror.tree(at).map_err(Failed::Mirror)?;
    let made = make(site, &*tree, site.path())?;
    let commit = newest_touching(site, mirror, at, &*tree).map_err(Failed::Mirror)?;
    let ahead = site.head.as_ref().filter(|head| *head != at).and_then(|head| mirror.ahead(at, head).ok());
    Ok(Arc::new(Desired { ahead, ..desired(at.clone(), commit, &made) }))
}

/// The same from a fresh mirror, where that is allowed; else the fault stands.
fn renewed(site: &Site, at: &CommitId, error: &SourceError) -> Result<Arc<Desired>, Failed> {
    let fault = || Failed::Mirror(error.clone());
    let Location::Git { repo, revision, .. } = &site.app.source.location else { return Err(fault()) };
    if !site.shared.may_renew(repo, error) {
        // Another app may have had it made anew just now.
        let again = site.shared.mirror(repo).map_err(|_| fault())?;
        return read_at(site, &again, at);
    }
    let mirror = site.shared.renewed(repo).map_err(Failed::Mirror)?;
    let wanted = [revision.clone(), at.as_str().to_owned()].into();
    mirror.poll(&wanted, &BTreeMap::new()).map_err(Failed::Mirror)?;
    read_at(site, &mirror, at)
}

/// An app as its directory lies on disk.
pub(super) fn from_dir(site: &Site) -> Result<Arc<Desired>, Trouble> {
    let Location::Dir { path } = &site.app.source.location else {
        return Err(Trouble::new(ReasonCode::Other, "not a directory source"));
    };
    let dir = Dir::open(path).map_err(|error| adapt::source(&error))?;
    let (at, tree) = dir.snapshot().map_err(|error| adapt::source(&error))?;
    let made = make(site, &*tree, "").map_err(Failed::trouble)?;
    let commit = CommitInfo {
        id: at.clone(),
        subject: Foreign::from("as it lies on disk"),
        author: Foreign::from(""),
        time: None,
    };
    Ok(Arc::new(Desired { worktree: dir.worktree(), ..desired(at, commit, &made) }))
}

fn desired(at: CommitId, commit: CommitInfo, made: &Made) -> Desired {
    let misplaced = made
        .prepared
        .invalid
        .iter()
        .map(|unplaced| Misplaced { key: unplaced.key.clone(), message: unplaced.reason.clone() });
    Desired {
        at,
        commit,
        manifests: made.manifests.clone(),
        misplaced: misplaced.collect(),
        faults: made.rendered.faults.clone(),
        warnings: made.rendered.warnings.iter().chain(&made.prepared.warnings).cloned().collect(),
        worktree: None,
        ahead: None,
    }
}

fn make(site: &Site, tree: &dyn Tree, path: &str) -> Result<Made, Failed> {
    let inputs = render::inputs(tree, path).map_err(|error| Failed::of_render(&error))?;
    let key = (site.id().clone(), inputs, site.wire.epoch);
    if let Some(made) = site.shared.renders.get(&key) {
        return Ok(made);
    }
    let job = Job {
        tree,
        path,
        app_name: &site.app.id.name,
        namespace: &site.app.namespace,
        scratch: &site.shared.scratch,
        programs: &site.shared.programs,
        without: site.shared.without,
    };
    let rendered = render::render(&job).map_err(|error| Failed::of_render(&error))?;
    let prepared = prepare::prepare(
        &rendered,
        &Wanted {
            app: &site.app,
            record_namespace: site.record_namespace(),
            scope: &|gvk| site.wire.scope(gvk),
            schemas: &site.wire.schemas,
            without: site.shared.without,
        },
    );
    let manifests = Arc::new(prepared.manifests.clone());
    let bytes = manifests.values().map(|manifest| manifest.body.to_string().len()).sum();
    let made = Made { rendered: Arc::new(rendered), prepared: Arc::new(prepared), manifests, bytes };
    site.shared.renders.put(key, made.clone());
    Ok(made)
}

/// The newest commit up to `at` that touched anything the render reads.
fn newest_touching(site: &Site, mirror: &Mirror, at: &CommitId, tree: &dyn Tree) -> Result<CommitInfo, SourceError> {
    let paths = render::input_paths(tree, site.path()).unwrap_or_else(|_| vec![site.path().to_owned()]);
    let (found, _) = mirror.history_of(at, &paths, 1)?;
    found.into_iter().next().map_or_else(|| mirror.info(at), Ok)
}
