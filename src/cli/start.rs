//! What the cockpit is started with: a terminal, a config (or none yet), the engine's setup, the log.

use std::io::IsTerminal as _;

use super::Asked;
use super::args::{Global, When};
use super::error::CliError;
use super::logs::{self, Log};
use super::places::{self, Places};
use super::screen::Screen;
use super::session::{self, Purpose};
use crate::config::Config;
use crate::engine::{Role, Setup};

/// Everything that `main` hands to the screen.
pub struct Cockpit {
    /// The engine's setup.
    pub setup: Setup,
    /// The user has no config yet: the first-run screen.
    pub first_run: bool,
    /// The flags.
    pub global: Global,
    /// Keeps the log written.
    pub log: Log,
    /// The space of renders; it goes when this goes.
    pub scratch: tempfile::TempDir,
}

/// Prepares the cockpit: on DIR, with the config that counts, or with none yet.
///
/// # Errors
/// No terminal; a config with mistakes; no kube context for DIR.
pub fn cockpit(asked: &Asked) -> Result<Cockpit, CliError> {
    let global = asked.cli.global.clone();
    let config = match &asked.cli.dir {
        Some(dir) => Some(places::adhoc(dir, &global, &Places::find()?)?),
        None => Places::find()?.config_if_any(&global, &mut Screen::real(When::Auto))?,
    };
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(CliError::no_terminal());
    }
    let places = Places::find()?;
    let log = logs::start(&places.state, global.log_file.as_deref())?;
    let first_run = config.is_none();
    let purpose = Purpose { role: Role::Cockpit, only: None };
    let (setup, scratch) = session::setup(&places, &global, narrowed(config.unwrap_or_default(), &global)?, purpose)?;
    Ok(Cockpit { setup, first_run, global, log, scratch })
}

/// `-c` and `-n` narrow the cockpit too.
fn narrowed(mut config: Config, global: &Global) -> Result<Config, CliError> {
    if global.cluster.is_empty() && global.namespace.is_none() || config.clusters.is_empty() {
        return Ok(config);
    }
    let wanted = super::select::Wanted {
        apps: &[],
        clusters: &global.cluster,
        namespace: global.namespace.as_deref(),
        all_clusters: true,
    };
    let kept = super::select::for_reading(&config, &wanted)?;
    config.apps.retain(|app| kept.contains(&app.id));
    config.clusters.retain(|cluster| kept.iter().any(|id| id.cluster == cluster.name));
    Ok(config)
}
