//! Custom kinds over their life: opened, changed, held by a finalizer, closed under a watch.

use super::watching::Watching;
use super::*;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CUPS: &str = "/apis/shop.example/v1/namespaces/shop/cups";

fn definition(properties: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "cups.shop.example"},
        "spec": {
            "group": "shop.example", "scope": "Namespaced", "names": {"plural": "cups", "kind": "Cup"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": properties},
                }}},
            }],
        },
    })
}

fn cup(name: &str) -> Value {
    json!({"apiVersion": "shop.example/v1", "kind": "Cup", "metadata": {"name": name}, "spec": {"size": 1}})
}

fn with_cups() -> Sandbox {
    let sandbox = shop();
    send(&sandbox, &format!("POST {CRDS}"), &definition(&json!({"size": {"type": "integer"}})), 201);
    sandbox
}

fn hash(sandbox: &Sandbox) -> String {
    let index = get(sandbox, "/openapi/v3");
    index["paths"]["apis/shop.example/v1"]["serverRelativeURL"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_definition_opens_its_kind_at_once_and_a_change_moves_the_hash_of_its_document() {
    let sandbox = shop();
    assert_eq!(hash(&sandbox), "", "nothing of it before");
    send(&sandbox, &format!("POST {CRDS}"), &definition(&json!({"size": {"type": "integer"}})), 201);
    let before = hash(&sandbox);
    let document = get(&sandbox, &before);
    let size = "/components/schemas/example.shop.v1.Cup/properties/spec/properties/size/type";
    assert_eq!(document.pointer(size), Some(&json!("integer")));
    assert_eq!(get(&sandbox, "/apis/shop.example/v1")["resources"][0]["name"], "cups");
    send(&sandbox, &format!("POST {CUPS}"), &cup("a"), 201);
    let wider = definition(&json!({"size": {"type": "integer"}, "color": {"type": "string", "default": "red"}}));
    send_as(&sandbox, &format!("PATCH {CRDS}/cups.shop.example"), (&wider, MERGE), 200);
    assert_ne!(hash(&sandbox), before, "who keeps schemas by hash sees the change");
    assert_eq!(
        get(&sandbox, &format!("{CUPS}/a"))["spec"]["color"],
        "red",
        "what was stored is read by the new schema"
    );
}

#[test]
fn a_watch_of_a_removed_kind_tells_of_its_objects_and_ends() {
    let sandbox = with_cups();
    send(&sandbox, &format!("POST {CUPS}"), &cup("a"), 201);
    let mut watching = Watching::open(&sandbox, &format!("{CUPS}?watch=true&resourceVersion={}", version(&sandbox)));
    send(&sandbox, &format!("DELETE {CRDS}/cups.shop.example"), &Value::Null, 200);
    let (events, ended) = watching.take();
    let told: Vec<&str> = events.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!((told, ended), (vec!["DELETED"], Some(true)), "each object goes, then the stream");
    let gone = send(&sandbox, &format!("GET {CUPS}"), &Value::Null, 404);
    assert_eq!(gone, "404 page not found\n", "as of a path that nobody knows");
    assert_eq!(hash(&sandbox), "");
    send(&sandbox, &format!("POST {CRDS}"), &definition(&json!({"size": {"type": "integer"}})), 201);
    assert_eq!(get(&sandbox, CUPS)["items"], json!([]), "a kind of the same name begins empty");
}

#[test]
fn a_definition_waits_for_the_finalizers_of_its_objects() {
    let sandbox = with_cups();
    let mut held = cup("a");
    held["metadata"]["finalizers"] = json!(["shop.example/wait"]);
    send(&sandbox, &format!("POST {CUPS}"), &held, 201);
    send(&sandbox, &format!("DELETE {CRDS}/cups.shop.example"), &Value::Null, 200);
    let waiting = get(&sandbox, &format!("{CUPS}/a"));
    assert!(waiting["metadata"]["deletionTimestamp"].is_string(), "{waiting}");
    assert!(get(&sandbox, &format!("{CRDS}/cups.shop.example"))["metadata"]["deletionTimestamp"].is_string());
    send_as(&sandbox, &format!("PATCH {CUPS}/a"), (&json!({"metadata": {"finalizers": null}}), MERGE), 200);
    send(&sandbox, &format!("GET {CRDS}/cups.shop.example"), &Value::Null, 404);
}

#[test]
fn two_versions_show_one_object_each_by_its_own_schema() {
    let sandbox = shop();
    let mut two = definition(&json!({"size": {"type": "integer"}}));
    let mut beta = two["spec"]["versions"][0].clone();
    beta["name"] = "v1beta1".into();
    beta["storage"] = false.into();
    two["spec"]["versions"].as_array_mut().expect("a list").push(beta);
    send(&sandbox, &format!("POST {CRDS}"), &two, 201);
    send(&sandbox, &format!("POST {CUPS}"), &cup("a"), 201);
    let other = get(&sandbox, "/apis/shop.example/v1beta1/namespaces/shop/cups/a");
    assert_eq!((&other["apiVersion"], &other["spec"]["size"]), (&json!("shop.example/v1beta1"), &json!(1)));
    let group = get(&sandbox, "/apis/shop.example");
    assert_eq!(group["preferredVersion"]["version"], "v1", "the stable version is preferred");
}

#[test]
fn a_watch_for_tables_carries_its_columns_once() {
    let sandbox = shop();
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = format!("{MAPS}?watch=true&resourceVersion={}", version(&sandbox));
    let mut watching = Watching::open_as(&sandbox, &path, accept);
    for name in ["a", "b"] {
        send(&sandbox, &format!("POST {MAPS}"), &config_map(name, &json!({"k": "v"})), 201);
    }
    let (events, _) = watching.take();
    let columns: Vec<bool> = events.iter().map(|(_, table)| table["columnDefinitions"].is_array()).collect();
    assert_eq!(columns, [true, false], "kubectl remembers them");
    let cells: Vec<&Value> = events.iter().map(|(_, table)| &table["rows"][0]["cells"]).collect();
    assert_eq!(cells, [&json!(["a", 1, "0s"]), &json!(["b", 1, "0s"])]);
}

#[test]
fn nothing_new_comes_while_a_definition_goes() {
    let sandbox = with_cups();
    let mut held = cup("a");
    held["metadata"]["finalizers"] = json!(["shop.example/wait"]);
    send(&sandbox, &format!("POST {CUPS}"), &held, 201);
    send(&sandbox, &format!("DELETE {CRDS}/cups.shop.example"), &Value::Null, 200);
    let refused = send(&sandbox, &format!("POST {CUPS}"), &cup("b"), 403);
    let why =
        "cups.shop.example \"b\" is forbidden: create not allowed while custom resource definition is terminating";
    assert_eq!(message(&refused), why);
    send_as(&sandbox, &format!("PATCH {CUPS}/a"), (&json!({"spec": {"size": 3}}), MERGE), 200);
}

#[test]
fn a_version_in_which_something_may_be_stored_stays() {
    let sandbox = with_cups();
    let path = format!("{CRDS}/cups.shop.example");
    let mut two = get(&sandbox, &path);
    let mut newer = two["spec"]["versions"][0].clone();
    newer["name"] = "v2".into();
    two["spec"]["versions"][0]["storage"] = false.into();
    two["spec"]["versions"].as_array_mut().expect("a list").push(newer);
    let mut one = send(&sandbox, &format!("PUT {path}"), &two, 200);
    assert_eq!(get(&sandbox, &path)["status"]["storedVersions"], json!(["v1", "v2"]));
    object::take(&mut one, &["metadata", "resourceVersion"]);
    one["spec"]["versions"].as_array_mut().expect("a list").remove(0);
    let refused = send_as(&sandbox, &format!("PATCH {path}"), (&json!({"spec": one["spec"]}), MERGE), 422);
    assert!(
        message(&refused).contains("status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions"),
        "{refused}"
    );
    let migrated = json!({"status": {"storedVersions": ["v2"]}});
    send_as(&sandbox, &format!("PATCH {path}/status"), (&migrated, MERGE), 200);
    send_as(&sandbox, &format!("PATCH {path}"), (&json!({"spec": one["spec"]}), MERGE), 200);
    assert_eq!(send(&sandbox, &format!("GET {CUPS}"), &Value::Null, 404), "404 page not found\n", "v1 is gone");
}

#[test]
fn a_version_that_is_not_served_is_not_found_though_it_is_stored() {
    let sandbox = with_cups();
    send(&sandbox, &format!("POST {CUPS}"), &cup("a"), 201);
    let path = format!("{CRDS}/cups.shop.example");
    for (served, status) in [(false, 404), (true, 200)] {
        let mut body = get(&sandbox, &path);
        body["spec"]["versions"][0]["served"] = served.into();
        send(&sandbox, &format!("PUT {path}"), &body, 200);
        send(&sandbox, &format!("GET {CUPS}/a"), &Value::Null, status);
        send(&sandbox, "GET /apis/shop.example", &Value::Null, status);
    }
}

/// What kube-apiserver 1.36.3 answered, cause by cause.
#[test]
fn combined_schemas_are_refused_in_the_real_servers_words() {
    let part = |key: &str| json!({"required": [key]});
    let two = |extra: Value| {
        let mut schema = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}});
        for (key, value) in extra.as_object().into_iter().flatten() {
            schema[key] = value.clone();
        }
        schema
    };
    let sandbox = shop();
    let properties = json!({
        "one": two(json!({"oneOf": [part("a"), part("b")]})), "any": two(json!({"anyOf": [part("a"), part("b")]})),
        "all": two(json!({"allOf": [part("a"), {"properties": {"a": {"minimum": 3}}}]})),
        "no": {"type": "integer", "not": {"minimum": 5}}, "multiple": {"type": "integer", "multipleOf": 3},
        "few": {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1, "maxProperties": 1},
        "small": {"type": "integer", "format": "int32"}, "mail": {"type": "string", "format": "email"},
    });
    send(&sandbox, &format!("POST {CRDS}"), &definition(&properties), 201);
    let table = [
        (
            json!({"one": {}}),
            "[<nil>: Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found none valid, spec.one.a: Required value]",
        ),
        (
            json!({"one": {"a": 1, "b": 2}}),
            "<nil>: Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found 2 valid alternatives",
        ),
        (
            json!({"any": {}}),
            "[<nil>: Invalid value: \"\": \"spec.any\" must validate at least one schema (anyOf), spec.any.a: Required value]",
        ),
        (
            json!({"all": {"a": 1}}),
            "[spec.all.a: Invalid value: 1: spec.all.a in body should be greater than or equal to 3, <nil>: Invalid value: \"\": \"spec.all\" must validate all the schemas (allOf)]",
        ),
        (json!({"no": 7}), "<nil>: Invalid value: \"\": \"spec.no\" must not validate the schema (not)"),
        (json!({"multiple": 4}), "spec.multiple: Invalid value: 4: spec.multiple in body should be a multiple of 3"),
        (json!({"few": {}}), "spec.few: Invalid value: 0: spec.few in body should have at least 1 properties"),
        (json!({"few": {"a": "", "b": ""}}), "spec.few: Too many: 2: must have at most 1 items"),
        (
            json!({"small": 5_000_000_000_i64}),
            "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.small",
        ),
        (json!({"mail": "x"}), "spec.mail: Invalid value: \"x\": spec.mail in body must be of type email: \"x\""),
    ];
    for (spec, why) in table {
        let mut body = cup("a");
        body["spec"] = spec;
        let refused = send(&sandbox, &format!("POST {CUPS}"), &body, 422);
        assert_eq!(message(&refused), format!("Cup.shop.example \"a\" is invalid: {why}"));
    }
}

/// What kube-apiserver 1.36.3 answered to definitions that are none.
#[test]
fn a_definition_that_is_none_is_refused_in_the_real_servers_words() {
    let sandbox = shop();
    let table = [
        (
            json!({"a": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}),
            "spec.validation.openAPIV3Schema.properties[spec].properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ),
        (
            json!({"a": {"type": "string", "anyOf": [{"type": "string"}]}}),
            "spec.validation.openAPIV3Schema.properties[spec].properties[a].anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            json!({"a": {"type": "object", "x-kubernetes-preserve-unknown-fields": false}}),
            "spec.validation.openAPIV3Schema.properties[spec].properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
        ),
    ];
    for (properties, why) in table {
        let refused = send(&sandbox, &format!("POST {CRDS}"), &definition(&properties), 422);
        assert_eq!(
            message(&refused),
            format!("CustomResourceDefinition.apiextensions.k8s.io \"cups.shop.example\" is invalid: {why}")
        );
    }
    let mut columns = definition(&json!({}));
    columns["spec"]["versions"][0]["additionalPrinterColumns"] =
        json!([{"name": "X", "type": "nope", "jsonPath": "spec.x"}]);
    let refused = send(&sandbox, &format!("POST {CRDS}"), &columns, 422);
    assert!(message(&refused).contains("spec.additionalPrinterColumns[0].type: Invalid value: \"nope\": must be one of boolean,date,integer,number,string"), "{refused}");
    send(&sandbox, &format!("POST {CRDS}"), &definition(&json!({"size": {"type": "integer"}})), 201);
    let renamed = json!({"spec": {"names": {"kind": "Kup"}}});
    let refused = send_as(&sandbox, &format!("PATCH {CRDS}/cups.shop.example"), (&renamed, MERGE), 422);
    assert!(message(&refused).ends_with("spec.names.kind: Invalid value: \"Kup\": field is immutable"), "{refused}");
}
