//! What a definition must be (apiextensions' validation, as far as an operator meets it), and the names it takes.

use serde_json::Value;

use super::super::failure::Cause;
use super::super::kinds::list;
use super::super::object::{self, text};

const SCHEMA: &str = "spec.validation.openAPIV3Schema";
const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Causes to refuse a definition; `live` is null for a new one.
pub(in super::super) fn check(live: &Value, body: &Value, causes: &mut Vec<Cause>) {
    let (plural, group) = (text(body, "/spec/names/plural"), text(body, "/spec/group"));
    if object::name(body) != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &object::name(body).into(), why));
    }
    if !group.contains('.') {
        causes.push(Cause::invalid("spec.group", &group.into(), "should be a domain with at least one dot"));
    }
    let scope = text(body, "/spec/scope");
    if !matches!(scope, "Cluster" | "Namespaced") {
        let message = format!("Unsupported value: \"{scope}\": supported values: \"Cluster\", \"Namespaced\"");
        causes.push(Cause { reason: "FieldValueNotSupported", message, field: "spec.scope".to_owned() });
    }
    let storage = list(&body["spec"]["versions"]).filter(|version| version["storage"] == true).count();
    if storage != 1 {
        let why = "must have exactly one version marked as storage version";
        let message = format!("Invalid value: {}: {why}", go_versions(body));
        causes.push(Cause { reason: "FieldValueInvalid", message, field: "spec.versions".to_owned() });
        let why = "must have at least one stored version";
        causes.push(Cause::invalid("status.storedVersions", &Value::Null, why));
    }
    let single = list(&body["spec"]["versions"]).count() == 1;
    for (n, version) in list(&body["spec"]["versions"]).enumerate() {
        let at = if single { "spec".to_owned() } else { format!("spec.versions[{n}]") };
        shown(version, &at, causes);
        let schema = &version["schema"]["openAPIV3Schema"];
        let at = format!("spec.versions[{n}].schema.openAPIV3Schema");
        if schema.is_null() {
            causes.push(Cause::required(&at, ""));
        } else {
            root(schema, if single { SCHEMA } else { &at }, causes);
        }
    }
    if !live.is_null() {
        settled(live, body, causes);
    }
}

/// What does not change once it was accepted, and the versions in which something may be stored.
fn settled(live: &Value, body: &Value, causes: &mut Vec<Cause>) {
    let established =
        list(&live["status"]["conditions"]).any(|own| own["type"] == "Established" && own["status"] == "True");
    for (pointer, always) in
        [("/spec/scope", true), ("/spec/group", true), ("/spec/names/kind", false), ("/spec/names/plural", false)]
    {
        if (always || established) && !object::same(live, body, pointer) {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            let value = body.pointer(pointer).cloned().unwrap_or_default();
            causes.push(Cause::invalid(&field, &value, "field is immutable"));
        }
    }
    for (n, stored) in list(&body["status"]["storedVersions"]).enumerate() {
        if !list(&body["spec"]["versions"]).any(|version| version["name"] == *stored) {
            let name = stored.as_str().unwrap_or_default();
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            causes.push(Cause::invalid(&format!("status.storedVersions[{n}]"), stored, &why));
        }
    }
}

/// Columns and the paths of the scale.
fn shown(version: &Value, at: &str, causes: &mut Vec<Cause>) {
    const PATH: &str = "must be a simple json path starting with .";
    for (n, column) in list(&version["additionalPrinterColumns"]).enumerate() {
        let at = format!("{at}.additionalPrinterColumns[{n}]");
        if !matches!(text(column, "/type"), "boolean" | "date" | "integer" | "number" | "string") {
            let why = "must be one of boolean,date,integer,number,string";
            causes.push(Cause::invalid(&format!("{at}.type"), &column["type"], why));
        }
        if !text(column, "/jsonPath").starts_with('.') {
            causes.push(Cause::invalid(&format!("{at}.JSONPath"), &column["jsonPath"], PATH));
        }
    }
    let scale = &version["subresources"]["scale"];
    for key in ["specReplicasPath", "statusReplicasPath", "labelSelectorPath"] {
        if scale[key].as_str().is_some_and(|path| !path.is_empty() && !path.starts_with('.')) {
            causes.push(Cause::invalid(&format!("{at}.subresources.scale.{key}"), &scale[key], PATH));
        }
    }
}

/// The schema of a whole object.
fn root(schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    if schema["type"].as_str().is_some_and(|kind| kind != "object") {
        causes.push(Cause::invalid(&format!("{at}.type"), &schema["type"], "must be object at the root"));
    }
    structural(schema, at, causes);
}

/// What a structural schema must not say at a place.
fn forbidden(schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    if schema["uniqueItems"] == true {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        causes.push(Cause::forbidden(&format!("{at}.uniqueItems"), why));
    }
    if schema["properties"].is_object() && schema["additionalProperties"].is_object() {
        let why = "additionalProperties and properties are mutual exclusive";
        causes.push(Cause::forbidden(&format!("{at}.additionalProperties"), why));
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == false {
        let field = format!("{at}.x-kubernetes-preserve-unknown-fields");
        causes.push(Cause::invalid(&field, &false.into(), "must be true or undefined"));
    }
    let free = schema["x-kubernetes-int-or-string"] == true;
    for key in ["allOf", "anyOf", "oneOf"] {
        for (n, _) in list(&schema[key]).enumerate().filter(|(_, below)| !free && below["type"].is_string()) {
            causes.push(Cause::forbidden(&format!("{at}.{key}[{n}].type"), "must be empty to be structural"));
        }
    }
    if schema["not"]["type"].is_string() {
        causes.push(Cause::forbidden(&format!("{at}.not.type"), "must be empty to be structural"));
    }
}

/// The versions as Go prints the internal type.
fn go_versions(body: &Value) -> String {
    let one = |version: &Value| {
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":null,\
             \"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
            version["name"], version["served"], version["storage"]
        )
    };
    let all: Vec<String> = list(&body["spec"]["versions"]).map(one).collect();
    format!("[{}]", all.join(","))
}

/// The rules of a structural schema at a place and below it.
fn structural(schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let kind = schema["type"].as_str().unwrap_or_default();
    let free = ["x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"];
    if kind.is_empty() && !free.iter().any(|key| schema[*key] == true) {
        causes.push(Cause::required(&format!("{at}.type"), "must not be empty for specified object fields"));
    } else if !kind.is_empty() && !TYPES.contains(&kind) {
        let known: Vec<String> = TYPES.iter().map(|one| format!("\"{one}\"")).collect();
        let message = format!("Unsupported value: \"{kind}\": supported values: {}", known.join(", "));
        causes.push(Cause { reason: "FieldValueNotSupported", message, field: format!("{at}.type") });
    }
    forbidden(schema, at, causes);
    if kind == "array" && schema["items"].is_null() {
        causes.push(Cause::required(&format!("{at}.items"), "must be specified"));
    }
    let keys = schema["x-kubernetes-list-map-keys"].as_array().is_some_and(|keys| !keys.is_empty());
    if schema["x-kubernetes-list-type"] == "map" && !keys {
        let why = "must not be empty if x-kubernetes-list-type is map";
        causes.push(Cause::required(&format!("{at}.x-kubernetes-list-map-keys"), why));
    }
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        for cause in super::validate::whole(schema, default) {
            causes.push(Cause { field: format!("{at}.default{}", cause.field), ..cause });
        }
    }
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        structural(below, &format!("{at}.properties[{key}]"), causes);
    }
    for (key, place) in [("items", "items"), ("additionalProperties", "additionalProperties")] {
        if schema[key].is_object() {
            structural(&schema[key], &format!("{at}.{place}"), causes);
        }
    }
}

/// Which of a definition's names others of its group have not taken, and the last conflict with its sentence.
pub(super) fn accepted(own: &Value, others: &[&Value]) -> (Value, Option<(&'static str, String)>) {
    let words = |pointers: &[&str]| -> Vec<&Value> {
        others.iter().flat_map(|other| pointers.iter().filter_map(|pointer| other.pointer(pointer))).collect()
    };
    let short: Vec<&Value> =
        others.iter().flat_map(|other| list(&other["status"]["acceptedNames"]["shortNames"])).collect();
    let plain = [words(&["/status/acceptedNames/plural", "/status/acceptedNames/singular"]), short].concat();
    let kinds = words(&["/status/acceptedNames/kind", "/status/acceptedNames/listKind"]);
    let (names, mut conflict) = (&own["spec"]["names"], None);
    let mut out = own["status"]["acceptedNames"].clone();
    let said = |name: &Value| format!("{name} is already in use");
    for (key, reason, taken) in [
        ("plural", "PluralConflict", &plain),
        ("singular", "SingularConflict", &plain),
        ("shortNames", "ShortNamesConflict", &plain),
        ("kind", "KindConflict", &kinds),
        ("listKind", "ListKindConflict", &kinds),
    ] {
        let wanted = &names[key];
        let each: Vec<&Value> = if wanted.is_array() { list(wanted).collect() } else { vec![wanted] };
        match each.iter().find(|one| !one.is_null() && taken.contains(*one)) {
            Some(one) => conflict = Some((reason, said(one))),
            None if wanted.is_null() => {
                object::take(&mut out, &[key]);
            }
            None => object::put(&mut out, key, wanted.clone()),
        }
    }
    if !names["categories"].is_null() {
        object::put(&mut out, "categories", names["categories"].clone());
    }
    (out, conflict)
}
