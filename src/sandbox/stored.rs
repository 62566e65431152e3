//! One object at one version, as the store keeps it: JSON bytes, no more of them than there are.
//!
//! Owns the form at rest and its ways out (a value, a get's bytes, a list's). A list sends objects without `apiVersion`
//! and `kind`, so they lie without them; labels are read where they lie. Refuses meaning.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::kinds::KindInfo;
use super::object;

/// One object at one version.
#[derive(Debug)]
pub(super) struct Stored {
    /// JSON without `apiVersion` and `kind`.
    bytes: Box<[u8]>,
    /// Where in it `metadata.labels` is; empty where there are none.
    labels: Range<u32>,
}

impl Stored {
    /// The object at version `rv`, whatever version it says itself.
    pub(super) fn new(object: &Value, rv: u64) -> Self {
        let mut form = Form { out: Vec::with_capacity(4096), labels: 0..0 };
        form.object(object, rv);
        Self { bytes: Box::from(form.out.as_slice()), labels: form.labels }
    }

    /// JSON without `apiVersion` and `kind`.
    pub(super) fn bare(&self) -> &[u8] {
        &self.bytes
    }

    /// Its labels.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let place = usize::try_from(self.labels.start).ok().zip(usize::try_from(self.labels.end).ok());
        let text = place.and_then(|(start, end)| self.bytes.get(start..end)).filter(|text| !text.is_empty());
        text.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default()
    }

    /// The object with `kind` and `apiVersion`, as a get answers it.
    pub(super) fn value(&self, kind: &KindInfo) -> Value {
        let mut value: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
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
        out.extend_from_slice(self.bytes.get(1..).unwrap_or(b"}"));
    }

    /// Appends the object as a list holds it: built-in kinds without `kind` and `apiVersion`.
    pub(super) fn write_item(&self, kind: &KindInfo, out: &mut Vec<u8>) {
        if kind.custom.is_some() {
            self.write(kind, out);
        } else {
            out.extend_from_slice(&self.bytes);
        }
    }
}

/// JSON as it is written out.
struct Form {
    out: Vec<u8>,
    labels: Range<u32>,
}

impl Form {
    fn object(&mut self, object: &Value, rv: u64) {
        self.out.extend_from_slice(format!("{{\"metadata\":{{\"resourceVersion\":\"{rv}\"").as_bytes());
        let metadata = object.get("metadata").and_then(Value::as_object).into_iter().flatten();
        for (key, value) in metadata.filter(|(key, _)| *key != "resourceVersion") {
            let start = self.member(key, value);
            if key == "labels" {
                let at = |n: usize| u32::try_from(n).unwrap_or_default();
                self.labels = at(start)..at(self.out.len());
            }
        }
        self.out.push(b'}');
        let kept = |key: &str| !matches!(key, "apiVersion" | "kind" | "metadata");
        for (key, value) in object.as_object().into_iter().flatten().filter(|(key, _)| kept(key)) {
            self.member(key, value);
        }
        self.out.push(b'}');
    }

    /// Writes `,"key":value`; says where the value starts.
    fn member(&mut self, key: &str, value: &Value) -> usize {
        self.out.push(b',');
        self.json(&key);
        self.out.push(b':');
        let start = self.out.len();
        self.json(value);
        start
    }

    /// A value of serde_json's own and a text are always written.
    fn json(&mut self, value: &impl serde::Serialize) {
        let _ = serde_json::to_writer(&mut self.out, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_at_rest_has_no_kind_and_the_version_of_its_write() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"labels": "no"},
            "metadata": {"name": "a", "resourceVersion": "3", "labels": {"b": "\"c\"", "d": "e"}},
        });
        let stored = Stored::new(&object, 7);
        let read: Value = serde_json::from_slice(stored.bare()).expect("JSON");
        let mut wanted = object.clone();
        wanted["metadata"]["resourceVersion"] = "7".into();
        object::take(&mut wanted, &["apiVersion"]);
        object::take(&mut wanted, &["kind"]);
        assert_eq!(read, wanted);
        let labels = [("b", "\"c\""), ("d", "e")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(stored.labels(), BTreeMap::from(labels), "labels are read where they lie");
        assert_eq!(Stored::new(&json!({"metadata": {"name": "a"}}), 1).labels(), BTreeMap::new());
        assert_eq!(Stored::new(&json!({}), 1).bare(), b"{\"metadata\":{\"resourceVersion\":\"1\"}}");
    }

    #[test]
    fn an_object_takes_little_more_than_its_json() {
        let labels: BTreeMap<String, String> = (0..20).map(|n| (format!("key-{n}"), format!("value-{n}"))).collect();
        let stored = Stored::new(&json!({"metadata": {"name": "a", "labels": labels}}), 1);
        assert!(size_of_val(&stored) <= 32, "{} bytes beside the JSON", size_of_val(&stored));
        assert_eq!(stored.labels(), labels, "and the labels are no second copy");
    }
}
