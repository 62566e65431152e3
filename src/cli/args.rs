//! The command line as typed: plain data, nothing opened, nothing decided (style: typed is not meant).

mod read;
mod write;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use read::{ConfigAct, ConfigArgs, DiffArgs, DiffAs, HistoryArgs, HistoryAs, StatusArgs, StatusAs};
pub use write::{ConsentArgs, HoldArgs, PinArgs, ReleaseArgs, RevertArgs, RevertHow, SyncArgs};

/// driftdeck: the GitOps drift cockpit for the terminal.
///
/// Without a command the cockpit opens: with your config, or, given DIR, on that directory as it lies on disk against
/// the current kube context.
#[derive(Debug, Parser)]
#[command(name = "driftdeck", version, max_term_width = 100, subcommand_precedence_over_arg = true)]
pub struct Cli {
    /// Open the cockpit on this directory, as it lies on disk
    pub dir: Option<PathBuf>,
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the cockpit when there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Read this config instead of the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read this kubeconfig instead of KUBECONFIG and ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Kube context for DIR and `diff -f`, instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Only clusters whose name matches; may be repeated
    #[arg(short, long, global = true, value_name = "GLOB", action = ArgAction::Append)]
    pub cluster: Vec<String>,
    /// Only apps of this namespace; for DIR and `diff -f`: the namespace to compare with
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Look only: this process writes nothing, whatever it is asked
    #[arg(long, global = true)]
    pub read_only: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: When,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Write the log to this file instead of the state directory
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Into files and pipes too.
    Always,
    /// Nowhere.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the cockpit on a sample fleet within this process: no cluster, no network
    Demo(DemoArgs),
    /// Say how the apps stand
    Status(StatusArgs),
    /// Show what differs between git and the clusters, and who changed it
    Diff(DiffArgs),
    /// Apply what git says: prints the plan, then the progress of each object
    Sync(SyncArgs),
    /// List the commits that touch an app's inputs, and what each changed
    History(HistoryArgs),
    /// Bring git, or a pinned app, back to a commit: prints the preview first
    Revert(RevertArgs),
    /// Hold automatic sync
    Pause(HoldArgs),
    /// End a pause
    Resume(ReleaseArgs),
    /// Hold an app at a commit
    Pin(PinArgs),
    /// End a pin
    Unpin(ReleaseArgs),
    /// Run without a face: the only driftdeck that writes unasked, as the apps' policies say
    Agent,
    /// Check, find or trust a config, or print a sample
    Config(ConfigArgs),
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// The demo.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoArgs {
    /// Open the sample clusters to kubectl: on a free port of loopback, or where ADDR says
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:0")]
    pub serve: Option<String>,
    /// Write the kubeconfig for it here, one context per sample cluster; it goes when the demo ends
    #[arg(long, value_name = "FILE")]
    pub write_kubeconfig: Option<PathBuf>,
    /// Serve without the cockpit, until a signal
    #[arg(long)]
    pub headless: bool,
    /// Play this scene on stage-eu, or on the cluster named behind an @; may be repeated. A wrong name lists them all
    #[arg(long, value_name = "SCENE[@CLUSTER]", action = ArgAction::Append)]
    pub scene: Vec<String>,
}

/// A length of time, as `90s`, `2h`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let length = humantime::parse_duration(text).map_err(|_| "write a length of time, such as 90s or 2h".to_owned())?;
    if length.is_zero() { Err("longer than nothing, such as 90s or 2h".to_owned()) } else { Ok(length) }
}
