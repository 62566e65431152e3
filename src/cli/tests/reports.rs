//! The JSON of `status` and `diff`, held to the schema file that ships.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fleets::{app, fleet, id, reason};
use crate::cli::report::{Objects, report};
use crate::cli::screen::Colour;
use crate::cli::{json as written, status};
use crate::model::{Fleet, Location, ReasonCode, SourceSpec, Verdict};

const SCHEMA: &str = include_str!("../../../assets/schema/driftdeck-v1.json");

/// A small validator of the words that our schema uses. Whatever else it meets is a fault of the test.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (word, rule) in schema.as_object().into_iter().flatten() {
        let good = match word.as_str() {
            "$ref" => {
                let name = rule.as_str().and_then(|text| text.strip_prefix("#/$defs/")).expect("a local reference");
                check(root, &root["$defs"][name], value, at, faults);
                !root["$defs"][name].is_null()
            }
            "const" => rule == value,
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "type" => rule.as_array().map_or_else(|| is(rule, value), |any| any.iter().any(|one| is(one, value))),
            "anyOf" => rule.as_array().is_some_and(|any| any.iter().any(|one| faults_of(root, one, value).is_empty())),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{at}[{n}]"), faults);
                }
                true
            }
            "required" => {
                rule.as_array().into_iter().flatten().all(|key| value.get(key.as_str().unwrap_or("")).is_some())
            }
            "properties" => {
                for (key, within) in value.as_object().into_iter().flatten() {
                    match rule.get(key) {
                        Some(rule) => check(root, rule, within, &format!("{at}.{key}"), faults),
                        None => faults.push(format!("{at}.{key}: not in the schema")),
                    }
                }
                true
            }
            "additionalProperties" => *rule == json!(false),
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" => true,
            other => panic!("the validator has no word {other}"),
        };
        if !good {
            faults.push(format!("{at}: {word} {rule} does not hold"));
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("null") => value.is_null(),
        other => panic!("the validator has no type {other:?}"),
    }
}

fn faults_of(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(root, schema, value, "$", &mut faults);
    faults
}

fn faults(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    faults_of(&schema, &schema, value)
}

fn told(fleet: &Fleet, objects: Objects) -> Value {
    let asked: Vec<_> = fleet.apps.iter().map(|app| app.id.clone()).collect();
    let text = written::pretty(&report(fleet, &asked, objects)).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

fn sample() -> Fleet {
    let mut lost = app(id("lost", "prod-eu"), Verdict::Unknown);
    lost.reason = Some(reason(ReasonCode::GitAuth));
    lost.desired = None;
    lost.deployed = None;
    lost.paused = None;
    lost.source.spec = SourceSpec { location: Location::Dir { path: "/srv/deploy".into() } };
    fleet([app(id("payments", "prod-eu"), Verdict::Drifted), lost])
}

#[test]
fn the_output_is_what_the_schema_says() {
    for objects in [Objects::All, Objects::Differing] {
        assert_eq!(faults(&told(&sample(), objects)), Vec::<String>::new());
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let mut value = told(&sample(), Objects::All);
    value["apps"][0]["verdict"] = json!("fine");
    value["apps"][1]["extra"] = json!(1);
    value["clusters"][0]["name"] = json!(null);
    assert_eq!(faults(&value).len(), 3, "a test that cannot fail is worth nothing: {:?}", faults(&value));
}

#[test]
fn the_schema_lists_every_reason_and_every_verdict() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let codes: Vec<Value> = ReasonCode::ALL.iter().map(|code| json!(code)).collect();
    assert_eq!(schema["$defs"]["reason"]["properties"]["code"]["enum"], Value::Array(codes));
    let verdicts: Vec<Value> = Verdict::ALL.iter().map(|verdict| json!(verdict.word())).collect();
    assert_eq!(schema["$defs"]["verdict"]["enum"], Value::Array(verdicts));
}

#[test]
fn masked_and_cut_values_say_only_that() {
    let finding = &told(&sample(), Objects::All)["apps"][0]["resources"][0]["findings"][0];
    assert_eq!(finding["git"], json!({ "masked": true, "changed": true, "bytes": 21 }));
    assert_eq!(finding["was"], json!({ "cut": true, "bytes": 5000 }));
    assert_eq!(finding["live"], json!(5), "a plain value is itself");
}

#[test]
fn a_finding_says_when_how_sure_and_which_line_of_git() {
    let finding = &told(&sample(), Objects::All)["apps"][0]["resources"][0]["findings"][0];
    assert_eq!(finding["by"]["after"], "2026-01-01T00:00:00Z", "the lower end of a gap");
    assert_eq!(finding["by"]["precision"], "bound");
    let declared = &finding["declared"];
    assert_eq!((&declared["file"], &declared["line"]), (&json!("apps/payments/api.yaml"), &json!(46)));
    assert!(declared["commit"].is_string() && declared["author"].is_string() && declared["time"].is_string());
}

#[test]
fn keys_stand_in_the_order_of_the_product_page() {
    let fleet = sample();
    let text = written::line(&report(&fleet, &[id("payments", "prod-eu")], Objects::All)).expect("JSON");
    let start = r#"{"schema":"driftdeck/v1","generated_at":"2026-01-01T00:00:00Z","clusters":[{"name":"prod-eu","state":"connected","#;
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn only_the_clusters_of_the_apps_asked_for_are_told() {
    let fleet = sample();
    let value = told(&fleet, Objects::All);
    assert_eq!(value["clusters"].as_array().map(Vec::len), Some(1), "nothing asked for lives on dev");
}

#[test]
fn diff_leaves_out_what_is_synced() {
    let mut row = app(id("payments", "prod-eu"), Verdict::Drifted);
    row.resources.push(Arc::new(super::fleets::row(Verdict::Synced)));
    let fleet = fleet([row]);
    let count = |objects| told(&fleet, objects)["apps"][0]["resources"].as_array().map(Vec::len);
    assert_eq!((count(Objects::All), count(Objects::Differing)), (Some(2), Some(1)));
}

#[test]
fn nothing_that_a_terminal_obeys_is_in_any_format() {
    let fleet = sample();
    let asked: Vec<_> = fleet.apps.iter().map(|app| app.id.clone()).collect();
    let json = written::pretty(&report(&fleet, &asked, Objects::All)).expect("JSON");
    let value = serde_json::to_value(report(&fleet, &asked, Objects::All)).expect("JSON");
    let yaml = crate::yaml::write(&value);
    let table = status::table(&fleet, &asked, true, Colour(false));
    for text in [&json, &yaml, &table] {
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || crate::model::is_hidden(*c));
        assert_eq!(bad, None, "{text}");
    }
    let back = crate::yaml::read(yaml.as_bytes(), &crate::yaml::Budget::default());
    assert_eq!(back.into_iter().next().and_then(Result::ok).map(|doc| doc.value), Some(value), "YAML is lossless");
}

#[test]
fn the_table_is_aligned_and_names_who() {
    let fleet = fleet([app(id("payments", "prod-eu"), Verdict::Drifted)]);
    let table = status::table(&fleet, &[id("payments", "prod-eu")], true, Colour(false));
    let expected = "\
APP               VERDICT  HEALTH   CHANGES  DESIRED  DEPLOYED  NOTE
payments@prod-eu  drifted  healthy  ~1       9f31c2a  9f31c2a   paused by ana: night

payments@prod-eu
OBJECT              NAMESPACE  VERDICT  HEALTH   NOTE
Deployment/api␛[2J  payments   drifted  healthy  spec.replicas by kubectl-edit
";
    assert_eq!(table, expected, "columns are aligned by what a terminal shows");
}

#[test]
fn colour_is_there_only_when_it_is_asked_for() {
    let fleet = sample();
    let asked = [id("payments", "prod-eu")];
    assert!(status::table(&fleet, &asked, true, Colour(true)).contains("\u{1b}[33mdrifted\u{1b}[0m"));
    assert!(!status::table(&fleet, &asked, true, Colour(false)).contains('\u{1b}'));
}
