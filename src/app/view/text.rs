//! Lines made of spans. Every text is `Foreign`, ours included, so that nothing reaches a cell without the one escaping.

use crate::app::status::Role;
use crate::model::Foreign;

/// A piece of a line.
#[allow(
    clippy::struct_excessive_bools,
    reason = "four marks that may all stand on one piece; an enum could not say so"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text; escaped by `tui`.
    pub text: Foreign,
    /// Its colour's meaning.
    pub role: Role,
    /// Bold.
    pub strong: bool,
    /// A word that changed: underlined, or in brackets where there are no colours.
    pub word: bool,
    /// Reverse video: the focused button or field.
    pub focus: bool,
    /// The hardware cursor stands before it.
    pub caret: bool,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces, left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one plain text.
    pub fn of(text: impl Into<Foreign>) -> Self {
        Self::new().text(text)
    }

    /// A line of one text in a role.
    pub fn in_role(role: Role, text: impl Into<Foreign>) -> Self {
        Self::new().put(role, text)
    }

    /// Adds plain text.
    #[must_use]
    pub fn text(self, text: impl Into<Foreign>) -> Self {
        self.put(Role::Text, text)
    }

    /// Adds dim text.
    #[must_use]
    pub fn dim(self, text: impl Into<Foreign>) -> Self {
        self.put(Role::Dim, text)
    }

    /// Adds text in a role.
    #[must_use]
    pub fn put(mut self, role: Role, text: impl Into<Foreign>) -> Self {
        let text = text.into();
        self.spans.push(Span { text, role, strong: false, word: false, focus: false, caret: false });
        self
    }

    /// Adds bold text in a role.
    #[must_use]
    pub fn strong(self, role: Role, text: impl Into<Foreign>) -> Self {
        self.put(role, text).last(|span| span.strong = true)
    }

    /// Adds a word that changed.
    #[must_use]
    pub fn word(self, role: Role, text: impl Into<Foreign>) -> Self {
        self.put(role, text).last(|span| span.word = true)
    }

    /// Adds text in reverse video if `focused`.
    #[must_use]
    pub fn focus(self, focused: bool, text: impl Into<Foreign>) -> Self {
        self.text(text).last(|span| span.focus = focused)
    }

    /// Adds a text field's content; the hardware cursor stands at its caret when `active`.
    #[must_use]
    pub fn field(self, halves: (&str, &str), active: bool) -> Self {
        self.strong(Role::Text, halves.0).strong(Role::Text, halves.1).last(|span| span.caret = active)
    }

    /// Adds another line's pieces.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    fn last(mut self, change: impl FnOnce(&mut Span)) -> Self {
        if let Some(span) = self.spans.last_mut() {
            change(span);
        }
        self
    }
}
