//! Where the two readers differ, by decision and with the reason. Strict: an entry that no text of the corpus needs is
//! to be taken out, and what no entry covers fails.

use driftdeck::yaml::{self, Budget};

use crate::reader::Said;

/// One class of texts on which they differ.
pub struct Class {
    pub name: &'static str,
    /// Whether a difference is of this class: the text, the words of our first error, and what Go said.
    covers: fn(text: &str, words: &str, go: &Said) -> bool,
    /// What may happen.
    how: How,
    pub why: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    /// Go reads, we refuse.
    WeRefuse,
    /// Go refuses, we read.
    GoRefuses,
    /// Both read, and we go on where Go stops.
    WeReadOn,
    /// Both read, and a manifest it is for neither.
    Otherwise,
}

/// All classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "duplicate keys",
        covers: |_, words, _| words == "a duplicate key",
        how: How::WeRefuse,
        why: "Go takes the last one, or any one where two keys only become the same text: nobody knows which was meant",
    },
    Class {
        name: "Unicode line breaks",
        covers: |_, words, _| words.starts_with("a Unicode line break"),
        how: How::WeRefuse,
        why: "line breaks in YAML 1.1, text in 1.2: an escape says which",
    },
    Class {
        name: "lone carriage returns",
        covers: |_, words, _| words.starts_with("a carriage return"),
        how: How::WeRefuse,
        why: "a line break to Go's parser and none to kubectl's splitter: a file that was converted twice",
    },
    Class {
        name: "---# at the top",
        covers: |_, words, _| words.starts_with("text right after the separator"),
        how: How::WeRefuse,
        why: "a comment to who wrote it, and text to Go",
    },
    Class {
        name: "? and : in brackets",
        covers: |_, words, _| words.starts_with("a plain `?` or `:`"),
        how: How::WeRefuse,
        why: "`[a:]` is the text `a:` to Go and a map to YAML 1.2; `{?a: 1}` has the key `a`, or `?a`",
    },
    Class {
        name: "- in brackets",
        covers: |_, words, _| words.starts_with("plain scalar cannot start with '-'"),
        how: How::WeRefuse,
        why: "`[-]` is a typing error in YAML 1.2 and text to Go",
    },
    Class {
        name: "byte order marks inside",
        covers: |text, _, _| text.char_indices().any(|(at, c)| at > 0 && c == '\u{feff}'),
        how: How::WeRefuse,
        why: "an invisible character in a value is nobody's wish; in quotes it is read",
    },
    Class {
        name: "comments that touch",
        covers: |_, words, _| words.starts_with("comments must be separated"),
        how: How::WeRefuse,
        why: "`'a'#b` is a comment to Go and an error to YAML, 1.1 and 1.2",
    },
    Class {
        name: "quoted lines to the left",
        covers: |_, words, _| words.starts_with("invalid indentation in multiline quoted"),
        how: How::WeRefuse,
        why: "quoted text that goes on left of its key is an error to YAML, 1.1 and 1.2",
    },
    Class {
        name: "tabs in continued lines",
        covers: |text, words, _| words.starts_with("a tab used as indentation") && text.contains('\t'),
        how: How::WeRefuse,
        why: "Go takes a tab for a space inside quotes and brackets",
    },
    Class {
        name: "text behind the document",
        covers: |_, _, go| go.drops,
        how: How::WeRefuse,
        why: "Go stops where the first node ends and drops the rest without a word",
    },
    Class {
        name: "odd tags",
        covers: |_, words, _| words.starts_with("while scanning a tag") || words.starts_with("while parsing a tag"),
        how: How::WeRefuse,
        why: "`!a,b` and `!!!x` are no tags in YAML 1.2",
    },
    Class {
        name: "\\' in double quotes",
        covers: |text, words, _| words.contains("unknown escape") && text.contains("\\'"),
        how: How::WeRefuse,
        why: "an escape that no YAML has",
    },
    Class {
        name: "block scalars at the margin",
        covers: |_, words, _| words.starts_with("simple key expected"),
        how: How::WeRefuse,
        why: "`|` below its key, not indented",
    },
    Class {
        name: "end marks",
        covers: |_, _, go| go.drops,
        how: How::WeReadOn,
        why: "Go drops what follows `...` without a word; we read it, or say that we cannot",
    },
    Class {
        name: "end marks first",
        covers: |text, _, _| text.lines().any(|line| line.starts_with("...")),
        how: How::GoRefuses,
        why: "an end mark without a document says nothing",
    },
    Class {
        name: "content on the separator",
        covers: |text, _, _| {
            text.lines().any(|line| line.starts_with("--- ") && !line[4..].trim_start().starts_with('#'))
        },
        how: How::GoRefuses,
        why: "valid YAML, which the API server reads; only kubectl's splitter does not",
    },
    Class {
        name: "directives",
        covers: |text, _, _| text.lines().any(|line| line.starts_with('%')),
        how: How::GoRefuses,
        why: "valid YAML, which the API server reads; only kubectl's splitter does not",
    },
    Class {
        name: "three bytes",
        covers: |text, _, _| text.starts_with('{') && (text.len() < 4 || text.trim_end().ends_with('#')),
        how: How::GoRefuses,
        why: "kubectl gives up on `{a}` and on `{} #` without a line end, which it reads as soon as there is one",
    },
    Class {
        name: "block scalars as documents",
        covers: |text, _, _| text.lines().any(|line| line.trim_start().starts_with(['|', '>'])),
        how: How::Otherwise,
        why: "no manifest; without indentation Go reads an empty text and drops the rest",
    },
];

/// Words of our reader's first error.
pub fn words(text: &str) -> String {
    let first = yaml::read(text.as_bytes(), &Budget::default()).into_iter().find_map(Result::err);
    first.map(|error| error.what).unwrap_or_default()
}

/// Whether both say the same. `Ok(Some)` = they differ as this class does; `Err` = they differ, and nobody decided so.
pub fn settle(text: &str, we: &Said, go: &Said) -> Result<Option<usize>, String> {
    let both_refuse = we.refused && go.refused && (we.docs.starts_with(&go.docs) || go.docs.starts_with(&we.docs));
    if both_refuse || (we.refused, &we.docs) == (go.refused, &go.docs) {
        return Ok(None);
    }
    let words = words(text);
    let fits = |how: How| match how {
        How::WeRefuse => we.refused && go.docs.starts_with(&we.docs),
        How::GoRefuses => go.refused && !we.refused && we.docs.starts_with(&go.docs),
        How::WeReadOn => !go.refused && we.docs.starts_with(&go.docs),
        How::Otherwise => !go.refused && !we.refused,
    };
    let class = CLASSES.iter().position(|class| fits(class.how) && (class.covers)(text, &words, go));
    class.map(Some).ok_or_else(|| format!("{text:?}\n  Go {go:?}\n  we {we:?} ({words})"))
}

/// Whether Go's own answer is one of several: it goes through a map in any order.
pub fn is_random(text: &str) -> bool {
    words(text) == "a duplicate key" || RANDOM.contains(&text)
}

/// Go merges `1` (or `y`, which is `true`) and keeps the text of it beside it; which of the two stays is chance. Ours is the
/// written one.
pub const RANDOM: [&str; 2] = ["c: {<<: {1: a}, '1': b}\n", "b: &b {y: 1}\nc: {<<: *b, 'true': 2}\n"];
