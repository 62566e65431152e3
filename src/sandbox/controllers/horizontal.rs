//! `HorizontalPodAutoscaler`: keeps its target between its bounds, by the target's `/scale`.
//!
//! There is no load in a sandbox. The annotation `sandbox.driftdeck.dev/replicas` of the autoscaler says how many the
//! load would ask for; without it the target keeps its number. Refuses metrics: it never tells of any.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::super::scale;
use super::super::store::Name;
use super::super::write::Author;
use super::status::condition;
use super::{MANAGER, Room};

const BY: &str = "horizontal-pod-autoscaler";
/// What the load asks for, on the autoscaler.
const LOAD: &str = "sandbox.driftdeck.dev/replicas";

/// One step of an autoscaler.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let (now, mut new) = (room.now(), live.clone());
    let Some((target_kind, target)) = target_of(room, live) else {
        let why = missing(room, live);
        let said = format!("the HPA controller was unable to get the target's current scale: {why}");
        condition(&mut new["status"], ("AbleToScale", "False", "FailedGetScale", &said), now);
        room.status(kind, live, new, MANAGER);
        room.warn(live, BY, ("FailedGetScale", &why));
        return;
    };
    let current = number(&target, "/spec/replicas").unwrap_or(1);
    let load = live["metadata"]["annotations"].get(LOAD).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let (least, most) = bounds(live);
    let asked: i64 = load.unwrap_or(current);
    // A target at zero is left alone: so it is switched off.
    let wanted = if current == 0 { 0 } else { asked.clamp(least, most) };
    if wanted == current {
        let said = "recommended size matches current size";
        condition(&mut new["status"], ("AbleToScale", "True", "ReadyForNewScale", said), now);
    } else {
        let author = Author::controller(MANAGER);
        let _ = scale::set(room.world, room.state, &target_kind, (&target, wanted), &author);
        new["status"]["lastScaleTime"] = now.to_string().into();
        let said = format!("New size: {wanted}; reason: {}", reason((current, asked), (least, most)));
        room.tell(live, BY, ("SuccessfulRescale", &said));
        let said = format!("the HPA controller was able to update the target scale to {wanted}");
        condition(&mut new["status"], ("AbleToScale", "True", "SucceededRescale", &said), now);
    }
    let status = &mut new["status"];
    object::put(status, "currentReplicas", json!(number(&target, "/status/replicas").unwrap_or_default()));
    object::put(status, "desiredReplicas", wanted.into());
    judge(status, wanted, (asked, least, most), now);
    room.status(kind, live, new, MANAGER);
}

fn bounds(live: &Value) -> (i64, i64) {
    let least = number(live, "/spec/minReplicas").unwrap_or(1);
    (least, number(live, "/spec/maxReplicas").unwrap_or(least).max(least))
}

/// Why the size was changed.
fn reason((current, asked): (i64, i64), (least, most): (i64, i64)) -> &'static str {
    match current {
        _ if current > most => "Current number of replicas above Spec.MaxReplicas",
        _ if current < least => "Current number of replicas below Spec.MinReplicas",
        _ if asked > current => "cpu resource utilization (percentage of request) above target",
        _ => "All metrics below target",
    }
}

fn judge(status: &mut Value, wanted: i64, (asked, least, most): (i64, i64, i64), now: jiff::Timestamp) {
    let (active, why, said) = match wanted {
        0 => ("False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero"),
        _ => ("True", "ValidMetricFound", "the HPA was able to successfully calculate a replica count"),
    };
    condition(status, ("ScalingActive", active, why, said), now);
    let (limited, why, said) = match asked {
        _ if asked > most => {
            ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count")
        }
        _ if asked < least => {
            ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")
        }
        _ => ("False", "DesiredWithinRange", "the desired count is within the acceptable range"),
    };
    condition(status, ("ScalingLimited", limited, why, said), now);
}

/// What the server says of a target that is not there.
fn missing(room: &Room, live: &Value) -> String {
    let (kind, name) = (text(live, "/spec/scaleTargetRef/kind"), text(live, "/spec/scaleTargetRef/name"));
    let version = text(live, "/spec/scaleTargetRef/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    match room.world.kinds.of(group, kind) {
        Some(kind) => format!("{} \"{name}\" not found", kind.qualified()),
        None => format!("no matches for kind \"{kind}\" in group \"{group}\""),
    }
}

/// Whoever scales an object is due when the object moved.
pub(super) fn target_moved(room: &mut Room, kind: &KindInfo, target: &Value) {
    if !kind.has_scale {
        return;
    }
    let Some(own) = room.world.kinds.of("autoscaling", "HorizontalPodAutoscaler") else { return };
    let all = room.state.store.list(own.id, object::namespace(target));
    let scales = |one: &Value| {
        text(one, "/spec/scaleTargetRef/kind") == &*kind.kind
            && text(one, "/spec/scaleTargetRef/name") == object::name(target)
    };
    let due: Vec<Value> = all.map(|(_, stored)| stored.value(own)).filter(scales).collect();
    for one in due {
        room.state.queue.due.insert((own.id, Name::of(&one)));
    }
}

fn target_of(room: &Room, live: &Value) -> Option<(std::sync::Arc<KindInfo>, Value)> {
    let version = text(live, "/spec/scaleTargetRef/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = room.world.kinds.of(group, text(live, "/spec/scaleTargetRef/kind"))?.clone();
    let name = Name::new(object::namespace(live), text(live, "/spec/scaleTargetRef/name"));
    let target = room.state.store.get(kind.id, &name).map(|stored| stored.value(&kind))?;
    kind.has_scale.then_some((kind, target))
}
