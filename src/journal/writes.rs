//! One write as a line. Of a masked value nothing is written but that there is one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JournalError, Place, Witnessed, place};
use crate::model::{Attribution, ClusterName, Deed, Foreign, Precision, ResourceKey, Said, Write};

/// Values longer than this are cut: the file tells what happened, it is no backup.
const LONGEST: usize = 512;

#[derive(Serialize, Deserialize)]
struct Wire {
    cluster: ClusterName,
    object: Place,
    uid: String,
    version: String,
    path: String,
    deed: Word,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    known: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<Timestamp>,
    manager: String,
    operation: String,
    subresource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Timestamp>,
    time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<Told>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    now: Option<Told>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Field,
    Created,
    Deleted,
    Unseen,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Value(Value),
    Cut(u64),
    Masked,
}

pub(super) fn line(witnessed: &Witnessed) -> Result<String, JournalError> {
    let Witnessed { key, uid, version, write } = witnessed;
    let (deed, known, stamp) = match &write.deed {
        Deed::Field => (Word::Field, Vec::new(), None),
        Deed::Created => (Word::Created, Vec::new(), None),
        Deed::Deleted => (Word::Deleted, Vec::new(), None),
        Deed::Unseen { known, stamp } => (Word::Unseen, known.iter().map(ToString::to_string).collect(), *stamp),
    };
    let wire = Wire {
        cluster: key.cluster.clone(),
        object: place(key),
        uid: uid.to_string(),
        version: version.to_string(),
        path: write.path.to_string(),
        deed,
        known,
        stamp,
        manager: write.by.manager.raw().to_owned(),
        operation: write.by.operation.raw().to_owned(),
        subresource: write.by.subresource.as_ref().map(|name| name.raw().to_owned()),
        after: write.by.after,
        time: write.by.time,
        was: write.was.as_ref().map(told),
        now: write.now.as_ref().map(told),
    };
    serde_json::to_string(&wire).map_err(|_| JournalError::Encode)
}

fn told(said: &Said) -> Told {
    match said {
        Said::Plain(value) => match value.to_string().len() {
            bytes if bytes > LONGEST => Told::Cut(bytes as u64),
            _ => Told::Value((**value).clone()),
        },
        Said::Cut { bytes, .. } => Told::Cut(*bytes),
        Said::Masked { .. } => Told::Masked,
    }
}

fn said(told: Told) -> Said {
    match told {
        Told::Value(value) => Said::Plain(value.into()),
        Told::Cut(bytes) => Said::Cut { cut: true, bytes },
        Told::Masked => Said::Masked { masked: true, changed: true, bytes: None },
    }
}

pub(super) fn read(text: &str) -> Option<Witnessed> {
    let wire: Wire = serde_json::from_str(text).ok()?;
    let (kind, namespace, name) = wire.object;
    let known = wire.known.iter().filter_map(|path| path.parse().ok()).collect();
    Some(Witnessed {
        key: ResourceKey { cluster: wire.cluster, kind, namespace, name },
        uid: wire.uid.into(),
        version: wire.version.into(),
        write: Write {
            path: wire.path.parse().ok()?,
            deed: match wire.deed {
                Word::Field => Deed::Field,
                Word::Created => Deed::Created,
                Word::Deleted => Deed::Deleted,
                Word::Unseen => Deed::Unseen { known, stamp: wire.stamp },
            },
            by: Attribution {
                manager: Foreign::new(wire.manager),
                operation: Foreign::new(wire.operation),
                subresource: wire.subresource.map(Foreign::new),
                after: wire.after,
                time: wire.time,
                precision: match (wire.time, wire.after) {
                    (Some(_), None) => Precision::Seen,
                    (Some(_), Some(_)) => Precision::Bound,
                    (None, _) => Precision::Unknown,
                },
            },
            was: wire.was.map(said),
            now: wire.now.map(said),
        },
    })
}
