//! The kinds the sandbox serves, read from the discovery that a real 1.36 server gave (`assets/openapi/discovery.json`).
//!
//! Owns the list and what is left out of it. Refuses to list what the sandbox does not answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::custom::Custom;
use super::{SandboxError, discovery, openapi};
use crate::model::Gvk;

const DISCOVERY: &str = include_str!("../../assets/openapi/discovery.json");

/// Kinds that are answered without being stored.
const REVIEWS: [&str; 3] = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
/// Subresources that are answered.
const SUBRESOURCES: [&str; 2] = ["status", "scale"];

/// Where a kind's objects lie in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KindId(pub(super) usize);

/// One kind as discovery describes it.
#[derive(Clone, Debug)]
pub(super) struct KindInfo {
    pub(super) id: KindId,
    pub(super) group: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) plural: Arc<str>,
    pub(super) namespaced: bool,
    pub(super) verbs: Vec<String>,
    pub(super) has_status: bool,
    pub(super) has_scale: bool,
    /// Of a custom kind: `names` of its definition.
    pub(super) names: Value,
    /// Of a custom kind.
    pub(super) custom: Option<Arc<Custom>>,
}

impl KindInfo {
    /// `apps/v1` or `v1`.
    pub(super) fn api_version(&self) -> String {
        self.gvk().api_version()
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk { group: self.group.clone(), version: self.version.clone(), kind: self.kind.clone() }
    }

    /// `deployments.apps` or `secrets`.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Deployment.apps` or `Secret`.
    pub(super) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// Whether requests may name this version.
    pub(super) fn is_served(&self) -> bool {
        self.custom.as_ref().is_none_or(|custom| custom.is_served)
    }

    /// Whether this is the kind, of the group it must be.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        &*self.group == group && &*self.kind == kind
    }
}

/// Every kind, by path and by name.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    all: Vec<Arc<KindInfo>>,
    by_path: BTreeMap<(String, String, String), KindId>,
    /// Places in `all`: versions of a custom kind share one id.
    customs_by_path: BTreeMap<(String, String, String), usize>,
    /// `items` of `/api` and of `/apis`, as they are served.
    pub(super) core_items: Value,
    pub(super) group_items: Value,
}

impl Kinds {
    /// Reads the shipped discovery and leaves out what is not answered.
    pub(super) fn load() -> Result<Self, SandboxError> {
        let wrong = |what: String| SandboxError::Asset { asset: "assets/openapi/discovery.json".to_owned(), what };
        let read: Value = serde_json::from_str(DISCOVERY).map_err(|error| wrong(error.to_string()))?;
        let mut kinds = Self {
            all: Vec::new(),
            by_path: BTreeMap::new(),
            customs_by_path: BTreeMap::new(),
            core_items: served(&read["api"]),
            group_items: served(&read["apis"]),
        };
        for items in [kinds.core_items.clone(), kinds.group_items.clone()] {
            for group in items.as_array().into_iter().flatten() {
                kinds.add_group(group);
            }
        }
        if kinds.all.is_empty() { Err(wrong("no kind in it".to_owned())) } else { Ok(kinds) }
    }

    fn add_group(&mut self, group: &Value) {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        for version in list(&group["versions"]) {
            let version_name = version["version"].as_str().unwrap_or_default();
            for resource in list(&version["resources"]) {
                self.add(name, version_name, resource);
            }
        }
    }

    fn add(&mut self, group: &str, version: &str, resource: &Value) {
        let id = KindId(self.all.len());
        let plural = resource["resource"].as_str().unwrap_or_default();
        let kind = resource["responseKind"]["kind"].as_str().unwrap_or_default();
        let has = |name: &str| list(&resource["subresources"]).any(|sub| sub["subresource"] == name);
        self.by_path.insert((group.to_owned(), version.to_owned(), plural.to_owned()), id);
        self.all.push(Arc::new(KindInfo {
            id,
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            plural: plural.into(),
            namespaced: resource["scope"] == "Namespaced",
            verbs: list(&resource["verbs"]).filter_map(Value::as_str).map(str::to_owned).collect(),
            has_status: has("status"),
            has_scale: has("scale"),
            names: Value::Null,
            custom: None,
        }));
    }

    /// The shipped kinds and those that definitions opened, each definition's storage version first.
    pub(super) fn with(base: &Self, customs: Vec<KindInfo>) -> Self {
        let mut kinds = base.clone();
        for kind in customs {
            let path = (kind.group.to_string(), kind.version.to_string(), kind.plural.to_string());
            if kind.is_served() {
                kinds.customs_by_path.insert(path, kinds.all.len());
            }
            kinds.all.push(Arc::new(kind));
        }
        let groups = discovery::custom_groups(&kinds);
        if let Some(items) = kinds.group_items.as_array_mut() {
            items.extend(groups);
        }
        kinds
    }

    /// The kind at a path.
    pub(super) fn at(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<KindInfo>> {
        let path = (group.to_owned(), version.to_owned(), plural.to_owned());
        let own = self.by_path.get(&path).map(|id| id.0).or_else(|| self.customs_by_path.get(&path).copied());
        self.all.get(own?)
    }

    /// The kind of a manifest's words.
    pub(super) fn of(&self, group: &str, kind: &str) -> Option<&Arc<KindInfo>> {
        self.all.iter().find(|info| info.is(group, kind))
    }

    pub(super) fn get(&self, id: KindId) -> Option<&Arc<KindInfo>> {
        let shipped = self.all.get(id.0).filter(|kind| kind.id == id && kind.custom.is_none());
        shipped.or_else(|| self.all.iter().find(|kind| kind.id == id))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<KindInfo>> {
        self.all.iter()
    }

    /// Whether any kind is of this group and version.
    pub(super) fn serves(&self, group: &str, version: &str) -> bool {
        self.all.iter().any(|info| &*info.group == group && &*info.version == version && info.is_served())
    }
}

/// The items of a list, or none.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Discovery's items without what the sandbox does not answer: a group-version without a schema, a second version
/// (there is no conversion), a kind that is more than stored.
fn served(items: &Value) -> Value {
    let mut out = Vec::new();
    for group in list(items) {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        let mut group = group.clone();
        let Some(versions) = group["versions"].as_array_mut() else { continue };
        versions.retain(|version| openapi::has(name, version["version"].as_str().unwrap_or_default()));
        versions.truncate(1);
        versions.iter_mut().for_each(keep_answered);
        if !versions.is_empty() {
            out.push(group);
        }
    }
    Value::Array(out)
}

fn keep_answered(version: &mut Value) {
    let Some(resources) = version["resources"].as_array_mut() else { return };
    resources.retain(|resource| {
        let verbs: Vec<&str> = list(&resource["verbs"]).filter_map(Value::as_str).collect();
        let review = REVIEWS.iter().any(|name| resource["resource"] == *name);
        review || (verbs.contains(&"list") && verbs.contains(&"watch"))
    });
    for resource in resources {
        let Some(subresources) = resource.get_mut("subresources").and_then(Value::as_array_mut) else { continue };
        subresources.retain(|sub| SUBRESOURCES.iter().any(|name| sub["subresource"] == *name));
        if subresources.is_empty()
            && let Some(map) = resource.as_object_mut()
        {
            map.remove("subresources");
        }
    }
}
