//! `driftdeck revert`: the preview first, then the commit (or the pin), then, when asked, the sync that follows.

use std::fmt::Write as _;
use std::sync::Arc;

use super::args::{RevertArgs, RevertHow};
use super::error::CliError;
use super::ground::Ground;
use super::planned::{self, Choice};
use super::screen::Colour;
use super::session::Session;
use super::sync::Wish;
use super::{exit, progress};
use crate::config::Config;
use crate::model::{
    AppId, Command, CommitId, Consent, Foreign, Query, RevertMode, RevertOrder, RevertPreview, RunState, Shown,
    ViewBody,
};

/// Runs it.
///
/// # Errors
/// Usage, config, or a preview that cannot be made.
pub async fn run(args: &RevertArgs, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let consent = args.answers.consent(args.prune).map_err(CliError::usage)?;
    let config = ground.config()?;
    let apps = std::slice::from_ref(&args.app);
    let asked = ground.write_selection(&config, apps, args.answers.all_clusters)?;
    let mut session = ground.look(config.clone(), &asked)?;
    session.settle(&asked, args.timeout).await;
    let (mut worst, mut reverted) = (exit::OK, Vec::new());
    for app in &asked {
        let done = one(args, ground, (&mut session, app), &consent).await;
        match done {
            Ok(exit::OK) => reverted.push(app.clone()),
            Ok(code) => worst = worst.max(code),
            Err(error) => worst = worst.max(ground.screen.fail(&error)),
        }
    }
    session.close().await;
    if args.sync && !reverted.is_empty() {
        worst = worst.max(follow(args, ground, (config, &reverted), &consent).await?);
    }
    Ok(worst)
}

async fn one(
    args: &RevertArgs,
    ground: &mut Ground<'_>,
    (session, app): (&mut Session, &AppId),
    consent: &Consent,
) -> Result<u8, CliError> {
    let preview = preview(args, session, app).await?;
    ground.screen.data(&text(&preview, ground.screen.colour));
    if let Some(why) = &preview.refused {
        ground.screen.say_foreign(&format!("driftdeck: {app}: "), why);
        return Ok(exit::FAILED);
    }
    let order = RevertOrder {
        app: app.clone(),
        to: preview.to.id.clone(),
        mode: preview.mode,
        expected_head: preview.head.clone(),
        reason: reason(args),
        until: None,
    };
    // The revert itself deletes nothing: a number that counts deletes is meant for the sync.
    let deletes = if args.sync { consent.deletes.map(|_| 0) } else { consent.deletes };
    let answers = Consent { deletes, prune: false, ..consent.clone() };
    let mut told = progress::Told::default();
    let tell = |run: &_| told.tell(run, ground.screen);
    let run = session.order((Command::Revert(order), answers), args.timeout, tell).await?;
    match run.state {
        RunState::Ended(outcome) => Ok(exit::of_outcome(outcome)),
        RunState::Running | RunState::Aborting => Ok(exit::FAILED),
    }
}

fn reason(args: &RevertArgs) -> Foreign {
    Foreign::from(args.reason.as_deref().unwrap_or_default())
}

async fn preview(args: &RevertArgs, session: &mut Session, app: &AppId) -> Result<Arc<RevertPreview>, CliError> {
    let mode = match args.mode {
        RevertHow::Pin => RevertMode::Pin,
        RevertHow::Restore | RevertHow::Undo => RevertMode::Restore,
    };
    let query =
        Query::PreviewRevert { app: app.clone(), to: CommitId::new(args.to.as_str()), mode, reason: reason(args) };
    match session.ask(query, args.timeout).await? {
        ViewBody::Revert(preview) => Ok(preview),
        _ => Err(CliError::failed("the engine answered another question")),
    }
}

/// The sync after a revert, as a command of its own: git, record and cluster are read again from the start, so that
/// nothing judged before the revert can be taken for its result.
async fn follow(
    args: &RevertArgs,
    ground: &mut Ground<'_>,
    (config, apps): (Config, &[AppId]),
    consent: &Consent,
) -> Result<u8, CliError> {
    let mut session = ground.look(config, apps)?;
    session.settle(apps, args.timeout).await;
    let wish = Wish {
        rev: None,
        choice: Choice { prune: args.prune, only: Vec::new() },
        take_over: false,
        dry_run: false,
        wait: false,
        timeout: args.timeout,
    };
    let mut worst = exit::OK;
    for app in apps {
        let done = wish.sync(&mut session, ground, app, consent).await;
        worst = worst.max(done.unwrap_or_else(|error| ground.screen.fail(&error)));
    }
    session.close().await;
    Ok(worst)
}

/// The preview as it is printed before anything is done.
#[must_use]
pub fn text(preview: &RevertPreview, colour: Colour) -> String {
    let to = format!("{} {}", preview.to.id.short(), Shown::from(&preview.to.subject));
    let mut out = format!("{}\n", colour.bold(&format!("revert: {} back to {to}", preview.app)));
    match preview.mode {
        RevertMode::Restore => git_side(preview, &mut out),
        RevertMode::Pin => out.push_str("git: not touched; the app is pinned there\n"),
    }
    if preview.feeds.len() > 1 {
        let feeds: Vec<String> = preview.feeds.iter().map(AppId::to_string).collect();
        let _ = writeln!(out, "feeds: {}", feeds.join(" "));
    }
    let prunes = preview.plan.rows.iter().filter(|row| row.act == crate::model::Act::Prune).count();
    let chosen: Vec<_> = preview.plan.chosen().map(|row| row.key.clone()).collect();
    out.push_str("the sync that follows:\n");
    out.push_str(&planned::text(&preview.plan, &chosen, colour));
    if prunes > 0 {
        let _ = writeln!(out, "!  {prunes} object(s) would be deleted, with --prune");
    }
    out
}

fn git_side(preview: &RevertPreview, out: &mut String) {
    let on = preview.head.short();
    let _ = writeln!(out, "git: a new commit on {} (now {on}), pushed with a lease", Shown::from(&preview.branch));
    for file in &preview.files {
        let _ = writeln!(out, "  {} {}", file.kind, Shown::from(&file.path));
    }
    for line in preview.message.raw().lines() {
        let _ = writeln!(out, "  | {}", Shown::from(&Foreign::from(line)));
    }
}
