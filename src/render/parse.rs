//! A text → documents and faults: Lists expanded, each with its file and line.

use std::sync::Arc;

use serde_json::Value;

use super::{BYTES, DEPTH};
use crate::model::{Document, Fault, Foreign, Gvk, Origin, Rendered, Rule, Without};
use crate::yaml::{self, Budget};

/// What git-lfs leaves in place of a file (git-lfs spec, *The Pointer*).
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How a text is read.
#[derive(Clone, Copy)]
pub(super) struct How {
    /// A renderer's output: lines there are not lines in git, so they are 0.
    pub is_made: bool,
    /// Rules that are off.
    pub without: Without,
}

/// Reads a file or a renderer's output.
pub(super) fn read(file: &str, text: &[u8], how: How, out: &mut Rendered) {
    let How { is_made, without } = how;
    let origin = |line: u32| Origin { file: Foreign::from(file), line: if is_made { 0 } else { line } };
    if text.starts_with(LFS) {
        let message = Foreign::from("a git-lfs pointer: the file itself is not in git");
        out.faults.push(Fault { origin: origin(1), column: 0, message });
        return;
    }
    let budget = Budget { bytes: if is_made { BYTES } else { Budget::default().bytes }, ..Budget::default() };
    let depth = if without.has(Rule::Lists) { Some(DEPTH) } else { None };
    for read in yaml::read_without(text, &budget, without) {
        match read {
            Ok(doc) => add(doc.value, &origin(doc.line), depth, out),
            Err(error) => out.faults.push(Fault {
                origin: origin(error.line),
                column: error.column,
                message: Foreign::new(error.what),
            }),
        }
    }
}

/// `depth` = how many Lists inside one another are taken apart; `None` = a List is an object.
fn add(value: Value, origin: &Origin, depth: Option<usize>, out: &mut Rendered) {
    let Value::Object(mut map) = value else {
        return fault("not an object: a document must be a mapping", origin, out);
    };
    let word = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (word("apiVersion"), word("kind"));
    if let Some(depth) = depth
        && kind.ends_with("List")
        && map.get("items").is_some_and(Value::is_array)
    {
        let Some(depth) = depth.checked_sub(1) else {
            return fault("Lists inside one another, too deep", origin, out);
        };
        if let Some(Value::Array(items)) = map.remove("items") {
            for item in items {
                add(item, origin, Some(depth), out);
            }
        }
        return;
    }
    let named = |key: &str| -> Option<Arc<str>> { Some(map.get("metadata")?.get(key)?.as_str()?.into()) };
    out.documents.push(Document {
        gvk: Gvk::parse(&api_version, &kind),
        namespace: named("namespace"),
        name: named("name"),
        body: Arc::new(Value::Object(map.clone())),
        origin: origin.clone(),
    });
}

fn fault(message: &str, origin: &Origin, out: &mut Rendered) {
    out.faults.push(Fault { origin: origin.clone(), column: 0, message: Foreign::from(message) });
}
