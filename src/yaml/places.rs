//! On which line each field of a YAML or JSON text stands.
//!
//! Owns lines, not values: a tree of keys and items beside the one that [`super::read`] gives. What stands behind an
//! alias has the alias' line; what a merge key brings in has no line of its own. Refuses texts over its budget: then it
//! knows of no place at all.

use granit_parser::{Event, Parser};

use super::split;

/// Texts larger than this have no places.
const BYTES: usize = 1 << 20;
/// Maps and lists inside one another.
const DEPTH: usize = 100;

/// One field or item: its line, and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// One-based, in the whole text: where its key stands, or the item begins.
    pub line: u32,
    keys: Vec<(String, Spot)>,
    items: Vec<Spot>,
}

impl Spot {
    /// The field under a key.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<&Self> {
        self.keys.iter().find(|(name, _)| name == key).map(|(_, spot)| spot)
    }

    /// The item at an index.
    #[must_use]
    pub fn item(&self, at: usize) -> Option<&Self> {
        self.items.get(at)
    }
}

/// The documents of a text, each with the line of its first node; one that cannot be read ends its part.
#[must_use]
pub fn places(text: &[u8]) -> Vec<Spot> {
    if text.len() > BYTES {
        return Vec::new();
    }
    let mut out = Vec::new();
    for part in split::parts(text) {
        let Ok((checked, first)) = part.check() else { continue };
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        let mut walk = Walk { first, stack: Vec::new() };
        for event in Parser::new_from_str_with_options(checked, options) {
            let Ok((event, span)) = event else { break };
            out.extend(walk.take(event, split::add(walk.first, span.start.line().saturating_sub(1))));
        }
    }
    out
}

/// A map or list that is not closed yet.
struct Open {
    spot: Spot,
    is_map: bool,
    key: Option<(String, u32)>,
}

struct Walk {
    first: u32,
    stack: Vec<Open>,
}

impl Walk {
    /// Takes one event in; a document's root comes out once it is closed.
    fn take(&mut self, event: Event, line: u32) -> Option<Spot> {
        match event {
            Event::Scalar(text, ..) => self.scalar(&text, line),
            Event::Alias(_) => self.close(Spot { line, ..Spot::default() }),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let is_map = matches!(event, Event::MappingStart(..));
                self.stack.push(Open { spot: Spot { line, ..Spot::default() }, is_map, key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.stack.pop()?;
                self.close(open.spot)
            }
            _ => None,
        }
    }

    fn scalar(&mut self, text: &str, line: u32) -> Option<Spot> {
        match self.stack.last_mut() {
            Some(open) if open.is_map && open.key.is_none() => {
                open.key = Some((text.to_owned(), line));
                None
            }
            _ => self.close(Spot { line, ..Spot::default() }),
        }
    }

    /// Puts a finished value into its parent.
    fn close(&mut self, spot: Spot) -> Option<Spot> {
        let Some(open) = self.stack.last_mut() else { return Some(spot) };
        if !open.is_map {
            open.spot.items.push(spot);
        } else if let Some((key, line)) = open.key.take() {
            open.spot.keys.push((key, Spot { line, ..spot }));
        } else {
            // A map, list or alias as a key: no field has that name.
            open.key = Some((String::new(), spot.line));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# a comment
kind: ConfigMap
data:
  a: 1
  \"b\": |
    two
    lines
---
kind: List
items:
- name: x
  spec: {replicas: 2, ports: [80,
    443]}
-
  name: y
  spec: &s
    k: v
- *s
";

    #[test]
    fn every_field_and_item_has_its_line() {
        let docs = places(TEXT.as_bytes());
        let lines: Vec<u32> = docs.iter().map(|doc| doc.line).collect();
        assert_eq!(lines, [2, 9]);
        let line = |spot: Option<&Spot>| spot.map(|spot| spot.line);
        assert_eq!(line(docs[0].key("data").and_then(|data| data.key("a"))), Some(4));
        assert_eq!(line(docs[0].key("data").and_then(|data| data.key("b"))), Some(5), "the key's line, not the text's");
        let items = docs[1].key("items").expect("items");
        let ports = items.item(0).and_then(|item| item.key("spec")?.key("ports"));
        assert_eq!(line(ports.and_then(|ports| ports.item(1))), Some(13), "flow style too");
        assert_eq!(line(items.item(1)), Some(15), "an item begins at its first key");
        assert_eq!(line(items.item(1).and_then(|item| item.key("spec")?.key("k"))), Some(17));
        assert_eq!(line(items.item(2)), Some(18), "an alias stands where it is used");
        assert_eq!(line(items.item(2).and_then(|item| item.key("k"))), None, "what it stands for is elsewhere");
    }

    #[test]
    fn the_documents_are_those_that_the_reader_has() {
        let read = crate::yaml::read(TEXT.as_bytes(), &crate::yaml::Budget::default());
        let lines: Vec<u32> = read.iter().flatten().map(|doc| doc.line).collect();
        assert_eq!(lines, places(TEXT.as_bytes()).iter().map(|doc| doc.line).collect::<Vec<_>>());
    }

    #[test]
    fn a_broken_or_huge_text_has_no_places() {
        assert!(places(b"a: [").is_empty());
        assert!(places(&vec![b' '; BYTES + 1]).is_empty());
        assert_eq!(places(b"a: 1\n---\nb: [\n---\nc: 3\n").len(), 2, "a broken document does not hide the others");
    }
}
