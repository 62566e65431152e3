//! The OpenAPI v3 documents the sandbox serves: exported from a real 1.36 server, descriptions stripped.
//!
//! Owns the index with its hashes. Refuses OpenAPI v2 but for a document without a path: kubectl asks for it before it
//! says that a kind is unknown, and goes by v3 for all others.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use crate::model::Digest;

macro_rules! documents {
    ($($key:literal: $file:literal),* $(,)?) => {
        /// Index key and text of each document.
        const DOCUMENTS: &[(&str, &str)] =
            &[$(($key, include_str!(concat!("../../assets/openapi/", $file)))),*];
    };
}

documents! {
    "api/v1": "core_v1.json",
    "apis/apiextensions.k8s.io/v1": "apiextensions.k8s.io_v1.json",
    "apis/apps/v1": "apps_v1.json",
    "apis/authentication.k8s.io/v1": "authentication.k8s.io_v1.json",
    "apis/authorization.k8s.io/v1": "authorization.k8s.io_v1.json",
    "apis/autoscaling/v2": "autoscaling_v2.json",
    "apis/batch/v1": "batch_v1.json",
    "apis/coordination.k8s.io/v1": "coordination.k8s.io_v1.json",
    "apis/discovery.k8s.io/v1": "discovery.k8s.io_v1.json",
    "apis/networking.k8s.io/v1": "networking.k8s.io_v1.json",
    "apis/policy/v1": "policy_v1.json",
    "apis/rbac.authorization.k8s.io/v1": "rbac.authorization.k8s.io_v1.json",
    "apis/scheduling.k8s.io/v1": "scheduling.k8s.io_v1.json",
    "apis/storage.k8s.io/v1": "storage.k8s.io_v1.json",
}

/// A document and the hash its index names it by.
#[derive(Clone, Debug)]
struct Document {
    hash: String,
    text: Bytes,
}

/// All documents by index key.
#[derive(Clone, Debug)]
pub(super) struct Documents(BTreeMap<String, Document>);

impl Documents {
    pub(super) fn load() -> Self {
        let mut documents = Self(BTreeMap::new());
        for (key, text) in DOCUMENTS {
            documents.insert((*key).to_owned(), Bytes::from_static(text.as_bytes()));
        }
        documents
    }

    fn insert(&mut self, key: String, text: Bytes) {
        let hash = Digest::of_bytes(&text).0.to_uppercase();
        self.0.insert(key, Document { hash, text });
    }

    /// Puts a document in, in the place of the one there was.
    pub(super) fn put(&mut self, key: String, document: &Value) {
        self.insert(key, Bytes::from(document.to_string()));
    }

    /// A document as JSON; null where there is none.
    pub(super) fn read(&self, key: &str) -> Value {
        let text = self.0.get(key).map(|document| &document.text);
        text.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default()
    }

    /// The keys of all.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Whether a group's version has a document: what has none is not served.
pub(super) fn has(group: &str, version: &str) -> bool {
    let key = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
    DOCUMENTS.iter().any(|(known, _)| *known == key)
}

/// `/openapi/v3`.
pub(super) fn index(documents: &Documents) -> Answer {
    let paths: Map<String, Value> = documents
        .0
        .iter()
        .map(|(key, document)| {
            let url = format!("/openapi/v3/{key}?hash={}", document.hash);
            (key.clone(), json!({"serverRelativeURL": url}))
        })
        .collect();
    Answer::ok(&json!({"paths": paths}))
}

/// `openapi.v2.Document` in protobuf: swagger 2.0, the title and version, no paths.
const LEGACY: &[u8] = b"\x0a\x032.0\x12\x12\x0a\x0aKubernetes\x12\x041.36B\x00";

/// `/openapi/v2`, in the form that was asked for.
pub(super) fn legacy(accept: &str) -> Answer {
    if accept.contains("proto-openapi.spec.v2") {
        return Answer::Legacy(Bytes::from_static(LEGACY));
    }
    Answer::ok(&json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "1.36"}, "paths": {}}))
}

/// `/openapi/v3/<key>`.
pub(super) fn document(documents: &Documents, key: &str) -> Answer {
    match documents.0.get(key) {
        Some(document) => Answer::Json(200, document.text.clone()),
        None => Answer::Text(404, ""),
    }
}
