//! The `/scale` subresource of workloads, as `autoscaling/v1` Scale.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::core::{State, World};
use super::failure::Failure;
use super::kinds::KindInfo;
use super::managed;
use super::object::{self, number};
use super::route::{Part, Target};
use super::store::Name;
use super::write::{self, Asked, Author};

/// GET, PUT and PATCH of `/scale`.
pub(super) fn answer(world: &World, state: &mut State, target: &Target, asked: &Asked) -> Result<Answer, Failure> {
    let live = write::stored(state, &target.kind, &Name::new(&target.namespace, &target.name))?;
    let paths = Paths::of(&target.kind);
    let was = scale_of(&paths, &live);
    let (wanted, warnings) = match asked.call.method.as_str() {
        "GET" => {
            return match &paths.missing(&live) {
                Some(failure) => Err(failure.clone()),
                None => Ok(Answer::ok(&was)),
            };
        }
        "PUT" | "PATCH" => said(world, target, &was, asked)?,
        _ => return Err(Failure::no_method()),
    };
    let uid = object::text(&wanted, "/metadata/uid");
    if !uid.is_empty() && uid != object::text(&live, "/metadata/uid") {
        return Err(Failure::other_uid(&target.kind, &live, uid));
    }
    let version = object::text(&wanted, "/metadata/resourceVersion");
    if !version.is_empty() && version != object::text(&live, "/metadata/resourceVersion") {
        return Err(Failure::stale(&target.kind, &target.name));
    }
    let replicas = number(&wanted, "/spec/replicas").unwrap_or_default();
    if replicas < 0 {
        let why = "must be greater than or equal to 0";
        let cause = super::failure::Cause::invalid("spec.replicas", &wanted["spec"]["replicas"], why);
        return Err(Failure::invalid(&scale_kind(&target.kind), &target.name, &[cause]));
    }
    let author = asked.author(Part::Whole);
    let written = set(world, state, &target.kind, (&live, replicas), &author)?;
    Ok(Answer::ok(&scale_of(&paths, &written.unwrap_or(live))).with_warnings(warnings))
}

/// The Scale that is wanted: the body of a PUT, or what is there with a patch in it. Its name is the path's.
fn said(world: &World, target: &Target, was: &Value, asked: &Asked) -> Result<(Value, Vec<String>), Failure> {
    let kind = scale_kind(&target.kind);
    let (mut wanted, warnings) = if asked.call.method == "PUT" {
        asked.object(world, &Target { kind: Arc::new(kind), ..target.clone() })?
    } else if write::patch::is_unknown(target, asked.call) {
        return Err(if target.kind.custom.is_some() { Failure::custom_media_type() } else { Failure::media_type() });
    } else {
        write::patch::merged(world, &kind, was, asked)?
    };
    write::update::check_name(target, &mut wanted)?;
    Ok((wanted, warnings))
}

/// Sets an object's replicas as its `/scale` does; nothing where they are that many already.
pub(super) fn set(
    world: &World,
    state: &mut State,
    kind: &Arc<KindInfo>,
    (live, replicas): (&Value, i64),
    author: &Author,
) -> Result<Option<Value>, Failure> {
    let (paths, mut new) = (Paths::of(kind), live.clone());
    let keys: Vec<&str> = paths.replicas.split('.').filter(|key| !key.is_empty()).collect();
    object::set(&mut new, &keys, replicas.into());
    if *live == new {
        return Ok(None);
    }
    managed::after_scale(write::ground(world, kind, state), live, &mut new, author);
    write::replace(world, state, kind, (live, new), author).map(Some)
}

fn scale_of(paths: &Paths, object: &Value) -> Value {
    let own = &object["metadata"];
    let selector = paths.selector(object);
    let mut spec = json!({});
    if let Some(replicas) = number(object, &pointer(&paths.replicas)).filter(|replicas| *replicas != 0) {
        spec["replicas"] = replicas.into();
    }
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": own["name"], "namespace": own["namespace"], "uid": own["uid"],
            "resourceVersion": own["resourceVersion"], "creationTimestamp": own["creationTimestamp"],
        },
        "spec": spec,
        "status": {"replicas": number(object, &pointer(&paths.observed)).unwrap_or_default()},
    });
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// Where a kind keeps what a Scale shows; simple JSON paths.
struct Paths {
    replicas: String,
    observed: String,
    /// Of a custom kind: where its selector lies as text.
    selector: Option<String>,
    is_custom: bool,
}

impl Paths {
    fn of(kind: &KindInfo) -> Self {
        let scale = kind.custom.as_ref().map(|custom| &custom.scale);
        let path = |key: &str, shipped: &str| {
            scale.map_or(shipped, |scale| scale[key].as_str().unwrap_or_default()).to_owned()
        };
        Self {
            replicas: path("specReplicasPath", ".spec.replicas"),
            observed: path("statusReplicasPath", ".status.replicas"),
            selector: scale.map(|scale| scale["labelSelectorPath"].as_str().unwrap_or_default().to_owned()),
            is_custom: scale.is_some(),
        }
    }

    /// A custom object without replicas has no Scale to show.
    fn missing(&self, object: &Value) -> Option<Failure> {
        let absent = self.is_custom && object.pointer(&pointer(&self.replicas)).is_none();
        absent.then(|| Failure::internal(&format!("the spec replicas field \"{}\" does not exist", self.replicas)))
    }

    fn selector(&self, object: &Value) -> String {
        if let Some(path) = &self.selector {
            return object::text(object, &pointer(path)).to_owned();
        }
        let selector = &object["spec"]["selector"];
        let labels = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
        let pairs = labels.map(|(key, value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())));
        let terms = selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten().map(term);
        let mut all: Vec<(String, String)> = pairs.chain(terms).collect();
        all.sort();
        let texts: Vec<String> = all.into_iter().map(|(_, text)| text).collect();
        texts.join(",")
    }
}

/// A term of a selector as text, behind its key.
fn term(term: &Value) -> (String, String) {
    let key = object::text(term, "/key");
    let values = term["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut values: Vec<&str> = values.collect();
    values.sort_unstable();
    let values = values.join(",");
    let text = match object::text(term, "/operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    };
    (key.to_owned(), text)
}

/// `.spec.replicas` as a JSON pointer.
fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

/// What refusals of a Scale name: not the scaled kind.
fn scale_kind(kind: &KindInfo) -> KindInfo {
    KindInfo { group: "autoscaling".into(), version: "v1".into(), kind: "Scale".into(), custom: None, ..kind.clone() }
}
