//! The cluster room on a real kube-apiserver: what fakes cannot know.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use apiserver::{Server, User};
use driftdeck::cluster::{
    CallKind, Cluster, ConnectError, Discovery, KubeSource, LEASE, Limits, Lookup, Narrow, Seen, SeenWhat, Served,
    Store, Target, connect, renewed_at,
};
use driftdeck::fields;
use driftdeck::model::{
    ClusterName, ClusterSpec, CommitId, Deployed, Digest, Foreign, Gvk, InventoryLine, Kind, Live, Manifest, Origin,
    Record, ResourceKey,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn spec(context: Option<&str>) -> ClusterSpec {
    ClusterSpec {
        name: ClusterName::new("test"),
        context: context.map(ToOwned::to_owned),
        kubeconfig: None,
        protected: false,
        record_namespace: None,
        judge_local: false,
        judge_local_kinds: Vec::new(),
    }
}

async fn connected(server: &Server, user: User) -> Cluster {
    let source = KubeSource::file(server.kubeconfig(user));
    connect(&spec(Some(user.name())), &source).await.expect("the kubeconfig is good")
}

async fn served(cluster: &Cluster, api_version: &str, kind: &str) -> Served {
    find(&cluster.discover().await.expect("discovery"), api_version, kind)
}

fn find(discovery: &Discovery, api_version: &str, kind: &str) -> Served {
    match discovery.find(&Gvk::parse(api_version, kind)) {
        Lookup::Served(served) => served,
        other => panic!("{kind}: {other:?}"),
    }
}

fn manifest(body: Value) -> Manifest {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let gvk = Gvk::parse(&text("/apiVersion"), &text("/kind"));
    let key = ResourceKey {
        cluster: ClusterName::new("test"),
        kind: gvk.kind(),
        namespace: text("/metadata/namespace").into(),
        name: text("/metadata/name").into(),
    };
    let origin = Origin { file: Foreign::from("app.yaml"), line: 1 };
    Manifest { key, gvk, digest: Digest::of_value(&body), body: Arc::new(body), origin }
}

fn deployment(namespace: &str, replicas: u32) -> Manifest {
    let container = json!({"name": "api", "image": "example.com/api:1"});
    manifest(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": namespace},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "api"}},
            "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container]}},
        },
    }))
}

fn config_map(namespace: &str, colour: &str) -> Manifest {
    manifest(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}, "data": {"colour": colour},
    }))
}

struct Watched {
    seen: mpsc::Receiver<Seen>,
    store: Store,
    _stop: tokio_util::sync::DropGuard,
}

impl Watched {
    fn start(cluster: &Cluster, served: &Served, namespace: &str) -> Self {
        let (out, seen) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let target = Target { served: served.clone(), namespace: Some(namespace.into()) };
        cluster.watch(target, out, stop.clone());
        Self { seen, store: Store::default(), _stop: stop.drop_guard() }
    }

    /// Waits for something that was seen, and takes it into the store.
    async fn until(&mut self, what: &str, mut is_it: impl FnMut(&SeenWhat) -> bool) -> SeenWhat {
        let found = async {
            loop {
                let seen = self.seen.recv().await.expect("the watch goes on");
                let what = seen.what.clone();
                self.store.apply(seen);
                if is_it(&what) {
                    return what;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), found).await.unwrap_or_else(|_| panic!("never seen: {what}"))
    }

    async fn listed(&mut self) {
        self.until("a list", |what| matches!(what, SeenWhat::Listed(_))).await;
    }
}

fn value_of(live: &Live) -> Value {
    serde_json::from_str(&live.json).expect("whole JSON")
}

#[tokio::test]
async fn connecting_tells_who_and_where_and_what_is_served() {
    let Some(server) = apiserver::shared() else { return };
    let cluster = connected(server, User::Admin).await;
    assert_eq!(format!("https://{}", cluster.facts().server.raw()), server.url());
    assert_eq!(cluster.facts().context.as_ref().map(Foreign::raw), Some("admin"));
    assert!(!cluster.facts().insecure, "the server's CA is verified");
    let version = cluster.probe().await.expect("ready").version.expect("a version");
    assert!(version.raw().starts_with('v'), "{}", version.raw());
    let uid = server.kubectl(User::Admin, &["get", "ns", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(&*cluster.identity().await.expect("kube-system"), uid.trim());
    let discovery = cluster.discover().await.expect("discovery");
    let deployments = find(&discovery, "apps/v1", "Deployment");
    assert!(deployments.namespaced && deployments.takes("watch") && &*deployments.resource == "deployments");
    assert!(!find(&discovery, "v1", "Namespace").namespaced);
    assert_eq!(discovery.find(&Gvk::parse("example.com/v1", "Widget")), Lookup::NotServed);
    let asked = cluster.cost().requests;
    assert_eq!((asked.get("get"), asked.get("probe")), (Some(&3), Some(&2)), "counted by verb: {asked:?}");
}

#[tokio::test]
async fn a_context_that_is_not_there_is_never_replaced_by_the_current_one() {
    let Some(server) = apiserver::shared() else { return };
    let source = KubeSource::list(vec![server.kubeconfig(User::Reader), server.kubeconfig(User::Admin)]);
    match connect(&spec(Some("prod")), &source).await {
        Err(ConnectError::ContextNotFound { exist, .. }) => {
            let names: Vec<&str> = exist.iter().map(Foreign::raw).collect();
            assert_eq!(names, ["admin", "reader"], "the contexts that exist, of both files");
        }
        other => panic!("{other:?}"),
    }
    let cluster = connect(&spec(None), &source).await.expect("the current context of the first file");
    assert_eq!(cluster.facts().context.as_ref().map(Foreign::raw), Some("reader"));
    let named = connect(&spec(Some("admin")), &source).await.expect("the second file's");
    assert!(named.identity().await.is_ok(), "with its own credentials");
}

#[tokio::test]
async fn the_watch_sees_an_edit_with_the_manager_that_made_it() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("edit");
    let cluster = connected(server, User::Operator).await;
    let deployments = served(&cluster, "apps/v1", "Deployment").await;
    let applied = cluster.apply(&deployments, &deployment(&namespace, 2), false).await.expect("applied");
    let mut watched = Watched::start(&cluster, &deployments, &namespace);
    watched.listed().await;
    let key = deployment(&namespace, 2).key;
    let before = watched.store.get(&key).expect("listed").clone();
    assert_eq!((&before.uid, &before.resource_version), (&applied.uid, &applied.resource_version));
    assert_eq!(value_of(&before)["kind"], "Deployment", "an item of a list is made whole");
    server.edit(&namespace, "deployment/api", "s/replicas: 2/replicas: 5/");
    let edited = |what: &SeenWhat| matches!(what, SeenWhat::Changed(live) if value_of(live)["spec"]["replicas"] == 5);
    watched.until("five replicas", edited).await;
    let after = value_of(watched.store.get(&key).expect("still there"));
    let managers = after["metadata"]["managedFields"].as_array().expect("kept").clone();
    let editor = managers.iter().find(|entry| entry["manager"] == "kubectl-edit").expect("the editor is named");
    assert!(editor["fieldsV1"]["f:spec"]["f:replicas"].is_object(), "with the field it wrote: {editor}");
    server.kubectl(User::Admin, &["-n", &namespace, "delete", "deployment", "api"]);
    watched.until("the deletion", |what| matches!(what, SeenWhat::Gone(gone) if *gone == key)).await;
    assert!(watched.store.get(&key).is_none());
}

#[tokio::test]
async fn a_dry_run_says_what_a_sync_would_make_of_a_drifted_deployment() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("dry");
    let cluster = connected(server, User::Operator).await;
    let deployments = served(&cluster, "apps/v1", "Deployment").await;
    let desired = deployment(&namespace, 2);
    cluster.apply(&deployments, &desired, false).await.expect("applied");
    server.kubectl(User::Admin, &["-n", &namespace, "scale", "deployment", "api", "--replicas=7"]);
    let live = cluster.get(&deployments, &desired.key).await.expect("read").expect("there");
    let would = cluster.dry_run(&deployments, &desired).await.expect("a dry run");
    assert_eq!((&value_of(&live)["spec"]["replicas"], &would["spec"]["replicas"]), (&json!(7), &json!(2)));
    let still = cluster.get(&deployments, &desired.key).await.expect("read").expect("there");
    assert_eq!(still.resource_version, live.resource_version, "nothing was written");
    assert_eq!(cluster.cost().requests.get("patch"), Some(&1), "a dry run is no write");
}

#[tokio::test]
async fn a_conflict_names_the_manager_and_force_ends_it() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("conflict");
    let cluster = connected(server, User::Operator).await;
    let deployments = served(&cluster, "apps/v1", "Deployment").await;
    cluster.apply(&deployments, &deployment(&namespace, 2), false).await.expect("applied");
    server.edit(&namespace, "deployment/api", "s/replicas: 2/replicas: 5/");
    let error = cluster.apply(&deployments, &deployment(&namespace, 2), false).await.expect_err("a conflict");
    let CallKind::Conflict(found) = &error.kind else { panic!("{error}: {}", error.message.raw()) };
    let told: Vec<String> = found.iter().map(|on| format!("{} {}", on.manager.raw(), on.path)).collect();
    assert_eq!(told, ["kubectl-edit spec.replicas"]);
    let forced = cluster.apply(&deployments, &deployment(&namespace, 2), true).await.expect("forced");
    let value: Value = serde_json::from_str(&forced.json).expect("JSON");
    let ours = value["metadata"]["managedFields"].to_string();
    assert!(ours.contains(fields::MANAGER) && value["spec"]["replicas"] == 2, "taken, under our name");
}

#[tokio::test]
async fn what_cannot_be_applied_is_told_apart() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("refused");
    let cluster = connected(server, User::Operator).await;
    let discovery = cluster.discover().await.expect("discovery");
    let deployments = find(&discovery, "apps/v1", "Deployment");
    cluster.apply(&deployments, &deployment(&namespace, 2), false).await.expect("applied");
    let changed = |path: &str, value: Value| {
        let mut body = (*deployment(&namespace, 2).body).clone();
        *body.pointer_mut(path).expect("a field of the sample") = value;
        manifest(body)
    };
    let wrong_type = changed("/spec/replicas", json!("two"));
    let unknown = changed("/spec/template/spec/containers", json!([{"name": "api", "image": "i", "imagge": "j"}]));
    let negative = changed("/spec/replicas", json!(-1));
    let mut other = (*deployment(&namespace, 2).body).clone();
    other["spec"]["selector"]["matchLabels"]["app"] = json!("web");
    other["spec"]["template"]["metadata"]["labels"]["app"] = json!("web");
    let absent =
        manifest(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "nowhere"}}));
    let config_maps = find(&discovery, "v1", "ConfigMap");
    for (what, served, manifest, kind) in [
        ("a wrong type", &deployments, wrong_type, CallKind::TypedPatch),
        ("an unknown field", &deployments, unknown, CallKind::TypedPatch),
        ("a negative number", &deployments, negative, CallKind::Invalid),
        ("another selector", &deployments, manifest(other), CallKind::Immutable),
        ("an absent namespace", &config_maps, absent, CallKind::NotFound),
    ] {
        let error = cluster.dry_run(served, &manifest).await.expect_err(what);
        assert_eq!(error.kind, kind, "{what}: {} {}", error.status, error.message.raw());
    }
}

#[tokio::test]
async fn only_the_object_that_was_looked_at_is_deleted() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("delete");
    let cluster = connected(server, User::Operator).await;
    let config_maps = served(&cluster, "v1", "ConfigMap").await;
    let wanted = config_map(&namespace, "red");
    let old = cluster.apply(&config_maps, &wanted, false).await.expect("applied");
    let new = cluster.apply(&config_maps, &config_map(&namespace, "blue"), false).await.expect("applied");
    let conflict = |error: driftdeck::cluster::CallError| matches!(error.kind, CallKind::Conflict(_));
    let stale = cluster.delete(&config_maps, &wanted.key, &old.uid, &old.resource_version).await;
    assert!(conflict(stale.expect_err("somebody wrote in between")));
    let other =
        cluster.delete(&config_maps, &wanted.key, "00000000-0000-0000-0000-000000000000", &new.resource_version).await;
    assert!(conflict(other.expect_err("another object of that name")));
    cluster.delete(&config_maps, &wanted.key, &new.uid, &new.resource_version).await.expect("this one");
    assert!(cluster.get(&config_maps, &wanted.key).await.expect("read").is_none(), "and it is gone");
}

fn record(lines: usize) -> Record {
    let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let line = |n: usize| InventoryLine {
        kind: Kind::new("apps", "Deployment"),
        namespace: "shop".into(),
        name: format!("d-{n}").into(),
        uid: Digest::of_bytes(&n.to_le_bytes()).0,
        commit: CommitId::new("9f31c2a"),
        hash: Digest::of_bytes(format!("h{n}").as_bytes()).0,
    };
    Record {
        source: Some((Foreign::from("https://git.example.com/p.git"), Foreign::from("apps/p"))),
        revision: Some(Foreign::from("main")),
        deployed: Some(Deployed { commit: CommitId::new("9f31c2a"), time: now, by: Foreign::from("ana@host") }),
        inventory: (0..lines).map(line).collect(),
        ..Record::default()
    }
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_written_and_the_slower_writer_is_told() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("record");
    let cluster = connected(server, User::Operator).await;
    assert_eq!(cluster.read_record(&namespace, "p").await.expect("read"), None, "there is none yet");
    let mut written = record(2_000);
    written.resource_version = cluster.write_record(&namespace, "p", &written).await.expect("created");
    assert_eq!(cluster.read_record(&namespace, "p").await.expect("read").as_ref(), Some(&written));
    let twice = cluster.write_record(&namespace, "p", &record(1)).await.expect_err("there is one already");
    assert!(matches!(twice.kind, CallKind::Conflict(_)), "{twice}");
    let mine = Record { revision: Some(Foreign::from("v2")), ..written.clone() };
    cluster.write_record(&namespace, "p", &mine).await.expect("the version that was read");
    let theirs = cluster.write_record(&namespace, "p", &written).await.expect_err("a version that is past");
    assert!(matches!(theirs.kind, CallKind::Conflict(_)), "{theirs}");
    let names =
        server.kubectl(User::Admin, &["-n", &namespace, "get", "cm", "-l", "driftdeck.dev/record=v1", "-o", "name"]);
    assert_eq!(names.trim(), "configmap/driftdeck.p", "found by its label");
}

#[tokio::test]
async fn a_large_record_grows_and_shrinks_by_whole_config_maps() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("large");
    let cluster = connected(server, User::Operator).await;
    let count =
        || server.kubectl(User::Admin, &["-n", &namespace, "get", "cm", "-o", "name"]).matches("driftdeck.p").count();
    let mut large = record(20_000);
    large.resource_version = cluster.write_record(&namespace, "p", &large).await.expect("created");
    assert!(count() > 1, "it goes on in further ones");
    assert_eq!(cluster.read_record(&namespace, "p").await.expect("read").as_ref(), Some(&large));
    let small = Record { resource_version: large.resource_version, ..record(3) };
    cluster.write_record(&namespace, "p", &small).await.expect("replaced");
    assert_eq!(count(), 1, "what is not needed any more is removed");
}

#[tokio::test]
async fn a_config_map_of_somebody_else_is_not_taken_for_a_record() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("foreign");
    server
        .kubectl(User::Admin, &["-n", &namespace, "create", "configmap", "driftdeck.p", "--from-literal=app.json={}"]);
    let error = connected(server, User::Reader).await.read_record(&namespace, "p").await.expect_err("no label");
    assert!(matches!(error.kind, CallKind::RecordUnreadable(_)), "{error}");
}

#[tokio::test]
async fn the_agents_lease_says_when_it_was_renewed() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("lease");
    let cluster = connected(server, User::Operator).await;
    let leases = find(&cluster.discover().await.expect("discovered"), "coordination.k8s.io/v1", "Lease");
    let target = Target { served: leases, namespace: Some(namespace.as_str().into()) };
    let only = Narrow { name: Some(LEASE), ..Narrow::default() };
    assert!(cluster.list_part(&target, only).await.expect("listed").is_empty(), "no agent since ever");
    let before = cluster.cost().of("get");
    for time in ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:10Z"] {
        let now = time.parse().expect("a time");
        cluster.renew_lease(&namespace, "agent-1", now).await.expect("renewed");
        let found = cluster.list_part(&target, only).await.expect("listed");
        assert_eq!(found.iter().map(renewed_at).collect::<Vec<_>>(), [Some(now)]);
    }
    assert_eq!(cluster.cost().of("get"), before + 1, "a renewal of what we wrote ourselves reads nothing first");
}

#[tokio::test]
async fn a_reader_is_told_that_it_may_not_and_the_rest_goes_on() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("reader");
    let cluster = connected(server, User::Reader).await;
    let discovery = cluster.discover().await.expect("discovery is open to all who sign in");
    let (secrets, config_maps) = (find(&discovery, "v1", "Secret"), find(&discovery, "v1", "ConfigMap"));
    assert!(!cluster.may("list", &secrets, &namespace).await.expect("a review"));
    assert!(cluster.may("list", &config_maps, &namespace).await.expect("a review"));
    let mut watched = Watched::start(&cluster, &secrets, &namespace);
    let forbidden = |what: &SeenWhat| matches!(what, SeenWhat::Failed(error) if error.kind == CallKind::Forbidden);
    watched.until("forbidden", forbidden).await;
    Watched::start(&cluster, &config_maps, &namespace).listed().await;
    let error =
        cluster.apply(&config_maps, &config_map(&namespace, "red"), false).await.expect_err("no right to write");
    assert_eq!((error.kind, error.status), (CallKind::Forbidden, 403));
    let nobody = connected(server, User::NoAccess).await;
    assert_eq!(nobody.identity().await.expect_err("no right at all").kind, CallKind::Forbidden);
    assert!(nobody.probe().await.is_ok(), "but the server answers");
}

#[tokio::test]
async fn a_wrong_token_is_not_signed_in() {
    let Some(server) = apiserver::shared() else { return };
    let good = std::fs::read_to_string(server.kubeconfig(User::Admin)).expect("a kubeconfig");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    std::fs::write(&file, good.replace(&User::Admin.token(), "forged")).expect("written");
    let cluster = connect(&spec(None), &KubeSource::file(file)).await.expect("nothing was asked yet");
    assert_eq!(cluster.identity().await.expect_err("forged").kind, CallKind::Unauthorized);
    assert_eq!(cluster.probe().await.expect_err("forged").kind, CallKind::Unauthorized, "the probe finds out too");
}

#[tokio::test]
async fn schemas_come_by_group_version_and_only_once() {
    let Some(server) = apiserver::shared() else { return };
    let cluster = connected(server, User::Reader).await;
    let dir = tempfile::tempdir().expect("a directory");
    cluster.keep_documents_in(dir.path().to_path_buf());
    let wanted = ["v1", "apps/v1", "example.com/v1"].map(ToOwned::to_owned);
    let documents: BTreeMap<_, _> = cluster.openapi(&wanted).await.into_iter().collect();
    for (name, schema) in [("v1", "io.k8s.api.core.v1.ConfigMap"), ("apps/v1", "io.k8s.api.apps.v1.Deployment")] {
        let document = documents[name].as_ref().expect("published");
        assert!(document["components"]["schemas"][schema].is_object(), "{schema} in {name}");
    }
    assert_eq!(documents["example.com/v1"].as_ref().expect_err("not served").kind, CallKind::KindNotServed);
    let before = cluster.cost().requests["get"];
    cluster.openapi(&wanted).await;
    assert_eq!(cluster.cost().requests["get"], before + 1, "the second time only the index is asked");
    let second = connected(server, User::Reader).await;
    second.keep_documents_in(dir.path().to_path_buf());
    assert!(second.openapi(&wanted).await.iter().take(2).all(|(_, document)| document.is_ok()));
    assert_eq!(second.cost().requests["get"], 1, "nor does another process ask for what lies on disk");
}

#[tokio::test]
async fn a_server_that_goes_mute_is_found_by_the_probe_and_by_the_watch() {
    let Some(server) = apiserver::own() else { return };
    let namespace = server.namespace("mute");
    let second = Duration::from_secs(1);
    let limits = Limits { unary: second, probe: second, watch: second, pause: Duration::from_millis(50) };
    let patient = connected(&server, User::Operator).await;
    let config_maps = served(&patient, "v1", "ConfigMap").await;
    patient.probe().await.expect("ready");
    let cluster = patient.with_limits(limits);
    let mut watched = Watched::start(&cluster, &config_maps, &namespace);
    watched.listed().await;
    server.pause();
    assert_eq!(cluster.probe().await.expect_err("stopped, though its kernel still answers").kind, CallKind::Timeout);
    watched
        .until("the mute stream", |what| matches!(what, SeenWhat::Failed(error) if error.kind == CallKind::Timeout))
        .await;
    server.resume();
    watched.until("life", |what| matches!(what, SeenWhat::Opened | SeenWhat::Alive | SeenWhat::Listed(_))).await;
    let other = connected(&server, User::Operator).await;
    other.apply(&config_maps, &config_map(&namespace, "red"), false).await.expect("applied");
    watched.until("the change", |what| matches!(what, SeenWhat::Changed(live) if &*live.key.name == "c")).await;
}

#[tokio::test]
async fn credentials_that_expired_are_asked_for_once_more() {
    let Some(server) = apiserver::shared() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let (file, given) = (dir.path().join("config"), dir.path().join("given"));
    let credential = |token: &str| format!(r#"{{"status":{{"token":"{token}"}}}}"#);
    let exec =
        format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, args: ['{}']}}", given.display());
    let good = std::fs::read_to_string(server.kubeconfig(User::Operator)).expect("a kubeconfig");
    std::fs::write(&file, good.replace(&format!("token: {}", User::Operator.token()), &exec)).expect("written");
    std::fs::write(&given, credential("expired")).expect("written");
    let cluster = connect(&spec(None), &KubeSource::file(file)).await.expect("the plugin answers");
    std::fs::write(&given, credential(&User::Operator.token())).expect("written");
    cluster.identity().await.expect("signed in again after the 401");
    assert_eq!(cluster.cost().requests.get("get"), Some(&2), "one refusal, one success");
}

#[tokio::test]
async fn quota_terminating_namespace_and_admission_are_no_lack_of_rights() {
    let Some(server) = apiserver::shared() else { return };
    let (full, ending) = (server.namespace("full"), server.namespace("ending"));
    let cluster = connected(server, User::Operator).await;
    let config_maps = served(&cluster, "v1", "ConfigMap").await;
    server.kubectl(User::Admin, &["-n", &full, "create", "quota", "q", "--hard=configmaps=0"]);
    let status = r#"{"status":{"hard":{"configmaps":"0"},"used":{"configmaps":"0"}}}"#;
    server.kubectl(
        User::Admin,
        &["-n", &full, "patch", "quota", "q", "--subresource=status", "--type=merge", "-p", status],
    );
    server.kubectl(User::Admin, &["delete", "namespace", &ending, "--wait=false"]);
    for (namespace, kind) in [(&full, CallKind::Quota), (&ending, CallKind::NamespaceTerminating)] {
        let error = cluster.dry_run(&config_maps, &config_map(namespace, "red")).await.expect_err("refused");
        assert_eq!(error.kind, kind, "{}", error.message.raw());
    }
}

#[tokio::test]
async fn a_secret_of_a_wrong_type_is_told_without_its_values() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("secret");
    let cluster = connected(server, User::Operator).await;
    let secrets = served(&cluster, "v1", "Secret").await;
    let metadata = json!({"name": "s", "namespace": namespace});
    let broken =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": 424_242}});
    let error = cluster.dry_run(&secrets, &manifest(broken)).await.expect_err("a number is no string");
    assert_eq!((&error.kind, error.status), (&CallKind::TypedPatch, 500), "no server fault");
    assert!(error.message.raw().contains("424242"), "the server repeats the value: whoever shows it scrubs it");
    assert!(!format!("{error} {error:?}").contains("424242"), "the error itself does not print it");
}

const WIDGETS: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
";

#[tokio::test]
async fn a_kind_that_is_removed_while_watched_is_gone_and_not_broken() {
    let Some(server) = apiserver::own() else { return };
    let namespace = server.namespace("widgets");
    server.apply(User::Admin, WIDGETS);
    server.kubectl(User::Admin, &["wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=20s"]);
    let limits = Limits { watch: Duration::from_secs(3), pause: Duration::from_millis(20), ..Limits::default() };
    let cluster = connected(&server, User::Operator).await.with_limits(limits);
    let widgets = served(&cluster, "example.com/v1", "Widget").await;
    let widget = manifest(
        json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": namespace}}),
    );
    cluster.apply(&widgets, &widget, false).await.expect("applied");
    let mut watched = Watched::start(&cluster, &widgets, &namespace);
    watched.listed().await;
    server.kubectl(User::Admin, &["delete", "crd", "widgets.example.com"]);
    let absent = |what: &SeenWhat| matches!(what, SeenWhat::Failed(error) if error.kind == CallKind::KindNotServed);
    watched.until("the kind's absence", absent).await;
    assert!(watched.store.get(&widget.key).is_none(), "its objects were seen to go");
    server.apply(User::Admin, WIDGETS);
    watched.listed().await;
}

#[tokio::test]
async fn after_a_restart_of_the_server_nothing_is_lost_and_nothing_is_listed_again() {
    let Some(server) = apiserver::own() else { return };
    let namespace = server.namespace("restart");
    let cluster = connected(&server, User::Operator).await;
    let config_maps = served(&cluster, "v1", "ConfigMap").await;
    cluster.apply(&config_maps, &config_map(&namespace, "red"), false).await.expect("applied");
    let mut watched = Watched::start(&cluster, &config_maps, &namespace);
    watched.listed().await;
    server.kill();
    let silent = |what: &SeenWhat| matches!(what, SeenWhat::Failed(error) if error.kind == CallKind::Unreachable);
    watched.until("that nobody answers", silent).await;
    assert_eq!(cluster.probe().await.expect_err("killed").kind, CallKind::Unreachable);
    assert_eq!(watched.store.len(), 1, "the last state is kept");
    server.start_again();
    let other = connected(&server, User::Operator).await;
    other.apply(&config_maps, &config_map(&namespace, "blue"), false).await.expect("applied");
    watched.until("the change", |what| matches!(what, SeenWhat::Changed(_))).await;
    assert_eq!(cluster.cost().requests["list"], 1, "resumed from where it was: no relist storm");
}
