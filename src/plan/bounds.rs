//! The bounds of an app: where it may write (product.md *Bounds*). They restrict writing, not looking.

use globset::Glob;

use crate::model::{AppSpec, ResourceKey};

/// Whether an app may write an object: its namespace, the ones it names, its own Namespace object, the cluster-scoped
/// kinds it names.
#[must_use]
pub fn in_bounds(app: &AppSpec, key: &ResourceKey) -> bool {
    if !key.namespace.is_empty() {
        return *key.namespace == *app.namespace || any(&app.namespaces, &key.namespace);
    }
    let own_namespace = &*key.kind.kind == "Namespace" && key.kind.group.is_empty() && *key.name == *app.namespace;
    own_namespace || any(&app.cluster_kinds, &key.kind.kind)
}

/// The line that would bring an object inside.
pub(super) fn line_to_add(key: &ResourceKey) -> String {
    if key.namespace.is_empty() {
        format!("cluster_kinds = [\"{}\"]", key.kind.kind)
    } else {
        format!("namespaces = [\"{}\"]", key.namespace)
    }
}

fn any(globs: &[String], name: &str) -> bool {
    globs.iter().any(|glob| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(name)))
}
