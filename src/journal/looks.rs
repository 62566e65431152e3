//! The last look at an app: one small JSON file, replaced whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JournalError, Look, Looked, Place};

#[derive(Serialize, Deserialize)]
struct Wire {
    at: Timestamp,
    objects: Vec<Wired>,
}

/// Place, uid, version, newest stamp, known paths.
type Wired = (Place, String, String, Option<Timestamp>, Vec<String>);

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
