//! A group whose own server does not answer, as the aggregator tells it: 503 in plain text, and stale in discovery.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::act::Act;
use super::asked::Asked;
use super::layer::{Reply, Way, Whole};
use super::play::pass;

/// Answers for the group; everything else passes.
pub(super) async fn down(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    match asked.path.trim_end_matches('/') {
        "/apis" => listed(act, request, way).await,
        "/openapi/v3" => indexed(act, request, way).await,
        path if act.is_group(&asked.group) && path.starts_with("/openapi/") => {
            act.noted();
            Ok(Answer::Text(404, "").into_response())
        }
        // The group itself is answered by the aggregator, which still knows its versions.
        path if act.is_group(&asked.group) && path.matches('/').count() > 2 => {
            act.noted();
            Ok(Answer::Text(503, "service unavailable\n").into_response())
        }
        _ => pass(request, way).await,
    }
}

/// Discovery without the group's kinds; a group that was not there is.
async fn listed(act: &Act, request: Whole, way: Way) -> Reply {
    let answered = pass(request, way).await?;
    let bytes = answered.into_body().collect().await?.to_bytes();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let Some(items) = body.get_mut("items").and_then(Value::as_array_mut) else {
        return Ok(Answer::ok(&body).into_response());
    };
    let name = act.group();
    act.noted();
    if !items.iter().any(|item| item["metadata"]["name"] == name) {
        items.push(json!({"metadata": {"name": name}, "versions": [{"version": "v1"}]}));
    }
    for version in items
        .iter_mut()
        .filter(|item| item["metadata"]["name"] == name)
        .flat_map(|item| item["versions"].as_array_mut().into_iter().flatten())
    {
        *version = json!({"version": version["version"], "freshness": "Stale"});
    }
    Ok(Answer::Discovery(Bytes::from(body.to_string())).into_response())
}

async fn indexed(act: &Act, request: Whole, way: Way) -> Reply {
    let answered = pass(request, way).await?;
    let bytes = answered.into_body().collect().await?.to_bytes();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let own = format!("apis/{}", act.group());
    if let Some(paths) = body.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, _| path.strip_prefix(&own).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')));
    }
    Ok(Answer::ok(&body).into_response())
}
