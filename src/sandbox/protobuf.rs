//! Bodies in Kubernetes' protobuf, which kubectl's typed commands send (`create`, `auth can-i`): read into JSON.
//!
//! Owns the reading, by the table `assets/openapi/protobuf.txt`. Refuses to write any: every client that sends protobuf
//! takes JSON back. Zeros of fields that are no pointers are left out, as Go's JSON leaves them out.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The content type.
pub(super) const TYPE: &str = "application/vnd.kubernetes.protobuf";

const TABLE: &str = include_str!("../../assets/openapi/protobuf.txt");
const MAGIC: &[u8] = b"k8s\0";
/// Messages within messages.
const DEPTH: usize = 40;

type Message = BTreeMap<u64, Field>;

#[derive(Clone, Copy, Debug)]
struct Field {
    /// `=` value, `?` optional, `*` list, `%` map, `^` inlined.
    form: char,
    name: &'static str,
    /// A letter of the table, or a message.
    what: &'static str,
}

static MESSAGES: LazyLock<BTreeMap<&'static str, Message>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (name, fields) = line.split_once(' ')?;
            Some((name, fields.split(' ').filter_map(field).collect()))
        })
        .collect()
});

fn field(text: &'static str) -> Option<(u64, Field)> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(at);
    let form = rest.chars().next()?;
    let (name, what) = rest.get(1..)?.split_once(':')?;
    Some((number.parse().ok()?, Field { form, name, what }))
}

/// One field on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The JSON of a body; `None` where it is no such body, or of a kind that the table does not have.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &b""[..]);
    for (number, wire) in fields(body.strip_prefix(MAGIC)?)? {
        match (number, wire) {
            (1, Wire::Bytes(meta)) => {
                for (number, wire) in fields(meta)? {
                    match (number, wire) {
                        (1, Wire::Bytes(bytes)) => version = text(bytes)?,
                        (2, Wire::Bytes(bytes)) => kind = text(bytes)?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (group, short) = version.split_once('/').unwrap_or(("core", &version));
    let package = group.split('.').next().unwrap_or_default();
    let name =
        if kind == "DeleteOptions" { "meta.v1.DeleteOptions".to_owned() } else { format!("{package}.{short}.{kind}") };
    let mut object = message(&name, raw, 0)?;
    object.insert("apiVersion".to_owned(), version.clone().into());
    object.insert("kind".to_owned(), kind.into());
    Some(Value::Object(object))
}

fn message(name: &str, bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let known = MESSAGES.get(name).filter(|_| depth < DEPTH)?;
    let mut object = Map::new();
    for (number, wire) in fields(bytes)? {
        let Some(field) = known.get(&number) else { continue };
        put(&mut object, field, &wire, depth)?;
    }
    Some(object)
}

fn put(object: &mut Map<String, Value>, field: &Field, wire: &Wire, depth: usize) -> Option<()> {
    if field.form == '%' {
        let Wire::Bytes(entry) = wire else { return None };
        let (mut key, mut value) = (String::new(), zero(field.what));
        for (number, wire) in fields(entry)? {
            match (number, wire) {
                (1, Wire::Bytes(bytes)) => key = text(bytes)?,
                (2, wire) => value = one(field.what, &wire, depth)?,
                _ => {}
            }
        }
        let map = object.entry(field.name).or_insert_with(|| json!({}));
        map.as_object_mut()?.insert(key, value);
        return Some(());
    }
    let value = one(field.what, wire, depth)?;
    match field.form {
        '*' => object.entry(field.name).or_insert_with(|| json!([])).as_array_mut()?.push(value),
        '^' => object.extend(value.as_object()?.clone()),
        '=' if is_zero(&value) => {}
        _ => {
            object.insert(field.name.to_owned(), value);
        }
    }
    Some(())
}

fn one(what: &str, wire: &Wire, depth: usize) -> Option<Value> {
    Some(match (what, wire) {
        ("i", Wire::Number(number)) => number.cast_signed().into(),
        ("b", Wire::Number(number)) => (*number != 0).into(),
        ("d", Wire::Number(number)) => f64::from_bits(*number).into(),
        ("s", Wire::Bytes(bytes)) => text(bytes)?.into(),
        ("y", Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        ("t" | "u", Wire::Bytes(bytes)) => time(bytes, what == "u")?,
        ("q", Wire::Bytes(bytes)) => match fields(bytes)?.into_iter().next() {
            Some((1, Wire::Bytes(bytes))) => text(bytes)?.into(),
            _ => "0".into(),
        },
        ("o", Wire::Bytes(bytes)) => int_or_text(bytes)?,
        ("r", Wire::Bytes(bytes)) => match fields(bytes)?.into_iter().next() {
            Some((1, Wire::Bytes(bytes))) => serde_json::from_slice(bytes).ok()?,
            _ => Value::Null,
        },
        (name, Wire::Bytes(bytes)) => {
            let mut read = message(name, bytes, depth + 1)?;
            // A named list type is a message of its items on the wire, and the list itself in JSON.
            let is_list = MESSAGES.get(name).is_some_and(|known| known.len() == 1) && name.ends_with("ExtraValue");
            if is_list { read.remove("items").unwrap_or_else(|| json!([])) } else { Value::Object(read) }
        }
        _ => return None,
    })
}

fn zero(what: &str) -> Value {
    match what {
        "s" | "y" => "".into(),
        "i" => 0.into(),
        "b" => false.into(),
        "q" => "0".into(),
        _ => Value::Null,
    }
}

fn is_zero(value: &Value) -> bool {
    value.is_null() || value == "" || value == 0 || value == false
}

fn int_or_text(bytes: &[u8]) -> Option<Value> {
    let (mut is_text, mut number, mut word) = (false, 0, String::new());
    for (at, wire) in fields(bytes)? {
        match (at, wire) {
            (1, Wire::Number(kind)) => is_text = kind == 1,
            (2, Wire::Number(read)) => number = read.cast_signed(),
            (3, Wire::Bytes(bytes)) => word = text(bytes)?,
            _ => {}
        }
    }
    Some(if is_text { word.into() } else { number.into() })
}

/// Null for Go's zero time, which is sent as an empty message.
fn time(bytes: &[u8], micros: bool) -> Option<Value> {
    let (mut seconds, mut nanos) = (None, 0);
    for (at, wire) in fields(bytes)? {
        match (at, wire) {
            (1, Wire::Number(read)) => seconds = Some(read.cast_signed()),
            (2, Wire::Number(read)) => nanos = i32::try_from(read).ok()?,
            _ => {}
        }
    }
    let Some(seconds) = seconds else { return Some(Value::Null) };
    let at = jiff::Timestamp::new(seconds, if micros { nanos } else { 0 }).ok()?;
    Some(if micros { format!("{at:.6}") } else { at.to_string() }.into())
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let wire = match tag & 7 {
            0 => Wire::Number(varint(&mut bytes)?),
            1 => Wire::Number(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                Wire::Bytes(take(&mut bytes, length)?)
            }
            5 => Wire::Number(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?).into()),
            _ => return None,
        };
        found.push((tag >> 3, wire));
    }
    Some(found)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).expect("short")], bytes].concat()
    }

    fn body(version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [part(1, version.as_bytes()), part(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), part(1, &meta), part(2, raw)].concat()
    }

    #[test]
    fn a_config_map_reads_as_its_json() {
        let entry = [part(1, b"k"), part(2, b"v")].concat();
        let empty = [part(1, b"e"), part(2, b"")].concat();
        let meta = [part(1, b"one"), part(3, b""), part(8, b"")].concat();
        let raw = [part(1, &meta), part(2, &entry), part(2, &empty), vec![4 << 3, 0]].concat();
        let wanted = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"k": "v", "e": ""},
            "immutable": false,
        });
        assert_eq!(read(&body("v1", "ConfigMap", &raw)), Some(wanted), "zeros go but where a pointer says them");
    }

    #[test]
    fn what_is_cut_or_unknown_is_none_and_never_a_panic() {
        let whole = body("v1", "ConfigMap", &part(1, &part(1, b"one")));
        assert!(read(&whole).is_some());
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        assert_eq!(read(&body("v1", "Nothing", b"")), None);
        assert_eq!(read(b"{}"), None);
    }

    #[test]
    fn every_message_that_a_field_names_is_in_the_table() {
        let letters = ["s", "y", "i", "b", "d", "t", "u", "q", "o", "r"];
        for (name, fields) in MESSAGES.iter() {
            for field in fields.values() {
                let known = letters.contains(&field.what) || MESSAGES.contains_key(field.what);
                assert!(known, "{name}.{} is a {}", field.name, field.what);
            }
        }
    }
}
