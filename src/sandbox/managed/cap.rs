//! The cap on updaters: of more than ten, the oldest become one, `ancient-changes`. Refuses to touch appliers.

use crate::fields::Entry;
use crate::model::Foreign;

use super::conflict::identifier;

const MOST: usize = 10;
const BUCKET: &str = "ancient-changes";

/// The entries with no more than ten updaters, if those of one version suffice for it.
pub(super) fn capped(entries: Vec<Entry>) -> Vec<Entry> {
    let (mut updaters, mut out): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.operation.raw() == "Update");
    updaters.sort_by_key(|entry| (entry.time.map_or(0, jiff::Timestamp::as_second), identifier(entry)));
    let mut over = updaters.len().saturating_sub(MOST);
    let (mut kept, mut queue): (Vec<Entry>, _) = (Vec::new(), updaters.into_iter());
    while over > 0 {
        let Some(entry) = queue.next() else { break };
        let same = kept.iter().position(|own: &Entry| own.api_version == entry.api_version);
        match same {
            Some(at) => {
                let first = &mut kept[at];
                let set = first.set.union(&entry.set);
                *first =
                    Entry { manager: Foreign::from(BUCKET), subresource: None, set, time: entry.time, ..first.clone() };
                over -= 1;
            }
            None => kept.push(entry),
        }
    }
    out.extend(kept);
    out.extend(queue);
    out
}
