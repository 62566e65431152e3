//! Namespaces that are being deleted: nothing new in them, and they say so themselves. What is in them stays, as it does
//! while the namespace controller is stuck.

use http::Method;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::act::Act;
use super::asked::Asked;
use super::creates::created;
use super::layer::{Reply, Way, Whole};
use super::play::{pass, said};
use super::words;

/// What no server lets go.
const IMMORTAL: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// Refuses creates; shows the namespaces as terminating.
pub(super) async fn terminating(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    if asked.group.is_empty() && asked.plural == "namespaces" && asked.method == Method::GET && !asked.is_watch() {
        return shown(act, request, way).await;
    }
    let is_about = asked.is_object() && is_ending(act, &asked.namespace) && act.cast().has(asked);
    if is_about
        && let Some(name) = created(asked, &request, &way).await?
        && act.takes()
    {
        return Ok(said(words::terminating(asked, &name)));
    }
    pass(request, way).await
}

fn is_ending(act: &Act, namespace: &str) -> bool {
    !namespace.is_empty() && !IMMORTAL.contains(&namespace) && act.cast().has_namespace(namespace)
}

async fn shown(act: &Act, request: Whole, way: Way) -> Reply {
    let answered = pass(request, way).await?;
    if !answered.status().is_success() {
        return Ok(answered);
    }
    let bytes = answered.into_body().collect().await?.to_bytes();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    mark(act, &mut body);
    for item in parts(&mut body, "items") {
        mark(act, item);
    }
    for row in parts(&mut body, "rows") {
        if mark(act, &mut row["object"])
            && let Some(cell) = row["cells"].get_mut(1)
        {
            *cell = "Terminating".into();
        }
    }
    Ok(Answer::ok(&body).into_response())
}

fn parts<'a>(body: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    body.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Marks a namespace that ends; whether it is one.
fn mark(act: &Act, object: &mut Value) -> bool {
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    if !is_ending(act, name) {
        return false;
    }
    let since = act.since().map_or_else(|| object["metadata"]["creationTimestamp"].clone(), |at| json!(at.to_string()));
    object["metadata"]["deletionTimestamp"] = since;
    if object.get("status").is_some() {
        object["status"]["phase"] = "Terminating".into();
    }
    true
}
