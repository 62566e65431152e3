//! Where git declares what differs, and who touched that line last. Blocking; an enrichment that nothing waits for.
//!
//! A place is told only where it is certain: the object is found once, and the field stands there with the very value
//! that git is judged by. Everything else is not known.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::desired::Desired;
use super::site::Site;
use crate::model::{Declared, FieldPath, Manifest, ResourceKey, Step, Tree, TreeKind};
use crate::render::{self, Renderer};
use crate::source::SourceError;
use crate::yaml::{self, Budget, Spot};

/// Files searched for one app, and how large each may be.
const FILES: usize = 200;
const BYTES: usize = 1 << 20;
/// Files blamed for one answer.
const BLAMED: usize = 50;
/// Directories inside one another.
const DEPTH: usize = 16;

/// What is asked about: paths by object.
pub(super) type Wanted = Vec<(ResourceKey, FieldPath)>;
/// What is known of each; `None` = not to be known.
pub(super) type Told = Vec<(ResourceKey, FieldPath, Option<Arc<Declared>>)>;

/// Finds the declarations of paths.
pub(super) fn declared(site: &Site, desired: &Desired, wanted: Wanted) -> Told {
    let spots = spots(site, desired, &wanted).unwrap_or_default();
    let mut lines: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (file, line) in spots.iter().flatten() {
        lines.entry(file).or_default().push(*line);
    }
    let mirror = site.mirror().and_then(Result::ok);
    let mut blamed = BTreeMap::new();
    for (file, mut lines) in lines.into_iter().take(BLAMED) {
        lines.sort_unstable();
        lines.dedup();
        match mirror.as_ref().map(|mirror| mirror.blame(&desired.at, file, &lines)) {
            Some(Ok(infos)) => drop(blamed.insert(file, infos)),
            Some(Err(error @ SourceError::TimedOut { .. })) => {
                tracing::debug!(%error, "a long history: no more blame for now");
                break;
            }
            Some(Err(error)) => tracing::debug!(%error, "no blame"),
            None => {}
        }
    }
    let told = |spot: &Option<(String, u32)>| {
        let (file, line) = spot.as_ref()?;
        let info = blamed.get(file.as_str())?.get(line)?.clone();
        Some(Arc::new(Declared {
            commit: info.id,
            author: info.author,
            time: info.time,
            subject: info.subject,
            file: file.as_str().into(),
            line: *line,
        }))
    };
    let told: Vec<_> = spots.iter().map(told).chain(std::iter::repeat(None)).take(wanted.len()).collect();
    wanted.into_iter().zip(told).map(|((key, path), told)| (key, path, told)).collect()
}

/// File and line of each path, in the order asked; `None` outside = nothing can be told at all.
fn spots(site: &Site, desired: &Desired, wanted: &Wanted) -> Option<Vec<Option<(String, u32)>>> {
    let tree = site.mirror()?.ok()?.tree(&desired.at).ok()?;
    let mut places = Places::new(&*tree, site.path())?;
    Some(wanted.iter().map(|(key, path)| places.of(desired.manifests.get(key)?, path)).collect())
}

/// Where the objects of one app are declared.
struct Places<'t> {
    path: &'t str,
    files: Files<'t>,
    /// The files of a kustomization; `None` = plain files, whose manifests say where they come from.
    inputs: Option<Vec<String>>,
}

impl<'t> Places<'t> {
    fn new(tree: &'t dyn Tree, path: &'t str) -> Option<Self> {
        let inputs = match render::detect(tree, path).ok()? {
            Renderer::Plain => None,
            Renderer::Kustomize => Some(inputs(tree, path)),
            Renderer::Helm => return None,
        };
        Some(Self { path, files: Files { tree, read: BTreeMap::new() }, inputs })
    }

    fn of(&mut self, manifest: &Manifest, path: &FieldPath) -> Option<(String, u32)> {
        let files = &mut self.files;
        let Some(inputs) = &self.inputs else {
            let file = join(self.path, manifest.origin.file.raw());
            let line = files.find(&file, manifest, path)?;
            return Some((file, line));
        };
        // An overlay writes over its bases, and its own files come first; two of one rank leave it open.
        let mut found = inputs.iter().filter_map(|file| Some((file.clone(), files.find(file, manifest, path)?)));
        let first = found.next()?;
        let is_own = |file: &str| file.starts_with(&join(self.path, ""));
        match found.next() {
            Some((second, _)) if is_own(&second) || !is_own(&first.0) => None,
            _ => Some(first),
        }
    }
}

fn join(dir: &str, file: &str) -> String {
    if dir.is_empty() { file.to_owned() } else { format!("{}/{file}", dir.trim_end_matches('/')) }
}

/// Every YAML file among the inputs of a kustomization, the app's own first.
fn inputs(tree: &dyn Tree, path: &str) -> Vec<String> {
    let mut files = Vec::new();
    for input in render::input_paths(tree, path).unwrap_or_default() {
        collect(tree, &input, DEPTH, &mut files);
    }
    files.retain(|file| [".yaml", ".yml", ".json"].iter().any(|ending| file.ends_with(ending)));
    files
}

fn collect(tree: &dyn Tree, path: &str, depth: usize, files: &mut Vec<String>) {
    let Ok(entries) = tree.list(path) else {
        files.push(path.to_owned());
        return;
    };
    for entry in entries {
        if depth == 0 || files.len() >= FILES {
            return;
        }
        let at = join(path, &entry.name);
        match entry.kind {
            TreeKind::Dir => collect(tree, &at, depth - 1, files),
            TreeKind::File => files.push(at),
            TreeKind::Link | TreeKind::Submodule => {}
        }
    }
}

/// Files read once: what they say, and on which lines.
struct Files<'t> {
    tree: &'t dyn Tree,
    read: BTreeMap<String, Vec<(Value, Spot)>>,
}

impl Files<'_> {
    /// The line of a field of an object in a file, where both are found and the value is git's.
    fn find(&mut self, file: &str, manifest: &Manifest, path: &FieldPath) -> Option<u32> {
        if !self.read.contains_key(file) {
            let docs = self.tree.read(file).ok().filter(|text| text.len() <= BYTES).map(|text| documents(&text));
            self.read.insert(file.to_owned(), docs.unwrap_or_default());
        }
        let docs = self.read.get(file)?;
        let mut found = docs.iter().flat_map(|(value, spot)| objects(value, spot));
        let mut found = found.by_ref().filter(|(value, _)| is_of(value, &manifest.key));
        let (value, spot) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let wanted = at(&manifest.body, path);
        line(value, spot, path, wanted).or_else(|| line(value, spot, &string_data(&manifest.key, path)?, None))
    }
}

fn documents(text: &[u8]) -> Vec<(Value, Spot)> {
    let spots = yaml::places(text);
    let docs = yaml::read(text, &Budget::default()).into_iter().flatten();
    docs.filter_map(|doc| Some((doc.value, spots.iter().find(|spot| spot.line == doc.line)?.clone()))).collect()
}

/// The objects of a document: itself, or the items of a List.
fn objects<'d>(value: &'d Value, spot: &'d Spot) -> Vec<(&'d Value, &'d Spot)> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match (value.get("items").and_then(Value::as_array), spot.key("items")) {
        (Some(items), Some(spots)) if is_list => {
            items.iter().enumerate().filter_map(|(n, item)| Some((item, spots.item(n)?))).collect()
        }
        _ => vec![(value, spot)],
    }
}

fn is_of(value: &Value, key: &ResourceKey) -> bool {
    let text = |at: &str| value.pointer(at).and_then(Value::as_str);
    let group = text("/apiVersion").map(|version| version.split_once('/').map_or("", |(group, _)| group));
    group == Some(&*key.kind.group)
        && text("/kind") == Some(&*key.kind.kind)
        && text("/metadata/name") == Some(&*key.name)
        && text("/metadata/namespace").is_none_or(|namespace| *namespace == *key.namespace)
}

/// The line of a path, down to its last step or to the innermost map or list that holds it; `wanted` must be there.
fn line(value: &Value, spot: &Spot, path: &FieldPath, wanted: Option<&Value>) -> Option<u32> {
    let (mut value, mut spot) = (value, spot);
    for step in &path.0 {
        (value, spot) = if let Step::Key(key) = step {
            (value.get(&**key)?, spot.key(key)?)
        } else {
            let n = index(value, step)?;
            (value.get(n)?, spot.item(n)?)
        };
    }
    wanted.is_none_or(|wanted| path.0.is_empty() || wanted == value).then_some(spot.line)
}

fn index(value: &Value, step: &Step) -> Option<usize> {
    let items = value.as_array()?;
    match step {
        Step::Index(n) => Some(*n),
        Step::Member(member) => items.iter().position(|item| item == member),
        Step::Item(keys) => {
            let holds = |item: &Value| keys.iter().all(|(key, want)| item.get(&**key).is_none_or(|has| has == want));
            let mut found = items.iter().enumerate().filter(|(_, item)| holds(item));
            let (n, _) = found.next()?;
            found.next().is_none().then_some(n)
        }
        Step::Key(_) => None,
    }
}

fn at<'v>(value: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    path.0.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(&**key),
        step => value.get(index(value, step)?),
    })
}

/// What is folded into `data` may be written as `stringData`.
fn string_data(key: &ResourceKey, path: &FieldPath) -> Option<FieldPath> {
    let (first, rest) = path.0.split_first()?;
    let is_data = key.kind.is_secret() && *first == Step::Key("data".into());
    is_data.then(|| FieldPath([Step::Key("stringData".into())].into_iter().chain(rest.iter().cloned()).collect()))
}

#[cfg(test)]
#[path = "blame/tests.rs"]
mod tests;
