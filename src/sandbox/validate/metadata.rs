//! Metadata as every kind must have it (apimachinery's `ValidateObjectMeta`). Refuses what a kind asks of its names.

use serde_json::Value;

use super::super::failure::Cause;
use super::super::kinds::{KindInfo, list};
use super::super::object::{self, text};
use super::names;

/// The most that keys and values of annotations may come to.
const ANNOTATIONS: usize = 256 * 1024;

/// Finalizers that need no domain.
const STANDARD: [&str; 3] = ["foregroundDeletion", "kubernetes", "orphan"];

/// What is wrong with an object's name; a new object's prefix is judged, too.
pub(super) fn name(kind: &KindInfo, body: &Value, causes: &mut Vec<Cause>) {
    if &*kind.group == "rbac.authorization.k8s.io" {
        return;
    }
    let is_label = kind.is("", "Namespace") || kind.is("", "Service");
    let judge = |name: &str| if is_label { names::label(name) } else { names::subdomain(name) };
    let prefix = text(body, "/metadata/generateName");
    let masked = prefix.strip_suffix('-').map_or_else(|| prefix.to_owned(), |start| format!("{start}a"));
    if let Some(why) = judge(&masked).filter(|_| !prefix.is_empty()) {
        causes.push(Cause::invalid("metadata.generateName", &prefix.into(), why));
    }
    let name = object::name(body);
    if let Some(why) = judge(name) {
        causes.push(Cause::invalid("metadata.name", &name.into(), why));
    }
}

/// Labels, annotations, owners, finalizers.
pub(super) fn rest(kind: &KindInfo, body: &Value, causes: &mut Vec<Cause>) {
    let pairs = |key: &str| body["metadata"][key].as_object().into_iter().flatten();
    for (key, value) in pairs("labels") {
        if let Some(why) = names::key(key) {
            causes.push(Cause::invalid("metadata.labels", &key.as_str().into(), &why));
        }
        if let Some(why) = value.as_str().and_then(names::value) {
            causes.push(Cause::invalid("metadata.labels", value, why));
        }
    }
    for (key, _) in pairs("annotations") {
        if let Some(why) = names::key(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", &key.as_str().into(), &why));
        }
    }
    let size = |(key, value): (&String, &Value)| key.len() + value.as_str().map_or(0, str::len);
    if pairs("annotations").map(size).sum::<usize>() > ANNOTATIONS {
        causes.push(Cause::too_long("metadata.annotations", ANNOTATIONS));
    }
    owners(body, causes);
    for (n, one) in list(&body["metadata"]["finalizers"]).filter_map(Value::as_str).enumerate() {
        let field = format!("metadata.finalizers[{n}]");
        if let Some(why) = names::key(one) {
            causes.push(Cause::invalid(&field, &one.into(), &why));
        } else if !one.contains('/') && !STANDARD.contains(&one) && kind.custom.is_none() {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(&field, &one.into(), why));
        }
    }
}

/// Owners have a name, are no events, and one controls at most.
fn owners(body: &Value, causes: &mut Vec<Cause>) {
    let mut controls: Option<String> = None;
    for owner in list(&body["metadata"]["ownerReferences"]) {
        for (key, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[key].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::invalid(&format!("metadata.ownerReferences.{key}"), &"".into(), why));
            }
        }
        if owner["apiVersion"] == "v1" && owner["kind"] == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            causes.push(Cause::invalid("metadata.ownerReferences", owner, why));
        }
        if owner["controller"] != true {
            continue;
        }
        let named = format!("{}/{}", text(owner, "/kind"), text(owner, "/name"));
        if let Some(first) = &controls {
            let why = format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {named}"
            );
            causes.push(Cause::invalid("metadata.ownerReferences", &body["metadata"]["ownerReferences"], &why));
        }
        controls = Some(named);
    }
}
