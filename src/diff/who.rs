//! Who wrote the live value, as far as managedFields tell: a program, and no later than when.

use super::Pair;
use crate::fields::{self, Entry};
use crate::model::{Attribution, FieldPath, Moved, Precision};

/// The writer of the live value at a path. Where only git moved it is our own last apply; a deletion leaves no trace.
pub(super) fn wrote(pair: &Pair, path: &FieldPath, moved: Option<Moved>) -> Option<Attribution> {
    let other = fields::owner(&pair.entries, path, fields::MANAGER);
    match moved {
        Some(Moved::Git) => other.or_else(|| pair.ours()).map(attribution),
        _ => other.map(attribution),
    }
}

/// The newest writer of any field at or below the paths of a text line.
pub(super) fn attribution(entry: &Entry) -> Attribution {
    Attribution {
        manager: entry.manager.clone(),
        operation: entry.operation.clone(),
        subresource: entry.subresource.clone(),
        time: entry.time,
        precision: if entry.time.is_some() { Precision::Bound } else { Precision::Unknown },
    }
}
