//! OpenAPI v3 → what a field is.
//!
//! Owns the reading of a server's schema documents as server-side apply reads them (kube-openapi `schemaconv`): which
//! list is atomic, a set or a map by which keys, which map is atomic, what a scalar means, what its default is. Refuses
//! validation: a schema here says how to walk an object, not whether the object is right.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Digest, Gvk};

/// The schemas of one server, by group, version and kind. Cheap to clone.
#[derive(Clone, Default)]
pub struct Schemas {}

impl Schemas {
    /// Takes in one `/openapi/v3` document of a group-version; a kind that is there already is replaced.
    ///
    /// # Errors
    /// [`SchemaError`] when the document has no `components.schemas`.
    pub fn add(&mut self, document: &Value) -> Result<(), SchemaError> {
        let _ = document;
        Ok(())
    }

    /// The root of a kind's schema; `None` where no document told of it.
    pub fn of(&self, gvk: &Gvk) -> Option<Node> {
        let _ = gvk;
        None
    }

    /// Moves when the kind's schema moves; the same for every kind that is not known.
    pub fn hash(&self, gvk: &Gvk) -> Digest {
        Digest::of_value(&Value::from(gvk.api_version()))
    }
}

/// A place in a schema: what may stand here and how server-side apply walks it.
#[derive(Clone)]
pub struct Node {
    default: Option<Arc<Value>>,
}

impl Node {
    /// What stands here.
    pub fn shape(&self) -> Shape {
        Shape::Any
    }

    /// The schema of a struct's field or of a map's value; `None` where the schema knows no such field.
    pub fn field(&self, key: &str) -> Option<Self> {
        let _ = key;
        None
    }

    /// The schema of a list's items.
    pub fn item(&self) -> Option<Self> {
        None
    }

    /// The value the schema fills in where the field is absent.
    pub fn default(&self) -> Option<&Value> {
        self.default.as_deref()
    }

    /// The declared fields of a struct, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Self)> {
        std::iter::empty()
    }

    /// Whether the kind (a root only) is served with `/status`.
    pub fn has_status_subresource(&self) -> bool {
        false
    }
}

/// How a place is walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object with declared fields, each owned by itself.
    Struct,
    /// An object of free keys, each owned by itself.
    Map,
    /// An object that is owned, and replaced, as one.
    AtomicMap,
    /// A list.
    List(ListKind),
    /// A single value.
    Scalar(Scalar),
    /// Nothing is known: objects are granular, lists atomic (preserve-unknown, SMD's deduced type).
    Any,
}

/// What makes an item of a list that item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The list is owned as one.
    Atomic,
    /// Each member is its own identity; order means nothing.
    Set,
    /// Items meet by these keys, in the schema's order.
    Map(Arc<[Arc<str>]>),
}

/// What a single value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An amount such as `500m`, equal by value and not by spelling.
    Quantity,
    /// `80` or `"http"`; the two are different values.
    IntOrString,
    /// RFC 3339.
    Time,
}

/// Why a schema document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no OpenAPI v3 document with schemas.
    #[error("the OpenAPI document has no components.schemas")]
    NoSchemas,
}
