//! A service made of a closure, and the tests of calls and discovery on it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use kube::client::Body;

use super::*;
use crate::model::{Digest, Foreign, Gvk, Manifest, Origin, ResourceKey};

/// Answers by method and path with query; notes what was asked.
pub(super) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().expect("one thread").clone()
    }

    pub(super) fn count(&self, part: &str) -> usize {
        self.all().iter().filter(|line| line.contains(part)).count()
    }
}

/// A cluster whose server is a function of (what was asked, how often that was asked before).
pub(super) fn cluster_of(answer: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static) -> (Cluster, Asked) {
    let log = Arc::new(Mutex::new(Vec::<String>::new()));
    let (noted, answer) = (log.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let asked = format!("{} {}", request.method(), request.uri());
        let mut noted = noted.lock().expect("one thread");
        let before = noted.iter().filter(|line| **line == asked).count();
        noted.push(asked.clone());
        let (code, body) = answer(&asked, before);
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(code).expect("a status");
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    (connect::over(service, &crate::model::ClusterName::new("c")), Asked(log))
}

pub(super) fn config_maps() -> Served {
    let gvk = Gvk::parse("v1", "ConfigMap");
    Served { gvk, resource: "configmaps".into(), namespaced: true, verbs: Arc::new([]) }
}

fn manifest() -> Manifest {
    let body =
        serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}});
    let gvk = Gvk::parse("v1", "ConfigMap");
    let cluster = crate::model::ClusterName::new("c");
    let key = ResourceKey { cluster, kind: gvk.kind(), namespace: "n".into(), name: "a".into() };
    let origin = Origin { file: Foreign::from("a.yaml"), line: 1 };
    Manifest { key, gvk, digest: Digest::of_value(&body), body: Arc::new(body), origin }
}

#[tokio::test(start_paused = true)]
async fn a_write_answered_504_is_sent_exactly_once() {
    for code in [429, 500, 502, 503, 504] {
        let (cluster, asked) = cluster_of(move |_, _| (code, "{}".to_owned()));
        let error = cluster.apply(&config_maps(), &manifest(), true).await.expect_err("refused");
        assert_eq!(error.status, code);
        assert_eq!(asked.all().len(), 1, "a lost answer is no reason to write again ({code})");
        cluster.delete(&config_maps(), &manifest().key, "u", "1").await.expect_err("refused");
        assert_eq!(asked.all().len(), 2, "nor to delete again ({code})");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_three_times_and_only_where_that_can_help() {
    for (code, tries) in [(429, 3), (503, 3), (504, 3), (500, 1), (403, 1), (401, 1), (404, 1)] {
        let (cluster, asked) = cluster_of(move |_, _| (code, "{}".to_owned()));
        cluster.identity().await.expect_err("refused");
        assert_eq!(asked.all().len(), tries, "HTTP {code}");
        assert_eq!(cluster.cost().requests.get("get"), Some(&(tries as u64)), "every try counts");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_timed_out() {
    let mute = tower::service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, std::io::Error>>());
    let cluster = connect::over(mute, &crate::model::ClusterName::new("c"));
    let began = tokio::time::Instant::now();
    assert_eq!(cluster.probe().await.expect_err("mute").kind, CallKind::Timeout);
    assert_eq!(began.elapsed(), Duration::from_secs(5), "the probe gives up after its five seconds");
    assert_eq!(cluster.apply(&config_maps(), &manifest(), false).await.expect_err("mute").kind, CallKind::Timeout);
}

#[tokio::test]
async fn a_page_of_a_proxy_is_not_taken_for_an_answer() {
    let (cluster, _) = cluster_of(|_, _| (200, "<html>sign in</html>".to_owned()));
    assert_eq!(cluster.identity().await.expect_err("html").kind, CallKind::Other);
    assert_eq!(cluster.get(&config_maps(), &manifest().key).await.expect_err("html").kind, CallKind::Other);
}

#[tokio::test]
async fn absent_object_and_absent_kind_are_two_things() {
    let status = r#"{"kind":"Status","reason":"NotFound","message":"configmaps \"a\" not found"}"#;
    let (cluster, _) = cluster_of(move |_, _| (404, status.to_owned()));
    assert!(cluster.get(&config_maps(), &manifest().key).await.expect("an answer").is_none());
    let (cluster, _) = cluster_of(|_, _| (404, "404 page not found".to_owned()));
    let error = cluster.get(&config_maps(), &manifest().key).await.expect_err("no such kind");
    assert_eq!(error.kind, CallKind::KindNotServed);
}

#[tokio::test]
async fn names_cannot_leave_their_place_in_the_url() {
    let (cluster, asked) = cluster_of(|_, _| (200, "{}".to_owned()));
    let key = ResourceKey { name: "../../x?y#z".into(), namespace: "..".into(), ..manifest().key };
    let _ = cluster.get(&config_maps(), &key).await;
    assert_eq!(asked.all(), ["GET /api/v1/namespaces/%2E%2E/configmaps/..%2F..%2Fx%3Fy%23z"]);
}

const APIS: &str = r#"{"kind":"APIGroupList","groups":[
    {"name":"apps","versions":[{"version":"v1beta1"},{"version":"v1"}],"preferredVersion":{"version":"v1"}},
    {"name":"metrics.k8s.io","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]}"#;

fn plain_discovery(asked: &str) -> (u16, String) {
    let body = match asked.trim_start_matches("GET ") {
        "/api" => r#"{"kind":"APIVersions","versions":["v1"]}"#,
        "/apis" => APIS,
        "/api/v1" => {
            r#"{"resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]},{"name":"pods/log","kind":"Pod"}]}"#
        }
        "/apis/apps/v1" | "/apis/apps/v1beta1" => {
            r#"{"resources":[{"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["list","get"]}]}"#
        }
        _ => return (503, "service unavailable".to_owned()),
    };
    (200, body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_down_is_not_absent() {
    let (cluster, _) = cluster_of(|asked, _| plain_discovery(asked));
    let found = cluster.discover().await.expect("the rest stands");
    let Lookup::Served(served) = found.find_kind(&Gvk::parse("apps/v1", "Deployment").kind()) else { panic!("served") };
    assert_eq!((&*served.gvk.version, &*served.resource), ("v1", "deployments"), "in the version the server prefers");
    assert!(matches!(found.find(&Gvk::parse("metrics.k8s.io/v1", "PodMetrics")), Lookup::GroupDown(_)), "down");
    assert!(
        matches!(found.find_kind(&Gvk::parse("metrics.k8s.io/v1", "X").kind()), Lookup::GroupDown(_)),
        "by kind too"
    );
    assert_eq!(
        found.find(&Gvk::parse("apps/v1", "Nothing")),
        Lookup::NotServed,
        "the group answers and has no such kind"
    );
    assert_eq!(found.find(&Gvk::parse("example.com/v1", "X")), Lookup::NotServed);
}

#[tokio::test]
async fn a_stale_group_of_aggregated_discovery_is_down_too() {
    let aggregated = r#"{"kind":"APIGroupDiscoveryList","items":[
        {"metadata":{"name":"apps"},"versions":[{"version":"v1","freshness":"Current","resources":[
            {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","verbs":["patch"]}]}]},
        {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1","freshness":"Stale","resources":[]}]}]}"#;
    let (cluster, asked) = cluster_of(move |asked, _| match asked {
        "GET /apis" => (200, aggregated.to_owned()),
        _ => (200, r#"{"kind":"APIGroupDiscoveryList","items":[]}"#.to_owned()),
    });
    let found = cluster.discover().await.expect("answers");
    assert_eq!(asked.all(), ["GET /api", "GET /apis"], "two requests for everything");
    let Lookup::Served(served) = found.find(&Gvk::parse("apps/v1", "Deployment")) else { panic!("served") };
    assert!(served.namespaced && served.takes("patch") && !served.takes("delete"));
    assert!(matches!(found.find(&Gvk::parse("metrics.k8s.io/v1", "X")), Lookup::GroupDown(_)));
}
