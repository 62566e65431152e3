//! Sentences on rows: what must be read to its end is not cut at the edge.

use crate::model::Foreign;

use super::text::Line;

/// More than any screen shows.
const LINES: usize = 100;

/// A sentence on rows of at most so many cells, broken between words; a longer word is broken where the row ends.
/// Its own lines stay lines.
pub(super) fn wrapped(sentence: &Foreign, width: usize) -> Vec<Line> {
    let lines = sentence.raw().lines().take(LINES);
    lines.flat_map(|line| rows(line, width.max(1))).take(LINES).map(|row| Line::of(Foreign::new(row))).collect()
}

fn rows(sentence: &str, width: usize) -> Vec<String> {
    let (mut rows, mut left) = (vec![String::new()], width);
    for word in sentence.split_whitespace() {
        let is_first = left == width;
        if !is_first && cells(word) + 1 > left {
            rows.push(String::new());
            left = width;
        }
        let space = if left == width { "" } else { " " };
        for c in space.chars().chain(word.chars()) {
            let takes = unicode_width::UnicodeWidthChar::width(c).unwrap_or(1);
            if takes > left {
                rows.push(String::new());
                left = width;
            }
            left = left.saturating_sub(takes);
            rows.last_mut().into_iter().for_each(|row| row.push(c));
        }
    }
    rows
}

fn cells(word: &str) -> usize {
    word.chars().map(|c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words_and_a_long_word_where_the_row_ends() {
        for (sentence, width, wanted) in [
            ("images must be pinned", 21, vec!["images must be pinned"]),
            ("images must be pinned", 12, vec!["images must", "be pinned"]),
            ("a very-long-word", 6, vec!["a", "very-l", "ong-wo", "rd"]),
            ("", 6, vec![""]),
        ] {
            assert_eq!(rows(sentence, width), wanted, "{sentence} at {width}");
        }
    }
}
