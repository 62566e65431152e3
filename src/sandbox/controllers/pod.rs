//! Scheduler and kubelet: pods get a node, their containers start, become ready, fail, end, and go.
//!
//! Owns three failures that can be had as on a real node: an image whose reference holds `does-not-exist` cannot be
//! pulled; a container whose readiness probe executes `false` never becomes ready; a container that runs `false` fails.

mod fate;
mod kubelet;
mod scheduler;
mod told;

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::events::Teller;
use super::pods::is_finished;
use super::{Room, after, job, volume_claim};

pub(super) use scheduler::{bind_to, bound_to, node_moved, nodes, selects};

const KUBELET: &str = "kubelet";

/// One step in a pod's life.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if !room.state.kubelets {
        if object::is_terminating(live) {
            job::release_orphan(room, live);
        }
    } else if object::is_terminating(live) {
        stop(room, kind, live);
    } else if text(live, "/spec/nodeName").is_empty() {
        scheduler::place(room, kind, live);
    } else if !is_finished(live) {
        kubelet::advance(room, kind, live);
    }
}

/// A pod that was asked to go is gone a second later, or has ended and waits for who holds it.
fn stop(room: &mut Room, kind: &KindInfo, live: &Value) {
    if job::release_orphan(room, live) {
        return;
    }
    let grace = number(live, "/metadata/deletionGracePeriodSeconds").unwrap_or_default();
    let held = live["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty());
    let Some(due) = after(text(live, "/metadata/deletionTimestamp"), grace.min(1) - grace) else { return };
    if due > room.now() {
        for one in live["spec"]["containers"].as_array().into_iter().flatten() {
            let name = text(one, "/name");
            let (field, said) = (format!("spec.containers{{{name}}}"), format!("Stopping container {name}"));
            room.tell_once(live, Teller::of(KUBELET, &field), ("Killing", &said));
        }
        room.again(kind, live, due);
    } else if held && !is_finished(live) && !text(live, "/spec/nodeName").is_empty() {
        kubelet::end(room, kind, live);
    } else if !held || grace > 0 {
        room.delete(live, &json!({"gracePeriodSeconds": 0}));
        volume_claim::pod_gone(room, live);
    }
}
