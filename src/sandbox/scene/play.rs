//! What each scene does to a request. Refuses to remember: that is the act's.

use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tower_service::Service as _;

use super::super::account::Closed;
use super::super::answer::Answer;
use super::super::body::Body;
use super::super::failure::Failure;
use super::super::protobuf;
use super::super::service::Unreachable;
use super::act::Act;
use super::asked::Asked;
use super::layer::{Reply, Way, Whole};
use super::{Scene, creates, groups, namespaces, rival, streams, words};

/// Plays an act on one request.
pub(super) async fn play(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    match act.scene() {
        Scene::Forbidden => closed(act, asked, request, way).await,
        Scene::Slow => late(act, request, way).await,
        Scene::Cut => broken_off(act),
        Scene::SignedOut => {
            act.noted();
            Ok(said(words::signed_out()))
        }
        Scene::Throttled if !asked.is_health() && act.takes() => {
            Ok(Answer::Text(429, words::THROTTLED).into_response())
        }
        Scene::Broken if is_about(act, asked) && act.takes() => Ok(said(words::broken())),
        Scene::Expired => streams::expired(act, asked, request, way).await,
        Scene::Gone => gone(act, asked, request, way).await,
        Scene::Lost if asked.is_write() && act.cast().has(asked) && act.takes() => lost(request, way).await,
        Scene::Vanishing => rival::deletes(act, asked, request, way).await,
        Scene::Conflict => rival::writes(act, asked, request, way).await,
        Scene::Webhook | Scene::WebhookTimeout => creates::webhook(act, asked, request, way).await,
        Scene::Quota => creates::quota(act, asked, request, way).await,
        Scene::Terminating => namespaces::terminating(act, asked, request, way).await,
        Scene::GroupDown => groups::down(act, asked, request, way).await,
        Scene::Mute | Scene::Throttled | Scene::Broken | Scene::Lost => pass(request, way).await,
    }
}

pub(super) async fn pass(request: Whole, mut way: Way) -> Reply {
    way.call(request).await
}

/// A refusal on the wire.
pub(super) fn said(failure: Failure) -> Response<Body> {
    Answer::from(failure).into_response()
}

fn is_about(act: &Act, asked: &Asked) -> bool {
    asked.is_object() && act.cast().has(asked)
}

fn broken_off(act: &Act) -> Reply {
    act.noted();
    Err(Unreachable)
}

/// The account lacks the cast's resources, and says so when asked.
async fn closed(act: &Act, asked: &Asked, mut request: Whole, way: Way) -> Reply {
    if is_about(act, asked) {
        act.noted();
    }
    let mut closed = request.extensions_mut().remove::<Closed>().unwrap_or_default();
    closed.0.extend_from_slice(act.cast().resources());
    request.extensions_mut().insert(closed);
    pass(request, way).await
}

async fn late(act: &Act, request: Whole, way: Way) -> Reply {
    if act.takes() {
        act.pause().await;
    }
    pass(request, way).await
}

async fn gone(act: &Act, asked: &Asked, request: Whole, way: Way) -> Reply {
    if act.is_gone() {
        return Err(Unreachable);
    }
    if asked.is_write() && act.cast().has(asked) && act.takes() {
        act.ring();
        return Err(Unreachable);
    }
    pass(request, way).await
}

async fn lost(request: Whole, way: Way) -> Reply {
    pass(request, way).await.and(Err(Unreachable))
}

/// A request of a scene's own, JSON; its status and body.
pub(super) async fn ask(way: &Way, request: Whole) -> Result<(u16, Value), Unreachable> {
    let answered = way.clone().call(request).await?;
    let status = answered.status().as_u16();
    let body = answered.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The same account's request for something else; `None` for a path that cannot be one.
pub(super) fn aside(
    like: &Whole,
    method: http::Method,
    uri: &str,
    body: Option<(&Value, &'static str)>,
) -> Option<Whole> {
    let (text, kind) = body.map_or((String::new(), "application/json"), |(body, kind)| (body.to_string(), kind));
    let mut made = Request::builder()
        .method(method)
        .uri(uri)
        .header(http::header::ACCEPT, "application/json")
        .header(http::header::CONTENT_TYPE, kind)
        .body(Full::new(text.into()))
        .ok()?;
    *made.extensions_mut() = like.extensions().clone();
    Some(made)
}

/// A URI with one more option in its query.
pub(super) fn with_option(uri: &Uri, option: &str) -> Option<Uri> {
    let joint = if uri.query().is_some() { '&' } else { '?' };
    format!("{uri}{joint}{option}").parse().ok()
}

/// The body that a request sends, as JSON, also where it is sent as protobuf; YAML bodies are none.
pub(super) async fn sent(request: &Whole) -> Value {
    let Ok(body) = request.body().clone().collect().await;
    let kind = request.headers().get(http::header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(protobuf::TYPE.as_bytes())) {
        return protobuf::read(&body.to_bytes()).unwrap_or_default();
    }
    serde_json::from_slice(&body.to_bytes()).unwrap_or_default()
}
