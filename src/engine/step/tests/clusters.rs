//! Connections, silence, unlocks, and two names for one server.

use super::*;
use crate::engine::world::Link;
use crate::model::{ClusterState, Mode};

fn lost() -> Event {
    Event::ConnectFailed(cluster(), Trouble::new(ReasonCode::ClusterUnreachable, "no route"))
}

#[test]
fn a_silent_cluster_turns_synced_into_unknown_and_leaves_drifted() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.drift("api");
    stage.pass(Duration::from_secs(15));
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "fifteen seconds are let pass");
    stage.pass(Duration::from_secs(1));
    assert_eq!(stage.verdict("web"), Some(Verdict::Unknown));
    assert_eq!(stage.verdict("api"), Some(Verdict::Drifted), "what was wrong stays");
    let row = stage.row();
    assert_eq!(row.verdict, Verdict::Drifted, "the app too: marked, not forgotten");
    assert_eq!(row.stale.as_ref().map(|reason| reason.code), Some(ReasonCode::ClusterStale));
    assert_eq!(stage.cluster_row().state, ClusterState::Stale);
    stage.take(Event::Probed(cluster(), Ok(None)));
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "one answer brings it back");
}

#[test]
fn an_app_without_a_difference_is_unknown_while_its_cluster_is_silent() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(stage.row().verdict, Verdict::Synced);
    stage.pass(Duration::from_secs(16));
    let row = stage.row();
    assert_eq!(row.verdict, Verdict::Unknown, "never in sync from stale data");
    assert_eq!(row.reason.as_ref().map(|reason| reason.code), Some(ReasonCode::ClusterStale));
}

#[test]
fn git_goes_stale_after_two_minutes_or_three_intervals() {
    for (interval, limit) in [(30, 120), (60, 180)] {
        let mut stage = Stage::synced(Role::Cockpit);
        stage.world.remotes.get_mut(&repo()).expect("the remote").spec.interval = Duration::from_secs(interval);
        stage.drift("api");
        stage.seconds(limit);
        assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "{limit} s are let pass");
        stage.seconds(1);
        let row = stage.row();
        assert_eq!(row.stale.as_ref().map(|reason| reason.code), Some(ReasonCode::GitStale));
        assert_eq!((stage.verdict("web"), stage.verdict("api")), (Some(Verdict::Unknown), Some(Verdict::Drifted)));
        stage.poll(HEAD);
        assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "one poll brings it back");
    }
}

#[test]
fn a_silent_remote_says_nothing_about_health() {
    let mut stage = Stage::synced(Role::Cockpit);
    let effects = stage.dirty(&["web", "api"]);
    for effect in &effects {
        if let Effect::Judge(ticket, work) = effect {
            let mut rows = stage.rows(work, |row| row);
            rows.iter_mut()
                .filter_map(|row| row.row.as_mut())
                .for_each(|row| row.health = crate::model::Health::Healthy);
            stage.take(Event::Judged(ticket.clone(), rows));
        }
    }
    stage.seconds(121);
    assert_eq!(stage.row().health, crate::model::Health::Healthy, "the cluster answers: that is as of now");
}

#[test]
fn an_unlock_ends_after_fifteen_minutes() {
    let mut stage = Stage::synced(Role::Cockpit);
    assert_eq!(stage.cluster_row().mode, Mode::Observe);
    stage.order(1, Command::Unlock { cluster: cluster(), reason: "INC-1".into() });
    assert_eq!(stage.cluster_row().mode, Mode::Operate);
    stage.seconds(15 * 60 - 1);
    assert_eq!(stage.cluster_row().mode, Mode::Operate);
    stage.seconds(1);
    assert_eq!(stage.cluster_row().mode, Mode::Observe);
    stage.order(2, Command::Unlock { cluster: cluster(), reason: "INC-1".into() });
    stage.order(3, Command::Lock { cluster: cluster() });
    assert_eq!(stage.cluster_row().mode, Mode::Observe, "a lock ends it at once");
}

#[test]
fn an_unlock_takes_a_reason_and_a_process_that_may_write() {
    let mut stage = Stage::synced(Role::Cockpit);
    stage.order(1, Command::Unlock { cluster: cluster(), reason: "  ".into() });
    assert_eq!(stage.cluster_row().mode, Mode::Observe, "without a reason nothing opens");
    stage.world.read_only = true;
    stage.order(2, Command::Unlock { cluster: cluster(), reason: "INC-1".into() });
    assert_eq!(stage.cluster_row().mode, Mode::ReadOnly);
}

#[test]
fn two_names_of_one_server_make_the_apps_of_both_invalid() {
    let mut stage = Stage::synced(Role::Agent);
    let other = ClusterName::new("prod-2");
    let twin = AppId::new("shop", other.clone());
    stage.world.clusters.insert(other.clone(), ClusterWorld::new(cluster_spec(other.clone())));
    stage.world.apps.insert(twin.clone(), AppWorld::new(spec(twin.clone())));
    stage.take(Event::Connected(other, contact("one")));
    let fleet = stage.publish();
    for id in [shop(), twin] {
        let row = fleet.app(&id).expect("published");
        assert_eq!(row.verdict, Verdict::Invalid, "{id}");
        assert_eq!(row.reason.as_ref().map(|reason| reason.code), Some(ReasonCode::Disputed));
    }
    assert_eq!(count(&stage.drift("web"), "auto sync"), 0, "and nobody writes there unasked");
    let order = SyncOrder {
        app: shop(),
        commit: CommitId::new(HEAD),
        fingerprint: crate::model::Fingerprint("f".into()),
        chosen: Vec::new(),
        take: Vec::new(),
        take_over: false,
        full: true,
    };
    assert_eq!(count(&stage.order(1, Command::Sync(order)), "execute"), 0, "nor when asked");
}

#[test]
fn a_lost_cluster_is_tried_again_later_and_later_and_at_once_when_asked() {
    let mut stage = Stage::new(Role::Cockpit);
    assert_eq!(count(&stage.tick(), "connect"), 1);
    let mut waits = Vec::new();
    for _ in 0..6 {
        stage.take(lost());
        let mut waited = 0;
        while count(&stage.tick(), "connect") == 0 {
            stage.pass(Duration::from_secs(1));
            waited += 1;
        }
        waits.push(waited);
    }
    assert!(waits.is_sorted() && waits[5] <= 30 && waits[5] > waits[0], "{waits:?}");
    stage.take(lost());
    assert_eq!(count(&stage.order(1, Command::Refresh { app: None }), "connect"), 1, "r asks again");
    assert!(matches!(stage.world.clusters[&cluster()].link, Link::Connecting(_)));
}

#[test]
fn a_refresh_before_the_cluster_is_there_loses_nothing() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    let effects = stage.order(1, Command::Refresh { app: None });
    assert_eq!(count(&effects, "read record"), 0, "there is nobody to ask");
    let effects = stage.take(Event::Connected(cluster(), contact("one")));
    assert_eq!(count(&effects, "read record"), 1, "it is read as soon as there is");
}

#[test]
fn a_record_that_could_not_be_read_for_a_passing_cause_is_read_again() {
    let mut stage = Stage::new(Role::Cockpit);
    stage.tick();
    stage.take(Event::Connected(cluster(), contact("one")));
    let passing = || Err(Trouble::new(ReasonCode::ClusterUnreachable, "timeout"));
    let effects = stage.take(Event::RecordRead(shop(), passing()));
    assert_eq!(count(&effects, "read record"), 0, "not in a circle");
    assert_eq!(stage.row().reason.as_ref().map(|reason| reason.code), Some(ReasonCode::ClusterUnreachable));
    assert_eq!(count(&stage.seconds(11), "read record"), 1);
    stage.record(Some(Record { revision: Some("x".into()), ..Record::default() }));
    stage.take(Event::RecordRead(shop(), passing()));
    assert!(stage.app().record.record().is_some(), "one lost answer does not make a known record unknown");
    let stranger = Err(Trouble::new(ReasonCode::RecordOfAnother, "belongs to x"));
    stage.take(Event::RecordRead(shop(), stranger));
    assert_eq!(stage.row().reason.as_ref().map(|reason| reason.code), Some(ReasonCode::RecordOfAnother));
    assert_eq!(count(&stage.seconds(30), "read record"), 0, "that needs hands, or a write that the watch sees");
}

#[test]
fn a_group_that_does_not_answer_is_looked_for_again() {
    let mut stage = Stage::synced(Role::Cockpit);
    let down = Trouble::new(ReasonCode::ClusterUnreachable, "API group metrics.k8s.io does not answer");
    let metrics = Scene { kind: Kind::new("metrics.k8s.io", "NodeMetrics"), namespace: "shop".into() };
    stage.take(Event::SceneFailed(cluster(), metrics.clone(), down));
    assert!(count(&stage.seconds(10), "rediscover") > 0);
    stage.take(Event::Rediscovered(cluster()));
    assert!(!stage.world.clusters[&cluster()].scenes.contains_key(&metrics), "it may be watched once more");
}

#[test]
fn a_passing_fault_of_a_watch_leaves_what_it_has_listed() {
    let mut stage = Stage::synced(Role::Cockpit);
    let fault = Trouble::new(ReasonCode::ClusterUnreachable, "connection reset");
    assert_eq!(names(&stage.take(Event::SceneFailed(cluster(), scene(), fault))), [""; 0]);
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "silence is what makes it stale");
}

#[test]
fn a_watch_that_keeps_failing_while_its_cluster_answers_makes_its_rows_unknown() {
    let mut stage = Stage::synced(Role::Cockpit);
    let fault = || Event::SceneFailed(cluster(), scene(), Trouble::new(ReasonCode::Other, "etcdserver: timed out"));
    stage.take(fault());
    stage.seconds(10);
    stage.take(fault());
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "a blip makes nothing unknown");
    stage.seconds(6);
    assert_eq!(stage.row().verdict, Verdict::Unknown, "nothing is heard of it for longer than a cluster may be silent");
    let words = |stage: &mut Stage| {
        let row = stage.row();
        row.resources.iter().find_map(|row| row.reason.clone()).map(|why| (why.code, why.message.raw().to_owned()))
    };
    let told = "nothing is heard of ConfigMap for 15 s: etcdserver: timed out";
    assert_eq!(words(&mut stage), Some((ReasonCode::ClusterStale, told.to_owned())));
    stage.take(fault());
    stage.seconds(30);
    assert_eq!(
        words(&mut stage),
        Some((ReasonCode::ClusterStale, told.to_owned())),
        "one sentence as long as it lasts"
    );
    let effects = stage.take(Event::SceneAlive(cluster(), scene()));
    stage.judge(&effects, |row| row);
    assert_eq!(stage.verdict("web"), Some(Verdict::Synced), "the watch went on from where it was");
}

#[test]
fn a_cluster_that_says_nothing_at_all_keeps_its_rows_on_the_screen() {
    let mut stage = Stage::synced(Role::Cockpit);
    let cut = || Trouble::new(ReasonCode::ClusterUnreachable, "connection refused");
    stage.take(Event::SceneFailed(cluster(), scene(), cut()));
    for _ in 0..60 {
        stage.pass(Duration::from_secs(1));
        stage.take(Event::Probed(cluster(), Err(cut())));
        stage.tick();
    }
    assert_eq!(stage.row().stale.as_ref().map(|why| why.code), Some(ReasonCode::ClusterStale));
    assert!(stage.app().rows.contains_key(&key("web")), "greyed, not gone");
    stage.take(Event::Probed(cluster(), Ok(None)));
    stage.seconds(10);
    assert!(stage.app().rows.contains_key(&key("web")), "its watches have time to come back");
}

/// What a cluster says in a second.
type Says = Box<dyn Fn(u64) -> Option<Event>>;

/// What becomes of `web`, whose watch never comes back, while the cluster says `what(second)`; second by second.
fn while_the_cluster(what: impl Fn(u64) -> Option<Event>) -> Vec<Option<Verdict>> {
    let mut stage = Stage::synced(Role::Cockpit);
    let fault = || Event::SceneFailed(cluster(), scene(), Trouble::new(ReasonCode::Other, "bad gateway"));
    stage.take(fault());
    let verdicts = (0..120_u64).map(|second| {
        stage.pass(Duration::from_secs(1));
        if second.is_multiple_of(7) {
            stage.take(fault());
        }
        if let Some(event) = what(second) {
            stage.take(event);
        }
        stage.tick();
        stage.verdict("web")
    });
    verdicts.collect()
}

#[test]
fn a_watch_that_keeps_failing_is_found_out_however_the_probes_come_out() {
    let refused = || Err(Trouble::new(ReasonCode::ClusterUnreachable, "readyz: 503"));
    let probed = move |good: bool| Some(Event::Probed(cluster(), if good { Ok(None) } else { refused() }));
    let cases: [(&str, Says); 4] = [
        ("every other probe fails", Box::new(move |second: u64| probed(second.is_multiple_of(2)))),
        ("six probes of seven fail", Box::new(move |second: u64| probed(second.is_multiple_of(7)))),
        ("one probe of fourteen comes through", Box::new(move |second| probed(second % 14 == 13))),
        (
            "every probe fails, but another watch speaks",
            Box::new(
                move |second: u64| if second.is_multiple_of(4) { Some(Event::Alive(cluster())) } else { probed(false) },
            ),
        ),
    ];
    for (case, says) in cases {
        let verdicts = while_the_cluster(says);
        let last = verdicts.iter().rposition(|verdict| *verdict == Some(Verdict::Synced));
        assert!(last < Some(30), "{case}: synced up to second {last:?}");
    }
}

#[test]
fn a_cluster_that_comes_and_goes_gives_a_broken_watch_time_once() {
    let cut = || Err(Trouble::new(ReasonCode::ClusterUnreachable, "connection refused"));
    let verdicts =
        while_the_cluster(|second| Some(Event::Probed(cluster(), if second % 40 < 25 { cut() } else { Ok(None) })));
    let synced = |seconds: std::ops::Range<usize>| {
        verdicts[seconds].iter().filter(|verdict| **verdict == Some(Verdict::Synced)).count()
    };
    assert!(synced(25..40) > 0, "what was seen before the silence counts until its watch had time to come back");
    assert_eq!(synced(40..120), 0, "and then no more: its word is two minutes old");
}

#[test]
fn what_is_forbidden_stays_so_while_answers_do_not_come() {
    let mut stage = Stage::synced(Role::Cockpit);
    let forbidden = Trouble::new(ReasonCode::Forbidden, "configmaps is forbidden");
    stage.take(Event::SceneFailed(cluster(), scene(), forbidden));
    stage.take(Event::SceneFailed(cluster(), scene(), Trouble::new(ReasonCode::ClusterUnreachable, "429")));
    let code = |stage: &mut Stage| stage.row().resources.iter().find_map(|row| row.reason.as_ref().map(|why| why.code));
    assert_eq!(code(&mut stage), Some(ReasonCode::Forbidden));
    assert_eq!(count(&stage.seconds(30), "rediscover"), 0, "and it is no kind that the server lacks");
}
