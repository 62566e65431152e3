//! Discovery, aggregated (v2) and plain, and `/version`. Refuses v2beta1, which nothing since 1.30 asks for alone.

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::Answer;
use super::core::World;
use super::kinds::list;

/// `/version`; major and minor are read from the git version.
pub(super) fn version(git: &str) -> Value {
    let mut parts = git.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("36"));
    json!({
        "major": major, "minor": minor, "emulationMajor": major, "emulationMinor": minor, "gitVersion": git,
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
