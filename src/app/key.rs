//! A key as the cockpit understands it, and its one spelling (`Ctrl-d`, `PgDn`, `g g`).
//! Refuses to know any terminal: `tui` translates.

use std::fmt;
use std::str::FromStr;

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character as typed; capitals carry their shift.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which.
    pub code: Code,
    /// With Ctrl.
    pub ctrl: bool,
}

const NAMES: [(&str, Code); 15] = [
    ("Enter", Code::Enter),
    ("Esc", Code::Esc),
    ("Tab", Code::Tab),
    ("Shift-Tab", Code::BackTab),
    ("Backspace", Code::Backspace),
    ("Del", Code::Delete),
    ("←", Code::Left),
    ("→", Code::Right),
    ("↑", Code::Up),
    ("↓", Code::Down),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PgUp", Code::PageUp),
    ("PgDn", Code::PageDown),
    ("Space", Code::Char(' ')),
];

impl Key {
    /// A key without Ctrl.
    #[must_use]
    pub fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A character without Ctrl.
    #[must_use]
    pub fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A letter with Ctrl.
    #[must_use]
    pub fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true }
    }

    /// The character that this key types into a text field.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, _) => Ok(()),
        }
    }
}

/// A word that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key is called {0:?}")]
pub struct NoSuchKey(pub String);

impl FromStr for Key {
    type Err = NoSuchKey;

    fn from_str(text: &str) -> Result<Self, NoSuchKey> {
        let (ctrl, name) = text.strip_prefix("Ctrl-").map_or((false, text), |rest| (true, rest));
        if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(Self { code: *code, ctrl });
        }
        let mut chars = name.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(Self { code: Code::Char(c), ctrl }),
            _ => Err(NoSuchKey(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_as_it_is_spelled() {
        for word in ["Enter", "Space", "Ctrl-d", "G", "PgDn", "?", "←", "Shift-Tab"] {
            let key: Key = word.parse().expect(word);
            assert_eq!(key.to_string(), word, "a key has one spelling");
        }
        assert!("Hyper-x".parse::<Key>().is_err(), "a word that is no key is refused");
    }
}
