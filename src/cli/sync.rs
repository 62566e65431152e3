//! `driftdeck sync`: the plan first, then object by object, each app after the other.

use std::time::Duration;

use super::args::SyncArgs;
use super::error::CliError;
use super::ground::Ground;
use super::planned::{self, Choice};
use super::session::Session;
use super::{exit, progress, settle};
use crate::model::{
    AppId, Command, CommitId, Consent, Outcome, Plan, PlanView, Query, ResourceKey, RunState, Verdict, ViewBody,
};

/// How long the apps may take to be judged before a plan is asked for.
const SETTLE: Duration = Duration::from_mins(1);

/// Runs it.
///
/// # Errors
/// Usage, config, or a plan that cannot be made.
pub async fn run(args: &SyncArgs, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let consent = args.answers.consent(args.prune).map_err(CliError::usage)?;
    let only = args.only.iter().map(|word| planned::object(word)).collect::<Result<Vec<_>, _>>()?;
    let config = ground.config()?;
    let asked = ground.write_selection(&config, &args.apps, args.answers.all_clusters)?;
    let mut session = ground.look(config, &asked)?;
    session.settle(&asked, args.timeout.min(SETTLE)).await;
    let wish = Wish {
        rev: args.rev.as_deref(),
        choice: Choice { prune: args.prune, only },
        take_over: args.take_over,
        dry_run: args.dry_run,
        wait: args.wait,
        timeout: args.timeout,
    };
    let mut worst = exit::OK;
    for app in &asked {
        let done = wish.sync(&mut session, ground, app, &consent).await;
        worst = worst.max(done.unwrap_or_else(|error| ground.screen.fail(&error)));
    }
    session.close().await;
    Ok(worst)
}

/// What is wished for each app.
pub struct Wish<'a> {
    /// Another revision than the app's own.
    pub rev: Option<&'a str>,
    /// Which rows of the plan.
    pub choice: Choice,
    /// Rewrite a record that belongs to another source.
    pub take_over: bool,
    /// Print the plan only.
    pub dry_run: bool,
    /// Wait until it is synced and healthy.
    pub wait: bool,
    /// How long each app may take.
    pub timeout: Duration,
}

impl Wish<'_> {
    /// Plans, shows, and unless it is a dry run, orders and follows.
    ///
    /// # Errors
    /// A plan that cannot be made; a time-out.
    pub async fn sync(
        &self,
        session: &mut Session,
        ground: &mut Ground<'_>,
        app: &AppId,
        consent: &Consent,
    ) -> Result<u8, CliError> {
        let view = plan(session, app, self.rev, self.timeout).await?;
        let chosen = self.choice.of(&view.plan)?;
        ground.screen.data(&planned::text(&view.plan, &chosen, ground.screen.colour));
        if let Some(why) = &view.plan.blocked {
            ground.screen.say_foreign(&format!("driftdeck: {app}: "), why);
        }
        if self.dry_run {
            return Ok(exit::of_dry_run(self.is_kept_from(&view.plan, chosen.is_empty()), chosen.len()));
        }
        if chosen.is_empty() && view.plan.blocked.is_none() {
            if let Some(why) = planned::cannot(&view.plan, &self.choice) {
                ground.screen.say_foreign(&format!("{app}: nothing that could be done: "), &why);
                return Ok(exit::FAILED);
            }
            ground.screen.say(&format!("{app}: nothing to do"));
            let stuck = planned::stuck(&view.plan, &self.choice);
            return if self.wait && !stuck { self.await_well(session, ground, app, &[]).await } else { Ok(exit::OK) };
        }
        let order = planned::order(&view.plan, chosen.clone(), self.take_over);
        let command = (Command::Sync(order), consent.clone());
        let mut told = progress::Told::default();
        let run = session.order(command, self.timeout, |run| told.tell(run, ground.screen)).await?;
        match run.state {
            RunState::Ended(Outcome::Done | Outcome::Nothing) if self.wait => {
                let whole = self.choice.only.is_empty() && !view.plan.other_revision;
                let only: &[ResourceKey] = if whole { &[] } else { &chosen };
                self.await_well(session, ground, app, only).await
            }
            RunState::Ended(outcome) => Ok(exit::of_outcome(outcome)),
            RunState::Running | RunState::Aborting => Ok(exit::FAILED),
        }
    }

    /// Whether something keeps a sync from doing what git says: a partial render, objects that no server takes, or
    /// that nothing is left of it because nobody could judge.
    fn is_kept_from(&self, plan: &Plan, nothing: bool) -> bool {
        let invalid = || plan.rows.iter().any(|row| row.verdict == Verdict::Invalid);
        let refused = self.choice.only.is_empty() && invalid();
        plan.blocked.is_some() || refused || (nothing && planned::cannot(plan, &self.choice).is_some())
    }

    async fn await_well(
        &self,
        session: &Session,
        ground: &mut Ground<'_>,
        app: &AppId,
        only: &[ResourceKey],
    ) -> Result<u8, CliError> {
        ground.screen.say(&format!("{app}: waiting until it is synced and healthy"));
        let well = |fleet: &_| settle::is_well(fleet, app, only);
        let (fleet, done) = settle::wait(&mut session.fleet(), self.timeout, well).await;
        if done {
            ground.screen.say(&format!("{app}: synced and healthy"));
            return Ok(exit::OK);
        }
        let stands = fleet.app(app).map(|row| format!("{}, {}", row.verdict.word(), row.health.word()));
        let stands = stands.unwrap_or_else(|| "not judged".to_owned());
        Err(CliError::timed_out(format!("{app} is {stands} after {}", humantime::format_duration(self.timeout))))
    }
}

/// Asks for a plan.
///
/// # Errors
/// The engine's sentence when there is none.
pub async fn plan(
    session: &mut Session,
    app: &AppId,
    rev: Option<&str>,
    limit: Duration,
) -> Result<std::sync::Arc<PlanView>, CliError> {
    match session.ask(Query::PlanFor { app: app.clone(), rev: rev.map(CommitId::new) }, limit).await? {
        ViewBody::Plan(view) => Ok(view),
        _ => Err(CliError::failed("the engine answered another question")),
    }
}
