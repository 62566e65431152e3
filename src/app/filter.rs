//! The fleet's filter: fuzzy words, `status: cluster: app: ns: is:`, `-` negates, `*` globs.

use crate::model::{AppRow, Fleet, Verdict};

use super::status::Status;

/// A parsed filter; the empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    key: Key,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Word,
    Status,
    Cluster,
    App,
    Namespace,
    Is,
}

/// The keys a filter may name, as shown beside the field.
pub const KEYS: [&str; 5] = ["status:", "cluster:", "app:", "ns:", "is:"];

/// A key that there is none of, and the nearest that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchFilter {
    pub typed: String,
    pub meant: &'static str,
}

impl Filter {
    /// Reads what was typed. An unfinished key (`status:`) matches everything.
    pub fn parse(text: &str) -> Result<Self, NoSuchFilter> {
        let terms = text.split_whitespace().map(term).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { terms: terms.into_iter().filter(|term| !term.text.is_empty()).collect() })
    }

    /// Whether every term holds.
    pub fn matches(&self, row: &AppRow, fleet: &Fleet) -> bool {
        self.terms.iter().all(|term| term.holds(row, fleet) != term.negated)
    }
}

fn term(word: &str) -> Result<Term, NoSuchFilter> {
    let (negated, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
    let (key, text) = match word.split_once(':') {
        None => (Key::Word, word),
        Some(("status", text)) => (Key::Status, text),
        Some(("cluster", text)) => (Key::Cluster, text),
        Some(("app", text)) => (Key::App, text),
        Some(("ns", text)) => (Key::Namespace, text),
        Some(("is", text)) => (Key::Is, text),
        Some((typed, _)) => return Err(NoSuchFilter { typed: format!("{typed}:"), meant: nearest(typed) }),
    };
    Ok(Term { negated, key, text: text.to_lowercase() })
}

fn nearest(typed: &str) -> &'static str {
    let shared = |key: &&str| typed.chars().filter(|c| key.contains(*c)).count();
    KEYS.iter().max_by_key(|key| shared(key)).unwrap_or(&"status:")
}

impl Term {
    fn holds(&self, row: &AppRow, fleet: &Fleet) -> bool {
        let text = self.text.as_str();
        match self.key {
            Key::Word if text.contains('*') => glob(text, &row.id.to_string()),
            Key::Word => fuzzy(text, &row.id.to_string()),
            Key::Status => is_status(text, row, fleet),
            Key::Cluster => glob(text, row.id.cluster.as_str()),
            Key::App => glob(text, &row.id.name),
            Key::Namespace => glob(text, row.namespace.raw()),
            Key::Is => is(text, row),
        }
    }
}

/// `status:` matches the word on screen and the verdict; `problem` = anything that is not synced.
fn is_status(text: &str, row: &AppRow, fleet: &Fleet) -> bool {
    let status = Status::of_app(row, fleet);
    let problem = row.verdict != Verdict::Synced && row.verdict != Verdict::Touched;
    let words = [status.word(), row.verdict.word()];
    words.iter().any(|word| word.starts_with(text) || glob(text, word)) || (problem && "problem".starts_with(text))
}

fn is(text: &str, row: &AppRow) -> bool {
    let facts = [
        ("protected", row.protected),
        ("paused", row.paused.is_some()),
        ("pinned", row.pinned.is_some()),
        ("stale", row.stale.is_some()),
        ("pending", row.counts.pending > 0),
    ];
    facts.iter().any(|(word, holds)| *holds && word.starts_with(text))
}

/// The letters of `needle` in that order, somewhere in `text`.
pub fn fuzzy(needle: &str, text: &str) -> bool {
    let mut letters = text.chars().flat_map(char::to_lowercase);
    needle.chars().flat_map(char::to_lowercase).all(|c| letters.any(|other| other == c))
}

/// `*` stands for any run of characters; linear in the text for each star.
pub fn glob(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_runs_and_nothing_else() {
        for (pattern, text, holds) in [
            ("prod-*", "prod-eu", true),
            ("*-eu", "prod-eu", true),
            ("p*d*u", "prod-eu", true),
            ("prod", "prod-eu", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), holds, "{pattern} on {text}");
        }
    }

    #[test]
    fn words_are_fuzzy_and_in_order() {
        assert!(fuzzy("pyeu", "payments@prod-eu"));
        assert!(!fuzzy("uep", "payments@prod-eu"), "letters count in their order");
    }

    #[test]
    fn a_mistyped_key_is_refused_with_the_one_that_was_meant() {
        let wrong = Filter::parse("statsu:drifted").expect_err("no such key");
        assert_eq!((wrong.typed.as_str(), wrong.meant), ("statsu:", "status:"));
    }
}
