//! The prune rule (drift.md *Prune*): what may be deleted at all. A tenant who forges a line deletes nothing.

use crate::model::{InventoryLine, ResourceRow, Verdict};

/// Whether an extra object may be pruned; `Err` says why not, in words for the plan's row.
///
/// It needs all of: listed in the inventory with the live uid, carries our Apply entry, inside the app's bounds,
/// absent from a complete render.
pub fn prunable(
    row: &ResourceRow,
    line: Option<&InventoryLine>,
    live_uid: Option<&str>,
    has_our_apply: bool,
    complete: bool,
) -> Result<(), &'static str> {
    if row.verdict != Verdict::Extra {
        return Err("git still has it");
    }
    if !complete {
        return Err("the render is partial: what is absent may only be unread");
    }
    let Some(line) = line else { return Err("not in our record: we did not make it") };
    if live_uid != Some(&*line.uid) {
        return Err("not the object we made (its uid differs)");
    }
    if !has_our_apply {
        return Err("it does not carry our field manager: somebody replaced it");
    }
    if !row.in_bounds {
        return Err("outside the app's bounds");
    }
    Ok(())
}
