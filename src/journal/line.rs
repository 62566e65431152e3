//! One line of the journal: JSON, with a word that says which kind of line it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, JournalError, Place};
use crate::model::{AppId, ClusterName, CommitId, Foreign, ResourceKey};

/// A line that was understood.
pub(super) enum Line {
    Done(Entry),
    Seen { app: AppId, commit: CommitId, keys: Vec<Place> },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Wire {
    Done {
        time: Timestamp,
        who: String,
        what: String,
        app: Option<(String, String)>,
        result: String,
        detail: Option<String>,
    },
    Seen {
        time: Timestamp,
        app: (String, String),
        commit: CommitId,
        keys: Vec<Place>,
    },
}

pub(super) fn of_entry(entry: &Entry) -> Result<String, JournalError> {
    encode(&Wire::Done {
        time: entry.time,
        who: entry.who.raw().to_owned(),
        what: entry.what.raw().to_owned(),
        app: entry.app.as_ref().map(app_words),
        result: entry.result.raw().to_owned(),
        detail: entry.detail.as_ref().map(|detail| detail.raw().to_owned()),
    })
}

pub(super) fn of_seen(
    app: &AppId,
    commit: &CommitId,
    keys: &[ResourceKey],
    time: Timestamp,
) -> Result<String, JournalError> {
    let keys = keys.iter().map(|key| (key.kind.clone(), key.namespace.clone(), key.name.clone())).collect();
    encode(&Wire::Seen { time, app: app_words(app), commit: commit.clone(), keys })
}

pub(super) fn read(text: &str) -> Option<Line> {
    Some(match serde_json::from_str(text).ok()? {
        Wire::Done { time, who, what, app, result, detail } => Line::Done(Entry {
            time,
            who: Foreign::new(who),
            what: Foreign::new(what),
            app: app.map(app_id),
            result: Foreign::new(result),
            detail: detail.map(Foreign::new),
        }),
        Wire::Seen { app, commit, keys, .. } => Line::Seen { app: app_id(app), commit, keys },
    })
}

fn encode(wire: &Wire) -> Result<String, JournalError> {
    serde_json::to_string(wire).map_err(|_| JournalError::Encode)
}

fn app_words(app: &AppId) -> (String, String) {
    (app.name.to_string(), app.cluster.to_string())
}

fn app_id((name, cluster): (String, String)) -> AppId {
    AppId::new(name, ClusterName::new(cluster))
}
