//! Random values of a schema, other values near by, and values that no server takes.

use serde_json::{Map, Value, json};

use super::Dice;

/// Keys of free maps.
const KEYS: [&str; 4] = ["k", "l", "m", "x.y/z"];

/// A value in which nulls and empties may stand.
pub fn value(dice: &mut Dice, schema: &Value) -> Value {
    random(dice, schema, true)
}

/// A value that a default may be: complete, and without nulls.
pub fn plain(dice: &mut Dice, schema: &Value) -> Value {
    random(dice, schema, false)
}

fn random(dice: &mut Dice, schema: &Value, odd: bool) -> Value {
    let null = if schema["nullable"] == true { 12 } else { 2 };
    if odd && dice.chance(null) {
        return Value::Null;
    }
    match schema["type"].as_str() {
        Some("object") => Value::Object(object(dice, schema, odd)),
        Some("array") => Value::Array(list(dice, schema, odd)),
        Some("string") => (*dice.pick(&["x", "y", ""])).into(),
        Some("integer") => dice.below(3).into(),
        Some("boolean") => dice.chance(50).into(),
        Some("number") => dice.pick(&[json!(1), json!(1.5), json!(2)]).clone(),
        _ => dice.pick(&[json!(1), json!("1"), json!("50%")]).clone(),
    }
}

fn object(dice: &mut Dice, schema: &Value, odd: bool) -> Map<String, Value> {
    let mut map = Map::new();
    let required = |key: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        if required(key) {
            let own = random(dice, below, false);
            map.insert(key.clone(), own);
        } else if dice.chance(45) {
            let own = random(dice, below, odd);
            map.insert(key.clone(), own);
        }
    }
    let values = &schema["additionalProperties"];
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    if (values.is_object() || open) && dice.chance(80) {
        for _ in 0..=dice.below(3) {
            let key = (*dice.pick(&KEYS)).to_owned();
            let own = if open { loose(dice, 0, odd) } else { random(dice, values, odd) };
            map.insert(key, own);
        }
    }
    map
}

/// A value of which no schema says anything.
fn loose(dice: &mut Dice, depth: usize, odd: bool) -> Value {
    match dice.below(if depth > 1 { 3 } else { 6 }) {
        0 => dice.below(3).into(),
        1 => (*dice.pick(&["x", "y"])).into(),
        2 if odd && dice.chance(20) => Value::Null,
        2 => dice.chance(50).into(),
        3 => {
            let count = dice.below(3);
            Value::Array((0..count).map(|_| loose(dice, depth + 1, false)).collect())
        }
        _ => {
            let count = dice.below(3);
            (0..count).map(|_| ((*dice.pick(&KEYS)).to_owned(), loose(dice, depth + 1, odd))).collect()
        }
    }
}

fn list(dice: &mut Dice, schema: &Value, odd: bool) -> Vec<Value> {
    let (kind, count) = (schema["x-kubernetes-list-type"].as_str(), dice.below(4));
    let mut out: Vec<Value> = Vec::new();
    for _ in 0..count {
        let item = random(dice, &schema["items"], odd && kind.is_none());
        let item = if kind == Some("map") { keyed(dice, schema, item) } else { item };
        if kind.is_none() || !out.iter().any(|own| same(schema, own, &item)) {
            out.push(item);
        }
    }
    out
}

/// An item with keys of a small choice.
fn keyed(dice: &mut Dice, schema: &Value, mut item: Value) -> Value {
    let fields = &schema["items"]["properties"];
    for key in schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let choice = if key == "port" { [json!(80), json!(81)] } else { [json!("n"), json!("o")] };
        item[key] = dice.pick(&choice).clone();
        if fields[key].get("default").is_some() && dice.chance(40) {
            item.as_object_mut().expect("an item").remove(key);
        }
    }
    item
}

/// Whether two items are one to a set or a map of items.
fn same(schema: &Value, a: &Value, b: &Value) -> bool {
    let Some(keys) = schema["x-kubernetes-list-map-keys"].as_array() else { return a == b };
    let of = |item: &Value, key: &str| match &item[key] {
        Value::Null => schema["items"]["properties"][key]["default"].clone(),
        own => own.clone(),
    };
    keys.iter().filter_map(Value::as_str).all(|key| of(a, key) == of(b, key))
}

/// A value near to another one: here and there something else, more or less.
pub fn mutated(dice: &mut Dice, schema: &Value, old: &Value) -> Value {
    if dice.chance(12) {
        return value(dice, schema);
    }
    match old {
        Value::Object(map) => mutated_map(dice, schema, map),
        Value::Array(list) if schema["type"] == "array" => mutated_list(dice, schema, list),
        other if dice.chance(20) => {
            let _ = other;
            value(dice, schema)
        }
        other => other.clone(),
    }
}

fn mutated_map(dice: &mut Dice, schema: &Value, map: &Map<String, Value>) -> Value {
    let keys: Vec<&str> =
        schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut out = map.clone();
    for (key, own) in map {
        let below = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
        let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| *one == **key));
        if required || keys.contains(&key.as_str()) {
            continue;
        }
        if dice.chance(18) {
            out.remove(key);
        } else if below.is_object() {
            out.insert(key.clone(), mutated(dice, below, own));
        }
    }
    if dice.chance(50) {
        for (key, own) in object(dice, schema, true) {
            if dice.chance(40) && !out.contains_key(&key) {
                out.insert(key, own);
            }
        }
    }
    Value::Object(out)
}

fn mutated_list(dice: &mut Dice, schema: &Value, old: &[Value]) -> Value {
    let mut out: Vec<Value> = Vec::new();
    let kept: Vec<Value> = old.iter().filter(|_| !dice.chance(25)).cloned().collect();
    for item in kept {
        let item = if dice.chance(40) && item.is_object() {
            let new = mutated_map(dice, &schema["items"], item.as_object().expect("checked"));
            let mut new = new;
            for key in schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                match item.get(key) {
                    Some(own) => new[key] = own.clone(),
                    None => drop(new.as_object_mut().map(|map| map.remove(key))),
                }
            }
            new
        } else {
            item
        };
        out.push(item);
    }
    for item in list(dice, schema, true) {
        if dice.chance(40)
            && (schema.get("x-kubernetes-list-type").is_none() || !out.iter().any(|own| same(schema, own, &item)))
        {
            out.push(item);
        }
    }
    if dice.chance(15) {
        out.reverse();
    }
    Value::Array(out)
}

/// A value with one fault: an unknown field, a wrong type, an item twice, an item without its key, a null item.
pub fn spoiled(dice: &mut Dice, schema: &Value, old: &Value) -> Value {
    let mut out = old.clone();
    let mut places = Vec::new();
    collect(schema, &out, &mut String::new(), &mut places);
    if places.is_empty() {
        return out;
    }
    let (pointer, kind) = dice.pick(&places).clone();
    let odd = dice.below(3);
    let Some(at) = out.pointer_mut(&pointer) else { return out };
    match (kind, at) {
        (Kind::Closed, Value::Object(map)) => drop(map.insert("undeclared".to_owned(), json!(1))),
        (Kind::Items, Value::Array(list)) => match list.first().cloned() {
            Some(first) if odd > 0 => list.push(first),
            _ => list.push(Value::Null),
        },
        (Kind::Leaf, at) => *at = if odd > 0 { json!({"wrong": "type"}) } else { json!(["wrong"]) },
        _ => {}
    }
    out
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Closed,
    Items,
    Leaf,
}

fn collect(schema: &Value, value: &Value, at: &mut String, out: &mut Vec<(String, Kind)>) {
    match value {
        Value::Object(map) => {
            let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
            if schema["properties"].is_object() && !open && !at.is_empty() {
                out.push((at.clone(), Kind::Closed));
            }
            for (key, own) in map {
                let below = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
                if below.is_object() {
                    let before = at.len();
                    at.push('/');
                    at.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    collect(below, own, at, out);
                    at.truncate(before);
                }
            }
        }
        Value::Array(items) => {
            if schema.get("x-kubernetes-list-type").is_some() {
                out.push((at.clone(), Kind::Items));
            }
            for (n, own) in items.iter().enumerate() {
                let before = at.len();
                at.push('/');
                at.push_str(&n.to_string());
                collect(&schema["items"], own, at, out);
                at.truncate(before);
            }
        }
        Value::Null => {}
        _ if schema["type"].is_string() => out.push((at.clone(), Kind::Leaf)),
        _ => {}
    }
}
