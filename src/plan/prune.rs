//! The prune rule (drift.md *Prune*): what may be deleted at all. A tenant who forges a line deletes nothing.

use crate::model::{InventoryLine, Kind, ResourceRow, Verdict};

/// What is known of an extra object when its deletion is weighed.
pub struct Candidate<'a> {
    /// Its row.
    pub row: &'a ResourceRow,
    /// Its line in our record.
    pub line: Option<&'a InventoryLine>,
    /// The uid it has now.
    pub uid: &'a str,
    /// It carries our Apply entry.
    pub has_our_apply: bool,
    /// An ownerReference with `controller: true`: what made it will make it again.
    pub has_controller: bool,
    /// Every document of the render was read.
    pub complete: bool,
    /// Namespaces that hold an app, or the record of one.
    pub held: &'a dyn Fn(&str) -> bool,
}

/// Whether an extra object may be pruned; `Err` says why not, in words for the plan's row.
///
/// It needs all of: listed in the inventory with the live uid, carries our Apply entry, is made by no controller, inside
/// the app's bounds, absent from a complete render; and it is no Namespace that an app or a record lives in.
pub fn prunable(candidate: &Candidate) -> Result<(), &'static str> {
    let row = candidate.row;
    if row.verdict != Verdict::Extra {
        return Err("git still has it");
    }
    if !candidate.complete {
        return Err("git holds what cannot be read or placed: what is absent may only be unread");
    }
    let Some(line) = candidate.line else { return Err("not in our record: we did not make it") };
    if candidate.uid != &*line.uid || row.uid.as_deref() != Some(candidate.uid) {
        return Err("not the object we made (its uid differs)");
    }
    if !candidate.has_our_apply {
        return Err("it does not carry our field manager: somebody replaced it");
    }
    if candidate.has_controller {
        return Err("a controller owns it: delete what made it");
    }
    if !row.in_bounds {
        return Err("outside the app's bounds");
    }
    if is_namespace(&row.key.kind) && (candidate.held)(&row.key.name) {
        return Err("an app's record lives in this Namespace: it is never deleted with an app");
    }
    Ok(())
}

/// core/v1 Namespace.
pub(super) fn is_namespace(kind: &Kind) -> bool {
    kind.group.is_empty() && &*kind.kind == "Namespace"
}
