//! Both readers behind one question: what does this text say? Owns the Go process and the spelling of JSON.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use driftdeck::yaml::{self, Budget};
use serde_json::Value;

use crate::programs;

/// What a reader makes of a text: its documents as JSON with sorted keys, up to the first that it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub docs: Vec<String>,
    pub refused: bool,
    /// Never looked at the text behind a first document. Never ours.
    pub drops: bool,
}

/// What our reader says.
pub fn ours(text: &str) -> Said {
    let mut said = Said { docs: Vec::new(), refused: false, drops: false };
    for doc in yaml::read(text.as_bytes(), &Budget::default()) {
        let Ok(doc) = doc else {
            said.refused = true;
            break;
        };
        said.docs.push(go_json(&doc.value));
    }
    said
}

/// The Go reader, running. It answers one text at a time and ends with this value.
pub struct Go {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Go {
    /// Starts it. `None`: there is no Go here, said once on stderr; with `CI` set that is a failure.
    pub fn start() -> Option<Self> {
        let program = match programs::yaml_reader() {
            Ok(program) => program,
            Err(why) if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) => {
                panic!("no Go reader of YAML to compare with: {why}")
            }
            Err(why) => {
                static SAID: OnceLock<()> = OnceLock::new();
                // The handle, not the macro: the line must be seen though the test passes.
                SAID.get_or_init(|| {
                    let _ = writeln!(std::io::stderr(), "skipped, needs the Go reader of YAML: {why}");
                });
                return None;
            }
        };
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the Go reader starts");
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().expect("a pipe"));
        Some(Self { child, to, from })
    }

    /// What Go says of a text.
    pub fn says(&mut self, text: &str) -> Said {
        let mut line = serde_json::to_string(text).expect("a string");
        line.push('\n');
        let to = self.to.as_mut().expect("open until the drop");
        to.write_all(line.as_bytes()).and_then(|()| to.flush()).expect("the Go reader listens");
        let mut answer = String::new();
        self.from.read_line(&mut answer).expect("the Go reader answers");
        let answer: Value = serde_json::from_str(&answer).expect("an answer");
        let docs = answer["docs"].as_array().expect("documents");
        Said {
            docs: docs.iter().map(|doc| doc.as_str().expect("JSON text").to_owned()).collect(),
            refused: answer.get("error").is_some(),
            drops: answer["drops"] == true,
        }
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.child.wait();
    }
}

/// JSON as Go's `encoding/json` spells it, keys sorted: the bytes that are compared.
pub fn go_json(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => put_text(out, text),
        Value::Number(number) if number.is_f64() => put_float(out, number),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                put(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                put_text(out, key);
                out.push(':');
                put(out, &map[key]);
            }
            out.push('}');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

fn put_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// As ECMAScript does: exponents below 1e-6 and from 1e21 on. The digits are those of the JSON that is sent.
fn put_float(out: &mut String, float: &serde_json::Number) {
    let spelled = float.to_string();
    let (sign, spelled) = spelled.strip_prefix('-').map_or(("", &*spelled), |rest| ("-", rest));
    let (mantissa, exponent) = spelled.split_once(['e', 'E']).unwrap_or((spelled, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    // Where the point stands, counted from the first digit.
    let shift = |n: usize| i32::try_from(n).expect("short");
    let point = exponent.parse::<i32>().expect("an exponent") + shift(whole.len()) - shift(leading);
    let places = usize::try_from(point.unsigned_abs()).expect("few");
    out.push_str(sign);
    let _ = match point {
        22.. | ..=-6 => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(out, "{first}{dot}{rest}e{:+}", point - 1)
        }
        ..=0 => write!(out, "0.{}{digits}", "0".repeat(places)),
        _ if digits.len() <= places => write!(out, "{digits}{}", "0".repeat(places - digits.len())),
        _ => write!(out, "{}.{}", &digits[..places], &digits[places..]),
    };
}
