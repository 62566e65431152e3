//! One object at one version, as the store keeps it: JSON bytes, no more of them than there are.
//!
//! Owns the form at rest and its ways out (a value, a get's bytes, a list's). A list sends objects without `apiVersion`
//! and `kind`, so they lie without them; labels are read where they lie; what many objects say alike in their
//! managedFields lies once for all. Refuses meaning.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::kinds::KindInfo;
use super::object;

/// One object at one version.
#[derive(Debug)]
pub(super) struct Stored {
    /// JSON without `apiVersion`, `kind` and the texts in `alike`.
    bytes: Box<[u8]>,
    /// Where in it `metadata.labels` is; empty where there are none.
    labels: Range<u32>,
    /// What other objects hold, too, and before which byte it belongs.
    alike: Box<[(u32, Arc<[u8]>)]>,
}

impl Stored {
    /// The object at version `rv`, whatever version it says itself.
    pub(super) fn new(object: &Value, rv: u64, texts: &mut Texts) -> Self {
        let mut form = Form { out: Vec::with_capacity(4096), labels: 0..0, alike: Vec::new(), texts };
        form.object(object, rv);
        Self { bytes: Box::from(form.out.as_slice()), labels: form.labels, alike: form.alike.into() }
    }

    /// Bytes that no other object holds.
    pub(super) fn weight(&self) -> usize {
        self.bytes.len()
    }

    /// JSON without `apiVersion` and `kind`.
    pub(super) fn bare(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 * self.bytes.len());
        self.write_from(0, &mut out);
        out
    }

    fn write_from(&self, start: usize, out: &mut Vec<u8>) {
        let mut from = start;
        for (at, text) in &self.alike {
            let at = usize::try_from(*at).unwrap_or(from);
            out.extend_from_slice(self.bytes.get(from..at).unwrap_or_default());
            out.extend_from_slice(text);
            from = at;
        }
        out.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
    }

    /// Its labels.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let place = usize::try_from(self.labels.start).ok().zip(usize::try_from(self.labels.end).ok());
        let text = place.and_then(|(start, end)| self.bytes.get(start..end)).filter(|text| !text.is_empty());
        text.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default()
    }

    /// The object with `kind` and `apiVersion`, as a get answers it.
    pub(super) fn value(&self, kind: &KindInfo) -> Value {
        let mut value: Value = serde_json::from_slice(&self.bare()).unwrap_or_default();
        object::put(&mut value, "apiVersion", kind.api_version().into());
        object::put(&mut value, "kind", (*kind.kind).into());
        if let Some(custom) = &kind.custom {
            custom.view(&mut value);
        }
        value
    }

    /// The same as bytes, without parsing where the kind is built in.
    pub(super) fn whole(&self, kind: &KindInfo) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 64);
        self.write(kind, &mut out);
        out
    }

    /// Appends the object as a get answers it.
    pub(super) fn write(&self, kind: &KindInfo, out: &mut Vec<u8>) {
        if kind.custom.is_some() {
            out.extend_from_slice(self.value(kind).to_string().as_bytes());
            return;
        }
        for part in ["{\"kind\":\"", &kind.kind, "\",\"apiVersion\":\"", &kind.api_version(), "\","] {
            out.extend_from_slice(part.as_bytes());
        }
        self.write_from(1, out);
    }

    /// Appends the object as a list holds it: built-in kinds without `kind` and `apiVersion`.
    pub(super) fn write_item(&self, kind: &KindInfo, out: &mut Vec<u8>) {
        if kind.custom.is_some() {
            self.write(kind, out);
        } else {
            self.write_from(0, out);
        }
    }
}

/// Texts that objects hold alike. The first to hold one keeps it for itself: most that are seen once stay alone.
#[derive(Debug, Default)]
pub(super) struct Texts {
    shared: HashMap<u64, Arc<[u8]>>,
    /// Hashes of what was seen once.
    once: HashSet<u64>,
    /// How many were shared when those that nobody holds any more were last thrown away.
    swept: usize,
}

impl Texts {
    /// Shorter ones cost more to share than they take.
    const LEAST: usize = 128;
    /// Memories of what was seen once, at most.
    const ONCE: usize = 64 * 1024;

    /// The text in everybody's memory; none where it is to be kept alone.
    fn share(&mut self, text: &[u8]) -> Option<Arc<[u8]>> {
        if text.len() < Self::LEAST {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(text);
        let hash = hasher.finish();
        if let Some(own) = self.shared.get(&hash) {
            return (**own == *text).then(|| own.clone());
        }
        if self.once.len() >= Self::ONCE {
            self.once.clear();
        }
        if self.once.insert(hash) {
            return None;
        }
        self.once.remove(&hash);
        if self.shared.len() > 2 * self.swept + 1024 {
            self.shared.retain(|_, own| Arc::strong_count(own) > 1);
            self.swept = self.shared.len();
        }
        let own: Arc<[u8]> = text.into();
        self.shared.insert(hash, own.clone());
        Some(own)
    }
}

/// JSON as it is written out.
struct Form<'t> {
    out: Vec<u8>,
    labels: Range<u32>,
    alike: Vec<(u32, Arc<[u8]>)>,
    texts: &'t mut Texts,
}

impl Form<'_> {
    fn object(&mut self, object: &Value, rv: u64) {
        self.out.extend_from_slice(format!("{{\"metadata\":{{\"resourceVersion\":\"{rv}\"").as_bytes());
        let metadata = object.get("metadata").and_then(Value::as_object).into_iter().flatten();
        for (key, value) in metadata.filter(|(key, _)| *key != "resourceVersion") {
            match (key.as_str(), value) {
                ("managedFields", Value::Array(entries)) => self.managed(entries),
                ("labels", _) => {
                    let start = self.member(key, value);
                    self.labels = place(start)..place(self.out.len());
                }
                _ => {
                    self.member(key, value);
                }
            }
        }
        self.out.push(b'}');
        let kept = |key: &str| !matches!(key, "apiVersion" | "kind" | "metadata");
        for (key, value) in object.as_object().into_iter().flatten().filter(|(key, _)| kept(key)) {
            self.member(key, value);
        }
        self.out.push(b'}');
    }

    /// The entries, with the sets that many objects hold alike left out of the bytes.
    fn managed(&mut self, entries: &[Value]) {
        self.out.extend_from_slice(b",\"managedFields\":[");
        for (n, entry) in entries.iter().enumerate() {
            self.out.extend_from_slice(if n == 0 { b"{" } else { b",{" });
            for (key, value) in entry.as_object().into_iter().flatten() {
                let value_at = self.member(key, value);
                if key == "fieldsV1"
                    && let Some(text) = self.texts.share(&self.out[value_at..])
                {
                    self.out.truncate(value_at);
                    self.alike.push((place(value_at), text));
                }
            }
            self.out.push(b'}');
        }
        self.out.push(b']');
    }

    /// Writes `"key":value` behind what is there; says where the value starts.
    fn member(&mut self, key: &str, value: &Value) -> usize {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.json(&key);
        self.out.push(b':');
        let start = self.out.len();
        self.json(value);
        start
    }

    /// A JSON value and a text are always written.
    fn json(&mut self, value: &impl serde::Serialize) {
        let _ = serde_json::to_writer(&mut self.out, value);
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(object: &Value, rv: u64) -> Stored {
        Stored::new(object, rv, &mut Texts::default())
    }

    #[test]
    fn an_object_at_rest_has_no_kind_and_the_version_of_its_write() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"labels": "no"},
            "metadata": {"name": "a", "resourceVersion": "3", "labels": {"b": "\"c\"", "d": "e"}},
        });
        let at_rest = stored(&object, 7);
        let read: Value = serde_json::from_slice(&at_rest.bare()).expect("JSON");
        let mut wanted = object.clone();
        wanted["metadata"]["resourceVersion"] = "7".into();
        object::take(&mut wanted, &["apiVersion"]);
        object::take(&mut wanted, &["kind"]);
        assert_eq!(read, wanted);
        let labels = [("b", "\"c\""), ("d", "e")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(at_rest.labels(), BTreeMap::from(labels), "labels are read where they lie");
        assert_eq!(stored(&json!({"metadata": {"name": "a"}}), 1).labels(), BTreeMap::new());
        assert_eq!(stored(&json!({}), 1).bare(), b"{\"metadata\":{\"resourceVersion\":\"1\"}}");
    }

    #[test]
    fn an_object_takes_little_more_than_its_json() {
        let labels: BTreeMap<String, String> = (0..20).map(|n| (format!("key-{n}"), format!("value-{n}"))).collect();
        let at_rest = stored(&json!({"metadata": {"name": "a", "labels": labels}}), 1);
        assert!(size_of_val(&at_rest) <= 40, "{} bytes beside the JSON", size_of_val(&at_rest));
        assert_eq!(at_rest.labels(), labels, "and the labels are no second copy");
    }

    #[test]
    fn what_objects_own_alike_lies_once_and_comes_out_where_it_belongs() {
        let wide: BTreeMap<String, Value> = (0..40).map(|n| (format!("f:key-{n}"), json!({}))).collect();
        let object = |name: &str| {
            let entry = |manager: &str, set: Value| json!({"manager": manager, "fieldsV1": set, "time": "now"});
            let entries = json!([entry("a", json!({"f:data": wide})), entry("b", json!({"f:own": {}})), {}]);
            json!({"metadata": {"name": name, "managedFields": entries, "uid": "u"}, "spec": {"a": 1}})
        };
        let mut texts = Texts::default();
        let all: Vec<Stored> =
            ["first", "second", "third"].map(|name| Stored::new(&object(name), 3, &mut texts)).into_iter().collect();
        for (name, at_rest) in ["first", "second", "third"].iter().zip(&all) {
            let mut wanted = object(name);
            wanted["metadata"]["resourceVersion"] = "3".into();
            let read: Value = serde_json::from_slice(&at_rest.bare()).expect("JSON");
            assert_eq!(read, wanted, "{name}");
        }
        assert!(all[2].weight() + 400 < all[0].weight(), "{} and {}", all[0].weight(), all[2].weight());
        assert!(Arc::ptr_eq(&all[1].alike[0].1, &all[2].alike[0].1), "one text for both");
        drop(all);
        texts.swept = 0;
        for n in 0..2_000 {
            let alone = "x".repeat(200 + n);
            texts.share(alone.as_bytes());
            texts.share(alone.as_bytes());
        }
        assert!(texts.shared.len() <= 1026, "what nobody holds is thrown away: {}", texts.shared.len());
    }
}
