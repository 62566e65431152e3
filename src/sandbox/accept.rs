//! What answers can be: the `Accept` header weighed as kube-apiserver weighs it.
//!
//! Owns the media type (JSON or YAML) and the form (whole, Table, metadata alone). Refuses protobuf: it is not written.

use serde_json::json;

use super::failure::Failure;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Yaml,
}

/// What of an object is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    Table,
    Metadata,
    MetadataList,
}

/// What a request takes for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accept {
    pub(super) media: Media,
    pub(super) form: Form,
    /// `meta.k8s.io/v1` or its beta, where the form is not the whole.
    pub(super) version: &'static str,
}

impl Accept {
    /// Whole objects in JSON.
    pub(super) const JSON: Self = Self { media: Media::Json, form: Form::Whole, version: "meta.k8s.io/v1" };
}

/// All types in the server's order, as its refusals name them.
pub(super) const KNOWN: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Weighs the header: the best of what is known, none where nothing is.
pub(super) fn weighed(header: &str) -> Option<Accept> {
    if header.trim().is_empty() {
        return Some(Accept::JSON);
    }
    let mut clauses: Vec<(f64, &str)> = header.split(',').map(|clause| (weight(clause), clause)).collect();
    clauses.sort_by(|a, b| b.0.total_cmp(&a.0));
    clauses.iter().find_map(|(_, clause)| read(clause))
}

fn weight(clause: &str) -> f64 {
    let said = clause.split(';').find_map(|part| part.trim().strip_prefix("q="));
    said.and_then(|said| said.parse().ok()).unwrap_or(1.0)
}

fn read(clause: &str) -> Option<Accept> {
    let mut parts = clause.split(';').map(str::trim);
    let media = match parts.next()? {
        "*/*" | "application/*" | "application/json" => Media::Json,
        "application/yaml" => Media::Yaml,
        _ => return None,
    };
    let mut converts = ["", "", ""];
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        match key {
            "as" => converts[0] = value,
            "v" => converts[1] = value,
            "g" => converts[2] = value,
            "stream" if media == Media::Yaml => return None,
            _ => {}
        }
    }
    if converts == ["", "", ""] {
        return Some(Accept { media, ..Accept::JSON });
    }
    let version = match converts[1..] {
        ["v1", "meta.k8s.io"] => "meta.k8s.io/v1",
        ["v1beta1", "meta.k8s.io"] => "meta.k8s.io/v1beta1",
        _ => return None,
    };
    let form = match converts[0] {
        "Table" => Form::Table,
        "PartialObjectMetadata" => Form::Metadata,
        "PartialObjectMetadataList" => Form::MetadataList,
        _ => return None,
    };
    Some(Accept { media, form, version })
}

/// Whether the router lets the header pass: it knows the types alone and no wildcard but the whole.
pub(super) fn routes(header: &str) -> bool {
    header.split(',').any(|clause| {
        let kind = clause.split(';').next().unwrap_or_default().trim();
        matches!(kind, "" | "*/*" | "application/json" | "application/yaml" | "application/vnd.kubernetes.protobuf")
    })
}

/// 406 by the router, which names what it could give.
pub(super) fn unroutable(known: &str) -> Failure {
    let mut failure = unknown();
    failure.message = format!("406: Not Acceptable\n\nAvailable representations: {known}");
    failure.details = Some(json!({}));
    failure
}

/// 406 by the handler.
pub(super) fn unknown() -> Failure {
    Failure::new(406, "NotAcceptable", format!("only the following media types are accepted: {KNOWN}"))
}
