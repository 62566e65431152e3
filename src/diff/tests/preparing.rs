//! Documents become what a server takes, or say why not.

use super::*;

#[test]
fn prepared_manifests_are_what_a_server_takes() {
    let stage = Stage::new();
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "uid": "x", "creationTimestamp": null},
        "stringData": {"password": "hunter2-old"}});
    let prepared = prepared(&stage, &[body]);
    let (key, manifest) = prepared.manifests.iter().next().expect("one");
    assert_eq!((&*key.namespace, &*key.kind.kind), ("shop", "Secret"), "the app's namespace is filled in");
    assert_eq!(manifest.body["data"]["password"], "aHVudGVyMi1vbGQ=", "stringData is folded");
    assert!(manifest.body.get("stringData").is_none());
    assert_eq!(manifest.body["metadata"]["annotations"]["driftdeck.dev/app"], "shop/shop");
    assert_eq!(prepared.warnings.len(), 1, "uid is warned about, an empty creationTimestamp is not");
}

#[test]
fn what_names_no_single_object_is_invalid() {
    let stage = Stage::new();
    let named = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}});
    for (what, documents) in [
        ("no kind", vec![json!({"apiVersion": "v1", "metadata": {"name": "x"}})]),
        ("no name", vec![json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})]),
        ("generateName", vec![json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}})]),
        ("an escape in the name", vec![named("a\u{1b}[2J", "1")]),
        (
            "an escape in a label",
            vec![
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": "\u{1b}[2J"}}}),
            ],
        ),
        ("a slash in the name", vec![named("a/b", "1")]),
        ("twice, differently", vec![named("x", "1"), named("x", "2")]),
    ] {
        let prepared = prepared(&stage, &documents);
        assert_eq!((prepared.manifests.len(), prepared.invalid.len()), (0, 1), "{what}");
    }
    let twins = prepared(&stage, &[named("x", "1"), named("x", "1")]);
    assert_eq!((twins.manifests.len(), twins.invalid.len()), (1, 0), "equal twins are one object");
}

pub(super) fn prepared(stage: &Stage, bodies: &[Value]) -> prepare::Prepared {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(Arc::from);
    let documents = bodies.iter().map(|body| crate::model::Document {
        gvk: Gvk::parse(body["apiVersion"].as_str().unwrap_or_default(), body["kind"].as_str().unwrap_or_default()),
        namespace: text(body.pointer("/metadata/namespace")),
        name: text(body.pointer("/metadata/name")),
        body: Arc::new(body.clone()),
        origin: Origin { file: "a.yaml".into(), line: 1 },
    });
    let rendered = crate::model::Rendered { documents: documents.collect(), ..crate::model::Rendered::default() };
    prepare::prepare(
        &rendered,
        &prepare::Wanted {
            app: &stage.app,
            record_namespace: "shop",
            scope: &|_| Some(prepare::Scope::Namespaced),
            without: crate::model::Without::NOTHING,
            schemas: &stage.schemas,
        },
    )
}
