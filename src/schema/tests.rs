//! What the recorded schemas of kube-apiserver 1.36.3 must be read as.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{ListKind, Node, Scalar, Schemas, Shape};
use crate::model::Gvk;

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../assets/openapi/", $name, ".json"))
    };
}

const BUILT_IN: [&str; 14] = [
    asset!("core_v1"),
    asset!("apps_v1"),
    asset!("batch_v1"),
    asset!("autoscaling_v2"),
    asset!("networking.k8s.io_v1"),
    asset!("rbac.authorization.k8s.io_v1"),
    asset!("policy_v1"),
    asset!("coordination.k8s.io_v1"),
    asset!("events.k8s.io_v1"),
    asset!("apiextensions.k8s.io_v1"),
    asset!("authorization.k8s.io_v1"),
    asset!("storage.k8s.io_v1"),
    asset!("discovery.k8s.io_v1"),
    asset!("scheduling.k8s.io_v1"),
];

static RECORDED: LazyLock<Schemas> = LazyLock::new(|| {
    let mut schemas = Schemas::default();
    let widget = include_str!("../../tests/fixtures/typed/widget_openapi.json");
    for text in BUILT_IN.iter().chain([&widget]) {
        let document: Value = serde_json::from_str(text).expect("an asset is JSON");
        schemas.add(&document).expect("an asset is an OpenAPI document");
    }
    schemas
});

/// The built-in kinds, and the Widget of the recorded writes.
pub(crate) fn recorded() -> Schemas {
    RECORDED.clone()
}

fn node(api_version: &str, kind: &str, path: &[&str]) -> Node {
    let root = recorded().of(&Gvk::parse(api_version, kind)).expect(kind);
    path.iter().fold(root, |node, step| match *step {
        "*" => node.item().expect("items"),
        key => node.field(key).unwrap_or_else(|| panic!("{kind} has no {key}")),
    })
}

fn map_keys(keys: &[&str]) -> Shape {
    Shape::List(ListKind::Map(keys.iter().map(|&key| key.into()).collect()))
}

#[test]
fn shapes_are_those_that_server_side_apply_goes_by() {
    let pod = ["spec", "template", "spec"];
    let below = |more: &[&'static str]| [&pod, more].concat();
    let table: [(&str, &str, Vec<&str>, Shape); 14] = [
        ("apps/v1", "Deployment", vec!["spec"], Shape::Struct),
        ("apps/v1", "Deployment", vec!["spec", "selector"], Shape::AtomicMap),
        ("apps/v1", "Deployment", below(&["containers"]), map_keys(&["name"])),
        ("apps/v1", "Deployment", below(&["containers", "*", "ports"]), map_keys(&["containerPort", "protocol"])),
        ("apps/v1", "Deployment", below(&["containers", "*", "args"]), Shape::List(ListKind::Atomic)),
        ("apps/v1", "Deployment", below(&["containers", "*", "resources", "limits"]), Shape::Map),
        (
            "apps/v1",
            "Deployment",
            below(&["containers", "*", "resources", "limits", "cpu"]),
            Shape::Scalar(Scalar::Quantity),
        ),
        ("apps/v1", "Deployment", below(&["nodeSelector"]), Shape::AtomicMap),
        ("v1", "Service", vec!["spec", "ports", "*", "targetPort"], Shape::Scalar(Scalar::IntOrString)),
        ("v1", "ServiceAccount", vec!["metadata", "finalizers"], Shape::List(ListKind::Set)),
        ("v1", "ConfigMap", vec!["metadata", "creationTimestamp"], Shape::Scalar(Scalar::Time)),
        ("v1", "ConfigMap", vec!["metadata", "labels"], Shape::Map),
        ("example.com/v1", "Widget", vec!["spec", "free"], Shape::Any),
        ("example.com/v1", "Widget", vec!["spec", "rows"], map_keys(&["zone", "id"])),
    ];
    for (api_version, kind, path, shape) in table {
        assert_eq!(node(api_version, kind, &path).shape(), shape, "{kind}.{}", path.join("."));
    }
}

#[test]
fn a_field_that_the_schema_does_not_know_is_none_and_one_below_preserve_unknown_is_any() {
    assert!(node("apps/v1", "Deployment", &["spec"]).field("replicaz").is_none());
    assert_eq!(node("example.com/v1", "Widget", &["spec", "free", "x", "y"]).shape(), Shape::Any);
}

#[test]
fn a_recursive_schema_is_walked_as_deep_as_one_likes() {
    let path = ["spec", "versions", "*", "schema", "openAPIV3Schema", "properties", "a", "properties", "b"];
    let node = node("apiextensions.k8s.io/v1", "CustomResourceDefinition", &path);
    assert_eq!(node.shape(), Shape::Struct, "JSONSchemaProps holds itself");
}

#[test]
fn defaults_and_patch_keys_are_told() {
    let port = node("v1", "Service", &["spec", "ports"]);
    assert_eq!(port.patch_merge_key(), Some("port"), "strategic merge knows one key where apply knows two");
    let protocol = node("v1", "Service", &["spec", "ports", "*", "protocol"]);
    assert_eq!(protocol.default(), Some(&json!("TCP")));
    assert_eq!(node("example.com/v1", "Widget", &["spec", "size"]).default(), Some(&json!("small")));
    let strategy = node("apps/v1", "Deployment", &["spec", "strategy"]);
    assert_eq!(strategy.patch_strategy(), Some("retainKeys"));
    assert!(strategy.field("rollingUpdate").is_some(), "what stands beside a $ref does not hide its target");
}

#[test]
fn a_status_subresource_is_told_by_the_paths() {
    for (api_version, kind, has) in [
        ("apps/v1", "Deployment", true),
        ("v1", "ConfigMap", false),
        ("v1", "Pod", true),
        ("networking.k8s.io/v1", "NetworkPolicy", false),
        ("example.com/v1", "Widget", true),
    ] {
        assert_eq!(node(api_version, kind, &[]).has_status_subresource(), has, "{kind}");
    }
}

#[test]
fn the_hash_of_a_kind_moves_with_anything_its_schema_refers_to_and_with_nothing_else() {
    let (deployment, config_map) = (Gvk::parse("apps/v1", "Deployment"), Gvk::parse("apps/v1", "Unknown"));
    let mut document: Value = serde_json::from_str(asset!("apps_v1")).expect("JSON");
    let hash = |document: &Value, gvk: &Gvk| {
        let mut schemas = Schemas::default();
        schemas.add(document).expect("document");
        schemas.hash(gvk)
    };
    let before = (hash(&document, &deployment), hash(&document, &config_map));
    document["components"]["schemas"]["io.k8s.api.core.v1.Container"]["properties"]["new"] = json!({"type": "string"});
    let after = (hash(&document, &deployment), hash(&document, &config_map));
    assert_ne!(before.0, after.0, "a Deployment holds containers");
    assert_eq!(before.1, after.1, "an unknown kind has one hash");
    document["components"]["schemas"]["io.k8s.api.apps.v1.DaemonSetSpec"]["properties"]["new"] = json!({});
    assert_eq!(after.0, hash(&document, &deployment), "a DaemonSet is no part of a Deployment");
}

#[test]
fn what_is_no_schema_document_is_refused() {
    assert!(Schemas::default().add(&json!({"components": {}})).is_err());
    assert!(Schemas::default().add(&json!([])).is_err());
}

#[test]
fn hostile_schemas_neither_panic_nor_loop() {
    let document = json!({"components": {"schemas": {
        "a": {"$ref": "#/components/schemas/b", "x-kubernetes-group-version-kind": [{"kind": "A", "version": "v1"}]},
        "b": {"allOf": [{"$ref": "#/components/schemas/a"}], "type": "object", "properties": {"x": {"$ref": "#/nowhere"}}},
        "c": {"type": "array", "x-kubernetes-list-type": "map"},
        "d": 7
    }}});
    let mut schemas = Schemas::default();
    schemas.add(&document).expect("it has schemas");
    let root = schemas.of(&Gvk::parse("v1", "A")).expect("root");
    assert_eq!(root.shape(), Shape::Any, "a top-level reference is not followed, as schemaconv does not");
}

#[test]
fn every_recorded_default_stands_at_a_place_that_the_schema_knows() {
    let defaults: Value = serde_json::from_str(asset!("defaults")).expect("JSON");
    let mut rules = 0;
    for (name, listed) in defaults.as_object().expect("kinds").iter().filter(|(name, _)| *name != "_about") {
        let (api_version, kind) = name.rsplit_once('/').expect("apiVersion/Kind");
        let root = recorded().of(&Gvk::parse(api_version, kind)).expect(name);
        for rule in listed.as_array().expect("rules") {
            let path: Vec<&str> = rule["path"].as_array().expect("path").iter().filter_map(Value::as_str).collect();
            let place = path.iter().try_fold(root.clone(), |node, step| match *step {
                "*" => node.item(),
                key => node.field(key),
            });
            assert!(place.is_some(), "{name}: {path:?}");
            let says = ["value", "copy", "copyFrom"].iter().filter(|key| rule.get(**key).is_some()).count();
            assert_eq!(says, 1, "{name}: {path:?} says one value");
            rules += 1;
        }
    }
    assert!(rules > 100, "the defaults are there");
}
