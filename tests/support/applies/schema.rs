//! Random structural schemas. Owns what a definition may say; refuses what a real server would not accept.

use serde_json::{Map, Value, json};

use super::Dice;
use super::values::plain;

/// The schemas of a kind.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Of each version, the first is the stored one: `{"type": "object", "properties": {"spec": …, "status": …}}`.
    pub versions: Vec<Value>,
    pub status: bool,
    pub namespaced: bool,
}

/// Names of fields.
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

impl Schema {
    pub fn random(dice: &mut Dice) -> Self {
        let status = dice.chance(60);
        let root = json!({
            "type": "object", "properties": {"spec": structure(dice, 0), "status": structure(dice, 1)},
        });
        let mut versions = vec![root.clone()];
        if dice.chance(35) {
            versions.push(if dice.chance(50) { root } else { varied(dice, root) });
        }
        Self { versions, status, namespaced: dice.chance(50) }
    }

    /// The whole definition.
    pub fn definition(&self, plural: &str, kind: &str) -> Value {
        let scope = if self.namespaced { "Namespaced" } else { "Cluster" };
        let version = |(at, schema): (usize, &Value)| {
            let subresources = if self.status { json!({"status": {}}) } else { json!({}) };
            json!({
                "name": format!("v{}", at + 1), "served": true, "storage": at == 0, "subresources": subresources,
                "schema": {"openAPIV3Schema": schema},
            })
        };
        let versions: Vec<Value> = self.versions.iter().enumerate().map(version).collect();
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{}", super::GROUP)},
            "spec": {
                "group": super::GROUP, "scope": scope, "versions": versions,
                "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            },
        })
    }
}

/// The same, with one field of the spec less, or one more.
fn varied(dice: &mut Dice, mut root: Value) -> Value {
    let fields = root["properties"]["spec"]["properties"].as_object_mut().expect("a structure");
    let names: Vec<String> = fields.keys().cloned().collect();
    if dice.chance(50) && names.len() > 1 {
        fields.remove(dice.pick(&names));
    } else {
        let field = scalar(dice);
        fields.insert("more".to_owned(), field);
    }
    root
}

/// A schema for a place so deep.
fn any(dice: &mut Dice, depth: usize) -> Value {
    let deepest = if depth >= 3 { 6 } else { 16 };
    let mut schema = match dice.below(deepest) {
        0..=4 => scalar(dice),
        5 => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
        6..=7 => structure(dice, depth),
        8 => json!({"type": "object", "additionalProperties": any(dice, depth + 1)}),
        9 => with(json!({"type": "object", "additionalProperties": scalar(dice)}), "x-kubernetes-map-type", "atomic"),
        10 => with(structure(dice, depth), "x-kubernetes-map-type", "atomic"),
        11 => json!({"type": "array", "items": any(dice, depth + 1)}),
        12 => set(dice),
        13 => open(dice, depth),
        _ => list_map(dice, depth),
    };
    if dice.chance(15) {
        schema["nullable"] = true.into();
    }
    if dice.chance(12) {
        let default = plain(dice, &schema);
        schema["default"] = default;
    }
    schema
}

fn with(mut schema: Value, key: &str, value: &str) -> Value {
    schema[key] = value.into();
    schema
}

fn scalar(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 | 1 => json!({"type": "string"}),
        2 => json!({"type": "integer"}),
        3 => json!({"type": "boolean"}),
        4 => json!({"type": "number"}),
        _ => json!({"x-kubernetes-int-or-string": true}),
    }
}

fn structure(dice: &mut Dice, depth: usize) -> Value {
    let (count, mut fields) = (1 + dice.below(if depth == 0 { 7 } else { 4 }), Map::new());
    for name in &NAMES[..count] {
        fields.insert((*name).to_owned(), any(dice, depth + 1));
    }
    json!({"type": "object", "properties": fields})
}

/// A structure with room for what nobody declared.
fn open(dice: &mut Dice, depth: usize) -> Value {
    let mut schema = structure(dice, depth + 1);
    schema["x-kubernetes-preserve-unknown-fields"] = true.into();
    schema
}

fn set(dice: &mut Dice) -> Value {
    let items = if dice.chance(60) { json!({"type": "string"}) } else { json!({"type": "integer"}) };
    json!({"type": "array", "items": items, "x-kubernetes-list-type": "set"})
}

fn list_map(dice: &mut Dice, depth: usize) -> Value {
    let mut items = structure(dice, depth + 1);
    let mut keys = vec!["name"];
    items["properties"]["name"] = json!({"type": "string"});
    let mut required = vec!["name"];
    if dice.chance(40) {
        keys.push("port");
        items["properties"]["port"] = json!({"type": "integer"});
        if dice.chance(60) {
            items["properties"]["port"]["default"] = 80.into();
        } else {
            required.push("port");
        }
    }
    if dice.chance(25) {
        items["properties"]["name"]["default"] = "n".into();
        required.retain(|key| *key != "name");
    }
    if !required.is_empty() {
        items["required"] = json!(required);
    }
    json!({
        "type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
    })
}
