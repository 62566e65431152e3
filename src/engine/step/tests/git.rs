//! What polls, heads and renders bring about.

use super::*;

fn trouble(code: ReasonCode) -> Trouble {
    Trouble::new(code, "no luck")
}

#[test]
fn a_poll_with_nothing_new_causes_nothing() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(names(&stage.poll(HEAD)), [""; 0], "no render, no request");
}

#[test]
fn a_new_head_is_rendered_once() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(count(&stage.poll(NEXT), "render"), 1);
    assert_eq!(count(&stage.poll(NEXT), "render"), 0, "it is out already");
    assert_eq!(count(&stage.seconds(3), "render"), 0);
    stage.render(desired(NEXT, &["web", "api"]));
    assert_eq!(count(&stage.poll(NEXT), "render"), 0, "it is here");
}

#[test]
fn a_late_render_is_dropped() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.poll(NEXT);
    let late = stage.app().ticket();
    assert!(stage.world.is_current(&late));
    stage.poll("3333333cccc");
    assert!(!stage.world.is_current(&late), "the head moved on");
    assert_eq!(names(&stage.take(Event::Rendered(late, Ok(Arc::new(desired(NEXT, &[])))))), [""; 0]);
    assert_eq!(stage.app().desired.as_ref().map(|desired| desired.at.as_str().to_owned()), Some(HEAD.to_owned()));
}

#[test]
fn a_render_waits_for_the_cluster_and_for_the_record() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    assert_eq!(count(&stage.poll(HEAD), "render"), 0, "no cluster yet: scopes are not known");
    let effects = stage.take(Event::Connected(cluster(), contact("one")));
    assert_eq!((count(&effects, "render"), count(&effects, "read record")), (0, 1), "it may be pinned");
    assert_eq!(count(&stage.record(None), "render"), 1);
}

#[test]
fn a_directory_too_waits_for_the_record_and_its_snapshot_is_not_lost() {
    let mut stage = Stage::new(Role::Cockpit);
    let app = stage.world.apps.get_mut(&shop()).expect("the app");
    app.spec.source.location = Location::Dir { path: "/deploy".into() };
    stage.tick();
    let mut effects = stage.take(Event::Connected(cluster(), contact("one")));
    effects.extend(stage.record(None));
    let mut snapshots = effects.iter().filter_map(|effect| match effect {
        Effect::Snapshot(ticket) => Some(ticket.clone()),
        _ => None,
    });
    let last = snapshots.next_back().expect("the directory is taken");
    assert!(stage.world.is_current(&last), "the last snapshot that was asked for is one that will be taken in");
    let again = stage.record(Some(Record::default()));
    assert_eq!(count(&again, "snapshot"), 1, "another record moves the ticket on: it is taken again");
    let effects = stage.render(desired("dir:0123456", &["web"]));
    assert_eq!(count(&effects, "snapshot"), 0);
    assert_eq!(count(&stage.take(Event::DirChanged(shop())), "snapshot"), 1, "once per change");
}

#[test]
fn a_revision_that_is_gone_keeps_the_rows_and_says_so() {
    let mut stage = Stage::synced(Role::Agent);
    let gone = Err(trouble(ReasonCode::RevisionNotFound));
    let effects = stage.take(Event::Polled(repo(), Ok([("main".to_owned(), gone)].into())));
    assert_eq!(names(&effects), [""; 0]);
    let row = stage.row();
    assert_eq!(row.verdict, Verdict::Unknown);
    assert_eq!(row.reason.as_ref().map(|reason| reason.code), Some(ReasonCode::RevisionNotFound));
    assert_eq!(row.resources.len(), 2, "what was judged stays");
    assert!(row.resources.iter().all(|row| row.verdict != Verdict::Extra), "absence makes nothing extra");
    let effects = stage.drift("web");
    assert_eq!(count(&effects, "auto sync"), 0, "nobody heals towards a head that is not there");
}

#[test]
fn a_failed_poll_says_why_and_is_asked_later_and_later() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.take(Event::Polled(repo(), Err(trouble(ReasonCode::GitAuth))));
    assert_eq!(stage.row().reason.as_ref().map(|reason| reason.code), Some(ReasonCode::GitAuth));
    let first = stage.world.remotes[&repo()].next_poll;
    stage.take(Event::Polled(repo(), Err(trouble(ReasonCode::GitAuth))));
    assert!(stage.world.remotes[&repo()].next_poll > first);
}

#[test]
fn a_render_that_failed_for_a_passing_cause_is_tried_again_with_the_next_poll() {
    let mut stage = Stage::synced(Role::Cockpit);
    for (code, again) in [(ReasonCode::Other, 1), (ReasonCode::GitUnreachable, 1), (ReasonCode::RenderFailed, 0)] {
        stage.poll(NEXT);
        let ticket = stage.app().ticket();
        stage.take(Event::Rendered(ticket, Err(trouble(code))));
        assert_eq!(stage.row().reason.as_ref().map(|reason| reason.code), Some(code));
        assert_eq!(count(&stage.seconds(2), "render"), 0, "not in a circle: {code:?}");
        assert_eq!(count(&stage.poll(NEXT), "render"), again, "{code:?}");
        stage.poll(HEAD);
    }
}

#[test]
fn a_partial_render_is_an_error_with_file_line_and_column() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.poll(NEXT);
    let origin = Origin { file: "web.yaml".into(), line: 12 };
    let fault = crate::model::Fault { origin, column: 3, message: "a tab".into() };
    stage.render(Desired { faults: vec![fault], ..desired(NEXT, &["api"]) });
    let reason = stage.row().reason.clone().expect("a reason");
    assert_eq!(reason.code, ReasonCode::RenderFailed);
    assert!(reason.message.raw().starts_with("web.yaml:12:3: a tab"), "{}", reason.message.raw());
}

#[test]
fn a_pin_ends_by_time() {
    let mut stage = Stage::synced(Role::Cockpit);
    let until = stage.now.wall.checked_add(Duration::from_mins(1)).ok();
    let pin =
        Pin { commit: CommitId::new("9999999"), by: "ana".into(), reason: "r".into(), since: stage.now.wall, until };
    let effects = stage.record(Some(Record { pinned: Some(pin), ..Record::default() }));
    let targets = |effects: &[Effect]| -> Vec<String> {
        let target = |effect: &Effect| match effect {
            Effect::Render(_, at) => Some(at.to_string()),
            _ => None,
        };
        effects.iter().filter_map(target).collect()
    };
    assert_eq!(targets(&effects), ["9999999"], "the pin is what is desired");
    stage.render(desired("9999999", &["web"]));
    assert!(stage.row().pinned.is_some());
    assert_eq!(targets(&stage.seconds(58)), [""; 0]);
    assert_eq!(targets(&stage.seconds(3)), [HEAD], "then the head is, by itself");
    assert!(stage.row().pinned.is_none());
}

#[test]
fn apps_that_render_one_object_differently_are_invalid_until_they_agree() {
    let mut stage = Stage::synced(Role::Cockpit);
    let other = AppId::new("stall", cluster());
    let app = AppWorld { record: crate::engine::world::RecordState::Absent, ..AppWorld::new(spec(other.clone())) };
    stage.world.apps.insert(other.clone(), app);
    let gvk = Gvk::parse("v1", "ConfigMap");
    let render = |stage: &mut Stage, value: &str| {
        let body = json!({"metadata": {"annotations": {"driftdeck.dev/app": "shop/stall"}}, "data": {"at": value}});
        let made = [(key("web"), manifest(key("web"), &gvk, body))];
        let wanted = Desired { manifests: Arc::new(made.into()), ..desired(HEAD, &[]) };
        let ticket = stage.world.apps[&other].ticket();
        stage.take(Event::Rendered(ticket, Ok(Arc::new(wanted))));
        stage.publish()
    };
    let fleet = render(&mut stage, "elsewhere");
    for id in [shop(), other.clone()] {
        let row = fleet.app(&id).expect("published");
        assert_eq!(row.verdict, Verdict::Invalid, "{id}");
        let said = row.reason.as_ref().map(|reason| reason.message.raw().to_owned());
        assert_eq!(said.as_deref(), Some("ConfigMap web is rendered differently by shop@prod and stall@prod"));
    }
    let fleet = render(&mut stage, "web");
    assert_eq!(
        fleet.app(&shop()).expect("published").verdict,
        Verdict::Synced,
        "equal but for whose it is: no dispute"
    );
}

#[test]
fn a_sibling_whose_branch_is_gone_keeps_nobody_waiting() {
    let mut stage = Stage::synced(Role::OneShot);
    let sibling = AppId::new("stall", cluster());
    let mut app = AppWorld::unasked(spec(sibling.clone()));
    app.record = crate::engine::world::RecordState::Absent;
    if let crate::model::Location::Git { revision, .. } = &mut app.spec.source.location {
        "gone".clone_into(revision);
    }
    stage.world.apps.insert(sibling, app);
    let why = crate::engine::world::because(ReasonCode::Other, "no such branch", stage.now);
    let mut settling = |heads: Option<crate::model::Reason>| {
        let remote = stage.world.remotes.get_mut(&repo()).expect("there");
        remote.heads.remove("gone");
        remote.heads.extend(heads.map(|why| ("gone".to_owned(), Err(why))));
        stage.world.apps.get_mut(&shop()).expect("there").changed = true;
        stage.row().settling
    };
    assert!(settling(None), "what it renders may still dispute an object");
    assert!(!settling(Some(why)), "nothing will come of it");
}

#[test]
fn an_old_verdict_is_not_said_of_a_new_commit() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.poll(NEXT);
    let mut wanted = desired(NEXT, &["web"]);
    let body = json!({"data": {"at": "changed"}});
    let made = manifest(key("web"), &Gvk::parse("v1", "ConfigMap"), body);
    Arc::make_mut(&mut wanted.manifests).insert(key("web"), made);
    Arc::make_mut(&mut wanted.manifests).extend((*desired(NEXT, &["api"]).manifests).clone());
    let effects = stage.render(wanted);
    assert_eq!(stage.verdict("web"), Some(Verdict::Unknown), "git changed it: it is being judged");
    assert_eq!(stage.verdict("api"), Some(Verdict::Synced), "git did not touch it");
    stage.judge(&effects, |row| if *row.key.name == *"web" { row.is(Verdict::Behind) } else { row });
    assert_eq!(stage.verdict("web"), Some(Verdict::Behind));
}
