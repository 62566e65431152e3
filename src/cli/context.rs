//! The current kube context, by name: what an ad hoc look is fixed to at its start. Reads names only, never credentials.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::CliError;
use crate::yaml;

/// A kubeconfig of many clusters is a few hundred kilobytes.
const LIMIT: u64 = 8 << 20;

/// A context and the namespace it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its name.
    pub context: String,
    /// `default` where the context says none.
    pub namespace: String,
}

/// The context named, else the current one, of the files that kubectl would read.
///
/// # Errors
/// A usage error when there is no such context.
pub fn current(kubeconfig: Option<&Path>, named: Option<&str>) -> Result<Current, CliError> {
    let files = kubeconfig.map_or_else(usual, |file| vec![file.to_owned()]);
    let mut read = Vec::new();
    for file in &files {
        read.extend(contents(file)?);
    }
    if read.is_empty() {
        let looked: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        return Err(
            CliError::usage(format!("no kubeconfig at {}", looked.join(", "))).hint("name one with --kubeconfig")
        );
    }
    pick(&read, named)
}

/// As kubectl merges: the first file that says something wins.
fn pick(files: &[Value], named: Option<&str>) -> Result<Current, CliError> {
    let text = |value: &Value, key: &str| value.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let context = named.map(str::to_owned).or_else(|| files.iter().find_map(|file| text(file, "current-context")));
    let context = context.ok_or_else(|| {
        CliError::usage("the kubeconfig has no current context")
            .hint("name one with --context, or kubectl config use-context")
    })?;
    let contexts = files.iter().filter_map(|file| file.get("contexts")?.as_array()).flatten();
    let mut found = contexts.filter(|entry| text(entry, "name").as_deref() == Some(&context));
    let entry = found.next().ok_or_else(|| {
        CliError::usage(format!("no context {context} in the kubeconfig")).hint("see kubectl config get-contexts")
    })?;
    let namespace = entry.get("context").and_then(|within| text(within, "namespace"));
    Ok(Current { context, namespace: namespace.unwrap_or_else(|| "default".to_owned()) })
}

/// `KUBECONFIG`, else `~/.kube/config`.
fn usual() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let files: Vec<PathBuf> = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if !files.is_empty() {
        return files;
    }
    directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".kube").join("config")).into_iter().collect()
}

/// What a file says; nothing when it is not there. What it says is never quoted: it holds tokens.
fn contents(file: &Path) -> Result<Option<Value>, CliError> {
    let broken = |why: &str| CliError::usage(format!("{} cannot be read as a kubeconfig: {why}", file.display()));
    let length = match std::fs::metadata(file) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(&error.kind().to_string())),
    };
    if length > LIMIT {
        return Err(broken("it is larger than 8 MiB"));
    }
    let bytes = std::fs::read(file).map_err(|error| broken(&error.kind().to_string()))?;
    match yaml::read(&bytes, &yaml::Budget::default()).into_iter().next() {
        None => Ok(None),
        Some(Ok(doc)) => Ok(Some(doc.value)),
        Some(Err(error)) => Err(broken(&format!("line {}, column {}", error.line, error.column))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn files() -> Vec<Value> {
        let one = json!({ "current-context": "", "contexts": [{ "name": "a", "context": { "namespace": "first" } }] });
        let two = json!({ "current-context": "b", "contexts": [
            { "name": "a", "context": { "namespace": "second" } }, { "name": "b", "context": {} }] });
        vec![one, two]
    }

    #[test]
    fn the_first_file_that_says_something_wins() {
        let a = pick(&files(), Some("a")).expect("a is there");
        assert_eq!(a.namespace, "first");
        let current = pick(&files(), None).expect("the second file names it");
        assert_eq!(current, Current { context: "b".into(), namespace: "default".into() });
    }

    #[test]
    fn a_context_that_is_not_there_is_a_usage_error() {
        let error = pick(&files(), Some("c")).expect_err("no c");
        assert_eq!(error.exit(), 2, "{error}");
    }
}
