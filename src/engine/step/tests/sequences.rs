//! What holds after any sequence of events, in whatever order they come.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::engine::world::RenderState;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Seconds(u64),
    Silence(u64),
    Connected,
    Lost,
    Head(bool),
    Gone,
    Rendered(bool),
    Record(u8),
    Listed,
    Forbidden,
    Changed,
    Answered(u8),
    Ordered,
    Ended(bool),
}

fn anything() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (1..30_u64).prop_map(Happens::Seconds),
        (1..200_u64).prop_map(Happens::Silence),
        Just(Happens::Connected),
        Just(Happens::Lost),
        any::<bool>().prop_map(Happens::Head),
        Just(Happens::Gone),
        any::<bool>().prop_map(Happens::Rendered),
        (0..4_u8).prop_map(Happens::Record),
        Just(Happens::Listed),
        Just(Happens::Forbidden),
        Just(Happens::Changed),
        (0..5_u8).prop_map(Happens::Answered),
        Just(Happens::Ordered),
        any::<bool>().prop_map(Happens::Ended),
    ]
}

fn verdict(n: u8) -> Verdict {
    [Verdict::Synced, Verdict::Drifted, Verdict::Behind, Verdict::Extra, Verdict::Missing][usize::from(n)]
}

fn record(stage: &Stage, n: u8) -> Option<Record> {
    let since = stage.now.wall;
    let pause = || Pause { by: "a".into(), reason: "b".into(), since, until: None };
    let pin = || Pin { commit: CommitId::new(NEXT), by: "a".into(), reason: "b".into(), since, until: None };
    match n {
        0 => None,
        1 => Some(Record { inventory: vec![line("old")], ..Record::default() }),
        2 => Some(Record { paused: Some(pause()), ..Record::default() }),
        _ => Some(Record { pinned: Some(pin()), ..Record::default() }),
    }
}

/// Lets one thing happen; `asked` holds what was asked before and may be answered, late or not.
fn happen(stage: &mut Stage, what: Happens, asked: &[Effect]) -> Vec<Effect> {
    let trouble = |code| Trouble::new(code, "no");
    match what {
        Happens::Seconds(count) => stage.seconds(count),
        Happens::Silence(count) => {
            stage.pass(Duration::from_secs(count));
            stage.tick()
        }
        Happens::Connected => stage.take(Event::Connected(cluster(), contact("one"))),
        Happens::Lost => stage.take(Event::ConnectFailed(cluster(), trouble(ReasonCode::ClusterUnreachable))),
        Happens::Head(next) => stage.poll(if next { NEXT } else { HEAD }),
        Happens::Gone => {
            let gone = Err(trouble(ReasonCode::RevisionNotFound));
            stage.take(Event::Polled(repo(), Ok([("main".to_owned(), gone)].into())))
        }
        Happens::Rendered(true) => {
            let at = stage.app().target(stage.now).unwrap_or_else(|| CommitId::new(HEAD));
            stage.render(desired(at.as_str(), &["web", "api"]))
        }
        Happens::Rendered(false) => {
            let ticket = stage.app().ticket();
            stage.take(Event::Rendered(ticket, Err(trouble(ReasonCode::RenderFailed))))
        }
        Happens::Record(n) => {
            let record = record(stage, n);
            stage.record(record)
        }
        Happens::Listed => stage.take(Event::Listed(cluster(), scene(), vec![key("web")])),
        Happens::Forbidden => stage.take(Event::SceneFailed(cluster(), scene(), trouble(ReasonCode::Forbidden))),
        Happens::Changed => stage.dirty(&["web", "api"]),
        Happens::Answered(n) => {
            let mut effects = stage.judge(asked, |row| if n == 1 { row.pending() } else { row.is(verdict(n)) });
            effects.extend(stage.confirm(asked, |row| row.is(verdict(n))));
            effects
        }
        Happens::Ordered => {
            let id = 10 + stage.world.runs.len() as u64;
            stage.order(id, Command::Pause { app: shop(), until: None, reason: "r".into() })
        }
        Happens::Ended(well) => {
            let run = stage.app().running.unwrap_or(OrderId(1));
            let outcome = if well { Outcome::Done } else { Outcome::Failed };
            stage.take(Event::Ran(run, RunNews::Ended(outcome, None)))
        }
    }
}

fn start(role: Role, settled: bool) -> Stage {
    if settled { Stage::synced(role) } else { Stage::new(role) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn only_an_agent_writes_unasked_and_only_what_is_fresh_and_free(
        events in vec(anything(), 1..40), role in 0..3_usize, settled in any::<bool>(),
    ) {
        let role = [Role::Cockpit, Role::OneShot, Role::Agent][role];
        let mut stage = start(role, settled);
        let mut asked = Vec::new();
        for event in events {
            let before = asked.len();
            asked.extend(happen(&mut stage, event, &asked.clone()));
            let fresh = &asked[before..];
            if role != Role::Agent {
                prop_assert_eq!((count(fresh, "auto sync"), count(fresh, "renew lease")), (0, 0));
            }
            if matches!(event, Happens::Seconds(_)) || count(fresh, "auto sync") == 0 {
                continue;
            }
            let row = stage.row();
            prop_assert!(row.stale.is_none() && row.reason.is_none(), "{:?}", row.reason);
            prop_assert!(row.paused.is_none() && row.pinned.is_none() && row.counts.pending == 0);
            prop_assert_eq!(count(fresh, "auto sync"), 1);
        }
    }

    #[test]
    fn synced_is_said_only_of_what_is_rendered_judged_and_fresh(
        events in vec(anything(), 1..40), settled in any::<bool>(),
    ) {
        let mut stage = start(Role::Cockpit, settled);
        let mut asked = Vec::new();
        for event in events {
            asked.extend(happen(&mut stage, event, &asked.clone()));
            let row = stage.row();
            let (app, cluster) = (stage.app(), &stage.world.clusters[&cluster()]);
            if row.verdict != Verdict::Synced {
                prop_assert!(row.verdict != Verdict::Unknown || row.reason.is_some() || row.resources.iter().any(
                    |row| row.reason.is_some()), "unknown names its cause");
                continue;
            }
            prop_assert!(row.stale.is_none() && cluster.is_up());
            let on_its_way = matches!(app.render, RenderState::Rendering(_));
            let at = app.desired.as_ref().map(|desired| desired.at.clone());
            prop_assert!(on_its_way || at == app.target(stage.now), "{:?}", at);
            prop_assert!(row.resources.iter().all(|row| row.verdict == Verdict::Synced));
            prop_assert!(row.resources.len() >= 2, "every object of git has its row");
        }
    }
}
