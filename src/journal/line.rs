//! One line of the journal: an action as JSON, with a word that says which kind of line it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, JournalError};
use crate::model::{AppId, ClusterName, Foreign};

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
}

pub(super) fn of_entry(entry: &Entry) -> Result<String, JournalError> {
    let wire = Wire::Done {
        time: entry.time,
        who: entry.who.raw().to_owned(),
        what: entry.what.raw().to_owned(),
        app: entry.app.as_ref().map(app_words),
        result: entry.result.raw().to_owned(),
        detail: entry.detail.as_ref().map(|detail| detail.raw().to_owned()),
    };
    serde_json::to_string(&wire).map_err(|_| JournalError::Encode)
}

pub(super) fn read(text: &str) -> Option<Entry> {
    let Wire::Done { time, who, what, app, result, detail } = serde_json::from_str(text).ok()?;
    Some(Entry {
        time,
        who: Foreign::new(who),
        what: Foreign::new(what),
        app: app.map(app_id),
        result: Foreign::new(result),
        detail: detail.map(Foreign::new),
    })
}

fn app_words(app: &AppId) -> (String, String) {
    (app.name.to_string(), app.cluster.to_string())
}

fn app_id((name, cluster): (String, String)) -> AppId {
    AppId::new(name, ClusterName::new(cluster))
}
