//! Apps: where from, where to, one `AppSpec` per destination.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Ground, MOST_APPS, joined};
use crate::config::mistake::quoted;
use crate::config::page::Written;
use crate::config::written::{Raw, RawApp};
use crate::config::{DEFAULT_REVISION, names, revision};
use crate::model::{AppId, AppSpec, ClusterName, IgnoreRule, Location, MaskRule, Policy, SourceSpec};

/// What all apps have in common.
pub(super) struct Shared<'c> {
    pub raw: &'c Raw,
    pub ignore: &'c [IgnoreRule],
    pub mask: &'c [MaskRule],
    pub mask_length: bool,
}

impl Shared<'_> {
    fn clusters(&self) -> impl Iterator<Item = &str> + Clone {
        self.raw.clusters.iter().filter_map(|cluster| cluster.name.as_ref()).map(|name| name.value.as_str())
    }

    fn repos(&self) -> impl Iterator<Item = &str> + Clone {
        self.raw.repos.iter().filter_map(|repo| repo.name.as_ref()).map(|name| name.value.as_str())
    }
}

impl Ground<'_> {
    /// All apps at all their destinations.
    pub(super) fn apps(&self, shared: &Shared) -> Vec<AppSpec> {
        let mut apps: Vec<AppSpec> = Vec::new();
        let mut seen: HashMap<AppId, u32> = HashMap::new();
        for raw in &shared.raw.apps {
            for spec in self.app(raw, shared) {
                if let (Some(first), Some(name)) = (seen.insert(spec.id.clone(), raw.place.line), &raw.name) {
                    let what = format!("a second app {}; the other is on line {first}", spec.id);
                    self.refuse(name, what, "rename one of them, or send it to another cluster");
                    continue;
                }
                if apps.len() == MOST_APPS {
                    self.refuse(
                        &raw.place.missing("clusters"),
                        format!("more than {MOST_APPS} apps"),
                        "split the fleet over several configs",
                    );
                    return apps;
                }
                apps.push(spec);
            }
        }
        apps
    }

    /// One app, once per destination; empty where something is missing.
    fn app(&self, raw: &RawApp, shared: &Shared) -> Vec<AppSpec> {
        let name = self.need(raw.name.as_ref(), &raw.place, "name", "name the app");
        let named = name.and_then(|name| self.hold(name, names::app(&name.value)));
        let location = self.location(raw, shared);
        let namespace = self.namespace(raw);
        let ignore = joined(raw.ignore.iter().filter_map(|rule| self.rule(rule)).collect(), shared.ignore);
        let mask = joined(raw.mask.iter().filter_map(|rule| self.mask(rule)).collect(), shared.mask);
        let flag = |flag: &Option<Written<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let (namespaces, cluster_kinds) = (self.globs(raw.namespaces.as_ref()), self.globs(raw.cluster_kinds.as_ref()));
        let clusters = self.destinations(raw, shared);
        let (Some(()), Some(name), Some(location), Some(namespace)) = (named, name, location, namespace) else {
            return Vec::new();
        };
        let app: Arc<str> = name.value.as_str().into();
        let spec = |cluster: &str| AppSpec {
            id: AppId::new(app.clone(), ClusterName::new(cluster)),
            source: SourceSpec { location: location.clone() },
            namespace: namespace.clone(),
            namespaces: namespaces.clone(),
            cluster_kinds: cluster_kinds.clone(),
            policy: Policy { auto: flag(&raw.auto), self_heal: flag(&raw.self_heal), prune: flag(&raw.prune) },
            ignore: ignore.clone(),
            mask: mask.clone(),
            mask_length: raw.mask_length.as_ref().map_or(shared.mask_length, |flag| flag.value),
        };
        clusters.into_iter().map(spec).collect()
    }

    fn namespace(&self, raw: &RawApp) -> Option<String> {
        let cure = "name the namespace it is written into";
        let namespace = self.need(raw.namespace.as_ref(), &raw.place, "namespace", cure)?;
        self.hold(namespace, names::namespace(&namespace.value)).map(|()| namespace.value.clone())
    }

    fn location(&self, raw: &RawApp, shared: &Shared) -> Option<Location> {
        match (&raw.repo, &raw.dir) {
            (Some(repo), None) => self.in_git(raw, repo, shared),
            (None, Some(dir)) => self.on_disk(raw, dir),
            (Some(_), Some(dir)) => {
                self.refuse(dir, "both repo and dir", "keep one of them");
                None
            }
            (None, None) => {
                self.missing(
                    &raw.place,
                    &["repo", "dir"],
                    "neither repo nor dir",
                    "name a repository of [[repos]], or a directory",
                );
                None
            }
        }
    }

    fn in_git(&self, raw: &RawApp, repo: &Written<String>, shared: &Shared) -> Option<Location> {
        let known = self.known(repo, "repository", "repos", shared.repos());
        let revision = match &raw.revision {
            Some(written) => self.hold(written, revision::revision(&written.value)).map(|()| written.value.clone()),
            None => Some(DEFAULT_REVISION.to_owned()),
        };
        let path = match &raw.path {
            Some(written) => self.hold(written, revision::path(&written.value)),
            None => Some(String::new()),
        };
        let (revision, path) = (revision?, path?);
        known.then(|| Location::Git { repo: crate::model::RepoName::new(repo.value.as_str()), revision, path })
    }

    fn on_disk(&self, raw: &RawApp, dir: &Written<String>) -> Option<Location> {
        for (key, written) in [("path", &raw.path), ("revision", &raw.revision)] {
            if let Some(written) = written {
                self.refuse(
                    written,
                    format!("{key} goes with repo, not with dir"),
                    "leave it out; dir is the whole path",
                );
            }
        }
        let path = self.hold(dir, revision::local(&dir.value, self.base))?;
        Some(Location::Dir { path })
    }

    /// The clusters it goes to, each once, in the order of `[[clusters]]`.
    fn destinations<'s>(&self, raw: &RawApp, shared: &'s Shared) -> Vec<&'s str> {
        match (&raw.cluster, &raw.clusters) {
            (Some(cluster), None) => {
                self.known(cluster, "cluster", "clusters", shared.clusters());
                shared.clusters().filter(|name| *name == cluster.value).take(1).collect()
            }
            (None, Some(globs)) => self.matching(globs, shared),
            (Some(_), Some(globs)) => {
                self.refuse(globs, "both cluster and clusters", "keep one of them");
                Vec::new()
            }
            (None, None) => {
                self.missing(
                    &raw.place,
                    &["cluster", "clusters"],
                    "missing",
                    "name a cluster of [[clusters]], or clusters = [\"glob\"]",
                );
                Vec::new()
            }
        }
    }

    fn matching<'s>(&self, globs: &Written<Vec<Written<String>>>, shared: &'s Shared) -> Vec<&'s str> {
        if globs.value.is_empty() {
            self.refuse(globs, "an empty list", "name at least one cluster");
        }
        let mut matchers = Vec::new();
        for glob in &globs.value {
            let Some(matcher) = self.hold(glob, names::glob(&glob.value)) else { continue };
            if shared.clusters().any(|name| matcher.is_match(name)) {
                matchers.push(matcher);
                continue;
            }
            let known: Vec<_> = shared.clusters().take(10).map(quoted).collect();
            let cure =
                if known.is_empty() { "add [[clusters]]".to_owned() } else { format!("known: {}", known.join(", ")) };
            self.refuse(glob, format!("{} matches no cluster", quoted(&glob.value)), cure);
        }
        let mut names: Vec<&str> = Vec::new();
        for name in shared.clusters().filter(|name| matchers.iter().any(|matcher| matcher.is_match(name))) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
