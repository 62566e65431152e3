//! Exchanges recorded from kube-apiserver 1.36.3 (`tests/exchanges/`), and when two answers are equal.
//!
//! An exchange is `ask` (method and path), `body`, `content` and `accept` where there are any, `status`, `answer` and
//! `warnings`; of a watch, how many `events` are read. `keep` names places of the answer that later questions say as
//! `{{name}}`.
#![allow(dead_code, reason = "each suite uses its own part of it")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::both::{Answer, Question};

/// All recordings by name, each a conversation from its first namespace on.
pub const RECORDINGS: [(&str, &str); 11] = [
    ("writes", include_str!("../exchanges/writes.json")),
    ("strategic", include_str!("../exchanges/strategic.json")),
    ("custom", include_str!("../exchanges/custom.json")),
    ("tables", include_str!("../exchanges/tables.json")),
    ("reading", include_str!("../exchanges/reading.json")),
    ("forms", include_str!("../exchanges/forms.json")),
    ("kinds", include_str!("../exchanges/kinds.json")),
    ("owners", include_str!("../exchanges/owners.json")),
    ("paths", include_str!("../exchanges/paths.json")),
    ("scale", include_str!("../exchanges/scale.json")),
    ("selecting", include_str!("../exchanges/selecting.json")),
];

/// What was kept of earlier answers, by name.
pub type Kept = BTreeMap<String, String>;

/// The exchanges of a recording.
pub fn read(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the recording reads")
}

/// Writes a recording back, an exchange a line.
pub fn write(name: &str, recording: &[Value]) {
    const ORDER: [&str; 9] = ["ask", "events", "keep", "accept", "content", "body", "status", "warnings", "answer"];
    let line = |exchange: &Value| {
        let parts = ORDER.iter().filter_map(|key| Some(format!("\"{key}\":{}", exchange.get(key)?)));
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    };
    let lines: Vec<String> = recording.iter().map(line).collect();
    let file = format!("{}/tests/exchanges/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(file, format!("[\n{}\n]\n", lines.join(",\n"))).expect("the recording is written");
}

/// The request of an exchange.
pub fn question(exchange: &Value, kept: &Kept) -> Question {
    let text = |key: &str| exchange[key].as_str().unwrap_or_default().to_owned();
    let (method, path) = exchange["ask"].as_str().and_then(|ask| ask.split_once(' ')).expect("method and path");
    let body = &exchange["body"];
    let filled = if body.is_string() {
        body.clone()
    } else {
        serde_json::from_str(&fill(&body.to_string(), kept)).expect("JSON")
    };
    Question {
        method: method.to_owned(),
        path: fill(path, kept),
        accept: text("accept"),
        content: text("content"),
        body: filled,
        events: exchange["events"].as_u64().unwrap_or_default().try_into().expect("small"),
    }
}

fn fill(text: &str, kept: &Kept) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// Notes what the exchange keeps of its answer.
pub fn keep(exchange: &Value, answer: &Answer, kept: &mut Kept) {
    for (name, place) in exchange["keep"].as_object().into_iter().flatten() {
        let value = place.as_str().and_then(|place| answer.body.pointer(place)).and_then(Value::as_str);
        kept.insert(name.clone(), value.unwrap_or_default().to_owned());
    }
}

/// Puts what the server answered into the exchange.
pub fn record(exchange: &mut Value, answer: &Answer, kept: &Kept) {
    exchange["status"] = answer.status.into();
    if !answer.warnings.is_empty() {
        exchange["warnings"] = json!(answer.warnings);
    }
    exchange["answer"] = named(&comparable(&answer.body), kept);
}

/// Where an answer differs from the recorded one.
pub fn unequal(exchange: &Value, answer: &Answer, kept: &Kept) -> Vec<String> {
    let mut out = Vec::new();
    differences(&exchange["status"], &answer.status.into(), "status", &mut out);
    let warnings = exchange.get("warnings").cloned().unwrap_or_else(|| json!([]));
    if exchange.get("answer").is_some() || exchange.get("warnings").is_some() {
        differences(&warnings, &json!(answer.warnings), "warnings", &mut out);
    }
    differences(&comparable(&exchange["answer"]), &named(&comparable(&answer.body), kept), "", &mut out);
    out
}

/// Random names that were kept stand by their name; so does a name that was made from one.
fn named(value: &Value, kept: &Kept) -> Value {
    let mut text = value.to_string();
    for (name, value) in kept.iter().filter(|(name, value)| name.starts_with("name") && value.len() > 3) {
        text = text.replace(value.as_str(), &format!("{{{{{name}}}}}"));
    }
    serde_json::from_str(&text).expect("JSON")
}

/// Fields that no two servers have alike.
const VARYING: [&str; 10] = [
    "continue",
    "clusterIP",
    "clusterIPs",
    "creationTimestamp",
    "deletionTimestamp",
    "lastTransitionTime",
    "nodePort",
    "resourceVersion",
    "time",
    "uid",
];

/// An answer without what varies, lists whose order means nothing in one order.
pub fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                let plain = match key.as_str() {
                    varies if VARYING.contains(&varies) => "*".into(),
                    "cells" => without_ages(value),
                    _ => comparable(value),
                };
                (without_uids(key), plain)
            };
            Value::Object(map.iter().filter(|(key, _)| *key != "storageVersionHash").map(one).collect())
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(comparable).collect();
            if list.iter().all(|item| item.get("fieldsV1").is_some()) {
                let key = |entry: &Value| {
                    format!("{}{}{}{}", entry["manager"], entry["operation"], entry["subresource"], entry["apiVersion"])
                };
                list.sort_by_key(key);
            }
            if list.iter().all(|item| item.get("verbs").is_some()) {
                list.sort_by_key(|resource| resource["name"].to_string());
            }
            list.into()
        }
        Value::String(text) if text.len() == 20 && text.parse::<jiff::Timestamp>().is_ok() => "*".into(),
        Value::String(text) => without_versions(&without_uids(&without_object(text))).into(),
        other => other.clone(),
    }
}

/// The cells of a Table's row; an age is another a second later.
fn without_ages(cells: &Value) -> Value {
    let is_age = |text: &str| {
        let units = text.trim_start_matches(|c: char| c.is_ascii_digit());
        units.len() < text.len() && matches!(units.chars().next(), Some('s' | 'm' | 'h' | 'd'))
    };
    let plain = |cell: &Value| match cell.as_str() {
        Some(text) if is_age(text) => "age".into(),
        _ => comparable(cell),
    };
    cells.as_array().map_or_else(|| comparable(cells), |cells| cells.iter().map(plain).collect())
}

/// A sentence that quotes a whole object in the order of its server's fields, without the object.
fn without_object(text: &str) -> String {
    const HEAD: &str = "Invalid value: \"{\\\"";
    match (text.find(HEAD), text.rfind("}\": ")) {
        (Some(from), Some(to)) if to > from => format!("{}Invalid value: {{}}{}", &text[..from], &text[to + 2..]),
        _ => text.to_owned(),
    }
}

/// A sentence about versions, without the versions.
fn without_versions(text: &str) -> String {
    if !text.to_lowercase().replace(' ', "").contains("resourceversion") {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('N') => {}
            '0'..='9' => out.push('N'),
            other => out.push(other),
        }
    }
    out
}

/// A text with each UUID as `UID`.
fn without_uids(text: &str) -> String {
    let is_uid = |part: &str| {
        part.len() == 36
            && part
                .char_indices()
                .all(|(at, c)| if matches!(at, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() })
    };
    let (mut out, mut at) = (String::new(), 0);
    while at < text.len() {
        if text.get(at..at + 36).is_some_and(is_uid) {
            out.push_str("UID");
            at += 36;
        } else {
            let c = text[at..].chars().next().expect("within the text");
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

/// Where two values differ, by pointer.
pub fn differences(real: &Value, ours: &Value, at: &str, out: &mut Vec<String>) {
    match (real, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let at = format!("{at}/{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(a, b, &at, out),
                    (Some(a), None) => out.push(format!("{at}: recorded {a}, now absent")),
                    (None, Some(b)) => out.push(format!("{at}: recorded as absent, now {b}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(n, (a, b))| differences(a, b, &format!("{at}/{n}"), out));
        }
        _ if real == ours => {}
        _ => out.push(format!("{at}: recorded {real}, now {ours}")),
    }
}
