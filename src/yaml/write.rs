//! The one writer: block YAML that reads back equal, laid out as kubectl lays it out.
//!
//! Owns the order of keys and the choice of quotes: text stands bare only where the reader would take it for nothing
//! else. Whole floats (`1.0`) come back as integers, as in Kubernetes.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::scalar::{self, Scalar};
use crate::model::is_hidden;

/// The keys that come first wherever they stand; the others follow by name.
const FIRST: [&str; 7] = ["apiVersion", "kind", "metadata", "name", "namespace", "spec", "data"];

/// Longer keys are written with `?`, because a reader looks only 1,024 characters ahead for the colon.
const LONGEST_KEY: usize = 900;

/// Writes a value as block YAML, ending with a newline.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_map(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => write_list(&mut out, items, 0, false),
        leaf => {
            write_leaf(&mut out, leaf, 2);
            out.push('\n');
        }
    }
    out
}

/// `inline` = the first line goes on where `out` stands, as after `- `.
fn write_map(out: &mut String, map: &Map<String, Value>, indent: usize, mut inline: bool) {
    for (key, value) in ordered(map) {
        start_line(out, indent, &mut inline);
        if key.len() > LONGEST_KEY {
            out.push_str("? ");
            quote(out, key);
            out.push('\n');
            start_line(out, indent, &mut false);
        } else {
            write_text(out, key);
        }
        out.push(':');
        write_under(out, value, indent);
    }
}

fn write_list(out: &mut String, items: &[Value], indent: usize, mut inline: bool) {
    for item in items {
        start_line(out, indent, &mut inline);
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => write_map(out, map, indent + 2, true),
            Value::Array(items) if !items.is_empty() => write_list(out, items, indent + 2, true),
            leaf => {
                write_leaf(out, leaf, indent + 2);
                out.push('\n');
            }
        }
    }
}

/// What follows a key's colon.
fn write_under(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            write_map(out, map, indent + 2, false);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            write_list(out, items, indent, false);
        }
        leaf => {
            out.push(' ');
            write_leaf(out, leaf, indent + 2);
            out.push('\n');
        }
    }
}

fn start_line(out: &mut String, indent: usize, inline: &mut bool) {
    if !std::mem::take(inline) {
        out.extend(std::iter::repeat_n(' ', indent));
    }
}

fn write_leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        Value::String(text) if is_literal(text) => literal(out, text, indent),
        Value::String(text) => write_text(out, text),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn write_text(out: &mut String, text: &str) {
    if is_bare(text) {
        out.push_str(text);
    } else {
        quote(out, text);
    }
}

/// The entries of a map in the order in which they are written.
pub fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key));
    entries
}

/// Whether text may stand without quotes: it resolves to itself and no character of it means anything to a parser.
fn is_bare(text: &str) -> bool {
    let inner = |c: char| {
        matches!(
            c,
            ' ' | '-'
                | '_'
                | '.'
                | '/'
                | '+'
                | '@'
                | '%'
                | '='
                | '('
                | ')'
                | ';'
                | '$'
                | '~'
                | '^'
                | '\\'
                | '<'
                | '>'
                | '!'
                | '?'
                | '*'
                | '&'
                | '|'
                | '\''
                | '"'
                | ','
                | '['
                | ']'
                | '{'
                | '}'
                | ':'
                | '#'
                | '`'
        ) || c.is_alphanumeric()
    };
    let first = |c: char| {
        matches!(c, '-' | '_' | '.' | '/' | '+' | '=' | '(' | '$' | '^' | '\\' | '<' | ';') || c.is_alphanumeric()
    };
    let parses_whole = !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' ']);
    text.starts_with(first)
        && text.chars().all(inner)
        && parses_whole
        && !text.starts_with("- ")
        && !text.starts_with("---")
        && !matches!(text, "-" | "..." | "<<" | "=")
        && !text.starts_with("... ")
        && !is_number_like(text)
        && matches!(scalar::plain(text), Scalar::Text(_))
}

/// What other YAML readers take for a number or a date (`1:30`, `0o17`, `2020-01-01`): quoted for their sake.
fn is_number_like(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && (text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'_' | b'-' | b'+' | b'e' | b'E'))
            || digits.starts_with("0o")
            || digits.get(4..5) == Some("-"))
}

/// Whether text is written as a literal block: several lines of ordinary characters.
fn is_literal(text: &str) -> bool {
    let lines_fit = || text.lines().all(|line| line.chars().all(|c| c == '\t' || !must_escape(c)));
    let first = text.chars().next();
    text.contains('\n') && !matches!(first, None | Some('\n' | ' ' | '\t')) && !text.contains('\r') && lines_fit()
}

fn literal(out: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if must_escape(c) => escape(out, u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(out: &mut String, code: u32) {
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Characters a reader refuses, takes for a line break or drops.
fn must_escape(c: char) -> bool {
    c.is_control() || is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}
