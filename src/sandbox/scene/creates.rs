//! Admission that says no: webhooks and quotas. They see what the server itself would take, dry runs too.

use http::Method;
use serde_json::Value;

use super::super::service::Unreachable;
use super::act::Act;
use super::asked::Asked;
use super::layer::{Reply, Way, Whole};
use super::play::{aside, ask, pass, said, sent, with_option};
use super::{Scene, words};

/// Denies, or does not answer in time, what would else be taken.
pub(super) async fn webhook(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    if !asked.is_admitted() || !act.cast().has(asked) {
        return pass(request, way).await;
    }
    if let Some(refused) = tried(&request, &way).await? {
        return Ok(refused);
    }
    if !act.takes() {
        return pass(request, way).await;
    }
    if act.scene() == Scene::Webhook {
        return Ok(said(words::denied()));
    }
    act.pause().await;
    Ok(said(words::unanswered()))
}

/// Refuses what is new where there is as much as there was when the scene first looked.
pub(super) async fn quota(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    let is_about = asked.is_admitted() && !asked.namespace.is_empty() && act.cast().has(asked);
    let Some(name) = (if is_about { created(asked, &request, &way).await? } else { None }) else {
        return pass(request, way).await;
    };
    if let Some(refused) = tried(&request, &way).await? {
        return Ok(refused);
    }
    let used = match aside(&request, Method::GET, asked.collection(), None) {
        Some(list) => ask(&way, list).await?.1["items"].as_array().map_or(0, Vec::len) as u64,
        None => 0,
    };
    let limit = act.limit(asked.collection(), used);
    if used < limit || !act.takes() {
        return pass(request, way).await;
    }
    Ok(said(words::over_quota(asked, &name, (used, limit))))
}

/// The name of what a request would create; `None` where it would not.
pub(super) async fn created(asked: &Asked, request: &Whole, way: &Way) -> Result<Option<String>, Unreachable> {
    if asked.method == Method::POST && asked.name.is_empty() {
        let body = sent(request).await;
        let name = body.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        return Ok(Some(name.to_owned()));
    }
    if !asked.is_apply() {
        return Ok(None);
    }
    let Some(look) = aside(request, Method::GET, &asked.path, None) else { return Ok(None) };
    let (status, _) = ask(way, look).await?;
    Ok((status == 404).then(|| asked.name.clone()))
}

/// The server's own refusal of the request, if it has one: admission comes after it.
async fn tried(request: &Whole, way: &Way) -> Result<Option<http::Response<super::super::body::Body>>, Unreachable> {
    let mut dry = request.clone();
    let Some(uri) = with_option(request.uri(), "dryRun=All") else { return Ok(None) };
    *dry.uri_mut() = uri;
    let answered = pass(dry, way.clone()).await?;
    Ok((!answered.status().is_success()).then_some(answered))
}
