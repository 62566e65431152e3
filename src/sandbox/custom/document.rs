//! The `/openapi/v3` document of a group-version of custom kinds, in the shape of the shipped ones.

use serde_json::{Map, Value, json};

use super::super::kinds::KindInfo;

/// Definitions of `meta/v1` that every document carries, from a shipped one.
pub(super) fn meta(shipped: &Value) -> Map<String, Value> {
    let all = shipped["components"]["schemas"].as_object();
    let is_meta = |name: &str| name.starts_with("io.k8s.apimachinery.pkg.apis.meta.v1.");
    let all = all.into_iter().flatten().filter(|(name, _)| is_meta(name));
    all.map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// The document of kinds of one group-version.
pub(super) fn of(kinds: &[&KindInfo], meta: &Map<String, Value>) -> Value {
    let (mut schemas, mut paths) = (meta.clone(), Map::new());
    for kind in kinds {
        let gvk = json!({"group": &*kind.group, "version": &*kind.version, "kind": &*kind.kind});
        let name = definition(kind);
        schemas.insert(format!("{name}List"), list_schema(kind, &name));
        schemas.insert(name, schema(kind, &gvk));
        add_paths(kind, &gvk, &mut paths);
    }
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths, "components": {"schemas": schemas},
    })
}

/// `com.example.v1.Widget`.
fn definition(kind: &KindInfo) -> String {
    let group: Vec<&str> = kind.group.rsplit('.').collect();
    format!("{}.{}.{}", group.join("."), kind.version, kind.kind)
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.{name}")})
}

fn schema(kind: &KindInfo, gvk: &Value) -> Value {
    let mut schema = kind.custom.as_ref().map(|custom| custom.schema.clone()).unwrap_or_default();
    for key in ["apiVersion", "kind"] {
        schema["properties"][key] = json!({"type": "string"});
    }
    schema["properties"]["metadata"] = json!({"allOf": [reference("ObjectMeta")]});
    schema["x-kubernetes-group-version-kind"] = json!([gvk]);
    schema
}

fn list_schema(kind: &KindInfo, name: &str) -> Value {
    let gvk = json!({"group": &*kind.group, "version": &*kind.version, "kind": format!("{}List", kind.kind)});
    json!({
        "type": "object", "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{name}")}},
            "metadata": {"allOf": [reference("ListMeta")]},
        },
        "x-kubernetes-group-version-kind": [gvk],
    })
}

fn add_paths(kind: &KindInfo, gvk: &Value, paths: &mut Map<String, Value>) {
    let within = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
    let all = format!("/apis/{}/{}/{within}{}", kind.group, kind.version, kind.plural);
    let query =
        |names: &[&str]| -> Vec<Value> { names.iter().map(|name| json!({"in": "query", "name": name})).collect() };
    let verb = |action: &str, names: &[&str]| json!({"parameters": query(names), "x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk});
    let write = ["dryRun", "fieldManager", "fieldValidation"];
    let one = json!({
        "get": verb("get", &[]), "delete": verb("delete", &["dryRun"]), "put": verb("put", &write),
        "patch": verb("patch", &["dryRun", "fieldManager", "fieldValidation", "force"]),
    });
    if kind.has_status {
        paths.insert(format!("{all}/{{name}}/status"), one.clone());
    }
    paths.insert(format!("{all}/{{name}}"), one);
    paths.insert(all, json!({"get": verb("list", &[]), "post": verb("post", &write)}));
}
