//! The command line: `:go payments@prod-eu`, `:clusters`, `:allow-mass-delete payments` … with completion.

use crate::model::{AppId, ClusterName, Fleet};

use super::edit::LineEdit;
use super::filter::fuzzy;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Open an app.
    Go(AppId),
    /// A screen: `fleet clusters errors activity help`.
    Screen(&'static str),
    /// Let an app's plan delete more than the limit, in this session.
    AllowMassDelete(AppId),
    /// OBSERVE → OPERATE.
    Unlock(ClusterName),
    /// OPERATE → OBSERVE.
    Lock(ClusterName),
    /// Show only what matches.
    Filter(String),
    /// End.
    Quit,
}

/// A line being typed.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The text.
    pub edit: LineEdit,
}

const SCREENS: [&str; 5] = ["fleet", "clusters", "errors", "activity", "help"];

impl CommandLine {
    /// What the line may become, best first.
    pub fn offers(&self, fleet: &Fleet) -> Vec<String> {
        let text = self.edit.text().trim_start();
        let all = everything(fleet);
        let (mut begins, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| line.starts_with(text));
        begins.extend(rest.into_iter().filter(|line| fuzzy(text, line)));
        begins
    }

    /// Completes to the first offer.
    pub fn complete(&mut self, fleet: &Fleet) {
        if let Some(offer) = self.offers(fleet).first() {
            self.edit.set(offer);
        }
    }

    /// What it asks for.
    ///
    /// # Errors
    /// A sentence, where it asks for nothing that there is.
    pub fn parse(&self, fleet: &Fleet) -> Result<Said, String> {
        let mut words = self.edit.text().split_whitespace();
        let (verb, object) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match verb {
            "q" | "quit" => Ok(Said::Quit),
            "go" => Ok(Said::Go(app(object, fleet)?)),
            "filter" => Ok(Said::Filter(self.edit.text().trim_start().trim_start_matches("filter").trim().to_owned())),
            "allow-mass-delete" => Ok(Said::AllowMassDelete(app(object, fleet)?)),
            "unlock" => Ok(Said::Unlock(cluster(object, fleet)?)),
            "lock" => Ok(Said::Lock(cluster(object, fleet)?)),
            _ => match SCREENS.iter().find(|screen| **screen == verb) {
                Some(screen) => Ok(Said::Screen(screen)),
                None => app(verb, fleet).map(Said::Go).map_err(|_| format!("no command or app is called {verb:?}")),
            },
        }
    }
}

fn everything(fleet: &Fleet) -> Vec<String> {
    let apps = || fleet.apps.iter().map(|row| &row.id);
    let mut all: Vec<String> = apps().map(|id| format!("go {id}")).collect();
    all.extend(SCREENS.iter().map(ToString::to_string));
    all.extend(fleet.clusters.iter().map(|row| format!("unlock {}", row.name)));
    all.extend(fleet.clusters.iter().map(|row| format!("lock {}", row.name)));
    all.extend(apps().map(|id| format!("allow-mass-delete {id}")));
    all.push("quit".to_owned());
    all
}

/// `name@cluster`, or a name that only one app has.
fn app(text: &str, fleet: &Fleet) -> Result<AppId, String> {
    let ids = || fleet.apps.iter().map(|row| &row.id);
    if let Some(id) = ids().find(|id| id.to_string() == text) {
        return Ok(id.clone());
    }
    let named: Vec<&AppId> = ids().filter(|id| &*id.name == text).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(format!("no app is called {text:?}")),
        many => {
            let ids: Vec<String> = many.iter().map(ToString::to_string).collect();
            Err(format!("which one: {}", ids.join(", ")))
        }
    }
}

fn cluster(text: &str, fleet: &Fleet) -> Result<ClusterName, String> {
    let found = fleet.clusters.iter().find(|row| row.name.as_str() == text);
    found.map(|row| row.name.clone()).ok_or_else(|| format!("no cluster is called {text:?}"))
}
