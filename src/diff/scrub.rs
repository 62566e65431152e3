//! Scrubbing: a server's sentence about a Secret without the Secret's values (faults.md: API errors leak).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::model::Foreign;

/// Values shorter than this are taken out only as words of their own: inside words they would be everywhere.
const SHORTEST: usize = 4;
/// The server quotes a wrong value so; what follows may be any part of it.
const QUOTES: [&str; 4] = ["valueUnstructured", "Invalid value:", "Value:", "got \""];

/// Removes every value of `bodies` from a sentence, raw, base64-decoded and base64-encoded.
///
/// A sentence that quotes a value in the server's own notation loses everything from there on: parts of a value cannot
/// be told from words.
#[must_use]
pub fn scrub(message: &Foreign, bodies: &[&Value]) -> Foreign {
    let mut values = Vec::new();
    for body in bodies {
        for field in ["data", "stringData"] {
            collect(body.get(field).unwrap_or(&Value::Null), &mut values);
        }
        collect(body.pointer("/metadata/annotations").unwrap_or(&Value::Null), &mut values);
    }
    values.sort_by_key(|value: &String| std::cmp::Reverse(value.len()));
    let mut text = message.raw().to_owned();
    if let Some(at) = QUOTES.iter().filter_map(|quote| text.find(quote)).min() {
        text.truncate(at);
        text.push_str("(value masked)");
    }
    for value in values.iter().filter(|value| !value.is_empty()) {
        text =
            if value.len() >= SHORTEST { text.replace(value.as_str(), "(masked)") } else { without_word(&text, value) };
    }
    Foreign::new(text)
}

/// A short value is taken out where it stands as a word of its own.
fn without_word(text: &str, value: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric();
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let joined = before.chars().next_back().or(out.chars().next_back()).is_some_and(is_part)
            || after.chars().next().is_some_and(is_part);
        out.push_str(before);
        out.push_str(if joined { value } else { "(masked)" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// As a server writes it between quotes: line breaks and quotes escaped.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().trim_matches('"').to_owned()
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| collect(value, out)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, out)),
        Value::String(text) => {
            out.push(STANDARD.encode(text));
            if let Some(decoded) = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                out.extend(decoded.lines().map(str::to_owned));
                out.push(quoted(&decoded));
                out.push(decoded);
            }
            out.push(quoted(text));
            out.push(text.clone());
        }
        Value::Null => {}
        other => out.push(other.to_string()),
    }
}
