//! Step 0: does a document name one object? Its key, or why it has none.

use std::sync::Arc;

use serde_json::Value;

use super::{Misfit, Scope, Wanted};
use crate::model::{Document, ResourceKey};

/// Longest name a server takes (RFC 1123 subdomain).
const LONGEST: usize = 253;

/// Refuses documents that name no single object.
pub(super) fn check(document: &Document) -> Result<(), Misfit> {
    if document.gvk.version.is_empty() {
        return Err((None, "no apiVersion"));
    }
    if document.gvk.kind.is_empty() {
        return Err((None, "no kind"));
    }
    if document.body.pointer("/metadata/generateName").is_some() && document.name.is_none() {
        return Err((None, "generateName names a new object each time; give it a name"));
    }
    if document.body.get("metadata").is_some_and(|metadata| !metadata.is_object() && !metadata.is_null()) {
        return Err((None, "metadata is not a map"));
    }
    match document.name.as_deref() {
        None | Some("") => Err((None, "no metadata.name")),
        Some(name) if !is_name(name) => Err((None, "metadata.name is no name that a server takes")),
        Some(_) => check_labels(document),
    }
}

/// Labels with control characters, which no server takes.
fn check_labels(document: &Document) -> Result<(), Misfit> {
    let labels = document.body.pointer("/metadata/labels").and_then(Value::as_object);
    let is_odd = |text: &str| text.chars().any(char::is_control);
    let mut each = labels.into_iter().flatten();
    if each.any(|(key, value)| is_odd(key) || value.as_str().is_some_and(is_odd)) {
        return Err((None, "metadata.labels holds control characters, which no server takes"));
    }
    Ok(())
}

/// Names and namespaces as servers take them: printable, without slash or percent. Kinds differ in what else they
/// forbid; that is the server's to say.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name != "."
        && name != ".."
        && name.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '/' | '%'))
}

/// The key, with the namespace the scope wants.
pub(super) fn key(document: &Document, scope: Option<Scope>, wanted: &Wanted) -> Result<ResourceKey, Misfit> {
    let namespace: Arc<str> = match (scope, &document.namespace) {
        (Some(Scope::Cluster), _) => "".into(),
        (_, Some(written)) if !written.is_empty() => written.clone(),
        _ => wanted.app.namespace.as_str().into(),
    };
    if !namespace.is_empty() && !is_name(&namespace) {
        return Err((None, "metadata.namespace is no name that a server takes"));
    }
    Ok(ResourceKey {
        cluster: wanted.app.id.cluster.clone(),
        kind: document.gvk.kind(),
        namespace,
        name: document.name.clone().unwrap_or_else(|| "".into()),
    })
}
