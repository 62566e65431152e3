//! A config for one directory: `driftdeck DIR`.

use std::path::Path;

use super::mistake::ConfigError;
use super::{Config, names, revision};
use crate::model::{AppId, AppSpec, ClusterName, ClusterSpec, Location, Policy, SourceSpec};

/// One app named after the directory, on one cluster named after the kube context, protected: a look, until it is
/// unlocked. `dir` is absolute; `namespace` is the context's.
///
/// # Errors
/// [`ConfigError::BadDir`] when `dir` is relative or cannot be shown.
pub fn adhoc(dir: &Path, context: &str, namespace: &str) -> Result<Config, ConfigError> {
    let bad = || ConfigError::BadDir { dir: dir.to_owned() };
    let text = dir.to_str().filter(|text| !text.chars().any(char::is_control)).ok_or_else(bad)?;
    if !dir.is_absolute() {
        return Err(bad());
    }
    let path = revision::local(text, Path::new("/")).unwrap_or_else(|_| dir.to_owned());
    let name = path.file_name().map(|name| slug(&name.to_string_lossy())).unwrap_or_default();
    let cluster = ClusterName::new(cluster_name(context));
    let app = AppSpec {
        id: AppId::new(if names::app(&name).is_ok() { name } else { "app".to_owned() }, cluster.clone()),
        source: SourceSpec { location: Location::Dir { path } },
        namespace: namespace.to_owned(),
        namespaces: Vec::new(),
        cluster_kinds: Vec::new(),
        policy: Policy::default(),
        ignore: Vec::new(),
        mask: Vec::new(),
        mask_length: false,
    };
    let cluster = ClusterSpec {
        name: cluster,
        context: Some(context.to_owned()),
        kubeconfig: None,
        protected: true,
        record_namespace: None,
        judge_local: false,
        judge_local_kinds: Vec::new(),
    };
    Ok(Config { clusters: vec![cluster], apps: vec![app], ..Config::default() })
}

/// The context's name where it may be a cluster's name, else what is left of it.
fn cluster_name(context: &str) -> String {
    if names::thing(context).is_ok() {
        return context.to_owned();
    }
    let slug = slug(context);
    if slug.is_empty() { "cluster".to_owned() } else { slug }
}

/// Lower-case letters and digits, joined by single dashes; the last 50 of them, where names differ most.
fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let joined = words.join("-");
    joined[joined.len().saturating_sub(50)..].trim_matches('-').to_owned()
}
