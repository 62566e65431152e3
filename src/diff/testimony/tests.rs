#![allow(clippy::needless_pass_by_value, reason = "values are written where they are used")]
#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::diff::{BaseLeg, Legs, Masker, Owners, compare_local};
use crate::model::{
    AppId, AppSpec, Base, ClusterName, Gvk, Location, Manifest, Now, Origin, Policy, ResourceKey, Rule, SourceSpec,
    Without,
};
use crate::schema::Schemas;

struct Stage {
    app: AppSpec,
    schemas: Schemas,
    masker: Masker,
    owners: Owners,
}

impl Stage {
    fn new() -> Self {
        let mut schemas = Schemas::default();
        for text in
            [include_str!("../../../assets/openapi/core_v1.json"), include_str!("../../../assets/openapi/apps_v1.json")]
        {
            schemas.add(&serde_json::from_str(text).expect("JSON")).expect("a schema document");
        }
        let app = AppSpec {
            id: AppId::new("shop", ClusterName::new("prod")),
            source: SourceSpec { location: Location::Dir { path: "/x".into() } },
            namespace: "shop".to_owned(),
            namespaces: Vec::new(),
            cluster_kinds: Vec::new(),
            policy: Policy::default(),
            ignore: Vec::new(),
            mask: Vec::new(),
            mask_length: false,
        };
        Self { app, schemas, masker: Masker::new([7; 32]), owners: Owners::default() }
    }

    fn ground(&self, without: Without) -> Ground<'_> {
        Ground {
            app: &self.app,
            schemas: &self.schemas,
            now: Now { wall: at("10:07"), since_start: Duration::ZERO },
            masker: &self.masker,
            owner_lists: &self.owners,
            without,
        }
    }

    fn testify(&self, was: Option<&Live>, now: Option<&Live>, after: Option<&str>) -> Vec<Write> {
        testify(&Sighting { was, now, after: after.map(at) }, &self.ground(Without::NOTHING))
    }
}

fn at(clock: &str) -> Timestamp {
    format!("2026-01-01T{clock}:00Z").parse().expect("a time")
}

/// `manager/operation/subresource stamp`, and what it owns.
fn entry(who: &str, fields: Value) -> Value {
    let (who, stamp) = who.split_once(' ').expect("a stamp");
    let mut words = who.split('/');
    let mut entry = json!({
        "manager": words.next(), "operation": words.next().unwrap_or("Update"), "apiVersion": "apps/v1",
        "time": format!("2026-01-01T{stamp}:00Z"), "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    if let Some(subresource) = words.next() {
        entry["subresource"] = json!(subresource);
    }
    entry
}

fn deployment(spec: Value, entries: &[Value]) -> Live {
    live(json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec }), entries)
}

fn live(mut object: Value, entries: &[Value]) -> Live {
    object["metadata"] = json!({ "name": "api", "namespace": "shop", "uid": "u1", "managedFields": entries });
    let gvk = Gvk::parse(object["apiVersion"].as_str().expect("a version"), object["kind"].as_str().expect("a kind"));
    Live {
        key: key(&gvk),
        gvk,
        uid: "u1".into(),
        resource_version: "1".into(),
        created: None,
        json: object.to_string().into(),
    }
}

fn key(gvk: &Gvk) -> ResourceKey {
    ResourceKey { cluster: ClusterName::new("prod"), kind: gvk.kind(), namespace: "shop".into(), name: "api".into() }
}

fn git(spec: Value) -> Manifest {
    let body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" }, "spec": spec,
    });
    let gvk = Gvk::parse("apps/v1", "Deployment");
    let digest = crate::model::Digest::of_value(&body);
    let origin = Origin { file: Foreign::from("api.yaml"), line: 1 };
    Manifest { key: key(&gvk), gvk, body: body.into(), digest, origin }
}

/// `path manager from→to`.
fn told(writes: &[Write]) -> Vec<String> {
    let value = |said: &Option<Said>| match said {
        Some(Said::Plain(value)) => value.to_string(),
        Some(Said::Masked { changed, bytes, .. }) => format!("masked({changed},{bytes:?})"),
        Some(Said::Cut { .. }) => "cut".to_owned(),
        None => "-".to_owned(),
    };
    let line = |w: &Write| format!("{} {} {}→{}", w.path, w.by.manager.raw(), value(&w.was), value(&w.now));
    writes.iter().map(line).collect()
}

fn replicas() -> Value {
    json!({ "f:spec": { "f:replicas": {} } })
}

fn paused() -> Value {
    json!({ "f:spec": { "f:paused": {} } })
}

/// What happened; before and after, each with its entries; what is told of it.
type Row = (&'static str, (Value, Vec<Value>), (Value, Vec<Value>), &'static [&'static str]);

#[test]
fn who_changed_a_field_is_read_off_the_entries_before_and_after() {
    let ours = || entry("driftdeck/Apply 09:00", replicas());
    let none = || entry("driftdeck/Apply 09:00", json!({}));
    let status = || entry("kube-controller-manager/Update/status 10:07", json!({ "f:status": {} }));
    let table: Vec<Row> = vec![
        (
            "an edit takes the field",
            (json!({"replicas": 2}), vec![ours()]),
            (json!({"replicas": 5}), vec![none(), entry("kubectl-edit/Update 10:07", replicas())]),
            &["spec.replicas kubectl-edit 2→5"],
        ),
        (
            "a second edit within the same second stamps nothing",
            (json!({"replicas": 5}), vec![none(), entry("kubectl-edit/Update 10:07", replicas())]),
            (json!({"replicas": 6}), vec![none(), entry("kubectl-edit/Update 10:07", replicas())]),
            &["spec.replicas kubectl-edit 5→6"],
        ),
        (
            "our own write is ours",
            (json!({"replicas": 5}), vec![none(), entry("kubectl-edit/Update 10:00", replicas())]),
            (json!({"replicas": 2}), vec![entry("driftdeck/Apply 10:07", replicas())]),
            &["spec.replicas driftdeck 5→2"],
        ),
        (
            "a pure deletion leaves no name, and whose entry vanished is no suspect",
            (json!({"replicas": 2}), vec![entry("kubectl-edit/Update 09:30", replicas())]),
            (json!({}), vec![]),
            &["spec.replicas ? 2→-"],
        ),
        (
            "a deletion beside a change is the same hand's",
            (json!({"replicas": 2}), vec![ours()]),
            (json!({"paused": true}), vec![none(), entry("kubectl-edit/Update 10:07", paused())]),
            &["spec.paused kubectl-edit -→true", "spec.replicas kubectl-edit 2→-"],
        ),
        (
            "an applier that drops a field is stamped",
            (json!({"replicas": 2}), vec![entry("argocd/Apply 09:30", replicas())]),
            (json!({}), vec![entry("argocd/Apply 10:07", json!({}))]),
            &["spec.replicas argocd 2→-"],
        ),
        (
            "of two holders the one that gained it",
            (json!({"replicas": 2}), vec![entry("flux/Apply 09:30", replicas())]),
            (
                json!({"replicas": 3}),
                vec![entry("flux/Apply 09:30", replicas()), entry("argocd/Apply 10:07", replicas())],
            ),
            &["spec.replicas argocd 2→3"],
        ),
        (
            "a status write is no suspect, and no write",
            (json!({"replicas": 2}), vec![ours()]),
            (json!({"replicas": 2}), vec![ours(), status()]),
            &[],
        ),
        (
            "a scale without an owner leaves nobody",
            (json!({"replicas": 2}), vec![status()]),
            (json!({"replicas": 3}), vec![status()]),
            &["spec.replicas ? 2→3"],
        ),
        (
            "a subresource is told",
            (json!({"replicas": 2}), vec![ours()]),
            (json!({"replicas": 3}), vec![none(), entry("kubectl/Update/scale 10:07", replicas())]),
            &["spec.replicas kubectl 2→3"],
        ),
    ];
    let stage = Stage::new();
    for (what, (before, old), (after, new), wanted) in table {
        let (was, now) = (deployment(before, &old), deployment(after, &new));
        let mut writes = told(&stage.testify(Some(&was), Some(&now), None));
        writes.sort();
        assert_eq!(writes, wanted, "{what}");
    }
}

#[test]
fn a_write_says_when_and_how_sure() {
    let stage = Stage::new();
    let was = deployment(json!({"replicas": 2}), &[]);
    let edited =
        |stamp: &str| deployment(json!({"replicas": 5}), &[entry(&format!("kubectl-edit/Update {stamp}"), replicas())]);
    let by = |now: &Live, after| stage.testify(Some(&was), Some(now), after)[0].by.clone();

    let seen = by(&edited("10:06"), None);
    assert_eq!((seen.precision, seen.after, seen.time), (Precision::Seen, None, Some(at("10:07"))));
    let gap = by(&edited("09:00"), Some("10:02"));
    assert_eq!((gap.precision, gap.after, gap.time), (Precision::Bound, Some(at("10:02")), Some(at("10:07"))));
    let stamped = by(&edited("10:04"), Some("10:02"));
    assert_eq!(stamped.time, Some(at("10:04")), "a stamp inside the gap narrows it");
}

#[test]
fn an_object_that_comes_goes_or_comes_again_is_one_write() {
    let stage = Stage::new();
    let live = deployment(json!({}), &[entry("kubectl-create/Update 10:07", replicas())]);
    assert_eq!(told(&stage.testify(None, Some(&live), None)), [" kubectl-create -→-"]);
    assert_eq!(told(&stage.testify(Some(&live), None, None)), [" ? -→-"], "nobody signs a deletion");
    let again = Live { uid: "u2".into(), ..live.clone() };
    assert_eq!(stage.testify(Some(&live), Some(&again), None)[0].deed, Deed::Created);
}

#[test]
fn a_secrets_values_are_masked_before_a_write_exists() {
    let stage = Stage::new();
    let secret = |text: &str| live(json!({"apiVersion": "v1", "kind": "Secret", "data": {"token": text}}), &[]);
    let writes = stage.testify(Some(&secret("Y2FuYXJ5LW9uZQ==")), Some(&secret("Y2FuYXJ5LXR3bw==")), None);
    assert_eq!(told(&writes), ["data.token ? masked(true,Some(10))→masked(true,Some(10))"]);
    assert!(!format!("{writes:?}").contains("Y2Fu"), "no value in any form");
}

#[test]
fn testimony_is_preferred_while_its_value_stands() {
    let stage = Stage::new();
    let wanted = git(json!({"replicas": 2}));
    let write = |value: Option<i32>| Write {
        path: "spec.replicas".parse().expect("a path"),
        deed: Deed::Field,
        by: Attribution { manager: Foreign::from("k9s"), ..nobody(None, at("10:05")) },
        was: None,
        now: value.map(|value| Said::Plain(json!(value).into())),
    };
    let edited = deployment(json!({"replicas": 5}), &[entry("kubectl-edit/Update 10:06", replicas())]);
    let gone = deployment(json!({}), &[]);
    let by = |live: &Live, seen: &[Write], without: Without| {
        let base = BaseLeg::At(Base::Record, Some(&wanted));
        let legs = Legs { git: Some(&wanted), base, live: Some(live), in_inventory: true, seen };
        let by = compare_local(&legs, &stage.ground(without)).findings.first()?.by.clone()?;
        Some((by.manager.raw().to_owned(), by.precision, by.after, by.time))
    };
    let traced = Some(("kubectl-edit".to_owned(), Precision::Bound, None, Some(at("10:06"))));
    let seen = Some(("k9s".to_owned(), Precision::Seen, None, Some(at("10:05"))));

    assert_eq!(by(&edited, &[], Without::NOTHING), traced, "without testimony managedFields tell");
    assert_eq!(by(&edited, &[write(Some(5))], Without::NOTHING), seen, "the watch saw this very value come");
    assert_eq!(by(&edited, &[write(Some(5))], Without::rule(Rule::SeenWrites)), traced, "the rule can be off");
    assert_eq!(by(&edited, &[write(Some(4))], Without::NOTHING), traced, "another value has come since");
    assert_eq!(by(&gone, &[write(None)], Without::NOTHING), seen, "a deletion has a name that managedFields lack");
    assert_eq!(by(&gone, &[], Without::NOTHING), None);
}

#[test]
fn a_gap_tells_between_when_and_what_was_there_before_it_keeps_its_writer() {
    let stage = Stage::new();
    let wanted = git(json!({"replicas": 2}));
    let path: FieldPath = "spec.replicas".parse().expect("a path");
    let gap = |known: &[&FieldPath]| {
        let known = known.iter().map(|path| (*path).clone()).collect();
        unseen((at("10:02"), at("10:07")), known, Some(at("09:30")))
    };
    let write = Write {
        path: path.clone(),
        deed: Deed::Field,
        by: Attribution { manager: Foreign::from("k9s"), ..nobody(None, at("10:01")) },
        was: None,
        now: Some(Said::Plain(json!(5).into())),
    };
    let by = |stamp: &str, seen: &[Write]| {
        let live = deployment(json!({"replicas": 5}), &[entry(&format!("kubectl-edit/Update {stamp}"), replicas())]);
        let base = BaseLeg::At(Base::Record, Some(&wanted));
        let legs = Legs { git: Some(&wanted), base, live: Some(&live), in_inventory: true, seen };
        let by = compare_local(&legs, &stage.ground(Without::NOTHING)).findings[0].by.clone().expect("a writer");
        (by.manager.raw().to_owned(), by.after, by.time)
    };
    let edit = "kubectl-edit".to_owned();
    assert_eq!(by("10:05", &[gap(&[])]), (edit.clone(), Some(at("10:02")), Some(at("10:05"))), "the stamp narrows");
    assert_eq!(
        by("10:30", &[gap(&[])]),
        (edit.clone(), Some(at("10:02")), Some(at("10:07"))),
        "a skewed stamp does not"
    );
    assert_eq!(by("09:00", &[gap(&[])]), (edit.clone(), None, Some(at("09:00"))), "it wrote before the gap");
    assert_eq!(by("10:05", &[gap(&[&path])]), (edit, None, Some(at("10:05"))), "it differed before the gap");
    let k9s = ("k9s".to_owned(), None, Some(at("10:01")));
    assert_eq!(by("10:05", &[write.clone(), gap(&[&path])]), k9s, "the value was seen to come before the gap");
    assert_eq!(by("10:05", &[write, gap(&[])]), k9s);
}

#[test]
fn who_deleted_a_missing_object_is_not_known_but_when() {
    let stage = Stage::new();
    let wanted = git(json!({}));
    let seen = [went_unseen(at("10:02"), at("10:07"))];
    let base = BaseLeg::At(Base::Record, Some(&wanted));
    let legs = Legs { git: Some(&wanted), base, live: None, in_inventory: true, seen: &seen };
    let by = compare_local(&legs, &stage.ground(Without::NOTHING)).findings[0].by.clone().expect("the watch's word");
    assert!(!by.is_named());
    assert_eq!((by.after, by.time, by.precision), (Some(at("10:02")), Some(at("10:07")), Precision::Bound));
}
