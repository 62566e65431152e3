//! Sets of field paths; managedFields: who owns what since when.
//!
//! Owns the set algebra of structured-merge-diff's `fieldpath` and its JSON form, fieldsV1. Refuses values (paths
//! only) and schemas (a set says itself which steps it takes).

use jiff::Timestamp;
use serde_json::Value;

use crate::model::{FieldPath, Foreign};

/// The field manager every apply of ours is made under.
pub const MANAGER: &str = "driftdeck";

/// A set of field paths. A member is an owned path; members may lie below members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {}

impl Set {
    /// Adds a path.
    pub fn insert(&mut self, path: &FieldPath) {
        let _ = path;
    }

    /// Whether exactly this path is a member.
    pub fn contains(&self, path: &FieldPath) -> bool {
        let _ = path;
        false
    }

    /// Whether this path, or an ancestor that is a member with nothing below it, is a member.
    pub fn covers(&self, path: &FieldPath) -> bool {
        let _ = path;
        false
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        other.clone()
    }

    /// Members of this one only.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        other.clone()
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        other.clone()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// Members with no member below them, in order.
    pub fn leaves(&self) -> Vec<FieldPath> {
        Vec::new()
    }

    /// All members, parents before what lies below them.
    pub fn iter(&self) -> impl Iterator<Item = FieldPath> {
        Vec::new().into_iter()
    }

    /// Reads a fieldsV1 object.
    ///
    /// # Errors
    /// [`FieldsError`] when a step or the nesting is malformed.
    pub fn from_v1(value: &Value) -> Result<Self, FieldsError> {
        let _ = value;
        Ok(Self::default())
    }

    /// The fieldsV1 object.
    pub fn to_v1(&self) -> Value {
        Value::Object(serde_json::Map::new())
    }
}

/// Why a fieldsV1 object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A value is no object.
    #[error("fieldsV1 nests something that is no object")]
    NoObject,
    /// A key is none of `.`, `f:…`, `k:…`, `v:…`, `i:…`.
    #[error("fieldsV1 has a step that cannot be read")]
    BadStep,
    /// It nests deeper than any object may.
    #[error("fieldsV1 nests too deep")]
    TooDeep,
}

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

/// The entries of `metadata.managedFields`; malformed ones are left out.
pub fn managed(object: &Value) -> Vec<Entry> {
    let _ = object;
    Vec::new()
}

/// The Apply entry of `manager` on the main resource.
pub fn ours<'a>(entries: &'a [Entry], manager: &str) -> Option<&'a Entry> {
    entries
        .iter()
        .find(|entry| entry.manager.raw() == manager && entry.operation.raw() == "Apply" && entry.subresource.is_none())
}

/// The newest entry other than `but`'s Apply that contains the path, an ancestor that is a leaf, or something below it.
pub fn owner<'a>(entries: &'a [Entry], path: &FieldPath, but: &str) -> Option<&'a Entry> {
    let _ = (path, but);
    entries.first()
}
