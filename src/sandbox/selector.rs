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
        if !is_known(kind, field) {
            // Kinds without fields of their own say which two every kind has.
            let plain = kind.custom.is_none() && of_kind(kind).is_empty();
            return Err(Failure::bad(if plain {
                format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
            } else {
                format!("field label not supported: {field}")
            }));
        }
        out.push((field.to_owned(), value.to_owned(), wanted));
    }
    Ok(out)
}

fn is_known(kind: &KindInfo, field: &str) -> bool {
    let opened = || kind.custom.as_ref().is_some_and(|custom| custom.selectable.iter().any(|own| own == field));
    matches!(field, "metadata.name" | "metadata.namespace") || of_kind(kind).contains(&field) || opened()
}
