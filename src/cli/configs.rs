//! `driftdeck config`: check, show, find, trust.

use std::path::Path;

use super::args::ConfigAct;
use super::error::CliError;
use super::exit;
use super::ground::Ground;
use super::places::show;
use crate::config::{self, trust::Trust};

/// Runs it.
///
/// # Errors
/// What is wrong with the config.
pub fn run(act: &ConfigAct, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    match act {
        ConfigAct::Check => check(ground),
        ConfigAct::Example => {
            ground.screen.data(config::example());
            Ok(exit::OK)
        }
        ConfigAct::Path => {
            let (file, _) = ground.places.config_file(ground.global);
            ground.screen.data(&format!("{}\n", file.display()));
            Ok(exit::OK)
        }
        ConfigAct::Trust { file } => trust(file, ground),
    }
}

fn check(ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let config = ground.config()?;
    let (file, _) = ground.places.config_file(ground.global);
    let (clusters, repos, apps) = (config.clusters.len(), config.repos.len(), config.apps.len());
    ground.screen.say(&format!("{}: good: clusters {clusters}, repos {repos}, apps {apps}", file.display()));
    Ok(exit::OK)
}

/// Shows the file and trusts it as it is now; what even a trusted one may not say is checked too.
fn trust(file: &Path, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    let text = config::read(file)?;
    show(&text, ground.screen);
    let base = std::path::absolute(file).ok().and_then(|file| Some(file.parent()?.to_owned()));
    config::parse(&text, file, &base.unwrap_or_default(), config::Standing::Local)?;
    Trust::open(&ground.places.state)?.grant(file, text.as_bytes())?;
    ground.screen.say(&format!("{}: trusted as it is now", file.display()));
    Ok(exit::OK)
}
