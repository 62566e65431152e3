//! Remotes: when to ask, what a head means for the apps that follow it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::advance_all;
use crate::engine::effect::Effect;
use crate::engine::event::Trouble;
use crate::engine::world::{RemoteWorld, World, reason};
use crate::model::{AppId, CommitId, Now, RepoName, RepoSpec};

/// Longest wait after failures.
const LONGEST_BACKOFF: Duration = Duration::from_mins(5);

/// Asks the remotes whose time has come.
pub(super) fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let due: Vec<RepoName> = world
        .remotes
        .values()
        .filter(|remote| !remote.polling && remote.next_poll <= now.since_start)
        .map(|remote| remote.spec.name.clone())
        .collect();
    due.iter().filter_map(|repo| poll(world, repo)).collect()
}

/// One poll, unless one is out already or nobody follows it.
pub(super) fn poll(world: &mut World, repo: &RepoName) -> Option<Effect> {
    let wanted: BTreeSet<String> = world
        .apps
        .values()
        .filter_map(|app| app.follows())
        .filter(|(name, _)| *name == repo)
        .map(|(_, revision)| revision.to_owned())
        .collect();
    let remote = world.remotes.get_mut(repo)?;
    if remote.polling || wanted.is_empty() {
        return None;
    }
    remote.polling = true;
    let known = remote.heads.iter().filter_map(|(rev, head)| Some((rev.clone(), head.clone().ok()?))).collect();
    Some(Effect::Poll(repo.clone(), wanted, known))
}

/// An app is there that follows a repository which may be followed already, at another revision.
pub(super) fn follow_new(world: &mut World, id: &AppId, repo: RepoSpec, now: Now) -> Option<Effect> {
    let name = repo.name.clone();
    world.remotes.entry(name.clone()).or_insert_with(|| RemoteWorld::new(repo));
    follow(world, id);
    if world.apps.get(id)?.head.is_some() {
        return None;
    }
    world.remotes.get_mut(&name)?.next_poll = now.since_start;
    poll(world, &name)
}

/// A poll ended.
pub(super) fn polled(
    world: &mut World,
    repo: &RepoName,
    heads: Result<BTreeMap<String, Result<CommitId, Trouble>>, Trouble>,
    now: Now,
) -> Vec<Effect> {
    let Some(remote) = world.remotes.get_mut(repo) else { return Vec::new() };
    remote.polling = false;
    match heads {
        Ok(heads) => confirm(remote, heads, now),
        Err(trouble) => fail(remote, &trouble, now),
    }
    let answers = remote.failing.is_none();
    let apps = world.apps_of(repo);
    ask_again_for_new(world, repo, &apps, now);
    for id in &apps {
        follow(world, id);
        if let Some(app) = world.apps.get_mut(id).filter(|_| answers) {
            super::advance::retry_render(app, false);
        }
    }
    advance_all(world, &apps, now)
}

/// A revision that nobody followed when the poll went out is asked for at the next look.
fn ask_again_for_new(world: &mut World, repo: &RepoName, apps: &[AppId], now: Now) {
    let Some(remote) = world.remotes.get_mut(repo).filter(|remote| remote.failing.is_none()) else { return };
    let follows = apps.iter().filter_map(|id| world.apps.get(id)?.follows());
    if follows.into_iter().any(|(_, revision)| !remote.heads.contains_key(revision)) {
        remote.next_poll = now.since_start;
    }
}

fn confirm(remote: &mut RemoteWorld, heads: BTreeMap<String, Result<CommitId, Trouble>>, now: Now) {
    remote.confirmed = Some(now);
    remote.failing = None;
    remote.next_poll = now.since_start + remote.spec.interval;
    for (revision, head) in heads {
        let before = remote.heads.get(&revision).and_then(|old| old.as_ref().err()).cloned();
        let head = head.map_err(|trouble| reason(&trouble, before.as_ref(), now));
        remote.heads.insert(revision, head);
    }
}

fn fail(remote: &mut RemoteWorld, trouble: &Trouble, now: Now) {
    let (before, times) = remote.failing.as_ref().map_or((None, 0), |(old, times)| (Some(old), *times));
    remote.failing = Some((reason(trouble, before, now), times + 1));
    let backoff = remote.spec.interval.saturating_mul(2u32.saturating_pow(times.min(8)));
    let backoff = backoff.min(LONGEST_BACKOFF.max(remote.spec.interval));
    remote.next_poll = now.since_start + backoff + jitter(remote.spec.name.as_str(), times, backoff);
}

/// Up to a tenth more, other for each remote and attempt: many processes do not come back in one moment. Taken from the
/// name and the count, because deciding owns no dice.
fn jitter(name: &str, times: u32, backoff: Duration) -> Duration {
    let seed = name
        .bytes()
        .fold(times.wrapping_mul(2_654_435_761), |seed, byte| seed.wrapping_mul(31).wrapping_add(u32::from(byte)));
    backoff / 10 * (seed % 100) / 100
}

/// Writes an app's head down. A revision that is gone keeps the last head: nothing follows from absence.
fn follow(world: &mut World, id: &AppId) {
    let Some(app) = world.apps.get_mut(id) else { return };
    app.changed = true;
    let Some((repo, revision)) = app.follows() else { return };
    let head = world.remotes.get(repo).and_then(|remote| remote.heads.get(revision));
    if let Some(Ok(head)) = head
        && app.head.as_ref() != Some(head)
    {
        app.head = Some(head.clone());
    }
}

/// A directory changed on disk: its snapshot is taken at the next look.
pub(super) fn dir_changed(world: &mut World, id: &AppId, now: Now) -> Vec<Effect> {
    if let Some(app) = world.apps.get_mut(id) {
        app.dir_dirty = true;
    }
    super::advance::advance(world, id, now)
}
