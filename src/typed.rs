//! Schema-aware walk, compare, merge, extract: what structured-merge-diff v6 is in Go.
//!
//! Owns the walks of a value beside its schema. Refuses to judge: who moved, what is noise and what to do about a
//! difference are the caller's. `None` for a node means that nothing is known of the kind.

mod compare;
mod delta;
mod form;
mod merge;
mod path;
mod prune;
mod quantity;
mod same;
mod sets;
mod subset;
mod terms;
#[cfg(test)]
mod tests;
mod update;

pub use compare::{compare, compare_with};
pub use delta::{Delta, changed};
pub use merge::merge;
pub use path::at;
pub use prune::{extract, remove};
pub use quantity::quantity_eq;
pub use sets::{applied_set, name_members, set_of};
pub use subset::{is_taken_apart, order_matters, reordered, subset};
pub use terms::{Terms, Told, Unconvertible};
pub use update::{Applied, Conflict, Refused, apply, update};

use serde_json::Value;

use crate::model::FieldPath;
use crate::schema::{Node, Shape};

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

/// One difference at the smallest unit that server-side apply can own. It holds plain values: no `Debug`.
#[derive(Clone, PartialEq)]
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

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.side, self.path)
    }
}

/// What a comparison may forgive, at every granular place. Atomic lists and maps are compared exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// `{}`, `[]`, `null` on one side and nothing on the other are equal.
    pub empty_is_absent: bool,
    /// What a typed server drops when it is zero is equal to nothing: `0`, `false`, `""`, `null`, empty lists and maps. An
    /// empty struct is none of these: `emptyDir: {}` says something.
    pub zero_is_absent: bool,
}

impl Leniency {
    /// Whether the value counts as nothing.
    fn forgives(self, node: Option<&Node>, value: &Value) -> bool {
        let empty = self.empty_is_absent || self.zero_is_absent;
        let is_map = || {
            let free = |node: &Node| node.fields().next().is_none();
            node.is_some_and(|node| matches!(node.shape(), Shape::Map | Shape::AtomicMap) && free(node))
        };
        match value {
            Value::Null => empty,
            Value::Array(items) => empty && items.is_empty(),
            Value::Object(map) => map.is_empty() && (self.empty_is_absent || (self.zero_is_absent && is_map())),
            Value::Bool(flag) => self.zero_is_absent && !flag,
            Value::Number(number) => self.zero_is_absent && number.as_f64() == Some(0.0),
            Value::String(text) => self.zero_is_absent && text.is_empty(),
        }
    }
}
