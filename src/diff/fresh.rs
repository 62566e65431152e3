//! The fresh object: what a server makes of git's object where nothing is there yet. It tells defaults from additions.
//!
//! Made by a dry run of the same object under another name, or, where none is to be had, from known defaults.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::built_in::BuiltIns;
use super::{Pair, noise};
use crate::fields::{Set, same_value};
use crate::model::{Digest, FieldPath, Gvk, Live, Manifest, ResourceKey};
use crate::schema::{self, Node};
use crate::typed;

/// What git's object would be with nothing but known defaults.
pub(super) fn locally(pair: &Pair) -> Value {
    filled(pair, &pair.wanted)
}

/// A declaration of the same object with known defaults filled in.
pub(super) fn filled(pair: &Pair, declared: &Value) -> Value {
    let mut object = declared.clone();
    fill(pair, &mut object);
    object
}

fn fill(pair: &Pair, object: &mut Value) {
    let gvk = &pair.git.gvk;
    if crate::model::is_built_in(&gvk.group) {
        schema::fill_built_in(gvk, object, |_| false);
    } else if let Some(node) = &pair.node {
        schema::fill_by_schema(node, object);
    }
    name_label(gvk, &pair.git.key.name, object);
}

/// Whether a live value is what a server fills in by itself when the rest of the live object is as it is.
pub(super) fn is_default(pair: &Pair, leaf: &FieldPath) -> bool {
    let mut only = Set::default();
    only.insert(leaf);
    let mut rest = typed::remove(pair.node.as_ref(), &pair.have, &only);
    if typed::at(&rest, leaf).is_some() {
        return false;
    }
    fill(pair, &mut rest);
    typed::at(&rest, leaf) == typed::at(&pair.have, leaf)
}

/// As [`holds`], with lists item by item: for values that are owned as one.
pub(super) fn holds_in_order(live: &Value, declared: &Value) -> bool {
    in_order(live, declared, false)
}

/// As [`holds_in_order`], where a zero is declared that live leaves out.
pub(super) fn holds_but_zeros(live: &Value, declared: &Value) -> bool {
    in_order(live, declared, true)
}

fn in_order(live: &Value, declared: &Value, zeros: bool) -> bool {
    match (live, declared) {
        (Value::Object(live), Value::Object(declared)) => declared.iter().all(|(key, value)| match live.get(key) {
            Some(other) => in_order(other, value, zeros),
            None => zeros && noise::is_zero(value),
        }),
        (Value::Array(live), Value::Array(declared)) => {
            live.len() == declared.len()
                && declared.iter().zip(live).all(|(value, other)| in_order(other, value, zeros))
        }
        _ => same_value(live, declared),
    }
}

/// Whether a zero is declared, and live is what a server fills in where nothing is declared there.
pub(super) fn stands_for_a_zero(pair: &Pair, change: &typed::Change) -> bool {
    if !change.a.as_ref().is_some_and(noise::is_zero) {
        return false;
    }
    let mut only = Set::default();
    only.insert(&change.path);
    let mut rest = typed::remove(pair.node.as_ref(), &pair.wanted, &only);
    fill(pair, &mut rest);
    typed::at(&rest, &change.path) == change.b.as_ref()
}

/// Whether live still holds what was declared; what the server filled in beside it does not count.
pub(super) fn holds(live: &Value, declared: &Value) -> bool {
    match (live, declared) {
        (Value::Object(live), Value::Object(declared)) => {
            declared.iter().all(|(key, value)| live.get(key).is_some_and(|other| holds(other, value)))
        }
        (Value::Array(live), Value::Array(declared)) => {
            declared.iter().all(|value| live.iter().any(|other| holds(other, value)))
        }
        _ => same_value(live, declared),
    }
}

/// The label with its own name that every namespace has.
fn name_label(gvk: &Gvk, name: &str, object: &mut Value) {
    if gvk.group.is_empty() && &*gvk.kind == "Namespace" {
        let metadata = object.as_object_mut().map(|object| object.entry("metadata").or_insert_with(empty));
        let labels =
            metadata.and_then(Value::as_object_mut).map(|metadata| metadata.entry("labels").or_insert_with(empty));
        if let Some(labels) = labels.and_then(Value::as_object_mut) {
            labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
        }
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

/// A manifest under another name, to be tried in a dry run.
pub struct Fresh {
    /// What to try.
    pub manifest: Manifest,
    /// The real name, and the one it is tried under.
    names: (Arc<str>, Arc<str>),
}

impl Fresh {
    /// The manifest under a name that nobody uses; `None` for kinds whose name has a meaning that cannot be moved.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let real = manifest.key.name.clone();
        let mut body = (*manifest.body).clone();
        let name: Arc<str> = match &*manifest.key.kind.kind {
            "APIService" => return None,
            "CustomResourceDefinition" => definition(&mut body)?,
            _ => nobodys(&manifest.key),
        };
        *body.pointer_mut("/metadata/name")? = Value::from(&*name);
        without_claims(&manifest.key, &mut body);
        let key = ResourceKey { name: name.clone(), ..manifest.key.clone() };
        let digest = Digest::of_value(&body);
        let manifest = Manifest { key, body: Arc::new(body), digest, ..manifest.clone() };
        Some(Self { manifest, names: (real, name) })
    }

    /// The server's answer under the real name.
    #[must_use]
    pub fn named_back(&self, mut answer: Value, node: Option<&Node>) -> Value {
        let (real, fresh) = &self.names;
        rename(&mut answer, fresh, real);
        noise::without_server_fields(answer, (&self.manifest.gvk, node), true)
    }
}

/// A name of the object's own, made of who it is and not of what it holds: audit logs keep it.
fn nobodys(key: &ResourceKey) -> Arc<str> {
    let who = [&key.kind.group, &key.kind.kind, &key.namespace, &key.name].map(|word| &**word).join("/");
    let digest = Digest::of_bytes(who.as_bytes());
    format!("driftdeck-fresh-{}", digest.0.get(..10).unwrap_or_default()).into()
}

/// The name of a custom resource definition is made of its plural and group: the group moves.
fn definition(body: &mut Value) -> Option<Arc<str>> {
    let group = body.pointer("/spec/group")?.as_str()?;
    let moved = format!("driftdeck-fresh.{group}");
    let name = format!("{}.{moved}", body.pointer("/spec/names/plural")?.as_str()?);
    *body.pointer_mut("/spec/group")? = Value::from(moved);
    Some(name.into())
}

/// Addresses and ports that only one object can have.
fn without_claims(key: &ResourceKey, body: &mut Value) {
    if !key.kind.group.is_empty() || &*key.kind.kind != "Service" {
        return;
    }
    let Some(spec) = body.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if spec.get("clusterIP").is_some_and(|ip| ip != "None") {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    for field in ["healthCheckNodePort", "loadBalancerIP"] {
        spec.remove(field);
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        port.as_object_mut().map(|port| port.remove("nodePort"));
    }
}

/// Puts `to` in place of `from` wherever a text holds it: a server derives labels and selectors from names.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text.contains(from) => *text = text.replace(from, to),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(map) => map.values_mut().for_each(|value| rename(value, from, to)),
        _ => {}
    }
}

/// Whether a judgement would gain by a fresh object: somebody owns what neither git nor known defaults explain.
pub(super) fn is_wanted(pair: &Pair, ground: &super::Ground) -> bool {
    let built_in = BuiltIns::new(pair, ground);
    super::touched::additions(pair, None, None, ground).iter().any(|found| built_in.rule_for(found).is_none())
}

/// Whether a judgement would gain by a fresh object, from what the engine has.
#[must_use]
pub fn wants_fresh(git: &Manifest, live: &Live, ground: &super::Ground) -> bool {
    Pair::of(git, live, ground).is_some_and(|pair| is_wanted(&pair, ground))
}
