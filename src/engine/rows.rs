//! The rows of one app as they may be shown now: judged ones, placeholders for what cannot be judged, stale ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desired::{Desired, Misplaced};
use super::step::{keys_of, scene_of};
use super::world::{AppWorld, SceneState, World, because};
use crate::model::{AppSpec, Base, Basis, Health, Now, Reason, ReasonCode, ResourceKey, ResourceRow, Verdict};
use crate::plan;

/// Every row of an app, by key.
pub(super) fn resources(world: &World, app: &AppWorld, now: Now) -> Vec<Arc<ResourceRow>> {
    let mut rows: BTreeMap<ResourceKey, Arc<ResourceRow>> = app.rows.clone();
    for key in keys_of(app) {
        if !rows.contains_key(&key) && is_open(world, app, &key) {
            rows.insert(key.clone(), Arc::new(unjudged(world, app, &key, now)));
        }
    }
    for misplaced in app.desired.iter().flat_map(|desired| &desired.misplaced) {
        let row = misplaced_row(app, misplaced, now);
        rows.insert(row.key.clone(), Arc::new(row));
    }
    rows.into_values().map(|row| app.declarations.put_into(row)).collect()
}

/// Whether a key without a row stands for something: git has it, or what is live under it is not known.
fn is_open(world: &World, app: &AppWorld, key: &ResourceKey) -> bool {
    let in_git = app.desired.as_ref().is_some_and(|desired| desired.manifests.contains_key(key));
    let scene = world.clusters.get(&key.cluster).and_then(|cluster| scene_of(cluster, key));
    in_git || app.dirty.contains(key) || app.judging.contains(key) || scene != Some(&SceneState::Listed)
}

/// Rows as they may be shown once the ground is stale.
pub(super) fn aged(rows: Vec<Arc<ResourceRow>>, stale: Option<&Reason>) -> Vec<Arc<ResourceRow>> {
    match stale {
        None => rows,
        Some(reason) => rows.into_iter().map(|row| as_of(row, reason)).collect(),
    }
}

/// What was green is unknown once the ground is stale; what was wrong stays, marked by the app's `stale`.
fn as_of(row: Arc<ResourceRow>, reason: &Reason) -> Arc<ResourceRow> {
    if !matches!(row.verdict, Verdict::Synced | Verdict::Touched) {
        return row;
    }
    // A silent remote says nothing about health.
    let health = if reason.code == ReasonCode::ClusterStale { Health::Unknown } else { row.health };
    let reason = Some(reason.clone());
    Arc::new(ResourceRow { verdict: Verdict::Unknown, moved: None, reason, health, ..(*row).clone() })
}

/// A row for a key that git has and that is not judged: because of its list, or because it is on its way.
fn unjudged(world: &World, app: &AppWorld, key: &ResourceKey, now: Now) -> ResourceRow {
    let scene = world.clusters.get(&key.cluster).and_then(|cluster| scene_of(cluster, key));
    let reason = match scene {
        Some(SceneState::Failed(reason)) => reason.clone(),
        _ if app.render_failed.is_some() && app.desired.is_none() => {
            because(ReasonCode::RenderFailed, "git could not be rendered: there is nothing to compare with", now)
        }
        _ => because(ReasonCode::Loading, "not judged yet", now),
    };
    blank(app, key.clone(), Verdict::Unknown, reason)
}

fn misplaced_row(app: &AppWorld, misplaced: &Misplaced, now: Now) -> ResourceRow {
    let nameless = || ResourceKey {
        cluster: app.spec.id.cluster.clone(),
        kind: crate::model::Kind::new("", "?"),
        namespace: "".into(),
        name: misplaced.message.raw().into(),
    };
    let key = misplaced.key.clone().unwrap_or_else(nameless);
    let reason = Reason { code: ReasonCode::BadIdentity, message: misplaced.message.clone(), since: now.wall };
    blank(app, key, Verdict::Invalid, reason)
}

/// A row about which nothing but its verdict and reason is known.
pub(super) fn blank(app: &AppWorld, key: ResourceKey, verdict: Verdict, reason: Reason) -> ResourceRow {
    bare((&app.spec, app.desired.as_deref()), key, verdict, reason)
}

/// The same for a task, which has no world.
pub(super) fn bare(
    (app, desired): (&AppSpec, Option<&Desired>),
    key: ResourceKey,
    verdict: Verdict,
    reason: Reason,
) -> ResourceRow {
    let manifest = desired.and_then(|desired| desired.manifests.get(&key));
    ResourceRow {
        version: manifest.map_or_else(|| "".into(), |manifest| manifest.gvk.version.clone()),
        origin: manifest.map(|manifest| manifest.origin.clone()),
        wave: plan::wave(&key.kind),
        in_bounds: plan::in_bounds(app, &key),
        key,
        uid: None,
        verdict,
        moved: None,
        base: Base::None,
        health: Health::Unknown,
        health_note: None,
        basis: Basis::Local,
        pending: false,
        refused: None,
        reason: Some(reason),
        findings: Vec::new(),
        hidden: Vec::new(),
        created: None,
        unadopted: false,
    }
}

/// What to do about a cause.
#[must_use]
pub(super) fn hint(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Loading => "wait",
        ReasonCode::Forbidden => "ask for the right to get, list and watch it (docs/security.md)",
        ReasonCode::ClusterUnreachable | ReasonCode::ClusterStale => {
            "check the network and the API server; r asks again"
        }
        ReasonCode::ClusterAuth => "sign in again (kubectl with this context tells more); r asks again",
        ReasonCode::Throttled => "wait: fewer requests are sent until the server answers again",
        ReasonCode::ClusterConfig => "check kubeconfig and context in the config file: driftdeck config check",
        ReasonCode::KindNotServed => "install its CustomResourceDefinition, or correct apiVersion and kind",
        ReasonCode::NamespaceTerminating => "wait until the namespace is gone, or see which finalizer holds it",
        ReasonCode::GitUnreachable | ReasonCode::GitStale => "check the network and the repository's URL; r asks again",
        ReasonCode::GitAuth => "check the repository's token or key in the config file",
        ReasonCode::GitNotFound => "check the repository's URL, and whether the account may see it",
        ReasonCode::RevisionNotFound => "check the app's revision: the branch or tag may have been deleted",
        ReasonCode::PathNotFound => "check the app's path at that commit",
        ReasonCode::RenderFailed => "mend the named file in git; nothing is applied or pruned until it reads",
        ReasonCode::NeedsProgram => "install the named program and put it on PATH",
        ReasonCode::EmptyRender => "check the app's path; nothing is pruned because of it",
        ReasonCode::BadIdentity | ReasonCode::Rejected => "mend the object in git",
        ReasonCode::Refused | ReasonCode::DryRunUnavailable => {
            "the verdict is our own comparison until the server answers"
        }
        ReasonCode::NoBase => "sync once, or let driftdeck see it synced, to tell who moved",
        ReasonCode::RecordOfAnother => "give one of the apps another name, or take it over: driftdeck sync --take-over",
        ReasonCode::RecordElsewhere => "set record_namespace of the cluster to that namespace",
        ReasonCode::RecordUnreadable => "look at the ConfigMap driftdeck.<app>; somebody else wrote it",
        ReasonCode::Disputed => "let one app, or one cluster name, own it",
        ReasonCode::Deleting => "see which finalizer holds it",
        ReasonCode::Other => "see the message",
    }
}
