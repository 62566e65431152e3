//! The arguments of the commands that look.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::duration;

/// `driftdeck status`.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// Apps: `payments`, `payments@prod-eu`, globs; all when none is named
    #[arg(value_name = "APP")]
    pub apps: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: StatusAs,
    /// Print again whenever something changes, until interrupted
    #[arg(short, long)]
    pub watch: bool,
    /// Touched counts as a difference too
    #[arg(long)]
    pub strict: bool,
    /// Only apps that match, such as `status:problem -cluster:dev*`
    #[arg(long, value_name = "WORDS")]
    pub filter: Option<String>,
    /// How long to wait for an answer
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Formats of `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StatusAs {
    /// For people.
    #[default]
    Table,
    /// By the schema `driftdeck/v1`.
    Json,
    /// The same as YAML.
    Yaml,
}

/// `driftdeck diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// Apps: `payments`, `payments@prod-eu`, globs; all when none is named
    #[arg(value_name = "APP", conflicts_with = "file")]
    pub apps: Vec<String>,
    /// Plain manifests instead of apps: a directory, a file, or `-` for standard input
    #[arg(short, long, value_name = "DIR|FILE|-")]
    pub file: Option<PathBuf>,
    /// Against this branch, tag or commit instead of the app's own
    #[arg(long, value_name = "REV", conflicts_with = "file")]
    pub rev: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: DiffAs,
    /// Touched counts as a difference too
    #[arg(long)]
    pub strict: bool,
    /// How long to wait for an answer
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Formats of `diff`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffAs {
    /// For people: `-` what the cluster has, `+` what git has.
    #[default]
    Unified,
    /// By the schema `driftdeck/v1`.
    Json,
    /// Not there yet.
    #[value(hide = true)]
    Markdown,
}

/// `driftdeck history`.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// The app
    #[arg(value_name = "APP")]
    pub app: String,
    /// At most so many commits
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: HistoryAs,
    /// How long to wait for an answer
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Formats of `history`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HistoryAs {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// `driftdeck config`.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub act: ConfigAct,
}

/// What can be done with a config.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ConfigAct {
    /// Read it and name every mistake with file, line, key and cure
    Check,
    /// Print a sample with every key explained
    Example,
    /// Print where it is read from
    Path,
    /// Let a ./driftdeck.toml count as it is now
    Trust {
        /// The file
        #[arg(default_value = "driftdeck.toml", value_name = "FILE")]
        file: PathBuf,
    },
}
