//! Tables (`meta.k8s.io/v1`): what `kubectl get` prints, for the kinds that operators list and for printer columns.
//!
//! Owns the shape, the columns (recorded in `assets/openapi/columns.json`) and `includeObject`. Refuses kinds without
//! columns of their own more than name and age or creation time, as the server does.

mod age;
mod cells;
mod path;
mod workloads;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::Failure;
use super::flags::Flags;
use super::kinds::{KindInfo, list};
use super::route::{Part, Target};

const COLUMNS: &str = include_str!("../../assets/openapi/columns.json");

/// Name, type, format, priority, description.
type Column = (String, String, String, i64, String);

/// Columns by `group/Kind`.
static RECORDED: LazyLock<BTreeMap<String, Vec<Column>>> =
    LazyLock::new(|| serde_json::from_str(COLUMNS).unwrap_or_default());

/// A column's `name` and what the default printer of a custom kind says of it.
const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources \
                    may allow a client to request the generation of an appropriate name automatically. Name is primarily \
                    intended for creation idempotence and configuration definition. Cannot be updated. More info: \
                    https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is \
                       not guaranteed to be set in happens-before order across separate operations. Clients may not set \
                       this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. \
                       Read-only. Null for lists. More info: \
                       https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The Table of an object or a list.
pub(super) fn shaped(
    target: &Target,
    flags: &Flags,
    (read, is_list): (&Value, bool),
    now: Timestamp,
) -> Result<Value, Failure> {
    let include = flags.get("includeObject").unwrap_or("Metadata");
    if !matches!(include, "Metadata" | "Object" | "None") {
        let why = format!(
            "Unable to convert to Table as requested: includeObject: Invalid value: \"{include}\": must be \
             'Metadata', 'Object', 'None', or empty"
        );
        return Err(Failure::bad(why));
    }
    if target.part == Part::Scale {
        return Ok(scale(read, now));
    }
    let (objects, metadata) = if is_list {
        (list(&read["items"]).cloned().collect(), read["metadata"].clone())
    } else {
        (vec![read.clone()], json!({"resourceVersion": read["metadata"]["resourceVersion"]}))
    };
    Ok(of(&target.kind, (&objects, metadata), include, now))
}

/// The Table of a `/scale`: what it is asked for, and what there is.
fn scale(read: &Value, now: Timestamp) -> Value {
    let desired = "replicas is the desired number of instances for the scaled object.";
    let available = "replicas is the actual number of observed instances of the scaled object.";
    let columns = [
        ("Name", "string", "", 0, NAME),
        ("Desired", "integer", "", 0, desired),
        ("Available", "integer", "", 0, available),
        ("Age", "string", "", 0, CREATED),
    ];
    let count = |part: &str| read[part]["replicas"].as_i64().unwrap_or_default();
    let cells = json!([read["metadata"]["name"], count("spec"), count("status"), age::of(read, now)]);
    let object = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": read["metadata"]});
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": read["metadata"]["resourceVersion"]},
        "columnDefinitions": columns.map(column), "rows": [{"cells": cells, "object": object}],
    })
}

fn of(kind: &KindInfo, (objects, metadata): (&[Value], Value), include: &str, now: Timestamp) -> Value {
    let mut metadata = metadata;
    if metadata["continue"] == "" {
        super::object::take(&mut metadata, &["continue"]);
    }
    let rows: Vec<Value> = objects.iter().map(|object| row(kind, object, include, now)).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns(kind),
        "rows": rows,
    })
}

fn column((name, kind, format, priority, description): (&str, &str, &str, i64, &str)) -> Value {
    json!({"name": name, "type": kind, "format": format, "description": description, "priority": priority})
}

/// The columns of a kind.
fn columns(kind: &KindInfo) -> Value {
    let key = if kind.group.is_empty() { kind.kind.to_string() } else { format!("{}/{}", kind.group, kind.kind) };
    if kind.custom.is_none()
        && let Some(recorded) = RECORDED.get(&key)
    {
        let one =
            |(name, kind, format, priority, description): &Column| column((name, kind, format, *priority, description));
        return recorded.iter().map(one).collect();
    }
    let mut out = vec![column(("Name", "string", "name", 0, NAME))];
    match printer_columns(kind) {
        Some(columns) => out.extend(columns.iter().map(|own| {
            let text = |key: &str| own[key].as_str().unwrap_or_default();
            let (name, described) = (text("name"), text("description"));
            let path = format!("Custom resource definition column (in JSONPath format): {}", text("jsonPath"));
            let described = if described.is_empty() { &path } else { described };
            column((name, text("type"), text("format"), own["priority"].as_i64().unwrap_or_default(), described))
        })),
        None if kind.custom.is_some() => {
            out.push(column(("Age", "date", "", 0, CREATED)));
        }
        None => out.push(column(("Created At", "date", "", 0, CREATED))),
    }
    out.into()
}

fn printer_columns(kind: &KindInfo) -> Option<&Vec<Value>> {
    kind.custom.as_ref()?.columns.as_array().filter(|columns| !columns.is_empty())
}

/// What the versioned decoder of a `DaemonSet` adds: a Table is made of the object without it.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// An object's metadata as a row shows it.
fn shown(kind: &KindInfo, object: &Value) -> Value {
    let mut metadata = object["metadata"].clone();
    if kind.is("apps", "DaemonSet") {
        super::object::take(&mut metadata, &["annotations", TEMPLATE_GENERATION]);
        if metadata["annotations"].as_object().is_some_and(serde_json::Map::is_empty) {
            super::object::take(&mut metadata, &["annotations"]);
        }
    }
    metadata
}

fn row(kind: &KindInfo, object: &Value, include: &str, now: Timestamp) -> Value {
    let mut row = json!({"cells": cells(kind, object, now)});
    match include {
        "None" => row["object"] = Value::Null,
        "Object" => {
            let mut object = object.clone();
            object["kind"] = (*kind.kind).into();
            object["apiVersion"] = kind.api_version().into();
            row["object"] = object;
        }
        _ => {
            row["object"] = json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": shown(kind, object),
            });
        }
    }
    row
}

fn cells(kind: &KindInfo, object: &Value, now: Timestamp) -> Vec<Value> {
    if kind.custom.is_none() {
        return cells::of(kind, object, now);
    }
    let mut out = vec![object["metadata"]["name"].clone()];
    match printer_columns(kind) {
        Some(columns) => out.extend(columns.iter().map(|own| printed(own, object, now))),
        None => out.push(age::of(object, now).into()),
    }
    out
}

/// The cell of a printer column; null where the object says nothing there.
fn printed(column: &Value, object: &Value, now: Timestamp) -> Value {
    let found = path::first(column["jsonPath"].as_str().unwrap_or_default(), object);
    let Some(found) = found.filter(|found| !found.is_null()) else { return Value::Null };
    match column["type"].as_str().unwrap_or_default() {
        "date" => age::since(found.as_str().unwrap_or_default(), now).into(),
        "integer" => found.as_i64().map_or_else(|| found.as_f64().map_or(Value::Null, Value::from), Value::from),
        "number" => found.as_f64().map_or(Value::Null, Value::from),
        "boolean" => found.as_bool().map_or(Value::Null, Value::from),
        _ => match found {
            Value::String(text) => text.clone().into(),
            other => other.to_string().into(),
        },
    }
}

/// What a watch for Tables has told already: the columns go with its first event only.
#[derive(Debug, Default)]
pub(super) struct Table {
    told: bool,
    include: String,
}

impl Table {
    /// With as much of each object as the query says.
    pub(super) fn including(flags: &Flags) -> Self {
        Self { told: false, include: flags.get("includeObject").unwrap_or("Metadata").to_owned() }
    }

    /// An object as an event's Table of one row.
    pub(super) fn event(&mut self, target: &Target, object: &[u8], now: Timestamp) -> Value {
        let object: Value = serde_json::from_slice(object).unwrap_or_default();
        let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
        let mut table = of(&target.kind, (std::slice::from_ref(&object), metadata), &self.include, now);
        if std::mem::replace(&mut self.told, true) {
            table["columnDefinitions"] = Value::Null;
        }
        table
    }
}

/// `a=b,c=d` of a map of texts, `<none>` of none.
fn pairs(map: &Value) -> String {
    let pairs: Vec<String> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A label selector as kubectl prints it.
fn selector(selector: &Value) -> String {
    let mut out: Vec<String> = Vec::new();
    let labels = pairs(&selector["matchLabels"]);
    if labels != "<none>" {
        out.push(labels);
    }
    for own in list(&selector["matchExpressions"]) {
        let key = own["key"].as_str().unwrap_or_default();
        let values: Vec<&str> = list(&own["values"]).filter_map(Value::as_str).collect();
        out.push(match own["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    if out.is_empty() { "<none>".to_owned() } else { out.join(",") }
}
