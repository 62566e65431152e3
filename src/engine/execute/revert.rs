//! Revert: bring git back to a chosen commit by a new commit, pushed with a lease; or pin the app there.

use super::{Ending, admit, hold};
use crate::engine::planning;
use crate::engine::site::Site;
use crate::model::{CommitId, Consent, Foreign, Location, Mode, Outcome, RevertMode, RevertOrder};
use crate::plan;
use crate::render;
use crate::source::{Restore, SourceError};

/// Carries a revert out.
pub(super) async fn run(site: &Site, order: &RevertOrder, consent: &Consent) -> Ending {
    let gate = plan::gate_revert(site.id(), is_protected(site, order.mode));
    if let Err(refused) = admit(&gate, consent, mode_for(site, order.mode)) {
        return refused;
    }
    if let Err(trouble) = planning::outlook(site, Some(&order.to)).await {
        return (Outcome::Failed, Some(trouble.message));
    }
    match order.mode {
        RevertMode::Pin => hold::pin(site, &order.to, order.until, &order.reason).await,
        RevertMode::Restore => restore(site, order).await,
    }
}

/// A push counts for every destination it feeds: one protected among them protects all.
pub(in crate::engine) fn is_protected(site: &Site, mode: RevertMode) -> bool {
    let fed = site.siblings.iter().any(|(_, protected)| *protected);
    site.cluster.protected || (mode == RevertMode::Restore && fed)
}

/// What may be done where the revert lands: a push lands at every destination it feeds, the least of them counts.
fn mode_for(site: &Site, mode: RevertMode) -> Mode {
    match mode {
        RevertMode::Restore => site.mode.min(site.fed_mode),
        RevertMode::Pin => site.mode,
    }
}

async fn restore(site: &Site, order: &RevertOrder) -> Ending {
    let (at, order) = (site.clone(), order.clone());
    let pushed = tokio::task::spawn_blocking(move || push(&at, &order)).await;
    match pushed {
        Ok(Ok(Some(commit))) => {
            let words = format!("pushed {}; plan a sync to apply it", commit.short());
            (Outcome::Done, Some(Foreign::new(words)))
        }
        Ok(Ok(None)) => {
            (Outcome::Nothing, Some(Foreign::from("git already has these inputs there; nothing was pushed")))
        }
        Ok(Err(error)) => (Outcome::Failed, Some(error.sentence())),
        Err(_) => (Outcome::Failed, Some(Foreign::from("the push ended by a fault of its own; see the log"))),
    }
}

fn push(site: &Site, order: &RevertOrder) -> Result<Option<CommitId>, SourceError> {
    let Location::Git { repo, revision, .. } = &site.app.source.location else { return Ok(None) };
    let mirror = site.shared.mirror(repo)?;
    let restored = mirror.build_restore(&Restore {
        head: order.expected_head.clone(),
        paths: restore_paths(site, order)?,
        to: order.to.clone(),
        message: message(site, order, &mirror.info(&order.to)?.subject),
        author: site.author(),
    })?;
    let Some(commit) = restored.commit else { return Ok(None) };
    mirror.push(&commit, revision, &order.expected_head)?;
    if let Err(error) = mirror.keep(site.id(), &commit) {
        // It is pushed: to call that a failure would send people to push again.
        tracing::warn!(%error, "the pushed commit is not held in the mirror");
    }
    Ok(Some(commit))
}

/// The app's inputs, as they are now and as they were: both are put back.
pub(in crate::engine) fn restore_paths(site: &Site, order: &RevertOrder) -> Result<Vec<String>, SourceError> {
    let Some(mirror) = site.mirror() else { return Ok(Vec::new()) };
    let mirror = mirror?;
    let mut paths = Vec::new();
    for commit in [&order.expected_head, &order.to] {
        let tree = mirror.tree(commit)?;
        paths.extend(render::input_paths(&*tree, site.path()).unwrap_or_else(|_| vec![site.path().to_owned()]));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The message of the new commit, with the trailers that make it traceable.
pub(in crate::engine) fn message(site: &Site, order: &RevertOrder, subject: &Foreign) -> String {
    let (app, to) = (site.id(), &order.to);
    let reason = order.reason.first_line();
    let why = if reason.raw().is_empty() { "not given" } else { reason.raw() };
    format!(
        "Revert {name} to {short} \"{subject}\"\n\nPuts the inputs of {app} back as they were at {to}.\n\n\
         Driftdeck-App: {name}\nDriftdeck-Cluster: {cluster}\nDriftdeck-Operator: {who}\n\
         Driftdeck-Reason: {why}\nDriftdeck-Reverts: {head}..{to}\n",
        name = app.name,
        short = to.short(),
        subject = subject.raw(),
        cluster = app.cluster,
        who = site.shared.who.first_line().raw(),
        head = order.expected_head,
    )
}
