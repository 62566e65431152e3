//! `driftdeck pause`, `resume`, `pin`, `unpin`: what holds automatic sync.

use std::time::Duration;

use jiff::Timestamp;

use super::args::{ConsentArgs, HoldArgs, PinArgs, ReleaseArgs};
use super::error::CliError;
use super::ground::Ground;
use super::session::Session;
use super::{exit, progress, sync};
use crate::model::{AppId, Command, Foreign, RunState};

/// One of the four.
#[derive(Clone, Copy, Debug)]
pub enum Hold<'a> {
    /// Hold automatic sync.
    Pause(&'a HoldArgs),
    /// End a pause.
    Resume(&'a ReleaseArgs),
    /// Hold at a commit.
    Pin(&'a PinArgs),
    /// End a pin.
    Unpin(&'a ReleaseArgs),
}

impl<'a> Hold<'a> {
    fn parts(self) -> (&'a [String], &'a ConsentArgs, Duration) {
        match self {
            Self::Pause(args) => (&args.apps, &args.answers, args.timeout),
            Self::Pin(args) => (&args.hold.apps, &args.hold.answers, args.hold.timeout),
            Self::Resume(args) | Self::Unpin(args) => (&args.apps, &args.answers, args.timeout),
        }
    }

    async fn command(self, session: &mut Session, app: &AppId) -> Result<Command, CliError> {
        let app = app.clone();
        Ok(match self {
            Self::Pause(args) => Command::Pause { app, until: until(args, session.now())?, reason: why(args)? },
            Self::Resume(_) => Command::Resume { app },
            Self::Unpin(_) => Command::Unpin { app },
            Self::Pin(args) => {
                let (until, reason) = (until(&args.hold, session.now())?, why(&args.hold)?);
                let plan = sync::plan(session, &app, args.to.as_deref(), args.hold.timeout).await?;
                Command::Pin { app, commit: plan.plan.commit.id.clone(), until, reason }
            }
        })
    }
}

/// Runs it, app by app.
///
/// # Errors
/// Usage or config.
pub async fn run(hold: Hold<'_>, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let (apps, answers, timeout) = hold.parts();
    let consent = answers.consent(false).map_err(CliError::usage)?;
    let config = ground.config()?;
    let asked = ground.write_selection(&config, apps, answers.all_clusters)?;
    let mut session = ground.look(config, &asked)?;
    session.settle(&asked, timeout).await;
    let mut worst = exit::OK;
    for app in &asked {
        let done = match hold.command(&mut session, app).await {
            Ok(command) => order(&mut session, ground, (command, consent.clone()), timeout).await,
            Err(error) => Err(error),
        };
        worst = worst.max(done.unwrap_or_else(|error| ground.screen.fail(&error)));
    }
    session.close().await;
    Ok(worst)
}

async fn order(
    session: &mut Session,
    ground: &mut Ground<'_>,
    order: (Command, crate::model::Consent),
    timeout: Duration,
) -> Result<u8, CliError> {
    let mut told = progress::Told::default();
    let run = session.order(order, timeout, |run| told.tell(run, ground.screen)).await?;
    Ok(match run.state {
        RunState::Ended(outcome) => exit::of_outcome(outcome),
        RunState::Running | RunState::Aborting => exit::FAILED,
    })
}

fn until(args: &HoldArgs, now: Timestamp) -> Result<Option<Timestamp>, CliError> {
    let end = args.length.map(|length| now.checked_add(length)).transpose();
    end.map_err(|_| CliError::usage("--for is too long"))
}

fn why(args: &HoldArgs) -> Result<Foreign, CliError> {
    match args.reason.trim() {
        "" => Err(CliError::usage("--reason says nothing: write why, for everybody who wonders")),
        reason => Ok(Foreign::from(reason)),
    }
}
