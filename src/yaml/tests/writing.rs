//! What is written reads back as it was.

use super::*;

/// Every text of the Go corpus, and what else is read in two ways, survives as a value and as a key.
#[test]
fn no_text_changes_its_meaning_by_being_written() {
    let corpus = SCALARS.lines().chain(DOCUMENTS.lines()).map(|line| {
        let (text, _): (String, Value) = serde_json::from_str(line).expect("a pair");
        text.trim_start_matches("v: ").trim_end_matches('\n').to_owned()
    });
    let more = [
        "yes",
        "0644",
        "1:30",
        "null",
        "",
        " ",
        "a ",
        " a",
        "a\n",
        "\n",
        "a\n\n",
        "a\n b",
        "\ta",
        "a\tb\nc",
        "a\r\nb",
        "- a",
        "---",
        "--- a",
        "...",
        "a: b",
        "a #b",
        "a:",
        "x\u{85}y\nz",
        "\u{feff}",
        "x\u{2028}",
        "\u{1b}[2J",
        "a\n#b",
        "|",
        ">",
        "a\n---\nb",
        "a\n\n\nb",
        "a \nb",
        "%x",
        "!x",
        "&x",
        "*x",
        "'",
        "\"",
        "?",
        "? a",
        ":",
        "=",
        "@",
        "`",
        "{",
        "[a]",
        "\\",
        "\u{0}",
    ];
    for text in corpus.chain(more.map(str::to_owned)) {
        for value in [json!(text), json!({"v": text}), json!({text.as_str(): 1}), json!([[text], {"a": [{"b": text}]}])]
        {
            assert_eq!(one(&write(&value)).expect(&text), value, "{}", write(&value));
        }
    }
}

#[test]
fn a_key_longer_than_a_reader_looks_ahead_survives() {
    let value = json!({"a": {"k".repeat(2_000): {"b": [1]}, "l".repeat(2_000): "x\ny"}});
    assert_eq!(one(&write(&value)).expect("readable"), value);
}

fn any_value() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof![any::<String>(), "[ a:#\\-\n'\"0-9_.~!*&\t\\\\]{0,12}", "[-+]?[0-9_]{1,5}[.:eExob]?[0-9_]{0,4}",];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_filter("whole floats become integers", |f| f.fract() != 0.0).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_reads_back_equal(value in any_value()) {
        prop_assert_eq!(one(&write(&value)).map_err(|e| format!("{e}\n{}", write(&value))), Ok(value));
    }
}
