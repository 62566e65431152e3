//! Orders: taking them in, refusing what the mode forbids, following their runs. The gates are asked by the executor.

use std::time::Duration;

use super::advance::{advance, reread_record};
use super::{auto, clusters, remotes};
use crate::engine::effect::Effect;
use crate::engine::event::RunNews;
use crate::engine::world::World;
use crate::model::{
    AppId, ClusterName, Command, Foreign, Location, Now, Order, OrderId, Outcome, RunId, RunRow, RunState, StepState,
};

/// How long an unlock lasts (product.md *Gates*).
const UNLOCK_FOR: Duration = Duration::from_mins(15);
/// Ended runs that are kept for the screens.
const RUNS_KEPT: usize = 50;

/// Takes an order in.
pub(super) fn ordered(world: &mut World, order: Order, now: Now) -> Vec<Effect> {
    if world.runs.iter().any(|run| run.id == order.id) {
        return Vec::new();
    }
    match &order.command {
        Command::Refresh { app } => refresh(world, app.as_ref(), now),
        Command::Unlock { cluster, reason } => unlock(world, order.id, (cluster, reason.clone()), now),
        Command::Lock { cluster } => lock(world, cluster),
        Command::Abort { run } => abort(world, *run),
        Command::Sync(_)
        | Command::Revert(_)
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::Pin { .. }
        | Command::Unpin { .. } => begin(world, order, now),
    }
}

/// The app an order is about, and its word.
pub(in crate::engine) fn subject(command: &Command) -> Option<(&AppId, &'static str)> {
    Some(match command {
        Command::Sync(order) => (&order.app, "sync"),
        Command::Revert(order) => (&order.app, "revert"),
        Command::Pause { app, .. } => (app, "pause"),
        Command::Resume { app } => (app, "resume"),
        Command::Pin { app, .. } => (app, "pin"),
        Command::Unpin { app } => (app, "unpin"),
        Command::Refresh { .. } | Command::Abort { .. } | Command::Unlock { .. } | Command::Lock { .. } => return None,
    })
}

fn begin(world: &mut World, order: Order, now: Now) -> Vec<Effect> {
    let Some((id, what)) = subject(&order.command) else { return Vec::new() };
    let id = id.clone();
    let mut run = RunRow {
        id: order.id,
        app: id.clone(),
        what,
        started: now.wall,
        ended: None,
        state: RunState::Running,
        steps: Vec::new(),
        note: None,
    };
    let Some(app) = world.apps.get_mut(&id) else { return Vec::new() };
    app.changed = true;
    if let Some(busy) = app.running {
        run.state = RunState::Ended(Outcome::Refused);
        run.ended = Some(now.wall);
        run.note = Some(Foreign::new(format!("{id} is already running (run {}): wait for it or abort it", busy.0)));
        world.runs.push(run);
        return Vec::new();
    }
    app.running = Some(order.id);
    world.runs.push(run);
    vec![Effect::Execute(order)]
}

/// Starts the run row of an attempt that the agent makes by itself.
pub(in crate::engine) fn begin_auto(world: &mut World, id: &AppId, run: OrderId, now: Now) {
    if let Some(app) = world.apps.get_mut(id) {
        app.running = Some(run);
        app.changed = true;
    }
    world.runs.push(RunRow {
        id: run,
        app: id.clone(),
        what: "sync (auto)",
        started: now.wall,
        ended: None,
        state: RunState::Running,
        steps: Vec::new(),
        note: None,
    });
}

fn abort(world: &mut World, id: RunId) -> Vec<Effect> {
    let Some(run) = world.runs.iter_mut().find(|run| run.id == id && run.state == RunState::Running) else {
        return Vec::new();
    };
    run.state = RunState::Aborting;
    vec![Effect::Abort(id)]
}

fn refresh(world: &mut World, app: Option<&AppId>, now: Now) -> Vec<Effect> {
    let repos: Vec<_> = match app.and_then(|id| world.apps.get(id)) {
        Some(app) => app.follows().map(|(repo, _)| repo.clone()).into_iter().collect(),
        None => world.remotes.keys().cloned().collect(),
    };
    let mut effects: Vec<Effect> = repos.iter().filter_map(|repo| remotes::poll(world, repo)).collect();
    let ids: Vec<AppId> = app.map_or_else(|| world.apps.keys().cloned().collect(), |id| vec![id.clone()]);
    for id in ids {
        if let Some(app) = world.apps.get_mut(&id) {
            app.dir_dirty |= matches!(app.spec.source.location, Location::Dir { .. });
        }
        effects.extend(reread_record(world, &id));
        effects.extend(advance(world, &id, now));
    }
    effects
}

fn unlock(world: &mut World, id: OrderId, (name, reason): (&ClusterName, Foreign), now: Now) -> Vec<Effect> {
    if world.read_only {
        return Vec::new();
    }
    let Some(cluster) = world.clusters.get_mut(name) else { return Vec::new() };
    let until =
        Now { wall: now.wall.checked_add(UNLOCK_FOR).unwrap_or(now.wall), since_start: now.since_start + UNLOCK_FOR };
    cluster.unlocked = Some((until, reason.clone()));
    clusters::touch_apps(world, name);
    note_unlock(world, id, name, reason, now);
    Vec::new()
}

/// An unlock is on record beside the runs, under the first app it opens.
fn note_unlock(world: &mut World, id: OrderId, name: &ClusterName, reason: Foreign, now: Now) {
    let Some(app) = world.apps_on(name).into_iter().next() else { return };
    world.runs.push(RunRow {
        id,
        app,
        what: "unlock",
        started: now.wall,
        ended: Some(now.wall),
        state: RunState::Ended(Outcome::Done),
        steps: Vec::new(),
        note: Some(reason),
    });
}

fn lock(world: &mut World, name: &ClusterName) -> Vec<Effect> {
    if let Some(cluster) = world.clusters.get_mut(name) {
        cluster.unlocked = None;
        clusters::touch_apps(world, name);
    }
    Vec::new()
}

/// A run moved on.
pub(super) fn ran(world: &mut World, id: RunId, news: RunNews, now: Now) -> Vec<Effect> {
    let Some(run) = world.runs.iter_mut().find(|run| run.id == id) else { return Vec::new() };
    let app = run.app.clone();
    match news {
        RunNews::Began(steps) => run.steps = steps,
        RunNews::Step(key, state, note) => {
            if let Some(step) = run.steps.iter_mut().find(|step| step.key == key) {
                step.state = state;
                step.note = note.or(step.note.take());
            }
        }
        RunNews::Ended(outcome, note) => {
            end(run, outcome, note, now);
            return after(world, &app, outcome, now);
        }
    }
    if let Some(app) = world.apps.get_mut(&app) {
        app.changed = true;
    }
    Vec::new()
}

fn end(run: &mut RunRow, outcome: Outcome, note: Option<Foreign>, now: Now) {
    run.state = RunState::Ended(outcome);
    run.ended = Some(now.wall);
    run.note = note.or(run.note.take());
    for step in &mut run.steps {
        if matches!(step.state, StepState::Queued | StepState::Running) {
            step.state = StepState::Skipped;
        }
    }
}

/// After a run the world is looked at again: record, remote (a revert has moved it), rows.
fn after(world: &mut World, id: &AppId, outcome: Outcome, now: Now) -> Vec<Effect> {
    let over = world.runs.len().saturating_sub(RUNS_KEPT);
    world.runs.drain(..over);
    let Some(app) = world.apps.get_mut(id) else { return Vec::new() };
    app.running = None;
    app.changed = true;
    auto::ended(app, outcome, now);
    let repo = app.follows().map(|(repo, _)| repo.clone());
    let mut effects: Vec<Effect> = reread_record(world, id).into_iter().collect();
    effects.extend(repo.and_then(|repo| remotes::poll(world, &repo)));
    effects.extend(advance(world, id, now));
    effects
}
