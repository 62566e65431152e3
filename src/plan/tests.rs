use jiff::Timestamp;

use super::*;
use crate::model::{
    Act, AppId, Base, Basis, ClusterName, Command, CommitId, Consent, Fingerprint, Gate, Health, InventoryLine, Kind,
    Level, Location, Mode, Moved, Need, Origin, Pause, Plan, Policy, Refusal, RevertMode, RevertOrder, RunId,
    SourceSpec, SyncOrder, Verdict,
};

fn id() -> AppId {
    AppId::new("shop", ClusterName::new("prod"))
}

fn app() -> AppSpec {
    AppSpec {
        id: id(),
        source: SourceSpec { location: Location::Dir { path: "/x".into() } },
        namespace: "shop".to_owned(),
        namespaces: vec!["shop-*".to_owned()],
        cluster_kinds: Vec::new(),
        policy: Policy::default(),
        ignore: Vec::new(),
        mask_length: false,
    }
}

fn key(kind: &str, namespace: &str, name: &str) -> ResourceKey {
    let group = if matches!(kind, "Deployment") { "apps" } else { "" };
    let kind = Kind::new(group, kind);
    ResourceKey { cluster: ClusterName::new("prod"), kind, namespace: namespace.into(), name: name.into() }
}

fn resource(key: ResourceKey, verdict: Verdict) -> ResourceRow {
    ResourceRow {
        in_bounds: in_bounds(&app(), &key),
        wave: wave(&key.kind),
        key,
        version: "v1".into(),
        uid: Some("u1".into()),
        verdict,
        moved: Some(Moved::Git),
        base: Base::Record,
        health: Health::Healthy,
        health_note: None,
        basis: Basis::Server,
        pending: false,
        refused: None,
        reason: None,
        findings: Vec::new(),
        hidden: Vec::new(),
        origin: Some(Origin { file: "a.yaml".into(), line: 1 }),
        created: None,
        unadopted: false,
    }
}

struct Stage {
    app: AppSpec,
    rows: Vec<Arc<ResourceRow>>,
    prunable: BTreeMap<ResourceKey, Arc<str>>,
    inventory: usize,
    complete: bool,
    empty: bool,
    record: Option<Record>,
    protected: bool,
}

impl Stage {
    fn new(rows: Vec<ResourceRow>) -> Self {
        let extra = rows.iter().filter(|row| row.verdict == Verdict::Extra);
        Self {
            app: app(),
            prunable: extra.map(|row| (row.key.clone(), Arc::from("u1"))).collect(),
            rows: rows.into_iter().map(Arc::new).collect(),
            inventory: 10,
            complete: true,
            empty: false,
            record: None,
            protected: false,
        }
    }

    fn plan(&self) -> Plan {
        plan(&Facts {
            app: &self.app,
            protected: self.protected,
            commit: CommitInfo { id: CommitId::new("abc1234567"), subject: "s".into(), author: "a".into(), time: None },
            rows: &self.rows,
            digests: &BTreeMap::new(),
            live: &BTreeMap::new(),
            inventory: self.inventory,
            record: self.record.as_ref(),
            complete: self.complete,
            empty: self.empty,
            other_revision: false,
            prunable: &self.prunable,
        })
    }

    fn gate_with_everything(&self) -> Gate {
        let plan = self.plan();
        let all: Vec<_> = plan.rows.iter().map(|row| row.key.clone()).collect();
        gate_sync(&plan, &all, self.inventory, self.protected)
    }
}

fn extras(count: usize) -> Vec<ResourceRow> {
    let live = resource(key("Deployment", "shop", "api"), Verdict::Behind);
    let gone = (0..count).map(|n| resource(key("ConfigMap", "shop", &format!("old-{n}")), Verdict::Extra));
    std::iter::once(live).chain(gone).collect()
}

#[test]
fn what_others_need_comes_first_and_deletes_come_last() {
    let rows = ["Deployment", "ConfigMap", "Namespace"].map(|kind| resource(key(kind, "shop", "x"), Verdict::Behind));
    let mut rows = rows.to_vec();
    rows.push(resource(key("Secret", "shop", "old"), Verdict::Extra));
    let plan = Stage::new(rows).plan();
    let kinds: Vec<&str> = plan.rows.iter().map(|row| &*row.key.kind.kind).collect();
    assert_eq!(kinds, ["Namespace", "ConfigMap", "Deployment", "Secret"]);
}

#[test]
fn prune_is_unticked_unless_the_policy_says_so() {
    let mut stage = Stage::new(extras(1));
    assert_eq!(stage.plan().deletes(), 0, "nothing is deleted unasked");
    stage.app.policy.prune = true;
    assert_eq!(stage.plan().deletes(), 1);
}

#[test]
fn nothing_is_ticked_from_a_partial_render_and_no_prune_from_an_empty_one() {
    let mut stage = Stage::new(extras(2));
    stage.app.policy.prune = true;
    stage.complete = false;
    let plan = stage.plan();
    assert_eq!(plan.chosen().count(), 0, "a partial render applies nothing");
    assert!(plan.blocked.is_some(), "and says so");
    stage.complete = true;
    stage.empty = true;
    assert_eq!(stage.plan().deletes(), 0, "an empty render deletes nothing by itself");
}

#[test]
fn an_object_outside_the_bounds_is_skipped_with_the_line_to_add() {
    let plan = Stage::new(vec![resource(key("ConfigMap", "other", "x"), Verdict::Behind)]).plan();
    assert_eq!(plan.rows[0].act, Act::Skip);
    assert!(plan.rows[0].why.raw().contains("namespaces = [\"other\"]"), "{}", plan.rows[0].why.raw());
    let inside = Stage::new(vec![resource(key("ConfigMap", "shop-eu", "x"), Verdict::Behind)]).plan();
    assert_eq!(inside.rows[0].act, Act::Update, "globs in namespaces count");
}

#[test]
fn the_prune_rule_needs_all_of_its_parts() {
    let row = resource(key("ConfigMap", "shop", "old"), Verdict::Extra);
    let line = InventoryLine {
        kind: row.key.kind.clone(),
        namespace: "shop".into(),
        name: "old".into(),
        uid: "u1".into(),
        commit: CommitId::new("c"),
        hash: "h".into(),
    };
    assert_eq!(prunable(&row, Some(&line), Some("u1"), true, true), Ok(()));
    assert!(prunable(&row, None, Some("u1"), true, true).is_err(), "a label alone never makes an object ours");
    assert!(prunable(&row, Some(&line), Some("u2"), true, true).is_err(), "a forged line has another uid");
    assert!(prunable(&row, Some(&line), Some("u1"), false, true).is_err(), "without our Apply entry");
    assert!(prunable(&row, Some(&line), Some("u1"), true, false).is_err(), "from a partial render");
    let outside = ResourceRow { in_bounds: false, ..row };
    assert!(prunable(&outside, Some(&line), Some("u1"), true, true).is_err(), "outside the bounds");
}

#[test]
fn the_level_rises_with_the_deletes() {
    let level = |count, inventory| {
        let stage = Stage { inventory, ..Stage::new(extras(count)) };
        stage.gate_with_everything().level
    };
    assert_eq!(level(0, 10), Level::L2);
    assert_eq!(level(1, 10), Level::L3);
    assert_eq!(level(3, 10), Level::L3, "max(3, 20 %) of ten is three");
    assert_eq!(level(4, 10), Level::L4);
    assert_eq!(level(10, 50), Level::L3, "20 % of fifty is ten");
    assert_eq!(level(11, 50), Level::L4);
}

#[test]
fn volumes_and_namespaces_take_the_last_level_even_alone() {
    let mut rows = extras(0);
    rows.push(resource(key("PersistentVolumeClaim", "shop", "data"), Verdict::Extra));
    assert_eq!(Stage::new(rows).gate_with_everything().level, Level::L4);
}

#[test]
fn a_paused_app_is_one_level_higher_and_the_plan_shows_the_pause() {
    let pause = Pause { by: "ana".into(), reason: "INC".into(), since: Timestamp::UNIX_EPOCH, until: None };
    let record = Record { paused: Some(pause), ..Record::default() };
    let stage = Stage { record: Some(record), ..Stage::new(extras(0)) };
    assert_eq!(stage.gate_with_everything().level, Level::L3);
    assert_eq!(stage.plan().paused.map(|pause| pause.by), Some("ana".into()));
}

#[test]
fn the_fingerprint_moves_with_a_verdict_and_not_with_health() {
    let row = resource(key("Deployment", "shop", "api"), Verdict::Behind);
    let one = Stage::new(vec![row.clone()]).plan().fingerprint;
    let sick = ResourceRow { health: Health::Degraded, ..row.clone() };
    assert_eq!(Stage::new(vec![sick]).plan().fingerprint, one, "a status write never moves it");
    let drifted = ResourceRow { verdict: Verdict::Drifted, ..row };
    assert_ne!(Stage::new(vec![drifted]).plan().fingerprint, one);
}

fn commands() -> Vec<Command> {
    let (app, reason) = (id(), crate::model::Foreign::from("why"));
    vec![
        Command::Refresh { app: None },
        Command::Sync(SyncOrder {
            app: app.clone(),
            commit: CommitId::new("c"),
            fingerprint: Fingerprint("f".into()),
            chosen: Vec::new(),
            take: Vec::new(),
            take_over: false,
            full: true,
        }),
        Command::Pause { app: app.clone(), until: None, reason: reason.clone() },
        Command::Resume { app: app.clone() },
        Command::Pin { app: app.clone(), commit: CommitId::new("c"), until: None, reason: reason.clone() },
        Command::Unpin { app: app.clone() },
        Command::Revert(RevertOrder {
            app,
            to: CommitId::new("c"),
            mode: RevertMode::Restore,
            expected_head: CommitId::new("h"),
            reason: reason.clone(),
            until: None,
        }),
        Command::Abort { run: RunId { 0: 1 } },
        Command::Unlock { cluster: ClusterName::new("prod"), reason },
        Command::Lock { cluster: ClusterName::new("prod") },
    ]
}

fn generous() -> Consent {
    Consent {
        yes: true,
        deletes: Some(0),
        app_name: Some("shop".to_owned()),
        unlock: None,
        mass_delete: Some(0),
        prune: true,
    }
}

#[test]
fn read_only_lets_nothing_through_that_writes() {
    for command in commands() {
        let gate = gate_of(&command, false);
        let passed = admit(&gate, &Consent { unlock: Some("x".to_owned()), ..generous() }, Mode::ReadOnly);
        let writes = gate.level >= Level::L2;
        assert_eq!(passed.is_err(), writes, "{command:?}");
    }
}

#[test]
fn a_locked_protected_cluster_lets_only_pause_and_abort_through() {
    for command in commands() {
        let gate = gate_of(&command, true);
        let passed = admit(&gate, &generous(), Mode::Observe).is_ok();
        let calming = matches!(command, Command::Pause { .. } | Command::Abort { .. });
        assert_eq!(passed, calming || gate.level <= Level::L1, "{command:?}");
    }
}

#[test]
fn protection_never_makes_anything_easier() {
    for command in commands() {
        let (plain, held) = (gate_of(&command, false), gate_of(&command, true));
        assert!(plain.needs.iter().all(|need| held.needs.contains(need)), "{command:?}");
    }
}

#[test]
fn what_is_not_answered_is_named() {
    let stage = Stage { protected: true, ..Stage::new(extras(2)) };
    let gate = stage.gate_with_everything();
    let Err(Refusal::Unanswered(needs)) = admit(&gate, &Consent::default(), Mode::Observe) else {
        panic!("an unanswered gate must refuse");
    };
    assert_eq!(needs, [Need::Deletes(2), Need::Prune, Need::Unlock, Need::AppName(id())]);
    let answers = Consent { deletes: Some(2), unlock: Some("INC-1".to_owned()), ..generous() };
    assert_eq!(admit(&gate, &answers, Mode::Observe), Ok(()), "an unlock for this order opens OBSERVE");
    let wrong = Consent { app_name: Some("other".to_owned()), ..answers };
    assert!(admit(&gate, &wrong, Mode::Observe).is_err(), "another app's name opens nothing");
}
