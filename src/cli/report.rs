//! What `status` and `diff` tell programs: product.md's JSON, schema `driftdeck/v1`, taken from the fleet as it is.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{
    AppId, AppRow, Base, Basis, ClusterRow, CommitId, CommitInfo, Cost, Deployed, Finding, Fleet, Foreign, Health,
    Hidden, Location, Moved, Pause, Pin, Reason, ResourceRow, SourceRow, Verdict,
};

/// The name of the schema in `assets/schema/driftdeck-v1.json`.
pub const SCHEMA: &str = "driftdeck/v1";

/// The whole answer.
#[derive(Serialize)]
pub struct Report<'a> {
    schema: &'static str,
    generated_at: Option<Timestamp>,
    clusters: Vec<ClusterOut<'a>>,
    apps: Vec<AppOut<'a>>,
    cost: CostOut<'a>,
}

/// Requests to API servers so far, all clusters together: every verb, also with a zero.
struct CostOut<'a>(&'a Cost);

impl Serialize for CostOut<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Cost::VERBS.iter().map(|verb| (verb, self.0.of(verb))))
    }
}

#[derive(Serialize)]
struct ClusterOut<'a> {
    name: &'a str,
    state: &'static str,
    observed_at: Option<Timestamp>,
    reason: Option<&'a Reason>,
}

#[derive(Serialize)]
struct AppOut<'a> {
    name: &'a str,
    cluster: &'a str,
    namespace: &'a Foreign,
    verdict: Verdict,
    health: Health,
    observed_at: Option<Timestamp>,
    source: SourceOut<'a>,
    desired: Option<CommitOut<'a>>,
    deployed: Option<&'a Deployed>,
    paused: Option<&'a Pause>,
    pinned: Option<&'a Pin>,
    reason: Option<&'a Reason>,
    resources: Vec<ResourceOut<'a>>,
}

#[derive(Serialize)]
struct SourceOut<'a> {
    repo: Option<&'a str>,
    path: &'a str,
    revision: Option<&'a str>,
    head: Option<&'a CommitId>,
    fetched_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct CommitOut<'a> {
    commit: &'a CommitId,
    subject: &'a Foreign,
    author: &'a Foreign,
    time: Option<Timestamp>,
}

#[derive(Serialize)]
struct ResourceOut<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    uid: Option<&'a str>,
    verdict: Verdict,
    moved: Option<Moved>,
    base: Base,
    health: Health,
    basis: Basis,
    pending: bool,
    refused: Option<&'a Foreign>,
    reason: Option<&'a Reason>,
    findings: &'a [Finding],
    hidden: &'a [Hidden],
}

/// Which objects are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objects {
    /// All of them: `status`.
    All,
    /// What is not synced: `diff`.
    Differing,
}

/// The answer about the apps asked for, and the clusters they live on.
#[must_use]
pub fn report<'a>(fleet: &'a Fleet, asked: &[AppId], objects: Objects) -> Report<'a> {
    let concerned = |cluster: &&Arc<ClusterRow>| asked.iter().any(|id| id.cluster == cluster.name);
    Report {
        schema: SCHEMA,
        generated_at: fleet.generated_at,
        clusters: fleet.clusters.iter().filter(concerned).map(|row| cluster(row)).collect(),
        apps: asked.iter().filter_map(|id| fleet.app(id)).map(|row| app(row, objects)).collect(),
        cost: CostOut(&fleet.cost),
    }
}

fn cluster(row: &ClusterRow) -> ClusterOut<'_> {
    ClusterOut {
        name: row.name.as_str(),
        state: row.state.word(),
        observed_at: row.observed_at,
        reason: row.reason.as_ref(),
    }
}

fn app(row: &AppRow, objects: Objects) -> AppOut<'_> {
    let told = |row: &&Arc<ResourceRow>| objects == Objects::All || row.verdict != Verdict::Synced;
    AppOut {
        name: &row.id.name,
        cluster: row.id.cluster.as_str(),
        namespace: &row.namespace,
        verdict: row.verdict,
        health: row.health,
        observed_at: row.observed_at,
        source: source(&row.source),
        desired: row.desired.as_ref().map(commit),
        deployed: row.deployed.as_ref(),
        paused: row.paused.as_ref(),
        pinned: row.pinned.as_ref(),
        reason: row.reason.as_ref().or(row.stale.as_ref()),
        resources: row.resources.iter().filter(told).map(|row| resource(row)).collect(),
    }
}

fn source(row: &SourceRow) -> SourceOut<'_> {
    let (repo, path, revision) = match &row.spec.location {
        Location::Git { repo, revision, path } => (Some(repo.as_str()), path.as_str(), Some(revision.as_str())),
        Location::Dir { path } => (None, shown_path(path), None),
    };
    SourceOut { repo, path, revision, head: row.head.as_ref(), fetched_at: row.fetched_at }
}

/// The config refuses directories that are no UTF-8.
fn shown_path(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn commit(info: &CommitInfo) -> CommitOut<'_> {
    CommitOut { commit: &info.id, subject: &info.subject, author: &info.author, time: info.time }
}

fn resource(row: &ResourceRow) -> ResourceOut<'_> {
    ResourceOut {
        group: &row.key.kind.group,
        version: &row.version,
        kind: &row.key.kind.kind,
        namespace: (!row.key.namespace.is_empty()).then_some(&*row.key.namespace),
        name: &row.key.name,
        uid: row.uid.as_deref(),
        verdict: row.verdict,
        moved: row.moved,
        base: row.base,
        health: row.health,
        basis: row.basis,
        pending: row.pending,
        refused: row.refused.as_ref(),
        reason: row.reason.as_ref(),
        findings: &row.findings,
        hidden: &row.hidden,
    }
}
