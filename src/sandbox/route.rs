//! Paths to meanings. Refuses to look into the store: whether an object exists is not a question of its path.

use std::sync::Arc;

use super::flags::decode_path;
use super::kinds::{KindInfo, Kinds};

/// What a path names.
#[derive(Clone, Debug)]
pub(super) enum Route {
    Version,
    Health,
    Api,
    Apis,
    Group(String),
    GroupVersion(String, String),
    LegacyOpenApi,
    OpenApi,
    /// By its key in the index: `apis/apps/v1`.
    OpenApiDocument(String),
    Objects(Target),
    /// A known group-version without such a resource: 404 as a Status.
    NoResource,
    /// `.` or `..` in the place of a name: 400.
    NoName(String),
    /// A custom object's subresource that its definition does not open: 404 of the object.
    NoPart(Arc<KindInfo>, String),
    /// No handler at all: `404 page not found`.
    Nowhere,
}

/// What of an object is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Status,
    Scale,
    /// Of a Namespace.
    Finalize,
}

impl Part {
    /// The subresource's name; none for the object itself.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Status => Some("status"),
            Self::Scale => Some("scale"),
            Self::Finalize => Some("finalize"),
        }
    }

    /// Whether the part answers a verb at all.
    pub(super) fn takes(self, verb: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Status | Self::Scale => matches!(verb, "get" | "update" | "patch"),
            Self::Finalize => verb == "update",
        }
    }
}

/// An object, or (empty name) a list of them.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) kind: Arc<KindInfo>,
    /// Empty for cluster-scoped kinds and for lists over all namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) part: Part,
}

impl Target {
    /// `deployments/scale`, as RBAC names it.
    pub(super) fn resource(&self) -> String {
        match self.part.name() {
            None => self.kind.plural.to_string(),
            Some(part) => format!("{}/{part}", self.kind.plural),
        }
    }
}

/// What `path` (without its query) names.
pub(super) fn route(kinds: &Kinds, path: &str) -> Route {
    let path = decode_path(path);
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
    // A slash at the end says nothing; two in a row are no path.
    let parts = parts.strip_suffix(&[""]).unwrap_or(&parts);
    match parts {
        ["version"] => Route::Version,
        ["version", ..] => Route::NoResource,
        ["readyz" | "livez" | "healthz"] | ["readyz" | "livez" | "healthz", "ping" | "log" | "etcd"] => Route::Health,
        ["api" | "apis", rest @ ..] if rest.contains(&"") => Route::NoResource,
        ["api"] => Route::Api,
        ["apis"] => Route::Apis,
        ["openapi", "v2"] => Route::LegacyOpenApi,
        ["openapi", "v3"] => Route::OpenApi,
        ["openapi", "v3", rest @ ..] => Route::OpenApiDocument(rest.join("/")),
        ["api", version, rest @ ..] => in_version(kinds, "", version, rest),
        ["apis", group] if kinds.iter().any(|kind| *kind.group == **group) => Route::Group((*group).to_owned()),
        ["apis", group, version, rest @ ..] => in_version(kinds, group, version, rest),
        _ => Route::Nowhere,
    }
}

fn in_version(kinds: &Kinds, group: &str, version: &str, rest: &[&str]) -> Route {
    if !kinds.serves(group, version) {
        // A group that is served answers for versions it has not.
        let known = kinds.iter().any(|kind| *kind.group == *group && kind.custom.is_none());
        return if known { Route::NoResource } else { Route::Nowhere };
    }
    let (namespace, rest) = match rest {
        [] => return Route::GroupVersion(group.to_owned(), version.to_owned()),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !is_own_part(group, rest) => (*namespace, rest),
        _ => ("", rest),
    };
    if let Some(name @ (&"." | &"..")) = rest.get(1) {
        return Route::NoName((*name).to_owned());
    }
    let is_custom = kinds.iter().any(|kind| kind.custom.is_some() && *kind.group == *group);
    let Some(kind) = kinds.at(group, version, rest[0]) else {
        return if is_custom { Route::Nowhere } else { Route::NoResource };
    };
    match (target(kind, namespace, &rest[1..]), &rest[1..]) {
        (Some(target), _) => Route::Objects(target),
        (None, [name, _]) if is_custom => Route::NoPart(kind.clone(), (*name).to_owned()),
        (None, _) => Route::NoResource,
    }
}

/// Whether what follows `/namespaces/x/` is a part of the Namespace itself.
fn is_own_part(group: &str, rest: &[&str]) -> bool {
    group.is_empty() && matches!(rest, ["status" | "finalize"])
}

fn target(kind: &Arc<KindInfo>, namespace: &str, rest: &[&str]) -> Option<Target> {
    let (name, part) = match rest {
        [] => ("", Part::Whole),
        [name] => (*name, Part::Whole),
        [name, "status"] if kind.has_status => (*name, Part::Status),
        [name, "scale"] if kind.has_scale => (*name, Part::Scale),
        [name, "finalize"] if kind.is("", "Namespace") => (*name, Part::Finalize),
        _ => return None,
    };
    let misplaced = namespace.is_empty() == kind.namespaced && !(kind.namespaced && name.is_empty());
    (!misplaced).then(|| Target { kind: kind.clone(), namespace: namespace.to_owned(), name: name.to_owned(), part })
}
