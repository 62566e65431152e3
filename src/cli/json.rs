//! JSON that is lossless and harmless: whatever could move a cursor, hide or reorder stands as a `\u` escape.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::error::CliError;
use crate::model::is_hidden;

/// A value over several lines, ending with a newline.
///
/// # Errors
/// [`CliError`] when the value has no JSON form, which is a fault of ours.
pub fn pretty(value: &impl Serialize) -> Result<String, CliError> {
    write(value, Harmless(PrettyFormatter::new()))
}

/// A value on one line, ending with a newline.
///
/// # Errors
/// As [`pretty`].
pub fn line(value: &impl Serialize) -> Result<String, CliError> {
    write(value, Harmless(CompactFormatter))
}

fn write(value: &impl Serialize, formatter: impl Formatter) -> Result<String, CliError> {
    let fault = |why: String| CliError::failed(format!("the output cannot be written as JSON: {why}"));
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    value.serialize(&mut serializer).map_err(|error| fault(error.to_string()))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| fault(error.to_string()))
}

/// A formatter that escapes what JSON itself lets through.
struct Harmless<F>(F);

/// Passes the calls of [`Formatter`] that lay a value out on to the formatter within.
macro_rules! pass_on {
    ($($name:ident $(, $arg:ident: $kind:ty)?);+) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $arg: $kind)?) -> io::Result<()> {
            self.0.$name(writer $(, $arg)?)
        })+
    };
}

impl<F: Formatter> Formatter for Harmless<F> {
    pass_on! {
        begin_array; end_array; begin_array_value, first: bool; end_array_value;
        begin_object; end_object; begin_object_key, first: bool; end_object_key;
        begin_object_value; end_object_value
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !fragment.chars().any(is_harmful) {
            return writer.write_all(fragment.as_bytes());
        }
        writer.write_all(escaped(fragment).as_bytes())
    }
}

/// C0 are escaped by JSON itself; DEL and what cannot be seen are left to us.
fn is_harmful(c: char) -> bool {
    c == '\u{7f}' || is_hidden(c)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_reads_back_the_same() {
        let text = "a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}\u{feff}é日";
        let written = line(&text).expect("a string has a JSON form");
        assert_eq!(written, "\"a\\u001b[2J\\u007f\\u009b\\u202e\\u200b\\udb40\\udc41\\ufeffé日\"\n");
        let back: String = serde_json::from_str(&written).expect("valid JSON");
        assert_eq!(back, text, "escapes lose nothing");
    }

    #[test]
    fn keys_are_escaped_as_values_are() {
        let value = serde_json::json!({ "\u{202e}key": 1 });
        assert!(line(&value).expect("JSON").contains("\\u202ekey"), "a key comes from a cluster too");
    }

    #[test]
    fn several_lines_say_the_same_as_one() {
        let value = serde_json::json!({ "a": [1, { "b": "\u{200b}" }], "c": {} , "d": [] });
        let (one, many) = (line(&value).expect("JSON"), pretty(&value).expect("JSON"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&one).ok(), serde_json::from_str(&many).ok());
        assert!(many.contains("\n  \"a\": [\n"), "the layout is serde_json's own");
    }
}
