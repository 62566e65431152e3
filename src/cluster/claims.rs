//! What other deployers say they have synced: Argo CD `Application`, Flux `Kustomization` with its `GitRepository`.
//!
//! Read only, one list a kind, and only where the kinds are served and readable. What they say is a claim: it stands in
//! for a base of our own (drift.md *Inputs*, P), it decides nothing else. Refuses other sources than git.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Cluster;
use super::discover::{Discovery, Lookup, Served};
use super::watch::{Narrow, Target};
use crate::model::{CommitId, Kind, Live};

/// The most claims that are read of a cluster.
const MOST: usize = 10_000;

/// One source that somebody else says it has synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The repository, as written there. Foreign text.
    pub url: String,
    /// The path in it, without leading or trailing slash or `./`.
    pub path: String,
    /// What it says is deployed.
    pub commit: CommitId,
}

/// The kinds that are read.
fn kinds() -> [Kind; 3] {
    [
        Kind::new("argoproj.io", "Application"),
        Kind::new("kustomize.toolkit.fluxcd.io", "Kustomization"),
        Kind::new("source.toolkit.fluxcd.io", "GitRepository"),
    ]
}

impl Cluster {
    /// Reads all claims. What may not be read, or is not served, claims nothing.
    pub async fn claims(&self, discovery: &Discovery) -> Vec<Claim> {
        let [applications, kustomizations, repositories] = kinds().map(|kind| discovery.find_kind(&kind));
        let (applications, kustomizations) = futures::join!(self.all_of(applications), self.all_of(kustomizations));
        let repositories = if kustomizations.is_empty() { Vec::new() } else { self.all_of(repositories).await };
        let urls: BTreeMap<_, _> = repositories.iter().filter_map(repository).collect();
        let argo = applications.iter().flat_map(application);
        let flux = kustomizations.iter().filter_map(|object| kustomization(object, &urls));
        argo.chain(flux).take(MOST).collect()
    }

    async fn all_of(&self, lookup: Lookup) -> Vec<(String, Value)> {
        let Lookup::Served(served) = lookup else { return Vec::new() };
        self.listed(served).await.iter().filter_map(parsed).collect()
    }

    async fn listed(&self, served: Served) -> Vec<Live> {
        if !served.takes("list") {
            return Vec::new();
        }
        let target = Target { served, namespace: None };
        self.list_part(&target, Narrow::default()).await.unwrap_or_default()
    }
}

/// An object with its namespace.
fn parsed(live: &Live) -> Option<(String, Value)> {
    Some((live.key.namespace.to_string(), serde_json::from_str(&live.json).ok()?))
}

fn text<'v>(value: &'v Value, at: &str) -> Option<&'v str> {
    value.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn path_of(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." { String::new() } else { path.to_owned() }
}

/// `spec.source` with `status.sync.revision`, or `spec.sources` with `status.sync.revisions`. Synced is what was applied:
/// the last operation that succeeded says it better than the comparison's revision.
fn application((_, object): &(String, Value)) -> Vec<Claim> {
    let one = || {
        let source = object.pointer("/spec/source")?;
        let done = text(object, "/status/operationState/phase") == Some("Succeeded");
        let applied = text(object, "/status/operationState/syncResult/revision").filter(|_| done);
        let synced = || text(object, "/status/sync/revision").filter(|_| is_synced(object));
        claim(source, applied.or_else(synced)?)
    };
    if let Some(claim) = one() {
        return vec![claim];
    }
    let sources = object.pointer("/spec/sources").and_then(Value::as_array);
    let revisions = object.pointer("/status/sync/revisions").and_then(Value::as_array).filter(|_| is_synced(object));
    let pairs = sources.into_iter().flatten().zip(revisions.into_iter().flatten());
    pairs.filter_map(|(source, revision)| claim(source, revision.as_str()?)).collect()
}

fn is_synced(object: &Value) -> bool {
    text(object, "/status/sync/status") == Some("Synced")
}

/// A chart is no path of git.
fn claim(source: &Value, revision: &str) -> Option<Claim> {
    if text(source, "/chart").is_some() {
        return None;
    }
    let path = path_of(text(source, "/path").unwrap_or_default());
    Some(Claim { url: text(source, "/repoURL")?.to_owned(), path, commit: commit_of(revision)? })
}

fn repository((namespace, object): &(String, Value)) -> Option<((String, String), String)> {
    let name = text(object, "/metadata/name")?.to_owned();
    Some(((namespace.clone(), name), text(object, "/spec/url")?.to_owned()))
}

fn kustomization((namespace, object): &(String, Value), urls: &BTreeMap<(String, String), String>) -> Option<Claim> {
    if text(object, "/spec/sourceRef/kind") != Some("GitRepository") {
        return None;
    }
    let within = text(object, "/spec/sourceRef/namespace").unwrap_or(namespace);
    let url = urls.get(&(within.to_owned(), text(object, "/spec/sourceRef/name")?.to_owned()))?;
    let commit = commit_of(text(object, "/status/lastAppliedRevision")?)?;
    Some(Claim { url: url.clone(), path: path_of(text(object, "/spec/path").unwrap_or_default()), commit })
}

/// The commit in `9f31…`, `main@sha1:9f31…` or `main/9f31…`; nothing else is one.
fn commit_of(revision: &str) -> Option<CommitId> {
    let tail = revision.rsplit(['/', ':', '@']).next()?;
    let full = matches!(tail.len(), 40 | 64) && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    full.then(|| CommitId::new(tail.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COMMIT: &str = "9f31c2a09f31c2a09f31c2a09f31c2a09f31c2a0";

    #[test]
    fn an_application_claims_what_it_applied_last() {
        let source = json!({"repoURL": "https://git.example.com/p.git", "path": "./apps/shop/"});
        let applied = json!({"phase": "Succeeded", "syncResult": {"revision": COMMIT}});
        let object = json!({"spec": {"source": source}, "status": {"operationState": applied, "sync": {"status": "OutOfSync", "revision": "b".repeat(40)}}});
        let found = application(&("argocd".to_owned(), object));
        let wanted = Claim {
            url: "https://git.example.com/p.git".to_owned(),
            path: "apps/shop".to_owned(),
            commit: CommitId::new(COMMIT),
        };
        assert_eq!(found, std::slice::from_ref(&wanted));
        let synced = json!({"spec": {"source": source}, "status": {"sync": {"status": "Synced", "revision": COMMIT}}});
        assert_eq!(application(&("argocd".to_owned(), synced)), std::slice::from_ref(&wanted));
        let compared =
            json!({"spec": {"source": source}, "status": {"sync": {"status": "OutOfSync", "revision": COMMIT}}});
        assert_eq!(application(&("argocd".to_owned(), compared)), [], "what was only compared with is not deployed");
        let many = json!({"spec": {"sources": [source, {"repoURL": "https://c.example.com", "chart": "x"}]},
            "status": {"sync": {"status": "Synced", "revisions": [COMMIT, "1.2.3"]}}});
        assert_eq!(application(&("argocd".to_owned(), many)), [wanted], "charts are no paths of git");
    }

    #[test]
    fn a_kustomization_claims_the_revision_of_its_repository() {
        let urls = [(("flux".to_owned(), "p".to_owned()), "ssh://git@git.example.com/p".to_owned())].into();
        let object = json!({"spec": {"path": "./apps/shop", "sourceRef": {"kind": "GitRepository", "name": "p"}},
            "status": {"lastAppliedRevision": format!("main@sha1:{COMMIT}")}});
        let found = kustomization(&("flux".to_owned(), object.clone()), &urls).expect("a claim");
        assert_eq!((found.path.as_str(), found.commit.as_str()), ("apps/shop", COMMIT));
        assert_eq!(kustomization(&("elsewhere".to_owned(), object), &urls), None, "another namespace's repository");
    }

    #[test]
    fn what_is_no_commit_claims_nothing() {
        for revision in ["main", "v1.2.3", "sha256:abc", "", "9f31c2a"] {
            assert_eq!(commit_of(revision), None, "{revision:?}");
        }
        assert_eq!(commit_of(&format!("main/{COMMIT}")), Some(CommitId::new(COMMIT)), "as older Flux writes it");
    }

    #[test]
    fn the_root_of_a_repository_has_one_spelling() {
        for root in ["", ".", "./", "/"] {
            assert_eq!(path_of(root), "", "{root:?}");
        }
    }
}
