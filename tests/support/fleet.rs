//! A fleet made by hand in which every word of the vocabulary occurs once, and one app is hostile.

use std::sync::Arc;
use std::time::Duration;

use driftdeck::model::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// 14:02 on a fixed day.
pub fn now() -> Now {
    Now { wall: "2026-11-21T14:02:00Z".parse().expect("a time"), since_start: Duration::from_hours(1) }
}

pub fn ago(minutes: i64) -> Timestamp {
    now().wall - SignedDuration::from_mins(minutes)
}

pub fn cluster(name: &str) -> ClusterName {
    ClusterName::new(name)
}

pub fn id(name: &str, on: &str) -> AppId {
    AppId::new(name, cluster(on))
}

pub fn commit(sha: &str, subject: &str, author: &str, minutes: i64) -> CommitInfo {
    let sha = format!("{sha:0<40}");
    CommitInfo { id: CommitId::new(sha), subject: subject.into(), author: author.into(), time: Some(ago(minutes)) }
}

pub fn key(on: &str, kind: &str, name: &str) -> ResourceKey {
    let group = if matches!(kind, "Deployment" | "StatefulSet") { "apps" } else { "" };
    ResourceKey { cluster: cluster(on), kind: Kind::new(group, kind), namespace: "shop".into(), name: name.into() }
}

fn reason(code: ReasonCode, message: &str, minutes: i64) -> Reason {
    Reason { code, message: message.into(), since: ago(minutes) }
}

pub fn finding(path: &str, live: serde_json::Value, git: serde_json::Value, by: &str) -> Finding {
    Finding {
        path: path.parse().expect("a path"),
        moved: Some(Moved::Live),
        contested: false,
        op: Op::Replace,
        live: Some(Said::Plain(Arc::new(live))),
        git: Some(Said::Plain(Arc::new(git.clone()))),
        was: Some(Said::Plain(Arc::new(git))),
        by: Some(Attribution {
            manager: by.into(),
            operation: "Update".into(),
            subresource: None,
            after: None,
            time: Some(ago(121)),
            precision: Precision::Seen,
        }),
        declared: Some(Arc::new(Declared {
            commit: CommitId::new("9f31c2a5bd0c4e2f8a7d6e5f4c3b2a1908f7e6d5"),
            author: "ana <a@b>".into(),
            time: Some(ago(125)),
            subject: "fix: retry budget".into(),
            file: "apps/payments/base/api.yaml".into(),
            line: 46,
        })),
        needs_delete: false,
        left: None,
    }
}

pub fn object(on: &str, kind: &str, name: &str, wave: i32) -> ResourceRow {
    ResourceRow {
        key: key(on, kind, name),
        version: "v1".into(),
        uid: Some("7f2c".into()),
        verdict: Verdict::Synced,
        moved: None,
        base: Base::Record,
        health: if kind == "Deployment" { Health::Healthy } else { Health::NotJudged },
        health_note: (kind == "Deployment").then(|| "6/6 ready".into()),
        basis: Basis::Server,
        pending: false,
        refused: None,
        reason: None,
        findings: Vec::new(),
        hidden: Vec::new(),
        wave,
        origin: Some(Origin { file: "deploy/all.yaml".into(), line: 12 }),
        created: Some(ago(90 * 1440)),
        in_bounds: true,
        unadopted: false,
    }
}

pub fn app(name: &str, on: &str, verdict: Verdict) -> AppRow {
    let protected = on.starts_with("prod");
    let desired = commit("9f31c2a", "fix: retry budget", "ana <ana@corp.example>", 125);
    AppRow {
        id: id(name, on),
        namespace: "shop".into(),
        protected,
        verdict,
        health: Health::Healthy,
        observed_at: Some(ago(0)),
        since: Some(ago(120)),
        source: SourceRow {
            spec: SourceSpec {
                location: Location::Git {
                    repo: RepoName::new("platform"),
                    revision: "main".into(),
                    path: format!("apps/{name}/overlays/{on}"),
                },
            },
            head: Some(desired.id.clone()),
            ahead: None,
            worktree: None,
            fetched_at: Some(ago(0)),
        },
        deployed: Some(Deployed { commit: desired.id.clone(), time: ago(124), by: "ana@ws-114".into() }),
        desired: Some(desired),
        record_known: true,
        paused: None,
        pinned: None,
        reason: None,
        stale: None,
        policy: Policy { auto: true, self_heal: false, prune: false },
        agent: AgentSeen::At(ago(0)),
        resources: vec![Arc::new(object(on, "ConfigMap", "flags", 0)), Arc::new(object(on, "Deployment", "api", 1))],
        counts: Counts { total: 2, ..Counts::default() },
        running: None,
        settling: false,
        warnings: Vec::new(),
    }
}

/// A Deployment that people edited, with one difference that a rule hides.
fn drifted(on: &str) -> ResourceRow {
    let mut api = object(on, "Deployment", "payments-api", 1);
    api.verdict = Verdict::Drifted;
    api.moved = Some(Moved::Live);
    api.findings = vec![
        finding(
            "spec.template.spec.containers[name=api].image",
            json!("registry/payments:2.8.1-hotfix3"),
            json!("registry/payments:2.8.1"),
            "kubectl-edit",
        ),
        finding(
            "spec.template.spec.containers[name=api].resources.limits.memory",
            json!("1Gi"),
            json!("512Mi"),
            "kubectl-edit",
        ),
    ];
    let hpa = finding("spec.replicas", json!(6), json!(4), "kube-controller-manager");
    api.hidden = vec![Hidden {
        path: hpa.path.clone(),
        rule: "apps[payments].ignore[0]".into(),
        reason: Some("owned by the HPA".into()),
        finding: Arc::new(hpa),
    }];
    api
}

/// payments on prod-eu: one object of nearly every verdict.
pub fn payments() -> AppRow {
    let on = "prod-eu";
    let api = drifted(on);
    let mut flags = object(on, "ConfigMap", "payments-flags", 0);
    flags.verdict = Verdict::Diverged;
    let mut gap = finding("data.RETRY_MAX", json!("9"), json!("3"), "kubectl-client-side-apply");
    gap.by = gap.by.map(|by| Attribution { after: Some(ago(126)), precision: Precision::Bound, ..by });
    flags.findings = vec![gap];
    let mut secret = object(on, "Secret", "payments-db", 0);
    secret.verdict = Verdict::Drifted;
    let mut masked = finding("data.DB_HOST", json!(null), json!(null), "kubectl-edit");
    masked.live = Some(Said::Masked { masked: true, changed: true, bytes: Some(21) });
    masked.git = Some(Said::Masked { masked: true, changed: true, bytes: Some(18) });
    masked.by = masked.by.map(|by| Attribution { precision: Precision::Bound, ..by });
    secret.findings = vec![masked];
    let mut old = object(on, "ConfigMap", "payments-old", 3);
    old.verdict = Verdict::Extra;
    old.moved = Some(Moved::Git);
    let mut gift = object(on, "Deployment", "payments-gift", 1);
    gift.verdict = Verdict::Missing;
    gift.moved = Some(Moved::Git);
    gift.health = Health::Missing;
    gift.health_note = None;
    gift.created = None;
    let mut hpa = object(on, "StatefulSet", "queue", 1);
    hpa.verdict = Verdict::Contested;
    hpa.findings = vec![Finding { contested: true, ..finding("spec.replicas", json!(3), json!(2), "queue-operator") }];
    let mut claim = object(on, "PersistentVolumeClaim", "data", 0);
    claim.verdict = Verdict::Unknown;
    claim.reason = Some(reason(ReasonCode::Forbidden, "ana@corp may not list persistentvolumeclaims in shop", 30));
    let mut job = object(on, "Job", "migrate", 2);
    job.verdict = Verdict::Terminating;
    job.reason = Some(reason(ReasonCode::Deleting, "being deleted; held by finalizer example.com/hold", 4));
    let rest = [("Service", "payments", 2), ("NetworkPolicy", "payments", 2), ("ServiceAccount", "payments", 0)];
    let mut resources = vec![api, flags, secret, old, gift, hpa, claim, job];
    resources.extend(rest.map(|(kind, name, wave)| object(on, kind, name, wave)));
    resources.sort_by(|a, b| a.key.cmp(&b.key));
    let counts = Counts { total: 11, changed: 4, added: 1, removed: 1, hidden: 1, pending: 0, unadopted: 2 };
    let resources = resources.into_iter().map(Arc::new).collect();
    AppRow { resources, counts, ..app("payments", on, Verdict::Drifted) }
}

fn cluster_row(name: &str, state: ClusterState, mode: Mode) -> ClusterRow {
    ClusterRow {
        name: cluster(name),
        context: Some(name.into()),
        protected: name.starts_with("prod"),
        state,
        mode,
        unlocked: None,
        observed_at: Some(ago(0)),
        reason: None,
        apps: 4,
        watches: (40, 40),
        server_version: Some("v1.36.3".into()),
        insecure: false,
    }
}

fn clusters() -> Vec<Arc<ClusterRow>> {
    let mut eu = cluster_row("prod-eu", ClusterState::Connected, Mode::Operate);
    eu.unlocked = Some((ago(-13), "INC-4471".into()));
    let us = cluster_row("prod-us", ClusterState::Connected, Mode::Observe);
    let stage = cluster_row("stage-eu", ClusterState::Syncing, Mode::Operate);
    let mut edge = cluster_row("edge-07", ClusterState::Stale, Mode::Operate);
    edge.observed_at = Some(ago(6));
    edge.reason = Some(reason(ReasonCode::ClusterUnreachable, "dial tcp 10.7.0.2:6443: i/o timeout", 6));
    let stage = ClusterRow { watches: (40, 31), ..stage };
    [eu, us, stage, edge].into_iter().map(Arc::new).collect()
}

fn error(name: &str, on: &str, code: ReasonCode, message: &str) -> AppRow {
    let counts = Counts::default();
    AppRow { reason: Some(reason(code, message, 4)), counts, ..app(name, on, Verdict::Unknown) }
}

fn counted(name: &str, on: &str, verdict: Verdict, counts: (usize, usize, usize)) -> AppRow {
    let (changed, added, removed) = counts;
    AppRow { counts: Counts { total: 9, changed, added, removed, ..Counts::default() }, ..app(name, on, verdict) }
}

/// The apps, by id.
fn apps() -> Vec<Arc<AppRow>> {
    let pause = |until: Option<Timestamp>| Pause {
        by: "ana@ws-114".into(),
        reason: "db migration".into(),
        since: ago(300),
        until,
    };
    let pin = Pin {
        commit: CommitId::new("aa18e7c000"),
        by: "lee@ws-2".into(),
        reason: "hold".into(),
        since: ago(2880),
        until: None,
    };
    let mut apps = vec![
        payments(),
        error("checkout", "prod-us", ReasonCode::RenderFailed, "base/all.yaml:14: expected a mapping"),
        counted("ingress", "prod-us", Verdict::Drifted, (2, 0, 1)),
        AppRow { health: Health::Progressing, ..counted("search", "stage-eu", Verdict::Diverged, (4, 2, 0)) },
        counted("cart", "stage-eu", Verdict::Behind, (2, 1, 0)),
        counted("catalog", "stage-eu", Verdict::Missing, (0, 1, 0)),
        counted("web", "prod-eu", Verdict::Contested, (1, 0, 0)),
        AppRow { paused: Some(pause(Some(ago(-238)))), ..counted("billing", "prod-eu", Verdict::Drifted, (2, 0, 0)) },
        AppRow { pinned: Some(pin), ..app("recommender", "prod-eu", Verdict::Synced) },
        AppRow {
            stale: Some(reason(ReasonCode::ClusterStale, "edge-07 answered last 6 min ago", 6)),
            ..error("profile", "edge-07", ReasonCode::ClusterUnreachable, "edge-07 does not answer since 13:56")
        },
        app("frontend", "stage-eu", Verdict::Synced),
        app("legacy-cron-with-a-very-long-name-that-must-be-cut", "edge-07", Verdict::Touched),
        hostile(),
    ];
    apps.sort_by(|a, b| a.id.cmp(&b.id));
    apps.into_iter().map(Arc::new).collect()
}

/// The whole picture.
pub fn fleet() -> Fleet {
    let errors = vec![
        ErrorRow {
            whose: "checkout@prod-us".into(),
            reason: reason(ReasonCode::RenderFailed, "base/all.yaml:14: expected a mapping", 4),
            hint: "fix the file; live is untouched, nothing was pruned".into(),
        },
        ErrorRow {
            whose: "edge-07".into(),
            reason: reason(ReasonCode::ClusterUnreachable, "dial tcp 10.7.0.2:6443: i/o timeout", 6),
            hint: "retries by itself; r asks now".into(),
        },
    ];
    let remote = RemoteRow {
        name: RepoName::new("platform"),
        url: "https://git.example.com/platform.git".into(),
        state: RemoteState::Ok,
        fetched_at: Some(ago(1)),
        next_poll: Some(ago(0)),
        reason: None,
    };
    Fleet {
        version: 1,
        generated_at: Some(now().wall),
        read_only: false,
        clusters: clusters(),
        remotes: vec![Arc::new(remote)],
        apps: apps(),
        runs: vec![Arc::new(run(7, RunState::Ended(Outcome::Done)))],
        errors,
        cost: Cost::default(),
    }
}

/// Escape sequences, bidi and zero-width characters wherever foreign text can stand.
fn hostile() -> AppRow {
    let evil = "\u{1b}[2J\u{1b}]0;pwned\u{7}a\u{202e}b\u{200b}c\u{9b}31m\r\n日本";
    let mut row = error("hostile", "stage-eu", ReasonCode::RenderFailed, evil);
    row.desired = Some(commit("bad0bad", evil, evil, 3));
    let mut object = object("stage-eu", "ConfigMap", evil, 0);
    object.verdict = Verdict::Drifted;
    object.findings = vec![finding("data.x", json!(evil), json!("y"), evil)];
    row.resources = vec![Arc::new(object)];
    row
}

pub fn run(id: u64, state: RunState) -> RunRow {
    let step = |kind: &str, name: &str, wave, act, state, note: Option<&str>| RunStep {
        key: key("prod-eu", kind, name),
        wave,
        act,
        state,
        note: note.map(Into::into),
    };
    RunRow {
        id: OrderId(id),
        app: self::id("payments", "prod-eu"),
        what: "sync",
        started: ago(1),
        ended: matches!(state, RunState::Ended(_)).then(|| ago(0)),
        state,
        steps: vec![
            step("ConfigMap", "payments-flags", 0, Act::Update, StepState::Done, Some("0.1 s")),
            step("Deployment", "payments-api", 1, Act::Update, StepState::Applied, Some("rollout 3/6")),
            step("Deployment", "payments-gift", 1, Act::Create, StepState::Running, None),
            step("ConfigMap", "payments-old", 3, Act::Prune, StepState::Queued, Some("prune last")),
        ],
        note: Some("waits for Deployment/payments-api".into()),
    }
}
