//! Answers made by hand: the diff, the history, the plan and the revert's preview of payments on prod-eu.

use driftdeck::model::*;

use crate::fleet::{ago, commit, id, key, payments};

fn line(mark: DiffMark, text: &str, words: Vec<(usize, usize)>, who: Option<&Finding>, at: Option<usize>) -> DiffLine {
    let who = who.filter(|_| mark == DiffMark::Live).and_then(|finding| finding.by.clone());
    DiffLine { mark, text: text.into(), words, who, declared: None, finding: at }
}

/// A line of git's side, declared where the finding says.
fn git(text: &str, words: Vec<(usize, usize)>, finding: &Finding, at: usize) -> DiffLine {
    let declared = finding.declared.clone();
    DiffLine { declared, ..line(DiffMark::Git, text, words, None, Some(at)) }
}

/// The diff of payments: an image, a limit, an ignored field, a flag.
pub fn diff() -> DiffView {
    let payments = payments();
    let api = payments.resources.iter().find(|row| &*row.key.name == "payments-api").expect("the deployment");
    let flags = payments.resources.iter().find(|row| &*row.key.name == "payments-flags").expect("the flags");
    let by = Some(&api.findings[0]);
    let one = DiffObject {
        key: api.key.clone(),
        verdict: Verdict::Drifted,
        lines: vec![
            line(DiffMark::Fold(43), "", vec![], None, None),
            line(DiffMark::Context, "        - name: api", vec![], None, None),
            line(DiffMark::Live, "          image: registry/payments:2.8.1-hotfix3", vec![(40, 48)], by, Some(0)),
            git("          image: registry/payments:2.8.1", vec![], &api.findings[0], 0),
            line(DiffMark::Fold(9), "", vec![], None, None),
            line(DiffMark::Live, "              memory: 1Gi", vec![(22, 25)], by, Some(1)),
            git("              memory: 512Mi", vec![(22, 27)], &api.findings[1], 1),
            line(DiffMark::Ignored, "  replicas: 6", vec![], None, Some(0)),
        ],
        stat: (2, 2),
        effect: Some("rolling restart of 6 pods".into()),
    };
    let two = DiffObject {
        key: flags.key.clone(),
        verdict: Verdict::Diverged,
        lines: vec![
            line(DiffMark::Context, "data:", vec![], None, None),
            line(DiffMark::Live, "  RETRY_MAX: \"9\"", vec![(14, 15)], Some(&flags.findings[0]), Some(0)),
            git("  RETRY_MAX: \"3\"", vec![(14, 15)], &flags.findings[0], 0),
        ],
        stat: (1, 1),
        effect: None,
    };
    DiffView {
        app: payments.id.clone(),
        commit: commit("9f31c2a", "fix: retry budget", "ana <a@b>", 125),
        objects: vec![one, two],
        compared: 11,
    }
}

pub fn history() -> HistoryView {
    let row = |sha, subject, author, minutes, markers: &[Marker], effect| HistoryRow {
        commit: commit(sha, subject, author, minutes),
        markers: markers.to_vec(),
        effect,
        deployed: markers.contains(&Marker::Deployed).then(|| (ago(124), "ana@ws-114".into())),
    };
    let effect = |changed, added, removed| Some(EffectHere { changed, added, removed });
    HistoryView {
        app: id("payments", "prod-eu"),
        rows: vec![
            row("61b7d0e", "feat: gift cards (#812)", "lee <lee@corp>", 12, &[Marker::Head], effect(2, 1, 0)),
            row("9f31c2a", "fix: retry budget (#811)", "ana <ana@corp>", 125, &[Marker::Deployed], effect(1, 0, 0)),
            row("0d4471b", "bump ingress to 4.11 (#809)", "bot <b@corp>", 360, &[], effect(0, 0, 0)),
            row("51c9e80", "chore: split settings map (#803)", "lee <lee@corp>", 1600, &[], effect(2, 1, 1)),
            row("04be771", "set memory limit 512Mi (#790)", "lee <lee@corp>", 4400, &[], None),
            row("5ce0d19", "img payments 2.8.0 \u{1b}[31m", "bot <b@corp>", 19000, &[Marker::Failed], effect(1, 0, 0)),
        ],
        more: false,
    }
}

pub fn plan(gate: Gate) -> Plan {
    let row = |kind: &str, name: &str, wave, act, why: &str, verdict, chosen| PlanRow {
        key: key("prod-eu", kind, name),
        wave,
        act,
        why: why.into(),
        verdict,
        digest: None,
        uid: None,
        findings: Vec::new(),
        overwrites: false,
        chosen,
    };
    let mut rows = vec![
        row("ConfigMap", "payments-flags", 0, Act::Update, "drift RETRY_MAX 9 → 3", Verdict::Diverged, true),
        row("Deployment", "payments-api", 1, Act::Update, "drift (2 fields)", Verdict::Drifted, true),
        row("Deployment", "payments-gift", 1, Act::Create, "new in 61b7d0e", Verdict::Missing, true),
        row("StatefulSet", "queue", 1, Act::Update, "contested by queue-operator", Verdict::Contested, true),
        row("ConfigMap", "payments-old", 3, Act::Prune, "not in git any more", Verdict::Extra, false),
        row("Role", "outside", 0, Act::Skip, "outside the app's bounds", Verdict::Missing, false),
        row("Service", "payments", 2, Act::Keep, "", Verdict::Synced, false),
    ];
    rows[1].overwrites = true;
    let live = payments().resources;
    let api = live.iter().find(|row| &*row.key.name == "payments-api").expect("the deployment");
    rows[1].findings.clone_from(&api.findings);
    Plan {
        app: id("payments", "prod-eu"),
        commit: commit("61b7d0e", "feat: gift cards (#812)", "lee <lee@corp>", 12),
        fingerprint: Fingerprint("7f2c".into()),
        rows,
        checks: vec![
            Check { ok: true, text: "server dry run 4/4 accepted".into() },
            Check { ok: false, text: "replicas is owned by hpa-controller, kept".into() },
        ],
        gate,
        paused: None,
        blocked: None,
        other_revision: false,
    }
}

pub fn plan_view(gate: Gate) -> PlanView {
    PlanView { plan: plan(gate), command_line: "driftdeck sync payments -c prod-eu --rev 61b7d0e".into() }
}

pub fn gate(level: Level, needs: Vec<Need>) -> Gate {
    Gate { level, protected: false, needs, calming: false }
}

pub fn preview(to: CommitInfo, mode: RevertMode) -> RevertPreview {
    let gate = gate(Level::L3, vec![Need::AppName(id("payments", "prod-eu")), Need::Unlock]);
    RevertPreview {
        app: id("payments", "prod-eu"),
        to,
        mode,
        head: commit("61b7d0e", "", "", 0).id,
        branch: "main".into(),
        files: vec![
            GitChange { path: "apps/payments/base/deployment.yaml".into(), kind: 'M' },
            GitChange { path: "apps/payments/base/flags.yaml".into(), kind: 'D' },
        ],
        plan: plan(gate.clone()),
        feeds: vec![id("payments", "prod-eu"), id("payments", "prod-us")],
        message: "Revert payments to 51c9e80\n\nDriftdeck-App: payments".into(),
        gate,
        refused: None,
        health: Health::Degraded,
        command_line: "driftdeck revert payments -c prod-eu --to 51c9e80".into(),
    }
}
