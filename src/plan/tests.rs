use jiff::Timestamp;

use super::*;
use crate::model::{
    Act, AppId, Base, Basis, ClusterName, CommitId, FieldPath, Finding, Gate, Health, InventoryLine, Kind, Level,
    Location, Moved, Op, Origin, Plan, Policy, SourceSpec, SyncOrder, Verdict,
};

mod gates;
mod properties;
mod truth;

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
        mask: Vec::new(),
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

#[derive(Debug)]
struct Stage {
    app: AppSpec,
    rows: Vec<Arc<ResourceRow>>,
    prunable: BTreeMap<ResourceKey, Result<Arc<str>, &'static str>>,
    live: BTreeMap<ResourceKey, Digest>,
    inventory: usize,
    fault: Option<Fault>,
    empty: bool,
    paused: Option<Pause>,
    protected: bool,
    restarts: BTreeMap<ResourceKey, Foreign>,
    stale: Option<Foreign>,
}

impl Stage {
    fn new(rows: Vec<ResourceRow>) -> Self {
        let extra = rows.iter().filter(|row| row.verdict == Verdict::Extra);
        Self {
            app: app(),
            prunable: extra.map(|row| (row.key.clone(), Ok(Arc::from("u1")))).collect(),
            rows: rows.into_iter().map(Arc::new).collect(),
            inventory: 10,
            live: BTreeMap::new(),
            fault: None,
            empty: false,
            paused: None,
            protected: false,
            restarts: BTreeMap::new(),
            stale: None,
        }
    }

    fn plan(&self) -> Plan {
        plan(&Facts {
            app: &self.app,
            protected: self.protected,
            commit: CommitInfo { id: CommitId::new("abc1234567"), subject: "s".into(), author: "a".into(), time: None },
            rows: &self.rows,
            digests: &BTreeMap::new(),
            live: &self.live,
            inventory: self.inventory,
            paused: self.paused.as_ref(),
            fault: self.fault.as_ref(),
            empty: self.empty,
            other_revision: false,
            prunable: &self.prunable,
            restarts: &self.restarts,
            stale: self.stale.as_ref(),
        })
    }

    fn gate_with_everything(&self) -> Gate {
        let plan = self.plan();
        gate_sync(&plan, &order_of(&plan), self.inventory, self.protected)
    }
}

/// An order with every row ticked.
fn order_of(plan: &Plan) -> SyncOrder {
    SyncOrder {
        app: plan.app.clone(),
        commit: plan.commit.id.clone(),
        fingerprint: plan.fingerprint.clone(),
        chosen: plan.rows.iter().map(|row| row.key.clone()).collect(),
        take: Vec::new(),
        take_over: false,
        full: true,
    }
}

fn fault() -> Fault {
    Fault {
        origin: Origin { file: "apps/api.yaml".into(), line: 7 },
        column: 4,
        message: "a tab in the indentation".into(),
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
    stage.fault = Some(fault());
    let plan = stage.plan();
    assert_eq!(plan.chosen().count(), 0, "a partial render applies nothing");
    let blocked = plan.blocked.expect("and says so");
    assert!(blocked.raw().starts_with("apps/api.yaml:7:4: a tab"), "with file, line and column: {}", blocked.raw());
    stage.fault = None;
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
    let line = line_of(&row);
    let whole = || Candidate {
        row: &row,
        line: Some(&line),
        uid: "u1",
        has_our_apply: true,
        has_controller: false,
        complete: true,
        held: &|_| false,
    };
    assert_eq!(prunable(&whole()), Ok(()));
    let kept = |candidate: Candidate, why: &str| assert!(prunable(&candidate).is_err(), "{why}");
    kept(Candidate { line: None, ..whole() }, "a label alone never makes an object ours");
    kept(Candidate { uid: "u2", ..whole() }, "a forged line has another uid");
    kept(Candidate { has_our_apply: false, ..whole() }, "without our Apply entry");
    kept(Candidate { has_controller: true, ..whole() }, "what a controller made is the controller's");
    kept(Candidate { complete: false, ..whole() }, "from a partial render");
    let outside = ResourceRow { in_bounds: false, ..row.clone() };
    kept(Candidate { row: &outside, ..whole() }, "outside the bounds");
    let judged_before = ResourceRow { uid: Some("u0".into()), ..row.clone() };
    kept(Candidate { row: &judged_before, ..whole() }, "made anew since it was judged");
}

#[test]
fn a_namespace_that_holds_an_app_or_a_record_is_never_pruned() {
    let row = ResourceRow { in_bounds: true, ..resource(key("Namespace", "", "ops"), Verdict::Extra) };
    let line = line_of(&row);
    let candidate = |held| Candidate {
        row: &row,
        line: Some(&line),
        uid: "u1",
        has_our_apply: true,
        has_controller: false,
        complete: true,
        held,
    };
    assert!(prunable(&candidate(&|name| name == "ops")).is_err(), "its records would go with it");
    assert_eq!(prunable(&candidate(&|name| name == "shop")), Ok(()), "an empty one of ours may go");
}

#[test]
fn a_row_that_stays_says_why() {
    let mut stage = Stage::new(extras(1));
    let old = key("ConfigMap", "shop", "old-0");
    stage.prunable.insert(old.clone(), Err("a controller owns it"));
    let plan = stage.plan();
    let row = plan.rows.iter().find(|row| row.key == old).expect("the extra object has a row");
    assert_eq!(row.act, Act::Skip);
    assert!(row.why.raw().contains("a controller owns it"), "{}", row.why.raw());
}

#[test]
fn a_row_that_is_contested_in_part_is_still_updated() {
    let part = |contested: &[bool]| ResourceRow {
        findings: contested.iter().map(|contested| finding(*contested)).collect(),
        ..resource(key("Deployment", "shop", "api"), Verdict::Contested)
    };
    let act = |contested: &[bool]| {
        let row = Stage::new(vec![part(contested)]).plan().rows[0].clone();
        (row.act, row.chosen)
    };
    assert_eq!(act(&[true, false]), (Act::Update, true), "what nobody holds is written");
    assert_eq!(act(&[true, true]), (Act::Update, false), "nothing of it is written unless it is taken");
}

fn finding(contested: bool) -> Finding {
    Finding {
        path: FieldPath::default(),
        moved: None,
        contested,
        op: Op::Replace,
        live: None,
        git: None,
        was: None,
        by: None,
        declared: None,
        needs_delete: false,
        left: None,
    }
}

fn line_of(row: &ResourceRow) -> InventoryLine {
    InventoryLine {
        kind: row.key.kind.clone(),
        namespace: row.key.namespace.clone(),
        name: row.key.name.clone(),
        uid: "u1".into(),
        commit: CommitId::new("c"),
        hash: "h".into(),
    }
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
    let stage = Stage { paused: Some(pause), ..Stage::new(extras(0)) };
    assert_eq!(stage.gate_with_everything().level, Level::L3);
    assert_eq!(stage.plan().paused.map(|pause| pause.by), Some("ana".into()));
}

#[test]
fn the_fingerprint_moves_with_contents_and_not_with_what_follows_from_them() {
    let row = resource(key("Deployment", "shop", "api"), Verdict::Behind);
    let stage = || Stage::new(vec![row.clone()]);
    let one = stage().plan().fingerprint;
    let same = |row: ResourceRow, why: &str| assert_eq!(Stage::new(vec![row]).plan().fingerprint, one, "{why}");
    same(ResourceRow { health: Health::Degraded, ..row.clone() }, "a status write never moves it");
    same(ResourceRow { pending: true, ..row.clone() }, "nor does a confirmation that only agrees");
    let moved = |stage: Stage, why: &str| assert_ne!(stage.plan().fingerprint, one, "{why}");
    let live = [(row.key.clone(), Digest("other".into()))].into();
    moved(Stage { live, ..stage() }, "another content");
    moved(Stage::new(vec![ResourceRow { uid: Some("u2".into()), ..row.clone() }]), "made anew");
    let pause = Pause { by: "ana".into(), reason: "INC".into(), since: Timestamp::UNIX_EPOCH, until: None };
    moved(Stage { paused: Some(pause), ..stage() }, "paused meanwhile: the gate is another one");
    let mut stage = stage();
    stage.app.policy.prune = true;
    moved(stage, "another policy");
}
