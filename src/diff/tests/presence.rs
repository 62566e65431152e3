//! Which side is there, and what is known of before.

use super::*;

#[test]
fn presence_tells_missing_extra_and_terminating() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let ground = stage.ground();
    let never = Legs { git: Some(&git), base: BaseLeg::None, live: None, in_inventory: false, seen: &[] };
    let judged = compare_local(&never, &ground);
    assert_eq!((judged.verdict, judged.moved), (Verdict::Missing, Some(Moved::Git)), "never synced: git added it");
    let deleted = Legs { in_inventory: true, ..never };
    let judged = compare_local(&deleted, &ground);
    assert_eq!(
        (judged.verdict, judged.moved),
        (Verdict::Missing, Some(Moved::Live)),
        "synced once: somebody deleted it"
    );
    assert_eq!((judged.findings.len(), paths(&judged)[0].as_str()), (1, ""), "one finding with the empty path");

    let live = stage.live(&git.body, &[]);
    let extra = Legs { git: None, base: BaseLeg::None, live: Some(&live), in_inventory: true, seen: &[] };
    let judged = compare_local(&extra, &ground);
    assert_eq!((judged.verdict, judged.moved, judged.findings.len()), (Verdict::Extra, Some(Moved::Git), 1));

    let mut leaving = deployment("a:1", 3);
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    leaving["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let leaving = live_of(&leaving);
    let judged = compare_local(&Legs { git: Some(&git), live: Some(&leaving), ..never }, &ground);
    assert_eq!(judged.verdict, Verdict::Terminating);
    assert!(judged.reason.is_some_and(|why| why.message.raw().contains("example.com/hold")), "the finalizer is named");
}

#[test]
fn an_object_that_was_never_ours_is_never_extra() {
    let stage = Stage::new();
    let live = live_of(&deployment("a:1", 3));
    let legs = Legs { git: None, base: BaseLeg::None, live: Some(&live), in_inventory: false, seen: &[] };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, judged.reason.is_some()), (Verdict::Unknown, true), "{judged:?}");
    let hashed = Legs { base: BaseLeg::Hash("x"), ..legs };
    assert_eq!(compare_local(&hashed, &stage.ground()).verdict, Verdict::Extra, "the record has its hash");
}

#[test]
fn a_field_new_in_git_over_a_default_nobody_set_is_behind() {
    let stage = Stage::new();
    let mut old = deployment("a:1", 3);
    old["spec"].as_object_mut().expect("spec").remove("replicas");
    let (base, git) = (manifest(&old), manifest(&deployment("a:1", 3)));
    let mut object: Value = serde_json::from_str(&stage.live(&old, &[]).json).expect("JSON");
    object["spec"]["replicas"] = json!(1);
    let live = live_of(&object);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&base)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    assert_eq!(compare_local(&legs, &stage.ground()).verdict, Verdict::Behind, "a default did not move");
    let scaled = stage.live(&old, &[("kubectl-scale", "Update", edit_replicas(1))]);
    let legs = Legs { live: Some(&scaled), ..legs };
    assert_eq!(compare_local(&legs, &stage.ground()).verdict, Verdict::Diverged, "a hand did");
}

#[test]
fn a_container_dropped_from_git_is_one_finding() {
    let stage = Stage::new();
    let mut with = deployment("a:1", 3);
    let containers = with.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut).expect("list");
    containers.push(json!({"name": "sidecar", "image": "s:1"}));
    let (base, git) = (manifest(&with), manifest(&deployment("a:1", 3)));
    let live = stage.live(&with, &[]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&base)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!(paths(&judged), ["spec.template.spec.containers[name=sidecar]"]);
    assert_eq!(judged.verdict, Verdict::Behind);
}

#[test]
fn a_hash_tells_whether_git_moved_when_the_commit_is_gone() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:9"))]);
    let same = git.digest.0.clone();
    for (hash, moved) in [(&*same, Moved::Live), ("another", Moved::Both)] {
        let legs =
            Legs { git: Some(&git), base: BaseLeg::Hash(hash), live: Some(&live), in_inventory: true, seen: &[] };
        let judged = compare_local(&legs, &stage.ground());
        assert_eq!((judged.moved, judged.base), (Some(moved), Base::Hash), "hash {hash}");
    }
}

#[test]
fn without_a_base_differences_stand_and_say_so() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:2", 3));
    let live = live_of(&deployment("a:1", 3));
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: Some(&live), in_inventory: false, seen: &[] };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, judged.moved), (Verdict::Drifted, None));
    assert_eq!(judged.reason.map(|why| why.code), Some(ReasonCode::NoBase));
}

#[test]
fn an_equal_object_that_we_never_applied_is_synced_and_unadopted() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = live_of(&deployment("a:1", 3));
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: Some(&live), in_inventory: false, seen: &[] };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, judged.basis, judged.unadopted), (Verdict::Synced, Basis::Local, true));
}

#[test]
fn what_git_drops_while_it_moves_to_another_version_is_told_without_a_server_too() {
    let stage = Stage::new();
    let mut older = deployment("a:1", 3);
    older["spec"]["minReadySeconds"] = json!(5);
    let live = stage.live(&older, &[]);
    let live = Live {
        json: live
            .json
            .replace("\"apiVersion\":\"apps/v1\",\"fields", "\"apiVersion\":\"apps/v1beta2\",\"fields")
            .into(),
        ..live
    };
    assert!(live.json.contains("apps/v1beta2"), "our entry is of the older version");
    older["apiVersion"] = json!("apps/v1beta2");
    let (base, git) = (manifest(&older), manifest(&deployment("a:1", 3)));
    let base = BaseLeg::At(Base::Record, Some(&base));
    let legs = Legs { git: Some(&git), base, live: Some(&live), in_inventory: true, seen: &[] };
    let answer = ServerSaid::Refused { why: Refusal::Unavailable, message: "cannot patch".into() }.into();
    let judged = compare_server(&legs, &answer, &stage.ground());
    assert_eq!((judged.verdict, paths(&judged)), (Verdict::Behind, vec!["spec.minReadySeconds".to_owned()]));
}
