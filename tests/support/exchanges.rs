//! Exchanges recorded from kube-apiserver 1.36.3 (`tests/exchanges/`), and when two answers are equal.
//!
//! An exchange is `ask` (method and path), `body`, `content` and `accept` where there are any, `status` and `answer`.

use serde_json::Value;

/// All recordings by name, each a conversation from its first namespace on.
pub const RECORDINGS: [(&str, &str); 4] = [
    ("writes", include_str!("../exchanges/writes.json")),
    ("strategic", include_str!("../exchanges/strategic.json")),
    ("custom", include_str!("../exchanges/custom.json")),
    ("tables", include_str!("../exchanges/tables.json")),
];

/// The exchanges of a recording.
pub fn read(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the recording reads")
}

/// Where an answer differs from the recorded one.
pub fn unequal(exchange: &Value, status: u16, body: &Value) -> Vec<String> {
    let mut out = Vec::new();
    differences(&exchange["status"], &status.into(), "status", &mut out);
    differences(&comparable(&exchange["answer"]), &comparable(body), "", &mut out);
    out
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
        Value::String(text) => without_uids(text).into(),
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
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(a, b, &format!("{at}/{key}"), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(n, (a, b))| differences(a, b, &format!("{at}/{n}"), out));
        }
        _ if real == ours => {}
        _ => out.push(format!("{at}: recorded {real}, now {ours}")),
    }
}
