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
