//! Exchanges recorded from kube-apiserver 1.36.3 (`recorded.json`), sent to the sandbox in the same order.
//!
//! The answers must be equal, managedFields to the field, once uids, versions, times and allocated addresses are taken
//! out. Where the two may differ is a table that must not grow stale: a row that does not differ fails the test.

use super::*;

const RECORDED: &str = include_str!("recorded.json");

/// Where the sandbox may differ: the exchange's start, and why.
const DIFFERS: [(&str, &str); 0] = [];

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

fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                let plain = if VARYING.contains(&key.as_str()) { "*".into() } else { comparable(value) };
                (without_uids(key), plain)
            };
            Value::Object(map.iter().map(one).collect())
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(comparable).collect();
            if list.iter().all(|item| item.get("fieldsV1").is_some()) {
                list.sort_by_key(|entry| format!("{}{}{}", entry["manager"], entry["operation"], entry["subresource"]));
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

/// Plays a recording into a fresh sandbox; what differs, an exchange each.
fn replay(sandbox: &Sandbox, recording: &str) -> (usize, Vec<String>) {
    let recorded: Vec<Value> = serde_json::from_str(recording).expect("the recording reads");
    let mut wrong = Vec::new();
    for exchange in &recorded {
        let ask = exchange["ask"].as_str().expect("an ask");
        let (status, body) = ask_for(sandbox, exchange);
        let mut out = Vec::new();
        differences(&exchange["status"], &status.into(), "status", &mut out);
        differences(&comparable(&exchange["answer"]), &comparable(&body), "", &mut out);
        let allowed = DIFFERS.iter().any(|(start, _)| ask.starts_with(start));
        if out.is_empty() == allowed {
            wrong.push(format!("{ask} {}\n    {}", exchange["body"], out.join("\n    ")));
        }
    }
    (recorded.len(), wrong)
}

/// One exchange's request, with the `Accept` it was recorded with.
fn ask_for(sandbox: &Sandbox, exchange: &Value) -> (u16, Value) {
    let text = |key: &str| exchange[key].as_str().unwrap_or_default().to_owned();
    let ask = text("ask");
    let (method, path) = ask.split_once(' ').expect("method and path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = &exchange["body"];
    let call = core::Call {
        method: http::Method::from_bytes(method.as_bytes()).expect("a method"),
        path: path.to_owned(),
        query: query.to_owned(),
        accept: text("accept"),
        content_type: text("content"),
        agent: "sandbox".to_owned(),
        body: if body.is_null() { bytes::Bytes::new() } else { bytes::Bytes::from(body.to_string()) },
    };
    match sandbox.core.answer(&Account::admin(), &call) {
        answer::Answer::Json(status, bytes) | answer::Answer::Warned(status, bytes, _) => {
            (status, serde_json::from_slice(&bytes).expect("JSON"))
        }
        answer::Answer::Text(status, text) => (status, text.into()),
        answer::Answer::Stream(_) => (200, Value::Null),
    }
}

fn assert_equal(sandbox: &Sandbox, recording: &str) {
    let (all, wrong) = replay(sandbox, recording);
    assert!(wrong.is_empty(), "{} of {all} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn recorded_exchanges_are_answered_as_the_real_server_answered_them() {
    assert_equal(&shop(), RECORDED);
}

#[test]
fn strategic_merge_patches_are_answered_as_the_real_server_answered_them() {
    assert_equal(&shop(), include_str!("recorded_strategic.json"));
}

#[test]
fn definitions_and_their_objects_are_answered_as_the_real_server_answered_them() {
    assert_equal(&shop(), include_str!("recorded_custom.json"));
}

#[test]
fn tables_are_answered_as_the_real_server_answered_them() {
    assert_equal(&shop(), include_str!("recorded_tables.json"));
}
