//! YAML as Kubernetes reads it: our reader held against kubectl's own, byte for byte.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "yaml/corpus.rs"]
mod corpus;
#[path = "support/programs.rs"]
mod programs;
#[path = "yaml/reader.rs"]
mod reader;
#[path = "yaml/structures.rs"]
mod structures;

use reader::{Go, ours};

#[test]
fn probe() {
    let Some(mut go) = Go::start() else { return };
    let texts = corpus::texts();
    let mut n = 0;
    for text in &texts {
        let (we, they) = (ours(text), go.says(text));
        if we != they {
            if !we.refused && they.refused || we.refused && they.refused && we.docs.starts_with(&they.docs) { continue }
            n += 1;
            let e = driftdeck::yaml::read(text.as_bytes(), &Default::default()).into_iter().find_map(Result::err).map(|e| e.what).unwrap_or_default();
            if !text.contains(['\u{85}', '\u{2028}', '\u{2029}']) { println!("{e:60} {text:?}"); }
            continue;
            println!("{text:?}\n   go {:?} {}\n   we {:?} {}", they.docs, they.refused, we.docs, we.refused);
        }
    }
    println!("{} texts, {n} differ", texts.len());
}
