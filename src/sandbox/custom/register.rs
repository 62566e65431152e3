//! From definitions to kinds: who may have which names, and the world as it is after a definition moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::core::{State, World};
use super::super::kinds::{KindId, KindInfo, Kinds, list};
use super::super::object::{self, text};
use super::super::route::Part;
use super::super::store::Name;
use super::super::write::{Author, delete, replace, update};
use super::{Custom, GROUP, KIND, definition, document};

/// What holds a definition that goes until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Where the objects of each definition lie, by the definition's uid.
pub(in super::super) type Registered = BTreeMap<String, KindId>;

/// After a write of a definition: its names are judged, its kinds opened, changed or closed.
pub(in super::super) fn written(world: &World, state: &mut State, written: &Value, gone: bool) {
    let Some(kind) = world.kinds.of(GROUP, KIND).cloned() else { return };
    if !gone && !object::is_terminating(written) {
        let live = stored(state, &kind, object::name(written));
        let status = judged(state, &kind, &live);
        if status != live["status"] {
            let mut new = live.clone();
            object::put(&mut new, "status", status);
            let author = Author::status("kube-apiserver");
            let _ = update::update(world, state, (&kind, Part::Status), (&live, new), &author);
            return;
        }
    }
    let uid = object::uid(written).to_owned();
    if !gone && object::is_terminating(written) {
        rebuild(state, &kind);
        empty(&state.world.clone(), state, &kind, written);
        return;
    }
    if gone {
        state.registered.remove(&uid);
    } else if !state.registered.contains_key(&uid) {
        let id = state.store.open();
        state.registered.insert(uid, id);
    }
    rebuild(state, &kind);
    if gone {
        let others: Vec<Value> = definitions(state, &kind);
        for other in others.iter().filter(|other| text(other, "/spec/group") == text(written, "/spec/group")) {
            self::written(&state.world.clone(), state, other, false);
        }
    }
}

/// After a custom object is gone: a definition that waited for it may go too.
pub(in super::super) fn removed(world: &World, state: &mut State, of: &KindInfo) {
    let Some(kind) = world.kinds.of(GROUP, KIND).cloned() else { return };
    let live = stored(state, &kind, &of.qualified());
    if object::is_terminating(&live) {
        empty(world, state, &kind, &live);
    }
}

fn stored(state: &State, kind: &KindInfo, name: &str) -> Value {
    state.store.get(kind.id, &Name::new("", name)).map_or(Value::Null, |stored| stored.value(kind))
}

fn definitions(state: &State, kind: &KindInfo) -> Vec<Value> {
    state.store.list(kind.id, "").map(|(_, stored)| stored.value(kind)).collect()
}

/// Deletes the objects of a definition that goes; when none is left it goes itself.
fn empty(world: &World, state: &mut State, kind: &KindInfo, body: &Value) {
    let own = state.registered.get(object::uid(body)).copied();
    let of = own.and_then(|id| world.kinds.get(id).cloned());
    if let Some(of) = &of {
        let all: Vec<Value> = state.store.list(of.id, "").map(|(_, stored)| stored.value(of)).collect();
        for live in all.iter().filter(|live| !object::is_terminating(live)) {
            delete::delete(world, state, of, (live, &json!({})));
        }
        if state.store.list(of.id, "").next().is_some() {
            return;
        }
    }
    let live = stored(state, kind, object::name(body));
    let mut new = live.clone();
    if let Some(finalizers) = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut) {
        finalizers.retain(|one| one != CLEANUP);
    }
    if !live.is_null() && live != new {
        let _ = replace(world, state, kind, (&live, new), &Author::controller("kube-apiserver"));
    }
}

/// Holds a definition that is about to go, and says so.
pub(in super::super) fn hold(state: &State, last: &mut Value) {
    let why = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let mut status = last["status"].take();
    set_condition(state, &mut status, "Terminating", ("True", "InstanceDeletionPending", why));
    object::put(last, "status", status);
    let mut finalizers = last["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if !finalizers.iter().any(|one| one == CLEANUP) {
        finalizers.push(CLEANUP.into());
    }
    object::set(last, &["metadata", "finalizers"], finalizers.into());
}

/// The status that a definition must have, given the others.
fn judged(state: &State, kind: &KindInfo, live: &Value) -> Value {
    let others = definitions(state, kind);
    let is_rival = |other: &&Value| {
        object::name(other) != object::name(live) && text(other, "/spec/group") == text(live, "/spec/group")
    };
    let rivals: Vec<&Value> = others.iter().filter(is_rival).collect();
    let mut status = live["status"].clone();
    let (accepted, conflict) = definition::accepted(live, &rivals);
    object::put(&mut status, "acceptedNames", accepted);
    let was_established = condition(&status, "Established").is_some_and(|own| own["status"] == "True");
    let (names, established) = match &conflict {
        None => {
            let words = ("True", "NoConflicts", "no conflicts found");
            (words, ("True", "InitialNamesAccepted", "the initial names have been accepted"))
        }
        Some((reason, sentence)) => {
            let words = ("False", *reason, sentence.as_str());
            (words, ("False", "NotAccepted", "not all names are accepted"))
        }
    };
    set_condition(state, &mut status, "NamesAccepted", names);
    if !was_established {
        set_condition(state, &mut status, "Established", established);
    }
    store_versions(live, &mut status);
    status
}

/// A version that becomes the storage version is stored from then on.
fn store_versions(live: &Value, status: &mut Value) {
    let storage = list(&live["spec"]["versions"]).find(|version| version["storage"] == true);
    let name = storage.map(|version| version["name"].clone()).unwrap_or_default();
    let mut all = status["storedVersions"].as_array().cloned().unwrap_or_default();
    if !name.is_null() && !all.contains(&name) {
        all.push(name);
    }
    object::put(status, "storedVersions", all.into());
}

fn condition<'v>(status: &'v Value, kind: &str) -> Option<&'v Value> {
    list(&status["conditions"]).find(|own| own["type"] == kind)
}

fn set_condition(state: &State, status: &mut Value, kind: &str, (word, reason, message): (&str, &str, &str)) {
    if condition(status, kind).is_some_and(|own| own["status"] == word && own["reason"] == reason) {
        return;
    }
    let new = json!({
        "type": kind, "status": word, "lastTransitionTime": state.now.to_string(), "reason": reason,
        "message": message,
    });
    let mut all = status["conditions"].as_array().cloned().unwrap_or_default();
    match all.iter_mut().find(|own| own["type"] == kind) {
        Some(own) => *own = new,
        None => all.push(new),
    }
    object::put(status, "conditions", all.into());
}

/// The world with the kinds of every established definition.
fn rebuild(state: &mut State, kind: &KindInfo) {
    let mut customs: Vec<KindInfo> = Vec::new();
    for body in definitions(state, kind) {
        let established = condition(&body["status"], "Established").is_some_and(|own| own["status"] == "True");
        let id = state.registered.get(object::uid(&body));
        if let Some(id) = id.filter(|_| established) {
            let mut versions: Vec<&Value> = list(&body["spec"]["versions"]).collect();
            versions.sort_by_key(|version| version["storage"] != true);
            customs.extend(versions.into_iter().map(|version| info(*id, &body, version)));
        }
    }
    let base = &state.world.base;
    let mut world = World { kinds: Arc::new(Kinds::with(&base.kinds, customs)), ..(*state.world).clone() };
    world.schemas = base.schemas.clone();
    let mut documents = (*base.documents).clone();
    let shipped = documents.read(&format!("apis/{GROUP}/v1"));
    let meta = document::meta(&shipped);
    let mut by_version: BTreeMap<String, Vec<&KindInfo>> = BTreeMap::new();
    for kind in world.kinds.iter().filter(|kind| kind.custom.is_some() && kind.is_served()) {
        by_version.entry(kind.api_version()).or_default().push(kind);
    }
    for (version, kinds) in by_version {
        let document = document::of(&kinds, &meta);
        let _ = world.schemas.add(&document);
        documents.put(format!("apis/{version}"), &document);
    }
    world.documents = Arc::new(documents);
    state.world = Arc::new(world);
    state.wake(None);
}

fn info(id: KindId, body: &Value, version: &Value) -> KindInfo {
    let (names, subresources) = (&body["status"]["acceptedNames"], &version["subresources"]);
    let word = |key: &str| names[key].as_str().unwrap_or_default();
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    KindInfo {
        id,
        group: text(body, "/spec/group").into(),
        version: text(version, "/name").into(),
        kind: word("kind").into(),
        plural: word("plural").into(),
        namespaced: text(body, "/spec/scope") == "Namespaced",
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        has_status: subresources.get("status").is_some(),
        has_scale: subresources.get("scale").is_some(),
        names: names.clone(),
        custom: Some(Arc::new(Custom {
            schema: version["schema"]["openAPIV3Schema"].clone(),
            columns: version["additionalPrinterColumns"].clone(),
            scale: subresources["scale"].clone(),
            selectable: list(&version["selectableFields"])
                .map(|field| text(field, "/jsonPath").trim_start_matches('.').to_owned())
                .collect(),
            is_served: version["served"] == true,
            is_going: object::is_terminating(body),
        })),
    }
}
