//! What the terminal can show, read once from environment and flags; the screen itself reads no environment.

use jiff::tz::TimeZone;

use super::args::{Global, When};
use crate::engine;
use crate::model::Foreign;

/// The words that decide colours and glyphs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM`.
    pub term: String,
    /// `NO_COLOR`; not empty = no colours.
    pub no_color: String,
    /// The ASCII set instead of glyphs.
    pub ascii: bool,
}

impl Terminal {
    /// As this process finds it.
    #[must_use]
    pub fn find(global: &Global) -> Self {
        let word = |name: &str| std::env::var(name).unwrap_or_default();
        let term = word("TERM");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(word).into_iter().find(|locale| !locale.is_empty());
        let utf8 = locale.is_none_or(|locale| is_utf8(&locale));
        Self {
            no_color: if global.color == When::Never { "1".to_owned() } else { word("NO_COLOR") },
            colorterm: word("COLORTERM"),
            ascii: global.ascii || !utf8 || matches!(&*term, "linux" | "dumb"),
            term,
        }
    }
}

/// Where clock times are shown: the system's zone.
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::system()
}

/// Why commits cannot be pushed from here; `None` = they can.
#[must_use]
pub fn no_git() -> Option<Foreign> {
    (!engine::can_push()).then(|| Foreign::from("no git program on PATH: pin instead"))
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::is_utf8;

    #[test]
    fn only_a_utf8_locale_gets_glyphs() {
        for (locale, glyphs) in [("en_US.UTF-8", true), ("C.utf8", true), ("C", false), ("POSIX", false)] {
            assert_eq!(is_utf8(locale), glyphs, "{locale}");
        }
    }
}
