//! Label and field selectors. Refuses field labels that a kind does not have, with the real server's 400.

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
}

impl Selector {
    /// From `labelSelector` and `fieldSelector`, for a kind.
    pub(super) fn of(flags: &Flags, kind: &KindInfo) -> Result<Self, Failure> {
        let labels = flags.get("labelSelector").map_or(Ok(Vec::new()), labels)?;
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
            "status.nominatedNodeName",
        ],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase"],
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
        Some(Value::Null) | None if field == "status.successful" => "0".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn fields(text: &str, kind: &KindInfo) -> Result<Vec<(String, String, bool)>, Failure> {
    let mut out = Vec::new();
    for term in text.split(',').filter(|term| !term.is_empty()) {
        let unequal = term.split_once("!=").map(|(field, value)| (field, value, false));
        let equal =
            || term.split_once("==").or_else(|| term.split_once('=')).map(|(field, value)| (field, value, true));
        let Some((field, value, wanted)) = unequal.or_else(equal) else {
            return Err(Failure::bad(format!("invalid selector: '{text}'; can't understand '{term}'")));
        };
        if !matches!(field, "metadata.name" | "metadata.namespace") && !of_kind(kind).contains(&field) {
            return Err(Failure::bad(unknown(kind, field)));
        }
        out.push((field.to_owned(), value.to_owned(), wanted));
    }
    Ok(out)
}

/// Kinds with fields of their own have another sentence than those that know the two of all.
fn unknown(kind: &KindInfo, field: &str) -> String {
    if of_kind(kind).is_empty() && kind.custom.is_none() {
        return format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }
    format!("field label not supported: {field}")
}

fn labels(text: &str) -> Result<Vec<Requirement>, Failure> {
    terms(text).into_iter().map(|term| requirement(term.trim())).collect()
}

/// Splits at commas outside parentheses.
fn terms(text: &str) -> Vec<&str> {
    let (mut out, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[from..]);
    out.into_iter().filter(|term| !term.trim().is_empty()).collect()
}

fn requirement(term: &str) -> Result<Requirement, Failure> {
    let one = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    if let Some((head, list)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) {
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Requirement::In(key.to_owned(), values)),
            (Some(key), Some("notin"), None) => Ok(Requirement::NotIn(key.to_owned(), values)),
            _ => Err(unparsable(term)),
        };
    }
    let parsed = if let Some((key, value)) = term.split_once("!=") {
        let (key, values) = one(key, value);
        Requirement::NotIn(key, values)
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        let (key, values) = one(key, value);
        Requirement::In(key, values)
    } else if let Some(key) = term.strip_prefix('!') {
        Requirement::Absent(key.trim().to_owned())
    } else {
        Requirement::Exists(term.to_owned())
    };
    if let Requirement::Exists(key) | Requirement::Absent(key) = &parsed
        && key.contains(char::is_whitespace)
    {
        return Err(Failure::bad("unable to parse requirement: found '' expected: '('"));
    }
    let (Requirement::In(key, values) | Requirement::NotIn(key, values)) = &parsed else { return Ok(parsed) };
    if key.is_empty() || values.iter().any(|value| value.contains(['=', '!', '('])) {
        return Err(unparsable(term));
    }
    Ok(parsed)
}

fn unparsable(term: &str) -> Failure {
    let found = if term.contains('=') { "=" } else { term };
    Failure::bad(format!("unable to parse requirement: found '{found}', expected: identifier"))
}
