//! Where things lie on this host: the config that counts, the state, the cache; and the context an ad hoc look is at.

use std::path::{Path, PathBuf};

use super::args::Global;
use super::context;
use super::error::CliError;
use super::screen::Screen;
use crate::config::{self, Config, ConfigError, trust::Trust};
use crate::model::{Foreign, MaskRule};

/// The config that the current directory may bring along.
const LOCAL: &str = "driftdeck.toml";
/// Lines of an untrusted config that are shown.
const SHOWN: usize = 40;

/// The directories of this user.
#[derive(Clone, Debug)]
pub struct Places {
    /// Journal, logs, trust.
    pub state: PathBuf,
    /// Mirrors and schemas.
    pub cache: PathBuf,
    /// The user's config.
    pub config: PathBuf,
}

impl Places {
    /// By the conventions of the platform (XDG on Linux).
    ///
    /// # Errors
    /// When there is no home directory.
    pub fn find() -> Result<Self, CliError> {
        let dirs = directories::ProjectDirs::from("", "", "driftdeck")
            .ok_or_else(|| CliError::config("no home directory to find the config in").hint("set HOME"))?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        Ok(Self {
            state: state.to_owned(),
            cache: dirs.cache_dir().to_owned(),
            config: dirs.config_dir().join("config.toml"),
        })
    }

    /// The config file that counts, whether it is there or not: `--config`, else `./driftdeck.toml`, else the user's.
    #[must_use]
    pub fn config_file(&self, global: &Global) -> (PathBuf, Whose) {
        match &global.config {
            Some(file) => (file.clone(), Whose::Own),
            None if Path::new(LOCAL).exists() => (PathBuf::from(LOCAL), Whose::Local),
            None => (self.config.clone(), Whose::Own),
        }
    }

    /// Reads the config that counts.
    ///
    /// # Errors
    /// What is wrong with it; an untrusted local one is shown first.
    pub fn config(&self, global: &Global, screen: &mut Screen) -> Result<Config, CliError> {
        no_context(global)?;
        let (file, whose) = self.config_file(global);
        match whose {
            Whose::Own => Ok(config::load(&file)?),
            Whose::Local => self.local(&file, screen),
        }
    }

    /// Reads the config that counts; `None` when the user has none at all yet.
    ///
    /// # Errors
    /// As [`Places::config`].
    pub fn config_if_any(&self, global: &Global, screen: &mut Screen) -> Result<Option<Config>, CliError> {
        let (file, whose) = self.config_file(global);
        if global.config.is_none() && whose == Whose::Own && !file.exists() {
            return Ok(None);
        }
        self.config(global, screen).map(Some)
    }

    /// What the operator's own config masks, of all its apps: manifests that are compared without a config may hold the
    /// same values.
    ///
    /// # Errors
    /// What is wrong with the config: what it would mask is not known then.
    pub fn masks(&self, global: &Global) -> Result<Vec<MaskRule>, CliError> {
        let file = global.config.as_ref().unwrap_or(&self.config);
        if global.config.is_none() && !file.exists() {
            return Ok(Vec::new());
        }
        let mut masks: Vec<MaskRule> = Vec::new();
        for rule in config::load(file)?.apps.into_iter().flat_map(|app| app.mask) {
            if !masks.contains(&rule) {
                masks.push(rule);
            }
        }
        Ok(masks)
    }

    fn local(&self, file: &Path, screen: &mut Screen) -> Result<Config, CliError> {
        let trust = Trust::open(&self.state)?;
        config::load_local(file, &trust).map_err(|error| {
            let untrusted = matches!(error, ConfigError::Untrusted { .. });
            if untrusted && let Ok(text) = config::read(file) {
                show(&text, screen);
            }
            let error = CliError::from(error);
            if untrusted { error.hint("or name your own config with --config FILE") } else { error }
        })
    }
}

/// Shows a config that is not trusted, so that it can be judged.
pub fn show(text: &str, screen: &mut Screen) {
    for line in text.lines().take(SHOWN) {
        screen.say_foreign("  | ", &Foreign::from(line));
    }
    let more = text.lines().count().saturating_sub(SHOWN);
    if more > 0 {
        screen.say(&format!("  | … {more} more lines"));
    }
}

/// Whose word a config file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The operator's.
    Own,
    /// The current directory's.
    Local,
}

/// A config names the contexts of its clusters itself.
fn no_context(global: &Global) -> Result<(), CliError> {
    match &global.context {
        Some(_) => {
            Err(CliError::usage("--context goes with DIR and with `diff -f`: a config names its contexts itself")
                .hint("choose clusters with -c GLOB"))
        }
        None => Ok(()),
    }
}

/// A config for one directory against the current kube context.
///
/// # Errors
/// When there is no such directory, or no context.
pub fn adhoc(dir: &Path, global: &Global, places: &Places) -> Result<Config, CliError> {
    if !dir.is_dir() {
        return Err(CliError::usage(format!("{} is neither a command nor a directory", dir.display()))
            .hint("`driftdeck --help` lists the commands"));
    }
    if !global.cluster.is_empty() {
        return Err(CliError::usage("-c chooses among the clusters of a config; here it is --context"));
    }
    let absolute = std::fs::canonicalize(dir)
        .map_err(|error| CliError::usage(format!("{} cannot be opened: {}", dir.display(), error.kind())))?;
    let here = context::current(global.kubeconfig.as_deref(), global.context.as_deref())?;
    let namespace = global.namespace.as_deref().unwrap_or(&here.namespace);
    let mut config = config::adhoc(&absolute, &here.context, namespace)?;
    let masks = places.masks(global)?;
    config.apps.iter_mut().for_each(|app| app.mask.clone_from(&masks));
    Ok(config)
}
