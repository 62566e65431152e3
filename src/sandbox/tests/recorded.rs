//! The recorded exchanges, sent to the sandbox in the same order.
//!
//! The answers must be equal, managedFields to the field, once uids, versions, times and allocated addresses are taken
//! out. Where the two may differ is a table that must not grow stale: a row that does not differ fails the test.

use super::*;

#[path = "../../../tests/support/exchanges.rs"]
mod exchanges;

/// Where the sandbox may differ: the exchange's start, and why.
const DIFFERS: [(&str, &str); 0] = [];

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
    match sandbox.core.answer(&Account::admin(), &call).written() {
        answer::Answer::Json(status, bytes) | answer::Answer::Warned(status, bytes, _) => {
            (status, serde_json::from_slice(&bytes).expect("JSON"))
        }
        answer::Answer::Text(status, text) => (status, text.into()),
        answer::Answer::Discovery(bytes) => (200, serde_json::from_slice(&bytes).unwrap_or_default()),
        answer::Answer::Legacy(_) | answer::Answer::List(_) | answer::Answer::Stream(_) => (200, Value::Null),
    }
}

#[test]
fn recorded_exchanges_are_answered_as_the_real_server_answered_them() {
    let (mut wrong, mut all) = (Vec::new(), 0);
    for (name, recording) in exchanges::RECORDINGS {
        let sandbox = shop();
        for exchange in exchanges::read(recording) {
            let ask = exchange["ask"].as_str().expect("an ask");
            let (status, body) = ask_for(&sandbox, &exchange);
            let out = exchanges::unequal(&exchange, status, &body);
            let allowed = DIFFERS.iter().any(|(start, _)| ask.starts_with(start));
            if out.is_empty() == allowed {
                wrong.push(format!("{name}: {ask} {}\n    {}", exchange["body"], out.join("\n    ")));
            }
            all += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {all} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all >= 400, "{all} exchanges");
}
