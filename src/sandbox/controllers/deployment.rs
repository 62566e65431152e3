//! Deployments: a ReplicaSet per template with its revision, rolled over by surge and unavailability, or recreated.
//!
//! Owns one step of a rollout, scaling in proportion while several sets are active, pausing and the history of sets.

mod progress;
mod scaling;
mod sets;

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::pods::{count, is_finished, replicas};
use super::{Room, rolling};
use sets::{is_of, revision};

const BY: &str = "deployment-controller";

/// A Deployment and its sets.
struct Rollout<'a> {
    kind: &'a KindInfo,
    live: &'a Value,
    /// The set of the template as it is.
    new: Option<Value>,
    /// All others, oldest first.
    old: Vec<Value>,
}

/// One step of a rollout.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let mut sets = room.claimed("apps", "ReplicaSet", live);
    sets.sort_by_key(|set| (text(set, "/metadata/creationTimestamp").to_owned(), object::name(set).to_owned()));
    let at = sets.iter().position(|set| is_of(live, set));
    let new = at.map(|at| sets.remove(at));
    let rollout = Rollout { kind, live, new, old: sets };
    if object::is_terminating(live) {
        rollout.report(room, false);
        return;
    }
    if rollout.keep_pause(room) || rollout.keep_revision(room) {
        return;
    }
    let paused = live["spec"]["paused"] == true;
    if paused || rollout.is_scaled() {
        let moved = rollout.scale_in_proportion(room);
        if paused && !moved {
            rollout.clean(room);
        }
        rollout.report(room, false);
    } else if text(live, "/spec/strategy/type") == "Recreate" {
        rollout.recreate(room);
    } else {
        rollout.roll(room);
    }
}

impl Rollout<'_> {
    fn wanted(&self) -> usize {
        replicas(self.live)
    }

    /// How many pods there may be more, and less.
    fn bounds(&self) -> (usize, usize) {
        if text(self.live, "/spec/strategy/type") == "Recreate" {
            return (0, 0);
        }
        let (more, less) = rolling::bounds(&self.live["spec"]["strategy"]["rollingUpdate"], self.wanted());
        (more, less.min(self.wanted()))
    }

    fn sets(&self) -> impl Iterator<Item = &Value> {
        self.old.iter().chain(&self.new)
    }

    fn roll(&self, room: &mut Room) {
        let Some(new) = &self.new else {
            self.make(room);
            return;
        };
        let wanted = self.wanted();
        let to = if replicas(new) > wanted { wanted } else { self.size_of_new(replicas(new)) };
        if self.scale(room, new, to) || self.shrink(room, new) {
            return;
        }
        self.close(room);
    }

    /// How large the new set may be beside the old ones.
    fn size_of_new(&self, own: usize) -> usize {
        let (more, _) = self.bounds();
        let total: usize = self.sets().map(replicas).sum();
        let most = self.wanted() + more;
        if text(self.live, "/spec/strategy/type") == "Recreate" {
            return self.wanted();
        }
        own + most.saturating_sub(total).min(self.wanted().saturating_sub(own))
    }

    /// Takes old replicas away as far as availability allows: those that are not available first.
    fn shrink(&self, room: &mut Room, new: &Value) -> bool {
        let of = |set: &Value| count(number(set, "/status/availableReplicas").unwrap_or_default());
        let (_, less) = self.bounds();
        let least = self.wanted().saturating_sub(less);
        let total: usize = self.sets().map(replicas).sum();
        let mut spare = total.saturating_sub(least + replicas(new).saturating_sub(of(new)));
        if spare == 0 || total == replicas(new) {
            return false;
        }
        let mut sizes: Vec<usize> = self.old.iter().map(replicas).collect();
        for (size, set) in sizes.iter_mut().zip(&self.old) {
            let ill = spare.min(size.saturating_sub(of(set)));
            *size -= ill;
            spare -= ill;
        }
        let available: usize = self.sets().map(of).sum();
        let mut spare = available.saturating_sub(least);
        for size in &mut sizes {
            let less = spare.min(*size);
            *size -= less;
            spare -= less;
        }
        let mut moved = false;
        for (size, set) in sizes.into_iter().zip(&self.old) {
            moved |= self.scale(room, set, size);
        }
        moved
    }

    fn recreate(&self, room: &mut Room) {
        let mut moved = false;
        for set in &self.old {
            moved |= self.scale(room, set, 0);
        }
        if moved {
            return;
        }
        let runs = |set: &Value| {
            number(set, "/status/replicas").unwrap_or_default() > 0
                || room.owned("", "Pod", set).iter().any(|pod| !is_finished(pod))
        };
        if self.old.iter().any(runs) {
            self.report(room, true);
            return;
        }
        match &self.new {
            None => self.make(room),
            Some(new) if self.scale(room, new, self.wanted()) => {}
            Some(_) => self.close(room),
        }
    }

    /// The end of a step in which nothing was scaled.
    fn close(&self, room: &mut Room) {
        if progress::is_complete(self.live, &self.live["status"]) {
            self.clean(room);
        }
        self.report(room, true);
    }

    /// Old sets beyond the history limit go.
    fn clean(&self, room: &mut Room) {
        let Some(limit) = number(self.live, "/spec/revisionHistoryLimit").filter(|n| *n != i64::from(i32::MAX)) else {
            return;
        };
        let mut all: Vec<&Value> = self.old.iter().filter(|set| !object::is_terminating(set)).collect();
        all.sort_by_key(|set| revision(set));
        let idle = |set: &Value| {
            replicas(set) == 0
                && number(set, "/status/replicas").unwrap_or_default() == 0
                && number(set, "/metadata/generation") <= number(set, "/status/observedGeneration")
        };
        for set in all.iter().take(all.len().saturating_sub(count(limit))).filter(|set| idle(set)) {
            room.delete(set, &json!({"propagationPolicy": "Background"}));
        }
    }
}
