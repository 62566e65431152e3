//! What a scene plays on: the real kube-apiserver, or the sandbox. One set of doors for what people do to a cluster.
//!
//! On the real server people use kubectl; on the sandbox the same is sent as the request kubectl would send.

use std::path::PathBuf;
use std::sync::Arc;

use driftdeck::cluster::{KubeSource, connect};
use driftdeck::engine::{Clock, Ports};
use driftdeck::sandbox::{self, Account, Options, Rule, Sandbox};
use driftdeck::source::Store;
use serde_json::{Value, json};

use crate::apiserver::{self, Server, User};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The real kube-apiserver.
    Server,
    /// The sandbox.
    Sandbox,
}

/// A cluster that scenes play on.
pub enum Stage {
    /// The suite's server.
    Shared(&'static Server),
    /// A server of one's own, which may be stopped.
    Own(Box<Server>),
    /// A sandbox, always of one's own.
    Sandbox(Sandbox),
}

impl Stage {
    /// The suite's; `None` where there is no real server to be had.
    pub fn open(place: Place) -> Option<Self> {
        match place {
            Place::Server => apiserver::shared().map(Self::Shared),
            Place::Sandbox => Some(Self::Sandbox(sandbox())),
        }
    }

    /// One that may be cut.
    pub fn own(place: Place) -> Option<Self> {
        match place {
            Place::Server => apiserver::own().map(|server| Self::Own(Box::new(server))),
            Place::Sandbox => Some(Self::Sandbox(sandbox())),
        }
    }

    fn real(&self) -> Result<&Server, &Sandbox> {
        match self {
            Self::Shared(server) => Ok(server),
            Self::Own(server) => Ok(server),
            Self::Sandbox(sandbox) => Err(sandbox),
        }
    }

    /// A namespace that no other scene uses.
    pub fn namespace(&self, prefix: &str) -> String {
        match self.real() {
            Ok(server) => server.namespace(prefix),
            Err(sandbox) => {
                let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": prefix}}), "");
                assert_eq!(made.status, 201, "{}", made.body);
                prefix.to_owned()
            }
        }
    }

    /// The ports of an engine that signs in as `user`.
    pub fn ports(&self, user: User) -> impl FnOnce(PathBuf) -> Ports + use<> {
        let way = match self.real() {
            Ok(server) => Ok(KubeSource::file(server.kubeconfig(user))),
            Err(sandbox) => Err(sandbox.as_user(account(user))),
        };
        move |cache| {
            let store = Store::new(cache);
            Ports {
                connect: Arc::new(move |mut spec| {
                    let way = way.clone();
                    Box::pin(async move {
                        match way {
                            Ok(kubeconfig) => {
                                spec.context = None;
                                connect(&spec, &kubeconfig).await
                            }
                            Err(service) => Ok(connect::over(service, &spec.name)),
                        }
                    })
                }),
                renew: {
                    let store = store.clone();
                    Arc::new(move |spec| store.renew(spec))
                },
                open: Arc::new(move |spec| store.open(spec)),
            }
        }
    }

    /// `kubectl edit`: the text `key: from` becomes `key: to`; on the sandbox the same as a merge patch by `kubectl-edit`.
    pub fn edit(&self, namespace: &str, object: &str, (key, from, to): (&str, &str, &str)) {
        match self.real() {
            Ok(server) => {
                server.edit(namespace, object, &format!("s|{key}: \"\\{{0,1\\}}{from}\"\\{{0,1\\}}$|{key}: \"{to}\"|"));
            }
            Err(sandbox) => {
                let before = self.get(namespace, object).expect("what is edited is there");
                let mut after = before.clone();
                replace(&mut after, (key, from, to));
                let changed: serde_json::Map<String, Value> = ["data", "spec"]
                    .into_iter()
                    .filter(|part| before[*part] != after[*part])
                    .map(|part| (part.to_owned(), after[part].clone()))
                    .collect();
                assert!(!changed.is_empty(), "{key}: {from} is in {object}");
                let path = format!("{}?fieldManager=kubectl-edit", path_of(namespace, object));
                done(sandbox, "PATCH", &path, &changed.into(), "application/merge-patch+json");
            }
        }
    }

    /// The live object.
    pub fn get(&self, namespace: &str, object: &str) -> Option<Value> {
        match self.real() {
            Ok(server) => {
                let args = ["get", object, "-n", namespace, "-o", "json", "--show-managed-fields"];
                let out = server.try_kubectl(User::Admin, &args, "");
                let said = String::from_utf8_lossy(&out.stderr);
                assert!(out.status.success() || said.contains("NotFound"), "get {object}: {said}");
                out.status.success().then(|| serde_json::from_slice(&out.stdout).expect("JSON"))
            }
            Err(sandbox) => {
                let got = sandbox.request("GET", &path_of(namespace, object), &Value::Null, "");
                assert!(matches!(got.status, 200 | 404), "get {object}: {}", got.body);
                (got.status == 200).then_some(got.body)
            }
        }
    }

    /// `kubectl delete`.
    pub fn delete(&self, namespace: &str, object: &str) {
        match self.real() {
            Ok(server) => drop(server.kubectl(User::Admin, &["delete", object, "-n", namespace, "--wait=false"])),
            Err(sandbox) => done(sandbox, "DELETE", &path_of(namespace, object), &Value::Null, ""),
        }
    }

    /// `kubectl scale`.
    pub fn scale(&self, namespace: &str, object: &str, replicas: u32) {
        match self.real() {
            Ok(server) => {
                let count = format!("--replicas={replicas}");
                server.kubectl(User::Admin, &["scale", object, "-n", namespace, &count]);
            }
            Err(sandbox) => {
                let path = format!("{}/scale?fieldManager=kubectl", path_of(namespace, object));
                let body = json!({"spec": {"replicas": replicas}});
                done(sandbox, "PATCH", &path, &body, "application/merge-patch+json");
            }
        }
    }

    /// `kubectl create -f`.
    pub fn create(&self, namespace: &str, body: &Value) {
        match self.real() {
            Ok(server) => {
                let args = ["create", "-n", namespace, "-f", "-"];
                let out = server.try_kubectl(User::Admin, &args, &body.to_string());
                assert!(out.status.success(), "create: {}", String::from_utf8_lossy(&out.stderr));
            }
            Err(sandbox) => {
                let object = path_of(namespace, &object_of(body));
                let (collection, _) = object.rsplit_once('/').expect("a path");
                done(sandbox, "POST", &format!("{collection}?fieldManager=kubectl-create"), body, "");
            }
        }
    }

    /// A server-side apply by another program.
    pub fn apply_as(&self, namespace: &str, manager: &str, body: &Value) {
        match self.real() {
            Ok(server) => {
                let name = format!("--field-manager={manager}");
                let args = ["apply", "--server-side", "--force-conflicts", &name, "-n", namespace, "-f", "-"];
                let out = server.try_kubectl(User::Admin, &args, &body.to_string());
                assert!(out.status.success(), "apply: {}", String::from_utf8_lossy(&out.stderr));
            }
            Err(sandbox) => {
                let path = format!("{}?fieldManager={manager}&force=true", path_of(namespace, &object_of(body)));
                done(sandbox, "PATCH", &path, body, "application/apply-patch+yaml");
            }
        }
    }

    /// A merge patch by another program.
    pub fn patch_as(&self, namespace: &str, object: &str, (manager, patch): (&str, &Value)) {
        match self.real() {
            Ok(server) => {
                let (name, text) = (format!("--field-manager={manager}"), patch.to_string());
                server.kubectl(User::Admin, &["patch", object, "-n", namespace, "--type=merge", &name, "-p", &text]);
            }
            Err(sandbox) => {
                let target = format!("{}?fieldManager={manager}", path_of(namespace, object));
                done(sandbox, "PATCH", &target, patch, "application/merge-patch+json");
            }
        }
    }

    /// The server goes away.
    pub fn cut(&self) {
        match self.real() {
            Ok(server) => server.kill(),
            Err(sandbox) => sandbox.cut(),
        }
    }

    /// It is there again, as it was.
    pub fn restore(&self) {
        match self.real() {
            Ok(server) => server.start_again(),
            Err(sandbox) => sandbox.restore(),
        }
    }
}

/// An empty one; its timestamps are the system's, as the real server's are.
fn sandbox() -> Sandbox {
    let real = Clock::real();
    let clock = sandbox::Clock::Real(Arc::new(move || real.now().wall));
    let options = Options { clock, seed: 7, server_version: "v1.36.3".to_owned() };
    Sandbox::new(options).expect("the shipped documents read")
}

/// The rights that the accounts of the real server have.
fn account(user: User) -> Account {
    let rule = |groups: &[&str], resources: &[&str]| Rule {
        verbs: ["get", "list", "watch"].map(str::to_owned).to_vec(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        resources: resources.iter().map(|&resource| resource.to_owned()).collect(),
        namespace: None,
    };
    let core = ["configmaps", "namespaces", "pods", "services", "serviceaccounts", "persistentvolumeclaims"];
    match user {
        User::Admin | User::Operator => Account::admin(),
        User::Reader => Account::with_rules("reader", vec![rule(&[""], &core), rule(&["apps", "batch"], &["*"])]),
        User::Looker => Account::with_rules("looker", vec![rule(&["*"], &["*"])]),
        User::NoAccess => Account::with_rules("noaccess", Vec::new()),
    }
}

fn done(sandbox: &Sandbox, method: &str, path: &str, body: &Value, content_type: &str) {
    let answer = sandbox.request(method, path, body, content_type);
    assert!(matches!(answer.status, 200..=299), "{method} {path}: {} {}", answer.status, answer.body);
}

/// `deployment/api` → its path.
fn path_of(namespace: &str, object: &str) -> String {
    let (kind, name) = object.split_once('/').expect("kind/name");
    let (group, plural) = match kind {
        "configmap" => ("/api/v1", "configmaps"),
        "secret" => ("/api/v1", "secrets"),
        "service" => ("/api/v1", "services"),
        "deployment" => ("/apis/apps/v1", "deployments"),
        "crd" | "customresourcedefinition" => {
            return format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        }
        custom => {
            // `widgets.shop.example` names a custom kind by its resource, as kubectl takes it.
            let (plural, group) =
                custom.split_once('.').expect("a built-in kind that is written down, or a custom one");
            return format!("/apis/{group}/v1/namespaces/{namespace}/{plural}/{name}");
        }
    };
    format!("{group}/namespaces/{namespace}/{plural}/{name}")
}

fn object_of(body: &Value) -> String {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    format!("{}/{}", word(&body["kind"]).to_lowercase(), word(&body["metadata"]["name"]))
}

/// Every `key: from` becomes `key: to`.
fn replace(value: &mut Value, (key, from, to): (&str, &str, &str)) {
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(name, value)| {
            if name == key && *value == from {
                *value = to.into();
            } else {
                replace(value, (key, from, to));
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, (key, from, to))),
        _ => {}
    }
}
