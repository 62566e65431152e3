use super::*;

fn read(code: u16, message: &str, rest: &str) -> CallError {
    let message = serde_json::Value::from(message);
    let body = format!(r#"{{"kind":"Status","status":"Failure","message":{message},"code":{code}{rest}}}"#);
    refusal(code, None, body.as_bytes()).error
}

fn kind_of(code: u16, message: &str, rest: &str) -> CallKind {
    read(code, message, rest).kind
}

const FORBIDDEN: &str = r#","reason":"Forbidden""#;

#[test]
fn only_an_answer_that_is_a_no_says_that_nothing_was_written() {
    for (code, message, may) in [
        (500, "etcdserver: request timed out", true),
        (500, "etcdserver: leader changed", true),
        (502, "bad gateway", true),
        (504, "the request timed out", true),
        (500, "failed to create typed patch object (ns/a; apps/v1, Kind=Deployment): .spec.x: not declared", false),
        (500, r#"Internal error occurred: failed calling webhook "w": context deadline exceeded"#, false),
        (409, "the object has been modified", false),
        (422, "is invalid", false),
        (429, "too many requests", false),
    ] {
        assert_eq!(read(code, message, "").may_have_written(), may, "{code} {message}");
    }
    assert!(CallError::local(CallKind::Other, "not what an API server says").may_have_written(), "it was answered");
}

#[test]
fn every_answer_of_the_real_server_has_its_kind() {
    let invalid = r#","reason":"Invalid""#;
    let not_found = r#","reason":"NotFound""#;
    let terminating = r#","reason":"Forbidden","details":{"causes":[{"reason":"NamespaceTerminating"}]}"#;
    let too_large =
        r#","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}"#;
    for (code, message, rest, kind) in [
        (401, "Unauthorized", r#","reason":"Unauthorized""#, CallKind::Unauthorized),
        (403, r#"secrets is forbidden: User "reader" cannot list resource "secrets""#, FORBIDDEN, CallKind::Forbidden),
        (
            403,
            r#"roles "r" is forbidden: user "x" is attempting to grant RBAC permissions"#,
            FORBIDDEN,
            CallKind::Forbidden,
        ),
        (403, r#"pods "p" is forbidden: exceeded quota: q, requested: pods=1"#, FORBIDDEN, CallKind::Quota),
        (403, r#"pods "p" is forbidden: violates PodSecurity "restricted:latest""#, FORBIDDEN, CallKind::Webhook),
        (
            403,
            r#"configmaps "c" is forbidden: unable to create new content"#,
            terminating,
            CallKind::NamespaceTerminating,
        ),
        (400, r#"admission webhook "w.example.com" denied the request: no"#, "", CallKind::Webhook),
        (
            500,
            r#"Internal error occurred: failed calling webhook "w": context deadline exceeded"#,
            "",
            CallKind::Webhook,
        ),
        (404, r#"deployments.apps "api" not found"#, not_found, CallKind::NotFound),
        (404, "the server could not find the requested resource", not_found, CallKind::KindNotServed),
        (409, "the object has been modified", r#","reason":"Conflict""#, CallKind::Conflict(Vec::new())),
        (410, "The resourceVersion for the provided watch is too old.", r#","reason":"Expired""#, CallKind::Gone),
        (504, "Timeout: Too large resource version: 9, current: 5", too_large, CallKind::Gone),
        (413, "Request entity too large: limit is 3145728", "", CallKind::Invalid),
        (422, r#"Deployment.apps "a" is invalid: spec.selector: field is immutable"#, invalid, CallKind::Immutable),
        (
            422,
            r#"Widget "a" is invalid: spec.size: Invalid value: 2: Value is immutable"#,
            invalid,
            CallKind::Immutable,
        ),
        (422, r#"Service "a" is invalid: spec.clusterIPs[0]: may not change once set"#, invalid, CallKind::Immutable),
        (422, r#"Deployment.apps "a" is invalid: spec.replicas: must be at least 0"#, invalid, CallKind::Invalid),
        (429, "too many requests", r#","reason":"TooManyRequests""#, CallKind::Throttled),
        (
            500,
            "failed to create typed patch object (ns/a; apps/v1, Kind=Deployment): .spec.x: field not declared",
            "",
            CallKind::TypedPatch,
        ),
        (500, "failed to convert new object (ns/a; /v1, Kind=Secret) to smd typed", "", CallKind::TypedPatch),
        (500, "etcdserver: leader changed", "", CallKind::Other),
        (504, "the request timed out", r#","reason":"Timeout""#, CallKind::Timeout),
    ] {
        assert_eq!(kind_of(code, message, rest), kind, "{code} {message}");
    }
}

#[test]
fn plain_text_is_read_too() {
    assert_eq!(refusal(404, None, b"404 page not found\n").error.kind, CallKind::KindNotServed, "a kind that is gone");
    let down = refusal(503, None, b"service unavailable\n").error;
    assert_eq!((down.kind, down.message.raw()), (CallKind::Unreachable, "service unavailable"), "an aggregated API");
    assert_eq!(refusal(502, None, b"<html>bad gateway</html>").error.kind, CallKind::Unreachable, "a proxy's page");
}

#[test]
fn a_conflict_names_each_manager_with_its_field() {
    let rest = r#","reason":"Conflict","details":{"causes":[
        {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using apps/v1","field":".spec.template.spec.containers[name=\"app\"].image"},
        {"reason":"FieldManagerConflict","message":"conflict with \"hpa\" with subresource \"scale\" using apps/v1","field":".spec.replicas"},
        {"reason":"FieldManagerConflict","message":"conflict with \"x\" using v1","field":".metadata.labels.app.kubernetes.io/name"},
        {"reason":"FieldManagerConflict","message":"conflict with \"y\"","field":".spec.ports[port=80,protocol=\"TCP\"].nodePort"},
        {"reason":"FieldValueInvalid","message":"no conflict","field":".spec"}]}"#;
    let CallKind::Conflict(found) = kind_of(409, "Apply failed with 4 conflicts", rest) else { panic!("a conflict") };
    let told: Vec<_> = found.iter().map(|on| format!("{} {}", on.manager.raw(), on.path)).collect();
    let expected = [
        "kubectl-edit spec.template.spec.containers[name=app].image",
        "hpa spec.replicas",
        r#"x metadata.labels["app.kubernetes.io/name"]"#,
        "y spec.ports[port=80,protocol=TCP].nodePort",
    ];
    assert_eq!(told, expected, "the server does not quote keys with dots; we know where they stand");
    let applies: Vec<bool> = found.iter().map(|on| on.applies).collect();
    assert_eq!(applies, [false, false, false, true], "it names the version of an update only");
}

#[test]
fn a_server_cannot_make_us_wait_for_days() {
    assert_eq!(refusal(429, Some(1_000_000), b"").retry_after, Some(RETRY_AFTER_CAP), "eleven days are thirty seconds");
    let body = br#"{"kind":"Status","code":429,"details":{"retryAfterSeconds":3}}"#;
    assert_eq!(refusal(429, None, body).retry_after, Some(Duration::from_secs(3)), "the body says it too");
}

#[test]
fn a_huge_sentence_is_cut_and_never_printed() {
    let error = read(500, &format!("hunter2 {}", "ü".repeat(100_000)), "");
    assert!(error.message.raw().len() <= 16 * 1024, "bounded, on a character's border");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "neither Display nor Debug tell the server's words");
}

#[test]
fn a_conflict_that_cannot_be_read_is_kept_without_manager_and_path() {
    let rest = r#","reason":"Conflict","details":{"causes":[
        {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using v1","field":".data.a"},
        {"reason":"FieldManagerConflict","message":"somebody holds it","field":".data.b"},
        {"reason":"FieldManagerConflict"}]}"#;
    let CallKind::Conflict(found) = kind_of(409, "Apply failed with 3 conflicts", rest) else { panic!("a conflict") };
    let managers: Vec<_> = found.iter().map(|on| on.manager.raw()).collect();
    assert_eq!(managers, ["kubectl-edit", "", ""], "one that is left out would be overcome by force");
    assert!(found[2].path.0.is_empty(), "nothing tells where it is");
}

#[test]
fn the_words_of_a_refused_value_do_not_count() {
    let message =
        r#"ConfigMap "a" is invalid: metadata.labels: Invalid value: "field is immutable!": a valid label must be"#;
    assert_eq!(kind_of(422, message, r#","reason":"Invalid""#), CallKind::Invalid);
}
