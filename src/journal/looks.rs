//! The last look at an app: one small JSON file, replaced whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JournalError, Look, Looked, Place};
use crate::model::AppId;

#[derive(Serialize, Deserialize)]
struct Wire {
    at: Timestamp,
    objects: Vec<Wired>,
}

/// Place, uid, version, newest stamp, known paths.
type Wired = (Place, String, String, Option<Timestamp>, Vec<String>);

/// Names of apps and clusters are checked words, but a cluster's may hold anything that a context's does.
pub(super) fn name(app: &AppId) -> String {
    let cluster = app.cluster.as_str();
    let plain: String = cluster.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let digest = crate::model::Digest::of_bytes(cluster.as_bytes());
    let mark = digest.0.get(..8).unwrap_or_default();
    format!("looks/{}@{}-{mark}.json", app.name, plain.get(..40).unwrap_or(&plain))
}

pub(super) fn text(look: &Look) -> Result<String, JournalError> {
    let object = |(place, looked): (&Place, &Looked)| {
        let known = looked.known.iter().map(ToString::to_string).collect();
        (place.clone(), looked.uid.to_string(), looked.version.to_string(), looked.stamp, known)
    };
    let wire = Wire { at: look.at, objects: look.objects.iter().map(object).collect() };
    serde_json::to_string(&wire).map_err(|_| JournalError::Encode)
}

pub(super) fn read(text: &str) -> Option<Look> {
    let wire: Wire = serde_json::from_str(text).ok()?;
    let object = |(place, uid, version, stamp, known): Wired| {
        let known = known.iter().filter_map(|path| path.parse().ok()).collect();
        (place, Looked { uid: uid.into(), version: version.into(), stamp, known })
    };
    let objects: BTreeMap<Place, Looked> = wire.objects.into_iter().map(object).collect();
    Some(Look { at: wire.at, objects })
}
