//! JSON bodies as Go's decoders read them: their sentences for what is no JSON, and keys that stand twice.
//!
//! Refuses meaning: what the body should be is the caller's business.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A body that is no JSON, in Go's words.
pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| sentence(body, &error))
}

fn sentence(body: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let before: usize =
        body.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum();
    let odd = body.get(before + error.column().saturating_sub(1)).copied().map_or(' ', char::from);
    let odd = if odd.is_ascii_graphic() || odd == ' ' { odd.to_string() } else { format!("\\u{:04x}", u32::from(odd)) };
    let said = error.to_string();
    let place = [
        ("key must be a string", "looking for beginning of object key string"),
        ("expected `:`", "after object key"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("trailing characters", "after top-level value"),
    ];
    let place =
        place.iter().find(|(ours, _)| said.starts_with(ours)).map_or("looking for beginning of value", |own| own.1);
    format!("invalid character '{odd}' {place}")
}

/// What of a body stands in a sentence about it (`summarizeData`).
pub(super) fn summary(body: &[u8]) -> String {
    const MOST: usize = 30;
    let (start, more) = (&body[..body.len().min(MOST)], if body.len() > MOST { " ..." } else { "" });
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(start)),
        Some(_) => format!("{}{more}", start.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()),
    }
}

/// The paths of keys that stand twice, in order: `data.k`.
pub(super) fn duplicates(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let _ = Place { at: String::new(), found: &mut found }.deserialize(&mut reader);
    found
}

struct Place<'f> {
    at: String,
    found: &'f mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<String> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let at = if self.at.is_empty() { key.clone() } else { format!("{}.{key}", self.at) };
            if seen.contains(&key) {
                self.found.push(at.clone());
            }
            seen.push(key);
            map.next_value_seed(Place { at, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut n = 0;
        while items.next_element_seed(Place { at: format!("{}[{n}]", self.at), found: self.found })?.is_some() {
            n += 1;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_stand_twice_are_named_by_their_paths() {
        let twice = duplicates(br#"{"a":{"b":1,"b":2},"l":[{"c":1},{"c":1,"c":2}],"a":1}"#);
        assert_eq!(twice, ["a.b", "l[1].c", "a"]);
    }

    #[test]
    fn what_is_no_json_is_said_as_go_says_it() {
        let table = [
            ("{nonsense", "invalid character 'n' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":", "unexpected end of JSON input"),
            ("[1 2]", "invalid character '2' after array element"),
        ];
        for (text, wanted) in table {
            assert_eq!(read(text.as_bytes()).expect_err("no JSON"), wanted, "{text}");
        }
    }
}
