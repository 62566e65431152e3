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
use super::{MANAGER, Room, condition};

/// What the load asks for, on the autoscaler.
const LOAD: &str = "sandbox.driftdeck.dev/replicas";

/// One step of an autoscaler.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    if object::is_terminating(live) {
        return;
    }
    let (now, mut new) = (room.now(), live.clone());
    let Some((target_kind, target)) = target_of(room, live) else {
        let said = format!("the {} it scales is not there", text(live, "/spec/scaleTargetRef/kind"));
        condition(&mut new["status"], ("AbleToScale", false, "FailedGetScale", &said), now, false);
        room.status(kind, live, new, MANAGER);
        return;
    };
    let current = number(&target, "/spec/replicas").unwrap_or(1);
    let load = live["metadata"]["annotations"].get(LOAD).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let least = number(live, "/spec/minReplicas").unwrap_or(1);
    let most = number(live, "/spec/maxReplicas").unwrap_or(least).max(least);
    let asked: i64 = load.unwrap_or(current);
    // A target at zero is left alone: so it is switched off.
    let wanted = if current == 0 { 0 } else { asked.clamp(least, most) };
    let scaled = wanted != current;
    if scaled {
        let author = Author::controller(MANAGER);
        let _ = scale::set(room.world, room.state, &target_kind, (&target, wanted), &author);
        new["status"]["lastScaleTime"] = now.to_string().into();
    }
    let status = &mut new["status"];
    object::put(status, "currentReplicas", json!(number(&target, "/status/replicas").unwrap_or_default()));
    object::put(status, "desiredReplicas", wanted.into());
    condition(status, ("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size"), now, false);
    let (active, why, said) = match wanted {
        0 => (false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero"),
        _ => (true, "ValidMetricFound", "the HPA was able to successfully calculate a replica count"),
    };
    condition(status, ("ScalingActive", active, why, said), now, false);
    let (limited, why, said) = match asked {
        _ if asked > most => {
            (true, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
        }
        _ if asked < least => {
            (true, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
        }
        _ => (false, "DesiredWithinRange", "the desired count is within the acceptable range"),
    };
    condition(status, ("ScalingLimited", limited, why, said), now, false);
    room.status(kind, live, new, MANAGER);
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
