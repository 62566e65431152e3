//! Fields that a server keeps twice under two names. A change of one is a change of both, and one finding.

use crate::model::{FieldPath, Step};

/// The name that counts, and the one that mirrors it (core/v1 conversions and defaults).
const PAIRS: [(&str, &str); 3] =
    [("serviceAccountName", "serviceAccount"), ("clusterIP", "clusterIPs"), ("dataSource", "dataSourceRef")];

/// The other name of a field, whichever of the two it is.
pub(super) fn of(path: &FieldPath) -> Option<FieldPath> {
    named(path, |key| {
        PAIRS.iter().find_map(|(name, mirror)| match key {
            _ if key == *name => Some(*mirror),
            _ if key == *mirror => Some(*name),
            _ => None,
        })
    })
}

/// The field that this one mirrors.
pub(super) fn mirrored(path: &FieldPath) -> Option<FieldPath> {
    named(path, |key| PAIRS.iter().find(|(_, mirror)| *mirror == key).map(|(name, _)| *name))
}

fn named(path: &FieldPath, other: impl Fn(&str) -> Option<&'static str>) -> Option<FieldPath> {
    let at = path.0.iter().rposition(|step| matches!(step, Step::Key(key) if other(key).is_some()))?;
    let Step::Key(key) = &path.0[at] else { return None };
    let mut steps = path.0[..at].to_vec();
    steps.push(Step::Key(other(key)?.into()));
    Some(FieldPath(steps))
}
