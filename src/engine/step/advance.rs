//! The next thing to do for one app, seen from how it stands now: record, render, watches, schemas, judgements.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{disputes, judging};
use crate::engine::desired::Desired;
use crate::engine::effect::{Effect, WatchWish};
use crate::engine::event::{AppTicket, Trouble};
use crate::engine::world::{AppWorld, ClusterWorld, RecordState, RenderState, SceneState, World, reason};
use crate::model::{AppId, CommitId, Gvk, Kind, Location, Now, ReasonCode, Record, ResourceKey};

/// Wait before a record is read again that could not be.
const RECORD_AGAIN: Duration = Duration::from_secs(10);

/// Looks at an app and asks for what it needs next.
pub(super) fn advance(world: &mut World, id: &AppId, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    if !world.clusters.get(&id.cluster).is_some_and(ClusterWorld::is_up) {
        return effects;
    }
    effects.extend(read_record(world, id));
    effects.extend(snapshot(world, id));
    effects.extend(render(world, id, now));
    if !world.apps.get(id).is_some_and(|app| app.asked) {
        return effects;
    }
    effects.extend(watch(world, id));
    effects.extend(load_schemas(world, id));
    effects.extend(judging::judge_dirty(world, id));
    effects.extend(judging::note_seen(world, id));
    effects.extend(super::declarations::ask(world, id));
    effects.extend(super::auto::consider(world, id, now));
    effects
}

/// A directory is taken as it lies, once per change.
fn snapshot(world: &mut World, id: &AppId) -> Option<Effect> {
    let cluster_epoch = world.clusters.get(&id.cluster).map_or(0, |c| c.epoch);
    let app = world.apps.get_mut(id)?;
    let is_dir = matches!(app.spec.source.location, Location::Dir { .. });
    let due = app.dir_dirty || app.prepared_with != cluster_epoch;
    if !is_dir || !due || app.record == RecordState::Loading {
        return None;
    }
    app.dir_dirty = false;
    app.prepared_with = cluster_epoch;
    app.render = RenderState::Rendering(CommitId::new("dir:"));
    app.next_epoch();
    Some(Effect::Snapshot(app.ticket()))
}

fn read_record(world: &mut World, id: &AppId) -> Option<Effect> {
    let app = world.apps.get_mut(id)?;
    if app.record != RecordState::Loading || app.reading_record {
        return None;
    }
    app.reading_record = true;
    Some(Effect::ReadRecord(id.clone()))
}

/// The record is asked for again: somebody wrote it, or we did.
pub(super) fn reread_record(world: &mut World, id: &AppId) -> Option<Effect> {
    let is_up = world.clusters.get(&id.cluster).is_some_and(ClusterWorld::is_up);
    let app = world.apps.get_mut(id)?;
    if !is_up {
        // Nobody would answer: it is read, or its change seen, when the cluster is back.
        return None;
    }
    if app.reading_record {
        app.reread_record = true;
        return None;
    }
    app.reading_record = true;
    Some(Effect::ReadRecord(id.clone()))
}

/// Renders when the commit, or the discovery it was prepared with, is not the one we have.
fn render(world: &mut World, id: &AppId, now: Now) -> Option<Effect> {
    let cluster_epoch = world.clusters.get(&id.cluster).map_or(0, |c| c.epoch);
    let app = world.apps.get_mut(id)?;
    if app.record == RecordState::Loading || matches!(app.spec.source.location, Location::Dir { .. }) {
        return None;
    }
    let target = app.target(now)?;
    let same_ground = app.prepared_with == cluster_epoch;
    let done = match &app.render {
        RenderState::Rendering(at) | RenderState::Failed(at, _) => *at == target && same_ground,
        RenderState::Ready => same_ground && app.desired.as_ref().is_some_and(|desired| desired.at == target),
        RenderState::Idle => false,
    };
    if done {
        return None;
    }
    app.render = RenderState::Rendering(target.clone());
    app.prepared_with = cluster_epoch;
    app.next_epoch();
    Some(Effect::Render(app.ticket(), target))
}

/// A render ended.
pub(super) fn rendered(
    world: &mut World,
    ticket: &AppTicket,
    result: Result<Arc<Desired>, Trouble>,
    now: Now,
) -> Vec<Effect> {
    let Some(app) = world.apps.get_mut(&ticket.app) else { return Vec::new() };
    app.changed = true;
    match result {
        Ok(desired) => take_desired(app, &desired),
        Err(trouble) => fail_render(app, &trouble, now),
    }
    judging::reindex(world, &ticket.app);
    disputes::find(world, &ticket.app.cluster, now);
    advance(world, &ticket.app, now)
}

fn take_desired(app: &mut AppWorld, desired: &Arc<Desired>) {
    if matches!(app.spec.source.location, Location::Dir { .. }) {
        app.head = Some(desired.at.clone());
    }
    app.render = RenderState::Ready;
    app.render_failed = None;
    match app.desired.replace(desired.clone()) {
        Some(old) => keep_unmoved(app, &old, desired),
        None => app.dirty.extend(judging::keys_of(app)),
    }
    app.noted.clear();
}

/// What git says differently now is not judged yet: its old word would be said of the new commit. What git says as before
/// keeps its word, and is not looked at again.
fn keep_unmoved(app: &mut AppWorld, old: &Desired, desired: &Desired) {
    let whole = old.is_complete() == desired.is_complete();
    let unmoved = |key: &ResourceKey| {
        let [before, now] = [old, desired].map(|desired| desired.manifests.get(key).map(|found| &found.digest));
        before == now && (whole || now.is_some())
    };
    app.rows.retain(|key, _| unmoved(key));
    for (key, row) in &mut app.rows {
        let origin = desired.manifests.get(key).map(|manifest| &manifest.origin);
        if row.origin.as_ref() != origin {
            Arc::make_mut(row).origin = origin.cloned();
        }
    }
    let judged = |key: &ResourceKey| app.settled.contains_key(key) && unmoved(key);
    let open: Vec<_> = judging::keys_of(app).into_iter().filter(|key| !judged(key)).collect();
    app.dirty.extend(open);
}

fn fail_render(app: &mut AppWorld, trouble: &Trouble, now: Now) {
    let at = match &app.render {
        RenderState::Rendering(at) | RenderState::Failed(at, _) => at.clone(),
        RenderState::Idle | RenderState::Ready => CommitId::new(""),
    };
    let why = reason(trouble, app.render_failed.as_ref(), now);
    app.render_failed = Some(why.clone());
    app.render = RenderState::Failed(at, why);
    // Judgements of the ticket before were dropped as late: what was rendered last is looked at again.
    app.dirty.extend(judging::keys_of(app));
}

/// The record was read.
pub(super) fn record_read(
    world: &mut World,
    id: &AppId,
    result: Result<Option<Arc<Record>>, Trouble>,
    now: Now,
) -> Vec<Effect> {
    let Some(app) = world.apps.get_mut(id) else { return Vec::new() };
    app.reading_record = false;
    app.changed = true;
    take_record(app, result, now);
    let again = std::mem::take(&mut app.reread_record);
    judging::reindex(world, id);
    let mut effects = advance(world, id, now);
    if again {
        effects.extend(reread_record(world, id));
    }
    effects
}

fn take_record(app: &mut AppWorld, result: Result<Option<Arc<Record>>, Trouble>, now: Now) {
    let passing = result.as_ref().is_err_and(|trouble| is_passing(trouble.code));
    app.record_again = passing.then(|| now.since_start + RECORD_AGAIN);
    let known = matches!(app.record, RecordState::Absent | RecordState::Present(_));
    if passing && known {
        return;
    }
    let state = record_state(result, &app.record, now);
    if app.record == state {
        return;
    }
    app.record = state;
    app.next_epoch();
    app.forget_answers();
    app.dirty.extend(judging::keys_of(app));
    if matches!(app.render, RenderState::Rendering(_)) {
        // The ticket moved on: the render that is out would be dropped as late.
        app.render = RenderState::Idle;
        app.dir_dirty = true;
    }
}

/// Causes that go away by themselves: the record is neither forbidden nor somebody else's.
fn is_passing(code: ReasonCode) -> bool {
    let stays =
        [ReasonCode::Forbidden, ReasonCode::RecordOfAnother, ReasonCode::RecordElsewhere, ReasonCode::RecordUnreadable];
    !stays.contains(&code)
}

/// Reads a record again whose last reading failed, once its time has come.
pub(super) fn record_due(world: &mut World, id: &AppId, now: Now) -> Option<Effect> {
    let app = world.apps.get(id)?;
    if app.record_again.is_none_or(|at| at > now.since_start) || app.reading_record {
        return None;
    }
    let effect = reread_record(world, id)?;
    world.apps.get_mut(id)?.record_again = None;
    Some(effect)
}

/// A render that failed for a cause outside of git is tried again.
pub(super) fn retry_render(app: &mut AppWorld, any_cause: bool) {
    let settled = [ReasonCode::RenderFailed, ReasonCode::PathNotFound, ReasonCode::NeedsProgram];
    if let RenderState::Failed(_, reason) = &app.render
        && (any_cause || !settled.contains(&reason.code))
    {
        app.render = RenderState::Idle;
    }
}

fn record_state(result: Result<Option<Arc<Record>>, Trouble>, before: &RecordState, now: Now) -> RecordState {
    let old = match before {
        RecordState::Hidden(old) | RecordState::Bad(old) => Some(old),
        _ => None,
    };
    match result {
        Ok(None) => RecordState::Absent,
        Ok(Some(record)) => RecordState::Present(record),
        Err(trouble) if trouble.code == ReasonCode::Forbidden => RecordState::Hidden(reason(&trouble, old, now)),
        Err(trouble) => RecordState::Bad(reason(&trouble, old, now)),
    }
}

/// Lists and watches every kind and namespace in use: of git, of the inventory, and of the record itself.
fn watch(world: &mut World, id: &AppId) -> Option<Effect> {
    let cluster = world.clusters.get_mut(&id.cluster)?;
    let app = world.apps.get(id)?;
    let mut wishes: BTreeSet<WatchWish> = app
        .desired
        .iter()
        .flat_map(|desired| desired.manifests.values())
        .map(|manifest| WatchWish::of(&manifest.gvk, &manifest.key.namespace))
        .collect();
    for line in app.record.record().iter().flat_map(|record| &record.inventory) {
        if !wishes.iter().any(|w| w.scene.kind == line.kind && w.scene.namespace == line.namespace) {
            wishes.insert(WatchWish::of_kind(&line.kind, &line.namespace));
        }
    }
    let record_namespace = app.record_namespace(&cluster.spec).into();
    wishes.insert(WatchWish::of(&Gvk::parse("v1", "ConfigMap"), &record_namespace));
    wishes.retain(|wish| !cluster.scenes.contains_key(&wish.scene));
    for wish in &wishes {
        cluster.scenes.insert(wish.scene.clone(), SceneState::Loading);
    }
    (!wishes.is_empty()).then(|| Effect::Watch(id.cluster.clone(), wishes))
}

/// The group-versions whose schema an app's judgements need.
pub(super) fn schemas_needed(app: &AppWorld) -> BTreeSet<Arc<str>> {
    let manifests = app.desired.iter().flat_map(|desired| desired.manifests.values());
    manifests.map(|manifest| Arc::from(manifest.gvk.api_version())).collect()
}

fn load_schemas(world: &mut World, id: &AppId) -> Option<Effect> {
    let needed = schemas_needed(world.apps.get(id)?);
    let cluster = world.clusters.get_mut(&id.cluster)?;
    let missing: BTreeSet<_> = needed.difference(&cluster.schemas_asked).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    cluster.schemas_asked.extend(missing.iter().cloned());
    Some(Effect::LoadSchemas(id.cluster.clone(), missing))
}

/// Whether a live object is part of an app's record.
pub(super) fn is_record_of(app: &AppWorld, kind: &Kind, name: &str) -> bool {
    let own = name.strip_prefix("driftdeck.").is_some_and(|rest| {
        rest == &*app.spec.id.name || rest.strip_prefix(&*app.spec.id.name).is_some_and(|tail| tail.starts_with('.'))
    });
    own && kind.group.is_empty() && &*kind.kind == "ConfigMap"
}
