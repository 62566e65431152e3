//! Versions that are forgotten: watches and further pages get 410 in the two forms that the server has for it.

use bytes::Bytes;
use http::Method;

use super::super::answer::Answer;
use super::super::failure::Failure;
use super::super::read;
use super::act::Act;
use super::asked::Asked;
use super::layer::{Reply, Way, Whole};
use super::play::{aside, ask, pass, said};
use super::words;

/// Lets nobody go on from what it knew.
pub(super) async fn expired(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    let from = asked.flags.resource_version().unwrap_or_default();
    let is_about = asked.is_object() && act.cast().has(asked) && asked.method == Method::GET;
    if is_about && asked.is_watch() && from > 0 && act.takes() {
        let now = match aside(&request, Method::GET, &format!("{}?limit=1", asked.collection()), None) {
            Some(list) => ask(&way, list).await?.1,
            None => serde_json::Value::Null,
        };
        let now = now.pointer("/metadata/resourceVersion").and_then(|version| version.as_str()?.parse().ok());
        let failure = words::watch_expired(from, now.unwrap_or(from + 1));
        return Ok(event(&failure));
    }
    if is_about && asked.flags.get("continue").is_some() && act.takes() {
        return Ok(said(read::expired(&asked.flags)));
    }
    pass(request, way).await
}

/// A watch that says only this.
fn event(failure: &Failure) -> http::Response<super::super::body::Body> {
    let line = format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", failure.to_value());
    Answer::Json(200, Bytes::from(line)).into_response()
}
