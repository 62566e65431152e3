//! A plan says what a sync does and what is known: no tick for what nobody answered, no write that does not happen.

use super::*;
use crate::model::{Attribution, Effect, Hidden, IgnoreRule, Precision, Reason, ReasonCode};

fn reason(code: ReasonCode, message: &str) -> Reason {
    Reason { code, message: message.into(), since: Timestamp::UNIX_EPOCH }
}

fn unjudged(name: &str, code: ReasonCode, message: &str) -> ResourceRow {
    let row = resource(key("ConfigMap", "shop", name), Verdict::Unknown);
    ResourceRow { reason: Some(reason(code, message)), ..row }
}

/// A change made by hand at a path.
fn edit(path: &str, moved: Moved) -> Finding {
    let by = Attribution {
        manager: "kubectl-edit".into(),
        operation: "Update".into(),
        subresource: None,
        after: None,
        time: None,
        precision: Precision::Unknown,
    };
    Finding { path: path.parse().expect("a path"), moved: Some(moved), by: Some(by), ..finding(false) }
}

fn drifted(name: &str, findings: Vec<Finding>) -> ResourceRow {
    ResourceRow { findings, ..resource(key("Deployment", "shop", name), Verdict::Drifted) }
}

/// The checks, as they are printed.
fn checks(stage: &Stage) -> Vec<String> {
    let checks = stage.plan().checks;
    checks.iter().map(|check| format!("{} {}", if check.ok { "ok" } else { "!" }, check.text.raw())).collect()
}

fn why(stage: &Stage) -> String {
    stage.plan().rows[0].why.raw().to_owned()
}

#[test]
fn nothing_is_ticked_off_that_nobody_answered() {
    let gone = |name| unjudged(name, ReasonCode::ClusterUnreachable, "nothing is heard of it");
    let stage = Stage::new(vec![gone("a"), gone("b"), resource(key("Deployment", "shop", "api"), Verdict::Drifted)]);
    let told = checks(&stage);
    assert!(told.contains(&"! 2 not judged: ConfigMap/a and 1 more".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with("ok server") || line.starts_with("ok no refusals")), "{told:?}");
    let cannot = stage.plan().cannot().expect("something cannot be done");
    assert_eq!(cannot.raw(), "cannot: ConfigMap/a: nothing is heard of it (and 1 more)");
}

#[test]
fn a_silent_cluster_leaves_no_tick_of_the_servers_and_is_named() {
    let mut stage = Stage::new(vec![resource(key("Deployment", "shop", "api"), Verdict::Drifted)]);
    assert!(checks(&stage).contains(&"ok server answered for every difference".to_owned()));
    stage.stale = Some("prod has not answered for 15 s: connection refused".into());
    let told = checks(&stage);
    assert!(told.iter().any(|line| line.starts_with("! prod has not answered for 15 s: connection")), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("ok")).collect::<Vec<_>>(), ["ok render complete"]);
}

#[test]
fn a_difference_that_no_dry_run_confirmed_says_so_with_the_reason() {
    let why_not = Some(reason(ReasonCode::DryRunUnavailable, "no answer within 15000 ms"));
    let row = ResourceRow { basis: Basis::Local, reason: why_not, ..drifted("api", vec![edit("spec.x", Moved::Live)]) };
    let stage = Stage::new(vec![row]);
    assert!(checks(&stage)[1].starts_with("! 1 compared here only"), "{:?}", checks(&stage));
    assert_eq!(why(&stage), "drift spec.x; compared here only: no answer within 15000 ms");
}

#[test]
fn a_refusal_stands_on_its_row_in_the_servers_words() {
    let refused = ResourceRow {
        refused: Some("exceeded quota: objects".into()),
        ..resource(key("ConfigMap", "shop", "new"), Verdict::Missing)
    };
    let stage = Stage::new(vec![refused]);
    assert_eq!(why(&stage), "new in abc1234; the server refused it in its dry run: exceeded quota: objects");
    assert!(checks(&stage).contains(&"! 1 refused by the server or invalid in git: ConfigMap/new".to_owned()));
    let ends = "namespace shop is being terminated";
    let stage = Stage::new(vec![unjudged("new", ReasonCode::NamespaceTerminating, ends)]);
    let told = checks(&stage);
    assert!(told.iter().any(|line| line.starts_with("! 1 refused")), "an ending namespace refuses: {told:?}");
    assert!(!told.iter().any(|line| line.contains("not judged")), "the server did answer: {told:?}");
}

#[test]
fn what_git_does_not_mention_is_not_counted_as_written() {
    let row = drifted(
        "api",
        vec![
            edit("spec.replicas", Moved::Live),
            edit("spec.paused", Moved::Both),
            edit("metadata.labels.team", Moved::Foreign),
            Finding { needs_delete: true, ..edit("metadata.labels.old", Moved::Git) },
        ],
    );
    let stage = Stage::new(vec![row]);
    assert_eq!(why(&stage), "drift (2 fields), 1 left: held by others too, 1 left: not in git");
    let stage = Stage::new(vec![drifted("api", vec![edit("metadata.labels.team", Moved::Foreign)])]);
    assert!(!stage.plan().rows[0].overwrites, "it is there afterwards");
}

#[test]
fn edits_by_hand_are_counted_by_field_and_only_those_that_are_overwritten() {
    let two = vec![edit("spec.a", Moved::Live), edit("spec.b", Moved::Both), edit("spec.c", Moved::Foreign)];
    let stage = Stage::new(vec![drifted("api", two), drifted("web", vec![edit("spec.a", Moved::Live)])]);
    let told = checks(&stage);
    let wanted = "! 3 fields edited by hand are overwritten, in 2 objects";
    assert!(told.contains(&wanted.to_owned()), "{told:?}");
}

#[test]
fn pods_that_restart_are_said_before_they_do() {
    let mut stage = Stage::new(vec![drifted("api", vec![edit("spec.template.spec.x", Moved::Live)])]);
    stage.restarts.insert(stage.rows[0].key.clone(), "rolling restart of 5 pods".into());
    assert_eq!(why(&stage), "drift spec.template.spec.x; rolling restart of 5 pods");
    let told = checks(&stage);
    assert!(told.contains(&"! rolling restart of 5 pods: Deployment/api".to_owned()), "{told:?}");
}

#[test]
fn what_a_rule_hides_but_does_not_leave_is_on_a_row_of_its_own() {
    let hidden = |place: &str| {
        let found = edit("data.REDIS_ADDR", Moved::Live);
        let hidden = Hidden { path: found.path.clone(), rule: place.into(), reason: None, finding: Arc::new(found) };
        ResourceRow { hidden: vec![hidden], ..resource(key("ConfigMap", "shop", "cart"), Verdict::Synced) }
    };
    let rule = |effect| IgnoreRule {
        place: "apps[shop].ignore[0]".into(),
        kind: None,
        name: None,
        namespace: None,
        path: Some("data".parse().expect("a path")),
        manager: None,
        effect,
        reason: None,
    };
    let mut stage = Stage::new(vec![hidden("apps[shop].ignore[0]")]);
    stage.app.ignore = vec![rule(Effect::Hide)];
    let plan = stage.plan();
    assert_eq!((plan.rows[0].act, plan.rows[0].is_silent()), (Act::Keep, false), "not counted is not gone");
    assert_eq!(plan.rows[0].why.raw(), "1 field differs, hidden by a rule: written only with its object");
    stage.app.ignore = vec![rule(Effect::Both)];
    assert!(stage.plan().rows[0].is_silent(), "what the operator wants neither counted nor written is quiet");
    stage.rows = vec![Arc::new(hidden("builtin:aliases"))];
    assert!(stage.plan().rows[0].is_silent(), "what is nobody's doing is quiet");
}
