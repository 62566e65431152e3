//! The help page: every action of the keymap, searched, with why it cannot be done now.

use crate::app::App;
use crate::app::keymap::Place;
use crate::app::screen::HelpField;
use crate::app::status::Role;

use super::page::{Class, List, Page, Row, fixed, flex};
use super::text::Line;

impl App {
    pub(super) fn help_page<'a>(&'a self, field: &'a HelpField, class: Class) -> Page<'a> {
        let help = &field.0;
        let rows = self.help_rows(help);
        let count = format!("{} of {} actions", rows.len(), self.keymap.bindings().len());
        let left = Line::new().strong(Role::Text, format!("HELP · {}", help.from.name())).dim("   type to search");
        let search = Line::new().dim("search: ").field(help.query.halves(), true).dim(format!("   {count}"));
        let mut intro = vec![search];
        intro.extend(self.kubectl_lines());
        Page {
            left,
            right: Line::new().dim("Esc closes"),
            intro,
            list: List {
                columns: match class {
                    Class::Narrow => vec![fixed("", 12), flex("", 1)],
                    _ => vec![fixed("KEY", 16), fixed("ACTION", 28), fixed("LEVEL", 7), flex("NOT NOW, BECAUSE", 1)],
                },
                len: rows.len(),
                cursor: (!rows.is_empty()).then_some(help.row),
                row: Box::new(move |at| {
                    let Some(row) = rows.get(at) else { return Row::default() };
                    let role = if row.why_not.is_some() { Role::Dim } else { Role::Text };
                    let why = Line::new().dim(row.why_not.clone().unwrap_or_default());
                    let words = Line::in_role(role, row.words.clone());
                    let level = Line::new().dim(row.level.clone());
                    Row { marked: false, cells: vec![Line::new().strong(role, row.keys.clone()), words, level, why] }
                }),
                empty: vec![Line::of("no action is called that")],
            },
            hints: self.hints(Place::Help),
            ..Page::default()
        }
    }
}
