//! What every command stands on: the places of this host, the flags that hold everywhere, the two streams.

use super::args::Global;
use super::error::CliError;
use super::places::Places;
use super::screen::Screen;
use super::select::{self, Wanted};
use super::session::{Purpose, Session};
use super::signal::Running;
use crate::config::Config;
use crate::engine::Role;
use crate::model::AppId;

/// It.
pub struct Ground<'a> {
    /// Directories.
    pub places: &'a Places,
    /// Flags.
    pub global: &'a Global,
    /// Streams.
    pub screen: &'a mut Screen,
    /// Engines that a signal ends.
    pub running: Running,
}

impl Ground<'_> {
    /// The config that counts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn config(&mut self) -> Result<Config, CliError> {
        self.places.config(self.global, self.screen)
    }

    /// The apps to look at.
    ///
    /// # Errors
    /// A word that fits nothing.
    pub fn read_selection(&self, config: &Config, apps: &[String]) -> Result<Vec<AppId>, CliError> {
        select::for_reading(config, &self.wanted(apps, false))
    }

    /// The apps to write.
    ///
    /// # Errors
    /// A word that fits nothing, or more than one destination.
    pub fn write_selection(&self, config: &Config, apps: &[String], all: bool) -> Result<Vec<AppId>, CliError> {
        select::for_writing(config, &self.wanted(apps, all))
    }

    fn wanted<'w>(&'w self, apps: &'w [String], all_clusters: bool) -> Wanted<'w> {
        Wanted { apps, clusters: &self.global.cluster, namespace: self.global.namespace.as_deref(), all_clusters }
    }

    /// Starts an engine for these apps, for one command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn look(&self, config: Config, asked: &[AppId]) -> Result<Session, CliError> {
        let purpose = Purpose { role: Role::OneShot, only: Some(asked.to_vec()) };
        Session::open(self, config, purpose)
    }
}
