//! Who wrote the live value: as the watch saw it, else as far as managedFields tell: a program, and no later than when.

use super::{Pair, testimony};
use crate::fields::{self, Entry};
use crate::model::{Attribution, FieldPath, Moved, Precision};

/// The writer of the live value at a path. Where only git moved it is our own last apply; a deletion leaves no trace but
/// in the watch.
pub(super) fn wrote(pair: &Pair, path: &FieldPath, moved: Option<Moved>) -> Option<Attribution> {
    let other = fields::owner(&pair.entries, path, fields::MANAGER);
    let traced = match moved {
        Some(Moved::Git) => other.or_else(|| pair.ours()).map(attribution),
        _ => other.map(attribution),
    };
    testimony::prefer(pair, (path, moved), traced)
}

/// Who holds a contested value: the watch's word where it is about the same manager, else managedFields'.
pub(super) fn held(pair: &Pair, path: &FieldPath, holder: &Entry) -> Option<Attribution> {
    let told = testimony::prefer(pair, (path, Some(Moved::Live)), Some(attribution(holder)));
    told.filter(|told| told.manager == holder.manager).or_else(|| Some(attribution(holder)))
}

/// The newest writer of any field at or below the paths of a text line.
pub(super) fn attribution(entry: &Entry) -> Attribution {
    Attribution {
        manager: entry.manager.clone(),
        operation: entry.operation.clone(),
        subresource: entry.subresource.clone(),
        after: None,
        time: entry.time,
        precision: if entry.time.is_some() { Precision::Bound } else { Precision::Unknown },
    }
}
