//! Discovery, aggregated (v2) and plain, and `/version`. Refuses v2beta1, which nothing since 1.30 asks for alone.

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::Answer;
use super::core::World;
use super::kinds::{KindInfo, Kinds, list};

/// `/version`; major and minor are read from the git version.
pub(super) fn version(git: &str) -> Value {
    let mut parts = git.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("36"));
    let earlier = minor.parse::<u32>().unwrap_or(1).saturating_sub(1).to_string();
    json!({
        "major": major, "minor": minor, "emulationMajor": major, "emulationMinor": minor,
        "minCompatibilityMajor": major, "minCompatibilityMinor": earlier, "gitVersion": git,
        "gitCommit": "", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn wants_aggregated(accept: &str) -> bool {
    accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;")
}

fn aggregated(items: &Value) -> Answer {
    let document = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    Answer::Discovery(Bytes::from(document.to_string()))
}

/// `/api`.
pub(super) fn api(world: &World, accept: &str) -> Answer {
    if wants_aggregated(accept) {
        return aggregated(&world.kinds.core_items);
    }
    let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}]);
    Answer::ok(&json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}))
}

/// `/apis`.
pub(super) fn apis(world: &World, accept: &str) -> Answer {
    if wants_aggregated(accept) {
        return aggregated(&world.kinds.group_items);
    }
    let groups: Vec<Value> = list(&world.kinds.group_items).map(plain_group).collect();
    Answer::ok(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

fn plain_group(item: &Value) -> Value {
    let name = item["metadata"]["name"].as_str().unwrap_or_default();
    let version = |item: &Value| {
        let version = item["version"].as_str().unwrap_or_default();
        json!({"groupVersion": format!("{name}/{version}"), "version": version})
    };
    let versions: Vec<Value> = list(&item["versions"]).map(version).collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

/// `/apis/<group>`.
pub(super) fn group(world: &World, name: &str) -> Answer {
    let found = list(&world.kinds.group_items).find(|item| item["metadata"]["name"] == name);
    let Some(mut group) = found.map(plain_group) else { return Answer::Text(404, "404 page not found\n") };
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    Answer::ok(&group)
}

/// `/api/v1` and `/apis/<group>/<version>`.
pub(super) fn group_version(world: &World, group: &str, version: &str) -> Answer {
    let items = if group.is_empty() { &world.kinds.core_items } else { &world.kinds.group_items };
    let found = list(items).find(|item| item["metadata"]["name"].as_str().unwrap_or_default() == group);
    let of_version = found.and_then(|item| list(&item["versions"]).find(|own| own["version"] == version));
    let Some(of_version) = of_version else { return Answer::Text(404, "404 page not found\n") };
    let resources: Vec<Value> = list(&of_version["resources"]).flat_map(plain_resources).collect();
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Answer::ok(&json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources,
    }))
}

/// A resource and its subresources as the plain form lists them.
fn plain_resources(item: &Value) -> Vec<Value> {
    let plural = item["resource"].as_str().unwrap_or_default();
    let namespaced = item["scope"] == "Namespaced";
    let mut own = json!({
        "name": plural, "singularName": item["singularResource"], "namespaced": namespaced,
        "kind": item["responseKind"]["kind"], "verbs": item["verbs"],
    });
    for key in ["shortNames", "categories"] {
        if let Some(words) = item.get(key) {
            own[key] = words.clone();
        }
    }
    let mut out = vec![own];
    for sub in list(&item["subresources"]) {
        let mut one = json!({
            "name": format!("{plural}/{}", sub["subresource"].as_str().unwrap_or_default()), "singularName": "",
            "namespaced": namespaced, "kind": sub["responseKind"]["kind"], "verbs": sub["verbs"],
        });
        if sub["subresource"] == "scale" {
            one["group"] = "autoscaling".into();
            one["version"] = "v1".into();
        }
        out.push(one);
    }
    out
}

/// The resources of each version.
type Versions<'a> = Vec<(&'a str, Vec<Value>)>;

/// `items` of `/apis` for the groups of custom kinds.
pub(super) fn custom_groups(kinds: &Kinds) -> Vec<Value> {
    let mut groups: Vec<(&str, Versions)> = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.custom.is_some() && kind.is_served()) {
        let at = groups.iter().position(|(name, _)| *name == &*kind.group).unwrap_or_else(|| {
            groups.push((&kind.group, Vec::new()));
            groups.len() - 1
        });
        let versions = &mut groups[at].1;
        match versions.iter_mut().find(|(name, _)| *name == &*kind.version) {
            Some((_, resources)) => resources.push(custom_resource(kind)),
            None => versions.push((&kind.version, vec![custom_resource(kind)])),
        }
    }
    groups.sort_by_key(|(name, _)| *name);
    let version = |(name, resources): (&str, Vec<Value>)| json!({"version": name, "resources": resources, "freshness": "Current"});
    let group = |(name, mut versions): (&str, Versions)| {
        versions.sort_by_key(|(name, _)| std::cmp::Reverse(priority(name)));
        let versions: Vec<Value> = versions.into_iter().map(version).collect();
        json!({"metadata": {"name": name}, "versions": versions})
    };
    groups.into_iter().map(group).collect()
}

/// Kubernetes' order of versions: `v2` before `v1` before `v1beta1` before `v1alpha1` before words.
fn priority(version: &str) -> (u8, u64, u64, std::cmp::Reverse<String>) {
    let word = || (0, 0, 0, std::cmp::Reverse(version.to_owned()));
    let Some(rest) = version.strip_prefix('v') else { return word() };
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (major, rest) = rest.split_at(digits(rest));
    let (stage, minor) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
        _ if rest.is_empty() => (3, "0"),
        (Some(minor), _) => (2, minor),
        (_, Some(minor)) => (1, minor),
        _ => return word(),
    };
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => (stage, major, minor, std::cmp::Reverse(String::new())),
        _ => word(),
    }
}

fn custom_resource(kind: &KindInfo) -> Value {
    let response = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let own = response(&kind.group, &kind.version, &kind.kind);
    let mut out = json!({
        "resource": &*kind.plural, "responseKind": own, "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.names["singular"], "verbs": kind.verbs,
    });
    for key in ["shortNames", "categories"] {
        if kind.names[key].is_array() {
            out[key] = kind.names[key].clone();
        }
    }
    let verbs = ["get", "patch", "update"];
    let mut parts = Vec::new();
    if kind.has_status {
        parts.push(json!({"subresource": "status", "responseKind": own, "verbs": verbs}));
    }
    if kind.has_scale {
        let scale = response("autoscaling", "v1", "Scale");
        parts.push(json!({"subresource": "scale", "responseKind": scale, "verbs": verbs}));
    }
    if !parts.is_empty() {
        out["subresources"] = parts.into();
    }
    out
}
