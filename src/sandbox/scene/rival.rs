//! Somebody else who is a moment faster: deletes what is about to be written, or writes the same field.

use http::Method;
use serde_json::{Map, Value, json};

use super::act::Act;
use super::asked::Asked;
use super::layer::{Reply, Way, Whole};
use super::play::{aside, ask, pass, sent};

/// Who it is.
const RIVAL: &str = "rival-operator";

/// Deletes each object of the cast before it is written.
pub(super) async fn deletes(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    let writes = [Method::PUT, Method::PATCH].contains(&asked.method) && asked.is_write() && asked.part.is_empty();
    if writes
        && act.cast().has(asked)
        && act.takes()
        && let Some(delete) = aside(&request, Method::DELETE, &asked.path, None)
    {
        ask(&way, delete).await?;
    }
    pass(request, way).await
}

/// Writes a field that is about to be applied, or touches what is about to be replaced. The server finds the conflict.
pub(super) async fn writes(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    let is_about = asked.is_write() && asked.part.is_empty() && act.cast().has(asked);
    let is_rival = asked.flags.get("fieldManager") == Some(RIVAL);
    let body = if is_about && !is_rival { sent(&request).await } else { Value::Null };
    let (other, how, kind) = match asked.method {
        Method::PATCH if asked.is_apply() && !asked.flags.is("force") => {
            (otherwise(&body), "&force=true", "application/apply-patch+yaml")
        }
        Method::PUT if body.pointer("/metadata/resourceVersion").is_some() => {
            let touched = json!({"metadata": {"annotations": {"example.com/touched": act.times().to_string()}}});
            (Some(touched), "", "application/merge-patch+json")
        }
        _ => (None, "", ""),
    };
    if let Some(other) = other
        && act.takes()
        && let uri = format!("{}?fieldManager={RIVAL}{how}", asked.path)
        && let Some(write) = aside(&request, Method::PATCH, &uri, Some((&other, kind)))
    {
        ask(&way, write).await?;
    }
    pass(request, way).await
}

/// The same object with one declared field, and that otherwise; `None` where there is no field to quarrel over.
fn otherwise(body: &Value) -> Option<Value> {
    let replicas = body.pointer("/spec/replicas").and_then(Value::as_u64);
    let part = match (replicas, body["data"].as_object().and_then(|data| data.iter().next())) {
        (Some(replicas), _) => ("spec", json!({"replicas": replicas + 1})),
        (None, Some((key, value))) if body["kind"] == "ConfigMap" => {
            ("data", one(key, format!("{}-rival", value.as_str().unwrap_or_default()).into()))
        }
        _ => return None,
    };
    let mut other = json!({"apiVersion": body["apiVersion"], "kind": body["kind"]});
    other["metadata"] = one("name", body["metadata"]["name"].clone());
    other[part.0] = part.1;
    Some(other)
}

fn one(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}
