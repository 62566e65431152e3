//! The server's refusals, shaped as `metav1.Status`. Refuses to invent reasons that kube-apiserver does not use.

use serde_json::{Value, json};

use super::kinds::KindInfo;

/// A refusal: HTTP code, reason, sentence, details.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) details: Option<Value>,
    /// `metadata` of the Status: only an expired list says something there.
    pub(super) metadata: Value,
}

/// One field that does not hold, as `field.Error` says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cause {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) field: String,
}

impl Cause {
    /// `field: Required value` and what else is to be said.
    pub(super) fn required(field: &str, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { reason: "FieldValueRequired", message, field: field.to_owned() }
    }

    /// `field: Invalid value: …: why`.
    pub(super) fn invalid(field: &str, value: &Value, why: &str) -> Self {
        Self { reason: "FieldValueInvalid", message: format!("Invalid value: {value}: {why}"), field: field.to_owned() }
    }

    /// `field: Unsupported value: …: supported values: …`.
    pub(super) fn unsupported(field: &str, value: &Value, known: &[&str]) -> Self {
        let known: Vec<String> = known.iter().map(|one| format!("\"{one}\"")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", known.join(", "));
        Self { reason: "FieldValueNotSupported", message, field: field.to_owned() }
    }

    /// `field: Too long: may not be more than … bytes`.
    pub(super) fn too_long(field: &str, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self { reason: "FieldValueTooLong", message, field: field.to_owned() }
    }

    /// `field: Forbidden: why`.
    pub(super) fn forbidden(field: &str, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", message: format!("Forbidden: {why}"), field: field.to_owned() }
    }

    fn to_value(&self) -> Value {
        json!({"reason": self.reason, "message": self.message, "field": self.field})
    }
}

impl Failure {
    /// A refusal without details.
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, metadata: json!({}) }
    }

    fn detailed(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// 400.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 404 of a path that no handler knows within a known group.
    pub(super) fn no_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").detailed(json!({}))
    }

    /// 405.
    pub(super) fn no_method() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
            .detailed(json!({}))
    }

    /// 415.
    pub(super) fn media_type() -> Self {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").detailed(json!({}))
    }

    /// 415 of a patch of a custom kind.
    pub(super) fn custom_media_type() -> Self {
        let why = "the body of the request was in an unknown format - accepted media types include: \
                   application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
        Self::new(415, "UnsupportedMediaType", why)
    }

    /// 422 of a PUT of a custom object without a version.
    pub(super) fn unversioned(kind: &KindInfo, name: &str) -> Self {
        let cause = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
        let mut failure = Self::invalid(kind, name, &[cause]);
        failure.message = failure.message.replacen(&kind.qualified_kind(), &kind.qualified(), 1);
        if let Some(details) = &mut failure.details {
            details["kind"] = (*kind.plural).into();
        }
        failure
    }

    /// 500 in the server's own words for a fault of its own.
    pub(super) fn internal(why: &str) -> Self {
        let details = json!({"causes": [{"message": why}]});
        Self::new(500, "InternalError", format!("Internal error occurred: {why}")).detailed(details)
    }

    /// 404 of an object.
    pub(super) fn not_found(kind: &KindInfo, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", kind.qualified())).detailed(details(
            kind,
            name,
            &kind.plural,
        ))
    }

    /// 409 of a create.
    pub(super) fn exists(kind: &KindInfo, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", kind.qualified())).detailed(details(
            kind,
            name,
            &kind.plural,
        ))
    }

    /// 409 of a write with an old resourceVersion.
    pub(super) fn stale(kind: &KindInfo, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified()))
            .detailed(details(kind, name, &kind.plural))
    }

    /// 409 of a delete whose precondition does not hold; the real server names the kind here, not the resource.
    pub(super) fn precondition(kind: &KindInfo, name: &str, why: &str) -> Self {
        let what = kind.qualified_kind();
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {what} \"{name}\": {why}"))
            .detailed(details(kind, name, &kind.kind))
    }

    /// 409 of an update that means another object of the name.
    pub(super) fn other_uid(kind: &KindInfo, live: &Value, said: &str) -> Self {
        let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (own, namespace, name) = (text("/metadata/uid"), text("/metadata/namespace"), text("/metadata/name"));
        let group = if kind.custom.is_some() { format!("{}/", kind.group) } else { String::new() };
        let place = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{group}{}/{place}, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: {said}, UID in object meta: {own}",
            kind.plural
        );
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified()))
            .detailed(details(kind, name, &kind.plural))
    }

    /// 409 of an apply: the fields others hold.
    pub(super) fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        let causes: Vec<Value> = causes.iter().map(Cause::to_value).collect();
        Self::new(409, "Conflict", message).detailed(json!({"causes": causes}))
    }

    /// 403 by RBAC.
    pub(super) fn forbidden(kind: &KindInfo, name: &str, why: &str) -> Self {
        let what = if name.is_empty() { kind.qualified() } else { format!("{} \"{name}\"", kind.qualified()) };
        Self::new(403, "Forbidden", format!("{what} is forbidden: {why}")).detailed(details(kind, name, &kind.plural))
    }

    /// 403 of a create in a namespace that goes away.
    pub(super) fn terminating(kind: &KindInfo, name: &str, namespace: &str) -> Self {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut failure = Self::forbidden(kind, name, &why);
        let message = format!("namespace {namespace} is being terminated");
        if let Some(Value::Object(map)) = &mut failure.details {
            map.insert(
                "causes".to_owned(),
                json!([{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]),
            );
        }
        failure
    }

    /// 422 with the fields that do not hold.
    pub(super) fn invalid(kind: &KindInfo, name: &str, causes: &[Cause]) -> Self {
        let mut sentences: Vec<String> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        sentences.dedup();
        let what = match sentences.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut said = details(kind, name, &kind.kind);
        if let Value::Object(map) = &mut said {
            map.insert("causes".to_owned(), causes.iter().map(Cause::to_value).collect());
        }
        Self::new(422, "Invalid", format!("{} \"{name}\" is invalid: {what}", kind.qualified_kind())).detailed(said)
    }

    /// 422 that names no object.
    pub(super) fn anonymous(cause: &Cause) -> Self {
        let message = format!(" \"\" is invalid: {}: {}", cause.field, cause.message);
        Self::new(422, "Invalid", message).detailed(json!({"causes": [cause.to_value()]}))
    }

    /// 422 of a JSON patch that does not apply.
    pub(super) fn patch_rejected() -> Self {
        Self::new(422, "Invalid", "the server rejected our request due to an error in our request").detailed(json!({}))
    }

    /// 500 of an apply patch that the schema does not take; the object of the sentence is the patch's own.
    pub(super) fn typed(object: &Value, what: &str) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let (version, kind) = (text("/apiVersion"), text("/kind"));
        let version = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
        let message =
            format!("failed to create typed patch object ({namespace}/{name}; {version}, Kind={kind}): {what}");
        Self::new(500, "", message)
    }

    /// 500 of an apply whose result the kind's decoder does not take.
    pub(super) fn converted(object: &Value, what: &str) -> Self {
        let typed = Self::typed(object, "");
        let named = typed.message.split_once(" (").map(|(_, rest)| rest.trim_end_matches("): ")).unwrap_or_default();
        let kind = named.split_once("; ").map(|(_, kind)| kind).unwrap_or_default();
        let why = format!("unable to convert unstructured object to {kind}: error decoding from json: {what}");
        Self::new(500, "", format!("failed to convert new object ({named}) to proper version: {why}"))
    }

    /// 410: the events or the snapshot asked for are gone.
    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 504 of a resourceVersion from the future.
    pub(super) fn too_large(asked: u64, current: u64) -> Self {
        let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
        Self::new(504, "Timeout", format!("Timeout: Too large resource version: {asked}, current: {current}"))
            .detailed(json!({"causes": [cause], "retryAfterSeconds": 1}))
    }

    /// The Status object.
    pub(super) fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": self.metadata, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Value::Object(map) = &mut status {
            if !self.reason.is_empty() {
                map.insert("reason".to_owned(), self.reason.into());
            }
            if let Some(details) = &self.details {
                map.insert("details".to_owned(), details.clone());
            }
        }
        status
    }
}

/// `{name, group, kind}` without what is empty.
pub(super) fn details(kind: &KindInfo, name: &str, word: &str) -> Value {
    let mut map = serde_json::Map::new();
    for (key, value) in [("name", name), ("group", &*kind.group), ("kind", word)] {
        if !value.is_empty() {
            map.insert(key.to_owned(), value.into());
        }
    }
    Value::Object(map)
}
