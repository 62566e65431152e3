//! Whether a body has the shape its schema says: unknown fields and wrong types, in the words of the two decoders.
//!
//! Owns the walk and both spellings: the Go decoder's (create, update, merge patch) and structured-merge-diff's (apply).

use serde_json::Value;

use super::super::failure::Failure;
use super::super::kinds::KindInfo;
use super::super::managed::spelled;
use super::zeros;
use crate::model::{FieldPath, Step};
use crate::schema::{ListKind, Node, Scalar, Shape};

/// Deepest nesting walked; JSON of a built-in kind is far below.
const DEPTH: usize = 128;

/// One thing that does not fit.
struct Problem {
    path: FieldPath,
    /// The path with list places as numbers, as the Go decoder says it.
    plain: String,
    pointer: String,
    what: What,
}

enum What {
    Unknown,
    Type { wanted: &'static str, go: &'static str },
    NoKey(usize, String),
    Twice,
}

/// The walk's place.
#[derive(Clone)]
struct Place {
    path: FieldPath,
    plain: String,
    pointer: String,
}

impl Place {
    fn key(&self, key: &str) -> Self {
        let plain = if self.plain.is_empty() { key.to_owned() } else { format!("{}.{key}", self.plain) };
        let pointer = format!("{}/{}", self.pointer, key.replace('~', "~0").replace('/', "~1"));
        Self { path: self.path.key(key), plain, pointer }
    }

    fn item(&self, at: usize, step: Step) -> Self {
        let (plain, pointer) = (format!("{}[{at}]", self.plain), format!("{}/{at}", self.pointer));
        Self { path: self.path.child(step), plain, pointer }
    }

    fn problem(&self, what: What) -> Problem {
        Problem { path: self.path.clone(), plain: self.plain.clone(), pointer: self.pointer.clone(), what }
    }
}

/// The Go decoder: unknown fields are taken out and named, a wrong type is a 400.
pub(in super::super) fn decode(node: Option<&Node>, kind: &KindInfo, body: &mut Value) -> Result<Vec<String>, Failure> {
    if !body.is_object() {
        return Err(Failure::bad("couldn't get version/kind; json parse error: the body is no object"));
    }
    let problems = problems(node, body);
    let mut unknown = Vec::new();
    for problem in problems {
        match problem.what {
            What::Unknown => unknown.push((problem.plain, problem.pointer)),
            What::Type { go, .. } => {
                let value = value_at(body, &problem.pointer);
                let got = match value {
                    Value::Number(number) if number.is_f64() => format!("number {number}"),
                    _ => go_name(value).to_owned(),
                };
                let (owner, go) = go_field(kind, &problem.plain, go, value);
                let what =
                    format!("json: cannot unmarshal {got} into Go struct field {owner}.{} of type {go}", problem.plain);
                let head =
                    format!("{} in version \"{}\" cannot be handled as a {}", kind.kind, kind.version, kind.kind);
                return Err(Failure::bad(format!("{head}: {what}")));
            }
            What::NoKey(..) | What::Twice => {}
        }
    }
    for (_, pointer) in &unknown {
        take(body, pointer);
    }
    if let Some(fault) = base64_fault(kind, body) {
        let head = format!("{} in version \"{}\" cannot be handled as a {}", kind.kind, kind.version, kind.kind);
        return Err(Failure::bad(format!("{head}: {fault}")));
    }
    zeros::keep_null_texts(node, body);
    zeros::drop_nulls(body);
    zeros::drop_zeros(node, body);
    zeros::keep_null_moments(body);
    Ok(unknown.into_iter().map(|(plain, _)| plain).collect())
}

/// The Go struct a field belongs to and the field's Go type, as far as they are known.
fn go_field<'k>(kind: &'k KindInfo, plain: &str, go: &'static str, value: &Value) -> (&'k str, &'static str) {
    let of_map = value.is_array() || !matches!(go, "string");
    match plain {
        "data" if kind.is("", "Secret") => (&kind.kind, "[]uint8"),
        "metadata" => (&kind.kind, "v1.ObjectMeta"),
        "metadata.labels" | "metadata.annotations" if of_map => ("ObjectMeta", "map[string]string"),
        "metadata.finalizers" => ("ObjectMeta", "[]string"),
        "metadata.generation" | "metadata.deletionGracePeriodSeconds" => ("ObjectMeta", "int64"),
        "spec.replicas" if kind.is("autoscaling", "Scale") => ("ScaleSpec", go),
        inner if inner.starts_with("metadata.") => ("ObjectMeta", go),
        _ => (&kind.kind, go),
    }
}

/// What the converter of a strategic merge patch stumbles over first; unknown fields only when they are refused.
pub(in super::super) fn converted(node: Option<&Node>, body: &Value, strict: bool) -> Option<String> {
    let problems = problems(node, body);
    let misfit = problems.iter().find_map(|problem| match problem.what {
        What::Type { go, .. } => {
            let got = go_name(value_at(body, &problem.pointer));
            let got = if got == "object" { "map" } else { got };
            Some(match go {
                "slice" | "map" => format!("cannot restore {} from {got}", if go == "map" { "struct" } else { go }),
                other => format!("unrecognized type: {other}"),
            })
        }
        _ => None,
    });
    let unknown = problems.iter().filter(|problem| strict && matches!(problem.what, What::Unknown));
    let unknown: Vec<String> = unknown.map(|problem| format!("unknown field \"{}\"", problem.plain)).collect();
    misfit.or_else(|| (!unknown.is_empty()).then(|| format!("strict decoding error: {}", unknown.join(", "))))
}

/// The apply decoder: what does not fit is a 500 that names it.
pub(in super::super) fn declared(node: Option<&Node>, patch: &Value) -> Result<(), Failure> {
    misfits(node, patch).map_or(Ok(()), |said| Err(Failure::typed(patch, &said)))
}

/// What does not fit the schema, in structured-merge-diff's words.
pub(in super::super) fn misfits(node: Option<&Node>, body: &Value) -> Option<String> {
    let said: Vec<String> = problems(node, body).iter().map(|problem| sentence(problem, body)).collect();
    match said.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(format!("errors:\n  {}", many.join("\n  "))),
    }
}

fn sentence(problem: &Problem, body: &Value) -> String {
    let place = spelled(&problem.path);
    match &problem.what {
        What::Unknown => format!("{place}: field not declared in schema"),
        What::Type { wanted, .. } => {
            let value = value_at(body, &problem.pointer);
            let got = match *wanted {
                "string" => go_value(value),
                "map" | "list" | "boolean" => go_plain(value),
                _ => go_type(value).to_owned(),
            };
            format!("{place}: expected {wanted}, got {got}")
        }
        What::NoKey(at, why) => format!("{place}: element {at}: {why}"),
        What::Twice => {
            let key = problem.path.0.last().map(|step| spelled(&FieldPath(vec![step.clone()])));
            let list = FieldPath(problem.path.0[..problem.path.0.len().saturating_sub(1)].to_vec());
            format!("{}: duplicate entries for key {}", spelled(&list), key.unwrap_or_default())
        }
    }
}

fn problems(node: Option<&Node>, body: &Value) -> Vec<Problem> {
    let mut out = Vec::new();
    if let Some(node) = node {
        walk(node, body, &Place { path: FieldPath::root(), plain: String::new(), pointer: String::new() }, &mut out);
    }
    out
}

fn walk(node: &Node, value: &Value, at: &Place, out: &mut Vec<Problem>) {
    if value.is_null() || at.path.0.len() > DEPTH {
        return;
    }
    match node.shape() {
        Shape::Any => {}
        Shape::Struct => walk_map(node, value, at, (true, out)),
        Shape::AtomicMap => walk_map(node, value, at, (!node_is_open(node), out)),
        Shape::Map => walk_map(node, value, at, (false, out)),
        Shape::List(kind) => walk_list(node, &kind, value, (at, out)),
        Shape::Scalar(scalar) => {
            if let Some((wanted, go)) = misfit(scalar, value) {
                out.push(at.problem(What::Type { wanted, go }));
            }
        }
    }
}

fn walk_map(node: &Node, value: &Value, at: &Place, (strict, out): (bool, &mut Vec<Problem>)) {
    let Some(map) = value.as_object() else {
        out.push(at.problem(What::Type { wanted: "map", go: "map" }));
        return;
    };
    for (key, value) in map {
        match node.field(key) {
            Some(field) => {
                let place = at.key(key);
                let plain = if strict { place.plain.clone() } else { at.plain.clone() };
                walk(&field, value, &Place { plain, ..place }, out);
            }
            None if strict && !node_is_open(node) => out.push(at.key(key).problem(What::Unknown)),
            None => {}
        }
    }
}

/// A struct of which no field is known at all is one the schema leaves open.
fn node_is_open(node: &Node) -> bool {
    node.fields().next().is_none()
}

fn walk_list(node: &Node, kind: &ListKind, value: &Value, (at, out): (&Place, &mut Vec<Problem>)) {
    let Some(list) = value.as_array() else {
        out.push(at.problem(What::Type { wanted: "list", go: "slice" }));
        return;
    };
    let mut seen = Vec::new();
    for (n, item) in list.iter().enumerate() {
        let step = match kind {
            ListKind::Atomic => Step::Index(n),
            ListKind::Set => match membered(item) {
                Ok(step) => step,
                Err(why) => {
                    out.push(at.problem(What::NoKey(n, why)));
                    break;
                }
            },
            ListKind::Map(keys) => match keyed(node, keys, item) {
                Ok(step) => step,
                Err(why) => {
                    out.push(at.problem(What::NoKey(n, why)));
                    break;
                }
            },
        };
        let place = at.item(n, step.clone());
        if *kind != ListKind::Atomic && seen.contains(&step) {
            out.push(place.problem(What::Twice));
        }
        seen.push(step);
        if let Some(node) = node.item() {
            walk(&node, item, &place, out);
        }
    }
}

/// A set's member: a single value.
fn membered(item: &Value) -> Result<Step, String> {
    match item {
        Value::Object(_) => Err("associative list without keys has an element that's a map type".to_owned()),
        Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
        Value::Null => Err("associative list without keys has an element that's an explicit null".to_owned()),
        single => Ok(Step::Member(single.clone())),
    }
}

fn keyed(node: &Node, keys: &[std::sync::Arc<str>], item: &Value) -> Result<Step, String> {
    match item {
        Value::Object(_) => {}
        Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    }
    let mut pairs = Vec::new();
    let field = |key: &str| node.item().and_then(|item| item.field(key));
    for key in keys {
        let own = item.get(&**key).cloned();
        if let Some(value) = own.or_else(|| field(key).and_then(|field| field.default().cloned())) {
            pairs.push((key.clone(), value));
        }
    }
    if pairs.is_empty() {
        let quoted: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values \
             for any key fields)",
            quoted.join(" ")
        ));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Step::Item(pairs))
}

fn misfit(scalar: Scalar, value: &Value) -> Option<(&'static str, &'static str)> {
    let whole = value.is_i64() || value.is_u64();
    let (fits, names) = match scalar {
        Scalar::Text | Scalar::Time => (value.is_string(), ("string", "string")),
        Scalar::Integer => (whole, ("numeric (int or float)", "int32")),
        Scalar::Number => (value.is_number(), ("numeric (int or float)", "float64")),
        Scalar::Boolean => (value.is_boolean(), ("boolean", "bool")),
        Scalar::Quantity | Scalar::IntOrString => (value.is_string() || value.is_number(), ("string", "string")),
    };
    (!fits).then_some(names)
}

pub(in super::super) fn go_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Go's `%T` of a decoded JSON value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `%v` of structured-merge-diff's wrapper.
fn go_plain(value: &Value) -> String {
    format!("&{{{}}}", go_inner(value))
}

/// Go's `%v` of a decoded JSON value.
fn go_inner(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_inner).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go_inner(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

/// Go's `%#v` of structured-merge-diff's wrapper.
fn go_value(value: &Value) -> String {
    format!("&value.valueUnstructured{{Value:{}}}", go_syntax(value))
}

/// Go's `%#v` of a decoded JSON value.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn value_at<'v>(body: &'v Value, pointer: &str) -> &'v Value {
    body.pointer(pointer).unwrap_or(&Value::Null)
}

fn take(body: &mut Value, pointer: &str) {
    if let Some((parent, key)) = pointer.rsplit_once('/')
        && let Some(map) = body.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        map.remove(&key.replace("~1", "/").replace("~0", "~"));
    }
}

/// The first value of a Secret's `data` that is not base64: where the Go decoder stumbles.
pub(in super::super) fn base64_fault(kind: &KindInfo, body: &Value) -> Option<String> {
    use base64::Engine as _;
    let data = body.get("data").filter(|_| kind.is("", "Secret"))?.as_object()?;
    let fault = data.values().filter_map(Value::as_str).find_map(|text| {
        let engine = base64::engine::general_purpose::STANDARD;
        let stumbled = engine.decode(text.replace(['\n', '\r'], "")).err()?;
        Some(match stumbled {
            base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            _ => text.len() / 4 * 4,
        })
    })?;
    Some(format!("illegal base64 data at input byte {fault}"))
}
