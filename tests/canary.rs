//! No value of a Secret leaves driftdeck: every shape a Secret can have, every command, every screen, every file that is
//! written, searched for planted values in every spelling; and every change of a Secret is still told, key by key.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "canary/hunt.rs"]
mod hunt;
#[allow(dead_code, reason = "each suite uses its own part of it")]
#[path = "support/road.rs"]
mod road;
#[path = "canary/shapes.rs"]
mod shapes;
#[allow(dead_code, reason = "each suite uses its own part of it")]
#[path = "support/stage.rs"]
mod stage;
#[allow(dead_code, reason = "each suite uses its own part of it")]
#[path = "support/terminal.rs"]
mod terminal;

#[path = "canary/binary.rs"]
mod binary;
#[path = "canary/engine.rs"]
mod engine;

use hunt::Hunt;
use shapes::{APPS, Act, SHAPES};

#[test]
fn there_are_enough_shapes_and_each_has_a_value_of_its_own() {
    assert!(SHAPES.len() >= 40, "{} shapes", SHAPES.len());
    let mut values: Vec<String> = SHAPES.iter().flat_map(shapes::values).collect();
    let count = values.len();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), count, "a value that is found says whose it is");
    assert!(SHAPES.iter().all(|shape| APPS.contains(&shape.app)), "each belongs to an app");
    assert!(SHAPES.iter().any(|shape| matches!(shape.act, Act::Delete)), "one is deleted by hand");
}

#[test]
fn a_planted_value_is_found_in_every_spelling() {
    let hunt = Hunt::of(["Cnry99gq\"x\nlong enough to be cut anywhere".to_owned()]);
    let raw = b"..Cnry99gq\"x\nlong enough to be cut anywhere..".to_vec();
    let json = serde_json::to_vec("Cnry99gq\"x\nlong enough to be cut anywhere").expect("JSON");
    let url = b"a=Cnry99gq%22x%0Along%20enough%20to%20be%20cut%20anywhere".to_vec();
    let mut spelled = vec![raw.clone(), json, url];
    for before in ["", "a", "ab"] {
        use base64::Engine as _;
        let inner = [before.as_bytes(), &raw[2..raw.len() - 2], b"tail"].concat();
        spelled.push(base64::engine::general_purpose::STANDARD.encode(&inner).into_bytes());
        spelled.push(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(inner).into_bytes());
    }
    for text in &spelled {
        assert!(!hunt.found(text).is_empty(), "{}", String::from_utf8_lossy(text));
    }
    assert!(hunt.found(b"Cnry98 and nothing else").is_empty());
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("state")).expect("a directory");
    std::fs::write(dir.path().join("state/driftdeck.log"), &spelled[1]).expect("written");
    assert_eq!(hunt.found_below(dir.path(), &[]).len(), 1, "a file that holds one is found");
}
