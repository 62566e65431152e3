//! What ownership goes by for a kind: its zero object, its other versions, and what its parts reset.
//!
//! Refuses conversion: versions of a custom kind differ by their schemas alone; a built-in kind has one version here.

use serde_json::{Value, json};

use super::super::kinds::KindInfo;
use super::super::object;
use super::super::validate::shape;
use super::super::write::Author;
use super::Ground;
use crate::fields::Set;
use crate::model::{FieldPath, Gvk};
use crate::schema::Node;
use crate::typed::{Terms, Told, Unconvertible};

/// Calls `work` with the terms of a write.
pub(super) fn with<T>(ground: Ground, author: &Author, work: impl FnOnce(&Terms) -> T) -> T {
    let node = ground.world.schemas.of(&ground.kind.gvk());
    let zero = zero(ground.kind, node.as_ref());
    let told = |object: &Value, version: &str| told(ground, node.as_ref(), object, version);
    let reset = |version: &str| reset(ground.kind, author.subresource, version);
    work(&Terms { node: node.as_ref(), zero: &zero, told: &told, reset: &reset })
}

/// What a Go object has before anything is set: such a struct is not "added" by a create, as a pointer or a map is.
const ZERO: [&str; 22] = [
    ".metadata",
    ".roleRef",
    ".spec",
    ".spec.containers",
    ".spec.jobTemplate",
    ".spec.jobTemplate.metadata",
    ".spec.jobTemplate.spec",
    ".spec.jobTemplate.spec.template",
    ".spec.jobTemplate.spec.template.metadata",
    ".spec.jobTemplate.spec.template.spec",
    ".spec.jobTemplate.spec.template.spec.containers",
    ".spec.names",
    ".spec.podSelector",
    ".spec.resources",
    ".spec.scaleTargetRef",
    ".spec.strategy",
    ".spec.template",
    ".spec.template.metadata",
    ".spec.template.spec",
    ".spec.template.spec.containers",
    ".spec.updateStrategy",
    ".status",
];

/// An object of the kind before anything is set.
fn zero(kind: &KindInfo, node: Option<&Node>) -> Value {
    let mut zero = json!({"apiVersion": kind.api_version(), "kind": &*kind.kind});
    let Some(node) = node.filter(|_| kind.custom.is_none()) else { return zero };
    for path in ZERO {
        let keys: Vec<&str> = path.split('.').skip(1).collect();
        let declared = keys.iter().try_fold(node.clone(), |at, key| at.declares(key).then(|| at.field(key))?);
        if declared.is_some() && !(kind.is("", "Pod") && path == ".spec.resources") {
            let nothing = if path.ends_with(".containers") { Value::Null } else { json!({}) };
            object::set(&mut zero, &keys, nothing);
        }
    }
    zero
}

/// The object in another version of the kind.
fn told(ground: Ground, node: Option<&Node>, object: &Value, version: &str) -> Told {
    let kind = ground.kind;
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if kind.custom.is_none() {
        // An entry of the one other version that discovery has of a kind of ours is told as if in this one.
        let known =
            group == &*kind.group && (short == &*kind.version || kind.is("autoscaling", "HorizontalPodAutoscaler"));
        return Ok(known.then(|| (object.clone(), node.cloned())));
    }
    let of = |own: &KindInfo| own.id == kind.id && group == &*own.group && short == &*own.version;
    if !ground.world.kinds.iter().any(|own| of(own)) {
        return Err(Unconvertible(format!("request to convert CR to an invalid group/version: {version}")));
    }
    let node = ground.world.schemas.of(&Gvk { version: short.into(), ..kind.gvk() });
    if object["apiVersion"] == version {
        return Ok(Some((object.clone(), node)));
    }
    let mut told = object.clone();
    object::put(&mut told, "apiVersion", version.into());
    match shape::misfits(node.as_ref(), &told) {
        Some(said) => Err(Unconvertible(said)),
        None => Ok(Some((told, node))),
    }
}

/// What a write to a part of the kind puts back as it was (the strategies' `GetResetFields`).
fn reset(kind: &KindInfo, subresource: Option<&str>, version: &str) -> Set {
    let mut set = Set::default();
    let mut all = |paths: &[&[&str]]| {
        for path in paths {
            set.insert(&FieldPath::of_keys(path.iter().copied()));
        }
    };
    match (subresource, kind.custom.is_some()) {
        (None, true) if kind.has_status && version == kind.api_version() => all(&[&["status"]]),
        (Some("status"), true) => all(&[&["metadata"], &["spec"]]),
        (None | Some("finalize"), false) if kind.has_status => all(&[&["status"]]),
        (Some("status"), false) => match (&*kind.group, &*kind.kind) {
            ("apps", "Deployment") => all(&[&["spec"], &["metadata", "labels"]]),
            ("", "Pod") => all(&[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]]),
            ("apiextensions.k8s.io" | "flowcontrol.apiserver.k8s.io" | "storage.k8s.io" | "resource.k8s.io", _) => {
                all(&[&["spec"], &["metadata"]]);
            }
            _ => all(&[&["spec"]]),
        },
        _ => {}
    }
    set
}
