//! What was applied compares equal: whatever git declares, once the server has taken it, nothing differs.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use driftdeck::diff::{self, Answer, BaseLeg, Ground, Legs, Masker, Owners, ServerSaid};
use driftdeck::model::{
    AppId, AppSpec, Base, ClusterName, Digest, Gvk, Live, Location, Manifest, Now, Origin, Policy, ResourceKey,
    SourceSpec, Verdict, Without,
};
use driftdeck::sandbox::{self, Options, Sandbox};
use driftdeck::schema::Schemas;
use jiff::Timestamp;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn a_sandbox() -> Sandbox {
    let clock = sandbox::Clock::Real(Arc::new(|| Timestamp::UNIX_EPOCH));
    let sandbox = Sandbox::new(Options { clock, seed: 7, server_version: "v1.36.3".to_owned() }).expect("documents");
    let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "shop"}}), "");
    assert_eq!(made.status, 201, "{}", made.body);
    sandbox
}

fn schemas() -> Schemas {
    let mut schemas = Schemas::default();
    for text in [
        include_str!("../assets/openapi/core_v1.json"),
        include_str!("../assets/openapi/apps_v1.json"),
        include_str!("../assets/openapi/batch_v1.json"),
    ] {
        schemas.add(&serde_json::from_str(text).expect("JSON")).expect("a schema document");
    }
    schemas
}

fn app() -> AppSpec {
    AppSpec {
        id: AppId::new("shop", ClusterName::new("test")),
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

fn text(value: &Value) -> Arc<str> {
    value.as_str().expect("text").into()
}

fn key_of(object: &Value) -> ResourceKey {
    ResourceKey {
        cluster: ClusterName::new("test"),
        kind: gvk_of(object).kind(),
        namespace: "shop".into(),
        name: text(&object["metadata"]["name"]),
    }
}

fn gvk_of(object: &Value) -> Gvk {
    Gvk::parse(&text(&object["apiVersion"]), &text(&object["kind"]))
}

/// The path of an object among those that this test makes.
fn path_of(object: &Value) -> String {
    let (root, plural) = match &*text(&object["kind"]) {
        "ConfigMap" => ("/api/v1", "configmaps"),
        "Secret" => ("/api/v1", "secrets"),
        "Service" => ("/api/v1", "services"),
        "Deployment" => ("/apis/apps/v1", "deployments"),
        "StatefulSet" => ("/apis/apps/v1", "statefulsets"),
        "CronJob" => ("/apis/batch/v1", "cronjobs"),
        other => panic!("no path is written down for {other}"),
    };
    format!("{root}/namespaces/shop/{plural}/{}", text(&object["metadata"]["name"]))
}

/// An apply under our field manager, dry or not; what the server made of it.
fn apply(sandbox: &Sandbox, object: &Value, query: &str) -> Value {
    let path = format!("{}?fieldManager=driftdeck&force=true&fieldValidation=Strict{query}", path_of(object));
    let answer = sandbox.request("PATCH", &path, object, "application/apply-patch+yaml");
    assert!(matches!(answer.status, 200 | 201), "{object}: {}", answer.body);
    answer.body
}

fn metadata(name: &'static str) -> impl Strategy<Value = Value> {
    (btree_map("[a-c]", "[a-z]{0,3}", 0..3), btree_map("[a-c]/[a-z]", ".{0,5}", 0..2)).prop_map(
        move |(labels, annotations)| json!({"name": name, "namespace": "shop", "labels": labels, "annotations": annotations}),
    )
}

fn containers() -> impl Strategy<Value = Value> {
    let ports = vec(1u32..9, 0..3);
    let env = btree_map("[A-C]", ".{0,4}", 0..3);
    let one =
        (ports, env, vec("[a-z ]{0,3}", 0..3), option::of(select(vec!["1", "1500m", "0.5", "1e3m"])), any::<bool>());
    btree_set("[a-d]", 1..3).prop_flat_map(move |names| {
        let each: Vec<String> = names.into_iter().collect();
        vec(one.clone(), each.len()).prop_map(move |ones| {
            let made = each.iter().zip(ones).map(|(name, (ports, env, args, cpu, stdin))| {
                let ports: std::collections::BTreeSet<u32> = ports.into_iter().collect();
                let ports: Vec<Value> = ports.iter().map(|port| json!({"containerPort": port})).collect();
                let env: Vec<Value> =
                    env.iter().rev().map(|(name, value)| json!({"name": name, "value": value})).collect();
                let mut made =
                    json!({"name": name, "image": "shop", "ports": ports, "env": env, "args": args, "stdin": stdin});
                if let Some(cpu) = cpu {
                    made["resources"] = json!({"limits": {"cpu": cpu}});
                }
                made
            });
            Value::Array(made.collect())
        })
    })
}

fn template() -> impl Strategy<Value = Value> {
    (containers(), option::of(0u32..90), any::<bool>()).prop_map(|(containers, grace, host)| {
        json!({"metadata": {"labels": {"app": "x"}},
            "spec": {"containers": containers, "terminationGracePeriodSeconds": grace.unwrap_or(30), "hostNetwork": host,
                "serviceAccountName": "shop", "volumes": [{"name": "b", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}})
    })
}

fn an_object() -> impl Strategy<Value = Value> {
    let selector = json!({"matchLabels": {"app": "x"}});
    let (for_set, for_deployment) = (selector.clone(), selector);
    prop_oneof![
        (metadata("cm"), btree_map("[a-d.]{1,4}", ".{0,6}", 0..4), option::of(any::<bool>())).prop_map(|(meta, data, fixed)| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data, "immutable": fixed.unwrap_or(false)})
        }),
        (metadata("s"), btree_map("[a-d]", select(vec!["", "YQ==", "aHVudGVyMg=="]), 0..4)).prop_map(|(meta, data)| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data, "type": "Opaque"})
        }),
        (metadata("d"), template(), option::of(0u32..4)).prop_map(move |(meta, template, replicas)| {
            let mut spec = json!({"selector": for_deployment, "template": template});
            if let Some(replicas) = replicas {
                spec["replicas"] = json!(replicas);
            }
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
        }),
        (metadata("st"), template()).prop_map(move |(meta, template)| {
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta,
                "spec": {"serviceName": "x", "selector": for_set, "template": template}})
        }),
        (metadata("c"), containers(), any::<bool>()).prop_map(|(meta, containers, suspend)| {
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta,
                "spec": {"schedule": "0 3 * * *", "suspend": suspend, "jobTemplate": {"spec": {"template":
                    {"spec": {"restartPolicy": "Never", "containers": containers}}}}}})
        }),
        (metadata("svc"), select(vec!["ClusterIP", "NodePort"]), btree_set(1u32..9, 1..3)).prop_map(|(meta, kind, ports)| {
            let ports: Vec<Value> = ports.iter().map(|port| json!({"name": format!("p{port}"), "port": port})).collect();
            json!({"apiVersion": "v1", "kind": "Service", "metadata": meta,
                "spec": {"type": kind, "selector": {"app": "x"}, "ports": ports}})
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_applied_compares_equal_with_and_without_the_servers_word(object in an_object()) {
        let sandbox = a_sandbox();
        let applied = apply(&sandbox, &object, "");
        let would = apply(&sandbox, &object, "&dryRun=All");
        let git = Manifest {
            key: key_of(&object),
            gvk: gvk_of(&object),
            digest: Digest::of_value(&object),
            body: Arc::new(object),
            origin: Origin { file: "a.yaml".into(), line: 1 },
        };
        let live = Live {
            key: git.key.clone(),
            gvk: git.gvk.clone(),
            uid: "u".into(),
            resource_version: "1".into(),
            created: None,
            json: applied.to_string().into(),
        };
        let (app, schemas, masker, owners) = (app(), schemas(), Masker::new([7; 32]), Owners::default());
        let now = Now { wall: Timestamp::UNIX_EPOCH, since_start: Duration::ZERO };
        let ground = Ground {
            app: &app, schemas: &schemas, now, masker: &masker, owner_lists: &owners, without: Without::NOTHING,
        };
        let base = BaseLeg::At(Base::Record, Some(&git));
        let legs = Legs { git: Some(&git), base, live: Some(&live), in_inventory: true, seen: &[] };
        let local = diff::compare_local(&legs, &ground);
        prop_assert_eq!(local.verdict, Verdict::Synced, "locally: {:?}", local);
        prop_assert!(!local.pending, "no request is needed: {:?}", local);
        let answer = Answer { said: ServerSaid::Would(would), fresh: None };
        let server = diff::compare_server(&legs, &answer, &ground);
        prop_assert_eq!(server.verdict, Verdict::Synced, "by the server: {:?}", server);
        prop_assert!(server.findings.is_empty() && server.hidden.is_empty(), "{:?}", server);
    }
}
