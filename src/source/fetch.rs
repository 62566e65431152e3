//! Asking a remote, and bringing what is new (deps.md S3).
//!
//! Owns the poll: one ls-refs, a pack only when a wanted revision moved, a watchdog over both. Refuses to claim what was
//! not confirmed: a head in the answer was named by the remote in this very call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use gix::ObjectId;
use gix::remote::Direction;

use super::pulse::Pulse;
use super::transport::{self, STEP_LIMIT};
use super::{Inner, Polled, SourceError, keep, place, revision};
use crate::model::CommitId;

/// How long a whole fetch may take.
const FETCH_LIMIT: Duration = Duration::from_mins(10);
/// How long another process is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// The most refs a remote may have.
const REFS: usize = 100_000;

/// What the remote was asked, and what it said.
struct Asked {
    /// Per full ref name: what it points to, and what that peels to.
    refs: BTreeMap<String, (ObjectId, ObjectId)>,
    fetched: bool,
    /// Another process is fetching and was not done in time.
    was_locked: bool,
}

/// Polls a remote; see [`super::Mirror::poll`].
pub(super) fn poll(
    inner: &Arc<Inner>,
    wanted: &BTreeSet<String>,
    known: &BTreeMap<String, CommitId>,
) -> Result<Polled, SourceError> {
    let names: BTreeSet<String> = wanted.iter().filter(|rev| revision::check(rev).is_ok()).cloned().collect();
    let worker = Arc::clone(inner);
    let asked = watched(inner, move |pulse, stop| ask(&worker, &names, pulse, stop))?;
    let repo = inner.local();
    let mut heads = BTreeMap::new();
    for wish in wanted {
        let head = head_of(inner, &repo, &asked, wish);
        let head = match (head, known.get(wish)) {
            // A commit never moves: once known it needs no second look.
            (Err(SourceError::RevisionNotFound { .. }), Some(id)) if revision::is_full(wish) => Ok(id.clone()),
            (head, _) => head,
        };
        heads.insert(wish.clone(), head);
    }
    Ok(Polled { heads, fetched: asked.fetched })
}

/// Brings one commit by its id.
pub(super) fn commit(inner: &Arc<Inner>, id: &CommitId) -> Result<(), SourceError> {
    poll(inner, &BTreeSet::from([id.as_str().to_owned()]), &BTreeMap::new())?
        .heads
        .into_values()
        .next()
        .unwrap_or_else(|| Err(SourceError::RevisionNotFound { revision: id.as_str().to_owned() }))
        .map(|_| ())
}

fn head_of(inner: &Inner, repo: &gix::Repository, asked: &Asked, wish: &str) -> Result<CommitId, SourceError> {
    revision::check(wish)?;
    let id = match revision::names(wish).iter().find_map(|name| asked.refs.get(name)) {
        Some((_, peeled)) => *peeled,
        None if revision::is_hex(wish) => return revision::by_hex(repo, wish),
        None => return Err(SourceError::RevisionNotFound { revision: wish.to_owned() }),
    };
    if !repo.has_object(id) {
        return Err(if asked.was_locked {
            SourceError::Locked { remote: inner.shown() }
        } else {
            super::broken(&inner.place(), &format!("object {id} did not arrive"))
        });
    }
    revision::peel(repo, id, wish).map(|id| CommitId::new(id.to_string()))
}

fn ask(inner: &Inner, names: &BTreeSet<String>, pulse: Pulse, stop: &AtomicBool) -> Result<Asked, SourceError> {
    let repo = inner.local();
    let absent: Vec<String> =
        names.iter().filter(|rev| revision::is_full(rev) && revision::by_hex(&repo, rev).is_err()).cloned().collect();
    let fail = |why: gix::Error| transport::explain(inner, &why);
    let remote = repo
        .remote_at_without_url_rewrite(inner.remote.url().as_str())
        .map_err(fail)?
        .with_fetch_tags(gix::remote::fetch::Tags::None)
        .with_refspecs(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], Direction::Fetch)
        .map_err(fail)?;
    let mut connection = remote.connect(Direction::Fetch).map_err(fail)?;
    if matches!(inner.remote, super::remote::Remote::Https { .. }) {
        connection.set_transport_options(transport::http_options(&inner.settings));
    }
    let keyring = inner.keyring.clone();
    connection.set_credentials(move |action| Ok(transport::answer(&keyring, action)));
    let options = gix::remote::ref_map::Options { extra_refspecs: by_id(&absent), ..Default::default() };
    let prepared = connection.prepare_fetch(pulse.clone(), options).map_err(fail)?;
    let refs = listed(prepared.ref_map())?;
    let mut asked = Asked { refs, fetched: false, was_locked: false };
    let stale = |asked: &Asked| !absent.is_empty() || names.iter().any(|name| is_news(&repo, asked, name));
    if stale(&asked) {
        match lock(inner)? {
            None => asked.was_locked = true,
            Some(_held) if !stale(&asked) => {}
            Some(_held) => {
                place::sweep(&inner.dir);
                prepared.receive(pulse, stop).map_err(fail)?;
                asked.fetched = true;
                prune(&repo, &asked);
                super::pack::tidy(&inner.dir);
            }
        }
    }
    Ok(asked)
}

fn by_id(absent: &[String]) -> Vec<gix::refspec::RefSpec> {
    let spec = |id: &String| format!("+{id}:refs/driftdeck/fetched/{id}");
    absent
        .iter()
        .filter_map(|id| {
            gix::refspec::parse(spec(id).as_str().into(), gix::refspec::parse::Operation::Fetch)
                .ok()
                .map(|spec| spec.to_owned())
        })
        .collect()
}

fn listed(map: &gix::remote::fetch::RefMap) -> Result<BTreeMap<String, (ObjectId, ObjectId)>, SourceError> {
    if map.remote_refs.len() > REFS {
        return Err(SourceError::TooLarge { what: "the list of the remote's refs", limit: REFS as u64 });
    }
    let entry = |found: &gix::protocol::handshake::Ref| {
        let (name, direct, peeled) = found.unpack();
        let direct = direct?.to_owned();
        let name = std::str::from_utf8(name).ok()?.to_owned();
        Some((name, (direct, peeled.map_or(direct, ToOwned::to_owned))))
    };
    Ok(map.remote_refs.iter().filter_map(entry).collect())
}

/// Whether a wanted name points to something that is not here.
fn is_news(repo: &gix::Repository, asked: &Asked, wish: &str) -> bool {
    match revision::names(wish).iter().find_map(|name| asked.refs.get_key_value(name)) {
        Some((name, (direct, peeled))) => {
            let here = repo.try_find_reference(name.as_str()).ok().flatten();
            let here = here.and_then(|reference| reference.try_id().map(gix::Id::detach));
            here != Some(*direct) || !repo.has_object(peeled)
        }
        None => revision::is_hex(wish) && revision::by_hex(repo, wish).is_err(),
    }
}

fn lock(inner: &Inner) -> Result<Option<place::Lock>, SourceError> {
    place::lock(&inner.dir, LOCK_PATIENCE).map_err(|why| super::broken(&inner.place(), &why))
}

/// Forgets branches and tags that the remote no longer has: a deleted branch must not resolve from memory.
fn prune(repo: &gix::Repository, asked: &Asked) {
    let Ok(references) = repo.references() else { return };
    for prefix in ["refs/heads/", "refs/tags/"] {
        let Ok(found) = references.prefixed(prefix) else { continue };
        let names: Vec<_> = found.flatten().map(|reference| reference.name().to_owned()).collect();
        for name in names.into_iter().filter(|name| !asked.refs.contains_key(&name.as_bstr().to_string())) {
            // What cannot be deleted now is deleted after the next fetch.
            let _ = keep::delete(repo, name);
        }
    }
}

/// Runs a transfer on a thread of its own and gives it up when it takes too long or nothing moves.
fn watched<T: Send + 'static>(
    inner: &Arc<Inner>,
    work: impl FnOnce(Pulse, &AtomicBool) -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let _turn = inner.gate.lock().unwrap_or_else(PoisonError::into_inner);
    let timed_out = |limit: Duration| SourceError::TimedOut { remote: inner.shown(), seconds: limit.as_secs() };
    if inner.is_stuck.load(Ordering::Acquire) {
        return Err(timed_out(STEP_LIMIT));
    }
    let (pulse, stop) = (Pulse::default(), Arc::new(AtomicBool::new(false)));
    let (send, receive) = sync_channel(1);
    let (beats, flag, owner) = (pulse.clone(), Arc::clone(&stop), Arc::clone(inner));
    std::thread::spawn(move || {
        let done = work(beats, &flag);
        owner.is_stuck.store(false, Ordering::Release);
        // Nobody listens once the watchdog has given up.
        let _ = send.send(done);
    });
    let started = Instant::now();
    let mut last = (pulse.beats(), Instant::now());
    loop {
        match receive.recv_timeout(Duration::from_millis(250)) {
            Ok(done) => return done,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(super::broken(&inner.place(), &"the transfer broke off"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if pulse.beats() != last.0 {
            last = (pulse.beats(), Instant::now());
        }
        let is_mute = last.1.elapsed() >= STEP_LIMIT + Duration::from_secs(1);
        if is_mute || started.elapsed() >= FETCH_LIMIT {
            inner.is_stuck.store(true, Ordering::Release);
            stop.store(true, Ordering::Release);
            return Err(timed_out(if is_mute { STEP_LIMIT } else { FETCH_LIMIT }));
        }
    }
}
