//! What the watches say as testimony: who changed what, seen as it happened or in a gap; and the last look at each app.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Driver;
use super::keeper::Note;
use crate::cluster::{LiveChange, Target};
use crate::diff::{self, Ground, Sighting};
use crate::engine::event::Scene;
use crate::engine::line::{Heard, Line};
use crate::engine::publish;
use crate::engine::world::AppWorld;
use crate::journal::{self, Look, Looked};
use crate::model::{AppId, ClusterName, Live, Now, ResourceKey};

/// How often the looks at apps are kept.
pub(super) const LOOKS: Duration = Duration::from_mins(1);
/// A watch that was opened again tells old news first; a bookmark, or this much time, and it is heard as it speaks.
const CATCHING_UP: Duration = Duration::from_secs(10);

impl Line {
    /// A watch broke: what changes from its last word on is not seen as it happens.
    pub(super) fn broke(&mut self, target: &Target) {
        if let Some(heard) = self.heard.get_mut(target) {
            heard.broke = heard.broke.or(Some(heard.last.wall));
            heard.opened = None;
        }
    }

    /// A watch was opened, or sent a bookmark.
    pub(super) fn alive(&mut self, target: &Target, now: Now) {
        if let Some(heard) = self.heard.get_mut(target) {
            heard.last = now;
            let is_opening = heard.broke.is_some() && heard.opened.is_none();
            heard.opened = is_opening.then_some(now.since_start);
            heard.broke = heard.broke.filter(|_| is_opening);
        }
    }

    /// When a target was last looked at before what it says now; `None` = this is seen as it happens.
    pub(super) fn gap(&mut self, target: &Target, listed: bool, now: Now) -> Option<Timestamp> {
        let fresh = Heard { last: now, broke: None, opened: None };
        let Some(heard) = self.heard.get_mut(target) else {
            self.heard.insert(target.clone(), fresh);
            let (_, former) = self.former.as_ref()?;
            return former.get(target).map(|heard| heard.broke.unwrap_or(heard.last.wall));
        };
        let before = *heard;
        if listed {
            *heard = fresh;
            return Some(before.broke.unwrap_or(before.last.wall));
        }
        heard.last = now;
        let caught_up = before.opened.is_some_and(|opened| now.since_start.saturating_sub(opened) >= CATCHING_UP);
        if caught_up {
            (heard.broke, heard.opened) = (None, None);
        }
        before.broke.filter(|_| !caught_up)
    }
}

impl Driver {
    /// Takes down what changed of objects that are ours; `first` names a scene that this process lists for the first time.
    pub(super) fn witness(
        &mut self,
        cluster: &ClusterName,
        changes: &[LiveChange],
        after: Option<Timestamp>,
        first: Option<(&Scene, &Target)>,
    ) {
        let now = self.clock.now();
        let Some(line) = self.lines.get(cluster) else { return };
        let former = |key: &ResourceKey| line.former.as_ref().and_then(|(store, _)| store.get(key));
        for LiveChange { key, was, now: live } in changes {
            let was = was.as_ref().or_else(|| former(key).filter(|_| first.is_some()));
            // What the first list shows was there before: nobody saw it come.
            if was.is_none() && first.is_some() || is_same(was, live.as_ref()) {
                continue;
            }
            let Some(app) = whose(&self.world, key) else { continue };
            let ground = Ground {
                app: &app.spec,
                schemas: &line.schemas,
                now,
                masker: &self.shared.masker,
                owner_lists: &self.shared.owners,
                without: self.shared.without,
            };
            let sighting = Sighting { was, now: live.as_ref(), after: after.map(|after| after.min(now.wall)) };
            self.testimony.add(key, live.as_ref(), diff::testify(&sighting, &ground));
        }
        if let Some((scene, _)) = first {
            // Whether it is still ours is not known yet: config maps are listed before the record is read.
            self.testimony.meet((cluster, scene), now.wall, |key| line.store.get(key));
            self.settle_former(cluster, scene, (after, now.wall));
        }
    }

    /// What the line before this one had seen and the first list has not went while nobody looked; once everything is
    /// listed again the old line is let go.
    fn settle_former(&mut self, cluster: &ClusterName, scene: &Scene, (after, now): (Option<Timestamp>, Timestamp)) {
        let Some(line) = self.lines.get_mut(cluster) else { return };
        let Some(((store, heard), after)) = line.former.as_ref().zip(after) else { return };
        let inside = |key: &ResourceKey| scene.namespace.is_empty() || key.namespace == scene.namespace;
        let gone = store.of_kind(cluster, &scene.kind).map(|live| &live.key).filter(|key| inside(key));
        let gone = gone.filter(|key| self.world.index.contains_key(key) && line.store.get(key).is_none());
        for key in gone {
            self.testimony.add(key, None, vec![diff::went_unseen(after.min(now), now)]);
        }
        if heard.keys().all(|target| line.heard.contains_key(target)) {
            line.former = None;
        }
    }

    /// Notes what was seen for later processes.
    pub(super) fn note_testimony(&mut self) {
        if !self.testimony.has_fresh() {
            return;
        }
        match self.notes.as_ref().map(mpsc::Sender::try_reserve) {
            Some(Ok(place)) => place.send(Note::Writes(self.testimony.take_fresh())),
            Some(Err(_)) => {}
            None => drop(self.testimony.take_fresh()),
        }
    }

    /// Keeps the looks when they are due: how each app stands, for whoever asks after this process what has changed since.
    pub(super) fn keep_looks_in_time(&mut self) {
        let now = self.clock.now().since_start;
        if now < self.next_look {
            return;
        }
        self.next_look = now + LOOKS;
        if let Some(Ok(place)) = self.notes.as_ref().map(mpsc::Sender::try_reserve) {
            place.send(Note::Looks(self.looks()));
        }
    }

    /// At the end everything that is not kept yet.
    pub(super) async fn keep_the_rest(&mut self) {
        let Some(notes) = self.notes.take() else { return };
        let _ = notes.send(Note::Writes(self.testimony.take_fresh())).await;
        let _ = notes.send(Note::Looks(self.looks())).await;
    }

    fn looks(&self) -> Vec<(AppId, Look)> {
        let now = self.clock.now();
        self.world.apps.values().filter_map(|app| Some((app.spec.id.clone(), self.look(app, now)?))).collect()
    }

    fn look(&self, app: &AppWorld, now: Now) -> Option<Look> {
        let cluster = self.world.clusters.get(&app.spec.id.cluster)?;
        let line = self.lines.get(&app.spec.id.cluster)?;
        // What is on its way into the rows only makes less known of before: then less is said of the gap.
        if app.rows.is_empty() || publish::cluster_stale(cluster, now).is_some() {
            return None;
        }
        let broken = line.heard.values().filter_map(|heard| heard.broke).min();
        let at = broken.map_or(cluster.answered?.wall, |broke| broke.min(now.wall));
        let looked = |live: &Live, known| Looked {
            uid: live.uid.clone(),
            version: live.resource_version.clone(),
            stamp: newest_stamp(&live.json),
            known,
        };
        let objects: BTreeMap<_, _> = app
            .rows
            .iter()
            .filter_map(|(key, row)| {
                let object = line.store.get(key)?;
                let hidden = row.hidden.iter().map(|hidden| hidden.path.clone());
                let known = row.findings.iter().map(|finding| finding.path.clone()).chain(hidden).collect();
                Some((journal::place(key), looked(object, known)))
            })
            .collect();
        Some(Look { at, objects })
    }
}

fn is_same(was: Option<&Live>, now: Option<&Live>) -> bool {
    was.zip(now).is_some_and(|(was, now)| {
        Arc::ptr_eq(&was.json, &now.json) || (was.uid == now.uid && was.resource_version == now.resource_version)
    })
}

/// The first app that an object is of.
fn whose<'w>(world: &'w crate::engine::world::World, key: &ResourceKey) -> Option<&'w AppWorld> {
    world.index.get(key)?.iter().filter_map(|id| world.apps.get(id)).find(|app| app.asked)
}

/// The newest `time` of an object's managedFields, read off its text: parsing ten thousand objects each minute would cost
/// more than judging them.
fn newest_stamp(json: &str) -> Option<Timestamp> {
    let stamps = json.split("\"time\":\"").skip(1).filter_map(|rest| rest.get(..20));
    stamps.filter_map(|stamp| stamp.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stamp_is_read_off_the_text() {
        let json = r#"{"metadata":{"managedFields":[{"time":"2026-01-01T10:00:00Z"},{"time":"2026-01-01T10:05:00Z"}]},
            "status":{"lastTransitionTime":"2027-01-01T00:00:00Z","time":"soon"}}"#;
        assert_eq!(newest_stamp(json), "2026-01-01T10:05:00Z".parse().ok());
        assert_eq!(newest_stamp("{}"), None);
    }
}
