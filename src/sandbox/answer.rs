//! What a request gets: JSON, text or a stream. Refuses to know why.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use super::body::Body;
use super::failure::Failure;
use super::listed::Listed;
use super::watch::Watch;
use crate::yaml;

/// The type of an aggregated discovery document.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The type of OpenAPI v2 in protobuf.
const LEGACY: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// An answer before it is put on the wire.
pub(super) enum Answer {
    Json(u16, Bytes),
    Text(u16, &'static str),
    /// Aggregated discovery: clients tell by the type that it is.
    Discovery(Bytes),
    List(Listed),
    /// OpenAPI v2 in protobuf.
    Legacy(Bytes),
    Stream(Box<Watch>),
    /// JSON with `Warning` headers.
    Warned(u16, Bytes, Vec<String>),
    /// YAML with `Warning` headers.
    Yaml(u16, Bytes, Vec<String>),
}

impl Answer {
    pub(super) fn of(code: u16, value: &Value) -> Self {
        Self::Json(code, Bytes::from(value.to_string()))
    }

    pub(super) fn ok(value: &Value) -> Self {
        Self::of(200, value)
    }

    /// Adds warnings, as `299 - "text"` headers.
    pub(super) fn with_warnings(self, warnings: Vec<String>) -> Self {
        match self {
            Self::Json(code, bytes) if !warnings.is_empty() => Self::Warned(code, bytes, warnings),
            other => other,
        }
    }

    /// The same with a list written out.
    pub(super) fn written(self) -> Self {
        match self {
            Self::List(list) => Self::Json(200, list.whole()),
            other => other,
        }
    }

    /// The same in YAML, where it is JSON.
    pub(super) fn in_yaml(self) -> Self {
        let (code, bytes, warnings) = match self.written() {
            Self::Json(code, bytes) => (code, bytes, Vec::new()),
            Self::Warned(code, bytes, warnings) => (code, bytes, warnings),
            other => return other,
        };
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Self::Yaml(code, Bytes::from(yaml::write(&value)), warnings)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (code, kind, body, warnings) = match self {
            Self::Json(code, bytes) => (code, "application/json", Body::whole(bytes), Vec::new()),
            Self::List(list) => (200, "application/json", Body::list(list), Vec::new()),
            Self::Discovery(bytes) => (200, AGGREGATED, Body::whole(bytes), Vec::new()),
            Self::Legacy(bytes) => (200, LEGACY, Body::whole(bytes), Vec::new()),
            Self::Warned(code, bytes, warnings) => (code, "application/json", Body::whole(bytes), warnings),
            Self::Yaml(code, bytes, warnings) => (code, "application/yaml", Body::whole(bytes), warnings),
            Self::Text(code, text) => (code, "text/plain; charset=utf-8", Body::whole(Bytes::from(text)), Vec::new()),
            Self::Stream(watch) => (200, "application/json", Body::watch(*watch), Vec::new()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        if matches!(code, 429 | 504) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        for warning in warnings {
            let text = format!("299 - \"{}\"", warning.replace('\\', "\\\\").replace('"', "\\\""));
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(header::WARNING, value);
            }
        }
        response
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Self::of(failure.code, &failure.to_value())
    }
}
