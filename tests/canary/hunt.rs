//! The search for planted values: raw, as JSON, YAML, Go and URLs escape them, in base64 at all three alignments.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Where base64 of a short value is only looked for whole: its middle would be found by chance.
const SHORT: usize = 8;

/// What is looked for.
pub struct Hunt {
    spelled: Vec<(String, Vec<u8>)>,
}

impl Hunt {
    /// Looks for these values.
    pub fn of(values: impl IntoIterator<Item = String>) -> Self {
        let mut spelled = Vec::new();
        for value in values {
            for bytes in spellings(&value) {
                spelled.push((value.chars().take(40).collect(), bytes));
            }
        }
        Self { spelled }
    }

    /// The values that stand in some bytes.
    pub fn found(&self, bytes: &[u8]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (value, spelled) in &self.spelled {
            if !found.contains(value) && memmem(bytes, spelled) {
                found.push(value.clone());
            }
        }
        found
    }

    /// The files below a directory that hold one, but those below the named directories.
    pub fn found_below(&self, dir: &Path, but: &[&Path]) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if but.contains(&path.as_path()) {
                continue;
            }
            if path.is_dir() {
                found.extend(self.found_below(&path, but));
            } else if let Ok(bytes) = std::fs::read(&path) {
                found.extend(self.found(&bytes).into_iter().map(|value| format!("{}: {value}", path.display())));
            }
        }
        found
    }
}

/// Whether `part` stands in `whole`.
fn memmem(whole: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return false };
    let mut rest = whole;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// All the ways in which a value may be written. A long one is looked for by its beginning and its end: it may be cut.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for part in parts(value) {
        let json = serde_json::to_string(part).expect("JSON");
        let url: String = part.bytes().map(url_byte).collect();
        out.extend([part.to_owned(), json[1..json.len() - 1].to_owned(), part.escape_default().to_string(), url]);
        out.extend(part.lines().filter(|line| line.len() >= SHORT).map(str::to_owned));
        if part.len() < SHORT {
            out.extend([STANDARD.encode(part), URL_SAFE.encode(part)]);
            continue;
        }
        for skip in 0..3 {
            // Whole groups of three bytes: what stands before and after moves only the ends.
            let inner = &part.as_bytes()[skip..];
            let inner = &inner[..inner.len() / 3 * 3];
            out.extend([STANDARD.encode(inner), URL_SAFE.encode(inner)]);
        }
    }
    out.sort();
    out.dedup();
    out.into_iter().map(String::into_bytes).collect()
}

fn parts(value: &str) -> Vec<&str> {
    let cut = |at: usize| (0..=at).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
    if value.len() <= 64 { vec![value] } else { vec![&value[..cut(24)], &value[cut(value.len() - 24)..]] }
}

fn url_byte(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
