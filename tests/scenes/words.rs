//! A scene tells what a real kube-apiserver tells when the like happens there: status, message, reason and details.
//!
//! On the real server it is made to happen: a quota's status written by hand, a webhook that listens and is silent, a
//! namespace that cannot end, an `APIService` without a Service, a token that nobody knows.

use std::net::TcpListener;
use std::time::Duration;

use bytes::Bytes;
use driftdeck::engine::Clock;
use driftdeck::sandbox::{self, Act, Cast, Options, Pace, Sandbox, Scene};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::apiserver::{self, Server, User};

const APPLY: &str = "application/apply-patch+yaml";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/// What follows a write on the real server after a while: only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(30);

/// Status, `Retry-After`, and the body as JSON, or as a string.
type Said = (u16, Option<String>, Value);

fn body(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|_| String::from_utf8_lossy(text).into_owned().into())
}

/// The real server.
struct Real {
    server: Server,
    client: reqwest::Client,
}

impl Real {
    fn start() -> Option<Self> {
        let server = apiserver::own()?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca = reqwest::Certificate::from_pem(&std::fs::read(server.ca_file()).expect("the CA")).expect("PEM");
        let client = reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().expect("a client");
        Some(Self { server, client })
    }

    async fn ask_as(&self, token: &str, what: &str, (sent, kind): (&Value, &str)) -> Said {
        let (method, path) = what.split_once(' ').expect("method and path");
        let request = self.client.request(method.parse().expect("a method"), format!("{}{path}", self.server.url()));
        let request = request.bearer_auth(token).header("accept", accept(path));
        let request = match sent {
            Value::Null => request,
            sent => request.header("content-type", kind).body(sent.to_string()),
        };
        let answer = request.send().await.expect("an answer");
        let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        (answer.status().as_u16(), after, body(&answer.bytes().await.expect("a body")))
    }

    async fn ask(&self, what: &str, sent: (&Value, &str)) -> Said {
        self.ask_as(&User::Admin.token(), what, sent).await
    }

    async fn done(&self, what: &str, sent: &Value) -> Value {
        let (status, _, said) = self.ask(what, (sent, "application/json")).await;
        assert!(matches!(status, 200..=299), "{what}: {status} {said}");
        said
    }

    /// Asks until the answer is as wanted: what was written is followed after a while.
    async fn until(&self, what: &str, sent: (&Value, &str), wanted: impl Fn(&Said) -> bool) -> Said {
        let asked = async {
            loop {
                let said = self.ask(what, sent).await;
                if wanted(&said) {
                    return said;
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(LIMIT, asked).await;
        let Ok(said) = found else { panic!("never: {what}") };
        said
    }
}

fn accept(path: &str) -> &'static str {
    if path == "/apis" { DISCOVERY } else { "application/json" }
}

fn a_sandbox(namespaces: &[&str]) -> Sandbox {
    let real = Clock::real();
    let clock = sandbox::Clock::Real(std::sync::Arc::new(move || real.now().wall));
    let options = Options { clock, seed: 7, server_version: "v1.36.3".to_owned() };
    let sandbox = Sandbox::new(options).expect("the shipped documents read");
    for name in namespaces {
        let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": name}}), "");
        assert_eq!(made.status, 201, "{}", made.body);
    }
    sandbox
}

/// The same request to a sandbox on which scenes play.
async fn scene(sandbox: &Sandbox, what: &str, (sent, kind): (&Value, &str)) -> Said {
    let (method, path) = what.split_once(' ').expect("method and path");
    let text = if sent.is_null() { String::new() } else { sent.to_string() };
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header("accept", accept(path)).header("content-type", kind);
    let request = request.body(Full::new(Bytes::from(text))).expect("a request");
    let answer = sandbox.service().call(request).await.expect("reachable");
    let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    (status, after, body(&answer.into_body().collect().await.expect("a body").to_bytes()))
}

fn map(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": {"a": "1"}})
}

fn apply(namespace: &str, name: &str, dry: bool) -> String {
    let dry = if dry { "&dryRun=All" } else { "" };
    format!("PATCH /api/v1/namespaces/{namespace}/configmaps/{name}?fieldManager=driftdeck&force=true{dry}")
}

async fn quota(real: &Real) {
    real.done("POST /api/v1/namespaces", &json!({"metadata": {"name": "full"}})).await;
    real.done("POST /api/v1/namespaces/full/configmaps", &map("full", "one")).await;
    let counted = json!({"count/configmaps": "1"});
    let made = json!({"metadata": {"name": "objects"}, "spec": {"hard": counted}});
    let mut made = real.done("POST /api/v1/namespaces/full/resourcequotas", &made).await;
    // No controller counts here: what it would find is written down by hand.
    made["status"] = json!({"hard": counted, "used": counted});
    real.done("PUT /api/v1/namespaces/full/resourcequotas/objects/status", &made).await;

    let sandbox = a_sandbox(&["full"]);
    let one = sandbox.request("POST", "/api/v1/namespaces/full/configmaps", &map("full", "one"), "");
    assert_eq!(one.status, 201, "{}", one.body);
    sandbox.play(Act::of(Scene::Quota));
    for dry in [false, true] {
        let (what, sent) = (apply("full", "two", dry), map("full", "two"));
        let said = real.until(&what, (&sent, APPLY), |said| said.0 == 403).await;
        assert_eq!(scene(&sandbox, &what, (&sent, APPLY)).await, said, "dry: {dry}");
    }
}

async fn terminating(real: &Real) {
    real.done("POST /api/v1/namespaces", &json!({"metadata": {"name": "ending"}})).await;
    let mut held = map("ending", "held");
    held["metadata"]["finalizers"] = json!(["example.com/held"]);
    real.done("POST /api/v1/namespaces/ending/configmaps", &held).await;
    real.done("DELETE /api/v1/namespaces/ending", &Value::Null).await;

    let sandbox = a_sandbox(&["ending"]);
    sandbox.play(Act::of(Scene::Terminating));
    let lease = json!({"metadata": {"name": "l", "namespace": "ending"}});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "ending"},
        "spec": {"selector": {"matchLabels": {"a": "d"}}, "template": {
            "metadata": {"labels": {"a": "d"}}, "spec": {"containers": [{"name": "c", "image": "i"}]},
        }},
    });
    let table = [
        (apply("ending", "new", false), map("ending", "new"), APPLY),
        (apply("ending", "new", true), map("ending", "new"), APPLY),
        ("POST /api/v1/namespaces/ending/configmaps".to_owned(), map("ending", "new"), "application/json"),
        ("PATCH /apis/apps/v1/namespaces/ending/deployments/d?fieldManager=x".to_owned(), deployment, APPLY),
        ("POST /apis/coordination.k8s.io/v1/namespaces/ending/leases".to_owned(), lease, "application/json"),
    ];
    for (what, sent, kind) in table {
        let said = real.until(&what, (&sent, kind), |said| said.0 == 403).await;
        assert_eq!(scene(&sandbox, &what, (&sent, kind)).await, said, "{what}");
    }
    let real = real.done("GET /api/v1/namespaces/ending", &Value::Null).await;
    let (_, _, ours) = scene(&sandbox, "GET /api/v1/namespaces/ending", (&Value::Null, "")).await;
    assert_eq!((&ours["status"], &ours["spec"]), (&real["status"], &real["spec"]));
    assert!(ours["metadata"]["deletionTimestamp"].is_string() && real["metadata"]["deletionTimestamp"].is_string());
}

async fn silent_webhook(real: &Real) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/validate", silent.local_addr().expect("its address"));
    real.done("POST /api/v1/namespaces", &json!({"metadata": {"name": "hooked"}})).await;
    let hook = json!({
        "name": "images.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "timeoutSeconds": 2,
        "failurePolicy": "Fail", "clientConfig": {"url": url},
        "rules": [{"apiGroups": [""], "apiVersions": ["*"], "resources": ["configmaps"], "operations": ["CREATE"]}],
    });
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    real.done(&format!("POST {path}"), &json!({"metadata": {"name": "h"}, "webhooks": [hook]})).await;

    let sandbox = a_sandbox(&["hooked"]);
    let (gate, pace) = Pace::gate();
    gate.open();
    sandbox.play(Act::of(Scene::WebhookTimeout).about(Cast::of(&[("", "configmaps")])).paced(pace));
    let sent = map("hooked", "one");
    let what = apply("hooked", "one", true);
    let (status, after, said) = real.until(&what, (&sent, APPLY), |said| said.0 == 500).await;
    // A Service has another address than this port.
    let said = said.to_string().replace(&url, "https://images.policy.svc:443/validate");
    let said = serde_json::from_str(&said).expect("JSON");
    assert_eq!(scene(&sandbox, &what, (&sent, APPLY)).await, (status, after, said));
    real.done(&format!("DELETE {path}/h"), &Value::Null).await;
    drop(silent);
}

async fn group_down(real: &Real) {
    let spec = json!({
        "group": "gone.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
        "insecureSkipTLSVerify": true, "service": {"name": "missing", "namespace": "default"},
    });
    let path = "/apis/apiregistration.k8s.io/v1/apiservices";
    real.done(&format!("POST {path}"), &json!({"metadata": {"name": "v1.gone.example.com"}, "spec": spec})).await;

    let sandbox = a_sandbox(&["shop"]);
    sandbox.play(Act::of(Scene::GroupDown).about(Cast::of(&[("gone.example.com", "*")])));
    let group = |said: &Said| {
        let items = said.2["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|item| item["metadata"]["name"] == "gone.example.com")
    };
    let nothing = (&Value::Null, "");
    let stale = real.until("GET /apis", nothing, |said| group(said).is_some()).await;
    assert_eq!(group(&scene(&sandbox, "GET /apis", nothing).await), group(&stale));
    let things = "/apis/gone.example.com/v1/namespaces/shop/things";
    let table = [
        ("GET /apis/gone.example.com/v1".to_owned(), Value::Null),
        (format!("GET {things}"), Value::Null),
        (format!("GET {things}/a"), Value::Null),
        (format!("GET {things}?watch=true"), Value::Null),
        (format!("PATCH {things}/a?fieldManager=driftdeck"), json!({})),
    ];
    for (what, sent) in table {
        let said = real.until(&what, (&sent, APPLY), |said| said.0 == 503).await;
        assert_eq!(scene(&sandbox, &what, (&sent, APPLY)).await, said, "{what}");
    }
    real.done(&format!("DELETE {path}/v1.gone.example.com"), &Value::Null).await;
}

async fn rights(real: &Real) {
    let sandbox = a_sandbox(&["shop"]);
    let act = sandbox.play(Act::of(Scene::SignedOut));
    for what in ["GET /version", "GET /api/v1/namespaces/default/secrets"] {
        let said = real.ask_as("nobody", what, (&Value::Null, "")).await;
        assert_eq!(scene(&sandbox, what, (&Value::Null, "")).await, said, "{what}");
    }
    act.stop();
    sandbox.play(Act::of(Scene::Forbidden));
    for what in ["GET /api/v1/namespaces/default/secrets", "GET /api/v1/secrets?watch=true"] {
        let (status, after, said) = real.ask_as(&User::NoAccess.token(), what, (&Value::Null, "")).await;
        let said = said.to_string().replace(User::NoAccess.name(), "admin");
        let said = serde_json::from_str(&said).expect("JSON");
        assert_eq!(scene(&sandbox, what, (&Value::Null, "")).await, (status, after, said), "{what}");
    }
}

async fn rival(real: &Real) {
    real.done("POST /api/v1/namespaces", &json!({"metadata": {"name": "rivals"}})).await;
    let sandbox = a_sandbox(&["rivals"]);
    let what = "PATCH /api/v1/namespaces/rivals/configmaps/one?fieldManager=driftdeck";
    let theirs = "PATCH /api/v1/namespaces/rivals/configmaps/one?fieldManager=rival-operator&force=true";
    let (sent, mut other) = (map("rivals", "one"), map("rivals", "one"));
    other["data"]["a"] = "1-rival".into();
    real.ask(what, (&sent, APPLY)).await;
    assert_eq!(real.ask(theirs, (&other, APPLY)).await.0, 200);
    assert_eq!(scene(&sandbox, what, (&sent, APPLY)).await.0, 201);
    sandbox.play(Act::of(Scene::Conflict));
    assert_eq!(scene(&sandbox, what, (&sent, APPLY)).await, real.ask(what, (&sent, APPLY)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scene_tells_what_a_real_server_tells() {
    let Some(real) = Real::start() else { return };
    quota(&real).await;
    terminating(&real).await;
    rights(&real).await;
    rival(&real).await;
    group_down(&real).await;
    silent_webhook(&real).await;
}

/// What cannot be made to happen within a test, as kube-apiserver 1.36.3 answered when it was: with two requests in
/// flight allowed; with an alarm raised in its etcd; by a webhook that denied with code and reason; started anew, asked
/// for a version from before.
#[tokio::test(flavor = "multi_thread")]
async fn a_scene_tells_what_a_real_server_told() {
    let status = |more: Value| {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"});
        more.as_object().expect("fields").iter().for_each(|(key, value)| status[key] = value.clone());
        status
    };
    let lists = "GET /api/v1/namespaces/shop/configmaps";
    let denied = "admission webhook \"images.example.com\" denied the request: images must be pinned by digest";
    let maps = Cast::of(&[("", "configmaps")]);
    let table = [
        (
            Act::of(Scene::Throttled),
            lists.to_owned(),
            Value::Null,
            (429, Some("1".to_owned()), json!("Too many requests, please try again later.\n")),
        ),
        (
            Act::of(Scene::Broken),
            lists.to_owned(),
            Value::Null,
            (500, None, status(json!({"message": "etcdserver: request timed out", "code": 500}))),
        ),
        (
            Act::of(Scene::Webhook).about(maps),
            apply("shop", "one", false),
            map("shop", "one"),
            (403, None, status(json!({"message": denied, "reason": "Forbidden", "code": 403}))),
        ),
        (
            Act::of(Scene::Expired),
            format!("{lists}?watch=true&resourceVersion=1"),
            Value::Null,
            (
                200,
                None,
                json!({"type": "ERROR", "object": status(json!({"message": "too old resource version: 1 (NOW)", "reason": "Expired", "code": 410}))}),
            ),
        ),
    ];
    for (act, what, sent, wanted) in table {
        let sandbox = a_sandbox(&["shop"]);
        let now = sandbox.request("GET", "/api/v1/namespaces/shop/configmaps", &Value::Null, "").body;
        let now = now["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
        sandbox.play(act);
        let (status, after, said) = scene(&sandbox, &what, (&sent, APPLY)).await;
        let wanted =
            (wanted.0, wanted.1, serde_json::from_str(&wanted.2.to_string().replace("NOW", &now)).expect("JSON"));
        assert_eq!((status, after, said), wanted, "{what}");
    }
}
