//! One line of typed text with a caret. Pasted control characters never enter it.

use super::key::{Code, Key};

/// A text field's content. The caret counts characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEdit {
    text: String,
    caret: usize,
}

const LONGEST: usize = 500;

impl LineEdit {
    /// A field that starts with `text`, the caret behind it.
    pub fn with(text: &str) -> Self {
        Self { text: text.to_owned(), caret: text.chars().count() }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before and behind the caret.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.byte(self.caret))
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        *self = Self::with(text);
    }

    /// Types a pasted text: its first line, without control characters.
    pub fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars() {
            self.insert(c);
        }
    }

    /// Takes a key; `false` where the key means nothing in a text field.
    pub fn press(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Char(c), false) => self.insert(c),
            (Code::Backspace, _) | (Code::Char('h'), true) => self.remove_before(),
            (Code::Delete, _) => self.remove_after(),
            (Code::Left, _) => self.caret = self.caret.saturating_sub(1),
            (Code::Right, _) => self.caret = (self.caret + 1).min(self.len()),
            (Code::Home, _) | (Code::Char('a'), true) => self.caret = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.caret = self.len(),
            (Code::Char('u'), true) => self.set(""),
            (Code::Char('w'), true) => self.remove_word(),
            _ => return false,
        }
        true
    }

    fn insert(&mut self, c: char) {
        if c.is_control() || self.len() >= LONGEST {
            return;
        }
        let at = self.byte(self.caret);
        self.text.insert(at, c);
        self.caret += 1;
    }

    fn remove_before(&mut self) {
        if self.caret > 0 {
            self.caret -= 1;
            self.remove_after();
        }
    }

    fn remove_after(&mut self) {
        let at = self.byte(self.caret);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    fn remove_word(&mut self) {
        let (before, after) = self.halves();
        let kept = before.trim_end().rfind(' ').map_or("", |at| &before[..=at]).to_owned();
        let text = format!("{kept}{after}");
        self.caret = kept.chars().count();
        self.text = text;
    }

    fn len(&self) -> usize {
        self.text.chars().count()
    }

    fn byte(&self, caret: usize) -> usize {
        self.text.char_indices().nth(caret).map_or(self.text.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_moves_by_characters_and_words_go_whole() {
        let mut edit = LineEdit::with("grün bald");
        assert!(edit.press(Key::ctrl('w')));
        assert_eq!(edit.text(), "grün ", "Ctrl-w takes the last word");
        for _ in 0..2 {
            edit.press(Key::plain(Code::Backspace));
        }
        assert_eq!(edit.text(), "grü", "backspace takes a character, not a byte");
    }

    #[test]
    fn a_paste_brings_no_control_character_and_one_line_only() {
        let mut edit = LineEdit::default();
        edit.paste("a\u{1b}[2Jb\nrm -rf");
        assert_eq!(edit.text(), "a[2Jb");
    }
}
