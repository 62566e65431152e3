//! What becomes of an object when the server has answered.

use super::*;

#[test]
fn the_server_has_the_last_word_on_what_differs() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:2"))]);
    let legs =
        Legs { git: Some(&git), base: BaseLeg::At(Base::Record, Some(&git)), live: Some(&live), in_inventory: true };
    let have: Value = serde_json::from_str(&live.json).expect("JSON");
    let judged = compare_server(&legs, &ServerSaid::Would(have.clone()).into(), &stage.ground());
    assert_eq!((judged.verdict, judged.basis), (Verdict::Synced, Basis::Server), "a webhook that rewrites to live");
    let mut back = have;
    back["spec"]["template"]["spec"]["containers"][0]["image"] = json!("a:1");
    let judged = compare_server(&legs, &ServerSaid::Would(back).into(), &stage.ground());
    assert_eq!((judged.verdict, paths(&judged)), (Verdict::Drifted, vec![IMAGE.to_owned()]));
    assert!(!judged.pending);
}

#[test]
fn a_refusal_is_told_by_its_kind() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("a:2"))]);
    let legs =
        Legs { git: Some(&git), base: BaseLeg::At(Base::Record, Some(&git)), live: Some(&live), in_inventory: true };
    for (why, verdict, code) in [
        (Refusal::Invalid, Verdict::Invalid, ReasonCode::Rejected),
        (Refusal::Quota, Verdict::Drifted, ReasonCode::Refused),
        (Refusal::Immutable, Verdict::Drifted, ReasonCode::Refused),
        (Refusal::NamespaceTerminating, Verdict::Unknown, ReasonCode::NamespaceTerminating),
        (Refusal::Unavailable, Verdict::Drifted, ReasonCode::DryRunUnavailable),
    ] {
        let said = ServerSaid::Refused { why, message: "no".into() };
        let judged = compare_server(&legs, &said.into(), &stage.ground());
        assert_eq!((judged.verdict, judged.reason.map(|r| r.code)), (verdict, Some(code)), "{why:?}");
        assert_eq!(judged.basis, Basis::Local, "{why:?}: nobody but us compared");
    }
}
