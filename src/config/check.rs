//! Plain data → checked `Config`: the rules that need more than one value, and the order in which they are held.

mod app;
mod mask;
mod repo;
mod rule;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::mistake::{Wrong, quoted};
use super::page::{Page, Written};
use super::written::{Place, Raw, RawAuthor, RawCluster};
use super::{Config, DEFAULT_INTERVAL, OwnerGlobs, Standing, names, revision, trust};
use crate::model::{ClusterName, ClusterSpec};

/// More apps than one process is made for.
const MOST_APPS: usize = 10_000;

/// What every rule needs to know.
struct Ground<'c> {
    page: &'c Page,
    base: &'c Path,
    standing: Standing,
}

/// Checks everything and notes every mistake on the page; what is wrong is left out of the result.
pub(super) fn check(raw: &Raw, page: &Page, base: &Path, standing: Standing) -> Config {
    let ground = Ground { page, base, standing };
    let interval = raw.interval.as_ref().and_then(|text| ground.interval(text)).unwrap_or(DEFAULT_INTERVAL);
    let mask_length = raw.mask_length.as_ref().is_some_and(|flag| flag.value);
    let clusters: Vec<_> = raw.clusters.iter().filter_map(|cluster| ground.cluster(cluster)).collect();
    ground.unique(raw.clusters.iter().filter_map(|cluster| cluster.name.as_ref()), "cluster");
    let repos: Vec<_> = raw.repos.iter().filter_map(|repo| ground.repo(repo, interval)).collect();
    ground.unique(raw.repos.iter().filter_map(|repo| repo.name.as_ref()), "repository");
    let ignore: Vec<_> = raw.ignore.iter().filter_map(|rule| ground.rule(rule)).collect();
    let mask: Vec<_> = raw.mask.iter().filter_map(|rule| ground.mask(rule)).collect();
    let shared = app::Shared { raw, ignore: &ignore, mask: &mask, mask_length };
    let apps = ground.apps(&shared);
    let author = raw.author.as_ref().and_then(|author| ground.author(author));
    let owners =
        OwnerGlobs { people: ground.globs(raw.people.as_ref()), controllers: ground.globs(raw.controllers.as_ref()) };
    Config { interval, author, clusters, repos, apps, owners, mask_length, home: None }
}

impl Ground<'_> {
    /// Notes what a rule found wrong.
    fn hold<T, U>(&self, at: &Written<T>, verdict: Result<U, Wrong>) -> Option<U> {
        verdict.map_err(|wrong| self.page.wrong(at, &wrong)).ok()
    }

    fn refuse<T>(&self, at: &Written<T>, what: impl Into<String>, cure: impl Into<String>) {
        self.page.wrong(at, &Wrong::new(what, cure));
    }

    /// A key that must be there.
    fn need<'w>(
        &self,
        text: Option<&'w Written<String>>,
        place: &Place,
        key: &str,
        cure: &str,
    ) -> Option<&'w Written<String>> {
        if text.is_none() {
            self.missing(place, &[key], "missing", cure);
        }
        text
    }

    /// Notes that none of `keys` is written, at the first of them.
    fn missing(&self, place: &Place, keys: &[&str], what: &str, cure: &str) {
        if !keys.iter().any(|key| self.page.is_mistyped(&place.missing(key).key)) {
            self.refuse(&place.missing(keys.first().copied().unwrap_or_default()), what, cure);
        }
    }

    fn interval(&self, text: &Written<String>) -> Option<Duration> {
        let wrong = |what| Err(Wrong::new(what, "write a time such as \"30s\" or \"5m\", from 1s to 24h"));
        let checked = match humantime::parse_duration(&text.value) {
            Ok(span) if span < Duration::from_secs(1) => wrong("shorter than a second"),
            Ok(span) if span > Duration::from_hours(24) => wrong("longer than a day"),
            Ok(span) => Ok(span),
            Err(_) => wrong("not a time"),
        };
        self.hold(text, checked)
    }

    fn author(&self, raw: &RawAuthor) -> Option<(String, String)> {
        let name = self.need(raw.name.as_ref(), &raw.place, "name", "write both name and email, or no [author]");
        let email = self.need(raw.email.as_ref(), &raw.place, "email", "write both name and email, or no [author]");
        let fits = |text: &Written<String>| {
            let bad = text.value.trim().is_empty()
                || text.value.contains(['<', '>'])
                || text.value.chars().any(char::is_control);
            if bad {
                self.refuse(text, "empty, or holds <, > or a control character", "write it as git shows it");
            }
            (!bad).then(|| text.value.trim().to_owned())
        };
        let (name, email) = (name.and_then(fits), email.and_then(fits));
        Some((name?, email?))
    }

    fn cluster(&self, raw: &RawCluster) -> Option<ClusterSpec> {
        let name = self.need(raw.name.as_ref(), &raw.place, "name", "name the cluster")?;
        self.hold(name, names::thing(&name.value));
        let context = raw.context.as_ref().map_or(&name.value, |context| &context.value);
        if let Some(written) =
            raw.context.as_ref().filter(|w| w.value.is_empty() || w.value.chars().any(char::is_control))
        {
            self.refuse(written, "empty, or holds a control character", "write a context of the kubeconfig");
        }
        let kubeconfig = raw.kubeconfig.as_ref().and_then(|path| self.guarded_path(path, "kubeconfig"));
        let record_namespace = raw.record_namespace.as_ref();
        let record_namespace = record_namespace.filter(|ns| self.hold(ns, names::namespace(&ns.value)).is_some());
        Some(ClusterSpec {
            name: ClusterName::new(name.value.as_str()),
            context: Some(context.clone()),
            kubeconfig,
            protected: self.protected(raw, &name.value, context),
            record_namespace: record_namespace.map(|ns| ns.value.clone()),
            judge_local: self.judge_local(raw),
            judge_local_kinds: self.kinds(raw.judge_local_kinds.as_ref()),
        })
    }

    fn protected(&self, raw: &RawCluster, name: &str, context: &str) -> bool {
        let by_name = names::sounds_protected(name) || names::sounds_protected(context);
        let Some(written) = &raw.protected else { return by_name };
        if !written.value && self.standing == Standing::Local {
            self.refuse(written, "a local file may not switch protection off", trust::CURE);
        }
        written.value
    }

    fn judge_local(&self, raw: &RawCluster) -> bool {
        let Some(judge) = &raw.judge else { return false };
        if !matches!(judge.value.as_str(), "server" | "local") {
            self.refuse(judge, "neither of the two judges", "write \"server\" (dry runs) or \"local\" (none)");
        }
        judge.value == "local"
    }

    /// Kinds by their names; `judge = "local"` is the word for all of them.
    fn kinds(&self, kinds: Option<&Written<Vec<Written<String>>>>) -> Vec<String> {
        let good = |kind: &&Written<String>| {
            let fits = kind.value.starts_with(|c: char| c.is_ascii_uppercase())
                && kind.value.chars().all(|c| c.is_ascii_alphanumeric());
            if !fits {
                self.refuse(kind, "not a kind", "write it as manifests do, such as \"Pod\"");
            }
            fits
        };
        kinds.into_iter().flat_map(|list| &list.value).filter(good).map(|kind| kind.value.clone()).collect()
    }

    /// A path that only the operator's own file may set.
    fn guarded_path(&self, text: &Written<String>, key: &str) -> Option<PathBuf> {
        if self.standing == Standing::Local {
            self.refuse(text, format!("a local file may not set {key}"), trust::CURE);
        }
        self.hold(text, revision::local(&text.value, self.base))
    }

    /// Notes names that are given twice, or that differ in case only.
    fn unique<'w>(&self, names: impl Iterator<Item = &'w Written<String>>, what: &str) {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for name in names {
            if let Some(first) = seen.insert(name.value.to_lowercase(), name.line) {
                let what = format!(
                    "a second {what} of that name (upper and lower case are one); the other is on line {first}"
                );
                self.refuse(name, what, "rename one of them");
            }
        }
    }

    fn globs(&self, globs: Option<&Written<Vec<Written<String>>>>) -> Vec<String> {
        let globs = globs.into_iter().flat_map(|list| &list.value);
        globs
            .filter(|glob| self.hold(glob, names::glob(&glob.value)).is_some())
            .map(|glob| glob.value.clone())
            .collect()
    }

    /// The name among those known, or a mistake that tells the nearest.
    fn known<'w>(
        &self,
        at: &Written<String>,
        what: &str,
        table: &str,
        mut names: impl Iterator<Item = &'w str> + Clone,
    ) -> bool {
        if names.clone().any(|name| name == at.value) {
            return true;
        }
        let cure = match names::nearest(&at.value, &mut names) {
            Some(near) => format!("did you mean {}?", quoted(near)),
            None => format!("add [[{table}]] with that name"),
        };
        self.refuse(at, format!("unknown {what} {}", quoted(&at.value)), cure);
        false
    }
}

/// The app's own rules first, then those of the whole file.
fn joined<R: Clone>(own: Vec<R>, global: &[R]) -> Vec<R> {
    own.into_iter().chain(global.iter().cloned()).collect()
}

/// Where a rule stands, as `hidden[].rule` tells it.
fn rule_place(name: &str) -> Arc<str> {
    name.into()
}
