//! `driftdeck diff`: what differs between git and the clusters, line by line, and who changed it.

mod adhoc;
mod other;
mod text;

use std::sync::Arc;
use std::time::Duration;

use super::args::{DiffArgs, DiffAs};
use super::error::CliError;
use super::ground::Ground;
use super::report::{Objects, report};
use super::session::Session;
use super::status::told_by_reason;
use super::{exit, json};
use crate::config::Config;
use crate::model::{AppId, AppRow, CommitId, DiffView, Fleet, Query, Reason, Shown, Verdict, ViewBody};

/// Objects of an app whose cause is told beside its diff.
const CAUSES: usize = 20;

/// Runs it.
///
/// # Errors
/// Usage, config, or an app that gives no diff.
pub async fn run(args: &DiffArgs, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    // Manifests from a file live in a private directory as long as they are compared.
    let plain = args.file.as_deref().map(adhoc::manifests).transpose()?;
    let (config, asked) = match &plain {
        Some(manifests) => whole(super::places::adhoc(manifests.dir(), ground.global, ground.places)?),
        None => selected(args, ground)?,
    };
    compare(args, ground, config, &asked).await
}

fn selected(args: &DiffArgs, ground: &mut Ground<'_>) -> Result<(Config, Vec<AppId>), CliError> {
    let config = ground.config()?;
    let asked = ground.read_selection(&config, &args.apps)?;
    Ok((config, asked))
}

fn whole(config: Config) -> (Config, Vec<AppId>) {
    let asked = config.apps.iter().map(|app| app.id.clone()).collect();
    (config, asked)
}

async fn compare(args: &DiffArgs, ground: &mut Ground<'_>, config: Config, asked: &[AppId]) -> Result<u8, CliError> {
    let mut session = ground.look(config, asked)?;
    let (fleet, settled) = session.settle(asked, args.timeout).await;
    if !settled {
        ground.screen.say("driftdeck: not everything was judged in time; what is there is printed");
    }
    let done = print(args, ground, &mut session, (&fleet, asked)).await;
    session.close().await;
    done
}

async fn print(
    args: &DiffArgs,
    ground: &mut Ground<'_>,
    session: &mut Session,
    (fleet, asked): (&Arc<Fleet>, &[AppId]),
) -> Result<u8, CliError> {
    match (&args.rev, args.output) {
        (None, DiffAs::Json) => {
            ground.screen.data(&json::pretty(&report(fleet, asked, Objects::Differing))?);
            Ok(exit::of_fleet(fleet, asked, args.strict))
        }
        (Some(rev), DiffAs::Json) => {
            let there = other::at(session, fleet, (asked, rev), args.timeout).await?;
            ground.screen.data(&json::pretty(&report(&there, asked, Objects::Differing))?);
            Ok(exit::of_fleet(&there, asked, args.strict))
        }
        (rev, DiffAs::Unified | DiffAs::Markdown) => {
            let mut worst = exit::OK;
            for app in asked.iter().map(|id| fleet.app(id).ok_or(id)) {
                worst = worst.max(one(args, ground, session, (app, rev.as_deref())).await?);
            }
            if worst == exit::OK {
                ground.screen.say("driftdeck: no differences");
            }
            Ok(worst)
        }
    }
}

/// One app as text. An app that is not judged says why, and does not keep the others from being shown.
async fn one(
    args: &DiffArgs,
    ground: &mut Ground<'_>,
    session: &mut Session,
    (app, rev): (Result<&Arc<AppRow>, &AppId>, Option<&str>),
) -> Result<u8, CliError> {
    let app = match app {
        Ok(app) => app,
        Err(id) => {
            ground.screen.say(&format!("driftdeck: {id} was not judged in time"));
            return Ok(exit::FAILED);
        }
    };
    if let Some(reason) = &app.reason {
        ground.screen.say_foreign(&format!("driftdeck: {} {}: ", app.id, app.verdict.word()), &reason.message);
    }
    if rev.is_none() {
        causes(app, ground);
    }
    let own = exit::of_verdict(app.verdict, args.strict);
    if rev.is_none() && own == exit::OK && app.verdict == Verdict::Synced {
        return Ok(own);
    }
    match ask(session, &app.id, rev, args.timeout).await {
        Ok(view) => {
            ground.screen.data(&text::unified(&view, ground.screen.colour));
            Ok(if rev.is_some() { of_view(app, &view, args.strict) } else { own })
        }
        Err(error) => {
            ground.screen.fail(&error);
            Ok(exit::FAILED)
        }
    }
}

/// Why objects are not judged, cannot be applied, or were refused: no line of a diff says it.
fn causes(app: &AppRow, ground: &mut Ground<'_>) {
    // What the whole app has as its cause is said once.
    let own = |reason: &Reason| told_once(app, reason);
    let mut causes = app.resources.iter().filter_map(|row| match (&row.reason, &row.refused) {
        (_, Some(refused)) => Some((row, "refused by the server in its dry run", refused)),
        (Some(reason), None) if told_by_reason(row.verdict) && !own(reason) => {
            Some((row, row.verdict.word(), &reason.message))
        }
        _ => None,
    });
    for (row, word, why) in causes.by_ref().take(CAUSES) {
        let about = format!("driftdeck: {} {} {word}: ", app.id, Shown::from(&row.key.label()));
        ground.screen.say_foreign(&about, why);
    }
    match causes.count() {
        0 => {}
        more => ground.screen.say(&format!("driftdeck: {}: {more} more objects, see driftdeck status", app.id)),
    }
}

fn told_once(app: &AppRow, reason: &Reason) -> bool {
    [&app.reason, &app.stale].into_iter().flatten().any(|own| own == reason)
}

async fn ask(
    session: &mut Session,
    app: &AppId,
    rev: Option<&str>,
    limit: Duration,
) -> Result<Arc<DiffView>, CliError> {
    let query = Query::DiffOf { app: app.clone(), key: None, rev: rev.map(CommitId::new) };
    match session.ask(query, limit).await? {
        ViewBody::Diff(view) => Ok(view),
        _ => Err(CliError::failed("the engine answered another question")),
    }
}

/// How a diff against another revision counts: by its own objects, unless the app cannot be judged at all.
fn of_view(app: &AppRow, view: &DiffView, strict: bool) -> u8 {
    let whole = if app.reason.is_some() { exit::FAILED } else { exit::OK };
    view.objects.iter().map(|object| exit::of_verdict(object.verdict, strict)).fold(whole, u8::max)
}
