//! The forms of questions that the recordings must hold. Owns the list; refuses to judge answers.

use serde_json::Value;

/// A form: its name, and whether an exchange is of it.
type Form = (&'static str, fn(&Exchange) -> bool);

/// What a form looks at.
struct Exchange<'e> {
    method: &'e str,
    path: &'e str,
    query: &'e str,
    content: &'e str,
    accept: &'e str,
    body: String,
    status: u64,
    warned: bool,
    events: Vec<&'e str>,
}

impl<'e> Exchange<'e> {
    fn of(exchange: &'e Value) -> Self {
        let text = |key: &str| exchange[key].as_str().unwrap_or_default();
        let (method, whole) = text("ask").split_once(' ').unwrap_or_default();
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        let events = exchange["answer"].as_array().into_iter().flatten().filter_map(|event| event["type"].as_str());
        Self {
            method,
            path,
            query,
            content: text("content"),
            accept: text("accept"),
            body: exchange["body"].to_string(),
            status: exchange["status"].as_u64().unwrap_or_default(),
            warned: exchange.get("warnings").is_some(),
            events: events.collect(),
        }
    }

    fn custom(&self) -> bool {
        self.path.contains("example.com")
    }

    fn asks(&self, part: &str) -> bool {
        self.query.contains(part)
    }

    fn watches(&self) -> bool {
        self.asks("watch=")
    }

    fn is(&self, method: &str, status: u64) -> bool {
        self.method == method && self.status == status
    }

    fn patches(&self, kind: &str) -> bool {
        self.method == "PATCH" && self.content.contains(kind) && self.status == 200
    }

    fn dry(&self, method: &str) -> bool {
        self.method == method && self.asks("dryRun=All") && self.status < 300
    }
}

/// Of built-in kinds and of custom ones alike.
const OF_BOTH: [Form; 34] = [
    ("a create", |e| e.is("POST", 201)),
    ("a get", |e| e.is("GET", 200) && !e.path.ends_with('s')),
    ("a list", |e| e.is("GET", 200) && e.path.ends_with('s') && !e.watches()),
    ("an update", |e| e.is("PUT", 200)),
    ("a merge patch", |e| e.patches("merge-patch") && !e.content.contains("strategic")),
    ("a JSON patch", |e| e.patches("json-patch")),
    ("an apply", |e| e.patches("apply-patch")),
    ("a forced apply", |e| e.patches("apply-patch") && e.asks("force=true")),
    ("an apply that creates", |e| e.is("PATCH", 201)),
    ("a conflict of appliers", |e| e.is("PATCH", 409) && e.content.contains("apply")),
    ("a delete", |e| e.is("DELETE", 200)),
    ("a delete of a collection by labels", |e| e.is("DELETE", 200) && e.asks("labelSelector")),
    ("a delete of a collection by fields", |e| e.is("DELETE", 200) && e.asks("fieldSelector")),
    ("a dry create", |e| e.dry("POST")),
    ("a dry patch", |e| e.dry("PATCH")),
    ("a dry update", |e| e.dry("PUT")),
    ("a dry delete", |e| e.dry("DELETE")),
    ("a write with an old version", |e| e.is("PUT", 409)),
    ("a delete with a precondition that fails", |e| e.is("DELETE", 409) && e.body.contains("preconditions")),
    ("a name made by the server", |e| e.body.contains("generateName") && e.status == 201),
    ("unknown fields refused", |e| e.asks("fieldValidation=Strict") && matches!(e.status, 400 | 422)),
    ("unknown fields warned of", |e| e.asks("fieldValidation=Warn") && e.warned),
    ("unknown fields ignored", |e| e.asks("fieldValidation=Ignore") && e.status < 300),
    ("a page", |e| e.is("GET", 200) && e.asks("limit=")),
    ("a page that goes on", |e| e.is("GET", 200) && e.asks("continue=")),
    ("a continue that does not read", |e| e.is("GET", 400) && e.asks("continue=")),
    ("a watch from a version", |e| e.watches() && e.asks("resourceVersion={{") && e.events.contains(&"MODIFIED")),
    ("a watch from version 0", |e| e.watches() && e.asks("resourceVersion=0") && e.events.contains(&"ADDED")),
    ("a streaming list", |e| e.asks("sendInitialEvents=true") && e.events.contains(&"BOOKMARK")),
    ("a watch by fields", |e| e.watches() && e.asks("fieldSelector") && !e.events.is_empty()),
    ("a watch that times out", |e| e.watches() && e.asks("timeoutSeconds")),
    ("a status written", |e| e.path.ends_with("/status") && e.patches("merge-patch")),
    ("a status applied", |e| e.path.ends_with("/status") && e.patches("apply-patch")),
    ("a scale written", |e| e.path.ends_with("/scale") && e.patches("merge-patch")),
];

const OF_ANY: [Form; 40] = [
    ("a strategic patch", |e| e.patches("strategic-merge-patch")),
    ("a strategic patch of a custom kind", |e| e.custom() && e.content.contains("strategic") && e.status == 415),
    ("a selector by =", |e| e.asks("labelSelector=tier%3Dfront")),
    ("a selector by ==", |e| e.asks("labelSelector=tier%3D%3Dfront")),
    ("a selector by !=", |e| e.asks("labelSelector=tier%21%3Dfront")),
    ("a selector by in", |e| e.asks("%20in%20")),
    ("a selector by notin", |e| e.asks("%20notin%20")),
    ("a selector by presence", |e| e.query == "labelSelector=tier"),
    ("a selector by absence", |e| e.query == "labelSelector=%21tier"),
    ("a selector by >", |e| e.asks("labelSelector=n%3E")),
    ("a selector by <", |e| e.asks("labelSelector=n%3C")),
    ("a selector that does not read", |e| e.asks("labelSelector") && e.status == 400),
    ("a field selector by !=", |e| e.asks("fieldSelector=metadata.name%21%3D")),
    ("a field that is not selectable", |e| e.asks("fieldSelector") && e.status == 400),
    ("a list at an exact version", |e| e.asks("resourceVersionMatch=Exact") && e.status == 200),
    ("a list not older than a version", |e| e.asks("resourceVersionMatch=NotOlderThan") && e.status == 200),
    ("a list that expects too much of time", |e| e.is("GET", 504)),
    ("a watch of what leaves a selector", |e| e.asks("labelSelector") && e.events.contains(&"DELETED")),
    ("a watch of one object", |e| e.watches() && e.path.ends_with("/w")),
    ("a watch of Tables", |e| e.watches() && e.accept.contains("as=Table")),
    ("a Table", |e| !e.watches() && e.accept.contains("as=Table") && e.status == 200),
    ("metadata alone", |e| e.accept.contains("as=PartialObjectMetadata;") && e.status == 200),
    ("a foreground delete", |e| e.is("DELETE", 200) && e.asks("Foreground")),
    ("an orphaning delete", |e| e.is("DELETE", 200) && e.asks("Orphan")),
    ("a namespace that terminates", |e| e.is("POST", 403)),
    ("a status read", |e| e.is("GET", 200) && e.path.ends_with("/status")),
    ("a status put", |e| e.is("PUT", 200) && e.path.ends_with("/status")),
    ("a scale read", |e| e.is("GET", 200) && e.path.ends_with("/scale")),
    ("a scale put", |e| e.is("PUT", 200) && e.path.ends_with("/scale")),
    ("a namespace finalized", |e| e.method == "PUT" && e.path.ends_with("/finalize")),
    ("a binding", |e| e.method == "POST" && e.path.ends_with("/binding")),
    ("an eviction", |e| e.method == "POST" && e.path.ends_with("/eviction")),
    ("400", |e| e.status == 400),
    ("404 of an object", |e| e.status == 404),
    ("405", |e| e.status == 405),
    ("406", |e| e.status == 406),
    ("409 of a name in use", |e| e.is("POST", 409)),
    ("415", |e| e.status == 415),
    ("422", |e| e.status == 422),
    ("500", |e| e.status == 500),
];

/// The forms that no exchange has.
pub fn missing(all: &[Value]) -> Vec<&'static str> {
    let all: Vec<Exchange> = all.iter().map(Exchange::of).collect();
    let absent = |form: &Form, custom: Option<bool>| {
        !all.iter().any(|exchange| custom.is_none_or(|custom| exchange.custom() == custom) && form.1(exchange))
    };
    let of_both = OF_BOTH.iter().filter(|form| absent(form, Some(true)) || absent(form, Some(false)));
    let of_any = OF_ANY.iter().filter(|form| absent(form, None));
    of_both.chain(of_any).map(|form| form.0).collect()
}
