//! The status of a Deployment: its counts, and its conditions Available, Progressing and `ReplicaFailure`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::object::{self, number, text};
use super::super::pods::{count, replicas};
use super::super::{MANAGER, Room, after, status};
use super::Rollout;

/// All replicas are of the newest template, available, and no old one is left.
pub(super) fn is_complete(live: &Value, status: &Value) -> bool {
    let wanted = number(live, "/spec/replicas").unwrap_or(1);
    let of = |key: &str| number(status, &format!("/{key}")).unwrap_or_default();
    of("updatedReplicas") == wanted
        && of("replicas") == wanted
        && of("availableReplicas") == wanted
        && of("observedGeneration") >= number(live, "/metadata/generation").unwrap_or_default()
}

/// More of the new or less of the old than before.
fn has_moved(old: &Value, new: &Value) -> bool {
    let of = |status: &Value, key: &str| number(status, &format!("/{key}")).unwrap_or_default();
    let left = |status: &Value| of(status, "replicas") - of(status, "updatedReplicas");
    left(new) < left(old)
        || ["updatedReplicas", "readyReplicas", "availableReplicas"].iter().any(|key| of(new, key) > of(old, key))
}

impl Rollout<'_> {
    /// Says that the Deployment is paused, or goes on; says whether that was written.
    pub(super) fn keep_pause(&self, room: &mut Room) -> bool {
        let own = status::find(&self.live["status"], "Progressing").map(|own| text(own, "/reason"));
        let paused = self.live["spec"]["paused"] == true;
        let was = own == Some("DeploymentPaused");
        if !self.has_deadline() || own == Some("ProgressDeadlineExceeded") || paused == was {
            return false;
        }
        let mut next = self.live.clone();
        let (reason, said) = if paused {
            ("DeploymentPaused", "Deployment is paused")
        } else {
            ("DeploymentResumed", "Deployment is resumed")
        };
        status::renew(&mut next["status"], ("Progressing", "Unknown", reason, said), room.now());
        room.status(self.kind, self.live, next, MANAGER);
        true
    }

    /// Writes the status; `rollout` says that progress is judged too.
    pub(super) fn report(&self, room: &mut Room, rollout: bool) {
        let mut status = self.counted();
        let now = room.now();
        let (wanted, have) = (self.wanted(), number(&status, "/availableReplicas").unwrap_or_default());
        let words = if count(have) >= wanted.saturating_sub(self.bounds().1) {
            ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        status::renew(&mut status, words, now);
        if rollout {
            self.judge(&mut status, now);
            self.fail(&mut status, now);
        }
        if status == self.live["status"] {
            self.come_back(room);
            return;
        }
        let mut next = self.live.clone();
        next["status"] = status;
        room.status(self.kind, self.live, next, MANAGER);
    }

    fn counted(&self) -> Value {
        let of = |set: &Value, key: &str| count(number(set, &format!("/status/{key}")).unwrap_or_default());
        let sum = |key: &str| self.sets().map(|set| of(set, key)).sum::<usize>();
        let total: usize = self.sets().map(replicas).sum();
        let mut status = json!({"observedGeneration": self.live["metadata"]["generation"]});
        for key in ["conditions", "collisionCount"] {
            if let Some(own) = self.live["status"].get(key) {
                status[key] = own.clone();
            }
        }
        status::counts(
            &mut status,
            &[
                ("replicas", sum("replicas")),
                ("updatedReplicas", self.new.as_ref().map_or(0, |new| of(new, "replicas"))),
                ("readyReplicas", sum("readyReplicas")),
                ("availableReplicas", sum("availableReplicas")),
                ("unavailableReplicas", total.saturating_sub(sum("availableReplicas"))),
            ],
        );
        if self.sets().all(|set| set["status"].get("terminatingReplicas").is_some()) {
            object::put(&mut status, "terminatingReplicas", sum("terminatingReplicas").into());
        }
        status
    }

    fn judge(&self, status: &mut Value, now: Timestamp) {
        if !self.has_deadline() {
            status::drop(status, "Progressing");
            return;
        }
        let own = status::find(&self.live["status"], "Progressing");
        let reason = own.map(|own| text(own, "/reason")).unwrap_or_default();
        if status["replicas"] == status["updatedReplicas"] && reason == "NewReplicaSetAvailable" {
            return;
        }
        let what = match &self.new {
            Some(new) => format!("ReplicaSet \"{}\"", object::name(new)),
            None => format!("Deployment \"{}\"", object::name(self.live)),
        };
        let since = own.map(|own| text(own, "/lastUpdateTime")).unwrap_or_default();
        let limit = number(self.live, "/spec/progressDeadlineSeconds").unwrap_or(600);
        let late = after(since, limit).is_some_and(|end| end < now) && reason != "NewReplicaSetAvailable";
        if is_complete(self.live, status) {
            let said = format!("{what} has successfully progressed.");
            status::renew(status, ("Progressing", "True", "NewReplicaSetAvailable", &said), now);
        } else if has_moved(&self.live["status"], status) {
            let said = format!("{what} is progressing.");
            status::replace(status, ("Progressing", "True", "ReplicaSetUpdated", &said), now);
        } else if late || reason == "ProgressDeadlineExceeded" {
            let said = format!("{what} has timed out progressing.");
            status::renew(status, ("Progressing", "False", "ProgressDeadlineExceeded", &said), now);
        }
    }

    /// What the sets say of pods that could not be made.
    fn fail(&self, status: &mut Value, now: Timestamp) {
        let failure = |set: &Value| status::find(&set["status"], "ReplicaFailure").cloned();
        let Some(own) = self.new.as_ref().and_then(failure).or_else(|| self.old.iter().find_map(failure)) else {
            status::drop(status, "ReplicaFailure");
            return;
        };
        let words = ("ReplicaFailure", text(&own, "/status"), text(&own, "/reason"), text(&own, "/message"));
        status::renew(status, words, now);
    }

    /// Looks again when the deadline is over, where the rollout stands still.
    fn come_back(&self, room: &mut Room) {
        let own = status::find(&self.live["status"], "Progressing").filter(|_| self.has_deadline());
        let Some(own) = own.filter(|own| text(own, "/reason") != "ProgressDeadlineExceeded") else { return };
        if is_complete(self.live, &self.live["status"]) {
            return;
        }
        let limit = number(self.live, "/spec/progressDeadlineSeconds").unwrap_or(600);
        if let Some(due) = after(text(own, "/lastUpdateTime"), limit + 1).filter(|due| *due > room.now()) {
            room.again(self.kind, self.live, due);
        }
    }
}
