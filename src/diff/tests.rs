use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::model::{
    AppId, Basis, ClusterName, DiffMark, FieldPath, Gvk, IgnoreRule, Kind, Location, Moved, Origin, Policy, ReasonCode,
    ResourceKey, Said, SourceSpec, Verdict,
};
use crate::typed;

fn app() -> AppSpec {
    AppSpec {
        id: AppId::new("shop", ClusterName::new("prod")),
        source: SourceSpec { location: Location::Dir { path: "/x".into() } },
        namespace: "shop".to_owned(),
        namespaces: Vec::new(),
        cluster_kinds: Vec::new(),
        policy: Policy::default(),
        ignore: Vec::new(),
        mask: Vec::new(),
        mask_length: false,
    }
}

fn schemas() -> Schemas {
    let mut schemas = Schemas::default();
    for text in [include_str!("../../assets/openapi/core_v1.json"), include_str!("../../assets/openapi/apps_v1.json")] {
        schemas.add(&serde_json::from_str(text).expect("JSON")).expect("a schema document");
    }
    schemas
}

/// A stage for comparisons: schemas, rules, and the objects by role.
struct Stage {
    app: AppSpec,
    schemas: Schemas,
    masker: Masker,
    owners: Owners,
}

impl Stage {
    fn new() -> Self {
        Self { app: app(), schemas: schemas(), masker: Masker::new([7; 32]), owners: Owners::default() }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            app: &self.app,
            schemas: &self.schemas,
            now: Now { wall: Timestamp::UNIX_EPOCH, since_start: Duration::ZERO },
            masker: &self.masker,
            owner_lists: &self.owners,
            without: crate::model::Without::NOTHING,
        }
    }

    /// Live as it is after `applied` was applied by driftdeck and `hand` then changed what it names.
    fn live(&self, applied: &Value, edits: &[(&str, &str, Value)]) -> Live {
        let gvk = gvk(applied);
        let node = self.schemas.of(&gvk);
        let mut object = applied.clone();
        let mut entries = vec![json!({
            "manager": "driftdeck", "operation": "Apply", "apiVersion": gvk.api_version(),
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": typed::applied_set(node.as_ref(), applied).to_v1(),
        })];
        for (manager, operation, edit) in edits {
            object = typed::merge(node.as_ref(), &object, edit);
            entries.push(json!({
                "manager": manager, "operation": operation, "apiVersion": gvk.api_version(),
                "time": "2026-01-01T01:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": typed::applied_set(node.as_ref(), edit).to_v1(),
            }));
        }
        object["metadata"]["managedFields"] = Value::from(entries);
        object["metadata"]["uid"] = json!("u1");
        live_of(&object)
    }
}

fn gvk(object: &Value) -> Gvk {
    Gvk::parse(object["apiVersion"].as_str().expect("apiVersion"), object["kind"].as_str().expect("kind"))
}

fn key_of(object: &Value) -> ResourceKey {
    ResourceKey {
        cluster: ClusterName::new("prod"),
        kind: gvk(object).kind(),
        namespace: "shop".into(),
        name: object["metadata"]["name"].as_str().expect("name").into(),
    }
}

fn manifest(object: &Value) -> Manifest {
    Manifest {
        key: key_of(object),
        gvk: gvk(object),
        body: Arc::new(object.clone()),
        digest: Digest::of_value(object),
        origin: Origin { file: "a.yaml".into(), line: 1 },
    }
}

fn live_of(object: &Value) -> Live {
    Live {
        key: key_of(object),
        gvk: gvk(object),
        uid: "u1".into(),
        resource_version: "1".into(),
        created: None,
        json: object.to_string().into(),
    }
}

fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "api"}}, "template": {
            "metadata": {"labels": {"app": "api"}},
            "spec": {"containers": [{"name": "app", "image": image, "ports": [{"containerPort": 8080}]}]}}},
    })
}

/// The same change as an edit by a manager: only what it names.
fn edit_image(image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})
}

fn edit_replicas(replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {"replicas": replicas}})
}

fn secret(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, "data": data})
}

fn paths(comparison: &Comparison) -> Vec<String> {
    comparison.findings.iter().map(|finding| finding.path.to_string()).collect()
}

const IMAGE: &str = "spec.template.spec.containers[name=app].image";

#[test]
fn what_we_applied_and_nobody_touched_is_synced_without_a_request() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, judged.pending, judged.basis), (Verdict::Synced, false, Basis::Server));
    assert!(judged.findings.is_empty() && !judged.unadopted);
}

#[test]
fn an_edit_by_hand_is_drift_with_the_hand_named() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:2"))]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!(judged.verdict, Verdict::Drifted, "{judged:?}");
    assert_eq!(paths(&judged), [IMAGE]);
    let finding = &judged.findings[0];
    assert_eq!(finding.moved, Some(Moved::Live));
    assert_eq!(finding.by.as_ref().map(|by| by.manager.raw()), Some("kubectl-edit"));
    assert_eq!(finding.was, Some(Said::Plain(Arc::new(json!("a:1")))));
    assert!(judged.pending, "the server has not confirmed it yet");
}

/// Edits by manager and operation.
type Edits<'a> = &'a [(&'a str, &'a str, Value)];

#[test]
fn who_moved_follows_from_the_three_legs() {
    let stage = Stage::new();
    let base = manifest(&deployment("a:1", 3));
    let git = manifest(&deployment("a:2", 3));
    let cases: [(&str, Edits, Verdict, Moved); 3] = [
        ("only git", &[], Verdict::Behind, Moved::Git),
        ("both, one field", &[("kubectl-edit", "Update", edit_image("a:9"))], Verdict::Diverged, Moved::Both),
        ("both, two fields", &[("kubectl-edit", "Update", edit_replicas(9))], Verdict::Diverged, Moved::Both),
    ];
    for (what, edits, verdict, moved) in cases {
        let live = stage.live(&base.body, edits);
        let legs = Legs {
            git: Some(&git),
            base: BaseLeg::At(Base::Record, Some(&base)),
            live: Some(&live),
            in_inventory: true,
            seen: &[],
        };
        let judged = compare_local(&legs, &stage.ground());
        assert_eq!((judged.verdict, judged.moved), (verdict, Some(moved)), "{what} moved: {judged:?}");
    }
}

#[test]
fn a_field_dropped_from_git_is_behind_while_live_still_has_it() {
    let stage = Stage::new();
    let base = manifest(&deployment("a:1", 3));
    let mut without = deployment("a:1", 3);
    without["spec"].as_object_mut().expect("spec").remove("replicas");
    let git = manifest(&without);
    let live = stage.live(&base.body, &[]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&base)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, paths(&judged)), (Verdict::Behind, vec!["spec.replicas".to_owned()]));
}

#[test]
fn a_controllers_field_is_contested_and_a_persons_never() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    for (manager, operation, expected) in [
        ("kube-controller-manager", "Update", Verdict::Contested),
        ("argocd-application-controller", "Apply", Verdict::Contested),
        ("some-tool", "Apply", Verdict::Contested),
        ("kubectl-scale", "Update", Verdict::Drifted),
        ("kubectl", "Apply", Verdict::Drifted),
        ("some-tool", "Update", Verdict::Drifted),
    ] {
        let live = stage.live(&git.body, &[(manager, operation, edit_replicas(7))]);
        let legs = Legs {
            git: Some(&git),
            base: BaseLeg::At(Base::Record, Some(&git)),
            live: Some(&live),
            in_inventory: true,
            seen: &[],
        };
        assert_eq!(compare_local(&legs, &stage.ground()).verdict, expected, "{manager} by {operation}");
    }
}

#[test]
fn an_ignore_rule_hides_a_finding_and_keeps_it() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![IgnoreRule {
        place: "apps[shop].ignore[0]".into(),
        kind: Some("Deployment".to_owned()),
        name: None,
        namespace: None,
        path: Some("spec.template.spec.containers.*.image".parse().expect("path")),
        manager: Some("kubectl*".to_owned()),
        effect: crate::model::Effect::Hide,
        reason: None,
    }];
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:2"))]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!(judged.verdict, Verdict::Synced);
    assert_eq!(judged.hidden.len(), 1, "what is hidden is counted");
    assert_eq!(&*judged.hidden[0].rule, "apps[shop].ignore[0]");
}

#[test]
fn every_line_of_a_written_object_knows_its_field() {
    let mut value = deployment("a:1", 3);
    value["metadata"]["annotations"] = json!({"note": "two\nlines\n", "empty": {}});
    let written = crate::yaml::write(&value);
    let places = lines::places(&value);
    assert_eq!(places.len(), written.lines().count(), "a place for each line:\n{written}");
    let image = lines::locate(&IMAGE.parse::<FieldPath>().expect("path"), &value).expect("in it");
    let line = places.iter().position(|place| *place == image).expect("a line");
    assert!(written.lines().nth(line).is_some_and(|line| line.contains("image: a:1")), "{written}");
}

#[test]
fn a_status_write_does_not_move_the_live_hash() {
    let object = |status: u32, image: &str| {
        let mut object = deployment(image, 3);
        object["status"] = json!({"readyReplicas": status});
        object["metadata"]["resourceVersion"] = json!(status.to_string());
        live_hash(&live_of(&object), &schemas())
    };
    assert_eq!(object(1, "a:1"), object(2, "a:1"));
    assert_ne!(object(1, "a:1"), object(1, "a:2"));
}

#[test]
fn a_status_that_is_a_field_like_others_moves_the_live_hash() {
    let object = |phase: &str| json!({"apiVersion": "example.com/v1", "kind": "Light", "metadata": {"name": "a"}, "status": {"phase": phase}});
    let hash = |phase: &str| live_hash(&live_of(&object(phase)), &schemas());
    assert_ne!(hash("green"), hash("red"), "no status subresource is known: git may declare it, and people change it");
}

#[test]
fn kinds_are_secret_by_group_and_kind_only() {
    assert!(Kind::new("", "Secret").is_secret());
    assert!(!Kind::new("example.com", "Secret").is_secret());
}

mod answers;
mod built_in_table;
mod left;
mod masking;
mod preparing;
mod presence;
mod properties;
mod staying;
mod touched;
