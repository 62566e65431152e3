//! The built-in rules, as the docs tell them.

use crate::diff::BUILT_IN;

#[test]
fn the_docs_name_every_built_in_rule_and_its_reason() {
    let page = include_str!("../../../docs/drift.md");
    let (_, table) = page.split_once("<!-- built-in rules").expect("the marked table");
    let (table, _) = table.split_once("<!-- end of built-in rules").expect("its end");
    let told: Vec<&str> = table.lines().filter(|line| line.starts_with("| `builtin:")).collect();
    let rules: Vec<String> = BUILT_IN.iter().map(|rule| format!("| `{}` | {} |", rule.place, rule.reason)).collect();
    assert_eq!(told, rules);
}
