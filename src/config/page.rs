//! A TOML text as tables that are taken key by key, each with its line.
//!
//! Owns lines, wrong types and unknown keys. What the keys mean is not known here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, Wrong, quoted};
use super::names;

/// More mistakes than anybody reads; the rest is left out.
const MOST_MISTAKES: usize = 100;

/// The text's lines, and what is wrong with it so far.
pub(super) struct Page {
    line_starts: Vec<usize>,
    mistakes: RefCell<Vec<Mistake>>,
    mistyped: RefCell<BTreeSet<String>>,
    count: Cell<usize>,
}

/// A value with the place it was written at.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    pub value: T,
    pub line: u32,
    pub key: String,
}

impl<T> Written<T> {
    /// Another value at the same place.
    pub(super) fn map<U>(self, with: impl FnOnce(T) -> U) -> Written<U> {
        Written { value: with(self.value), line: self.line, key: self.key }
    }
}

impl Page {
    pub(super) fn new(text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { line_starts, mistakes: RefCell::default(), mistyped: RefCell::default(), count: Cell::new(0) }
    }

    /// The whole text as a table; `None` where it is no TOML, and then every place where it is not has been noted.
    pub(super) fn table<'p>(&'p self, text: &'p str) -> Option<Section<'p>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(1, |span| self.line(&span));
            self.note(line, "", &Wrong::new(format!("not TOML: {}", error.message()), "see https://toml.io"));
        }
        errors.is_empty().then(|| Section::new(self, String::new(), 1, table.into_inner()))
    }

    /// Notes what is wrong with a value.
    pub(super) fn wrong<T>(&self, at: &Written<T>, wrong: &Wrong) {
        self.note(at.line, &at.key, wrong);
    }

    pub(super) fn note(&self, line: u32, key: &str, wrong: &Wrong) {
        self.count.set(self.count.get() + 1);
        if self.count.get() > MOST_MISTAKES {
            return;
        }
        let Wrong { what, cure } = wrong.clone();
        self.mistakes.borrow_mut().push(Mistake { line, key: key.to_owned(), what, cure });
    }

    /// Whether a key is there, but with a value of the wrong type: then it is not missing too.
    pub(super) fn is_mistyped(&self, key: &str) -> bool {
        self.mistyped.borrow().contains(key)
    }

    /// Everything noted, by line.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| mistake.line);
        if let (more @ 1.., Some(last)) = (self.count.get().saturating_sub(MOST_MISTAKES), mistakes.last()) {
            let what = format!("{more} mistakes more");
            mistakes.push(Mistake { line: last.line, key: String::new(), what, cure: "mend these first".to_owned() });
        }
        mistakes
    }

    fn line(&self, span: &Range<usize>) -> u32 {
        u32::try_from(self.line_starts.partition_point(|start| *start <= span.start)).unwrap_or(u32::MAX)
    }
}

/// One entry of a table that nobody has asked for yet.
struct Entry<'p> {
    key: String,
    line: u32,
    value: Spanned<DeValue<'p>>,
}

/// A table whose keys are taken out one by one; what is left at [`Section::finish`] is unknown.
pub(super) struct Section<'p> {
    page: &'p Page,
    /// Such as `apps[payments]`; empty for the root.
    pub place: String,
    /// Where it opens.
    pub line: u32,
    entries: Vec<Entry<'p>>,
    known: Vec<&'static str>,
}

impl<'p> Section<'p> {
    fn new(page: &'p Page, place: String, line: u32, table: DeTable<'p>) -> Self {
        let entry = |(key, value): (Spanned<_>, _)| {
            let line = page.line(&key.span());
            Entry { key: std::borrow::Cow::into_owned(key.into_inner()), line, value }
        };
        Self { page, place, line, entries: table.into_iter().map(entry).collect(), known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Written<Spanned<DeValue<'p>>>> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let Entry { line, value, .. } = self.entries.swap_remove(at);
        Some(Written { value, line, key: self.key(key) })
    }

    /// The full name of a key in here.
    pub(super) fn key(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// A text, if written.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Written<String>> {
        let written = self.take(key)?;
        self.as_text(written)
    }

    fn as_text(&self, written: Written<Spanned<DeValue<'p>>>) -> Option<Written<String>> {
        match written.value.as_ref() {
            DeValue::String(text) => {
                let text = text.clone().into_owned();
                Some(written.map(|_| text))
            }
            _ => self.wrong_type(&written, "text in quotes"),
        }
    }

    /// `true` or `false`, if written.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<Written<bool>> {
        let written = self.take(key)?;
        match written.value.as_ref().as_bool() {
            Some(flag) => Some(written.map(|_| flag)),
            None => self.wrong_type(&written, "true or false"),
        }
    }

    /// A list of texts, if written.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Written<Vec<Written<String>>>> {
        let written = self.take(key)?;
        if !written.value.as_ref().is_array() {
            return self.wrong_type(&written, "a list of texts");
        }
        let (line, key) = (written.line, written.key.clone());
        let mut texts = Vec::new();
        if let DeValue::Array(items) = written.value.into_inner() {
            for (n, item) in items.into_iter().enumerate() {
                let line = self.page.line(&item.span());
                texts.extend(self.as_text(Written { value: item, line, key: format!("{key}[{n}]") }));
            }
        }
        Some(Written { value: texts, line, key })
    }

    /// A table, if written.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'p>> {
        let written = self.take(key)?;
        if !written.value.as_ref().is_table() {
            return self.wrong_type(&written, "a table");
        }
        let DeValue::Table(table) = written.value.into_inner() else { return None };
        Some(Section::new(self.page, written.key, written.line, table))
    }

    /// The tables of a list, such as `[[apps]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'p>> {
        let Some(written) = self.take(key) else { return Vec::new() };
        let is_list =
            |value: &DeValue| value.as_array().is_some_and(|items| items.iter().all(|i| i.as_ref().is_table()));
        if !is_list(written.value.as_ref()) {
            self.wrong_type::<()>(&written, &format!("a list of tables: [[{key}]]"));
            return Vec::new();
        }
        let DeValue::Array(items) = written.value.into_inner() else { return Vec::new() };
        let mut sections = Vec::new();
        for (n, item) in items.into_iter().enumerate() {
            let line = self.page.line(&item.span());
            if let DeValue::Table(table) = item.into_inner() {
                sections.push(Section::new(self.page, format!("{}[{n}]", written.key), line, table));
            }
        }
        sections
    }

    fn wrong_type<T>(&self, at: &Written<Spanned<DeValue<'p>>>, wanted: &str) -> Option<T> {
        self.page.mistyped.borrow_mut().insert(at.key.clone());
        let what = format!("wrong type: {}", at.value.as_ref().type_str());
        self.page.wrong(at, &Wrong::new(what, format!("write {wanted}")));
        None
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        for entry in &self.entries {
            let cure = match names::nearest(&entry.key, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            let known = entry.key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            let key = if known && entry.key.len() <= 60 { entry.key.clone() } else { quoted(&entry.key) };
            self.page.note(entry.line, &self.key(&key), &Wrong::new("unknown key", cure));
        }
    }
}
