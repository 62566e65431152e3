//! OpenAPI v3 → what a field is.
//!
//! Owns the reading of a server's schema documents as server-side apply reads them (kube-openapi `schemaconv`): which
//! list is atomic, a set or a map by which keys, which map is atomic, what a scalar means, what its default is. Refuses
//! validation: a schema here says how to walk an object, not whether the object is right.

mod defaults;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::model::{Digest, Gvk, Rule, Without};

pub use defaults::{fill_built_in, fill_by_schema};
#[cfg(test)]
pub(crate) use tests::recorded;

/// The schemas of one server, by group, version and kind. Cheap to clone.
#[derive(Clone, Default)]
pub struct Schemas {
    kinds: Arc<HashMap<Gvk, Root>>,
}

/// Where a kind's schema begins.
#[derive(Clone)]
struct Root {
    document: Arc<Document>,
    at: usize,
    hash: Digest,
    status: bool,
}

/// The places of one document; the first is the one of which nothing is known.
struct Document {
    places: Vec<Place>,
}

/// A compiled schema object. Other places are named by index.
#[derive(Default)]
struct Place {
    /// What stands here; of an alias: the shape that overrides the target's.
    shape: Option<Shape>,
    /// A `$ref` with something of its own beside it.
    alias: Option<usize>,
    fields: BTreeMap<Arc<str>, usize>,
    value: Option<usize>,
    item: Option<usize>,
    default: Option<Value>,
    patch: Patch,
}

/// The two extensions that strategic merge patch goes by.
#[derive(Clone, Default)]
struct Patch {
    strategy: Option<Arc<str>>,
    merge_key: Option<Arc<str>>,
}

/// The index of the place of which nothing is known.
const ANY: usize = 0;

/// Follow-ups of one alias; definitions are no aliases themselves, so one is the truth.
const HOPS: usize = 4;

impl Schemas {
    /// Takes in one `/openapi/v3` document of a group-version; a kind that is there already is replaced.
    ///
    /// # Errors
    /// [`SchemaError`] when the document has no `components.schemas`.
    pub fn add(&mut self, document: &Value) -> Result<(), SchemaError> {
        let read = read::document(document)?;
        let places = Arc::new(Document { places: read.places });
        let kinds = Arc::make_mut(&mut self.kinds);
        for (gvk, found) in read.roots {
            let root = Root { document: Arc::clone(&places), at: found.at, hash: found.hash, status: found.status };
            kinds.insert(gvk, root);
        }
        Ok(())
    }

    /// The root of a kind's schema; `None` where no document told of it.
    pub fn of(&self, gvk: &Gvk) -> Option<Node> {
        let root = self.kinds.get(gvk)?;
        let without = Without::NOTHING;
        Some(Node { document: Arc::clone(&root.document), at: root.at, status: root.status, without })
    }

    /// Moves when the kind's schema moves; the same for every kind that is not known.
    pub fn hash(&self, gvk: &Gvk) -> Digest {
        self.kinds.get(gvk).map_or_else(|| Digest::of_bytes(b""), |root| root.hash.clone())
    }
}

/// A place in a schema: what may stand here and how server-side apply walks it. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    document: Arc<Document>,
    at: usize,
    status: bool,
    without: Without,
}

impl Node {
    /// The same place, and all below it, read without a rule. For tests of the rules.
    #[must_use]
    pub fn without(self, without: Without) -> Self {
        Self { without, ..self }
    }

    /// What stands here.
    pub fn shape(&self) -> Shape {
        let own = self.place();
        let shape = own.shape.clone().or_else(|| self.target().shape.clone()).unwrap_or(Shape::Any);
        match shape {
            Shape::List(ListKind::Map(_)) if !self.without.has(Rule::ListKeys) => Shape::List(ListKind::Atomic),
            Shape::Scalar(Scalar::Quantity) if !self.without.has(Rule::Quantities) => Shape::Scalar(Scalar::Text),
            Shape::Scalar(Scalar::IntOrString) if !self.without.has(Rule::IntOrString) => {
                Shape::Scalar(Scalar::Quantity)
            }
            shape => shape,
        }
    }

    /// The schema of a struct's field or of a map's value; `None` where the schema knows no such field.
    pub fn field(&self, key: &str) -> Option<Self> {
        let place = self.target();
        place.fields.get(key).copied().or(place.value).map(|at| self.to(at))
    }

    /// Whether a struct declares the field by name (a free key of a map is not declared).
    pub fn declares(&self, key: &str) -> bool {
        self.target().fields.contains_key(key)
    }

    /// The schema of a list's items.
    pub fn item(&self) -> Option<Self> {
        self.target().item.map(|at| self.to(at))
    }

    /// The value the schema fills in where the field is absent.
    pub fn default(&self) -> Option<&Value> {
        self.place().default.as_ref().or(self.target().default.as_ref())
    }

    /// The declared fields of a struct, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Self)> {
        self.target().fields.iter().map(|(name, at)| (&**name, self.to(*at)))
    }

    /// Whether the kind (a root only) is served with `/status`.
    pub fn has_status_subresource(&self) -> bool {
        self.status
    }

    /// `x-kubernetes-patch-merge-key`: the one key strategic merge patch tells a list's items apart by. It may differ
    /// from the keys of [`ListKind::Map`] (a Service's ports).
    pub fn patch_merge_key(&self) -> Option<&str> {
        self.place().patch.merge_key.as_deref()
    }

    /// `x-kubernetes-patch-strategy`: `merge`, `replace`, `retainKeys` or two of them with a comma.
    pub fn patch_strategy(&self) -> Option<&str> {
        self.place().patch.strategy.as_deref()
    }

    fn to(&self, at: usize) -> Self {
        Self { document: Arc::clone(&self.document), at, status: false, without: self.without }
    }

    fn place(&self) -> &Place {
        self.document.places.get(self.at).unwrap_or(&self.document.places[ANY])
    }

    fn target(&self) -> &Place {
        let mut place = self.place();
        for _ in 0..HOPS {
            let Some(next) = place.alias.and_then(|at| self.document.places.get(at)) else { break };
            place = next;
        }
        place
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
    /// Items meet by these keys: `x-kubernetes-list-map-keys`, or `x-kubernetes-patch-merge-key` where the list says no
    /// type but a merging patch strategy (as `schemaconv` does).
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
    /// It nests deeper than a schema may.
    #[error("the OpenAPI document nests deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}
