//! What a server fills in where an object is silent: for built-in kinds the rules of `assets/openapi/defaults.json`
//! (recorded from kube-apiserver 1.36.3; the file explains its form), for custom ones their schema's defaults.
//!
//! Refuses allocations (cluster IPs, node ports, a Job's selector): those are not defaults.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::{Node, Shape};
use crate::model::Gvk;

const RECORDED: &str = include_str!("../../assets/openapi/defaults.json");

/// Rules by apiVersion/Kind. A file that does not read has no rules; a test holds that it reads.
static RULES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| serde_json::from_str(RECORDED).unwrap_or_default());

/// Fills in a built-in kind's defaults, but for the rules whose path (as a JSON pointer) `but` names.
pub fn fill_built_in(gvk: &Gvk, body: &mut Value, but: impl Fn(&str) -> bool) {
    let rules = RULES.get(&format!("{}/{}", gvk.api_version(), gvk.kind));
    for rule in rules.and_then(Value::as_array).into_iter().flatten() {
        let path = keys(&rule["path"]);
        if !but(&format!("/{}", path.join("/"))) {
            let from = keys(&rule["copyFrom"]);
            let copied = (!from.is_empty()).then(|| body.pointer(&format!("/{}", from.join("/"))).cloned()).flatten();
            apply(rule, &path, copied.as_ref(), body);
        }
    }
}

/// Fills in the defaults of a custom kind's schema, as structural defaulting does: where the parent is there.
pub fn fill_by_schema(node: &Node, body: &mut Value) {
    match body {
        Value::Object(map) => fill_map(node, map),
        Value::Array(items) => {
            let Some(item) = node.item() else { return };
            for value in items {
                fill_by_schema(&item, value);
            }
        }
        _ => {}
    }
}

fn fill_map(node: &Node, map: &mut Map<String, Value>) {
    if matches!(node.shape(), Shape::Struct) {
        for (name, field) in node.fields() {
            if let Some(default) = field.default().filter(|_| !map.contains_key(name)) {
                map.insert(name.to_owned(), default.clone());
            }
        }
    }
    for (name, value) in map.iter_mut() {
        if let Some(below) = node.field(name) {
            fill_by_schema(&below, value);
        }
    }
}

fn keys(path: &Value) -> Vec<&str> {
    path.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn apply(rule: &Value, path: &[&str], copied: Option<&Value>, at: &mut Value) {
    match path {
        [] => {}
        ["*", rest @ ..] => {
            at.as_array_mut().into_iter().flatten().for_each(|item| apply(rule, rest, copied, item));
        }
        [key] => set(rule, key, copied, at),
        [key, rest @ ..] => {
            if let Some(below) = at.get_mut(*key) {
                apply(rule, rest, copied, below);
            }
        }
    }
}

fn set(rule: &Value, key: &str, copied: Option<&Value>, at: &mut Value) {
    let is_open = at.is_object() && at.get(key).is_none_or(Value::is_null) && holds(&rule["when"], at);
    let sibling = rule["copy"].as_str().and_then(|sibling| at.get(sibling)).cloned();
    let value = sibling.or_else(|| copied.cloned()).or_else(|| rule.get("value").cloned());
    if let (true, Some(value), Some(map)) = (is_open, value, at.as_object_mut()) {
        map.insert(key.to_owned(), value);
    }
}

/// Whether a rule's condition holds of the object that the value would be filled into.
fn holds(when: &Value, parent: &Value) -> bool {
    let sibling = |key: &str| when[key].as_str().and_then(|name| parent.get(name)).filter(|value| !value.is_null());
    let is_empty =
        |value: &Value| value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if let Some(only) = when["only"].as_array() {
        return parent.as_object().is_some_and(|map| map.keys().all(|key| only.iter().any(|name| name == key)));
    }
    if when["latest"] == true {
        return sibling("field").and_then(Value::as_str).is_some_and(is_floating);
    }
    if when.get("is").is_some() {
        return sibling("field") == when.get("is");
    }
    if when.get("present").is_some() {
        return sibling("present").is_some_and(|value| !is_empty(value));
    }
    when.get("absent").is_none() || sibling("absent").is_none()
}

/// An image without tag and digest, or with the tag `latest`.
fn is_floating(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_recorded_rules_read_and_fill_a_deployment() {
        let gvk = Gvk { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
        let mut body = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop"}]}}}});
        fill_built_in(&gvk, &mut body, |_| false);
        assert_eq!(body["spec"]["replicas"], 1);
        assert_eq!(body["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"], "Always", "no tag is latest");
    }
}
