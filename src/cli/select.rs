//! Which apps a command is about: names, globs, clusters, namespaces; for writing never more than was meant.

use globset::{Glob, GlobMatcher};

use super::error::CliError;
use crate::config::Config;
use crate::model::{AppId, AppSpec, Foreign};

/// What the command line says about apps.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// `payments`, `payments@prod-eu`, globs of either part; none = all.
    pub apps: &'a [String],
    /// `-c`: globs over clusters; none = all.
    pub clusters: &'a [String],
    /// `-n`.
    pub namespace: Option<&'a str>,
    /// `--all-clusters`.
    pub all_clusters: bool,
}

/// One word of the command line, split and compiled.
struct Pattern<'a> {
    word: &'a str,
    name: GlobMatcher,
    cluster: Option<GlobMatcher>,
}

/// The apps to look at, in the config's order.
///
/// # Errors
/// A usage error for a word that fits nothing, with the nearest names.
pub fn for_reading(config: &Config, wanted: &Wanted) -> Result<Vec<AppId>, CliError> {
    let patterns = wanted.apps.iter().map(|word| pattern(word)).collect::<Result<Vec<_>, _>>()?;
    let clusters = wanted.clusters.iter().map(|word| glob(word)).collect::<Result<Vec<_>, _>>()?;
    let within: Vec<&AppSpec> = config.apps.iter().filter(|app| in_scope(app, &clusters, wanted.namespace)).collect();
    for pattern in &patterns {
        if !within.iter().any(|app| pattern.fits(&app.id)) {
            return Err(unknown(pattern.word, config, &within));
        }
    }
    let asked = within.iter().filter(|app| patterns.is_empty() || patterns.iter().any(|p| p.fits(&app.id)));
    let ids: Vec<AppId> = asked.map(|app| app.id.clone()).collect();
    if ids.is_empty() { Err(nothing(config)) } else { Ok(ids) }
}

/// The apps to write. A name that stands for several destinations is refused with the candidates, unless the command
/// line says which (`name@cluster`, `-c`) or says all of them.
///
/// # Errors
/// As [`for_reading`], and for a name with several destinations.
pub fn for_writing(config: &Config, wanted: &Wanted) -> Result<Vec<AppId>, CliError> {
    let ids = for_reading(config, wanted)?;
    if wanted.all_clusters || !wanted.clusters.is_empty() {
        return Ok(ids);
    }
    for word in wanted.apps.iter().filter(|word| !word.contains('@')) {
        let pattern = pattern(word)?;
        for id in ids.iter().filter(|id| pattern.fits(id)) {
            let twins: Vec<String> = ids.iter().filter(|twin| twin.name == id.name).map(AppId::to_string).collect();
            if twins.len() > 1 {
                return Err(CliError::usage(format!("{word} has {} destinations: {}", twins.len(), twins.join(" ")))
                    .hint("name one as APP@CLUSTER, narrow them with -c GLOB, or say --all-clusters"));
            }
        }
    }
    Ok(ids)
}

impl Pattern<'_> {
    fn fits(&self, id: &AppId) -> bool {
        self.name.is_match(&*id.name) && self.cluster.as_ref().is_none_or(|glob| glob.is_match(id.cluster.as_str()))
    }
}

fn pattern(word: &str) -> Result<Pattern<'_>, CliError> {
    // An app's name holds no `@`; a cluster's may.
    let (name, cluster) = match word.split_once('@') {
        Some((name, cluster)) => (name, Some(glob(cluster)?)),
        None => (word, None),
    };
    Ok(Pattern { word, name: glob(name)?, cluster })
}

/// A glob of the command line.
///
/// # Errors
/// A usage error that names it.
pub(super) fn glob(word: &str) -> Result<GlobMatcher, CliError> {
    let bad = |error: globset::Error| CliError::usage(format!("bad glob {word}: {}", error.kind()));
    Ok(Glob::new(word).map_err(bad)?.compile_matcher())
}

fn in_scope(app: &AppSpec, clusters: &[GlobMatcher], namespace: Option<&str>) -> bool {
    let on_cluster = clusters.is_empty() || clusters.iter().any(|glob| glob.is_match(app.id.cluster.as_str()));
    on_cluster && namespace.is_none_or(|namespace| namespace == app.namespace)
}

fn nothing(config: &Config) -> CliError {
    if config.apps.is_empty() {
        return CliError::config("the config names no apps").hint("`driftdeck config example` shows how");
    }
    CliError::usage("no app is on those clusters and in that namespace")
        .hint("see `driftdeck status` without -c and -n")
}

fn unknown(word: &str, config: &Config, within: &[&AppSpec]) -> CliError {
    let full = |app: &AppSpec| app.id.to_string();
    let elsewhere: Vec<String> = match pattern(word) {
        Ok(pattern) => config.apps.iter().filter(|app| pattern.fits(&app.id)).map(full).collect(),
        Err(_) => Vec::new(),
    };
    if !elsewhere.is_empty() {
        return CliError::usage(format!("no app {word} on those clusters and in that namespace"))
            .hint(format!("there is {}", elsewhere.join(" ")));
    }
    let with_cluster = word.contains('@');
    let names = within.iter().map(|app| if with_cluster { full(app) } else { app.id.name.to_string() });
    let near = nearest(word, names);
    let error = CliError::usage(Foreign::new(format!("no app {word} in the config")));
    if near.is_empty() {
        error.hint("`driftdeck status` lists them")
    } else {
        error.hint(format!("did you mean {near}?"))
    }
}

/// The names that were probably meant, nearest first, at most three.
fn nearest(word: &str, names: impl Iterator<Item = String>) -> String {
    let limit = (word.len() / 3).max(2);
    let mut near: Vec<(usize, String)> = names
        .map(|name| (if name.starts_with(word) { 0 } else { distance(word, &name) }, name))
        .filter(|(far, _)| *far <= limit)
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// Edits between two words (Levenshtein), on the first 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
