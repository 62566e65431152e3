//! The commits that touch an app's inputs, with what each changed in its objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::desired::Desired;
use crate::engine::event::Trouble;
use crate::engine::site::Site;
use crate::engine::{adapt, rendering};
use crate::model::{CommitId, CommitInfo, EffectHere, Foreign, HistoryRow, HistoryView, Marker, ReasonCode, Record};
use crate::render;
use crate::source::Mirror;

/// A page of history, newest first.
pub(super) async fn history(site: Site, limit: usize) -> Result<Arc<HistoryView>, Trouble> {
    let made = tokio::task::spawn_blocking(move || gather(&site, limit)).await;
    made.unwrap_or_else(|_| {
        Err(Trouble::new(ReasonCode::Other, "the history ended by a fault of its own; see the log"))
    })
}

fn gather(site: &Site, limit: usize) -> Result<Arc<HistoryView>, Trouble> {
    let mirror = match site.mirror() {
        Some(mirror) => mirror.map_err(|error| adapt::source(&error))?,
        None => return Err(Trouble::new(ReasonCode::Other, "a directory has no history")),
    };
    let Some(head) = &site.head else {
        return Err(Trouble::new(ReasonCode::Loading, "git's head is not known yet"));
    };
    let (commits, more) = touching(site, &mirror, head, limit + 1)?;
    let renders: Vec<_> = commits.iter().map(|commit| rendering::at_commit(site, &commit.id).ok()).collect();
    let rows = commits.iter().enumerate().take(limit).map(|(n, commit)| {
        let before = renders.get(n + 1).cloned().unwrap_or_else(|| (!more).then(|| empty(&commit.id)));
        row(site, commit, renders[n].as_ref(), before.as_ref(), n == 0)
    });
    let more = more || commits.len() > limit;
    Ok(Arc::new(HistoryView { app: site.id().clone(), rows: rows.collect(), more }))
}

/// Before the first commit there was nothing.
fn empty(at: &CommitId) -> Arc<Desired> {
    let commit = CommitInfo { id: at.clone(), subject: Foreign::from(""), author: Foreign::from(""), time: None };
    Arc::new(Desired {
        at: at.clone(),
        commit,
        manifests: Arc::default(),
        misplaced: Vec::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
        worktree: None,
        ahead: None,
    })
}

/// Commits that touch any of the app's inputs, as they are at `head`.
fn touching(site: &Site, mirror: &Mirror, head: &CommitId, limit: usize) -> Result<(Vec<CommitInfo>, bool), Trouble> {
    let tree = mirror.tree(head).map_err(|error| adapt::source(&error))?;
    let paths = render::input_paths(&*tree, site.path()).unwrap_or_else(|_| vec![site.path().to_owned()]);
    mirror.history_of(head, &paths, limit).map_err(|error| adapt::source(&error))
}

fn row(
    site: &Site,
    commit: &CommitInfo,
    here: Option<&Arc<Desired>>,
    before: Option<&Arc<Desired>>,
    first: bool,
) -> HistoryRow {
    let record = site.record.record();
    let deployed = record.and_then(|record| record.deployed.as_ref()).filter(|found| found.commit == commit.id);
    let mut markers = Vec::new();
    if deployed.is_some() {
        markers.push(Marker::Deployed);
    }
    if first {
        markers.push(Marker::Head);
    }
    if record.and_then(|record| record.pinned.as_ref()).is_some_and(|pin| pin.commit == commit.id) {
        markers.push(Marker::Pinned);
    }
    if record.is_some_and(|record| failed(record, &commit.id)) {
        markers.push(Marker::Failed);
    }
    let last = record.and_then(|record| {
        record
            .operations
            .iter()
            .rev()
            .find(|done| done.commit.as_ref() == Some(&commit.id) && done.what.raw() == "sync")
    });
    HistoryRow {
        commit: commit.clone(),
        markers,
        effect: here.zip(before).map(|(here, before)| effect(here, before)),
        deployed: last.map(|done| (done.time, done.by.clone())),
    }
}

fn failed(record: &Record, commit: &CommitId) -> bool {
    let last = record.operations.iter().rev().find(|done| done.commit.as_ref() == Some(commit));
    last.is_some_and(|done| done.what.raw() == "sync" && done.result.raw().contains("failed"))
}

/// What changed from one render to the next.
fn effect(here: &Desired, before: &Desired) -> EffectHere {
    let digests = |desired: &Desired| -> BTreeMap<_, _> {
        desired.manifests.iter().map(|(key, manifest)| (key.clone(), manifest.digest.clone())).collect()
    };
    let (here, before) = (digests(here), digests(before));
    EffectHere {
        changed: here.iter().filter(|(key, digest)| before.get(*key).is_some_and(|old| old != *digest)).count(),
        added: here.keys().filter(|key| !before.contains_key(*key)).count(),
        removed: before.keys().filter(|key| !here.contains_key(*key)).count(),
    }
}
