//! One OpenAPI document → places. Owns the rules of `schemaconv`; refuses to follow a `$ref` out of the document.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{ANY, ListKind, Patch, Place, Scalar, SchemaError, Shape};
use crate::model::{Digest, Gvk};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const QUANTITY_PATTERN: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";
const DEPTH: usize = 100;

/// What a document holds.
pub(super) struct Read {
    pub(super) places: Vec<Place>,
    pub(super) roots: Vec<(Gvk, Found)>,
}

/// A kind in it.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) hash: Digest,
    pub(super) status: bool,
}

/// Compiles a document.
pub(super) fn document(document: &Value) -> Result<Read, SchemaError> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).ok_or(SchemaError::NoSchemas)?;
    let mut reader = Reader::new(schemas);
    for (at, (name, schema)) in schemas.iter().enumerate() {
        let place = reader.definition(name, schema)?;
        reader.places[at + 1] = place;
    }
    let status = with_status(document);
    let digests: HashMap<&str, Digest> =
        schemas.iter().map(|(name, schema)| (&**name, Digest::of_value(schema))).collect();
    let mut roots = Vec::new();
    for (name, schema) in schemas {
        for gvk in kinds_of(schema) {
            let found = Found {
                at: reader.names[&**name],
                hash: closure(name, schemas, &digests),
                status: status.contains(&gvk),
            };
            roots.push((gvk, found));
        }
    }
    Ok(Read { places: reader.places, roots })
}

struct Reader<'a> {
    names: HashMap<&'a str, usize>,
    places: Vec<Place>,
}

/// What an inlined schema takes over from the schema around it.
#[derive(Clone, Copy)]
struct Around {
    preserve: bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(schemas: &'a Map<String, Value>) -> Self {
        let names = schemas.keys().enumerate().map(|(at, name)| (&**name, at + 1)).collect();
        let mut places: Vec<Place> = Vec::new();
        places.resize_with(schemas.len() + 1, Place::default);
        places[ANY] = Place { shape: Some(Shape::Any), value: Some(ANY), item: Some(ANY), ..Place::default() };
        Self { names, places }
    }

    fn definition(&mut self, name: &str, schema: &Value) -> Result<Place, SchemaError> {
        match name {
            QUANTITY => Ok(scalar(Scalar::Quantity)),
            RAW_EXTENSION => Ok(Place { shape: Some(Shape::AtomicMap), value: Some(ANY), ..Place::default() }),
            _ => self.inline(schema, Around { preserve: false, depth: 0 }),
        }
    }

    /// The place of a schema that stands below another: a `$ref`, one with an override, or an inlined one.
    fn below(&mut self, schema: &Value, around: Around) -> Result<usize, SchemaError> {
        let place = match self.reference(schema) {
            Some(at) => {
                let place = alias(at, schema);
                if place.shape.is_none() && place.default.is_none() && place.patch.strategy.is_none() {
                    return Ok(at);
                }
                place
            }
            None => self.inline(schema, Around { depth: around.depth + 1, ..around })?,
        };
        self.places.push(place);
        Ok(self.places.len() - 1)
    }

    /// The definition a `$ref`, or the one `$ref` in an `allOf`, names.
    fn reference(&self, schema: &Value) -> Option<usize> {
        let direct = schema.get("$ref").and_then(Value::as_str);
        let name = direct.or_else(|| match schema.get("allOf")?.as_array()?.as_slice() {
            [one] => one.get("$ref")?.as_str(),
            _ => None,
        })?;
        Some(self.names.get(name.rsplit('/').next()?).copied().unwrap_or(ANY))
    }

    fn inline(&mut self, schema: &Value, around: Around) -> Result<Place, SchemaError> {
        if around.depth > DEPTH {
            return Err(SchemaError::TooDeep { limit: DEPTH });
        }
        let preserve = around.preserve || flag(schema, "x-kubernetes-preserve-unknown-fields");
        let around = Around { preserve, ..around };
        let mut place = match schema.get("type").and_then(Value::as_str) {
            _ if is_quantity(schema) => scalar(Scalar::Quantity),
            _ if is_int_or_string(schema) => scalar(Scalar::IntOrString),
            Some("object") => self.object(schema, around)?,
            Some("array") => self.list(schema, around)?,
            Some(single) => scalar(meaning(single, schema)),
            None if schema.get("properties").is_some() => self.object(schema, around)?,
            None => Place { shape: Some(any_map(schema)), value: Some(ANY), item: Some(ANY), ..Place::default() },
        };
        place.default = schema.get("default").cloned();
        place.patch = patch(schema);
        Ok(place)
    }

    fn object(&mut self, schema: &Value, around: Around) -> Result<Place, SchemaError> {
        let mut fields: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            fields.insert(name.as_str().into(), self.below(member, around)?);
        }
        let value = match schema.get("additionalProperties") {
            None if around.preserve || fields.is_empty() => Some(ANY),
            None | Some(Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(ANY),
            Some(values) => Some(self.below(values, around)?),
        };
        let shape = match any_map(schema) {
            Shape::AtomicMap => Shape::AtomicMap,
            _ if !fields.is_empty() => Shape::Struct,
            _ if value == Some(ANY) => Shape::Any,
            _ => Shape::Map,
        };
        Ok(Place { shape: Some(shape), fields, value, ..Place::default() })
    }

    fn list(&mut self, schema: &Value, around: Around) -> Result<Place, SchemaError> {
        let item = match schema.get("items") {
            Some(items) => self.below(items, around)?,
            None => ANY,
        };
        Ok(Place { shape: Some(Shape::List(list_kind(schema))), item: Some(item), ..Place::default() })
    }
}

/// `x-kubernetes-map-type` beside a `$ref` overrides the target's; a default beside it is the field's own.
fn alias(at: usize, schema: &Value) -> Place {
    let shape = match text(schema, "x-kubernetes-map-type") {
        Some("atomic") => Some(Shape::AtomicMap),
        Some("granular") => Some(Shape::Struct),
        _ => None,
    };
    Place { shape, alias: Some(at), default: schema.get("default").cloned(), patch: patch(schema), ..Place::default() }
}

fn any_map(schema: &Value) -> Shape {
    if text(schema, "x-kubernetes-map-type") == Some("atomic") { Shape::AtomicMap } else { Shape::Any }
}

fn scalar(scalar: Scalar) -> Place {
    Place { shape: Some(Shape::Scalar(scalar)), ..Place::default() }
}

fn meaning(kind: &str, schema: &Value) -> Scalar {
    match kind {
        "integer" => Scalar::Integer,
        "number" => Scalar::Number,
        "boolean" => Scalar::Boolean,
        _ if text(schema, "format") == Some("date-time") => Scalar::Time,
        _ => Scalar::Text,
    }
}

fn is_int_or_string(schema: &Value) -> bool {
    flag(schema, "x-kubernetes-int-or-string") || text(schema, "format") == Some("int-or-string")
}

/// How a custom resource's schema says Quantity: int-or-string of the pattern that controller-gen writes for
/// `resource.Quantity`.
fn is_quantity(schema: &Value) -> bool {
    is_int_or_string(schema) && text(schema, "pattern") == Some(QUANTITY_PATTERN)
}

/// `getListElementRelationship` of `schemaconv`: the list type, else the patch strategy, else atomic.
fn list_kind(schema: &Value) -> ListKind {
    match (text(schema, "x-kubernetes-list-type"), text(schema, "x-kubernetes-patch-strategy")) {
        (Some("set"), _) => ListKind::Set,
        (Some("map"), _) => keyed(words(schema, "x-kubernetes-list-map-keys")),
        (None, Some("merge" | "merge,retainKeys")) => {
            text(schema, "x-kubernetes-patch-merge-key").map_or(ListKind::Set, |key| keyed(vec![key.into()]))
        }
        _ => ListKind::Atomic,
    }
}

/// A map without keys cannot tell its items apart.
fn keyed(keys: Vec<Arc<str>>) -> ListKind {
    if keys.is_empty() { ListKind::Atomic } else { ListKind::Map(keys.into()) }
}

fn patch(schema: &Value) -> Patch {
    Patch {
        strategy: text(schema, "x-kubernetes-patch-strategy").map(Arc::from),
        merge_key: text(schema, "x-kubernetes-patch-merge-key").map(Arc::from),
    }
}

fn text<'v>(schema: &'v Value, key: &str) -> Option<&'v str> {
    schema.get(key).and_then(Value::as_str)
}

fn flag(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn words(schema: &Value, key: &str) -> Vec<Arc<str>> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(Arc::from).collect()
}

fn kinds_of(schema: &Value) -> Vec<Gvk> {
    let listed = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(gvk).collect()
}

fn gvk(entry: &Value) -> Option<Gvk> {
    let kind = text(entry, "kind").filter(|kind| !kind.is_empty())?;
    Some(Gvk {
        group: text(entry, "group").unwrap_or_default().into(),
        version: text(entry, "version").unwrap_or_default().into(),
        kind: kind.into(),
    })
}

/// The kinds that a path ending in `/status` is served for.
fn with_status(document: &Value) -> HashSet<Gvk> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| path.ends_with("/status"))
        .filter_map(|(_, verbs)| verbs.as_object())
        .flat_map(|verbs| verbs.values().filter_map(|verb| gvk(verb.get("x-kubernetes-group-version-kind")?)))
        .collect()
}

/// The hash of a definition and all it refers to.
fn closure(name: &str, schemas: &Map<String, Value>, digests: &HashMap<&str, Digest>) -> Digest {
    let (mut seen, mut open) = (BTreeSet::from([name]), vec![name]);
    while let Some(next) = open.pop() {
        for found in schemas.get(next).into_iter().flat_map(references) {
            if seen.insert(found) {
                open.push(found);
            }
        }
    }
    let all: String = seen.iter().filter_map(|name| digests.get(name)).map(|digest| &*digest.0).collect();
    Digest::of_bytes(all.as_bytes())
}

/// The names of all `$ref` in a schema.
fn references(schema: &Value) -> Vec<&str> {
    let (mut names, mut open) = (Vec::new(), vec![schema]);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                names.extend(map.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next()));
                open.extend(map.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    names
}
