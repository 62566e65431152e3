//! The sandbox by its request door, against what kube-apiserver 1.36.3 answered to the same requests.

mod applying;
mod customs;
mod deleting;
mod kubectl;
mod loops;
mod reading;
mod rights;
mod watching;
mod writing;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const APPS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const MAPS: &str = "/api/v1/namespaces/shop/configmaps";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

/// A sandbox at a fixed moment with the namespace `shop`.
fn shop() -> Sandbox {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let options = Options { clock: Clock::Held(start), seed: 7, server_version: "v1.36.3".to_owned() };
    let sandbox = Sandbox::new(options).expect("the shipped documents read");
    send(&sandbox, "POST /api/v1/namespaces", &json!({"metadata": {"name": "shop"}}), 201);
    sandbox
}

/// Sends `METHOD path`, JSON, and expects a status.
fn send(sandbox: &Sandbox, what: &str, body: &Value, status: u16) -> Value {
    send_as(sandbox, what, (body, ""), status)
}

fn send_as(sandbox: &Sandbox, what: &str, (body, content): (&Value, &str), status: u16) -> Value {
    let (method, path) = what.split_once(' ').expect("method and path");
    let answered = sandbox.request(method, path, body, content);
    assert_eq!(answered.status, status, "{what}: {}", answered.body);
    answered.body
}

fn get(sandbox: &Sandbox, path: &str) -> Value {
    send(sandbox, &format!("GET {path}"), &Value::Null, 200)
}

fn deployment(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "labels": {"a": "b"}},
        "spec": {
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {"containers": [{"name": "api", "image": image, "ports": [{"containerPort": 80}]}]},
            },
        },
    })
}

fn config_map(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn message(status: &Value) -> &str {
    status["message"].as_str().unwrap_or_default()
}

/// `{manager operation: fieldsV1}` of an object.
fn owners(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let key = |entry: &Value| {
        let part = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        [part("manager"), part("operation"), part("subresource")].join(" ").trim_end().to_owned()
    };
    entries.iter().map(|entry| (key(entry), entry["fieldsV1"].clone())).collect()
}

/// The version of the last write.
fn version(sandbox: &Sandbox) -> String {
    get(sandbox, MAPS)["metadata"]["resourceVersion"].as_str().expect("a version").to_owned()
}
