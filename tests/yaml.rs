//! YAML as Kubernetes reads it: our reader held against kubectl's own, byte for byte.
//!
//! `tests/fixtures/yaml/go-corpus.jsonl` holds what Go said of the corpus, for machines without Go; the ignored test
//! at the end writes it anew.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "yaml/corpus.rs"]
mod corpus;
#[path = "yaml/known.rs"]
mod known;
#[path = "support/programs.rs"]
mod programs;
#[path = "yaml/reader.rs"]
mod reader;
#[path = "yaml/spelling.rs"]
mod spelling;
#[path = "yaml/structures.rs"]
mod structures;

use std::collections::BTreeMap;

use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use reader::{Go, Said, ours};

/// `[text, documents, refused, drops]`, one a line.
const RECORD: &str = include_str!("fixtures/yaml/go-corpus.jsonl");

fn recorded() -> BTreeMap<String, Said> {
    let lines = RECORD.lines().map(|line| {
        let (text, docs, refused, drops) = serde_json::from_str(line).expect("a record");
        (text, Said { docs, refused, drops })
    });
    lines.collect()
}

/// Holds our reader to what Go said of the corpus; strict about the classes of differences.
fn hold(said: impl Fn(&str) -> Said) {
    let mut wrong = Vec::new();
    let mut needed = vec![false; known::CLASSES.len()];
    for text in corpus::texts() {
        match known::settle(&text, &ours(&text), &said(&text)) {
            Ok(Some(class)) => needed[class] = true,
            Err(why) if !known::is_random(&text) => wrong.push(why),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} texts mean something else to Go:\n{}", wrong.len(), wrong.join("\n"));
    let idle: Vec<_> = known::CLASSES.iter().zip(needed).filter(|(_, needed)| !needed).collect();
    let idle: Vec<_> = idle.into_iter().map(|(class, _)| (class.name, class.why)).collect();
    assert!(idle.is_empty(), "nothing needs these classes any more, take them out: {idle:?}");
}

#[test]
fn the_corpus_means_to_us_what_it_meant_to_go() {
    let recorded = recorded();
    let texts = corpus::texts();
    assert!(texts.len() >= 5_000, "the corpus must not shrink: {}", texts.len());
    assert_eq!(texts.len(), recorded.len(), "the record is of this corpus");
    hold(|text| recorded[text].clone());
}

#[test]
fn the_corpus_means_to_us_what_it_means_to_go_now() {
    let Some(go) = Go::start() else { return };
    let (go, recorded) = (std::cell::RefCell::new(go), recorded());
    hold(|text| {
        let said = go.borrow_mut().says(text);
        assert!(said == recorded[text] || known::is_random(text), "the record is stale: {text:?}");
        said
    });
}

/// Runs a property over texts, the same ones at every run.
fn for_all(cases: u32, texts: impl Strategy<Value = String>, mut property: impl FnMut(&str) -> Result<(), String>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let property = std::cell::RefCell::new(&mut property);
    let held = TestRunner::new_with_rng(config, rng)
        .run(&texts, |text| (*property.borrow_mut())(&text).map_err(TestCaseError::fail));
    if let Err(why) = held {
        panic!("{why}");
    }
}

#[test]
fn structures_mean_the_same_in_every_spelling() {
    let Some(mut go) = Go::start() else { return };
    let (mut all, mut read) = (0_u32, 0_u32);
    for_all(6_000, spelling::text(), |text| {
        let (we, they) = (ours(text), go.says(text));
        all += 1;
        read += u32::from(!they.refused);
        known::settle(text, &we, &they).map(drop)
    });
    assert!(read * 10 > all * 7, "most spellings must be YAML, or nothing is compared: {read} of {all}");
}

#[test]
fn texts_that_are_nearly_yaml_are_read_alike_or_refused_by_both() {
    let mut go = Go::start();
    for_all(6_000, spelling::broken(), |text| {
        let we = ours(text);
        match &mut go {
            Some(go) => known::settle(text, &we, &go.says(text)).map(drop),
            None => Ok(()),
        }
    });
}

#[test]
#[ignore = "writes the record"]
fn record_what_go_says() {
    let mut go = Go::start().expect("Go");
    let mut out = String::new();
    for text in corpus::texts() {
        let said = go.says(&text);
        out += &serde_json::to_string(&(text, said.docs, said.refused, said.drops)).expect("a record");
        out.push('\n');
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/yaml/go-corpus.jsonl");
    std::fs::write(file, out).expect("written");
}
