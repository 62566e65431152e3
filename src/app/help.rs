//! Help: every action, searched by its words, with its keys here and why it cannot be done now.

use super::App;
use super::action::Action;
use super::edit::LineEdit;
use super::keymap::Place;

/// Help on screen.
#[derive(Clone, Debug)]
pub struct Help {
    /// What is searched for.
    pub query: LineEdit,
    /// The screen that it was opened on.
    pub from: Place,
    /// The row under the cursor.
    pub row: usize,
}

/// One row of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    pub action: Action,
    pub keys: String,
    pub words: String,
    pub group: String,
    pub level: String,
    /// Valid on the screen that help was opened on.
    pub here: bool,
    /// Why it cannot be done now.
    pub why_not: Option<String>,
}

impl App {
    /// The rows that match, those valid here first, then those where a word begins so, each in the table's order.
    pub(super) fn help_rows(&self, help: &Help) -> Vec<HelpRow> {
        let plain = |row: &HelpRow| {
            self.keymap.binding(row.action).map(|binding| binding.plain_words().to_owned()).unwrap_or_default()
        };
        let query = help.query.text().to_lowercase();
        let row = |binding: &super::Binding| {
            let here = binding.on.contains(&help.from);
            let place = if here { help.from } else { binding.on.first().copied().unwrap_or(Place::Fleet) };
            HelpRow {
                action: binding.action,
                keys: binding.spelled(),
                words: binding.words(place).to_owned(),
                group: binding.group.clone(),
                level: binding.level.clone(),
                here,
                why_not: if here { self.why_not(binding.action) } else { Some(where_valid(binding)) },
            }
        };
        let mut rows: Vec<HelpRow> = self.keymap.bindings().iter().map(row).collect();
        rows.retain(|row| {
            let text = format!("{} {} {} {}", row.words, plain(row), row.action.name(), row.keys).to_lowercase();
            query.split_whitespace().all(|word| text.contains(word))
        });
        let begins = |row: &HelpRow| {
            let words = row.words.to_lowercase();
            query.split_whitespace().all(|part| words.split_whitespace().any(|word| word.starts_with(part)))
        };
        rows.sort_by_key(|row| (!row.here, !begins(row)));
        rows
    }
}

fn where_valid(binding: &super::Binding) -> String {
    let places: Vec<&str> = binding.on.iter().map(|place| place.name()).collect();
    format!("on {}", places.join(", "))
}
