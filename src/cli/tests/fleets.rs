//! Fleets and configs for tests.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use crate::config::{self, Config, Standing};
use crate::model::{
    AgentSeen, AppId, AppRow, Attribution, Base, Basis, ClusterName, ClusterRow, ClusterState, CommitId, CommitInfo,
    Counts, Declared, Deployed, FieldPath, Finding, Fleet, Foreign, Health, Hidden, Kind, Location, Mode, Moved, Op,
    Pause, Policy, Precision, Reason, ReasonCode, RepoName, ResourceKey, ResourceRow, Said, SourceRow, SourceSpec,
    Verdict,
};

pub fn at() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

pub fn id(name: &str, cluster: &str) -> AppId {
    AppId::new(name, ClusterName::new(cluster))
}

pub fn reason(code: ReasonCode) -> Reason {
    Reason { code, message: Foreign::from("because\u{202e}"), since: at() }
}

/// `payments` on two clusters, `orders` on one, in namespaces of their own.
pub fn config() -> Config {
    let text = r#"
[[clusters]]
name = "prod-eu"
[[clusters]]
name = "dev"
[[repos]]
name = "platform"
url = "https://git.example.com/platform.git"
[[apps]]
name = "payments"
repo = "platform"
path = "apps/payments"
clusters = ["prod-eu", "dev"]
namespace = "payments"
[[apps]]
name = "orders"
repo = "platform"
path = "apps/orders"
cluster = "prod-eu"
namespace = "orders"
"#;
    config::parse(text, Path::new("test.toml"), Path::new("/"), Standing::Own).expect("a good config")
}

pub fn finding() -> Finding {
    let secret = Said::Masked { masked: true, changed: true, bytes: Some(21) };
    Finding {
        path: FieldPath::of_keys(["spec", "replicas"]),
        moved: Some(Moved::Live),
        contested: false,
        op: Op::Replace,
        live: Some(Said::Plain(Arc::new(json!(5)))),
        git: Some(secret),
        was: Some(Said::Cut { cut: true, bytes: 5000 }),
        by: Some(Attribution {
            manager: Foreign::from("kubectl-edit"),
            operation: Foreign::from("Update"),
            subresource: None,
            after: Some(at()),
            time: Some(at()),
            precision: Precision::Bound,
        }),
        declared: Some(Arc::new(Declared {
            commit: CommitId::new("9f31c2a5bd0c4e2f8a7d6e5f4c3b2a1908f7e6d5"),
            author: Foreign::from("ana <ana@example.com>"),
            time: Some(at()),
            subject: Foreign::from("fix\u{1b}[2J"),
            file: Foreign::from("apps/payments/api.yaml"),
            line: 46,
        })),
        needs_delete: false,
        left: None,
    }
}

pub fn row(verdict: Verdict) -> ResourceRow {
    let finding = finding();
    let hidden = Hidden {
        path: FieldPath::of_keys(["spec"]),
        rule: "apps[payments].ignore[0]".into(),
        reason: None,
        finding: Arc::new(finding.clone()),
    };
    ResourceRow {
        key: ResourceKey {
            cluster: ClusterName::new("prod-eu"),
            kind: Kind::new("apps", "Deployment"),
            namespace: "payments".into(),
            name: "api\u{1b}[2J".into(),
        },
        version: "v1".into(),
        uid: Some("u-1".into()),
        verdict,
        moved: Some(Moved::Live),
        base: Base::Record,
        health: Health::Healthy,
        health_note: None,
        basis: Basis::Server,
        pending: false,
        refused: None,
        reason: None,
        findings: if verdict == Verdict::Synced { Vec::new() } else { vec![finding] },
        hidden: vec![hidden],
        wave: 0,
        origin: None,
        created: None,
        in_bounds: true,
        unadopted: false,
    }
}

pub fn app(id: AppId, verdict: Verdict) -> AppRow {
    let commit = CommitId::new("9f31c2a9f31c2a9f31c2a9f31c2a9f31c2a9f31c");
    AppRow {
        id,
        namespace: Foreign::from("payments"),
        protected: true,
        verdict,
        health: Health::Healthy,
        observed_at: Some(at()),
        since: None,
        source: SourceRow {
            spec: SourceSpec {
                location: Location::Git {
                    repo: RepoName::new("platform"),
                    revision: "main".into(),
                    path: "apps/payments".into(),
                },
            },
            head: Some(commit.clone()),
            ahead: None,
            worktree: None,
            fetched_at: Some(at()),
        },
        desired: Some(CommitInfo {
            id: commit.clone(),
            subject: Foreign::from("Raise \u{200b}the limits"),
            author: Foreign::from("Ana <ana@example.com>"),
            time: Some(at()),
        }),
        deployed: Some(Deployed { commit, time: at(), by: Foreign::from("ana@host") }),
        record_known: true,
        paused: Some(Pause { by: "ana".into(), reason: "night".into(), since: at(), until: None }),
        pinned: None,
        reason: None,
        stale: None,
        policy: Policy::default(),
        agent: AgentSeen::Never,
        resources: vec![Arc::new(row(verdict))],
        counts: Counts { total: 1, changed: 1, ..Counts::default() },
        running: None,
        settling: false,
        warnings: Vec::new(),
    }
}

pub fn cluster(name: &str) -> ClusterRow {
    ClusterRow {
        name: ClusterName::new(name),
        context: None,
        protected: true,
        state: ClusterState::Connected,
        mode: Mode::Observe,
        unlocked: None,
        observed_at: Some(at()),
        reason: Some(reason(ReasonCode::ClusterStale)),
        apps: 1,
        watches: (1, 1),
        server_version: None,
        insecure: false,
    }
}

pub fn fleet(apps: impl IntoIterator<Item = AppRow>) -> Fleet {
    Fleet {
        version: 1,
        generated_at: Some(at()),
        clusters: vec![Arc::new(cluster("prod-eu")), Arc::new(cluster("dev"))],
        apps: apps.into_iter().map(Arc::new).collect(),
        ..Fleet::default()
    }
}
