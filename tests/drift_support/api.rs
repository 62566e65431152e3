//! The calls that people and controllers make, word for word, on the real server and on the sandbox.
//!
//! Owns which path an object has, and the request itself: verb, query, content type. Refuses to guess a field manager.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::case::{Call, Case};
use crate::apiserver::{Server, User};
use crate::stage::Stage;
use driftdeck::sandbox::Sandbox;

/// What a recorded 1.36 server says about its kinds.
const DISCOVERY: &str = include_str!("../../assets/openapi/discovery.json");
/// Longest wait for a definition; only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(30);

/// A kind that is served.
#[derive(Clone, Debug)]
struct Served {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
}

/// Who is called.
enum Way<'s> {
    Server { client: reqwest::Client, server: &'s Server },
    Sandbox(&'s Sandbox),
}

/// The API of one stage, with an administrator's rights.
pub struct Api<'s> {
    way: Way<'s>,
    kinds: Vec<Served>,
    /// Group-versions of definitions whose schema must be published before an engine looks.
    awaited: Vec<String>,
    /// What stands for the commit that was synced, and for the repository.
    words: [(&'static str, String); 2],
}

/// One request.
struct Sent<'a> {
    method: &'a str,
    path: &'a str,
    body: Option<&'a Value>,
    content_type: &'a str,
}

impl<'s> Api<'s> {
    /// Of this stage; called within a runtime.
    pub fn of(stage: &'s Stage, words: [(&'static str, String); 2]) -> Self {
        let way = match stage {
            Stage::Shared(server) => Way::Server { client: client(server), server },
            Stage::Own(server) => Way::Server { client: client(server), server },
            Stage::Sandbox(sandbox) => Way::Sandbox(sandbox),
        };
        Self { way, kinds: built_in(), awaited: Vec::new(), words }
    }

    /// A namespace called like the case.
    pub async fn namespace(&self, name: &str) {
        let body = serde_json::json!({"metadata": {"name": name}});
        let path = "/api/v1/namespaces";
        let (status, said) =
            self.send(&Sent { method: "POST", path, body: Some(&body), content_type: "application/json" }).await;
        assert_eq!(status, 201, "namespace {name}: {said}");
    }

    /// Makes the calls of a case, in order.
    pub async fn play(&mut self, case: &Case, calls: &[Call]) {
        for (n, call) in calls.iter().enumerate() {
            let place = format!("{}: call {} {:?}", case.name, n + 1, call.object);
            match (&call.kubectl, &call.from) {
                (Some(args), _) => self.kubectl(case, args, call.body.as_ref()),
                (None, Some(_)) => {
                    for object in case.objects() {
                        self.make(case, &Call { body: Some(object), ..call.clone() }, &place).await;
                    }
                }
                (None, None) => self.make(case, call, &place).await,
            }
        }
    }

    fn kubectl(&self, case: &Case, args: &[String], input: Option<&Value>) {
        let Way::Server { server, .. } = &self.way else { panic!("{}: needs: [kubectl]", case.name) };
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["-n", &case.name]).collect();
        let input = input.map(Value::to_string).unwrap_or_default();
        let out = server.try_kubectl(User::Admin, &args, &input);
        assert!(out.status.success(), "{}: {args:?}: {}", case.name, String::from_utf8_lossy(&out.stderr));
    }

    async fn make(&mut self, case: &Case, call: &Call, place: &str) {
        let verb = call.call.as_deref().unwrap_or_else(|| panic!("{place}: call or kubectl"));
        let (served, namespace, name) = self.object(case, call, place);
        let path = served.path(&namespace);
        let one =
            format!("{path}/{name}{}", call.subresource.as_ref().map(|sub| format!("/{sub}")).unwrap_or_default());
        let manager = call.manager.as_deref().filter(|_| verb != "delete");
        let query = manager.map(|manager| format!("?fieldManager={}", escaped(manager))).unwrap_or_default();
        assert!(verb == "delete" || manager.is_some(), "{place}: as: says who does it");
        let (method, target, content_type) = match verb {
            "create" => ("POST", format!("{path}{query}"), "application/json"),
            "replace" => ("PUT", format!("{one}{query}"), "application/json"),
            "delete" => ("DELETE", one.clone(), "application/json"),
            "patch" => {
                let force = if call.force { "&force=true" } else { "" };
                ("PATCH", format!("{one}{query}{force}"), content_type(call.patch.as_deref(), place))
            }
            other => panic!("{place}: no such call: {other}"),
        };
        let mut body = call.body.as_ref().map(|body| self.filled_in(body));
        if verb == "replace"
            && let Some(body) = &mut body
        {
            let (_, live) = self.send(&Sent { method: "GET", path: &one, body: None, content_type: "" }).await;
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        }
        let sent = Sent { method, path: &target, body: body.as_ref(), content_type };
        let (status, said) = self.send(&sent).await;
        let good = call.status.map_or(matches!(status, 200..=299), |wanted| wanted == status);
        assert!(good, "{place}: {method} {target}: {status} {said}");
        if let Some(body) = body.filter(|body| body["kind"] == "CustomResourceDefinition" && verb != "delete") {
            self.define(&body, &one).await;
        }
    }

    fn filled_in(&self, body: &Value) -> Value {
        let text = self.words.iter().fold(body.to_string(), |text, (word, value)| text.replace(word, value));
        serde_json::from_str(&text).expect("still JSON")
    }

    /// The kind, namespace and name a call is about.
    fn object(&self, case: &Case, call: &Call, place: &str) -> (Served, String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(object) = &call.object {
            let (word, rest) = object.split_once('/').unwrap_or_else(|| panic!("{place}: kind/name"));
            let served = self.kind(word, call.version.as_deref());
            let served = served.unwrap_or_else(|| panic!("{place}: no such kind: {word}"));
            let (namespace, name) = rest.split_once('/').unwrap_or((&case.name, rest));
            return (served.clone(), namespace.to_owned(), name.to_owned());
        }
        let body = call.body.as_ref().unwrap_or_else(|| panic!("{place}: object or body"));
        let api_version = text(&body["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let fits =
            |served: &&Served| served.group == group && served.version == version && body["kind"] == *served.kind;
        let served = self.kinds.iter().find(fits).unwrap_or_else(|| panic!("{place}: no such kind in {api_version}"));
        let namespace = Some(text(&body["metadata"]["namespace"])).filter(|namespace| !namespace.is_empty());
        (served.clone(), namespace.unwrap_or_else(|| case.name.clone()), text(&body["metadata"]["name"]))
    }

    fn kind(&self, word: &str, version: Option<&str>) -> Option<&Served> {
        let (kind, group) = word.split_once('.').map_or((word, None), |(kind, group)| (kind, Some(group)));
        self.kinds.iter().find(|served| {
            served.kind.eq_ignore_ascii_case(kind)
                && group.is_none_or(|group| group == served.group)
                && version.is_none_or(|version| version == served.version)
        })
    }

    /// A definition: its kinds can be called from now on.
    async fn define(&mut self, body: &Value, path: &str) {
        let spec = &body["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (group, plural, kind) =
            (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
        let established = |said: &Value| {
            let conditions = said["status"]["conditions"].as_array();
            conditions.into_iter().flatten().any(|c| c["type"] == "Established" && c["status"] == "True")
        };
        self.until(path, established).await;
        for version in spec["versions"].as_array().into_iter().flatten() {
            let served = Served {
                group: group.clone(),
                version: text(&version["name"]),
                kind: kind.clone(),
                plural: plural.clone(),
                namespaced: spec["scope"] == "Namespaced",
            };
            self.until(&format!("/apis/{group}/{}/{plural}", served.version), |said| said["items"].is_array()).await;
            self.awaited.push(format!("apis/{group}/{}", served.version));
            self.kinds.push(served);
        }
    }

    /// Until the schemas of all definitions are published.
    pub async fn published(&mut self) {
        let awaited = std::mem::take(&mut self.awaited);
        self.until("/openapi/v3", |said| awaited.iter().all(|one| said["paths"].get(one).is_some())).await;
    }

    async fn until(&self, path: &str, is_there: impl Fn(&Value) -> bool) {
        let started = Instant::now();
        loop {
            let (_, said) = self.send(&Sent { method: "GET", path, body: None, content_type: "" }).await;
            if is_there(&said) {
                return;
            }
            assert!(started.elapsed() < LIMIT, "never ready: {path}: {said}");
        }
    }

    async fn send(&self, sent: &Sent<'_>) -> (u16, Value) {
        match &self.way {
            Way::Sandbox(sandbox) => {
                let body = sent.body.unwrap_or(&Value::Null);
                let answer = sandbox.request(sent.method, sent.path, body, sent.content_type);
                (answer.status, answer.body)
            }
            Way::Server { client, server } => {
                let method = sent.method.parse().expect("a method");
                let mut request = client.request(method, format!("{}{}", server.url(), sent.path));
                if let Some(body) = sent.body {
                    request = request.header("content-type", sent.content_type).body(body.to_string());
                }
                let answer = request.send().await.expect("an answer");
                let status = answer.status().as_u16();
                let text = answer.text().await.expect("a body");
                (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
            }
        }
    }
}

impl Served {
    fn path(&self, namespace: &str) -> String {
        let Self { group, version, plural, .. } = self;
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        if self.namespaced { format!("{root}/namespaces/{namespace}/{plural}") } else { format!("{root}/{plural}") }
    }
}

fn content_type(patch: Option<&str>, place: &str) -> &'static str {
    let types = BTreeMap::from([
        ("merge", "application/merge-patch+json"),
        ("json", "application/json-patch+json"),
        ("strategic", "application/strategic-merge-patch+json"),
        ("apply", "application/apply-patch+yaml"),
    ]);
    types.get(patch.unwrap_or("merge")).copied().unwrap_or_else(|| panic!("{place}: no such type of patch"))
}

/// A manager's name in a query.
fn escaped(manager: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    manager.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn client(server: &Server) -> reqwest::Client {
    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = std::fs::read(server.ca_file()).expect("the CA");
    let ca = reqwest::Certificate::from_pem(&ca).expect("PEM");
    let token = format!("Bearer {}", User::Admin.token());
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&token).expect("a header"))]);
    let builder = reqwest::Client::builder().tls_certs_only([ca]).default_headers(headers).no_proxy();
    builder.build().expect("a client")
}

fn built_in() -> Vec<Served> {
    let recorded: Value = serde_json::from_str(DISCOVERY).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut kinds = Vec::new();
    for item in [list(&recorded["api"]), list(&recorded["apis"])].concat() {
        for version in list(&item["versions"]) {
            kinds.extend(list(&version["resources"]).iter().map(|resource| Served {
                group: text(&item["metadata"]["name"]),
                version: text(&version["version"]),
                kind: text(&resource["responseKind"]["kind"]),
                plural: text(&resource["resource"]),
                namespaced: resource["scope"] == "Namespaced",
            }));
        }
    }
    kinds
}
