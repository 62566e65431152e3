//! Keeping an ignore rule: in the file the config was read from, and in the engine that runs.

use std::collections::BTreeMap;

use super::{Ending, Reporter};
use crate::config;
use crate::engine::site::{Site, lock};
use crate::model::{AppId, Foreign, IgnoreRule, Mode, Outcome};

/// Writes the rule, and tells the loop what the rules are now.
pub(super) async fn run(site: &Site, rule: &IgnoreRule, reporter: &Reporter) -> Ending {
    if site.mode == Mode::ReadOnly {
        let why = "this process is read-only (--read-only); nothing was written";
        return (Outcome::Refused, Some(Foreign::from(why)));
    }
    let (at, rule) = (site.clone(), rule.clone());
    let kept = tokio::task::spawn_blocking(move || keep(&at, &rule)).await;
    match kept.unwrap_or_else(|_| Err("it ended by a fault of driftdeck's own; see the log".to_owned())) {
        Ok((rules, words)) => {
            reporter.ruled(rules).await;
            (Outcome::Done, Some(Foreign::new(words)))
        }
        Err(why) => (Outcome::Refused, Some(Foreign::new(why))),
    }
}

/// The rules of every app as they are then, and what was done in words.
fn keep(site: &Site, rule: &IgnoreRule) -> Result<(BTreeMap<AppId, Vec<IgnoreRule>>, String), String> {
    let mut home = lock(&site.shared.home);
    let Some(file) = home.as_ref() else {
        let place = format!("apps[{}].ignore[{}]", site.id().name, site.app.ignore.len());
        let words = format!("{place} counts until driftdeck ends: there is no config file to keep it in");
        let rules = std::iter::once(IgnoreRule { place: place.into(), ..rule.clone() });
        let rules = rules.chain(site.app.ignore.iter().cloned()).collect();
        return Ok((BTreeMap::from([(site.id().clone(), rules)]), words));
    };
    let config = config::add_rule(file, site.id(), rule).map_err(|error| error.to_string())?;
    let new = config.apps.iter().find(|app| app.id == *site.id()).and_then(|app| {
        let is_it = |found: &&IgnoreRule| IgnoreRule { place: rule.place.clone(), ..(*found).clone() } == *rule;
        app.ignore.iter().rev().find(is_it)
    });
    let place = new.map_or("the rule", |rule| &*rule.place);
    let words = format!("{place} written to {}", file.file().display());
    home.clone_from(&config.home);
    Ok((config.apps.into_iter().map(|app| (app.id, app.ignore)).collect(), words))
}
