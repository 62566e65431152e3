//! A Deployment whose size was changed while several of its sets have pods: each gets its share.

use std::cmp::Reverse;

use serde_json::Value;

use super::super::super::object::{self, number, text};
use super::super::Room;
use super::super::pods::{annotation, replicas};
use super::sets::{DESIRED, MOST};
use super::{BY, Rollout};

impl Rollout<'_> {
    /// Whether the size was changed since the sets were scaled last.
    pub(super) fn is_scaled(&self) -> bool {
        let stale = |set: &Value| annotation(set, DESIRED).parse().is_ok_and(|was: usize| was != self.wanted());
        self.sets().filter(|set| replicas(set) > 0).any(stale)
    }

    /// Scales a set; says whether its size moved.
    pub(super) fn scale(&self, room: &mut Room, set: &Value, to: usize) -> bool {
        if replicas(set) == to {
            return false;
        }
        self.write_size(room, set, to);
        true
    }

    fn write_size(&self, room: &mut Room, set: &Value, to: usize) {
        let from = replicas(set);
        let mut new = set.clone();
        object::set(&mut new, &["spec", "replicas"], to.into());
        object::set(&mut new, &["metadata", "annotations", DESIRED], self.wanted().to_string().into());
        let most = (self.wanted() + self.bounds().0).to_string();
        object::set(&mut new, &["metadata", "annotations", MOST], most.into());
        room.update_any(set, new);
        if from != to {
            let way = if from < to { "up" } else { "down" };
            let said = format!("Scaled {way} replica set {} from {from} to {to}", object::name(set));
            room.tell(self.live, BY, ("ScalingReplicaSet", &said));
        }
    }

    /// One active set takes all; several take their share; says whether anything was scaled.
    pub(super) fn scale_in_proportion(&self, room: &mut Room) -> bool {
        let mut active: Vec<&Value> = self.sets().filter(|set| replicas(set) > 0).collect();
        if active.len() <= 1 {
            let latest = active.first().copied().or(self.new.as_ref()).or(self.old.last());
            return latest.is_some_and(|set| self.scale(room, set, self.wanted()));
        }
        if self.new.as_ref().is_some_and(|new| self.is_saturated(new)) {
            return self.old.iter().fold(false, |moved, set| self.scale(room, set, 0) | moved);
        }
        if text(self.live, "/spec/strategy/type") == "Recreate" {
            return false;
        }
        let signed = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        let most = if self.wanted() > 0 { signed(self.wanted() + self.bounds().0) } else { 0 };
        let total: i64 = active.iter().map(|set| signed(replicas(set))).sum();
        let born = |set: &Value| text(set, "/metadata/creationTimestamp").to_owned();
        if most > total {
            active.sort_by_key(|set| Reverse((replicas(set), born(set))));
        } else {
            active.sort_by_key(|set| (Reverse(replicas(set)), born(set)));
        }
        let mut left = most - total;
        let mut sizes = Vec::new();
        for set in &active {
            let share = self.share(set, signed(replicas(set)));
            let share = if most > total { share.min(left).max(0) } else { share.max(left).min(0) };
            left -= share;
            sizes.push(signed(replicas(set)) + share);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + left).max(0);
        }
        for (set, size) in active.iter().zip(&sizes) {
            self.write_size(room, set, usize::try_from(*size).unwrap_or_default());
        }
        active.iter().zip(sizes).any(|(set, size)| signed(replicas(set)) != size)
    }

    /// What a set would gain or lose were all of them scaled alike.
    fn share(&self, set: &Value, own: i64) -> i64 {
        if self.wanted() == 0 {
            return -own;
        }
        let most = i64::try_from(self.wanted() + self.bounds().0).unwrap_or(i64::MAX);
        let before = annotation(set, MOST).parse().ok().filter(|most: &i64| *most > 0);
        let before = before.or_else(|| number(self.live, "/status/replicas")).filter(|before| *before > 0);
        // Halves round up, as in Go's `RoundToInt32`.
        before.map_or(0, |before| (2 * own * most + before) / (2 * before) - own)
    }

    fn is_saturated(&self, new: &Value) -> bool {
        let wanted = self.wanted();
        replicas(new) == wanted
            && annotation(new, DESIRED) == wanted.to_string()
            && number(new, "/status/availableReplicas").unwrap_or_default() == i64::try_from(wanted).unwrap_or(i64::MAX)
    }
}
