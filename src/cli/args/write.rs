//! The arguments of the commands that write, and what answers their gates.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration;
use crate::model::Consent;

/// The answers to the gates (product.md *Gates*); without them a write is refused.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Answers")]
pub struct ConsentArgs {
    /// Do it; with a number: do it, N deletes included
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub yes: Option<String>,
    /// Unlock a protected cluster for this command, and say why
    #[arg(long, value_name = "REASON")]
    pub unlock: Option<String>,
    /// Name the app again, as a protected cluster asks
    #[arg(long, value_name = "APP")]
    pub confirm: Option<String>,
    /// Let through more deletes than usual, or of namespaces, CRDs and volumes
    #[arg(long, value_name = "N")]
    pub allow_mass_delete: Option<usize>,
    /// All destinations of the apps named
    #[arg(long)]
    pub all_clusters: bool,
}

impl ConsentArgs {
    /// What was answered.
    ///
    /// # Errors
    /// The sentence for `--yes=WORD`.
    pub fn consent(&self, prune: bool) -> Result<Consent, String> {
        let deletes = match self.yes.as_deref() {
            None | Some("") => None,
            Some(number) => Some(number.parse().map_err(|_| "--yes takes the number of deletes, such as --yes=2")?),
        };
        Ok(Consent {
            yes: self.yes.is_some(),
            deletes,
            app_name: self.confirm.clone(),
            unlock: self.unlock.clone(),
            mass_delete: self.allow_mass_delete,
            prune,
        })
    }
}

/// `driftdeck sync`.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct SyncArgs {
    /// Apps: `payments`, `payments@prod-eu`, globs
    #[arg(value_name = "APP", required = true)]
    pub apps: Vec<String>,
    /// To this branch, tag or commit instead of the app's own
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
    /// Delete what git no longer has
    #[arg(long)]
    pub prune: bool,
    /// Print the plan and do nothing; exit 1 when it would change something
    #[arg(long)]
    pub dry_run: bool,
    /// Only this object; may be repeated
    #[arg(long, value_name = "KIND/NAME")]
    pub only: Vec<String>,
    /// Wait until the apps are synced and healthy
    #[arg(long)]
    pub wait: bool,
    /// How long it may take
    #[arg(long, value_parser = duration, default_value = "5m", value_name = "TIME")]
    pub timeout: Duration,
    /// Take over an app whose record belongs to another source
    #[arg(long)]
    pub take_over: bool,
    /// The answers.
    #[command(flatten)]
    pub answers: ConsentArgs,
}

/// `driftdeck revert`.
#[derive(Clone, Debug, Args)]
pub struct RevertArgs {
    /// The app
    #[arg(value_name = "APP")]
    pub app: String,
    /// Back to this branch, tag or commit
    #[arg(long, value_name = "REV")]
    pub to: String,
    /// How
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    pub mode: RevertHow,
    /// Sync afterwards
    #[arg(long)]
    pub sync: bool,
    /// With --sync: delete what git no longer has
    #[arg(long, requires = "sync")]
    pub prune: bool,
    /// Why, for the commit and the record
    #[arg(long, value_name = "WHY")]
    pub reason: Option<String>,
    /// How long it may take
    #[arg(long, value_parser = duration, default_value = "5m", value_name = "TIME")]
    pub timeout: Duration,
    /// The answers.
    #[command(flatten)]
    pub answers: ConsentArgs,
}

/// How a revert moves the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RevertHow {
    /// Push a new commit that puts the app's inputs back
    #[default]
    Restore,
    /// Hold the app at that commit; git is not touched
    Pin,
    /// Not there yet.
    #[value(hide = true)]
    Undo,
}

/// `driftdeck pause`.
#[derive(Clone, Debug, Args)]
pub struct HoldArgs {
    /// Apps: `payments`, `payments@prod-eu`, globs
    #[arg(value_name = "APP", required = true)]
    pub apps: Vec<String>,
    /// For how long; without it there is no end
    #[arg(long = "for", value_parser = duration, value_name = "TIME")]
    pub length: Option<Duration>,
    /// Why, for everybody who wonders
    #[arg(long, value_name = "WHY")]
    pub reason: String,
    /// How long it may take
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// The answers.
    #[command(flatten)]
    pub answers: ConsentArgs,
}

/// `driftdeck pin`.
#[derive(Clone, Debug, Args)]
pub struct PinArgs {
    /// At this branch, tag or commit; the commit that git says now when there is none
    #[arg(long, value_name = "REV")]
    pub to: Option<String>,
    /// The rest is as for a pause.
    #[command(flatten)]
    pub hold: HoldArgs,
}

/// `driftdeck resume` and `unpin`.
#[derive(Clone, Debug, Args)]
pub struct ReleaseArgs {
    /// Apps: `payments`, `payments@prod-eu`, globs
    #[arg(value_name = "APP", required = true)]
    pub apps: Vec<String>,
    /// How long it may take
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// The answers.
    #[command(flatten)]
    pub answers: ConsentArgs,
}
