//! Which objects are judged when, and when the server is asked.

use super::*;

#[test]
fn a_forbidden_list_makes_only_its_rows_unknown() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    stage.take(Event::Connected(cluster(), contact("one")));
    stage.poll(HEAD);
    stage.record(None);
    let secret = ResourceKey { kind: Kind::new("", "Secret"), ..key("token") };
    let mut wanted = desired(HEAD, &["web"]);
    let mut manifests = (*wanted.manifests).clone();
    manifests.insert(secret.clone(), manifest(secret.clone(), &Gvk::parse("v1", "Secret"), json!({})));
    wanted.manifests = Arc::new(manifests);
    stage.render(wanted);
    stage.take(Event::SchemasLoaded(cluster(), ["v1".into()].into()));
    let secrets = Scene { kind: Kind::new("", "Secret"), namespace: "shop".into() };
    stage.take(Event::SceneFailed(cluster(), secrets, Trouble::new(ReasonCode::Forbidden, "secrets is forbidden")));
    let effects = stage.take(Event::Listed(cluster(), scene(), vec![key("web")]));
    let seen = stage.judge(&effects, |row| row);
    assert_eq!(count(&seen, "note seen"), 1, "what can be judged is settled");
    let row = stage.row();
    let found = row.resources.iter().find(|row| row.key == secret).expect("it has a row");
    assert_eq!(found.verdict, Verdict::Unknown);
    assert_eq!(found.reason.as_ref().map(|reason| reason.code), Some(ReasonCode::Forbidden));
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "the others are judged");
    assert_eq!(row.verdict, Verdict::Unknown, "and the app is not called synced");
}

#[test]
fn an_object_of_the_inventory_whose_list_is_not_there_is_unknown() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    stage.take(Event::Connected(cluster(), contact("one")));
    stage.poll(HEAD);
    let job = InventoryLine { kind: Kind::new("batch", "Job"), ..line("import") };
    stage.record(Some(Record { inventory: vec![job], ..Record::default() }));
    stage.render(desired(HEAD, &["web"]));
    stage.take(Event::SchemasLoaded(cluster(), ["v1".into()].into()));
    let effects = stage.take(Event::Listed(cluster(), scene(), vec![key("web")]));
    stage.judge(&effects, |row| row);
    let jobs = Scene { kind: Kind::new("batch", "Job"), namespace: "shop".into() };
    assert_eq!(stage.row().verdict, Verdict::Unknown, "an extra object may be there: its list is on its way");
    stage.take(Event::SceneFailed(cluster(), jobs.clone(), Trouble::new(ReasonCode::Forbidden, "no")));
    assert_eq!(stage.row().verdict, Verdict::Unknown, "its list is forbidden");
    let effects = stage.take(Event::Listed(cluster(), jobs, Vec::new()));
    for effect in &effects {
        if let Effect::Judge(ticket, work) = effect {
            let none = |(key, stamp): &(ResourceKey, u64)| JudgedRow {
                key: key.clone(),
                stamp: *stamp,
                memo: Memo::default(),
                row: None,
                open: false,
            };
            let rows = work.keys.iter().map(none).collect();
            stage.take(Event::Judged(ticket.clone(), rows));
        }
    }
    assert_eq!(stage.row().verdict, Verdict::Synced, "it is gone: nothing is extra");
}

#[test]
fn a_kind_that_git_itself_defines_is_judged_and_not_unknown() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    stage.take(Event::Connected(cluster(), contact("one")));
    stage.poll(HEAD);
    stage.record(None);
    let widget = ResourceKey { kind: Kind::new("shop.io", "Widget"), ..key("blue") };
    let kind = Kind::new("apiextensions.k8s.io", "CustomResourceDefinition");
    let crd = ResourceKey { kind, namespace: "".into(), ..key("widgets.shop.io") };
    let body = json!({"spec": {"group": "shop.io", "names": {"kind": "Widget"}}});
    let made = [
        (widget.clone(), manifest(widget.clone(), &Gvk::parse("shop.io/v1", "Widget"), json!({}))),
        (crd.clone(), manifest(crd, &Gvk::parse("apiextensions.k8s.io/v1", "CustomResourceDefinition"), body)),
    ];
    let wanted = Desired { manifests: Arc::new(made.into()), ..desired(HEAD, &[]) };
    stage.render(wanted);
    stage.take(Event::SchemasLoaded(cluster(), ["shop.io/v1".into(), "apiextensions.k8s.io/v1".into()].into()));
    let widgets = Scene { kind: Kind::new("shop.io", "Widget"), namespace: "shop".into() };
    let unserved = Trouble::new(ReasonCode::KindNotServed, "not served");
    let effects = stage.take(Event::SceneFailed(cluster(), widgets, unserved));
    let keys = effects.iter().filter_map(|effect| match effect {
        Effect::Judge(_, work) => Some(work.keys.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(keys.collect::<Vec<_>>().concat(), [widget], "it is missing until its definition is there");
    stage.pass(Duration::from_secs(10));
    assert_eq!(count(&stage.tick(), "rediscover"), 1, "whether it has come is asked");
    let effects = stage.take(Event::Rediscovered(cluster()));
    assert_eq!(count(&effects, "schemas"), 1, "its schema is asked for once more");
}

#[test]
fn a_difference_is_confirmed_after_a_second() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    let effects = stage.judge(&effects, Judged::pending);
    assert_eq!(count(&effects, "confirm"), 0, "it may go away by itself");
    assert_eq!(stage.verdict("web"), Some(Verdict::Drifted), "but it is shown at once");
    assert_eq!(count(&stage.tick(), "confirm"), 0);
    let effects = stage.seconds(1);
    assert_eq!(count(&effects, "confirm"), 1);
    stage.confirm(&effects, |row| row.is(Verdict::Drifted));
    assert_eq!(stage.row().counts.pending, 0);
    assert_eq!(count(&stage.seconds(5), "confirm"), 0, "once");
}

#[test]
fn a_command_that_ends_asks_at_once() {
    let mut stage = Stage::synced(Role::OneShot);
    let effects = stage.dirty(&["web", "api"]);
    assert_eq!(count(&stage.judge(&effects, Judged::pending), "confirm"), 2);
}

#[test]
fn status_churn_causes_no_confirmation() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    let out = stage.seconds(1);
    assert_eq!(count(&out, "confirm"), 1);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    assert_eq!(count(&stage.seconds(3), "confirm"), 0, "the same question is out");
    stage.confirm(&out, |row| row.is(Verdict::Drifted));
    assert_eq!(stage.row().counts.pending, 0, "and its answer still counts: only the status was written meanwhile");
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    assert_eq!(count(&stage.seconds(3), "confirm"), 0, "the answer to the same question is known");
    assert_eq!(stage.row().counts.pending, 0);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, |row| row.pending().with("two"));
    assert_eq!(count(&stage.seconds(1), "confirm"), 1, "another content is another question");
}

#[test]
fn an_answer_about_what_was_there_before_is_not_taken() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    let out = stage.seconds(1);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, |row| row.pending().with("two"));
    stage.confirm(&out, |row| row);
    assert_eq!(stage.verdict("web"), Some(Verdict::Drifted), "the live object is another one by now");
}

#[test]
fn the_server_is_asked_a_hundred_times_at_once_and_ten_times_a_second() {
    let mut stage = Stage::synced(Role::Cockpit);
    let names: Vec<String> = (0..150).map(|n| format!("m{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.poll(NEXT);
    let effects = stage.render(desired(NEXT, &names));
    stage.judge(&effects, Judged::pending);
    assert_eq!(count(&stage.seconds(1), "confirm"), 100);
    assert_eq!(count(&stage.seconds(1), "confirm"), 10);
    assert_eq!(count(&stage.seconds(3), "confirm"), 30);
    assert_eq!(count(&stage.seconds(5), "confirm"), 10, "all have been asked");
}

#[test]
fn a_lost_question_is_asked_again_after_the_record_has_changed() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web"]);
    stage.judge(&effects, Judged::pending);
    let out = stage.seconds(1);
    let mut effects = stage.record(Some(Record { revision: Some("x".into()), ..Record::default() }));
    stage.confirm(&out, |row| row);
    assert_eq!(stage.row().counts.pending, 1, "its answer is late");
    effects.extend(stage.render(desired(HEAD, &["web", "api"])));
    stage.judge(&effects, |row| if *row.key.name == *"web" { row.pending() } else { row });
    assert_eq!(count(&stage.seconds(1), "confirm"), 1);
}

#[test]
fn what_is_noted_as_seen_was_judged_at_that_commit() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.poll(NEXT);
    let mut wanted = desired(NEXT, &["web", "api"]);
    let web = manifest(key("web"), &Gvk::parse("v1", "ConfigMap"), json!({"data": {"at": "another place"}}));
    Arc::make_mut(&mut wanted.manifests).insert(key("web"), web);
    let effects = stage.render(wanted);
    assert_eq!(count(&effects, "note seen"), 0, "what was synced before may be behind now");
    let seen = stage.judge(&effects, |row| if *row.key.name == *"web" { row.is(Verdict::Behind) } else { row });
    assert_eq!(noted(&seen), [(NEXT, vec![key("api")])]);
}

/// What is to be noted as seen synced, by commit.
fn noted(effects: &[Effect]) -> Vec<(&str, Vec<ResourceKey>)> {
    let notes = effects.iter().filter_map(|effect| match effect {
        Effect::NoteSeen(_, commit, keys) => Some((commit.as_str(), keys.clone())),
        _ => None,
    });
    notes.collect()
}

#[test]
fn an_object_that_becomes_synced_while_another_drifts_is_noted() {
    let mut stage = Stage::listed(Role::Cockpit);
    let effects = stage.dirty(&["web", "api"]);
    let seen = stage.judge(&effects, |row| if *row.key.name == *"web" { row.is(Verdict::Drifted) } else { row });
    assert_eq!(noted(&seen), [(HEAD, vec![key("api")])]);
    let effects = stage.dirty(&["web", "api"]);
    let seen = stage.judge(&effects, |row| if *row.key.name == *"api" { row.is(Verdict::Drifted) } else { row });
    assert_eq!(noted(&seen), [(HEAD, vec![key("web")])], "as many are synced as before, and another one");
}

#[test]
fn an_object_that_comes_and_goes_is_noted_once_at_each_commit() {
    let mut stage = Stage::synced(Role::Cockpit);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.extend(stage.drift("web"));
        let effects = stage.dirty(&["web"]);
        seen.extend(stage.judge(&effects, |row| row));
    }
    assert!(noted(&seen).is_empty(), "it was noted when it was first seen synced: {:?}", noted(&seen));
    stage.poll(NEXT);
    let effects = stage.render(desired(NEXT, &["web", "api"]));
    let mut seen = stage.judge(&effects, |row| row);
    seen.extend(effects);
    assert_eq!(noted(&seen), [(NEXT, vec![key("api"), key("web")])], "a newer commit is a newer base");
}
