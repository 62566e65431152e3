//! The sample repository: forty commits played from `assets/demo/history.toml` into a bare repository.
//!
//! Owns what the files were at each commit. Refuses to know what the commits are good for.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{DemoError, assets};
use crate::model::CommitId;
use crate::source::{Author, Draft, Writer};

/// The branch that all apps follow.
pub(super) const BRANCH: &str = "main";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    commits: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    hours: i64,
    author: String,
    subject: String,
    body: Option<String>,
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    replace: Vec<Replace>,
    #[serde(default)]
    remove: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    file: String,
    from: String,
    to: String,
}

type Files = BTreeMap<String, Arc<str>>;

/// A commit as it was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: CommitId,
    pub(super) time: Timestamp,
    /// Paths it changed.
    touched: Vec<String>,
    /// All files at it.
    files: Files,
}

impl Made {
    /// Whether it changed anything of an app.
    pub(super) fn touches(&self, app: &str) -> bool {
        let dir = format!("apps/{app}/");
        self.touched.iter().any(|path| path.starts_with(&dir))
    }

    /// An app's files at it.
    pub(super) fn files_of(&self, app: &str) -> impl Iterator<Item = &str> {
        let dir = format!("apps/{app}/");
        self.files.iter().filter(move |(path, _)| path.starts_with(&dir)).map(|(_, text)| &**text)
    }
}

/// Makes all commits, oldest first; `start` is the moment that `hours` count back from.
pub(super) fn play(writer: &Writer, start: Timestamp) -> Result<Vec<Made>, DemoError> {
    let written: Written =
        toml::from_str(assets::HISTORY).map_err(|why| DemoError::asset("history.toml", &why.message()))?;
    let mut files = Files::new();
    let mut made = Vec::new();
    for entry in &written.commits {
        let before = files.clone();
        entry.act(&mut files)?;
        if made.is_empty() {
            let readme = assets::TEMPLATES.iter().find(|(path, _)| *path == "README.md");
            files.extend(readme.map(|(path, text)| ((*path).to_owned(), Arc::from(*text))));
        }
        made.push(commit(writer, entry, (&before, &files), start)?);
    }
    Ok(made)
}

impl Entry {
    fn act(&self, files: &mut Files) -> Result<(), DemoError> {
        for app in &self.add {
            let dir = format!("apps/{app}/");
            let templates = assets::TEMPLATES.iter().filter(|(path, _)| path.starts_with(&dir));
            files.extend(templates.map(|(path, text)| ((*path).to_owned(), Arc::from(*text))));
        }
        for Replace { file, from, to } in &self.replace {
            let text = files.get_mut(&format!("apps/{file}")).filter(|text| text.contains(from.as_str()));
            let Some(text) = text else {
                return Err(DemoError::asset(
                    "history.toml",
                    &format!("{}: nothing to replace in {file}", self.subject),
                ));
            };
            *text = text.replacen(from.as_str(), to, 1).into();
        }
        for file in &self.remove {
            if files.remove(&format!("apps/{file}")).is_none() {
                return Err(DemoError::asset("history.toml", &format!("{}: no {file} to remove", self.subject)));
            }
        }
        Ok(())
    }
}

fn commit(
    writer: &Writer,
    entry: &Entry,
    (before, after): (&Files, &Files),
    start: Timestamp,
) -> Result<Made, DemoError> {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| (path.clone(), None));
    let came = after.iter().filter(|(path, text)| before.get(*path) != Some(text));
    let came = came.map(|(path, text)| (path.clone(), Some(text.as_bytes().to_vec())));
    let changes: Vec<_> = gone.chain(came).collect();
    let time = start.saturating_sub(SignedDuration::from_hours(entry.hours)).unwrap_or(start);
    let touched = changes.iter().map(|(path, _)| path.clone()).collect();
    let message = match &entry.body {
        Some(body) => format!("{}\n\n{body}\n", entry.subject),
        None => format!("{}\n", entry.subject),
    };
    let draft = Draft { branch: BRANCH.to_owned(), changes, message, author: author(&entry.author, time) };
    Ok(Made { id: writer.commit(&draft)?, time, touched, files: after.clone() })
}

/// One of the sample's people.
pub(super) fn author(name: &str, time: Timestamp) -> Author {
    Author { name: name.to_owned(), email: format!("{name}@example.com"), time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_commits_over_weeks_and_the_last_ones_are_recent() {
        let root = tempfile::tempdir().expect("a directory");
        let writer = Writer::create(&root.path().join("r.git")).expect("made");
        let start: Timestamp = "2026-11-01T12:00:00Z".parse().expect("a time");
        let made = play(&writer, start).expect("played");
        assert_eq!(made.len(), 40, "the sample has forty commits");
        assert!(made.is_sorted_by_key(|commit| commit.time), "history goes forward");
        assert!(start.duration_since(made[0].time) > SignedDuration::from_hours(24 * 21), "it spans weeks");
        let head = made.last().expect("a head");
        assert!(head.touches("cart") && !head.touches("web"), "a commit touches what it changes");
        assert_eq!(head.files_of("legacy-cron").count(), 0, "a removed file is gone");
    }
}
