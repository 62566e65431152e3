//! When objects of a custom kind vanish: were they deleted, or goes their kind (`faults.md` F10)?
//!
//! A server deletes the objects of a definition that is being removed before it stops serving the kind, so the deletions
//! alone look as if somebody had deleted them. They are held back for one question; what the same watch says meanwhile
//! waits behind them, in order. Where too much waits it is let go, and everything is listed again.

use super::Driver;
use super::tasks::Delivery;
use crate::cluster::{Seen, SeenWhat, Target};
use crate::engine::adapt;
use crate::engine::event::{Event, Trouble};
use crate::engine::line::{Held, Line};
use crate::model::{ClusterName, ReasonCode, is_built_in};

impl Driver {
    /// What a watch said, once it is known what it means.
    pub(super) fn hear(&mut self, seen: Seen) {
        let (name, target) = (seen.cluster.clone(), seen.target.clone());
        let Some(line) = self.lines.get_mut(&name) else { return };
        if seen.is_past() || !line.watched.contains_key(&target) {
            return;
        }
        if let Some(held) = line.held.get_mut(&target) {
            held.push(seen);
        } else if is_loss(line, &seen) {
            self.ask_whether_lost(&name, target, vec![seen]);
        } else {
            self.hear_now(seen);
        }
    }

    fn hear_now(&mut self, seen: Seen) {
        if seen.is_past() {
            // It was held back, and its watch has ended since.
            return;
        }
        let (name, target) = (seen.cluster.clone(), seen.target.clone());
        let gone = match &seen.what {
            SeenWhat::Failed(error) => adapt::call(error).code == ReasonCode::KindNotServed,
            _ => false,
        };
        self.live(seen);
        if gone {
            self.end_watch(&name, &target);
        }
    }

    fn ask_whether_lost(&mut self, name: &ClusterName, target: Target, seen: Vec<Seen>) {
        let Some(line) = self.lines.get_mut(name) else { return };
        line.held.insert(target.clone(), Held::new(seen));
        let (cluster, out, name) = (line.cluster.clone(), self.deliveries.clone(), name.clone());
        self.spawn(Some(async move {
            let losing = cluster.is_losing(&target.served).await;
            let _ = out.send(Delivery::Losing(name, Box::new(target), losing)).await;
            None
        }));
    }

    /// The word has come: the kind goes, or its objects were deleted one by one.
    pub(super) fn after_question(&mut self, name: &ClusterName, target: Target, losing: bool) {
        let Some(held) = self.lines.get_mut(name).and_then(|line| line.held.remove(&target)) else { return };
        if losing {
            return self.lose(name, &target);
        }
        let Some(line) = self.lines.get_mut(name) else { return };
        line.lost.remove(&target);
        if held.is_over {
            let scene = line.watched.get(&target).cloned();
            return scene.map_or((), |scene| self.list_again(name, target, scene));
        }
        let mut waiting = held.seen.into_iter().enumerate();
        while let Some((at, seen)) = waiting.next() {
            let line = self.lines.get(name);
            if at >= held.covered && line.is_some_and(|line| is_loss(line, &seen)) {
                let rest = std::iter::once(seen).chain(waiting.map(|(_, seen)| seen)).collect();
                return self.ask_whether_lost(name, target, rest);
            }
            self.hear_now(seen);
        }
    }

    /// The kind is not served any more: nothing is said of its objects.
    pub(super) fn lose(&mut self, name: &ClusterName, target: &Target) {
        let scene = self.lines.get(name).and_then(|line| line.watched.get(target).cloned());
        self.end_watch(name, target);
        if let Some(scene) = scene {
            let words = format!("the definition of {} {} was removed", scene.kind.group, scene.kind.kind);
            self.take(Event::SceneFailed(name.clone(), scene, Trouble::new(ReasonCode::KindNotServed, words)));
        }
    }

    fn end_watch(&mut self, name: &ClusterName, target: &Target) {
        let Some(line) = self.lines.get_mut(name) else { return };
        line.watched.remove(target);
        line.held.remove(target);
        line.store.forget(name, target);
        line.lost.insert(target.clone());
        if let Some(stop) = line.stops.remove(target) {
            stop.cancel();
        }
    }
}

/// Whether objects of a custom kind are said to be gone, or one that went away is said to be empty.
fn is_loss(line: &Line, seen: &Seen) -> bool {
    if is_built_in(&seen.target.served.gvk.group) {
        return false;
    }
    match &seen.what {
        SeenWhat::Gone(_) => true,
        SeenWhat::Listed(all) => {
            line.lost.contains(&seen.target) || line.store.loses(line.cluster.name(), &seen.target, all)
        }
        SeenWhat::Changed(_) | SeenWhat::Failed(_) | SeenWhat::Opened | SeenWhat::Alive => false,
    }
}
