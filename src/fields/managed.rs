//! `metadata.managedFields`: who owns what since when. Owns the reading of entries; refuses to judge managers.

use jiff::Timestamp;
use serde_json::Value;

use super::Set;
use crate::model::{FieldPath, Foreign};

/// One entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The field manager: a program.
    pub manager: Foreign,
    /// `Apply` or `Update`.
    pub operation: Foreign,
    /// `status`, `scale` or none.
    pub subresource: Option<Foreign>,
    /// The version the set is told in.
    pub api_version: Foreign,
    /// When the manager wrote last.
    pub time: Option<Timestamp>,
    /// What it owns.
    pub set: Set,
}

impl Entry {
    /// Whether it is `manager`'s Apply on the main resource.
    pub fn is_apply_of(&self, manager: &str) -> bool {
        self.manager.raw() == manager && self.operation.raw() == "Apply" && self.subresource.is_none()
    }
}

/// The entries of `metadata.managedFields`; malformed ones are left out.
pub fn managed(object: &Value) -> Vec<Entry> {
    let listed = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(entry).collect()
}

fn entry(value: &Value) -> Option<Entry> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let set = match value.get("fieldsV1") {
        Some(fields) => Set::from_v1(fields).ok()?,
        None => Set::default(),
    };
    Some(Entry {
        manager: text("manager").unwrap_or_default().into(),
        operation: text("operation")?.into(),
        subresource: text("subresource").filter(|name| !name.is_empty()).map(Foreign::from),
        api_version: text("apiVersion").unwrap_or_default().into(),
        time: text("time").and_then(|time| time.parse().ok()),
        set,
    })
}

/// The Apply entry of `manager` on the main resource.
pub fn ours<'a>(entries: &'a [Entry], manager: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.is_apply_of(manager))
}

/// The newest entry, other than `but`'s Apply, that contains the path or an ancestor with nothing below it; where there
/// is none (the leaf is absent), the newest that owns something below the path.
pub fn owner<'a>(entries: &'a [Entry], path: &FieldPath, but: &str) -> Option<&'a Entry> {
    let newest = |holds: &dyn Fn(&Set) -> bool| {
        entries.iter().filter(|entry| !entry.is_apply_of(but) && holds(&entry.set)).max_by_key(|entry| entry.time)
    };
    newest(&|set| set.covers(path)).or_else(|| newest(&|set| set.has_below(path)))
}
