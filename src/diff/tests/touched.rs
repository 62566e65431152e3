//! What people add beside git's fields, and what is nobody's addition.

use super::*;
use crate::model::{Rule, Without};

fn patch(spec: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": spec})
}

fn pod(pod: &Value) -> Value {
    patch(&json!({"template": {"spec": pod}}))
}

fn meta(metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    metadata["name"] = json!("api");
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata})
}

/// What git declares, applied by us and then edited by a manager.
fn judged(stage: &Stage, edits: Edits, without: Without) -> Comparison {
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, edits);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    compare_local(&legs, &Ground { without, ..stage.ground() })
}

const CONTAINER: &str = "spec.template.spec.containers[name=app]";

#[test]
fn what_people_add_is_told_at_the_outermost_foreign_item() {
    let stage = Stage::new();
    let app = |more: Value| {
        let mut container = more;
        container["name"] = json!("app");
        pod(&json!({"containers": [container]}))
    };
    let cases: [(&str, Value, String); 9] = [
        (
            "a sidecar",
            pod(
                &json!({"containers": [{"name": "debug", "image": "busybox:1", "env": [{"name": "A", "value": "1"}]}]}),
            ),
            "spec.template.spec.containers[name=debug]".to_owned(),
        ),
        ("a variable", app(json!({"env": [{"name": "LOG", "value": "debug"}]})), format!("{CONTAINER}.env[name=LOG]")),
        (
            "a port",
            app(json!({"ports": [{"containerPort": 9090, "protocol": "TCP"}]})),
            format!("{CONTAINER}.ports[containerPort=9090,protocol=TCP]"),
        ),
        ("a command, which is one list", app(json!({"command": ["sleep", "1"]})), format!("{CONTAINER}.command")),
        ("a label", meta(&json!({"labels": {"owner": "ana"}})), "metadata.labels.owner".to_owned()),
        ("an annotation", meta(&json!({"annotations": {"a/b": "1"}})), "metadata.annotations[\"a/b\"]".to_owned()),
        (
            "a finalizer",
            meta(&json!({"finalizers": ["example.com/x"]})),
            "metadata.finalizers[=\"example.com/x\"]".to_owned(),
        ),
        ("a pause", patch(&json!({"paused": true})), "spec.paused".to_owned()),
        ("a default set otherwise", app(json!({"imagePullPolicy": "Always"})), format!("{CONTAINER}.imagePullPolicy")),
    ];
    for (what, edit, path) in cases {
        for manager in ["kubectl-edit", "somebodys-script"] {
            let judged = judged(&stage, &[(manager, "Update", edit.clone())], Without::NOTHING);
            assert_eq!((judged.verdict, judged.moved), (Verdict::Touched, Some(Moved::Foreign)), "{what}: {judged:?}");
            assert_eq!(paths(&judged), [path.as_str()], "{what} by {manager}");
            let finding = &judged.findings[0];
            assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some(manager), "{what}");
            assert!(finding.git.is_none() && finding.live.is_some() && !finding.contested, "{what}");
        }
    }
}

#[test]
fn defaults_and_what_controllers_add_are_silent() {
    let stage = Stage::new();
    let defaults = patch(&json!({
        "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "template": {"spec": {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}},
    }));
    let revision = meta(&json!({"annotations": {"deployment.kubernetes.io/revision": "3"}}));
    for (what, manager, edit) in [
        ("defaults owned by who created it", "kubectl-create", defaults),
        ("a controller's annotation", "kube-controller-manager", revision),
    ] {
        let judged = judged(&stage, &[(manager, "Update", edit)], Without::NOTHING);
        assert_eq!((judged.verdict, judged.pending), (Verdict::Synced, false), "{what}: {judged:?}");
    }
}

#[test]
fn the_notes_of_kubectl_apply_are_hidden_by_a_rule_with_a_reason() {
    let stage = Stage::new();
    let notes = meta(&json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}));
    let edits = [("kubectl-client-side-apply", "Update", notes)];
    let hidden = judged(&stage, &edits, Without::NOTHING);
    assert_eq!((hidden.verdict, hidden.hidden.len()), (Verdict::Synced, 1));
    let rule = BUILT_IN.iter().find(|rule| *rule.place == *hidden.hidden[0].rule).expect("a built-in rule");
    assert!(!rule.reason.is_empty());
    let told = judged(&stage, &edits, Without::rule(Rule::BuiltInRules));
    assert_eq!(told.verdict, Verdict::Touched, "without the rule it is told");
}

#[test]
fn what_is_put_into_an_empty_struct_of_gits_is_an_addition() {
    let stage = Stage::new();
    let mut object = deployment("a:1", 3);
    object["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({});
    let git = manifest(&object);
    let edit = pod(&json!({"containers": [{"name": "app", "resources": {"limits": {"memory": "1Gi"}}}]}));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit)]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!(
        (judged.verdict, paths(&judged)),
        (Verdict::Touched, vec![format!("{CONTAINER}.resources.limits.memory")])
    );
}

#[test]
fn additions_beside_drift_do_not_change_who_moved() {
    let stage = Stage::new();
    let edits = [
        ("kubectl-edit", "Update", edit_image("a:2")),
        ("kubectl-label", "Update", meta(&json!({"labels": {"owner": "ana"}}))),
    ];
    let judged = judged(&stage, &edits, Without::NOTHING);
    assert_eq!((judged.verdict, judged.moved), (Verdict::Drifted, Some(Moved::Live)));
    assert_eq!(paths(&judged), ["metadata.labels.owner", IMAGE]);
}

#[test]
fn a_fresh_object_settles_what_known_defaults_do_not() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let edit = pod(&json!({"priority": 7}));
    let live = stage.live(&git.body, &[("kubectl-create", "Update", edit)]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    assert!(wants_fresh(&git, &live, &stage.ground()), "nobody here knows where a priority comes from");
    let would: Value = serde_json::from_str(&live.json).expect("JSON");
    let mut fresh = deployment("a:1", 3);
    fresh["spec"]["template"]["spec"]["priority"] = json!(7);
    let said = |fresh| Answer { said: ServerSaid::Would(would.clone()), fresh };
    let judged = compare_server(&legs, &said(Some(fresh)), &stage.ground());
    assert_eq!((judged.verdict, judged.basis), (Verdict::Synced, Basis::Server), "admission puts it on every new one");
    let judged = compare_server(&legs, &said(Some(deployment("a:1", 3))), &stage.ground());
    assert_eq!((judged.verdict, judged.basis), (Verdict::Touched, Basis::Server));
    let judged = compare_server(&legs, &said(None), &stage.ground());
    assert_eq!((judged.verdict, judged.basis), (Verdict::Touched, Basis::Local), "untried: told, and said so");
}

#[test]
fn a_fresh_object_is_tried_under_another_name_and_told_under_its_own() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.7", "ports": [{"port": 80, "nodePort": 30080}]}});
    let tried = Fresh::of(&manifest(&service)).expect("a service can be tried");
    let name = tried.manifest.key.name.clone();
    assert_ne!(&*name, "api");
    assert_eq!(tried.manifest.body["spec"], json!({"ports": [{"port": 80}]}), "addresses only one object can have");
    let answer = json!({"metadata": {"name": &*name, "labels": {"of": format!("{name}-x")}}});
    assert_eq!(tried.named_back(answer, None)["metadata"], json!({"name": "api", "labels": {"of": "api-x"}}));

    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": {"plural": "widgets", "kind": "Widget"}}});
    let tried = Fresh::of(&manifest(&definition)).expect("a definition can be tried");
    let (body, name) = (&tried.manifest.body, &tried.manifest.key.name);
    let plural = body["spec"]["names"]["plural"].as_str().expect("plural");
    assert_eq!(**name, format!("{plural}.{}", body["spec"]["group"].as_str().expect("group")), "as the server asks");
    let service =
        json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.a"}});
    assert!(Fresh::of(&manifest(&service)).is_none(), "its name has a meaning");
}

#[test]
fn the_name_of_a_fresh_object_tells_nothing_of_its_values() {
    let named = |value: &str| {
        let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"pin": value}});
        Fresh::of(&manifest(&body)).map(|fresh| fresh.manifest.key.name)
    };
    assert!(named("MTIzNA==").is_some());
    assert_eq!(
        named("MTIzNA=="),
        named("MTIzNQ=="),
        "an audit log names it: a hash of the values would be a test for guesses"
    );
}
