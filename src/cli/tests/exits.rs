//! product.md *Exit codes*, row by row.

use super::fleets::{app, fleet, id};
use crate::cli::exit::{of_dry_run, of_fleet, of_outcome, of_verdict};
use crate::model::{Outcome, Verdict};

#[test]
fn every_verdict_has_the_code_that_the_product_page_gives_it() {
    let table = [
        (Verdict::Invalid, 3),
        (Verdict::Unknown, 3),
        (Verdict::Terminating, 1),
        (Verdict::Missing, 1),
        (Verdict::Contested, 1),
        (Verdict::Diverged, 1),
        (Verdict::Drifted, 1),
        (Verdict::Behind, 1),
        (Verdict::Extra, 1),
        (Verdict::Touched, 0),
        (Verdict::Synced, 0),
    ];
    assert_eq!(table.len(), Verdict::ALL.len(), "a new verdict needs a code");
    for (verdict, code) in table {
        assert_eq!(of_verdict(verdict, false), code, "{}", verdict.word());
        let strict = if verdict == Verdict::Touched { 1 } else { code };
        assert_eq!(of_verdict(verdict, true), strict, "{} with --strict", verdict.word());
    }
}

#[test]
fn an_app_that_is_not_judged_wins_over_one_that_differs() {
    let (one, two) = (id("a", "prod-eu"), id("b", "prod-eu"));
    let both = [one.clone(), two.clone()];
    let of = |a, b| of_fleet(&fleet([app(one.clone(), a), app(two.clone(), b)]), &both, false);
    assert_eq!(of(Verdict::Synced, Verdict::Touched), 0);
    assert_eq!(of(Verdict::Synced, Verdict::Drifted), 1);
    assert_eq!(of(Verdict::Drifted, Verdict::Unknown), 3);
    assert_eq!(of(Verdict::Invalid, Verdict::Drifted), 3);
}

#[test]
fn an_app_without_a_row_was_not_judged() {
    assert_eq!(of_fleet(&fleet([]), &[id("a", "prod-eu")], false), 3);
}

#[test]
fn apps_that_were_not_asked_for_do_not_count() {
    let other = app(id("b", "prod-eu"), Verdict::Unknown);
    let asked = app(id("a", "prod-eu"), Verdict::Synced);
    assert_eq!(of_fleet(&fleet([asked, other]), &[id("a", "prod-eu")], false), 0);
}

#[test]
fn a_write_is_0_only_when_all_of_it_is_done_or_nothing_was_to_do() {
    let table = [
        (Outcome::Done, 0),
        (Outcome::Nothing, 0),
        (Outcome::Partly, 3),
        (Outcome::Failed, 3),
        (Outcome::Aborted, 3),
        (Outcome::Refused, 3),
    ];
    for (outcome, code) in table {
        assert_eq!(of_outcome(outcome), code, "{outcome:?}");
    }
}

#[test]
fn a_dry_run_says_1_when_it_would_change_something() {
    assert_eq!([of_dry_run(false, 0), of_dry_run(false, 2), of_dry_run(true, 2), of_dry_run(true, 0)], [0, 1, 3, 3]);
}
