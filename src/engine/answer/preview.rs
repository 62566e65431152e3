//! What a revert would do, to git and to the cluster, before anything is done.

use super::mode_flag;
use crate::engine::adapt;
use crate::engine::event::Trouble;
use crate::engine::execute::{is_protected, revert_message, revert_paths};
use crate::engine::planning;
use crate::engine::site::Site;
use crate::model::{
    AppId, CommitId, Foreign, GitChange, Health, Location, ReasonCode, RevertMode, RevertOrder, RevertPreview,
};
use crate::plan;
use crate::source::{self, Restore};

/// The preview of going back to `to`.
pub(super) async fn preview(
    site: &Site,
    to: &CommitId,
    (mode, reason): (RevertMode, &Foreign),
) -> Result<RevertPreview, Trouble> {
    let Location::Git { revision, .. } = &site.app.source.location else {
        return Err(Trouble::new(ReasonCode::Other, "a directory has no history to go back to"));
    };
    let Some(head) = site.head.clone() else {
        return Err(Trouble::new(ReasonCode::Loading, "git's head is not known yet"));
    };
    let outlook = planning::outlook(site, Some(to)).await?;
    let plan = planning::plan(site, &outlook);
    let order = RevertOrder {
        app: site.id().clone(),
        to: to.clone(),
        mode,
        expected_head: head.clone(),
        reason: reason.clone(),
        until: None,
    };
    let (files, refused) = match mode {
        RevertMode::Restore => files(site, &order).await,
        RevertMode::Pin => (Vec::new(), None),
    };
    let gate = plan::gate_revert(site.id(), is_protected(site, mode));
    let line = format!(
        "driftdeck revert {} -c {} --to {} --mode {}",
        site.id().name,
        site.id().cluster,
        to.short(),
        mode_flag(mode)
    );
    Ok(RevertPreview {
        app: site.id().clone(),
        to: outlook.desired.commit.clone(),
        mode,
        head,
        branch: Foreign::from(revision.as_str()),
        files,
        gate,
        plan,
        feeds: feeds(site),
        message: Foreign::new(revert_message(site, &order, &outlook.desired.commit.subject)),
        refused,
        health: Health::roll_up(site.rows.values().map(|row| row.health)),
        command_line: Foreign::new(line),
    })
}

/// All destinations fed by the same path and branch.
fn feeds(site: &Site) -> Vec<AppId> {
    site.siblings.iter().map(|(app, _)| app.id.clone()).collect()
}

/// The files a new commit would change, or why there can be none.
async fn files(site: &Site, order: &RevertOrder) -> (Vec<GitChange>, Option<Foreign>) {
    if source::git_program().is_none() {
        return (Vec::new(), Some(Foreign::from("no git program on PATH: a revert cannot be pushed; pin instead")));
    }
    let (site, order) = (site.clone(), order.clone());
    let built = tokio::task::spawn_blocking(move || build(&site, &order)).await;
    match built {
        Ok(Ok(files)) if files.is_empty() => {
            (files, Some(Foreign::from("git already has these inputs there: there is nothing to push")))
        }
        Ok(Ok(files)) => (files, None),
        Ok(Err(trouble)) => (Vec::new(), Some(trouble.message)),
        Err(_) => (Vec::new(), Some(Foreign::from("the preview ended by a fault of its own; see the log"))),
    }
}

fn build(site: &Site, order: &RevertOrder) -> Result<Vec<GitChange>, Trouble> {
    let Some(mirror) = site.mirror() else { return Ok(Vec::new()) };
    let mirror = mirror.map_err(|error| adapt::source(&error))?;
    let paths = revert_paths(site, order).map_err(|error| adapt::source(&error))?;
    let restored = mirror
        .build_restore(&Restore {
            head: order.expected_head.clone(),
            paths,
            to: order.to.clone(),
            message: "preview".to_owned(),
            author: site.author(),
        })
        .map_err(|error| adapt::source(&error))?;
    Ok(restored.files.into_iter().map(|(path, act)| GitChange { path, kind: letter(act) }).collect())
}

/// As `git diff --name-status` says it.
fn letter(act: source::FileAct) -> char {
    match act {
        source::FileAct::Added => 'A',
        source::FileAct::Changed => 'M',
        source::FileAct::Removed => 'D',
    }
}
