//! What the watch saw of an object: each change by path, with who did it, read off the managedFields before and after.
//!
//! A watch tells more than managedFields: when each field changed, and that one went. Refuses to guess: who cannot be
//! told apart is nobody. Values are masked before a [`Write`] exists.

use jiff::Timestamp;
use serde_json::Value;

use super::{Ground, Pair, mask, noise};
use crate::fields::{self, Entry};
use crate::model::{Attribution, Deed, FieldPath, Foreign, Live, Moved, Precision, Said, Write};
use crate::typed::{self, Change, Side};

/// One object before and after, as a watch told it.
pub struct Sighting<'a> {
    /// As it was; `None` = it was not there.
    pub was: Option<&'a Live>,
    /// As it is; `None` = it is gone.
    pub now: Option<&'a Live>,
    /// When it was last looked at, where the change was not seen as it happened.
    pub after: Option<Timestamp>,
}

/// Everything that a change did to what people and programs declare: no server metadata, no status of a subresource.
#[must_use]
pub fn testify(sighting: &Sighting, ground: &Ground) -> Vec<Write> {
    match (sighting.was, sighting.now) {
        (Some(was), Some(now)) if was.uid == now.uid => changed((was, now), sighting, ground),
        (_, Some(now)) => created(now, sighting, ground).into_iter().collect(),
        (Some(_), None) => vec![whole(Deed::Deleted, nobody(sighting.after, ground.now.wall))],
        (None, None) => Vec::new(),
    }
}

/// Who changed an object while nobody looked is not known; `known` are the paths that differed from git before,
/// `stamp` was the newest in managedFields.
#[must_use]
pub fn unseen((after, until): (Timestamp, Timestamp), known: Vec<FieldPath>, stamp: Option<Timestamp>) -> Write {
    whole(Deed::Unseen { known, stamp }, nobody(Some(after), until))
}

/// Somebody deleted an object while nobody looked.
#[must_use]
pub fn went_unseen(after: Timestamp, until: Timestamp) -> Write {
    whole(Deed::Deleted, nobody(Some(after), until))
}

fn whole(deed: Deed, by: Attribution) -> Write {
    Write { path: FieldPath::root(), deed, by, was: None, now: None }
}

fn nobody(after: Option<Timestamp>, time: Timestamp) -> Attribution {
    Attribution {
        manager: Foreign::from(Attribution::NOBODY),
        operation: Foreign::from(Attribution::NOBODY),
        subresource: None,
        after,
        time: Some(time),
        precision: if after.is_some() { Precision::Bound } else { Precision::Seen },
    }
}

/// An entry as the author of a change. In a gap its own stamp may say more: not later than.
fn author(entry: &Entry, after: Option<Timestamp>, seen: Timestamp) -> Attribution {
    let stamp = entry.time.filter(|stamp| after.is_some_and(|after| after < *stamp && *stamp < seen));
    Attribution {
        manager: entry.manager.clone(),
        operation: entry.operation.clone(),
        subresource: entry.subresource.clone(),
        ..nobody(after, stamp.unwrap_or(seen))
    }
}

fn created(now: &Live, sighting: &Sighting, ground: &Ground) -> Option<Write> {
    let object: Value = serde_json::from_str(&now.json).ok()?;
    let entries = fields::managed(&object);
    let by = match &entries[..] {
        [only] => author(only, sighting.after, ground.now.wall),
        _ => nobody(sighting.after, ground.now.wall),
    };
    Some(whole(Deed::Created, by))
}

fn changed((was, now): (&Live, &Live), sighting: &Sighting, ground: &Ground) -> Vec<Write> {
    let parsed = |live: &Live| serde_json::from_str::<Value>(&live.json).ok();
    let Some((before, after)) = parsed(was).zip(parsed(now)) else { return Vec::new() };
    let node = ground.schemas.of(&now.gvk);
    let own_status = noise::has_own_status(&now.gvk, node.as_ref());
    let entries = |object: &Value| -> Vec<Entry> {
        let counts = |entry: &Entry| !own_status || entry.subresource.as_ref().is_none_or(|sub| sub.raw() != "status");
        fields::managed(object).into_iter().filter(counts).collect()
    };
    let suspects = Suspects { old: entries(&before), new: entries(&after) };
    let before = noise::without_server_fields(before, (&now.gvk, node.as_ref()), true);
    let after = noise::without_server_fields(after, (&now.gvk, node.as_ref()), true);
    let masks = mask::Masks::new(&now.key, &[&was.gvk, &now.gvk], [&before, &after], ground);
    let writes = typed::compare(node.as_ref(), &before, &after).into_iter().map(|change| {
        let who = suspects.of(&change);
        Write {
            by: who.map_or_else(
                || nobody(sighting.after, ground.now.wall),
                |entry| author(entry, sighting.after, ground.now.wall),
            ),
            was: change.a.as_ref().map(|value| masks.say(&change.path, value, change.b.as_ref())),
            now: change.b.as_ref().map(|value| masks.say(&change.path, value, change.a.as_ref())),
            deed: Deed::Field,
            path: masks.path(change.path),
        }
    });
    writes.collect()
}

/// Who may have made a change: the entries before and after.
struct Suspects {
    old: Vec<Entry>,
    new: Vec<Entry>,
}

impl Suspects {
    fn of(&self, change: &Change) -> Option<&Entry> {
        match change.side {
            Side::Removed => self.remover(&change.path),
            Side::Added | Side::Changed => self.writer(change),
        }
    }

    /// Who sets a value takes the field from all but appliers of the same value: one holder is the writer, stamped or,
    /// twice within a second, not. Of several it is the one that gained the field, else the one that has just written.
    /// Nobody holds it (a reorder; a list is held by its items): whoever has just written.
    fn writer(&self, change: &Change) -> Option<&Entry> {
        let path = &change.path;
        let holds_it = |entry: &&Entry| entry.set.covers(path) || (change.side == Side::Added && holds(entry, path));
        let holders: Vec<&Entry> = self.new.iter().filter(holds_it).collect();
        let mut written = self.new.iter().filter(|entry| self.has_written(entry));
        match &holders[..] {
            [] => one(written),
            [only] if self.has_written(only) => Some(only),
            [only] => written.next().is_none().then_some(only),
            several => one(several.iter().copied().filter(|entry| self.has_gained(entry, path)))
                .or_else(|| one(several.iter().copied().filter(|entry| self.has_written(entry)))),
        }
    }

    /// A deletion stamps its author's entry only when it also set something, or was an apply: who has written and held
    /// the field has dropped it, else the one who has written at all. Whose entry vanished is no suspect: it has lost its
    /// last field, by whose hand does not show.
    fn remover(&self, path: &FieldPath) -> Option<&Entry> {
        let written = || self.new.iter().filter(|entry| self.has_written(entry));
        one(written().filter(|entry| self.before(entry).is_some_and(|old| holds(old, path)))).or_else(|| one(written()))
    }

    fn before(&self, entry: &Entry) -> Option<&Entry> {
        self.old.iter().find(|old| {
            (&old.manager, &old.operation, &old.subresource, &old.api_version)
                == (&entry.manager, &entry.operation, &entry.subresource, &entry.api_version)
        })
    }

    /// New, or stamped anew.
    fn has_written(&self, entry: &Entry) -> bool {
        self.before(entry).is_none_or(|old| old.time != entry.time)
    }

    fn has_gained(&self, entry: &Entry, path: &FieldPath) -> bool {
        !self.before(entry).is_some_and(|old| holds(old, path))
    }
}

fn holds(entry: &Entry, path: &FieldPath) -> bool {
    entry.set.covers(path) || entry.set.has_below(path)
}

/// The only one; of several nobody.
fn one<'a>(mut found: impl Iterator<Item = &'a Entry>) -> Option<&'a Entry> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The watch's word about a path, where it has one that still stands; else what managedFields tell.
pub(super) fn prefer(
    pair: &Pair,
    (path, moved): (&FieldPath, Option<Moved>),
    traced: Option<Attribution>,
) -> Option<Attribution> {
    let told: Vec<&Write> = pair.seen.iter().rev().filter(|write| concerns(write, path)).collect();
    for (at, write) in told.iter().enumerate() {
        match &write.deed {
            Deed::Unseen { known, stamp } if moved != Some(Moved::Git) && !differed(known, path) => {
                // What was written before the gap and is still there was not written in it.
                let older = told[at + 1..].iter().find(|older| !matches!(older.deed, Deed::Unseen { .. }));
                return match older.filter(|older| older.now.is_some() && stands(older, &pair.have)) {
                    Some(older) => Some(named(older, traced)),
                    None => Some(within(write, *stamp, traced)),
                };
            }
            Deed::Unseen { .. } => {}
            Deed::Created if !may_have_made(write, traced.as_ref()) => return traced,
            _ if stands(write, &pair.have) => return Some(named(write, traced)),
            _ => return traced,
        }
    }
    traced
}

/// Who deleted an object that is missing, as far as was seen.
pub(super) fn deleted(seen: &[Write]) -> Option<Attribution> {
    seen.last().filter(|write| write.deed == Deed::Deleted).map(|write| write.by.clone())
}

fn concerns(write: &Write, path: &FieldPath) -> bool {
    write.path.covers(path) || path.covers(&write.path)
}

fn differed(known: &[FieldPath], path: &FieldPath) -> bool {
    known.iter().any(|known| known.covers(path) || path.covers(known))
}

/// Whether the live value is still the one that was written. A value that is not told is trusted: what was written
/// since would be a newer write.
fn stands(write: &Write, have: &Value) -> bool {
    match (&write.deed, &write.now) {
        (Deed::Field, Some(Said::Plain(now))) => typed::at(have, &write.path) == Some(now),
        (Deed::Field, None) => typed::at(have, &write.path).is_none(),
        (Deed::Field, Some(Said::Cut { .. } | Said::Masked { .. })) => typed::at(have, &write.path).is_some(),
        (Deed::Created, _) => true,
        (Deed::Deleted | Deed::Unseen { .. }, _) => false,
    }
}

/// Whether who made an object may have written what a field holds now: only while managedFields still say so.
fn may_have_made(write: &Write, traced: Option<&Attribution>) -> bool {
    traced.is_some_and(|now| !write.by.is_named() || now.manager == write.by.manager)
}

/// What a write says; of an object that came with several authors, managedFields know who set this field.
fn named(write: &Write, traced: Option<Attribution>) -> Attribution {
    match traced {
        Some(traced) if write.deed == Deed::Created && !write.by.is_named() => {
            Attribution { after: write.by.after, time: write.by.time, precision: write.by.precision, ..traced }
        }
        _ => write.by.clone(),
    }
}

/// A change that fell into a gap. A manager whose own stamp is older than the newest one before the gap, both by the
/// server's clock, has not made it: then its stamp stands.
fn within(gap: &Write, stamp: Option<Timestamp>, traced: Option<Attribution>) -> Attribution {
    let Some(traced) = traced else { return gap.by.clone() };
    if traced.time.is_some() && traced.time < stamp {
        return traced;
    }
    let inside = traced.time.filter(|time| gap.by.after < Some(*time) && Some(*time) < gap.by.time);
    Attribution { after: gap.by.after, time: inside.or(gap.by.time), precision: Precision::Bound, ..traced }
}

#[cfg(test)]
#[path = "testimony/tests.rs"]
mod tests;
