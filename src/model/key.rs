//! Who is who: apps, clusters, repositories, objects. No identity by name alone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name that the config has checked.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name as written in the config.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// The name of a cluster in the config (not of its kube context); checked there, so printable.
    ClusterName
}
name! {
    /// The name of a repository in the config; checked there, so printable.
    RepoName
}

/// An app at one destination, written `payments@prod-eu`; unique in a config.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId {
    /// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 50 characters.
    pub name: Arc<str>,
    /// The destination.
    pub cluster: ClusterName,
}

impl AppId {
    /// An app named `name` on `cluster`; the config has checked both.
    pub fn new(name: impl Into<Arc<str>>, cluster: ClusterName) -> Self {
        Self { name: name.into(), cluster }
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.cluster)
    }
}

/// Groups under `k8s.io` that the API server itself serves; others there (gateway, snapshot, metrics) are custom kinds.
const BUILT_IN: [&str; 18] = [
    "admissionregistration",
    "apiextensions",
    "apiregistration",
    "authentication",
    "authorization",
    "certificates",
    "coordination",
    "discovery",
    "events",
    "flowcontrol.apiserver",
    "internal.apiserver",
    "networking",
    "node",
    "rbac.authorization",
    "resource",
    "scheduling",
    "storage",
    "storagemigration",
];

/// Whether the API server itself serves a group: a custom kind's group must hold a dot.
#[must_use]
pub fn is_built_in(group: &str) -> bool {
    !group.contains('.') || group.strip_suffix(".k8s.io").is_some_and(|name| BUILT_IN.contains(&name))
}

/// A kind within its group: `apps/Deployment`; the core group is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kind {
    /// API group, empty for the core group.
    pub group: Arc<str>,
    /// `Deployment`, as in `kind:`.
    pub kind: Arc<str>,
}

impl Kind {
    /// A kind of a group.
    pub fn new(group: impl Into<Arc<str>>, kind: impl Into<Arc<str>>) -> Self {
        Self { group: group.into(), kind: kind.into() }
    }

    /// Whether values of this kind are masked (core/v1 Secret).
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && &*self.kind == "Secret"
    }
}

/// Group, version and kind, as `apiVersion` and `kind` say them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gvk {
    /// API group, empty for the core group.
    pub group: Arc<str>,
    /// `v1`, `v1beta1` …
    pub version: Arc<str>,
    /// `Deployment`.
    pub kind: Arc<str>,
}

impl Gvk {
    /// From the words of a manifest: `apps/v1`, `Deployment`.
    #[must_use]
    pub fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `apps/v1` or `v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Without the version: what identity is made of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind { group: self.group.clone(), kind: self.kind.clone() }
    }
}

/// An object's whole identity. Git's, live's and the record's objects meet by it, never by version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// The cluster the object is, or would be, on.
    pub cluster: ClusterName,
    /// Group and kind.
    pub kind: Kind,
    /// Empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    /// `metadata.name`. Foreign text: print it through `Shown`.
    pub name: Arc<str>,
}

impl ResourceKey {
    /// `Deployment/api`, as foreign text: names come from git and from clusters.
    #[must_use]
    pub fn label(&self) -> super::Foreign {
        super::Foreign::new(format!("{}/{}", self.kind.kind, self.name))
    }
}

impl fmt::Debug for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind { group, kind } = &self.kind;
        write!(f, "{}:{group}/{kind}:{:?}/{:?}", self.cluster, self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::is_built_in;

    #[test]
    fn a_custom_kind_has_a_dot_in_its_group_also_under_k8s_io() {
        for group in ["", "apps", "networking.k8s.io", "storagemigration.k8s.io", "flowcontrol.apiserver.k8s.io"] {
            assert!(is_built_in(group), "{group}");
        }
        for group in ["gateway.networking.k8s.io", "metrics.k8s.io", "example.com", "networking.k8s.io.example.com"] {
            assert!(!is_built_in(group), "{group}");
        }
    }
}
