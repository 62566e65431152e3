//! Label and field selectors. Refuses field labels that a kind does not have, with the real server's 400.

mod parse;

use std::collections::BTreeMap;

use serde_json::Value;

use super::failure::Failure;
use super::flags::Flags;
use super::kinds::KindInfo;
use super::store::Name;
use super::stored::Stored;

/// What a list or watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, String, bool)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
    /// A whole number above (true) or below the one said.
    Beyond(String, i64, bool),
}

impl Selector {
    /// From `labelSelector` and `fieldSelector`, for a kind.
    pub(super) fn of(flags: &Flags, kind: &KindInfo) -> Result<Self, Failure> {
        let labels = flags.get("labelSelector").map_or(Ok(Vec::new()), parse::labels)?;
        let fields = flags.get("fieldSelector").map_or(Ok(Vec::new()), |text| fields(text, kind))?;
        Ok(Self { labels, fields })
    }

    pub(super) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn takes(&self, name: &Name, stored: &Stored) -> bool {
        let fields = self.fields.iter().all(|(field, value, equal)| match field.as_str() {
            "metadata.name" => (*name.name == **value) == *equal,
            "metadata.namespace" => (*name.namespace == **value) == *equal,
            other => (inner(stored, other) == *value) == *equal,
        });
        if !fields || self.labels.is_empty() {
            return fields;
        }
        let labels = stored.labels();
        self.labels.iter().all(|requirement| requirement.holds(&labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        match self {
            Self::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Self::Exists(key) => labels.contains_key(key),
            Self::Absent(key) => !labels.contains_key(key),
            Self::Beyond(key, than, above) => {
                let own = labels.get(key).and_then(|value| value.parse::<i64>().ok());
                own.is_some_and(|own| if *above { own > *than } else { own < *than })
            }
        }
    }
}

/// The field labels of a kind beside its name and namespace, as kube-apiserver registers them.
fn of_kind(kind: &KindInfo) -> &'static [&'static str] {
    match (&*kind.group, &*kind.kind) {
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase"],
        ("", "ReplicationController") => &["status.replicas"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("batch", "Job") => &["status.successful"],
        _ => &[],
    }
}

/// What an object has at a field label; absent is empty, and false for the two that are booleans.
fn inner(stored: &Stored, field: &str) -> String {
    let object: Value = serde_json::from_slice(&stored.bare()).unwrap_or_default();
    let path = match field {
        "source" => "/source/component".to_owned(),
        "status.successful" => "/status/succeeded".to_owned(),
        other => format!("/{}", other.replace('.', "/")),
    };
    match object.pointer(&path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        Some(Value::Null) | None if matches!(field, "status.successful" | "status.replicas") => "0".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn fields(text: &str, kind: &KindInfo) -> Result<Vec<(String, String, bool)>, Failure> {
    let mut terms = terms(text);
    terms.sort_unstable();
    let mut out = Vec::new();
    for term in terms.into_iter().filter(|term| !term.is_empty()) {
        let Some((field, value, wanted)) = split(term) else {
            return Err(Failure::bad(format!("invalid selector: '{text}'; can't understand '{term}'")));
        };
        let value = unescaped(value)?;
        if !is_known(kind, field) {
            return Err(Failure::bad(unknown(kind, field)));
        }
        out.push((field.to_owned(), value, wanted));
    }
    Ok(out)
}

/// The terms between commas; a comma behind a backslash belongs to a value.
fn terms(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !escaped {
            out.push(&text[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    out.push(&text[start..]);
    out
}

/// Field, value and whether they shall be equal, at the first operator.
fn split(term: &str) -> Option<(&str, &str, bool)> {
    let at = term
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| term[*at..].starts_with("!=") || term[*at..].starts_with('='))?;
    let (field, rest) = term.split_at(at);
    match rest.strip_prefix("!=") {
        Some(value) => Some((field, value, false)),
        None => Some((field, rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?, true)),
    }
}

/// A value without its backslashes.
fn unescaped(value: &str) -> Result<String, Failure> {
    let bad = |why: String| Failure::bad(format!("invalid field selector: {why}"));
    let (mut out, mut rest) = (String::new(), value.chars());
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some(next @ ('\\' | ',' | '=')) => out.push(next),
                next => {
                    let next = next.map_or(String::new(), String::from);
                    return Err(bad(format!("invalid escape sequence: \\{next}")));
                }
            },
            '=' | ',' => return Err(bad(format!("unescaped character in value: {}", u32::from(c)))),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// The sentence about a field label that a kind does not have.
fn unknown(kind: &KindInfo, field: &str) -> String {
    if kind.is("batch", "Job") {
        return format!("field label \"{field}\" not supported for Job");
    }
    // Kinds without fields of their own say which two every kind has.
    if kind.custom.is_none() && of_kind(kind).is_empty() {
        return format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }
    format!("field label not supported: {field}")
}

fn is_known(kind: &KindInfo, field: &str) -> bool {
    let opened = || kind.custom.as_ref().is_some_and(|custom| custom.selectable.iter().any(|own| own == field));
    matches!(field, "metadata.name" | "metadata.namespace") || of_kind(kind).contains(&field) || opened()
}
