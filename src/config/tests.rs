//! The config against a folder with one file per mistake, the sample, and the file on disk.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::model::{ClusterName, Credentials, Location, Policy};

mod disk;
mod good;
mod keep;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/configs")
}

fn read_text(text: &str) -> Result<Config, ConfigError> {
    parse(text, Path::new("c.toml"), Path::new("/home/ops"), Standing::Own)
}

/// Each file of the folder holds one mistake (or, by its name, many) and ends with what must be said of it:
/// `#! LINE: KEY: WHAT; CURE`.
#[test]
fn every_mistake_names_line_key_and_cure() {
    let (mut files, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(fixtures()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a file");
        let wanted: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("#! ")).map(|line| format!("c.toml:{line}")).collect();
        let error = read_text(&text).map(|_| name.clone()).expect_err("each file holds a mistake").to_string();
        let got: Vec<_> = error.lines().collect();
        if got != wanted || wanted.is_empty() {
            wrong.push(format!("@@ {name}\n{}", got.join("\n").replace("c.toml:", "#! ")));
        }
        assert!(!error.contains("hunter2"), "{name}: a secret is repeated: {error}");
        assert!(!error.chars().any(|c| c.is_control() && c != '\n'), "{name}: not printable: {error:?}");
        files += 1;
    }
    assert!(wrong.is_empty(), "said otherwise:\n{}", wrong.join("\n"));
    assert!(files >= 100, "the folder must not shrink: {files}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z\\[\\]{}=\"'#,. \n\\\\0-9-]{0,80}") {
        let _ = read_text(&text);
    }

    #[test]
    fn no_word_makes_a_rule_panic(word in any::<String>()) {
        let _ = (address::repository(&word), address::proxy(&word), revision::revision(&word), revision::path(&word));
        let _ = (names::app(&word), names::thing(&word), names::glob(&word), names::nearest(&word, ["revision"]));
        let _ = adhoc(Path::new(&word), &word, "default");
    }

    #[test]
    fn a_path_that_is_let_through_stays_below_the_root(word in "[a-z./~\\\\:\u{0}]{0,12}") {
        if let Ok(path) = revision::path(&word) {
            prop_assert!(path.split('/').all(|part| path.is_empty() || !matches!(part, "" | "." | ".." | ".git")));
        }
    }
}
