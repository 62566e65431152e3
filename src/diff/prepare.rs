//! Documents → manifests: what the server will be sent (drift.md *Inputs*, G).
//!
//! Owns identity, scope, stripping, folding and the tracking annotation. Refuses to drop a declaration silently: what
//! is taken out is warned about, what names no single object is `invalid`.

mod identity;
mod strip;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{
    AppSpec, Digest, Document, Foreign, Gvk, Manifest, Origin, Record, Rendered, ResourceKey, Rule, Without,
};
use crate::schema::Schemas;

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In one.
    Namespaced,
    /// In none.
    Cluster,
}

/// What documents are prepared with.
pub struct Wanted<'a> {
    /// The app.
    pub app: &'a AppSpec,
    /// Where its record lies.
    pub record_namespace: &'a str,
    /// The scope of a kind; `None` where the server does not say.
    pub scope: &'a dyn Fn(&Gvk) -> Option<Scope>,
    /// Schemas, as far as loaded.
    pub schemas: &'a Schemas,
    /// Rules that a test has switched off.
    pub without: Without,
}

/// A document that cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// Where it stands.
    pub origin: Origin,
    /// Its key, as far as it has one.
    pub key: Option<ResourceKey>,
    /// File, line, and what is wrong.
    pub reason: Foreign,
}

/// What came of the documents.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// By identity.
    pub manifests: BTreeMap<ResourceKey, Manifest>,
    /// What names no single object.
    pub invalid: Vec<Unplaced>,
    /// What was taken out.
    pub warnings: Vec<Foreign>,
}

/// Prepares a render.
#[must_use]
pub fn prepare(rendered: &Rendered, wanted: &Wanted) -> Prepared {
    let mut prepared = Prepared::default();
    for document in &rendered.documents {
        match one(document, wanted, &mut prepared.warnings) {
            Ok(manifest) => place(manifest, &mut prepared, wanted.without),
            Err((key, what)) => prepared.invalid.push(unplaced(&document.origin, key, what)),
        }
    }
    prepared
}

/// An object and why it cannot be placed.
type Misfit = (Option<ResourceKey>, &'static str);

fn one(document: &Document, wanted: &Wanted, warnings: &mut Vec<Foreign>) -> Result<Manifest, Misfit> {
    if wanted.without.has(Rule::Identity) {
        identity::check(document)?;
    }
    let scope = (wanted.scope)(&document.gvk);
    let mut body = (*document.body).clone();
    let Some(object) = body.as_object_mut() else { return Err((None, "not an object")) };
    let key = identity::key(document, scope, wanted)?;
    if scope.is_none() {
        warn(warnings, document, "the server does not say whether this kind has a namespace; taken as if it had");
    }
    if wanted.without.has(Rule::Namespace) {
        set_namespace(object, &key);
    }
    stripped(object, document, wanted, warnings);
    if key.kind.is_secret() && wanted.without.has(Rule::StringData) {
        strip::fold_string_data(object);
    }
    track(object, wanted);
    if !wanted.without.has(Rule::Zeros) {
        strip::zeros(&mut body);
    }
    let digest = Digest::of_value(&body);
    Ok(Manifest { key, gvk: document.gvk.clone(), body: Arc::new(body), digest, origin: document.origin.clone() })
}

/// Takes out what git cannot declare, and says so.
fn stripped(object: &mut Map<String, Value>, document: &Document, wanted: &Wanted, warnings: &mut Vec<Foreign>) {
    let has = |rule| wanted.without.has(rule);
    let fields = if has(Rule::StripServerFields) { strip::server_fields(object) } else { Vec::new() };
    for field in fields {
        warn(warnings, document, &format!("metadata.{field} is the server's own and was left out"));
    }
    if has(Rule::StripStatus) && strip::status(object, &document.gvk, wanted.schemas) {
        warn(warnings, document, "status is written by a controller and was left out");
    }
    if has(Rule::AggregatedRoles) && strip::aggregated_rules(object, &document.gvk) {
        warn(warnings, document, "the rules of an aggregated ClusterRole are its controller's and were left out");
    }
}

/// One object twice: equal ones are one, differing ones are nobody's.
fn place(manifest: Manifest, prepared: &mut Prepared, without: Without) {
    let key = manifest.key.clone();
    if prepared.invalid.iter().any(|other| other.key.as_ref() == Some(&key)) {
        return;
    }
    match prepared.manifests.get(&key) {
        Some(first) if without.has(Rule::Identity) && first.digest != manifest.digest => {
            let what = format!("declared twice, differently: also at {}", first.origin.place());
            prepared.invalid.push(unplaced(&manifest.origin, Some(key.clone()), &what));
            prepared.manifests.remove(&key);
        }
        Some(_) => {}
        None => drop(prepared.manifests.insert(key, manifest)),
    }
}

fn unplaced(origin: &Origin, key: Option<ResourceKey>, what: &str) -> Unplaced {
    let reason = Foreign::new(format!("{}: {what}", origin.place()));
    Unplaced { origin: origin.clone(), key, reason }
}

fn warn(warnings: &mut Vec<Foreign>, document: &Document, what: &str) {
    let Origin { file, line } = &document.origin;
    warnings.push(Foreign::new(format!("{}:{line}: {what}", file.raw())));
}

fn metadata(object: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    object.entry("metadata").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// The namespace as the scope wants it: filled in, or dropped.
fn set_namespace(object: &mut Map<String, Value>, key: &ResourceKey) {
    let Some(metadata) = metadata(object) else { return };
    if key.namespace.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace".to_owned(), Value::from(&*key.namespace));
    }
}

/// Ties the object to its record: without the annotation a dry run would drop what admission put beside it.
fn track(object: &mut Map<String, Value>, wanted: &Wanted) {
    let Some(metadata) = metadata(object) else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    if let Some(annotations) = annotations.as_object_mut() {
        let record = format!("{}/{}", wanted.record_namespace, wanted.app.id.name);
        annotations.insert(Record::ANNOTATION.to_owned(), Value::from(record));
    }
}
