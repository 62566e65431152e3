//! The ordinary client on the sandbox: what the demo and the end-to-end suite stand on.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "sandbox/rollouts.rs"]
mod rollouts;
#[path = "sandbox/rows.rs"]
mod rows;
#[path = "sandbox/workloads.rs"]
mod workloads;

use std::sync::Arc;
use std::time::Duration;

use driftdeck::cluster::{
    CallKind, Cluster, LEASE, Lookup, Narrow, Seen, SeenWhat, Served, Target, connect, renewed_at,
};
use driftdeck::fields;
use driftdeck::model::{ClusterName, Digest, Foreign, Gvk, Manifest, Origin, Record, ResourceKey};
use driftdeck::sandbox::{Account, Clock, Options, Sandbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn shop() -> Sandbox {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let options = Options { clock: Clock::Held(start), seed: 7, server_version: "v1.36.3".to_owned() };
    let sandbox = Sandbox::new(options).expect("the shipped documents read");
    let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "shop"}}), "");
    assert_eq!(made.status, 201, "{}", made.body);
    sandbox
}

fn client(sandbox: &Sandbox) -> Cluster {
    connect::over(sandbox.service(), &ClusterName::new("sandbox"))
}

async fn served(cluster: &Cluster, version: &str, kind: &str) -> Served {
    let found = cluster.discover().await.expect("discovery").find(&Gvk::parse(version, kind));
    let Lookup::Served(served) = found else { panic!("{kind} is served") };
    served
}

fn config_map(name: &str, data: &Value) -> Manifest {
    let body = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data,
    });
    let gvk = Gvk::parse("v1", "ConfigMap");
    Manifest {
        key: ResourceKey {
            cluster: ClusterName::new("sandbox"),
            kind: gvk.kind(),
            namespace: "shop".into(),
            name: name.into(),
        },
        gvk,
        digest: Digest::of_value(&body),
        body: Arc::new(body),
        origin: Origin { file: Foreign::from("a.yaml"), line: 1 },
    }
}

async fn next(seen: &mut mpsc::Receiver<Seen>) -> SeenWhat {
    loop {
        let one = tokio::time::timeout(Duration::from_secs(20), seen.recv()).await.expect("in time").expect("open");
        if !matches!(one.what, SeenWhat::Opened | SeenWhat::Alive) {
            return one.what;
        }
    }
}

#[tokio::test]
async fn the_client_probes_discovers_and_reads_schemas() {
    let cluster = client(&shop());
    let version = cluster.probe().await.expect("ready").version.expect("a version");
    assert_eq!(version.raw(), "v1.36.3");
    assert_eq!(cluster.identity().await.expect("kube-system is there").len(), 36);
    assert!(served(&cluster, "apps/v1", "Deployment").await.takes("patch"));
    for (name, document) in cluster.openapi(&["v1".to_owned(), "apps/v1".to_owned()]).await {
        assert!(document.expect("a document")["components"]["schemas"].is_object(), "{name}");
    }
}

#[tokio::test]
async fn a_watch_sees_an_apply_an_edit_and_a_delete() {
    let sandbox = shop();
    let cluster = client(&sandbox);
    let served = served(&cluster, "v1", "ConfigMap").await;
    let (out, mut seen) = mpsc::channel(16);
    let stop = CancellationToken::new();
    cluster.watch(Target { served: served.clone(), namespace: Some("shop".into()) }, out, stop.clone());
    assert!(matches!(next(&mut seen).await, SeenWhat::Listed(all) if all.is_empty()), "an empty namespace");
    let manifest = config_map("c", &json!({"a": "1"}));
    let would = cluster.dry_run(&served, &manifest).await.expect("a dry run");
    assert_eq!(would["data"], json!({"a": "1"}));
    let applied = cluster.apply(&served, &manifest, false).await.expect("applied");
    let SeenWhat::Changed(live) = next(&mut seen).await else { panic!("the apply is seen") };
    assert_eq!(live.uid, applied.uid, "the dry run was not seen, the apply was");
    let edit = json!({"data": {"a": "2"}});
    let path = "/api/v1/namespaces/shop/configmaps/c?fieldManager=kubectl-edit";
    assert_eq!(sandbox.request("PATCH", path, &edit, "application/merge-patch+json").status, 200);
    let SeenWhat::Changed(live) = next(&mut seen).await else { panic!("the edit is seen") };
    let object: Value = serde_json::from_str(&live.json).expect("an object");
    let entries = fields::managed(&object);
    let owner = fields::owner(&entries, &"data.a".parse().expect("a path"), "driftdeck").expect("an owner");
    assert_eq!(owner.manager.raw(), "kubectl-edit");
    let refused = cluster.apply(&served, &manifest, false).await.expect_err("a conflict");
    assert!(
        matches!(&refused.kind, CallKind::Conflict(on) if on[0].manager.raw() == "kubectl-edit"),
        "{:?}",
        refused.kind
    );
    let key = &manifest.key;
    cluster.delete(&served, key, &live.uid, "1").await.expect_err("an old version is refused");
    cluster.delete(&served, key, &live.uid, &live.resource_version).await.expect("deleted");
    assert!(matches!(next(&mut seen).await, SeenWhat::Gone(gone) if gone == manifest.key), "the delete is seen");
    sandbox.cut();
    assert!(matches!(next(&mut seen).await, SeenWhat::Failed(error) if error.kind == CallKind::Unreachable), "a cut");
    sandbox.restore();
    assert!(cluster.get(&served, &manifest.key).await.expect("reachable again").is_none());
    stop.cancel();
}

#[tokio::test]
async fn rights_records_and_leases_work_as_on_a_cluster() {
    let sandbox = shop();
    let admin = client(&sandbox);
    let secrets = served(&admin, "v1", "Secret").await;
    let account = Account::all_but("viewer", &[("", "secrets")]);
    let other = connect::over(sandbox.as_user(account), &ClusterName::new("sandbox"));
    assert!(admin.may("get", &secrets, "shop").await.expect("asked"));
    assert!(!other.may("get", &secrets, "shop").await.expect("asked"));
    let mut record = Record { revision: Some(Foreign::from("main")), ..Record::default() };
    record.resource_version = admin.write_record("shop", "api", &record).await.expect("written");
    let read = admin.read_record("shop", "api").await.expect("readable").expect("there");
    assert_eq!((&read.resource_version, &read.revision), (&record.resource_version, &record.revision));
    admin.write_record("shop", "api", &record).await.expect("written again, or unchanged");
    record.revision = Some(Foreign::from("other"));
    let stale = Record { resource_version: "1".into(), ..record };
    let refused = admin.write_record("shop", "api", &stale).await.expect_err("an old version");
    assert!(matches!(refused.kind, CallKind::Conflict(_)), "{:?}", refused.kind);
    let now = sandbox.now();
    admin.renew_lease("shop", "me", now).await.expect("renewed");
    let target = Target { served: served(&admin, "coordination.k8s.io/v1", "Lease").await, namespace: None };
    let only = Narrow { name: Some(LEASE), ..Narrow::default() };
    let found = admin.list_part(&target, only).await.expect("readable");
    assert_eq!(found.iter().map(renewed_at).collect::<Vec<_>>(), [Some(now)]);
}
