//! One page: line 1, the list with its detail, what is asked, the footer, and what lies over it.

use crate::app::keymap::Place;
use crate::app::screen::{Overlay, Screen};
use crate::app::{Action, App, Binding};

use super::text::Line;

/// How much room there is (ux.md section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Below 80 columns.
    Narrow,
    /// 80 to 109.
    Mid,
    /// 110 and more.
    Wide,
}

impl Class {
    /// The class of that many columns.
    #[must_use]
    pub fn of(width: u16) -> Self {
        match width {
            110.. => Self::Wide,
            80..110 => Self::Mid,
            _ => Self::Narrow,
        }
    }
}

/// A column's width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// So many cells.
    Fixed(u16),
    /// A share of what is left.
    Flex(u16),
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Its width, the gap behind it included.
    pub width: Width,
    /// Right-aligned.
    pub right: bool,
}

/// A column of fixed width.
pub(super) fn fixed(title: &'static str, width: u16) -> Column {
    Column { title, width: Width::Fixed(width), right: false }
}

/// A column of fixed width, right-aligned.
pub(super) fn right(title: &'static str, width: u16) -> Column {
    Column { title, width: Width::Fixed(width), right: true }
}

/// A column that takes a share of what is left.
pub(super) fn flex(title: &'static str, share: u16) -> Column {
    Column { title, width: Width::Flex(share), right: false }
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Marked (`*`).
    pub marked: bool,
    /// Its cells, one per column; one more is drawn over the rest of the line.
    pub cells: Vec<Line>,
}

/// A list whose rows are built when they are drawn.
pub struct List<'a> {
    /// Its columns; without titles no head is drawn.
    pub columns: Vec<Column>,
    /// How many rows.
    pub len: usize,
    /// The row under the cursor.
    pub cursor: Option<usize>,
    /// Builds a row.
    pub row: Box<dyn Fn(usize) -> Row + 'a>,
    /// What is said when there is no row.
    pub empty: Vec<Line>,
}

impl Default for List<'_> {
    fn default() -> Self {
        Self { columns: Vec::new(), len: 0, cursor: None, row: Box::new(|_| Row::default()), empty: Vec::new() }
    }
}

/// More about the row under the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Its head, in a rule.
    pub title: Line,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Where it stands.
    pub stand: Stand,
}

/// Where a detail stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stand {
    /// Beside the list where there is room, else below it.
    Beside,
    /// Below the list, a few rows of it.
    #[default]
    Below,
    /// Below the list to its last row, at most half of the screen: words that must be read to their end.
    Whole,
}

/// A key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as printed.
    pub key: String,
    /// The verb.
    pub words: String,
}

/// A dialog over the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// Its first line.
    pub title: Line,
    /// What stands at the right of it.
    pub corner: Line,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Below a rule: what is asked and the buttons.
    pub ask: Vec<Line>,
}

/// A whole page.
#[derive(Default)]
pub struct Page<'a> {
    /// Line 1, left: where, and the worst counts.
    pub left: Line,
    /// Line 1, right: mode, connection, clock.
    pub right: Line,
    /// Below the first rule.
    pub intro: Vec<Line>,
    /// The list.
    pub list: List<'a>,
    /// Below the list: checks, options.
    pub after: Vec<Line>,
    /// More about the row under the cursor.
    pub detail: Detail,
    /// Above the footer: what is asked and the buttons.
    pub ask: Vec<Line>,
    /// The footer.
    pub hints: Vec<Hint>,
    /// A sentence that goes by itself.
    pub toast: Option<Line>,
    /// A dialog over it all.
    pub panel: Option<Panel>,
}

impl App {
    /// The page that is on screen, for that much room.
    #[must_use]
    pub fn page(&self, class: Class) -> Page<'_> {
        if let Some(Overlay::Help(field)) = &self.overlay {
            return self.help_page(field, class);
        }
        let mut page = match self.stack.last() {
            None => self.fleet_page(class),
            Some(Screen::Tree(screen)) => self.tree_page(screen, class),
            Some(Screen::Diff(screen)) => self.diff_page(screen, class),
            Some(Screen::History(screen)) => self.history_page(screen, class),
            Some(Screen::Plan(screen)) => self.plan_page(screen, class),
            Some(Screen::Run(screen)) => self.run_page(screen, class),
            Some(Screen::Revert(screen)) => self.revert_page(screen, class),
            Some(Screen::Clusters(screen)) => self.clusters_page(screen, class),
            Some(Screen::Errors(screen)) => self.errors_page(screen, class),
            Some(Screen::Activity(screen)) => self.activity_page(screen, class),
        };
        self.lay_over(&mut page);
        page
    }

    fn lay_over(&self, page: &mut Page<'_>) {
        page.hints = self.hints(self.place());
        page.toast = self.toasts.newest().map(|toast| Line::in_role(toast.role, toast.text.clone()));
        match &self.overlay {
            Some(Overlay::Filter(field)) => self.filter_lines(field, page),
            Some(Overlay::Command(field)) => page.panel = Some(self.command_panel(field)),
            Some(Overlay::Copy) => page.panel = Some(self.copy_panel()),
            Some(Overlay::Hold(field)) => page.panel = Some(self.hold_panel(field)),
            Some(Overlay::Help(_)) | None => {}
        }
    }

    /// The footer of a place: what is valid there now.
    pub(super) fn hints(&self, place: Place) -> Vec<Hint> {
        let hint = |binding: &Binding| Hint { key: binding.hint(), words: binding.words(place).to_owned() };
        let looks = |action| matches!(action, Action::Sync | Action::Revert);
        let valid = |binding: &&Binding| looks(binding.action) || self.why_not(binding.action).is_none();
        self.keymap.footer(place).filter(valid).map(hint).collect()
    }
}

/// Columns of a revert's cluster preview.
pub(super) fn plan_preview_columns(class: Class) -> Vec<Column> {
    match class {
        Class::Narrow => vec![fixed("", 2), flex("", 2), flex("", 1)],
        Class::Mid | Class::Wide => vec![fixed("ACT", 5), flex("OBJECT, FROM LIVE", 2), flex("WHY", 3)],
    }
}
