//! Text from outside, and the only form of it a terminal may see.
//!
//! Owns the two types and the escaping between them. Refuses to let foreign text be printed by accident:
//! [`Foreign`] has no `Display`, and its `Debug` tells only the length.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Text from git, a cluster or a remote program, kept exactly as it came.
///
/// Rooms compare it and hand it on. Only `tui` and `cli` turn it into [`Shown`], at the last step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Foreign(Arc<str>);

impl Foreign {
    /// Keeps `text` as it is.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The exact text, for comparing and for writing back to where it came from; never for a terminal.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The first line only: what a subject or a one-line message needs.
    #[must_use]
    pub fn first_line(&self) -> Self {
        Self::new(self.0.lines().next().unwrap_or_default())
    }
}

impl From<&str> for Foreign {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Foreign {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Foreign({} bytes)", self.0.len())
    }
}

/// One line of text that is safe on a terminal: whatever could move the cursor, hide or reorder is a visible mark.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(String);

impl Shown {
    /// The harmless text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Foreign> for Shown {
    fn from(text: &Foreign) -> Self {
        Self(text.raw().chars().map(mark).collect())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The visible stand-in of a character that must not reach a terminal; every other character is itself.
///
/// C0 become their Unicode control pictures (newline included: one value is one line); DEL, C1, zero-width, bidi
/// and tag characters become `·` (`ux.md` section 8 says so of zero-width and bidi; a lone mark is enough to be seen).
fn mark(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('·'),
        '\u{7f}' => '\u{2421}',
        _ if is_hidden(c) => '·',
        _ => c,
    }
}

/// Whether `c` is invisible or reorders its neighbours: C1, zero-width, bidi controls, tags, variation selectors.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Shown::from(&Foreign::from(text)).to_string()
    }

    #[test]
    fn escape_sequences_become_visible_and_lose_their_power() {
        assert_eq!(shown("\u{1b}[2Jx"), "␛[2Jx", "ESC must never reach a terminal");
        assert_eq!(shown("a\rb\nc"), "a␍b␊c", "a value stays one line");
        assert_eq!(shown("\u{9b}31m"), "·31m", "C1 introduces sequences too");
    }

    #[test]
    fn text_that_reorders_or_hides_is_marked() {
        assert_eq!(shown("a\u{202e}b\u{200b}c\u{e0041}"), "a·b·c·");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        assert_eq!(shown("käse 日本 ✓ payments-api"), "käse 日本 ✓ payments-api");
    }

    #[test]
    fn debug_never_prints_the_text() {
        assert_eq!(format!("{:?}", Foreign::from("hunter2")), "Foreign(7 bytes)");
    }
}
