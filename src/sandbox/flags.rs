//! The query of a request: which options were given. Refuses to act on them.

use std::num::{IntErrorKind, ParseIntError};

use super::failure::Failure;

/// What to do with fields the schema does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    Ignore,
    Warn,
    Strict,
}

/// The options of a request, as far as the sandbox knows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags(Vec<(String, String)>);

impl Flags {
    /// Reads `a=b&c=d`.
    pub(super) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// The first value of an option; empty counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Every value of an option, empty ones too.
    pub(super) fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a boolean option is set: by any word but `0` and `false`.
    pub(super) fn is(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// Whether an option is given at all, though it may be empty.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// These options are whole numbers where they are given.
    pub(super) fn check_numbers(&self, keys: &[&str]) -> Result<(), Failure> {
        for key in keys {
            let said = self.0.iter().find(|(name, _)| name == key).map(|(_, text)| text);
            let Some((text, Err(error))) = said.map(|text| (text, text.parse::<i64>())) else { continue };
            let why = number_error(&error);
            return Err(Failure::bad(format!("strconv.ParseInt: parsing {text:?}: {why}")));
        }
        Ok(())
    }

    /// A whole number.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// Whether nothing shall be kept; the words of it are judged before.
    pub(super) fn dry_run(&self) -> bool {
        self.has("dryRun")
    }

    /// `fieldValidation`, by default Warn.
    pub(super) fn validation(&self) -> Validation {
        match self.get("fieldValidation") {
            Some("Strict") => Validation::Strict,
            Some("Ignore") => Validation::Ignore,
            _ => Validation::Warn,
        }
    }

    /// `resourceVersion` as a number; 0 and absent are the same to most readers and are told apart by `get`.
    pub(super) fn resource_version(&self) -> Result<u64, Failure> {
        let Some(text) = self.get("resourceVersion") else { return Ok(0) };
        text.parse::<u64>().map_err(|error| {
            let why = format!("strconv.ParseUint: parsing {text:?}: {}", number_error(&error));
            Failure::new(500, "", format!("resourceVersion: Invalid value: {text:?}: {why}"))
        })
    }
}

/// What Go says of a text that is no number.
fn number_error(error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    }
}

/// Percent decoding of a path, where `+` is itself.
pub(super) fn decode_path(text: &str) -> String {
    decode(&text.replace('+', "%2B"))
}

/// Percent decoding; `+` is a blank.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let hex = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(if byte == b'+' { b' ' } else { byte });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_decoded_and_empty_ones_count_as_absent() {
        let flags = Flags::parse("labelSelector=a%3Db%2Cc&force=true&continue=&fieldManager=x+y&odd=%zz");
        assert_eq!(flags.get("labelSelector"), Some("a=b,c"));
        assert!(flags.is("force") && !flags.is("dryRun"));
        assert_eq!(flags.get("continue"), None, "an empty continue is the first page");
        assert_eq!((flags.get("fieldManager"), flags.get("odd")), (Some("x y"), Some("%zz")));
    }
}
