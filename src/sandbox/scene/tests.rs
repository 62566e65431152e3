//! Scenes by the service door: each takes place, is counted, can be switched off, and leaves alone what it is not about.

mod refusals;

use futures::FutureExt as _;
use futures::executor::block_on;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::Layer as _;
use tower_service::Service as _;

use super::super::{Account, Clock, Options, Sandbox, Service, Unreachable};
use super::*;

const MAPS: &str = "/api/v1/namespaces/shop/configmaps";
const APPS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const APPLY: &str = "application/apply-patch+yaml";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

fn shop() -> Sandbox {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let options = Options { clock: Clock::Held(start), seed: 7, server_version: "v1.36.3".to_owned() };
    let sandbox = Sandbox::new(options).expect("the shipped documents read");
    let made = sandbox.request("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "shop"}}), "");
    assert_eq!(made.status, 201);
    sandbox
}

fn map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": {"a": value}})
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    })
}

fn request(what: &str, body: &Value, kind: &str) -> http::Request<Full<bytes::Bytes>> {
    let (method, path) = what.split_once(' ').expect("method and path");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let accept = if path == "/apis" { DISCOVERY } else { "application/json" };
    let made = http::Request::builder().method(method).uri(path).header("content-type", kind).header("accept", accept);
    made.body(Full::new(body.into())).expect("a request")
}

async fn whole(answered: http::Response<super::super::Body>) -> (u16, Value) {
    let status = answered.status().as_u16();
    let body = answered.into_body().collect().await.expect("whole").to_bytes();
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| text()))
}

fn ask(service: &mut Service, what: &str) -> Result<(u16, Value), Unreachable> {
    send(service, what, (&Value::Null, ""))
}

fn send(service: &mut Service, what: &str, (body, kind): (&Value, &str)) -> Result<(u16, Value), Unreachable> {
    block_on(async { Ok(whole(service.call(request(what, body, kind)).await?).await) })
}

fn apply(service: &mut Service, path: &str, body: &Value) -> Result<(u16, Value), Unreachable> {
    let what = format!("PATCH {path}/{}?fieldManager=driftdeck", body["metadata"]["name"].as_str().expect("a name"));
    send(service, &what, (body, APPLY))
}

/// An open watch of the ConfigMaps from now on.
fn watch(service: &mut Service, sandbox: &Sandbox) -> super::super::Body {
    let listed = sandbox.request("GET", MAPS, &Value::Null, "").body;
    let from = listed["metadata"]["resourceVersion"].as_str().expect("a version");
    let answered =
        block_on(service.call(request(&format!("GET {MAPS}?watch=true&resourceVersion={from}"), &Value::Null, "")));
    answered.expect("opened").into_body()
}

/// The next line, if there is one now.
fn next(stream: &mut super::super::Body) -> Option<Result<Value, Unreachable>> {
    let frame = stream.frame().now_or_never()??;
    Some(frame.map(|frame| serde_json::from_slice(frame.data_ref().expect("data")).expect("one line")))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_scene_is_found_by_its_name_and_a_wrong_one_lists_all() {
    for scene in Scene::ALL {
        assert_eq!(scene.name().parse(), Ok(scene));
        assert!(!scene.sentence().contains('\n') && scene.sentence().len() < 90, "{scene}: one line of help");
    }
    let wrong = "quotta".parse::<Scene>().expect_err("no scene");
    assert_eq!(wrong.nearest, Some(Scene::Quota));
    let told = wrong.to_string();
    assert!(told.starts_with("there is no scene \"quotta\"; did you mean quota?"), "{told}");
    let joined = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for scene in Scene::ALL {
        assert!(joined.contains(&format!("{scene} {}", scene.sentence())), "{scene} is in the list");
    }
    assert!(told.lines().all(|line| line.len() <= 80), "no terminal breaks a word: {told}");
    assert_eq!("xyzzy".parse::<Scene>().expect_err("none").nearest, None, "nothing is near");
    assert_eq!("term".parse::<Scene>().expect_err("none").nearest, Some(Scene::Terminating), "it begins so");
}

#[test]
fn a_closed_kind_is_refused_in_rbacs_words_and_reviews_agree() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Forbidden));
    for account in [Account::admin(), Account::viewer("admin")] {
        let mut service = sandbox.as_user(account);
        let (status, said) = ask(&mut service, "GET /api/v1/namespaces/shop/secrets").expect("reachable");
        assert_eq!(status, 403);
        assert_eq!(
            text(&said, "/message"),
            "secrets is forbidden: User \"admin\" cannot list resource \"secrets\" in API group \"\" in the namespace \"shop\""
        );
        assert_eq!(ask(&mut service, &format!("GET {MAPS}")).expect("reachable").0, 200, "the rest works");
        let review = json!({"spec": {"resourceAttributes": {"verb": "list", "resource": "secrets"}}});
        let what = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        assert_eq!(send(&mut service, what, (&review, "")).expect("reachable").1["status"]["allowed"], false);
        let review = json!({"spec": {"namespace": "shop"}});
        let what = "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let rules =
            send(&mut service, what, (&review, "")).expect("reachable").1["status"]["resourceRules"].to_string();
        assert!(
            rules.contains("configmaps") && !rules.contains("secrets") && !rules.contains("\"*\",\"services"),
            "{rules}"
        );
        assert!(!rules.contains("\"resources\":[\"*\"]"), "no rule still allows everything: {rules}");
    }
    assert_eq!(act.times(), 2);
    act.stop();
    assert_eq!(ask(&mut sandbox.service(), "GET /api/v1/namespaces/shop/secrets").expect("reachable").0, 200);
}

#[test]
fn answers_come_when_the_hand_lets_them() {
    let sandbox = shop();
    let (gate, pace) = Pace::gate();
    let act = sandbox.play(Act::of(Scene::Slow).paced(pace));
    let mut service = sandbox.service();
    let mut answer = service.call(request(&format!("GET {MAPS}"), &Value::Null, ""));
    assert!((&mut answer).now_or_never().is_none(), "it is held");
    assert_eq!((gate.waiting(), act.times()), (1, 1));
    gate.open();
    assert_eq!(block_on(answer).expect("reachable").status(), 200);
}

#[test]
fn every_second_request_is_throttled_but_no_probe() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Throttled));
    let mut service = sandbox.service();
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(ask(&mut service, &format!("GET {MAPS}")).expect("reachable").0);
        assert_eq!(ask(&mut service, "GET /readyz").expect("reachable").0, 200, "probes are exempt");
    }
    assert_eq!((codes, act.times()), (vec![429, 200, 429, 200], 2));
    let refused = block_on(service.call(request(&format!("GET {MAPS}"), &Value::Null, ""))).expect("reachable");
    assert_eq!(refused.headers()["retry-after"], "1");
}

#[test]
fn a_cut_breaks_open_watches_and_refuses_new_requests() {
    let sandbox = shop();
    let mut service = sandbox.service();
    let mut stream = watch(&mut service, &sandbox);
    assert!(next(&mut stream).is_none(), "nothing has happened");
    let act = sandbox.play(Act::of(Scene::Cut));
    assert_eq!(next(&mut stream), Some(Err(Unreachable)), "a watch from before breaks too");
    assert_eq!(ask(&mut service, &format!("GET {MAPS}")), Err(Unreachable));
    act.stop();
    assert_eq!(next(&mut stream), Some(Err(Unreachable)), "what broke stays broken");
    assert_eq!(ask(&mut service, &format!("GET {MAPS}")).expect("back").0, 200);
    assert_eq!(act.times(), 2);
}

#[test]
fn a_mute_watch_says_nothing_until_the_scene_ends() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Mute).waiting());
    let mut service = sandbox.service();
    let mut stream = watch(&mut service, &sandbox);
    act.start();
    assert_eq!(apply(&mut service, MAPS, &map("one", "1")).expect("reachable").0, 201, "requests are answered");
    assert!(next(&mut stream).is_none(), "the watch is mute");
    act.stop();
    assert_eq!(next(&mut stream).expect("a line").expect("whole")["type"], "ADDED", "nothing was lost");
    assert_eq!(act.times(), 1);
}

#[test]
fn what_a_watch_or_a_page_would_go_on_from_is_gone() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Expired));
    let mut service = sandbox.service();
    for name in ["a", "b"] {
        assert_eq!(apply(&mut service, MAPS, &map(name, "1")).expect("reachable").0, 201);
    }
    let mut stream = watch(&mut service, &sandbox);
    let line = next(&mut stream).expect("a line").expect("whole");
    assert_eq!((text(&line, "/type"), &line["object"]["code"]), ("ERROR", &410.into()));
    assert_eq!(text(&line, "/object/reason"), "Expired");
    let (_, page) = ask(&mut service, &format!("GET {MAPS}?limit=1")).expect("reachable");
    let more = format!("GET {MAPS}?limit=1&continue={}", text(&page, "/metadata/continue"));
    let (status, said) = ask(&mut service, &more).expect("reachable");
    assert_eq!((status, text(&said, "/reason")), (410, "Expired"));
    assert_eq!(act.times(), 2);
}

#[test]
fn the_cluster_goes_away_with_the_second_write_and_for_good() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Gone));
    let mut service = sandbox.service();
    let mut stream = watch(&mut service, &sandbox);
    assert_eq!(apply(&mut service, MAPS, &map("one", "1")).expect("the first is written").0, 201);
    assert!(next(&mut stream).is_some_and(|line| line.is_ok()), "and seen");
    assert_eq!(apply(&mut service, MAPS, &map("two", "1")), Err(Unreachable));
    assert_eq!(next(&mut stream), Some(Err(Unreachable)));
    assert_eq!(ask(&mut service, "GET /readyz"), Err(Unreachable));
    assert_eq!(sandbox.request("GET", &format!("{MAPS}/two"), &Value::Null, "").status, 404, "it was not written");
    act.stop();
    assert_eq!(ask(&mut service, "GET /readyz").expect("back").0, 200);
}

#[test]
fn a_lost_answer_is_of_a_write_that_was_carried_out() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Lost));
    let mut service = sandbox.service();
    assert_eq!(apply(&mut service, MAPS, &map("one", "1")), Err(Unreachable));
    assert_eq!(ask(&mut service, &format!("GET {MAPS}/one")).expect("reads are answered").0, 200);
    let dry = format!("PATCH {MAPS}/two?fieldManager=driftdeck&dryRun=All");
    assert_eq!(send(&mut service, &dry, (&map("two", "1"), APPLY)).expect("dry runs too").0, 201);
    assert_eq!(act.times(), 1);
}

#[test]
fn somebody_deletes_a_workload_before_it_is_written() {
    let sandbox = shop();
    let mut service = sandbox.service();
    let (_, before) = apply(&mut service, APPS, &deployment("api")).expect("reachable");
    let act = sandbox.play(Act::of(Scene::Vanishing));
    let (status, after) = apply(&mut service, APPS, &deployment("api")).expect("reachable");
    assert_eq!(status, 201, "the apply makes another one");
    assert_ne!(text(&before, "/metadata/uid"), text(&after, "/metadata/uid"));
    assert_eq!(act.times(), 1);
}

#[test]
fn a_rival_is_a_moment_earlier_and_the_server_finds_the_conflict() {
    let sandbox = shop();
    let mut service = sandbox.service();
    apply(&mut service, APPS, &deployment("api")).expect("reachable");
    let act = sandbox.play(Act::of(Scene::Conflict));
    let (status, said) = apply(&mut service, APPS, &deployment("api")).expect("reachable");
    assert_eq!(
        (status, said["details"]["causes"].clone()),
        (
            409,
            json!([
                {"reason": "FieldManagerConflict", "message": "conflict with \"rival-operator\"", "field": ".spec.replicas"},
            ])
        )
    );
    let live = sandbox.request("GET", &format!("{APPS}/api"), &Value::Null, "").body;
    let (status, said) = send(&mut service, &format!("PUT {APPS}/api"), (&live, "")).expect("reachable");
    assert_eq!((status, text(&said, "/reason")), (409, "Conflict"), "{said}");
    assert_eq!(act.times(), 2);
}

#[test]
fn scenes_stack_as_layers_and_the_last_one_meets_a_request_first() {
    let sandbox = shop();
    let (quota, broken) = (Act::of(Scene::Quota), Act::of(Scene::Broken).about(Cast::of(&[("", "secrets")])));
    let lost = Act::of(Scene::Lost).about(Cast::all().in_namespace("shop").named("one"));
    let stack = tower::ServiceBuilder::new().layer(&lost).layer(&broken).layer(&quota);
    let mut service = stack.service(sandbox.service());
    let mut code = |what: &str, body: &Value| -> Result<u16, Unreachable> {
        block_on(async { Ok(service.call(request(what, body, APPLY)).await?.status().as_u16()) })
    };
    assert_eq!(code("GET /api/v1/namespaces/shop/secrets", &Value::Null), Ok(500));
    assert_eq!(code(&format!("PATCH {MAPS}/two?fieldManager=x"), &map("two", "1")), Ok(403), "no room");
    assert_eq!(code(&format!("PATCH {MAPS}/one?fieldManager=x"), &map("one", "1")), Err(Unreachable), "and a lost no");
    assert_eq!((lost.times(), broken.times(), quota.times()), (1, 1, 2));
    let mut past = Act::of(Scene::Cut).waiting().layer(sandbox.service());
    assert_eq!(block_on(past.call(request("GET /readyz", &Value::Null, ""))).expect("it waits").status(), 200);
}

#[test]
fn every_and_after_count_only_what_the_scene_is_about() {
    let sandbox = shop();
    let act = sandbox.play(Act::of(Scene::Broken).about(Cast::of(&[("", "configmaps")])).after(1).every(2));
    let mut service = sandbox.service();
    let mut codes = Vec::new();
    for _ in 0..5 {
        assert_eq!(ask(&mut service, &format!("GET {APPS}")).expect("reachable").0, 200);
        codes.push(ask(&mut service, &format!("GET {MAPS}")).expect("reachable").0);
    }
    assert_eq!((codes, act.times()), (vec![200, 500, 200, 500, 200], 2));
}
