//! The `ReplicaSets` of a Deployment: which is of its template, revisions and their history, annotations that are copied.

use serde_json::{Map, Value, json};

use super::super::super::object::{self, number};
use super::super::pods::{annotation, is_going, replicas};
use super::super::{MANAGER, Room, hash, status};
use super::{BY, Rollout};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const HASH: &str = "pod-template-hash";
/// Annotations that stay with the Deployment.
const OWN: [&str; 6] = [
    "deprecated.deployment.rollback.to",
    "kubectl.kubernetes.io/last-applied-configuration",
    DESIRED,
    HISTORY,
    MOST,
    REVISION,
];

/// Whether a set is of the Deployment's template.
pub(super) fn is_of(live: &Value, set: &Value) -> bool {
    let bare = |template: &Value| {
        let mut template = template.clone();
        object::take(&mut template, &["metadata", "labels", HASH]);
        object::take(&mut template, &["metadata", "creationTimestamp"]);
        template
    };
    bare(&live["spec"]["template"]) == bare(&set["spec"]["template"])
}

/// A set's revision, none where there is none.
pub(super) fn revision(set: &Value) -> u64 {
    annotation(set, REVISION).parse().unwrap_or_default()
}

impl Rollout<'_> {
    fn next_revision(&self) -> u64 {
        self.old.iter().map(revision).max().unwrap_or_default() + 1
    }

    /// What the Deployment's annotations leave on its newest set.
    fn copied(&self, own: &Value) -> Map<String, Value> {
        let mut all = own["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        let said = self.live["metadata"]["annotations"].as_object().into_iter().flatten();
        all.extend(
            said.filter(|(key, _)| !OWN.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())),
        );
        all
    }

    /// Keeps the newest set's annotations and the Deployment's revision; says whether anything was written.
    pub(super) fn keep_revision(&self, room: &mut Room) -> bool {
        let Some(new) = &self.new else { return false };
        let mut all = self.copied(new);
        let (own, next) = (revision(new), self.next_revision());
        if own < next {
            all.insert(REVISION.to_owned(), next.to_string().into());
            if own > 0 {
                let before = annotation(new, HISTORY);
                let history = if before.is_empty() { own.to_string() } else { format!("{before},{own}") };
                all.insert(HISTORY.to_owned(), history.into());
            }
        }
        let mut next = new.clone();
        object::set(&mut next, &["metadata", "annotations"], all.into());
        match self.live["spec"].get("minReadySeconds").filter(|least| **least != 0) {
            Some(least) => object::set(&mut next, &["spec", "minReadySeconds"], least.clone()),
            None => {
                object::take(&mut next, &["spec", "minReadySeconds"]);
            }
        }
        if next != *new {
            room.update_any(new, next);
            return true;
        }
        self.note(room, new, ("FoundNewReplicaSet", "Found new replica set"))
    }

    /// Notes the revision on the Deployment, and (where none is said yet) how it came by its set.
    fn note(&self, room: &mut Room, new: &Value, (reason, said): (&str, &str)) -> bool {
        let mut next = self.live.clone();
        object::set(&mut next, &["metadata", "annotations", REVISION], annotation(new, REVISION).into());
        let unsaid = status::find(&self.live["status"], "Progressing").is_none() || reason == "NewReplicaSetCreated";
        if unsaid && self.has_deadline() {
            let said = format!("{said} \"{}\"", object::name(new));
            status::renew(&mut next["status"], ("Progressing", "True", reason, &said), room.now());
        }
        let moved = next != *self.live;
        room.status(self.kind, self.live, next, MANAGER);
        moved
    }

    pub(super) fn has_deadline(&self) -> bool {
        number(self.live, "/spec/progressDeadlineSeconds").is_some_and(|limit| limit != i64::from(i32::MAX))
    }

    /// Makes the set of the template.
    pub(super) fn make(&self, room: &mut Room) {
        let collisions = number(self.live, "/status/collisionCount").unwrap_or_default();
        let template = &self.live["spec"]["template"];
        let name = if collisions == 0 { hash(template) } else { hash(&json!([template, collisions])) };
        let set = self.set(&name);
        match room.create(set) {
            Ok(made) => {
                let size = replicas(&made);
                if size > 0 {
                    let said = format!("Scaled up replica set {} from 0 to {size}", object::name(&made));
                    room.tell(self.live, BY, ("ScalingReplicaSet", &said));
                }
                self.note(room, &made, ("NewReplicaSetCreated", "Created new replica set"));
            }
            Err(failure) if is_going(&failure) => {}
            Err(failure) if failure.reason == "AlreadyExists" => {
                let mut next = self.live.clone();
                object::set(&mut next, &["status", "collisionCount"], (collisions + 1).into());
                room.status(self.kind, self.live, next, MANAGER);
            }
            Err(failure) => {
                let why = &failure.message;
                let said = format!("Failed to create new replica set \"{}-{name}\": {why}", object::name(self.live));
                room.warn(self.live, BY, ("ReplicaSetCreateError", &said));
                let mut next = self.live.clone();
                status::renew(
                    &mut next["status"],
                    ("Progressing", "False", "ReplicaSetCreateError", &said),
                    room.now(),
                );
                room.status(self.kind, self.live, next, MANAGER);
            }
        }
    }

    fn set(&self, name: &str) -> Value {
        let live = self.live;
        let mut template = live["spec"]["template"].clone();
        object::set(&mut template, &["metadata", "labels", HASH], name.into());
        let mut selector = live["spec"]["selector"].clone();
        object::set(&mut selector, &["matchLabels", HASH], name.into());
        let mut annotations = self.copied(&Value::Null);
        annotations.insert(REVISION.to_owned(), self.next_revision().to_string().into());
        annotations.insert(DESIRED.to_owned(), self.wanted().to_string().into());
        annotations.insert(MOST.to_owned(), (self.wanted() + self.bounds().0).to_string().into());
        let mut set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": format!("{}-{name}", object::name(live)), "namespace": object::namespace(live),
                "labels": template["metadata"]["labels"], "annotations": annotations,
                "ownerReferences": object::owned_by(live),
            },
            "spec": {"replicas": self.size_of_new(0), "selector": selector, "template": template},
        });
        if let Some(least) = live["spec"].get("minReadySeconds").filter(|least| **least != 0) {
            object::set(&mut set, &["spec", "minReadySeconds"], least.clone());
        }
        set
    }
}
