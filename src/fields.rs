//! Sets of field paths; managedFields: who owns what since when.
//!
//! Owns the set algebra of structured-merge-diff's `fieldpath` and its JSON form, fieldsV1 (KEP-555). Refuses values
//! (paths only) and schemas (a set says itself which steps it takes).

mod managed;
mod set;
#[cfg(test)]
mod tests;
mod v1;

pub use managed::{Entry, managed, ours, owner};
pub use set::{Set, StepKey, same_value};
pub use v1::FieldsError;

/// The field manager every apply of ours is made under.
pub const MANAGER: &str = "driftdeck";
