//! Judging: which objects, when, and what a local judgement means for a row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::advance::{advance, schemas_needed};
use super::confirming::confirm_waiting;
use crate::engine::effect::{Effect, JudgeWork};
use crate::engine::event::{AppTicket, JudgedRow, Memo, Scene};
use crate::engine::world::{AppWorld, ClusterWorld, RenderState, Role, SceneState, World};
use crate::model::{AppId, Finding, Kind, Now, ReasonCode, ResourceKey, ResourceRow, Verdict};

/// Every key an app has a say about: git's and the inventory's.
pub(in crate::engine) fn keys_of(app: &AppWorld) -> BTreeSet<ResourceKey> {
    let cluster = &app.spec.id.cluster;
    let lines = app.record.record().into_iter().flat_map(|record| &record.inventory);
    let listed = lines.map(|line| ResourceKey {
        cluster: cluster.clone(),
        kind: line.kind.clone(),
        namespace: line.namespace.clone(),
        name: line.name.clone(),
    });
    app.desired.iter().flat_map(|desired| desired.manifests.keys().cloned()).chain(listed).collect()
}

/// Everything an app has a say about is judged again, under a new ticket: what it is judged by has changed.
pub(super) fn judge_anew(app: &mut AppWorld) {
    app.next_epoch();
    app.changed = true;
    app.forget_answers();
    app.dirty.extend(keys_of(app));
    if matches!(app.render, RenderState::Rendering(_)) {
        // The ticket moved on: the render that is out would be dropped as late.
        app.render = RenderState::Idle;
        app.dir_dirty = true;
    }
}

/// Brings index and rows in line with the keys of an app.
pub(super) fn reindex(world: &mut World, id: &AppId) {
    let Some(app) = world.apps.get_mut(id) else { return };
    let keys = keys_of(app);
    app.rows.retain(|key, _| keys.contains(key));
    app.waiting.retain(|key, _| keys.contains(key));
    app.confirmed.retain(|key, _| keys.contains(key));
    app.memos.retain(|key, _| keys.contains(key));
    app.settled.retain(|key, _| keys.contains(key));
    app.again.retain(|key, _| keys.contains(key));
    app.named.retain(|key, _| keys.contains(key));
    app.stamps.retain(|key, _| keys.contains(key));
    app.dirty.retain(|key| keys.contains(key));
    app.judging.retain(|key| keys.contains(key));
    world.index.retain(|key, apps| {
        if !keys.contains(key) {
            apps.remove(id);
        }
        !apps.is_empty()
    });
    for key in keys {
        world.index.entry(key).or_default().insert(id.clone());
    }
}

/// Judges what is dirty and can be judged: its list is complete and the schemas are there.
pub(super) fn judge_dirty(world: &mut World, id: &AppId) -> Option<Effect> {
    let cluster = world.clusters.get(&id.cluster)?;
    let app = world.apps.get(id)?;
    let desired = app.desired.clone()?;
    if app.dirty.is_empty() || app.record == crate::engine::world::RecordState::Loading {
        return None;
    }
    if !schemas_needed(app).is_subset(&cluster.schemas) {
        return None;
    }
    let ready: Vec<ResourceKey> = app.dirty.iter().filter(|key| can_judge(cluster, app, key)).cloned().collect();
    let keys: Vec<_> = ready.into_iter().map(|key| (key, world.stamp())).collect();
    if keys.is_empty() {
        return None;
    }
    let app = world.apps.get_mut(id)?;
    for (key, stamp) in &keys {
        app.dirty.remove(key);
        app.judging.insert(key.clone());
        app.stamps.insert(key.clone(), *stamp);
    }
    let known = keys.iter().filter_map(|(key, _)| Some((key.clone(), settled(app, key)?))).collect();
    Some(Effect::Judge(app.ticket(), JudgeWork { keys, known, desired }))
}

/// A row that waits for nobody, with what it was made from.
fn settled(app: &AppWorld, key: &ResourceKey) -> Option<(Memo, Arc<ResourceRow>)> {
    let row = app.rows.get(key).filter(|row| !row.pending && row.verdict != Verdict::Unknown)?;
    Some((app.settled.get(key)?.clone(), row.clone()))
}

/// The scene that covers a key, as asked for: its namespace's, or the cluster-wide one.
pub(in crate::engine) fn scene_of<'a>(cluster: &'a ClusterWorld, key: &ResourceKey) -> Option<&'a SceneState> {
    let own = Scene { kind: key.kind.clone(), namespace: key.namespace.clone() };
    let wide = Scene { kind: key.kind.clone(), namespace: "".into() };
    cluster.scenes.get(&own).or_else(|| cluster.scenes.get(&wide))
}

/// Whether it is known what is live under a key: listed, or of a kind that only git defines so far.
fn can_judge(cluster: &ClusterWorld, app: &AppWorld, key: &ResourceKey) -> bool {
    match scene_of(cluster, key) {
        Some(SceneState::Listed) => true,
        Some(SceneState::Failed(why)) => why.code == ReasonCode::KindNotServed && is_defined(app, &key.kind),
        Some(SceneState::Loading) | None => false,
    }
}

/// Whether git itself holds the definition of a kind: its objects are missing until that is applied, not unknown.
fn is_defined(app: &AppWorld, kind: &Kind) -> bool {
    let crd = Kind::new("apiextensions.k8s.io", "CustomResourceDefinition");
    let text = |body: &serde_json::Value, at: &str| body.pointer(at).and_then(|v| v.as_str().map(str::to_owned));
    app.desired.iter().flat_map(|desired| desired.manifests.values()).filter(|m| m.key.kind == crd).any(|manifest| {
        text(&manifest.body, "/spec/group").as_deref() == Some(&*kind.group)
            && text(&manifest.body, "/spec/names/kind").as_deref() == Some(&*kind.kind)
    })
}

/// Whether everything that can be judged is judged and confirmed; what a failed list hides stays unknown beside it.
pub(super) fn is_settled(world: &World, app: &AppWorld) -> bool {
    let Some(cluster) = world.clusters.get(&app.spec.id.cluster) else { return false };
    let hidden = |key: &ResourceKey| {
        matches!(scene_of(cluster, key), Some(SceneState::Failed(_))) && !can_judge(cluster, app, key)
    };
    app.judging.is_empty()
        && app.waiting.is_empty()
        && app.dirty.iter().all(hidden)
        && !app.rows.values().any(|row| row.pending)
}

/// Objects were judged locally.
pub(super) fn judged(world: &mut World, ticket: &AppTicket, rows: Vec<JudgedRow>, now: Now) -> Vec<Effect> {
    let spec = world.clusters.get(&ticket.app.cluster).map(|cluster| cluster.spec.clone());
    let Some(app) = world.apps.get_mut(&ticket.app) else { return Vec::new() };
    app.observed = Some(now.wall);
    app.changed = true;
    for judged in rows {
        if app.stamps.get(&judged.key) == Some(&judged.stamp) {
            app.judging.remove(&judged.key);
            let locally = spec.as_ref().is_some_and(|spec| spec.judges_locally(&judged.key.kind));
            accept(app, judged, locally, now);
        }
    }
    let mut effects = if world.role == Role::OneShot { confirm_waiting(world, &ticket.app, None) } else { Vec::new() };
    effects.extend(advance(world, &ticket.app, now));
    effects
}

/// Takes a local judgement: final when nothing is pending, or when the server has answered the same question before.
fn accept(app: &mut AppWorld, judged: JudgedRow, judge_local: bool, now: Now) {
    let key = judged.key;
    let Some(row) = judged.row else {
        app.rows.remove(&key);
        app.waiting.remove(&key);
        app.memos.remove(&key);
        app.confirmed.remove(&key);
        app.settled.remove(&key);
        app.again.remove(&key);
        return;
    };
    let memo = judged.memo.clone();
    let row = if !judged.open {
        app.waiting.remove(&key);
        app.memos.remove(&key);
        row
    } else if let Some((_, known)) = app.confirmed.get(&key).filter(|(memo, _)| *memo == judged.memo) {
        app.waiting.remove(&key);
        let findings = with_writers_of(&row, &known.findings);
        let ResourceRow { health, health_note, origin, created, .. } = row;
        app.memos.remove(&key);
        ResourceRow { health, health_note, findings, origin, created, ..(**known).clone() }
    } else if judge_local {
        ResourceRow { pending: false, ..row }
    } else {
        if !is_asked(app, &key, &judged.memo) {
            app.waiting.entry(key.clone()).or_insert(now.since_start);
        }
        app.memos.insert(key.clone(), judged.memo);
        row
    };
    if row.pending || app.memos.contains_key(&key) {
        app.settled.remove(&key);
    } else {
        app.settled.insert(key.clone(), memo);
    }
    app.rows.insert(key, Arc::new(row));
}

/// Confirmed findings with who wrote as it is told now: a value may go away and come back by another hand.
fn with_writers_of(row: &ResourceRow, known: &[Finding]) -> Vec<Finding> {
    let again = |finding: &Finding| row.findings.iter().find(|now| now.path == finding.path);
    let named = |finding: &Finding| Finding {
        by: again(finding).map_or_else(|| finding.by.clone(), |now| now.by.clone()),
        ..finding.clone()
    };
    known.iter().map(named).collect()
}

/// Whether the server is being asked the same question already: only the status was written meanwhile.
fn is_asked(app: &AppWorld, key: &ResourceKey, memo: &Memo) -> bool {
    !app.waiting.contains_key(key) && app.memos.get(key) == Some(memo)
}

/// Remembers at which commit objects were seen synced, once an app is settled: the base when the record is silent. Each
/// object once per commit.
pub(super) fn note_seen(world: &mut World, id: &AppId) -> Option<Effect> {
    let app = world.apps.get(id)?;
    let desired = app.desired.as_ref()?;
    let ready = matches!(app.render, RenderState::Ready) && !desired.at.as_str().starts_with("dir:");
    if !ready || app.rows.is_empty() || !is_settled(world, app) {
        return None;
    }
    let (commit, fresh) = (desired.commit.id.clone(), not_noted(app));
    if fresh.is_empty() {
        return None;
    }
    world.apps.get_mut(id)?.noted.extend(fresh.iter().cloned());
    Some(Effect::NoteSeen(id.clone(), commit, fresh))
}

/// Synced, and not noted at this commit. Both sides are in one order: ten thousand rows are walked once, not searched for.
fn not_noted(app: &AppWorld) -> Vec<ResourceKey> {
    let mut noted = app.noted.iter().peekable();
    let synced = app.rows.values().filter(|row| row.verdict == Verdict::Synced);
    let fresh = synced.filter(|row| {
        while noted.next_if(|key| **key < row.key).is_some() {}
        noted.peek() != Some(&&row.key)
    });
    fresh.map(|row| row.key.clone()).collect()
}
