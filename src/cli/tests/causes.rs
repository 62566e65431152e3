//! Why something is not judged or cannot be done: said where it is asked for, not only that it is so.

use std::sync::Arc;

use super::fleets::{app, fleet, id, reason, row};
use crate::cli::planned::{Choice, cannot};
use crate::cli::screen::Colour;
use crate::cli::status;
use crate::model::{
    Act, CommitId, CommitInfo, Fingerprint, Gate, Level, Plan, PlanRow, Reason, ReasonCode, ResourceRow, Verdict,
};

fn rejected() -> ResourceRow {
    let why = Reason { message: "spec.replicas: Invalid value".into(), ..reason(ReasonCode::Rejected) };
    ResourceRow { reason: Some(why), ..row(Verdict::Invalid) }
}

#[test]
fn the_note_of_an_invalid_app_names_the_object_and_the_servers_words() {
    let mut shop = app(id("shop", "dev"), Verdict::Invalid);
    shop.paused = None;
    shop.resources = vec![Arc::new(row(Verdict::Drifted)), Arc::new(rejected()), Arc::new(rejected())];
    let fleet = fleet([shop]);
    let table = status::table(&fleet, &[id("shop", "dev")], false, Colour(false));
    let note = "Deployment/api␛[2J: spec.replicas: Invalid value (and 1 more)";
    assert!(table.contains(note), "{table}");
}

fn plan(rows: Vec<(Act, Verdict, &str)>) -> Plan {
    let row = |(act, verdict, why): (Act, Verdict, &str)| PlanRow {
        key: row(verdict).key,
        wave: 0,
        act,
        why: why.into(),
        verdict,
        digest: None,
        uid: None,
        findings: Vec::new(),
        overwrites: false,
        chosen: false,
    };
    Plan {
        app: id("shop", "dev"),
        commit: CommitInfo { id: CommitId::new("abc"), subject: "s".into(), author: "a".into(), time: None },
        fingerprint: Fingerprint("f".into()),
        rows: rows.into_iter().map(row).collect(),
        checks: Vec::new(),
        gate: Gate { level: Level::L2, protected: false, needs: Vec::new(), calming: false },
        paused: None,
        blocked: None,
        other_revision: false,
    }
}

#[test]
fn what_could_not_be_judged_is_not_nothing_to_do() {
    let told = |rows| cannot(&plan(rows), &Choice::default()).map(|why| why.raw().to_owned());
    let lost = (Act::Skip, Verdict::Unknown, "connection refused");
    assert_eq!(told(vec![lost]).as_deref(), Some("Deployment/api\u{1b}[2J: connection refused"));
    assert_eq!(told(vec![(Act::Keep, Verdict::Synced, "")]), None);
    let kept = (Act::Skip, Verdict::Extra, "kept: a controller owns it");
    assert_eq!(told(vec![kept]), None, "what is kept on purpose is no failure");
    let other = Choice { only: vec![("Service".to_owned(), "x".to_owned())], ..Choice::default() };
    assert!(cannot(&plan(vec![lost]), &other).is_none(), "it was not asked for");
}
