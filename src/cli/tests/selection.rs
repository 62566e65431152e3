//! Which apps a command is about.

use super::fleets::config;
use crate::cli::select::{Wanted, for_reading, for_writing};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `apps | clusters | namespace`, as on the command line; the ids, or the error's text.
fn pick(line: &str, write: bool, all: bool) -> Result<String, String> {
    let mut parts = line.split('|').map(str::trim);
    let apps = words(parts.next().unwrap_or_default());
    let clusters = words(parts.next().unwrap_or_default());
    let namespace = parts.next().filter(|text| !text.is_empty());
    let wanted = Wanted { apps: &apps, clusters: &clusters, namespace, all_clusters: all };
    let config = config();
    let found = if write { for_writing(&config, &wanted) } else { for_reading(&config, &wanted) };
    match found {
        Ok(ids) => Ok(ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        Err(error) => {
            assert_eq!(error.exit(), 2, "a wrong selection is a usage error: {error}");
            Err(error.to_string())
        }
    }
}

#[test]
fn reading_takes_names_globs_and_destinations() {
    let all = "payments@prod-eu payments@dev orders@prod-eu";
    let table = [
        ("", all),
        ("payments", "payments@prod-eu payments@dev"),
        ("payments@prod-eu", "payments@prod-eu"),
        ("payments@prod-*", "payments@prod-eu"),
        ("p* orders", all),
        ("*@dev", "payments@dev"),
        ("| dev", "payments@dev"),
        ("payments | prod-*", "payments@prod-eu"),
        ("| | orders", "orders@prod-eu"),
        ("orders orders", "orders@prod-eu"),
    ];
    for (line, ids) in table {
        assert_eq!(pick(line, false, false).as_deref(), Ok(ids), "{line:?}");
    }
}

#[test]
fn writing_a_name_with_several_destinations_is_refused_with_the_candidates() {
    let error = pick("payments", true, false).expect_err("two destinations");
    assert!(error.contains("payments@prod-eu payments@dev"), "the candidates are listed: {error}");
    assert!(error.contains("--all-clusters"), "the flag to add is named: {error}");
    assert!(pick("p*", true, false).is_err(), "a glob over names does not widen destinations");
}

#[test]
fn writing_takes_what_was_said_in_full() {
    let table = [
        ("orders", false, "orders@prod-eu"),
        ("payments@dev", false, "payments@dev"),
        ("payments@*", false, "payments@prod-eu payments@dev"),
        ("payments | dev", false, "payments@dev"),
        ("payments", true, "payments@prod-eu payments@dev"),
    ];
    for (line, all, ids) in table {
        assert_eq!(pick(line, true, all).as_deref(), Ok(ids), "{line:?}");
    }
}

#[test]
fn an_unknown_app_is_told_the_nearest_names() {
    let near = pick("payment", false, false).expect_err("no such app");
    assert!(near.contains("no app payment in the config") && near.contains("did you mean payments?"), "{near}");
    let far = pick("zzzzzz", false, false).expect_err("no such app");
    assert!(!far.contains("did you mean"), "nothing is near: {far}");
    let one_of_two = pick("orders nope", false, false).expect_err("one word fits nothing");
    assert!(one_of_two.contains("no app nope"), "{one_of_two}");
}

#[test]
fn an_app_that_is_elsewhere_is_said_to_be_there() {
    let error = pick("orders | dev", false, false).expect_err("orders is not on dev");
    assert!(error.contains("orders@prod-eu"), "{error}");
}

#[test]
fn a_bad_glob_is_named() {
    let error = pick("a[", false, false).expect_err("no glob");
    assert!(error.contains("bad glob a["), "{error}");
}

#[test]
fn words_of_the_command_line_are_shown_harmlessly() {
    let error = pick("a\u{1b}[2J", false, false).expect_err("no such app");
    assert!(!error.contains('\u{1b}'), "{error:?}");
}
