//! What the loop tells of objects: core/v1 Events, as client-go's recorder writes them.
//!
//! Owns their number: what is told again is counted; who tells of one object more than 25 times is heard once in five
//! minutes from then on, as client-go's spam filter does; the newest thousand are kept; each goes an hour after it was
//! written last.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object::{self, number, text};
use super::super::route::Part;
use super::super::store::Name;
use super::super::write::{Author, update};
use super::{MANAGER, Room, after};

/// Events of the loop at a time.
const KEPT: usize = 1_000;
/// Seconds that an event is remembered (kube-apiserver's `--event-ttl`).
const LIFE: i64 = 3_600;

/// Tellings of one component about one object at once, and the seconds until one more is heard.
const BURST: (i64, i64) = (25, 300);

/// `type` of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Normal,
    Warning,
}

/// What the loop has told.
#[derive(Debug, Default)]
pub(super) struct Log {
    known: BTreeMap<String, Name>,
    order: VecDeque<(String, Name)>,
    made: u64,
    /// By object and component: the seconds saved up for tellings, and when that was.
    credit: BTreeMap<String, (i64, Timestamp)>,
}

impl Log {
    /// Whether one more telling is heard.
    fn hears(&mut self, object: &Value, by: Teller, now: Timestamp) -> bool {
        let (most, cost) = (BURST.0 * BURST.1, BURST.1);
        let key = [object::uid(object), by.component].join("\n");
        let full = |(saved, at): (i64, Timestamp)| saved.saturating_add(now.duration_since(at).as_secs()).min(most);
        if self.credit.len() > KEPT {
            self.credit.retain(|_, own| full(*own) < most);
        }
        let saved = self.credit.get(&key).copied().map_or(most, full);
        let heard = saved >= cost;
        self.credit.insert(key, (if heard { saved - cost } else { saved }, now));
        heard
    }
}

/// Who tells: a component, and the part of the object that it tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller<'a> {
    component: &'a str,
    field: &'a str,
}

impl<'a> From<&'a str> for Teller<'a> {
    fn from(component: &'a str) -> Self {
        Self { component, field: "" }
    }
}

impl<'a> Teller<'a> {
    /// A component that tells of a part of an object, such as `spec.containers{web}`.
    pub(super) fn of(component: &'a str, field: &'a str) -> Self {
        Self { component, field }
    }

    /// The manager in whose name it writes.
    fn manager(self) -> &'static str {
        match self.component {
            "kubelet" => "kubelet",
            "default-scheduler" => "kube-scheduler",
            _ => MANAGER,
        }
    }
}

impl Room<'_> {
    /// Tells something as it should be.
    pub(super) fn tell<'a>(&mut self, object: &Value, by: impl Into<Teller<'a>>, what: (&str, &str)) {
        self.say(object, by.into(), (Tone::Normal, what.0, what.1));
    }

    /// Tells something that is wrong.
    pub(super) fn warn<'a>(&mut self, object: &Value, by: impl Into<Teller<'a>>, what: (&str, &str)) {
        self.say(object, by.into(), (Tone::Warning, what.0, what.1));
    }

    /// Tells what is told but once.
    pub(super) fn tell_once(&mut self, object: &Value, by: Teller, what: (&str, &str)) {
        if !self.state.queue.events.known.contains_key(&identity(object, by, what)) {
            self.tell(object, by, what);
        }
    }

    /// When something was told last.
    pub(super) fn told_at(&self, object: &Value, by: Teller, what: (&str, &str)) -> Option<Timestamp> {
        let name = self.state.queue.events.known.get(&identity(object, by, what))?;
        let event = self.get(("", "Event"), &name.namespace, &name.name)?;
        text(&event, "/lastTimestamp").parse().ok()
    }

    fn say(&mut self, object: &Value, by: Teller, (tone, reason, message): (Tone, &str, &str)) {
        let key = identity(object, by, (reason, message));
        let now = self.now();
        if !self.state.queue.events.hears(object, by, now) {
            return;
        }
        let known = self.state.queue.events.known.get(&key).cloned();
        if known.is_some_and(|name| self.count(&name, by)) {
            return;
        }
        let event = self.event(object, by, (tone, reason, message));
        if let Ok(made) = self.create_as(event, by.manager()) {
            let (name, log) = (Name::of(&made), &mut self.state.queue.events);
            log.known.insert(key.clone(), name.clone());
            log.order.push_back((key, name));
            self.forget_oldest();
        }
    }

    /// Counts what was told before; false where that is forgotten.
    fn count(&mut self, name: &Name, by: Teller) -> bool {
        let Some(kind) = self.world.kinds.of("", "Event").cloned() else { return false };
        let Some(live) = self.state.store.get(kind.id, name).map(|stored| stored.value(&kind)) else { return false };
        if text(&live, "/lastTimestamp") == self.now().to_string() {
            return true;
        }
        let mut new = live.clone();
        object::put(&mut new, "count", (number(&live, "/count").unwrap_or(1) + 1).into());
        object::put(&mut new, "lastTimestamp", self.now().to_string().into());
        let author = Author::controller(by.manager());
        let _ = update::update(self.world, self.state, (&kind, Part::Whole), (&live, new), &author);
        true
    }

    fn event(&mut self, object: &Value, by: Teller, (tone, reason, message): (Tone, &str, &str)) -> Value {
        let log = &mut self.state.queue.events;
        log.made += 1;
        let serial = self.state.now.as_second().unsigned_abs().wrapping_mul(1_000_000_000).wrapping_add(log.made);
        let namespace = Some(object::namespace(object)).filter(|own| !own.is_empty()).unwrap_or("default");
        let mut involved = json!({
            "kind": object["kind"], "apiVersion": object["apiVersion"], "name": object["metadata"]["name"],
            "uid": object["metadata"]["uid"], "resourceVersion": object["metadata"]["resourceVersion"],
        });
        for (key, value) in [("namespace", object::namespace(object)), ("fieldPath", by.field)] {
            if !value.is_empty() {
                involved[key] = value.into();
            }
        }
        let mut source = json!({"component": by.component});
        if by.component == "kubelet" {
            source["host"] = object["spec"]["nodeName"].clone();
        }
        let now = self.now().to_string();
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{}.{serial:x}", object::name(object)), "namespace": namespace},
            "involvedObject": involved, "reason": reason, "message": message, "source": source,
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
            "type": if tone == Tone::Normal { "Normal" } else { "Warning" },
            "eventTime": null, "reportingComponent": by.component,
            "reportingInstance": source.get("host").and_then(Value::as_str).unwrap_or_default(),
        })
    }

    fn forget_oldest(&mut self) {
        while self.state.queue.events.order.len() > KEPT {
            let Some((key, name)) = self.state.queue.events.order.pop_front() else { return };
            if self.state.queue.events.known.get(&key) == Some(&name) {
                self.state.queue.events.known.remove(&key);
            }
            if let Some(old) = self.get(("", "Event"), &name.namespace, &name.name) {
                self.delete(&old, &json!({}));
            }
        }
    }
}

/// What makes two tellings one.
fn identity(object: &Value, by: Teller, (reason, message): (&str, &str)) -> String {
    [object::uid(object), by.component, by.field, reason, message].join("\n")
}

/// Forgets an event whose hour is over.
pub(super) fn step(room: &mut Room, kind: &KindInfo, live: &Value) {
    let last = text(live, "/lastTimestamp").max(text(live, "/metadata/creationTimestamp"));
    let Some(end) = after(last, LIFE) else { return };
    if end > room.now() {
        room.again(kind, live, end);
        return;
    }
    let (own, log) = (Name::of(live), &mut room.state.queue.events);
    log.known.retain(|_, name| *name != own);
    log.order.retain(|(_, name)| *name != own);
    room.delete(live, &json!({}));
}
