//! The path of a field, as drift.md spells it: `spec.containers[name=app].image`, `data["a/b"]`, `[="x"]`, `[2]`.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A map key or struct field.
    Key(Arc<str>),
    /// A list item by its merge keys, sorted by name; without any, in a rule's path, it stands for every item.
    Item(Vec<(Arc<str>, Value)>),
    /// A member of a set.
    Member(Value),
    /// A place in a list without identity, from 0.
    Index(usize),
}

/// A path from the object's root; the empty path is the object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// The object itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether it is the object itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and one step more.
    #[must_use]
    pub fn child(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// This path and one map key more.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.child(Step::Key(key.into()))
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// A path of plain map keys.
    pub fn of_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|k| Step::Key(k.into())).collect())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) if is_bare(key) => f.write_str(key),
            Self::Key(key) => write!(f, "[{}]", Value::from(&**key)),
            Self::Item(keys) => write_item(keys, f),
            Self::Member(value) => write!(f, "[={value}]"),
            Self::Index(at) => write!(f, "[{at}]"),
        }
    }
}

fn write_item(keys: &[(Arc<str>, Value)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if keys.is_empty() {
        return f.write_str("[*]");
    }
    f.write_str("[")?;
    for (n, (key, value)) in keys.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        match value {
            Value::String(text) if is_plain(text) => write!(f, "{comma}{key}={text}")?,
            other => write!(f, "{comma}{key}={other}")?,
        }
    }
    f.write_str("]")
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            if n > 0 && matches!(step, Step::Key(key) if is_bare(key)) {
                f.write_str(".")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a key stands without quotes.
fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether a merge key's string value stands without quotes and cannot be mistaken for another JSON value.
fn is_plain(text: &str) -> bool {
    let like_json = serde_json::from_str::<Value>(text).is_ok();
    !text.is_empty()
        && !like_json
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':'))
}

/// Why a written path is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct PathError {
    /// One-based character.
    pub at: usize,
    /// What was expected.
    pub what: &'static str,
}

impl std::str::FromStr for FieldPath {
    type Err = PathError;

    /// Reads what `Display` writes; also takes `*`, `**` and `[*]` (ignore rules) and a
    /// leading dot.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('.').unwrap_or(text);
        while !rest.is_empty() {
            let at = text.len() - rest.len() + 1;
            let (step, after) = if rest.starts_with('[') { bracket(rest, at)? } else { bare(rest, at)? };
            steps.push(step);
            rest = match after.strip_prefix('.') {
                Some("") => return Err(PathError { at: text.len(), what: "a field name after the dot" }),
                Some(next) => next,
                None => after,
            };
        }
        Ok(Self(steps))
    }
}

fn bare(rest: &str, at: usize) -> Result<(Step, &str), PathError> {
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    if end == 0 {
        return Err(PathError { at, what: "a field name" });
    }
    Ok((Step::Key(rest[..end].into()), &rest[end..]))
}

fn bracket(rest: &str, at: usize) -> Result<(Step, &str), PathError> {
    let end = closing(rest).ok_or(PathError { at, what: "a closing ]" })?;
    let (inner, after) = (&rest[1..end], &rest[end + 1..]);
    let step = if inner == "*" {
        Step::Item(Vec::new())
    } else if let Some(value) = inner.strip_prefix('=') {
        Step::Member(value_of(value))
    } else if let Ok(Value::String(key)) = serde_json::from_str(inner) {
        Step::Key(key.into())
    } else if let Ok(index) = inner.parse() {
        Step::Index(index)
    } else {
        item(inner, at)?
    };
    Ok((step, after))
}

fn item(inner: &str, at: usize) -> Result<Step, PathError> {
    let mut keys = Vec::new();
    for pair in split_pairs(inner) {
        let (key, value) = pair.split_once('=').ok_or(PathError { at, what: "key=value, \"key\" or a number" })?;
        keys.push((key.into(), value_of(value)));
    }
    Ok(Step::Item(keys))
}

fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// The place of the `]` that closes the bracket `rest` starts with; quotes are honoured.
fn closing(rest: &str) -> Option<usize> {
    unquoted(rest, ']').next()
}

fn split_pairs(inner: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in unquoted(inner, ',') {
        parts.push(&inner[from..at]);
        from = at + 1;
    }
    parts.push(&inner[from..]);
    parts
}

/// Byte places of `wanted` outside JSON strings.
fn unquoted(text: &str, wanted: char) -> impl Iterator<Item = usize> + '_ {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().filter_map(move |(at, c)| {
        let was_escaped = std::mem::replace(&mut escaped, false);
        match c {
            '\\' if quoted && !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            _ if !quoted && c == wanted => return Some(at),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_reads_back_as_it_is_written() {
        for text in [
            "spec.template.spec.containers[name=app].image",
            "spec.ports[port=80,protocol=TCP].nodePort",
            "data[\"a/b\"]",
            "metadata.annotations[\"x.y/z]\\\"w\"]",
            "metadata.finalizers[=\"example.com/hold\"]",
            "args[2]",
            "items[name=\"8080\"]",
            "",
        ] {
            let path: FieldPath = text.parse().expect(text);
            assert_eq!(path.to_string(), text, "a path is spelled one way only");
        }
    }

    #[test]
    fn a_broken_path_says_where() {
        let error = "spec.containers[name".parse::<FieldPath>().expect_err("unclosed");
        assert_eq!(error.at, 16, "{error}");
        assert!("spec.".parse::<FieldPath>().is_err(), "a trailing dot names nothing");
    }

    #[test]
    fn a_path_covers_itself_and_what_lies_below() {
        let spec: FieldPath = "spec".parse().expect("path");
        assert!(spec.covers(&"spec.replicas".parse().expect("path")));
        assert!(!spec.covers(&"specification".parse().expect("path")), "steps are compared, not characters");
    }
}
