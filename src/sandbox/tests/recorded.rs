//! Exchanges recorded from kube-apiserver 1.36.3 (`recorded.json`), sent to the sandbox in the same order.
//!
//! The answers must be equal, managedFields to the field, once uids, versions, times and allocated addresses are taken
//! out. Where the two may differ is a table that must not grow stale: a row that does not differ fails the test.

use super::*;

const RECORDED: &str = include_str!("recorded.json");

/// Where the sandbox may differ: the exchange's start, and why.
const DIFFERS: [(&str, &str); 0] = [];

/// Fields that no two servers have alike.
const VARYING: [&str; 9] = [
    "continue",
    "clusterIP",
    "clusterIPs",
    "creationTimestamp",
    "deletionTimestamp",
    "nodePort",
    "resourceVersion",
    "time",
    "uid",
];

fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                let plain = if VARYING.contains(&key.as_str()) { "*".into() } else { comparable(value) };
                (without_uids(key), plain)
            };
            Value::Object(map.iter().map(one).collect())
        }
        Value::Array(list) => list.iter().map(comparable).collect(),
        Value::String(text) => without_uids(text).into(),
        other => other.clone(),
    }
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
fn differences(real: &Value, ours: &Value, at: &str, out: &mut Vec<String>) {
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
        _ => out.push(format!("{at}: real {real}, sandbox {ours}")),
    }
}

#[test]
fn recorded_exchanges_are_answered_as_the_real_server_answered_them() {
    let sandbox = shop();
    let recorded: Vec<Value> = serde_json::from_str(RECORDED).expect("the recording reads");
    let mut wrong = Vec::new();
    for exchange in &recorded {
        let ask = exchange["ask"].as_str().expect("an ask");
        let (method, path) = ask.split_once(' ').expect("method and path");
        let content = exchange["content"].as_str().unwrap_or_default();
        let answered = sandbox.request(method, path, &exchange["body"], content);
        let mut out = Vec::new();
        differences(&exchange["status"], &answered.status.into(), "status", &mut out);
        differences(&exchange["answer"], &comparable(&answered.body), "", &mut out);
        let allowed = DIFFERS.iter().any(|(start, _)| ask.starts_with(start));
        if out.is_empty() == allowed {
            wrong.push(format!("{ask} {}\n    {}", exchange["body"], out.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), recorded.len(), wrong.join("\n"));
}
