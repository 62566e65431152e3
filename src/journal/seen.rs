//! At which commit each object of an app was last seen synced: one small file per app, replaced whole.
//!
//! Apart from the journal: an app that comes and goes says the same over and over, and would push out what was done.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{JournalError, Place, place};
use crate::model::{CommitId, ResourceKey};

/// Objects kept per app, those that were noted last.
pub(super) const MOST: usize = 20_000;
/// Two notes may swap on their way to the disk by less than this; more is a clock that was set back.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// Per object when it was noted, and at which commit.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<Place, (Timestamp, CommitId)>);

/// Objects that were noted together.
#[derive(Serialize, Deserialize)]
struct Wire {
    at: Timestamp,
    commit: CommitId,
    objects: Vec<Place>,
}

impl Seen {
    /// Takes a note in; false where it says nothing new. One that was overtaken by a newer one is late.
    pub fn add(&mut self, commit: &CommitId, keys: &[ResourceKey], now: Timestamp) -> bool {
        let is_late = |at: Timestamp| at > now && at.duration_since(now) < LATE;
        let mut is_new = false;
        for place in keys.iter().map(place) {
            if self.0.get(&place).is_some_and(|(at, known)| known == commit || is_late(*at)) {
                continue;
            }
            self.0.insert(place, (now, commit.clone()));
            is_new = true;
        }
        self.forget_oldest();
        is_new
    }

    fn forget_oldest(&mut self) {
        let Some(excess) = self.0.len().checked_sub(MOST).filter(|excess| *excess > 0) else { return };
        let mut times: Vec<_> = self.0.values().map(|(at, _)| *at).collect();
        times.sort_unstable();
        if let Some(limit) = times.get(excess - 1).copied() {
            let mut left = excess;
            self.0.retain(|_, (at, _)| {
                let goes = left > 0 && *at <= limit;
                left -= usize::from(goes);
                !goes
            });
        }
    }

    pub fn commits(self) -> BTreeMap<Place, CommitId> {
        self.0.into_iter().map(|(place, (_, commit))| (place, commit)).collect()
    }

    pub fn text(self) -> Result<String, JournalError> {
        let mut notes: BTreeMap<(Timestamp, CommitId), Vec<Place>> = BTreeMap::new();
        for (place, note) in self.0 {
            notes.entry(note).or_default().push(place);
        }
        let notes = notes.into_iter().map(|((at, commit), objects)| Wire { at, commit, objects });
        serde_json::to_string(&notes.collect::<Vec<_>>()).map_err(|_| JournalError::Encode)
    }

    pub fn read(text: &str) -> Option<Self> {
        let notes: Vec<Wire> = serde_json::from_str(text).ok()?;
        let objects = notes.into_iter().flat_map(|Wire { at, commit, objects }| {
            objects.into_iter().map(move |place| (place, (at, commit.clone())))
        });
        Some(Self(objects.collect()))
    }
}
