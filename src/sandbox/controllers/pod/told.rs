//! What the kubelet tells of a pod's containers: that they came to another state, and of probes that fail.

use jiff::Timestamp;
use serde_json::Value;

use super::super::super::object::{self, text};
use super::super::events::Teller;
use super::super::{Room, later};
use super::KUBELET;
use super::fate::{Doing, Now};
use super::kubelet::{Pod, Seen, delay, never, not_there};

/// Seconds until a probe that fails is told of again.
const REPEAT: i64 = 300;

impl Pod<'_> {
    /// Tells of containers that came to another state.
    pub(super) fn tell(&self, room: &mut Room, new: &Value) {
        for (key, place, all) in
            [("initContainerStatuses", "initContainers", &self.init), ("containerStatuses", "containers", &self.main)]
        {
            for (one, seen) in all {
                let name = text(one, "/name");
                let list = new["status"][key].as_array().into_iter().flatten();
                let own = list.clone().find(|own| own["name"] == name).cloned().unwrap_or_default();
                let was = self.before(key, name);
                let word = |own: &Value| {
                    (
                        own["restartCount"].clone(),
                        own["state"]["waiting"]["reason"].clone(),
                        own["state"].get("running").is_some(),
                    )
                };
                if let Seen::Is { now, .. } = seen
                    && word(&was) != word(&own)
                {
                    self.tell_of(room, (one, &format!("spec.{place}{{{name}}}")), now.doing);
                }
            }
        }
    }

    fn tell_of(&self, room: &mut Room, (one, field): (&Value, &str), doing: Doing) {
        let (by, live, image) = (Teller::of(KUBELET, field), self.live, text(one, "/image"));
        match doing {
            Doing::Running => {
                let said =
                    format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
                room.tell(live, by, ("Pulled", &said));
                room.tell(live, by, ("Created", "Container created"));
                room.tell(live, by, ("Started", "Container started"));
            }
            Doing::Ended(..) => {}
            Doing::BackOff(..) => {
                let (pod, space) = (object::name(live), object::namespace(live));
                let place = format!("{pod}_{space}({})", object::uid(live));
                let said = format!("Back-off restarting failed container {} in pod {place}", text(one, "/name"));
                room.warn(live, by, ("BackOff", &said));
            }
            Doing::PullFailed => {
                room.tell(live, by, ("Pulling", &format!("Pulling image \"{image}\"")));
                room.warn(live, by, ("Failed", &format!("Failed to pull image \"{image}\": {}", not_there(image))));
                room.warn(live, by, ("Failed", "Error: ErrImagePull"));
            }
            Doing::PullBackOff => {
                room.tell(live, by, ("BackOff", &format!("Back-off pulling image \"{image}\"")));
                room.warn(live, by, ("Failed", "Error: ImagePullBackOff"));
            }
        }
    }

    /// Tells of probes that fail, now and every five minutes; says when the next is due.
    pub(super) fn tell_unhealthy(&self, room: &mut Room) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        for (one, seen) in &self.main {
            let Seen::Is { now: Now { doing: Doing::Running, .. }, begin, .. } = seen else { continue };
            if !never(one) {
                continue;
            }
            let (field, what) =
                (format!("spec.containers{{{}}}", text(one, "/name")), ("Unhealthy", "Readiness probe failed: "));
            let by = Teller::of(KUBELET, &field);
            let told = room.told_at(self.live, by, what);
            let due = told.and_then(|told| later(told, REPEAT)).or_else(|| later(*begin, delay(one)))?;
            let due = if due <= self.now {
                room.warn(self.live, by, what);
                later(self.now, REPEAT)?
            } else {
                due
            };
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        next
    }
}
