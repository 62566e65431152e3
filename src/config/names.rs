//! Names: which ones may be given, which ones sound like production, which one was meant.

use globset::{Glob, GlobMatcher};

use super::mistake::{Wrong, quoted};

/// Longest app name: with `driftdeck.` before it and a number after it, it must fit a Kubernetes name and a label.
const LONGEST_APP: usize = 50;

/// Words that protect a cluster by default.
const PROTECTED: [&str; 4] = ["prod", "prd", "live", "production"];

/// Checks the name of an app: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 50.
pub(super) fn app(name: &str) -> Result<(), Wrong> {
    if is_label(name, LONGEST_APP) {
        return Ok(());
    }
    let cure = "write at most 50 of a-z, 0-9 and -, with a letter or digit at both ends";
    Err(Wrong::new(format!("bad app name {}", quoted(name)), cure))
}

/// Checks the name of a cluster or repository: it stands in messages, ids, file names and refs.
pub(super) fn thing(name: &str) -> Result<(), Wrong> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_ref = !name.contains("..") && !name.to_ascii_lowercase().ends_with(".lock");
    if bytes.len() <= 63 && bytes.iter().all(|b| inner(*b)) && ends(bytes.first()) && ends(bytes.last()) && is_ref {
        return Ok(());
    }
    let cure = "write at most 63 letters, digits, -, _ and ., with a letter or digit at both ends";
    Err(Wrong::new(format!("bad name {}", quoted(name)), cure))
}

/// Checks the name of a Kubernetes namespace (RFC 1123 label).
pub(super) fn namespace(name: &str) -> Result<(), Wrong> {
    if is_label(name, 63) {
        return Ok(());
    }
    let cure = "write at most 63 of a-z, 0-9 and -, with a letter or digit at both ends";
    Err(Wrong::new(format!("bad namespace {}", quoted(name)), cure))
}

fn is_label(name: &str, longest: usize) -> bool {
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= longest
        && bytes.iter().all(|b| alnum(*b) || *b == b'-')
        && bytes.first().is_some_and(|b| alnum(*b))
        && bytes.last().is_some_and(|b| alnum(*b))
}

/// Compiles a glob.
pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, Wrong> {
    if pattern.is_empty() || pattern.len() > 253 || pattern.chars().any(char::is_control) {
        return Err(Wrong::new(format!("bad glob {}", quoted(pattern)), "write a name, * and ? standing for any text"));
    }
    let wrong = |error: globset::Error| {
        Wrong::new(
            format!("bad glob {}: {}", quoted(pattern), error.kind()),
            "close brackets and braces, or leave them out",
        )
    };
    Ok(Glob::new(pattern).map_err(wrong)?.compile_matcher())
}

/// Whether a name has `prod`, `prd`, `live` or `production` as a word.
pub(super) fn sounds_protected(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| PROTECTED.iter().any(|protected| word.eq_ignore_ascii_case(protected)))
}

/// The candidate that was probably meant; `None` when nothing is near.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let distances = candidates.into_iter().map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate));
    let (far, candidate) = distances.min()?;
    (far <= (candidate.len() / 3).max(1)).then_some(candidate)
}

/// Edits between two words; neighbours changing places count as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
