//! What is judged again, when, and what is not: memo and epochs.

use super::*;
use crate::engine::event::{Aside, Named};

/// The keys that a judgement is asked about, and of those the ones whose answer is known.
fn asked(effects: &[Effect]) -> (Vec<ResourceKey>, Vec<ResourceKey>) {
    let works = effects.iter().filter_map(|effect| if let Effect::Judge(_, work) = effect { Some(work) } else { None });
    let (mut keys, mut known) = (Vec::new(), Vec::new());
    for work in works {
        keys.extend(work.keys.iter().map(|(key, _)| key.clone()));
        known.extend(work.known.keys().cloned());
    }
    (keys, known)
}

#[test]
fn what_git_says_as_before_keeps_its_answer_at_the_next_commit() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.poll(NEXT);
    let mut wanted = desired(NEXT, &["web", "api"]);
    let mut manifests = (*wanted.manifests).clone();
    let gvk = Gvk::parse("v1", "ConfigMap");
    let moved = Manifest {
        origin: Origin { file: "b.yaml".into(), line: 7 },
        ..manifest(key("api"), &gvk, json!({"metadata": {"annotations": {}}, "data": {"at": "api"}}))
    };
    manifests.insert(key("web"), manifest(key("web"), &gvk, json!({"data": {"at": "elsewhere"}})));
    manifests.insert(key("api"), moved);
    wanted.manifests = Arc::new(manifests);
    let effects = stage.render(wanted);
    assert_eq!(asked(&effects).0, [key("web")], "the changed object alone is judged again");
    let row = stage.app().rows[&key("api")].clone();
    assert_eq!(row.origin.as_ref().map(|origin| origin.line), Some(7), "its place in git is the new one all the same");
    assert_eq!(stage.verdict("api"), Some(Verdict::Synced));
}

#[test]
fn a_status_write_asks_for_health_alone() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    assert_eq!(asked(&effects), (vec![key("web")], vec![key("web")]), "its answer goes along, to be held against it");
    let effects = stage.judge(&effects, Judged::pending);
    assert_eq!(count(&effects, "confirm"), 0);
    assert_eq!(asked(&stage.dirty(&["web"])).1, [], "what waits for the server is not known");
}

#[test]
fn a_record_that_changes_makes_every_answer_void() {
    let mut stage = Stage::synced(Role::Cockpit);
    let mut effects = stage.record(Some(Record { inventory: vec![line("web")], ..Record::default() }));
    effects.extend(stage.render(desired(HEAD, &["web", "api"])));
    let (mut keys, known) = asked(&effects);
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), known.len()), (2, 0), "the base may be another: nothing is known");
}

#[test]
fn rules_that_change_make_every_answer_void() {
    let mut stage = Stage::synced(Role::Cockpit);
    let rule = crate::model::IgnoreRule {
        place: "ignore[0]".into(),
        kind: None,
        name: Some("web".to_owned()),
        namespace: None,
        path: None,
        manager: None,
        effect: crate::model::Effect::default(),
        reason: None,
    };
    let id = stage.app().spec.id.clone();
    let effects = stage.take(Event::Ruled([(id, vec![rule])].into()));
    assert_eq!(asked(&effects), (vec![key("api"), key("web")], vec![]), "what hides or shows is another rule now");
}

#[test]
fn admission_that_changes_makes_the_servers_answers_void_and_only_those() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    let out = stage.seconds(1);
    stage.confirm(&out, |row| row.is(Verdict::Drifted));
    let effects = stage.tick();
    assert_eq!(count(&effects, "mind"), 1, "an answer of the server is worth minding admission for");
    let effects = stage.take(Event::Minded(cluster(), Aside::Admission));
    assert_eq!(asked(&effects), (vec![key("web")], vec![]), "what was settled locally stands");
    stage.judge(&effects, Judged::pending);
    assert_eq!(count(&stage.seconds(1), "confirm"), 1, "the same object is another question now");
}

#[test]
fn a_schema_that_changes_has_its_kinds_judged_again() {
    let mut stage = Stage::synced(Role::Cockpit);
    let other = Kind::new("apps", "Deployment");
    assert_eq!(asked(&stage.take(Event::SchemasMoved(cluster(), [other].into()))).0, []);
    let effects = stage.take(Event::SchemasMoved(cluster(), [Kind::new("", "ConfigMap")].into()));
    assert_eq!(asked(&effects), (vec![key("api"), key("web")], vec![]));
}

#[test]
fn a_definition_that_changes_is_looked_at_until_it_is_published() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.take(Event::Minded(cluster(), Aside::Definitions));
    assert_eq!(count(&effects, "rediscover"), 1, "at once");
    let looks: Vec<_> = (0..40).map(|_| count(&stage.seconds(1), "rediscover")).collect();
    let when: Vec<_> = looks.iter().enumerate().filter(|(_, n)| **n > 0).map(|(at, _)| at + 1).collect();
    assert_eq!(when, [1, 3, 7, 15, 30], "and again as the server may be late, but not for ever");
}

#[test]
fn a_command_that_ends_minds_nothing() {
    let mut stage = Stage::synced(Role::OneShot);
    assert_eq!(count(&stage.seconds(5), "mind"), 0);
    assert!(stage.world.clusters[&cluster()].minded.is_empty());
}

#[test]
fn what_may_not_be_watched_is_looked_at_every_ten_minutes() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.take(Event::Unminded(cluster(), Aside::Definitions));
    assert_eq!(count(&stage.seconds(599), "rediscover"), 0);
    assert_eq!(count(&stage.seconds(1), "rediscover"), 1);
}

#[test]
fn an_answer_that_was_none_is_asked_for_again_unless_the_account_may_not_ask() {
    for (why, again) in [("no answer within 15000 ms", 1), ("deployments is forbidden: User \"x\" cannot patch it", 0)]
    {
        let mut stage = Stage::synced(Role::Cockpit);
        let effects = stage.dirty(&["web"]);
        stage.judge(&effects, Judged::pending);
        let out = stage.seconds(1);
        for effect in &out {
            let Effect::Confirm(ticket, work) = effect else { continue };
            for mut row in stage.rows(work, |row: Judged| row.is(Verdict::Drifted)) {
                if let Some(row) = &mut row.row {
                    row.reason = Some(because(ReasonCode::DryRunUnavailable, why, stage.now));
                }
                stage.take(Event::Confirmed(ticket.clone(), Box::new(row)));
            }
        }
        let effects = stage.seconds(120);
        stage.judge(&effects, Judged::pending);
        assert_eq!(count(&stage.seconds(1), "confirm"), again, "{why}");
    }
}

#[test]
fn what_is_on_screen_is_asked_about_first() {
    let mut stage = Stage::synced(Role::Cockpit);
    let other = AppId::new("aaa", cluster());
    let seen = stage.app().desired.clone();
    let mut twin = AppWorld::new(spec(other.clone()));
    (twin.desired, twin.render) = (seen, crate::engine::world::RenderState::Ready);
    twin.waiting = [(key("web"), Duration::ZERO)].into();
    twin.stamps = [(key("web"), 900)].into();
    stage.world.apps.insert(other, twin);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    stage.take(Event::Shown([shop()].into()));
    stage.pass(Duration::from_secs(2));
    let first = stage.tick().into_iter().find_map(|effect| match effect {
        Effect::Confirm(ticket, _) => Some(ticket.app),
        _ => None,
    });
    assert_eq!(first, Some(shop()), "though its name comes last");
}

#[test]
fn a_kind_that_is_judged_locally_is_never_asked_about() {
    let mut stage = Stage::synced(Role::OneShot);
    let cluster = stage.world.clusters.get_mut(&cluster()).expect("there");
    cluster.spec.judge_local_kinds = vec!["ConfigMap".to_owned()];
    let effects = stage.dirty(&["web", "api"]);
    assert_eq!(count(&stage.judge(&effects, Judged::pending), "confirm"), 0);
    assert_eq!(stage.row().counts.pending, 0, "its local verdict is the last word");
}

fn named(record: Option<Arc<str>>) -> Named {
    Named { records: [(key("web"), record)].into(), ..Named::default() }
}

#[test]
fn a_live_object_that_names_another_record_makes_the_app_unknown() {
    let mut stage = Stage::synced(Role::Agent);
    stage.take(Event::Named(shop(), named(Some("agents".into()))));
    let row = stage.row();
    let why = row.reason.as_ref().expect("a reason");
    assert_eq!((row.verdict, why.code), (Verdict::Unknown, ReasonCode::RecordElsewhere));
    assert!(why.message.raw().starts_with("record is in agents"), "{}", why.message.raw());
    let mut effects = stage.drift("api");
    effects.extend(stage.seconds(30));
    assert_eq!(count(&effects, "auto sync"), 0, "and no agent writes");
    stage.take(Event::Named(shop(), named(None)));
    assert_ne!(stage.row().reason.as_ref().map(|why| why.code), Some(ReasonCode::RecordElsewhere));
}

#[test]
fn a_sign_in_that_is_refused_is_made_anew_without_haste() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.take(Event::Probed(cluster(), Err(Trouble::new(ReasonCode::ClusterAuth, "Unauthorized"))));
    assert_eq!(stage.row().reason.as_ref().map(|why| why.code), Some(ReasonCode::ClusterAuth), "said at once");
    assert_eq!(stage.row().verdict, Verdict::Unknown, "and never synced meanwhile");
    let mut connects = 0;
    for _ in 0..60 {
        stage.pass(Duration::from_secs(1));
        let effects = stage.tick();
        connects += count(&effects, "connect");
        if count(&effects, "connect") > 0 {
            stage.take(Event::ConnectFailed(cluster(), Trouble::new(ReasonCode::ClusterAuth, "Unauthorized")));
        }
    }
    assert!((2..=6).contains(&connects), "tried again, with growing pauses: {connects} in a minute");
}
