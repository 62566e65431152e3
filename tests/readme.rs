//! The README stays true: its picture is a rendered frame, its keys are the keymap's, its config and commands are read.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/answers.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod answers;
#[path = "support/cockpit.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod cockpit;
#[path = "support/fleet.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod fleet;

use std::fmt::Write as _;
use std::path::Path;

use cockpit::Cockpit;
use driftdeck::app::Keymap;
use driftdeck::{cli, config};

const README: &str = include_str!("../README.md");

/// What stands between `<!-- name: begin -->` and `<!-- name: end -->`.
fn section(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let rest = README.split_once(&begin).expect("a begin marker").1;
    rest.split_once(&end).expect("an end marker").0
}

/// The lines of a fenced block.
fn fenced<'t>(text: &'t str, language: &str) -> &'t str {
    let rest = text.split_once(&format!("```{language}\n")).expect("a fenced block").1;
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_picture_is_a_rendered_frame() {
    let frame = Cockpit::new(120, 36).text();
    let picture = fenced(section("picture"), "text");
    assert!(picture == frame, "README's picture must be this frame:\n{frame}");
}

/// The keymap by group, one row each.
fn keys() -> String {
    let mut table = String::from("| | |\n|---|---|\n");
    for group in ["move", "go", "look", "act", "dialog", "other"] {
        let keymap = Keymap::standard();
        let in_group = keymap.bindings().iter().filter(|binding| binding.group == group);
        let cells: Vec<String> = in_group
            .map(|binding| {
                let keys: Vec<String> = binding.spelled().split(", ").map(|key| format!("`{key}`")).collect();
                format!("{} {}", keys.join(" "), binding.plain_words())
            })
            .collect();
        let _ = writeln!(table, "| {group} | {} |", cells.join(" · "));
    }
    table
}

#[test]
fn the_keys_are_those_of_the_keymap() {
    let table = keys();
    assert!(section("keys") == table, "README's keys must be this table:\n{table}");
    for binding in Keymap::standard().bindings() {
        assert!(table.contains(binding.plain_words()), "{} has a group that is shown", binding.action.name());
    }
}

#[test]
fn the_config_is_five_lines_that_are_read() {
    let text = fenced(section("config"), "toml");
    assert_eq!(text.lines().count(), 5);
    let read = config::parse(text, Path::new("config.toml"), Path::new("/"), config::Standing::Own);
    let read = read.expect("no mistake in it");
    let ids: Vec<String> = read.apps.iter().map(|app| app.id.to_string()).collect();
    assert_eq!(ids, ["shop@staging"]);
}

#[test]
fn every_command_line_is_understood() {
    let lines: Vec<&str> = README.lines().filter(|line| line.starts_with("driftdeck ")).collect();
    assert!(lines.len() >= 10, "the README shows how driftdeck is called: {lines:?}");
    for line in lines {
        let typed = line.split("  ").next().expect("the part before the remark").trim();
        let words = typed.replace('"', "");
        let words = words.split_whitespace().map(std::ffi::OsString::from);
        assert!(cli::parse(words).is_ok(), "{typed} is a command line");
    }
}

#[test]
fn every_place_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named: Vec<&str> = section("places").split('`').skip(1).step_by(2).collect();
    assert!(named.len() >= 8, "{named:?}");
    for place in named {
        assert!(root.join(place).exists(), "{place} is named in the README");
    }
}

#[test]
fn the_page_about_drift_has_every_verdict_in_its_order() {
    let page = include_str!("../docs/drift.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(word, _)| word));
    let words: Vec<&str> = driftdeck::model::Verdict::ALL.iter().map(|verdict| verdict.word()).collect();
    assert_eq!(rows.take(words.len()).collect::<Vec<_>>(), words);
}

#[test]
fn the_page_about_drift_has_every_built_in_rule_with_its_reason() {
    let page = include_str!("../docs/drift.md");
    for rule in driftdeck::diff::BUILT_IN {
        let row = format!("| `{}` | {} |", rule.place, rule.reason);
        assert!(page.contains(&row), "docs/drift.md lacks the row {row}");
    }
}

#[test]
fn the_rust_that_is_asked_for_is_the_packages() {
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    assert!(README.contains(&format!("Rust {wanted}")), "Rust {wanted}, as Cargo.toml says");
}
