//! What the server serves: aggregated discovery (KEP-3352), else group by group.
//!
//! A group that does not answer is [`Lookup::GroupDown`], never absent: objects of it are unknown, not missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use http::header;
use serde::Deserialize;

use super::Cluster;
use super::call::{Ask, Verb, json, segment};
use super::error::CallError;
use crate::model::{Foreign, Gvk, Kind};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// One kind in one version, and where its objects lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Served {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The plural in the URL.
    pub resource: Arc<str>,
    /// Whether objects lie in namespaces.
    pub namespaced: bool,
    /// What can be done with it, sorted: `create`, `list`, `patch` …
    pub verbs: Arc<[Arc<str>]>,
}

impl Served {
    /// Whether the resource takes that verb at all (whoever asks).
    #[must_use]
    pub fn takes(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| &**known == verb)
    }

    /// The URL path of a collection; an empty namespace is the whole cluster.
    pub(super) fn collection(&self, namespace: &str) -> String {
        let Gvk { group, version, .. } = &self.gvk;
        let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", segment(group)) };
        let resource = segment(&self.resource);
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/{}/namespaces/{}/{resource}", segment(version), segment(namespace))
        } else {
            format!("{root}/{}/{resource}", segment(version))
        }
    }

    /// The URL path of an object.
    pub(super) fn object(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), segment(name))
    }
}

/// Whether a kind is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is.
    Served(Served),
    /// The server does not know it.
    NotServed,
    /// Its group does not answer: nothing can be said.
    GroupDown(Foreign),
}

/// Everything the server serves, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    served: BTreeMap<Gvk, Served>,
    /// Versions of a group, preferred first.
    versions: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    down: BTreeMap<(Arc<str>, Arc<str>), Foreign>,
}

impl Discovery {
    /// A kind in one version.
    #[must_use]
    pub fn find(&self, gvk: &Gvk) -> Lookup {
        if let Some(served) = self.served.get(gvk) {
            return Lookup::Served(served.clone());
        }
        let down = self.down.get(&(gvk.group.clone(), gvk.version.clone()));
        down.map_or(Lookup::NotServed, |why| Lookup::GroupDown(why.clone()))
    }

    /// A kind in the version the server prefers among those that have it.
    #[must_use]
    pub fn find_kind(&self, kind: &Kind) -> Lookup {
        let mut down = Lookup::NotServed;
        for version in self.versions.get(&kind.group).into_iter().flatten() {
            let gvk = Gvk { group: kind.group.clone(), version: version.clone(), kind: kind.kind.clone() };
            match self.find(&gvk) {
                Lookup::NotServed => {}
                Lookup::GroupDown(why) => down = Lookup::GroupDown(why),
                served @ Lookup::Served(_) => return served,
            }
        }
        down
    }

    /// All kinds, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Served> {
        self.served.values()
    }

    /// The groups that do not answer, with the server's words.
    pub fn down(&self) -> impl Iterator<Item = (String, &Foreign)> {
        self.down.iter().map(|((group, version), why)| (format!("{group}/{version}"), why))
    }

    fn add_version(&mut self, group: &str, version: &str) {
        let versions = self.versions.entry(group.into()).or_default();
        if !versions.iter().any(|known| &**known == version) {
            versions.push(version.into());
        }
    }

    fn add_down(&mut self, group: &str, version: &str, why: Foreign) {
        self.add_version(group, version);
        self.down.insert((group.into(), version.into()), why);
    }

    fn add(&mut self, gvk: Gvk, resource: &str, namespaced: bool, verbs: &[String]) {
        let mut verbs: Vec<Arc<str>> = verbs.iter().map(|verb| Arc::from(&**verb)).collect();
        verbs.sort();
        let served = Served { gvk: gvk.clone(), resource: resource.into(), namespaced, verbs: verbs.into() };
        self.served.entry(gvk).or_insert(served);
    }

    fn add_aggregated(&mut self, list: &Aggregated) {
        for group in &list.items {
            let name = &*group.metadata.name;
            for version in &group.versions {
                self.add_version(name, &version.version);
                if version.freshness.as_deref() == Some("Stale") {
                    self.add_down(name, &version.version, "the aggregated API does not answer".into());
                }
                for resource in &version.resources {
                    let Some(kind) = &resource.response_kind else { continue };
                    let gvk = gvk(name, &version.version, &kind.kind);
                    self.add(gvk, &resource.resource, resource.scope == "Namespaced", &resource.verbs);
                }
            }
        }
    }

    fn add_plain(&mut self, (group, version): &(String, String), list: &Resources) {
        for resource in list.resources.iter().filter(|resource| !resource.name.contains('/')) {
            self.add(gvk(group, version, &resource.kind), &resource.name, resource.namespaced, &resource.verbs);
        }
    }
}

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk { group: group.into(), version: version.into(), kind: kind.into() }
}

/// `apidiscovery.k8s.io/v2` `APIGroupDiscoveryList`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Aggregated {
    kind: String,
    items: Vec<AggregatedGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AggregatedGroup {
    metadata: Named,
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AggregatedVersion {
    version: String,
    freshness: Option<String>,
    resources: Vec<AggregatedResource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AggregatedResource {
    resource: String,
    response_kind: Option<ResponseKind>,
    scope: String,
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseKind {
    kind: String,
}

/// `APIVersions` (`/api`) and `APIGroupList` (`/apis`) in one shape.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Plain {
    versions: Vec<String>,
    groups: Vec<PlainGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    versions: Vec<PlainVersion>,
    preferred_version: PlainVersion,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct PlainVersion {
    version: String,
}

/// `APIResourceList`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    resources: Vec<PlainResource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlainResource {
    name: String,
    kind: String,
    namespaced: bool,
    verbs: Vec<String>,
}

impl Plain {
    /// Groups and versions, preferred first.
    fn group_versions(self) -> Vec<(String, String)> {
        let core = self.versions.into_iter().map(|version| (String::new(), version));
        let named = self.groups.into_iter().flat_map(|group| {
            let mut versions: Vec<String> = group.versions.into_iter().map(|version| version.version).collect();
            versions.sort_by_key(|version| *version != group.preferred_version.version);
            versions.into_iter().map(move |version| (group.name.clone(), version))
        });
        core.chain(named).collect()
    }
}

impl Cluster {
    /// Asks what the server serves: two requests where it aggregates, one more per group and version where not.
    ///
    /// # Errors
    /// When `/api` or `/apis` themselves fail; a group that fails is down, and the rest stands.
    pub async fn discover(&self) -> Result<Discovery, CallError> {
        let mut found = Discovery::default();
        for root in ["/api", "/apis"] {
            let ask = Ask::get(Verb::Get, root).with(header::ACCEPT, AGGREGATED);
            let answer = self.read(&ask).await?;
            let aggregated: Aggregated = json(&answer)?;
            if aggregated.kind == "APIGroupDiscoveryList" {
                found.add_aggregated(&aggregated);
            } else {
                self.by_group(json::<Plain>(&answer)?.group_versions(), &mut found).await;
            }
        }
        Ok(found)
    }

    async fn by_group(&self, versions: Vec<(String, String)>, found: &mut Discovery) {
        for (group, version) in &versions {
            found.add_version(group, version);
        }
        let asked = versions.into_iter().map(|at| async {
            let (group, version) = &at;
            let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", segment(group)) };
            let answer = self.read(&Ask::get(Verb::Get, format!("{root}/{}", segment(version)))).await;
            let list = answer.and_then(|answer| json::<Resources>(&answer));
            (at, list)
        });
        let answers: Vec<_> = futures::stream::iter(asked).buffer_unordered(8).collect().await;
        for (at, list) in answers {
            match list {
                Ok(list) => found.add_plain(&at, &list),
                Err(error) => found.add_down(&at.0, &at.1, error.message),
            }
        }
    }
}
