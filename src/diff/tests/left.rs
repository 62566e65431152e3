//! What a sync leaves: marked on findings, and out of the body unless only we own it.

use super::*;
use crate::diff::ignore::{self, Placed};
use crate::model::{Attribution, Deed, Effect, Finding, Precision, Write};

fn rule(path: Option<&str>, effect: Effect) -> IgnoreRule {
    IgnoreRule {
        place: "ignore[0]".into(),
        kind: Some("Deployment".to_owned()),
        name: None,
        namespace: None,
        path: path.map(|path| path.parse().expect("a path")),
        manager: None,
        effect,
        reason: Some("because".to_owned()),
    }
}

fn sent(stage: &Stage, git: &Manifest, live: &Live) -> Value {
    match body(git, Some(live), &stage.ground()) {
        Body::Send(body) => (*body.body).clone(),
        Body::Nothing(rule) => panic!("nothing is sent: {rule}"),
    }
}

fn judged(stage: &Stage, git: &Manifest, live: &Live) -> Comparison {
    let legs = Legs {
        git: Some(git),
        base: BaseLeg::At(Base::Record, Some(git)),
        live: Some(live),
        in_inventory: true,
        seen: &[],
    };
    compare_local(&legs, &stage.ground())
}

/// The same app's object after git moved.
fn moved(image: &str, replicas: u32) -> Manifest {
    manifest(&deployment(image, replicas))
}

#[test]
fn each_effect_does_what_it_says() {
    for (effect, shown, aside, is_sent) in
        [(Effect::Hide, 0, 1, true), (Effect::Leave, 1, 0, false), (Effect::Both, 0, 1, false)]
    {
        let mut stage = Stage::new();
        stage.app.ignore = vec![rule(Some("spec.replicas"), effect)];
        let git = moved("a:1", 3);
        let live = stage.live(&git.body, &[("kube-controller-manager", "Update", edit_replicas(7))]);
        let judged = judged(&stage, &git, &live);
        assert_eq!((judged.findings.len(), judged.hidden.len()), (shown, aside), "{effect:?}");
        let findings = judged.findings.iter().chain(judged.hidden.iter().map(|hidden| &*hidden.finding));
        let left = findings.filter(|finding| finding.left.as_deref() == Some("ignore[0]")).count();
        assert_eq!(left == 1, effect.leaves(), "{effect:?}");
        // Both own replicas in this stage, so leaving it out leaves it to the other.
        assert_eq!(sent(&stage, &git, &live)["spec"].get("replicas").is_some(), is_sent, "{effect:?}");
    }
}

#[test]
fn a_field_that_only_we_own_is_sent_as_it_is_live() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("spec.replicas"), Effect::Leave)];
    let live = stage.live(&moved("a:1", 3).body, &[]);
    let body = sent(&stage, &moved("a:2", 9), &live);
    assert_eq!(body["spec"]["replicas"], json!(3), "left out, the server would set its default");
    assert_eq!(body["spec"]["template"]["spec"]["containers"][0]["image"], json!("a:2"), "the rest is git's");
    let mut dropped = deployment("a:1", 3);
    dropped["spec"].as_object_mut().expect("a map").remove("replicas");
    assert_eq!(sent(&stage, &manifest(&dropped), &live)["spec"]["replicas"], json!(3), "also where git dropped it");
}

#[test]
fn a_list_item_that_only_we_own_is_kept_whole_when_it_is_left() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("spec.template.spec.containers[name=side]"), Effect::Leave)];
    let mut with = deployment("a:1", 3);
    with["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "side", "image": "s:1"}));
    let live = stage.live(&with, &[]);
    let body = sent(&stage, &moved("a:1", 3), &live);
    let containers = body["spec"]["template"]["spec"]["containers"].as_array().expect("a list");
    assert_eq!(containers.len(), 2, "git dropped it, the rule leaves it: {body}");
    assert_eq!(containers[1], json!({"name": "side", "image": "s:1"}));
}

#[test]
fn what_is_not_live_yet_takes_gits_value() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("spec.template.spec.containers[*].image"), Effect::Leave)];
    let live = stage.live(&moved("a:1", 3).body, &[]);
    let mut git = deployment("a:2", 3);
    git["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "side", "image": "s:1"}));
    let body = sent(&stage, &manifest(&git), &live);
    let images: Vec<_> = body["spec"]["template"]["spec"]["containers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|container| (container["name"].as_str(), container["image"].as_str()))
        .collect();
    assert!(images.contains(&(Some("side"), Some("s:1"))), "a new container needs its image: {images:?}");
    assert!(images.contains(&(Some("app"), Some("a:1"))), "the one that is there keeps its own: {images:?}");
    assert!(matches!(body_of_new(&stage, &manifest(&git)), Body::Send(std::borrow::Cow::Borrowed(_))), "a new object");
}

fn body_of_new<'m>(stage: &Stage, git: &'m Manifest) -> Body<'m> {
    body(git, None, &stage.ground())
}

#[test]
fn a_rule_about_the_inside_of_one_unit_leaves_the_unit_but_never_hides_it() {
    let mut git = deployment("a:1", 3);
    git["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["a", "b"]);
    let mut there = git.clone();
    there["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["a", "c"]);
    for (effect, left, hidden) in
        [(Effect::Leave, true, false), (Effect::Both, true, true), (Effect::Hide, false, false)]
    {
        let mut stage = Stage::new();
        stage.app.ignore = vec![rule(Some("spec.template.spec.containers[name=app].args[1]"), effect)];
        let live = stage.live(&there, &[]);
        let git = manifest(&git);
        let judged = judged(&stage, &git, &live);
        assert_eq!(judged.hidden.len() == 1, hidden, "{effect:?}: {:?}", judged.findings);
        let findings: Vec<Finding> =
            judged.findings.into_iter().chain(judged.hidden.iter().map(|hidden| (*hidden.finding).clone())).collect();
        assert_eq!(findings.len(), 1, "args is one list");
        assert_eq!(findings[0].left.is_some(), left, "{effect:?}");
        let args = sent(&stage, &git, &live)["spec"]["template"]["spec"]["containers"][0]["args"].clone();
        assert_eq!(args == json!(["a", "c"]), left, "{effect:?}: {args}");
    }
}

#[test]
fn a_rule_about_a_writer_leaves_what_that_writer_wrote_alone() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![IgnoreRule { manager: Some("kubectl*".to_owned()), ..rule(None, Effect::Leave) }];
    let git = moved("a:1", 3);
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:2"))]);
    let body = sent(&stage, &git, &live);
    let container = &body["spec"]["template"]["spec"]["containers"][0];
    assert_eq!((container.get("image"), &container["name"]), (None, &json!("app")), "the item itself stays");
    assert_eq!(body["spec"]["replicas"], json!(3), "what nobody else wrote is git's");
}

#[test]
fn a_rule_without_path_and_writer_leaves_the_object_whole() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(None, Effect::Leave)];
    let git = moved("a:1", 3);
    assert!(matches!(body(&git, None, &stage.ground()), Body::Nothing(place) if &*place == "ignore[0]"));
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: None, in_inventory: false, seen: &[] };
    let missing = compare_local(&legs, &stage.ground());
    assert_eq!((missing.verdict, missing.findings.len()), (Verdict::Missing, 1), "it is still shown");
    assert!(missing.findings[0].left.is_some(), "and not created");
}

#[test]
fn a_rule_with_a_path_never_hides_that_an_object_is_missing() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("**.replicas"), Effect::Both), rule(Some("spec"), Effect::Both)];
    let git = moved("a:1", 3);
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: None, in_inventory: false, seen: &[] };
    assert_eq!(compare_local(&legs, &stage.ground()).verdict, Verdict::Missing);
}

#[test]
fn our_annotation_and_the_identity_are_always_sent() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("metadata"), Effect::Leave), rule(Some("spec"), Effect::Leave)];
    let mut git = deployment("a:1", 3);
    git["metadata"]["annotations"] = json!({"driftdeck.dev/app": "shop/shop", "note": "x"});
    let live = stage.live(&deployment("a:1", 4), &[("kubectl-edit", "Update", edit_replicas(5))]);
    let body = sent(&stage, &manifest(&git), &live);
    assert_eq!(body["metadata"]["annotations"]["driftdeck.dev/app"], json!("shop/shop"));
    assert_eq!((&body["kind"], &body["metadata"]["name"]), (&git["kind"], &git["metadata"]["name"]));
}

#[test]
fn the_switch_turns_every_effect_off() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(None, Effect::Both)];
    let git = moved("a:1", 3);
    let ground = Ground { without: crate::model::Without::rule(Rule::IgnoreRules), ..stage.ground() };
    assert!(matches!(body(&git, None, &ground), Body::Send(_)));
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: None, in_inventory: false, seen: &[] };
    let judged = compare_local(&legs, &ground);
    assert_eq!((judged.verdict, judged.hidden.len()), (Verdict::Missing, 0));
}

#[test]
fn hiding_one_finding_never_changes_another() {
    let git = moved("a:1", 3);
    let bare = Stage::new();
    let edits =
        [("kubectl-edit", "Update", edit_image("a:2")), ("kube-controller-manager", "Update", edit_replicas(7))];
    let live = bare.live(&git.body, &edits);
    let all = judged(&bare, &git, &live).findings;
    assert_eq!(all.len(), 2, "two differ: {all:?}");
    for effect in Effect::ALL {
        for one in &all {
            let mut stage = Stage::new();
            stage.app.ignore = vec![IgnoreRule { path: Some(one.path.clone()), ..rule(None, effect) }];
            let judged = judged(&stage, &git, &live);
            let told: Vec<&Finding> =
                judged.findings.iter().chain(judged.hidden.iter().map(|hidden| &*hidden.finding)).collect();
            assert_eq!(told.len(), all.len(), "{effect:?} on {}: nothing is lost", one.path);
            for before in &all {
                let same = told.iter().find(|told| told.path == before.path).expect("it is kept");
                let unmarked = Finding { left: None, ..(**same).clone() };
                assert_eq!(unmarked, *before, "{effect:?} on {} must only move or mark", one.path);
                assert_eq!(same.left.is_some(), effect.leaves() && same.path == one.path);
            }
            assert_eq!(judged.findings.iter().any(|found| found.path == one.path), !effect.hides());
        }
    }
}

#[test]
fn the_first_rule_of_each_effect_counts() {
    let mut stage = Stage::new();
    let second = IgnoreRule { place: "ignore[1]".into(), ..rule(Some("spec.replicas"), Effect::Leave) };
    stage.app.ignore = vec![rule(Some("spec.replicas"), Effect::Hide), second];
    let git = moved("a:1", 3);
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_replicas(7))]);
    let finding = judged(&Stage::new(), &git, &live).findings.remove(0);
    match ignore::place(finding, false, (&git.key, None), &stage.ground()) {
        Placed::Aside(hidden) => {
            assert_eq!((&*hidden.rule, hidden.reason.as_deref()), ("ignore[0]", Some("because")));
            assert_eq!(hidden.finding.left.as_deref(), Some("ignore[1]"), "hidden by one, left by the other");
        }
        Placed::Shown(_) => panic!("the first rule hides it"),
    }
}

#[test]
fn a_key_that_the_server_filled_in_is_not_taken_along() {
    let mut stage = Stage::new();
    stage.app.ignore = vec![rule(Some("spec.template"), Effect::Leave)];
    let mut applied = deployment("a:1", 3);
    applied["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80}]);
    let mut live = stage.live(&applied, &[]);
    let text = live.json.replace("{\"containerPort\":80}", "{\"containerPort\":80,\"protocol\":\"TCP\"}");
    assert_ne!(*text, *live.json, "the server fills the protocol in");
    live.json = text.as_str().into();
    let body = sent(&stage, &manifest(&applied), &live);
    let ports = &body["spec"]["template"]["spec"]["containers"][0]["ports"];
    assert_eq!(*ports, json!([{"containerPort": 80}]), "sent, it would be ours, and then a difference");
}

#[test]
fn what_is_said_to_be_left_is_left() {
    let mut stage = Stage::new();
    let by = IgnoreRule { manager: Some("hpa".to_owned()), ..rule(Some("spec.replicas"), Effect::Leave) };
    stage.app.ignore = vec![by];
    let git = moved("a:1", 3);
    let live = stage.live(&git.body, &[]);
    let live = Live { json: live.json.replace("\"replicas\":3", "\"paused\":false").into(), ..live };
    let by = Attribution {
        manager: "hpa".into(),
        operation: "Update".into(),
        subresource: None,
        after: None,
        time: Some(Timestamp::UNIX_EPOCH),
        precision: Precision::Seen,
    };
    let path: FieldPath = "spec.replicas".parse().expect("a path");
    let seen = [Write { path, deed: Deed::Field, by, was: None, now: None }];
    let base = BaseLeg::At(Base::Record, Some(&git));
    let legs = Legs { git: Some(&git), base, live: Some(&live), in_inventory: true, seen: &seen };
    let judged = compare_local(&legs, &stage.ground());
    let found = judged.findings.iter().find(|found| found.path.to_string() == "spec.replicas").expect("it differs");
    assert_eq!(found.by.as_ref().map(|by| by.manager.raw()), Some("hpa"), "seen to take it out");
    let is_sent = sent(&stage, &git, &live)["spec"].get("replicas").is_some();
    assert_eq!(found.left.is_none(), is_sent, "nobody owns it now: a sync sends git's value");
}
