//! The reader against the answers of the Go library, the splitting, the budgets, and the writer's round trip.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SCALARS: &str = include_str!("../../tests/fixtures/yaml/go-scalars.jsonl");
const DOCUMENTS: &str = include_str!("../../tests/fixtures/yaml/go-documents.jsonl");

/// Where we read what `YAMLToJSON` refuses, and why that is right.
const MORE_THAN_GO: [&str; 6] = [
    "v: \"\\/\"\n",            // JSON's escape; kubectl reads JSON by another door
    "v: \"\\ud83d\\ude00\"\n", // JSON's surrogate pairs; likewise
    "{\"a\": 1, \"b\": [true, null, 1.0, 1e3, \"x\\/y\"]}\n",
    "a: \u{85}x\n", // YAML 1.2: no line breaks, but text
    "a: x\u{2028}y\n",
    "\ta: b\n", // a tab that indents nothing
];

/// Where Go reads what we refuse, by rule.
const LESS_THAN_GO: [&str; 1] = ["&x a: 1\n*x : 2\n"];

mod writing;

fn one(text: &str) -> Result<Value, YamlError> {
    let mut docs = read(text.as_bytes(), &Budget::default());
    assert!(docs.len() <= 1, "one document expected of {text:?}");
    docs.pop().unwrap_or(Ok(Doc { value: Value::Null, line: 0 })).map(|doc| doc.value)
}

fn what(text: &str) -> String {
    one(text).expect_err("must be refused").to_string()
}

/// Kubernetes reads JSON's `-0` as the integer 0.
fn without_negative_zero(value: Value) -> Value {
    match value {
        Value::Number(n) if n.as_f64() == Some(0.0) => 0.into(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, without_negative_zero(v))).collect(),
        other => other,
    }
}

fn against_go(table: &str) -> usize {
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (text, wanted): (String, Option<String>) = serde_json::from_str(line).expect("a pair");
        let wanted: Option<Value> =
            wanted.map(|json| serde_json::from_str(&json).expect("JSON")).map(without_negative_zero);
        let got = one(&text).ok();
        let differs = match (&got, &wanted) {
            (Some(_), None) => !MORE_THAN_GO.contains(&text.as_str()),
            (None, Some(_)) => !LESS_THAN_GO.contains(&text.as_str()),
            _ => got != wanted,
        };
        if differs {
            wrong.push(format!("{text:?}: Go {wanted:?}, we {got:?} ({:?})", one(&text).err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table.lines().count()
}

#[test]
fn every_scalar_means_what_go_says() {
    assert!(against_go(SCALARS) >= 300, "the corpus must not shrink");
}

#[test]
fn keys_merges_anchors_and_syntax_are_read_as_go_reads_them() {
    assert!(against_go(DOCUMENTS) >= 100, "the corpus must not shrink");
}

#[test]
fn a_duplicate_key_is_refused_with_its_line() {
    assert_eq!(what("a: 1\nb:\n  c: 1\n  c: 2\n"), "line 4, column 3: a duplicate key");
    assert_eq!(what("on: 1\n'true': 2\n"), "line 2, column 1: a duplicate key", "keys that become the same text");
    assert_eq!(what("{\"a\": 1, \"a\": 2}"), "line 1, column 10: a duplicate key", "JSON too");
}

#[test]
fn a_broken_document_hides_no_other_and_lines_are_those_of_the_file() {
    let text = "a: 1\n---\nb: [\n---\n# nothing\n---\n\nc: 3\n--- {d: 4}\n";
    let docs = read(text.as_bytes(), &Budget::default());
    let lines: Vec<_> = docs.iter().map(|doc| doc.as_ref().map_or_else(|error| error.line, |doc| doc.line)).collect();
    let ok: Vec<_> = docs.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, true]);
    assert_eq!((lines[0], lines[2], lines[3]), (1, 8, 9), "lines of the whole text");
    assert!((3..=4).contains(&lines[1]), "the fault is where the list stays open: {lines:?}");
}

#[test]
fn separators_are_lines_that_start_with_three_dashes() {
    let count = |text: &str| read(text.as_bytes(), &Budget::default()).len();
    assert_eq!(count("a: |\n  ---\n  x\n"), 1, "indented dashes are text");
    assert_eq!(count("---\n---\n# only words\n---\n"), 0, "empty documents are left out");
    assert_eq!(count("--- # first\na: 1\n---   \r\nb: 2\r\n"), 2);
    assert_eq!(count("%YAML 1.1\n---\na: 1\n---\nb: 2\n"), 2, "directives stay with their document");
    assert_eq!(count("a: 1\n...\nb: 2\n"), 2, "an end mark opens the next document too");
    assert!(what("---a: 1\n").contains("separator"));
}

#[test]
fn other_encodings_and_control_characters_are_refused_with_their_place() {
    let first = |bytes: &[u8]| read(bytes, &Budget::default()).remove(0).expect_err("refused");
    assert!(first(b"\xff\xfea\0:\0 \x001\0").what.contains("UTF-16"));
    let nul = first(b"a: 1\nb: x\0y\n");
    assert_eq!((nul.line, nul.column, nul.what.as_str()), (2, 5, "a NUL byte"));
    let latin = read(b"a: 1\n---\nb: caf\xe9\n", &Budget::default()).remove(1).expect_err("refused");
    assert_eq!((latin.line, latin.column, latin.what.as_str()), (3, 7, "not UTF-8"));
}

#[test]
fn errors_tell_no_value_of_the_document() {
    for text in [
        "password: hunter2\n  x: [\n",
        "password: \"hunter2\\q\"\n",
        "password: !!int hunter2\n",
        "password: !!binary hunter2*\n",
        "hunter2: 1\nhunter2: 2\n",
        "password: *hunter2\n",
        "password: @hunter2\n",
        "? [hunter2]\n: 1\n",
        "password: {{ hunter2 }}\n",
        "<<: hunter2\n",
        "!hunter2!x a: 1\n",
        "password: 'hunter2\n",
    ] {
        let error = one(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    assert_eq!(format!("{:?}", read(b"a: hunter2", &Budget::default())), "[Ok(Doc(line 1))]");
}

#[test]
fn bombs_stop_at_the_budget() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let refs = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(laughs, "a{n}: &a{n} [{refs}]").expect("written");
    }
    assert!(what(&laughs).contains("more than 500000 values"));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 20].join(", "));
    assert!(what(&long).contains("bytes"), "an alias costs the bytes it stands for");
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for n in 1..150 {
        writeln!(chain, "a{n}: &a{n} [*a{}]", n - 1).expect("written");
    }
    assert!(what(&chain).contains("nested deeper than 100"), "depth counts through aliases");
    assert!(what(&"[".repeat(20_000)).contains("nested deeper than 100"));
    assert!(what(&format!("a: {}", "- ".repeat(5_000))).len() < 200);
    assert!(what("a: &a [*a]\n").contains("inside what it stands for"));
}

#[test]
fn the_budgets_of_bytes_and_documents_have_names() {
    let small = Budget { bytes: 8, ..Budget::default() };
    assert!(read(b"a: 123456", &small)[0].as_ref().expect_err("too large").what.contains("8 bytes"));
    let few = Budget { documents: 2, ..Budget::default() };
    let docs = read(b"a: 1\n---\nb: 2\n---\nc: 3\n---\nd: 4\n", &few);
    assert_eq!(docs.len(), 3, "two documents and one error");
    assert_eq!(read(b"a: 1\n...\nb: 2\n...\nc: 3\n", &few).len(), 3, "end marks are no way around");
    assert_eq!(docs[2].as_ref().expect_err("spent").to_string(), "line 5, column 1: more than 2 documents");
}

#[test]
fn what_is_written_is_laid_out_as_kubectl_lays_it_out() {
    let object = json!({"spec": {"containers": [{"image": "a:1", "name": "api", "args": ["-v", "yes"], "ports": []}]},
        "kind": "Pod", "apiVersion": "v1", "data": {"x": "a\nb\n", "y": "0644"},
        "metadata": {"annotations": {"a/b": "1:30"}, "name": "p"}});
    let wanted = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n    a/b: \"1:30\"\nspec:\n  \
        containers:\n  - name: api\n    args:\n    - -v\n    - \"yes\"\n    image: a:1\n    ports: []\ndata:\n  \
        x: |\n    a\n    b\n  \"y\": \"0644\"\n";
    assert_eq!(write(&object), wanted);
}

#[test]
fn json_is_read_by_the_same_reader() {
    let long = "x ".repeat(4_000);
    let value = json!({"apiVersion": "v1", "items": [long, {"v": long}, true, null, -1.5e-7, "\u{1f600}\t"], "n": 0});
    assert_eq!(one(&value.to_string()).expect("one line"), value);
    assert_eq!(one(&serde_json::to_string_pretty(&value).expect("JSON")).expect("many lines"), value);
    assert_eq!(one(&serde_json::to_string_pretty(&value).expect("JSON").replace("  ", "\t")).expect("tabs"), value);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &Budget::default());
    }

    #[test]
    fn no_text_of_yaml_marks_makes_the_reader_panic(text in "[\\[\\]{}:,\\-?&*!|>'\"%@` \na0<.#\t]{0,60}") {
        let _ = read(text.as_bytes(), &Budget::default());
    }
}

/// A Secret with a canary in every value, and one more fault in it.
fn broken_secret() -> impl Strategy<Value = String> {
    const CANARY: &str = "hunter2";
    let value = prop_oneof![
        Just(format!("{CANARY}-plain")),
        Just(format!("\"{CANARY}\"")),
        Just(format!("'{CANARY}'")),
        Just(format!("|\n    {CANARY}\n    {CANARY}")),
        Just(format!("[{CANARY}, {{{CANARY}: {CANARY}}}]")),
        Just(format!("&{CANARY} x")),
        Just(format!("!{CANARY} x")),
    ];
    let marks = prop::sample::select(vec![
        "[",
        "{",
        "]",
        "}",
        "\"",
        "'",
        "*",
        "&",
        "!",
        "!!int ",
        "!!bool ",
        "!!binary ",
        "!!timestamp ",
        "%",
        "@",
        "`",
        "\t",
        ": ",
        "- ",
        "? ",
        "|9",
        "\\x",
        "\r",
        "\u{85}",
        "\u{feff}",
        "\u{1}",
        "<<: ",
        "\n",
        "\n   ",
        ",",
        "#",
        "---",
    ]);
    let keys = prop::collection::vec(value, 1..5);
    (keys, marks, any::<prop::sample::Index>()).prop_map(|(values, mark, at)| {
        let mut text = "apiVersion: v1\nkind: Secret\nstringData:\n".to_owned();
        for (n, value) in values.iter().enumerate() {
            writeln!(text, "  k{n}: {value}").expect("written");
        }
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text.insert_str(*at.get(&places), mark);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_error_over_a_broken_secret_tells_a_value_of_it_and_each_has_its_place(text in broken_secret()) {
        let lines = u32::try_from(text.lines().count()).expect("few");
        for error in read(text.as_bytes(), &Budget::default()).into_iter().filter_map(Result::err) {
            let said = format!("{error} {error:?}");
            prop_assert!(!said.contains("hunter") && !said.contains("unter2"), "{said}");
            prop_assert!((1..=lines + 1).contains(&error.line), "line {} of {lines}", error.line);
            prop_assert!(error.column >= 1 && !error.what.is_empty());
        }
    }
}

#[test]
fn each_budget_ends_with_its_own_name_at_its_place() {
    let default = Budget::default();
    let last = |text: &str, budget: Budget| {
        let error = read(text.as_bytes(), &budget).pop().expect("an answer").expect_err("spent");
        error.to_string()
    };
    for (json, yaml, budget, wanted) in [
        ("{\"a\": [1]}", "a:\n- 1\n", Budget { depth: 1, ..default }, "nested deeper than 1"),
        ("{\"a\": [1, 2]}", "a: [1, 2]\n", Budget { nodes: 4, ..default }, "more than 4 values or 16777216 bytes"),
        ("{\"a\": \"xxxx\"}", "a: xxxx\n", Budget { bytes: 4, ..default }, "larger than 4 bytes"),
        ("{\"a\":1}{\"b\":2}", "a: 1\n---\nb: 2\n", Budget { documents: 1, ..default }, "more than 1 documents"),
    ] {
        for text in [json, yaml] {
            let said = last(text, budget);
            assert!(said.contains(wanted) && said.starts_with("line "), "{text:?}: {said}");
        }
    }
    assert!(
        last("a: &a [xxxxxxxx]\nb: [*a, *a]\n", Budget { bytes: 30, ..default }).contains("bytes, aliases followed")
    );
}

#[test]
fn json_is_a_stream_of_objects_and_its_lines_are_those_of_the_file() {
    let docs = read(b"\n{\"a\": 1.0}\n{\"b\": \"\\/\xe2\x80\xa8\"} {\"c\": -0}\n", &Budget::default());
    let docs: Vec<_> = docs.into_iter().map(|doc| doc.map(|doc| (doc.line, doc.value)).expect("JSON")).collect();
    assert_eq!(docs, [(2, json!({"a": 1})), (3, json!({"b": "/\u{2028}"})), (3, json!({"c": 0}))]);
    assert_eq!(what("{\n\"a\": 1e400}"), "line 2, column 10: a number out of range");
}

#[test]
fn a_rule_of_reading_that_is_off_changes_the_reading() {
    use crate::model::{Rule, Without};
    let reading = |text: &str, rule| {
        let docs = read_without(text.as_bytes(), &Budget::default(), Without::rule(rule));
        docs.into_iter().map(|doc| doc.expect("readable").value).collect::<Vec<_>>()
    };
    let scalars = "[0644, yes, 0o17, 0x1F, 1_000, 1e3, ~, True, .5, 18446744073709551615, 1:30, '0644']\n";
    let core =
        json!([644, "yes", 15, 31, "1_000", 1000, null, true, 0.5, 18_446_744_073_709_551_615_u64, "1:30", "0644"]);
    assert_eq!(reading(scalars, Rule::Yaml11), [core], "the core schema of YAML 1.2");
    assert_eq!(
        reading("y: &a {b: 1}\nc: {<<: *a}\n", Rule::MergeKeys),
        [json!({"true": {"b": 1}, "c": {"<<": {"b": 1}}})]
    );
    assert_eq!(reading("a: 1\na: 2\n", Rule::DuplicateKeys), [json!({"a": 2})], "the last one wins");
    assert_eq!(reading("{\"a\": 1, \"a\": 2}\n", Rule::DuplicateKeys), [json!({"a": 2})], "in JSON too");
}
