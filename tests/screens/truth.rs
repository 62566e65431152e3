//! What the fleet's preview, the plan and the dialogs say, and what they must not say while it is not known.

use driftdeck::model::*;

use crate::answers;
use crate::cockpit::Cockpit;
use crate::fleet::{ago, finding, id, key};

/// The screen as words: where lines are broken is another matter.
fn words(cockpit: &mut Cockpit) -> String {
    cockpit.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reason(code: ReasonCode, message: &str) -> Reason {
    Reason { code, message: message.into(), since: ago(4) }
}

/// The cockpit on an app.
fn on(app: &str, size: (u16, u16)) -> Cockpit {
    let mut cockpit = Cockpit::new(size.0, size.1);
    cockpit.script(&format!("/app:{app}<Enter>"));
    cockpit
}

/// A plan of these rows for cart on stage-eu, which nobody protects.
fn plan(rows: Vec<PlanRow>) -> Plan {
    let gate = answers::gate(Level::L2, vec![Need::Yes]);
    let checks = vec![Check { ok: false, text: "1 not judged: Service/cart".into() }];
    Plan { app: id("cart", "stage-eu"), rows, checks, ..answers::plan(gate) }
}

fn row(act: Act, why: &str, findings: Vec<Finding>) -> PlanRow {
    PlanRow {
        key: key("stage-eu", "Service", "cart"),
        wave: 2,
        act,
        why: why.into(),
        verdict: Verdict::Drifted,
        digest: None,
        uid: None,
        findings,
        overwrites: false,
        chosen: act == Act::Update,
    }
}

#[test]
fn whether_a_sync_deletes_is_said_only_where_it_is_known() {
    type Change = fn(&mut AppRow);
    let table: [(&str, Change, bool); 6] = [
        ("all is judged", |_| {}, true),
        ("loading", |row| row.reason = Some(reason(ReasonCode::Loading, "rendering")), false),
        ("partial", |row| row.reason = Some(reason(ReasonCode::RenderFailed, "all.yaml:4: a tab")), false),
        ("foreign record", |row| row.reason = Some(reason(ReasonCode::RecordOfAnother, "its record is")), false),
        ("cut", |row| row.stale = Some(reason(ReasonCode::ClusterStale, "no answer for 15 s")), false),
        (
            "a list is out",
            |row| {
                let mut object = (*row.resources[0]).clone();
                (object.verdict, object.reason) =
                    (Verdict::Unknown, Some(reason(ReasonCode::Loading, "not judged yet")));
                row.resources[0] = object.into();
            },
            false,
        ),
    ];
    for (what, change, known) in table {
        let mut cockpit = on("frontend", (120, 36));
        cockpit.alter("frontend", change);
        let text = words(&mut cockpit);
        let said = if known { "would a sync delete anything? no " } else { "would a sync delete anything? not known" };
        assert!(text.contains(said), "{what}: {}", cockpit.text());
    }
}

#[test]
fn an_app_is_never_synced_only_by_a_record_that_was_read() {
    for (known, said) in [(true, "never synced by driftdeck"), (false, "last sync not known")] {
        let mut cockpit = on("frontend", (120, 36));
        cockpit.alter("frontend", |row| (row.deployed, row.record_known) = (None, known));
        assert!(words(&mut cockpit).contains(said), "{}", cockpit.text());
        cockpit.script("s");
        assert!(words(&mut cockpit).contains(said), "on the plan too: {}", cockpit.text());
    }
}

#[test]
fn a_plan_that_can_do_nothing_says_why_and_not_that_there_is_nothing_to_do() {
    for size in [(120, 36), (80, 24)] {
        let mut cockpit = on("cart", size);
        cockpit.planned = Some(plan(vec![row(Act::Skip, "stage-eu does not answer", Vec::new())]));
        cockpit.script("s");
        let text = words(&mut cockpit);
        assert!(text.contains("cannot: Service/cart: stage-eu does not answer"), "{}", cockpit.text());
        assert!(!text.contains("nothing to do"), "{}", cockpit.text());
    }
}

#[test]
fn nothing_is_run_on_what_a_silent_cluster_said() {
    let mut cockpit = on("cart", (120, 36));
    cockpit.gate = answers::gate(Level::L2, vec![Need::Yes]);
    cockpit.planned = Some(plan(vec![row(Act::Update, "drift spec.x", Vec::new())]));
    cockpit.script("s");
    cockpit.wait(400);
    let silent = "stage-eu has not answered for 15 s: connection refused";
    cockpit.alter("cart", |row| row.stale = Some(reason(ReasonCode::ClusterStale, silent)));
    assert!(words(&mut cockpit).contains(&format!("cannot: {silent}")), "{}", cockpit.text());
    cockpit.wait(400);
    cockpit.key("<Enter>");
    assert_eq!(cockpit.orders, vec![], "it would be refused all the same");
}

#[test]
fn what_rules_hide_is_said_where_nothing_else_differs() {
    let mut cockpit = on("frontend", (120, 36));
    cockpit.alter("frontend", |row| row.counts.hidden = 1);
    assert!(words(&mut cockpit).contains("objects compared, 1 hidden by rules"), "{}", cockpit.text());
    cockpit.planned = Some(Plan { app: id("frontend", "stage-eu"), ..plan(Vec::new()) });
    cockpit.script("s");
    let text = words(&mut cockpit);
    assert!(text.contains("live is as git says, but for 1 field that a rule hides"), "{}", cockpit.text());
}

#[test]
fn a_rule_says_where_it_holds_before_it_is_written() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.twin("payments", "prod-us");
    cockpit.script("dI");
    let text = words(&mut cockpit);
    assert!(text.contains("matches 2 of the 10 differences of payments on its 2 clusters"), "{}", cockpit.text());
    assert!(text.contains("it holds on prod-us too"), "{}", cockpit.text());
    assert!(text.contains("not counted; written with its object"), "{}", cockpit.text());
}

#[test]
fn an_object_that_is_not_judged_has_its_cause_beside_it() {
    let mut cockpit = on("cart", (120, 36));
    cockpit.alter("cart", |row| {
        let mut object = (*row.resources[0]).clone();
        object.verdict = Verdict::Unknown;
        object.reason = Some(reason(ReasonCode::NamespaceTerminating, "shop is being terminated"));
        let missing = finding("", serde_json::Value::Null, serde_json::Value::Null, "?");
        object.findings = vec![Finding { op: Op::Remove, by: None, ..missing }];
        row.resources[0] = object.into();
    });
    assert!(words(&mut cockpit).contains("ConfigMap/flags shop is being terminated"), "{}", cockpit.text());
}

#[test]
fn the_plan_tells_who_edited_what_and_all_of_it_where_there_is_room() {
    let edit = |path| finding(path, serde_json::json!(1), serde_json::json!(2), "kubectl-edit");
    let touched = Finding { moved: Some(Moved::Foreign), ..edit("metadata.labels.team") };
    let why = "drift (2 fields), 1 left: not in git; rolling restart of 5 pods";
    for size in [(120, 36), (80, 24)] {
        let mut cockpit = on("cart", size);
        let findings = vec![touched.clone(), edit("spec.first"), edit("spec.second")];
        cockpit.planned = Some(plan(vec![PlanRow { overwrites: true, ..row(Act::Update, why, findings) }]));
        cockpit.script("s");
        let text = words(&mut cockpit);
        for part in ["1 left: not in git; rolling", "restart of 5 pods", "first", "second", "kubectl-edit", "2 h ago"] {
            assert!(text.contains(part), "{part} at {size:?}: {}", cockpit.text());
        }
        let (first, left) = (text.rfind("second"), text.rfind("left: not in git"));
        assert!(first < left, "what is written comes first, what stays is marked: {}", cockpit.text());
    }
}

#[test]
fn what_does_not_fit_into_the_plans_pane_is_counted() {
    let edit = |n: usize| finding(&format!("spec.f{n}"), serde_json::json!(1), serde_json::json!(2), "kubectl-edit");
    let mut cockpit = on("cart", (80, 24));
    cockpit.planned = Some(plan(vec![row(Act::Update, "drift (12 fields)", (0..12).map(edit).collect())]));
    cockpit.script("s");
    assert!(words(&mut cockpit).contains(" more "), "{}", cockpit.text());
}

#[test]
fn only_the_change_that_restarts_pods_says_so() {
    let mut cockpit = Cockpit::new(120, 36);
    cockpit.script("d");
    assert!(words(&mut cockpit).contains("effect of a sync: rolling restart of 6 pods"), "{}", cockpit.text());
    cockpit.script("nn");
    assert!(!words(&mut cockpit).contains("effect of a sync"), "a ConfigMap's change: {}", cockpit.text());
}

#[test]
fn why_a_revert_cannot_be_pushed_is_read_to_its_end() {
    for width in [120, 80] {
        let mut cockpit = Cockpit::new(width, 24);
        cockpit.script("tjjjR");
        assert!(words(&mut cockpit).contains("U unlocks prod-us; or choose pin"), "{width}: {}", cockpit.text());
    }
}
