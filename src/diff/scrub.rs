//! Scrubbing: a server's sentence about a Secret without the Secret's values (faults.md: API errors leak).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Ground;
use super::mask::Masks;
use crate::model::{Foreign, Live, Manifest, Record, ResourceKey};

/// Values shorter than this are taken out only as words of their own: inside words they would be everywhere.
const SHORTEST: usize = 4;
/// A piece of a value as long as this is taken out too: a server cuts what it quotes.
const PIECE: usize = 8;
/// Longest value of which pieces are looked for.
const LONGEST: usize = 64 << 10;
/// The server quotes a wrong value so, whole or a window of it; what follows may be any part of it.
const QUOTES: [&str; 8] = [
    "valueUnstructured",
    "Invalid value:",
    "Value:",
    "got \"",
    "error found in #",
    "bigger context",
    "offending part",
    "map[",
];

/// A server's sentence about an object, without what is masked of it on either side. An object of which nothing is
/// masked keeps its sentence.
#[must_use]
pub fn tell(
    message: &Foreign,
    key: &ResourceKey,
    (git, live): (Option<&Manifest>, Option<&Live>),
    ground: &Ground,
) -> Foreign {
    let parsed: Value = live.and_then(|live| serde_json::from_str(&live.json).ok()).unwrap_or_default();
    let kinds: Vec<_> = git.map(|git| &git.gvk).into_iter().chain(live.map(|live| &live.gvk)).collect();
    let wanted = git.map_or(&Value::Null, |git| &*git.body);
    let masks = Masks::new(key, &kinds, [wanted, &parsed], ground);
    let mut hidden = masks.hidden();
    if masks.is_secret() {
        let annotations = [wanted, &parsed].into_iter().filter_map(|side| side.pointer("/metadata/annotations"));
        hidden.extend(annotations.cloned().map(without_ours));
    } else if hidden.is_empty() {
        return message.clone();
    }
    without(message, &hidden)
}

/// Whether anything of git's object is masked: then no plain hash of it may be kept anywhere.
#[must_use]
pub fn is_masked(git: &Manifest, ground: &Ground) -> bool {
    let masks = Masks::new(&git.key, &[&git.gvk], [&git.body, &Value::Null], ground);
    masks.is_secret() || !masks.hidden().is_empty()
}

/// Removes every value of Secrets from a sentence: raw, base64-decoded and base64-encoded, and as a server quotes it.
///
/// A sentence that quotes a value in the server's own notation loses everything from there on: parts of a value cannot
/// be told from words.
#[must_use]
pub fn scrub(message: &Foreign, bodies: &[&Value]) -> Foreign {
    let fields = ["/data", "/stringData", "/metadata/annotations"];
    let values = bodies.iter().flat_map(|body| fields.iter().filter_map(|field| body.pointer(field)));
    without(message, &values.cloned().collect::<Vec<_>>())
}

/// Our own annotation holds names that are no secret and stand in many a sentence.
fn without_ours(mut annotations: Value) -> Value {
    if let Some(map) = annotations.as_object_mut() {
        map.remove(Record::ANNOTATION);
    }
    annotations
}

fn without(message: &Foreign, hidden: &[Value]) -> Foreign {
    let mut values = Vec::new();
    for value in hidden {
        collect(value, &mut values);
    }
    values.sort_by_key(|value: &String| std::cmp::Reverse(value.len()));
    values.dedup();
    let mut text = message.raw().to_owned();
    if let Some(at) = QUOTES.iter().filter_map(|quote| text.find(quote)).min() {
        text.truncate(at);
        text.push_str("(value masked)");
    }
    for value in values.iter().filter(|value| !value.is_empty()) {
        text =
            if value.len() >= SHORTEST { text.replace(value.as_str(), "(masked)") } else { without_word(&text, value) };
    }
    for value in values.iter().filter(|value| (PIECE..LONGEST).contains(&value.len())) {
        text = without_pieces(&text, value);
    }
    Foreign::new(text)
}

/// Without the pieces of a value that stand in a text.
fn without_pieces(text: &str, value: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let whole = value.match_indices(first).map(|(at, _)| shared(rest, &value[at..])).max().unwrap_or(0);
        if whole >= PIECE {
            out.push_str("(masked)");
            rest = &rest[whole..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Bytes that two texts begin with alike.
fn shared(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
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

/// As a server writes it between quotes: line breaks and quotes escaped, as JSON does and as Go does.
fn quoted(text: &str) -> [String; 2] {
    let json = Value::from(text).to_string();
    let go = text.chars().map(|c| match c {
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        '"' | '\\' => format!("\\{c}"),
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    [json[1..json.len() - 1].to_owned(), go.collect()]
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| collect(value, out)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, out)),
        Value::String(text) => {
            out.push(STANDARD.encode(text));
            if let Some(decoded) = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                out.extend(decoded.lines().map(str::to_owned));
                out.extend(quoted(&decoded));
                out.push(decoded);
            }
            out.extend(quoted(text));
            out.push(text.clone());
        }
        Value::Null => {}
        other => out.push(other.to_string()),
    }
}
