//! What a kustomization file names: the references a build follows.

use serde_json::Value;

use super::RenderError;
use crate::yaml::{self, Budget};

/// The names kustomize looks for.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields whose entries are paths, or inline YAML.
const LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "patchesStrategicMerge",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
];

/// All references of a kustomization file, as written.
pub(super) fn references(file: &str, text: &[u8]) -> Result<Vec<String>, RenderError> {
    let refused = |what| RenderError::Refused { file: file.to_owned(), what };
    let mut found = Vec::new();
    for doc in yaml::read(text, &Budget::default()) {
        let doc = doc.map_err(|_| refused("the kustomization cannot be read as YAML"))?.value;
        if ["helmCharts", "helmChartInflationGenerator", "helmGlobals"].iter().any(|key| doc.get(key).is_some()) {
            return Err(refused("helm charts inside a kustomization are not inflated"));
        }
        for key in LISTS {
            found.extend(items(&doc, key).filter_map(Value::as_str).map(str::to_owned));
        }
        for key in ["patches", "patchesJson6902", "replacements"] {
            found.extend(items(&doc, key).filter_map(|item| item.get("path")?.as_str()).map(str::to_owned));
        }
        found.extend(doc.pointer("/openapi/path").and_then(Value::as_str).map(str::to_owned));
        for key in ["configMapGenerator", "secretGenerator"] {
            items(&doc, key).for_each(|item| generated(item, &mut found));
        }
    }
    found.retain(|reference| !reference.contains('\n'));
    Ok(found)
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// `files` may say `key=path`.
fn generated(item: &Value, found: &mut Vec<String>) {
    let path = |entry: &str| entry.split_once('=').map_or(entry, |(_, path)| path).to_owned();
    found.extend(items(item, "files").filter_map(Value::as_str).map(path));
    found.extend(items(item, "envs").filter_map(Value::as_str).map(str::to_owned));
    found.extend(item.get("env").and_then(Value::as_str).map(str::to_owned));
}
