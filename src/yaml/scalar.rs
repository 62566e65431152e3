//! What a scalar means: the rules of `go.yaml.in/yaml/v2` (`resolve.go`), which `sigs.k8s.io/yaml` v1.6.0 and kubectl
//! read with, and the JSON that comes of them.
//!
//! Owns the table of words, numbers and tags. Refuses nothing but values that JSON cannot hold and tags that the text
//! does not fit.

use serde_json::{Number, Value};

use super::float;

/// A scalar after resolution, before it becomes JSON or a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    /// `~`, `null`, nothing.
    Null,
    /// `yes`, `on`, `true` …
    Bool(bool),
    /// Fits in 64 bits with a sign.
    Int(i64),
    /// Fits in 64 bits without a sign only.
    Large(u64),
    /// Anything else that is a number.
    Float(f64),
    /// Everything else.
    Text(String),
}

/// The tag of a scalar, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// None: a plain scalar resolves.
    None,
    /// `!!str`, and `!`.
    Str,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!bool`.
    Bool,
    /// `!!null`.
    Null,
    /// `!!binary`: base64.
    Binary,
    /// `!!timestamp`: stays text, but must be one.
    Timestamp,
    /// Any other: the text stands, as Go has it.
    Other,
}

/// What `text` means under `tag`, quoted or not. The error says what it was read as, never the text.
pub(super) fn resolve(text: &str, tag: Tag) -> Result<Scalar, &'static str> {
    let wrong = |fits: bool, what: &'static str, scalar: Scalar| if fits { Ok(scalar) } else { Err(what) };
    match tag {
        Tag::None => Ok(plain(text)),
        Tag::Binary => binary(text),
        Tag::Timestamp if !is_timestamp(text) => Err("tagged !!timestamp but not a time"),
        Tag::Str | Tag::Other | Tag::Timestamp => Ok(Scalar::Text(text.to_owned())),
        Tag::Int => {
            let scalar = plain(text);
            wrong(matches!(scalar, Scalar::Int(_) | Scalar::Large(_)), "tagged !!int but not an integer", scalar)
        }
        Tag::Float => match plain(text) {
            Scalar::Int(n) => Ok(Scalar::Int(n)),
            Scalar::Float(f) => Ok(Scalar::Float(f)),
            _ => Err("tagged !!float but not a number"),
        },
        Tag::Bool => {
            let scalar = plain(text);
            wrong(matches!(scalar, Scalar::Bool(_)), "tagged !!bool but not a boolean", scalar)
        }
        Tag::Null => {
            let scalar = plain(text);
            wrong(scalar == Scalar::Null, "tagged !!null but not null", scalar)
        }
    }
}

fn binary(text: &str) -> Result<Scalar, &'static str> {
    use base64::Engine as _;
    // Go's decoder skips line breaks and nothing else.
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(packed).map_err(|_| "tagged !!binary but not base64")?;
    // Go's JSON has one mark for each byte that is no text.
    let marks = |chunk: std::str::Utf8Chunk| {
        let marks = "\u{fffd}".repeat(chunk.invalid().len());
        chunk.valid().to_owned() + &marks
    };
    Ok(Scalar::Text(bytes.utf8_chunks().map(marks).collect()))
}

/// Go's four layouts: `2006-1-2`, with a time after `T`, `t` (and a zone) or a space (and none).
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let spaced = text.as_bytes().get(date.len()) == Some(&b' ');
    let Some(day) = numbers::<3>(date, '-') else { return false };
    let in_month = (1..=days_in(day[0], day[1])).contains(&day[2]) && date.find('-') == Some(4);
    in_month && time.is_none_or(|time| is_time(time, !spaced))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

fn is_time(text: &str, zoned: bool) -> bool {
    let clock = if zoned { text.strip_suffix('Z').or_else(|| without_zone(text)) } else { Some(text) };
    let Some(clock) = clock else { return false };
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let fits = |at: [u32; 3]| at[0] < 24 && at[1] < 60 && at[2] < 60;
    !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) && numbers(clock, ':').is_some_and(fits)
}

/// Without `+01:00`.
fn without_zone(text: &str) -> Option<&str> {
    let (clock, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let zone = zone.strip_prefix(['+', '-'])?;
    let [hours, minutes] = numbers(zone, ':')?;
    (hours <= 24 && minutes < 60 && zone.find(':') == Some(2)).then_some(clock)
}

/// Exactly so many short decimal numbers.
fn numbers<const N: usize>(text: &str, between: char) -> Option<[u32; N]> {
    let fits = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Option<Vec<u32>> =
        text.split(between).map(|part| if fits(part) { part.parse().ok() } else { None }).collect();
    parts?.try_into().ok()
}

/// What a plain scalar means in the core schema of YAML 1.2 (section 10.3.2): for tests that judge without 1.1.
pub(super) fn core(text: &str) -> Scalar {
    let in_base = |digits: Option<&str>, radix| {
        digits.filter(|d| !d.starts_with(['+', '-'])).and_then(|d| i64::from_str_radix(d, radix).ok())
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => plain(text),
        _ if digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() => match text.parse() {
            Ok(n) => Scalar::Int(n),
            Err(_) => text.parse().map_or_else(|_| decimal_or_text(text), Scalar::Large),
        },
        _ => in_base(text.strip_prefix("0x"), 16)
            .or_else(|| in_base(text.strip_prefix("0o"), 8))
            .map_or_else(|| decimal_or_text(text), Scalar::Int),
    }
}

fn decimal_or_text(text: &str) -> Scalar {
    float::decimal(text).map_or_else(|| Scalar::Text(text.to_owned()), Scalar::Float)
}

/// What a plain scalar means.
pub(super) fn plain(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => number(text).unwrap_or_else(|| Scalar::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Scalar> {
    match text.as_bytes().first()? {
        b'.' => float::decimal(&between_digits(text)?).map(Scalar::Float),
        b'0'..=b'9' | b'+' | b'-' => {
            let bare: std::borrow::Cow<str> =
                if text.contains('_') { text.replace('_', "").into() } else { text.into() };
            integer(&bare).or_else(|| float::decimal(&bare).map(Scalar::Float)).or_else(|| odd_binary(&bare))
        }
        _ => None,
    }
}

/// Without the underscores that `ParseFloat` lets through: those between two digits; `None` with any other.
fn between_digits(text: &str) -> Option<String> {
    let digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let fits = text.match_indices('_').all(|(at, _)| digit(at.checked_sub(1)) && digit(Some(at + 1)));
    fits.then(|| text.replace('_', ""))
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(digits);
    let magnitude = magnitude(digits, radix)?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(n) => Some(Scalar::Int(n)),
        // `ParseUint` takes no sign.
        Err(_) => (!text.starts_with('+')).then_some(Scalar::Large(magnitude)),
    }
}

fn radix(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}

fn magnitude(digits: &str, radix: u32) -> Option<u64> {
    // `from_str_radix` would take a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// `0b-1`: the reader cuts the prefix off and lets the rest have a sign of its own.
fn odd_binary(text: &str) -> Option<Scalar> {
    let digits = text.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// As JSON; the error is for what JSON cannot hold.
pub(super) fn to_json(scalar: Scalar) -> Result<Value, &'static str> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(yes) => Value::Bool(yes),
        Scalar::Int(n) => n.into(),
        Scalar::Large(n) => n.into(),
        Scalar::Text(text) => text.into(),
        Scalar::Float(f) => Value::Number(json_number(f).ok_or("not a finite number")?),
    })
}

/// Go writes whole floats below 1e21 without a point, and Kubernetes then reads them as integers.
pub(super) fn json_number(f: f64) -> Option<Number> {
    if f == 0.0 {
        return Some(0.into());
    }
    if f.fract() == 0.0 && f.abs() < 1e21 {
        let digits = f.to_string();
        if let Ok(n) = digits.parse::<i64>() {
            return Some(n.into());
        }
        if let Ok(n) = digits.parse::<u64>() {
            return Some(n.into());
        }
    }
    Number::from_f64(f)
}

/// As a map key, spelled as `sigs.k8s.io/yaml` spells it.
pub(super) fn to_key(scalar: Scalar) -> Result<String, &'static str> {
    Ok(match scalar {
        Scalar::Null => return Err("null as a key"),
        Scalar::Large(_) => return Err("a number beyond 64 bits as a key; quote it"),
        Scalar::Bool(yes) => if yes { "true" } else { "false" }.to_owned(),
        Scalar::Int(n) => n.to_string(),
        Scalar::Float(f) => float::spell_short(f),
        Scalar::Text(text) => text,
    })
}
