//! JSON as kubectl reads it: a text that begins with `{` is tried as a stream of JSON objects first.
//!
//! Owns that door. Refuses nothing by itself but numbers out of range: what is not JSON, says a key twice or spends the
//! budget is read once more as YAML, which knows the place.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::scalar::json_number;
use super::{Budget, Doc, YamlError, split};

/// The objects of a stream, or `None` where it is to be read as YAML. Spends the budget only on success.
pub(super) fn read(bytes: &[u8], first_line: u32, left: &mut Budget) -> Option<Result<Vec<Doc>, YamlError>> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let (mut docs, mut rest) = (Vec::new(), text.trim_ascii_start());
    let (mut line, mut counted) = (first_line, 0);
    let spent = Spent { nodes: Cell::new(left.nodes), bytes: Cell::new(left.bytes) };
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        line = split::add(line, text[counted..at].matches('\n').count());
        counted = at;
        let mut reader = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
        if !rest.starts_with('{') || !matches!(reader.next(), Some(Ok(_))) {
            return None;
        }
        let (object, after) = rest.split_at(reader.byte_offset());
        match (Place { spent: &spent, depth: left.depth }).deserialize(&mut serde_json::Deserializer::from_str(object))
        {
            Ok(value) => docs.push(Doc { value, line }),
            Err(error) if error.to_string().starts_with("number out of range") => {
                let line = split::add(line, error.line().saturating_sub(1));
                return Some(Err(YamlError::new(line, split::add(0, error.column()), "a number out of range")));
            }
            Err(_) => return None,
        }
        rest = after.trim_ascii_start();
    }
    (left.nodes, left.bytes) = (spent.nodes.get(), spent.bytes.get());
    Some(Ok(docs))
}

/// What may still be spent.
struct Spent {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Spent {
    /// The words are for nobody: the YAML reader says it again.
    fn spend<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let (nodes, bytes) = (self.nodes.get().checked_sub(1), self.bytes.get().checked_sub(bytes));
        let (Some(nodes), Some(bytes)) = (nodes, bytes) else { return Err(E::custom("spent")) };
        self.nodes.set(nodes);
        self.bytes.set(bytes);
        Ok(())
    }
}

/// A place for one value, so many levels above the deepest.
#[derive(Clone, Copy)]
struct Place<'a> {
    spent: &'a Spent,
    depth: usize,
}

impl Place<'_> {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.spent.spend(0).map(|()| Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, yes: bool) -> Result<Value, E> {
        self.spent.spend(0).map(|()| yes.into())
    }

    fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Value, E> {
        self.spent.spend(0).map(|()| n.into())
    }

    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Value, E> {
        self.spent.spend(0).map(|()| n.into())
    }

    fn visit_f64<E: serde::de::Error>(self, f: f64) -> Result<Value, E> {
        self.spent.spend(0)?;
        json_number(f).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.spent.spend(text.len()).map(|()| text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        self.spent.spend(0)?;
        let (below, mut items) = (self.below()?, Vec::new());
        while let Some(item) = from.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        self.spent.spend(0)?;
        let (below, mut map) = (self.below()?, Map::new());
        while let Some(key) = from.next_key::<String>()? {
            self.spent.spend(key.len())?;
            if map.contains_key(&key) {
                return Err(A::Error::custom("twice"));
            }
            map.insert(key, from.next_value_seed(below)?);
        }
        Ok(Value::Object(map))
    }
}
