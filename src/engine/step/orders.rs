//! Orders: taking them in, refusing what the mode forbids, following their runs. The gates are asked by the executor.

use std::collections::BTreeMap;
use std::time::Duration;

use super::advance::{advance, reread_record, retry_render};
use super::{auto, clusters, judging, remotes};
use crate::engine::effect::Effect;
use crate::engine::event::RunNews;
use crate::engine::world::{ClusterWorld, World};
use crate::model::{
    AppId, ClusterName, Command, Foreign, IgnoreRule, Location, Now, Order, OrderId, Outcome, RunId, RunRow, RunState,
    StepState,
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
        | Command::Unpin { .. }
        | Command::Ignore { .. } => begin(world, order, now),
    }
}

/// Apps have other rules from now on: every object is judged anew, and no answer from before counts.
pub(super) fn ruled(world: &mut World, rules: BTreeMap<AppId, Vec<IgnoreRule>>, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (id, rules) in rules {
        let Some(app) = world.apps.get_mut(&id).filter(|app| app.spec.ignore != rules) else { continue };
        app.spec.ignore = rules;
        judging::judge_anew(app);
        effects.extend(advance(world, &id, now));
    }
    effects
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
        Command::Ignore { app, .. } => (app, "ignore"),
        Command::Refresh { .. } | Command::Abort { .. } | Command::Unlock { .. } | Command::Lock { .. } => return None,
    })
}

fn begin(world: &mut World, order: Order, now: Now) -> Vec<Effect> {
    let Some((id, what)) = subject(&order.command) else { return Vec::new() };
    let id = id.clone();
    if let Some(why) = refusal(world, &id, &order.command) {
        refuse(world, order.id, (id, what), (why, now));
        return Vec::new();
    }
    world.runs.push(started(order.id, id.clone(), what, now));
    if let Some(app) = world.apps.get_mut(&id) {
        app.running = Some(order.id);
        app.changed = true;
    }
    vec![Effect::Execute(order)]
}

/// Why an order cannot even begin.
fn refusal(world: &World, id: &AppId, command: &Command) -> Option<String> {
    let Some(app) = world.apps.get(id) else { return Some(format!("there is no app {id}; nothing was done")) };
    if let Some(busy) = app.running {
        return Some(format!("{id} is already running (run {}): wait for it or abort it", busy.0));
    }
    let writes = matches!(command, Command::Sync(_) | Command::Revert(_));
    app.dispute().filter(|_| writes).map(|why| format!("{}; nothing was written", why.message.raw()))
}

fn refuse(world: &mut World, order: OrderId, (app, what): (AppId, &'static str), (why, now): (String, Now)) {
    let mut run = started(order, app, what, now);
    end(&mut run, Outcome::Refused, Some(Foreign::new(why)), now);
    world.runs.push(run);
    forget_runs(world);
}

fn started(id: RunId, app: AppId, what: &'static str, now: Now) -> RunRow {
    RunRow { id, app, what, started: now.wall, ended: None, state: RunState::Running, steps: Vec::new(), note: None }
}

/// Ended runs are kept for the screens, the newest of them.
fn forget_runs(world: &mut World) {
    let is_over = |run: &RunRow| matches!(run.state, RunState::Ended(_));
    let mut over = world.runs.iter().filter(|run| is_over(run)).count().saturating_sub(RUNS_KEPT);
    world.runs.retain(|run| {
        let gone = over > 0 && is_over(run);
        over -= usize::from(gone);
        !gone
    });
}

/// Starts the run row of an attempt that the agent makes by itself.
pub(in crate::engine) fn begin_auto(world: &mut World, id: &AppId, run: OrderId, now: Now) {
    if let Some(app) = world.apps.get_mut(id) {
        app.running = Some(run);
        app.changed = true;
    }
    world.runs.push(started(run, id.clone(), "sync (auto)", now));
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
    let asked = |cluster: &&mut ClusterWorld| app.is_none_or(|id| id.cluster == cluster.spec.name);
    let mut effects: Vec<Effect> = world.clusters.values_mut().filter(asked).flat_map(clusters::ask_now).collect();
    effects.extend(repos.iter().filter_map(|repo| remotes::poll(world, repo)).collect::<Vec<_>>());
    let ids: Vec<AppId> = app.map_or_else(|| world.apps.keys().cloned().collect(), |id| vec![id.clone()]);
    for id in ids {
        if let Some(app) = world.apps.get_mut(&id) {
            app.dir_dirty |= matches!(app.spec.source.location, Location::Dir { .. });
            retry_render(app, true);
        }
        effects.extend(reread_record(world, &id));
        effects.extend(advance(world, &id, now));
    }
    effects
}

fn unlock(world: &mut World, id: OrderId, (name, reason): (&ClusterName, Foreign), now: Now) -> Vec<Effect> {
    if world.read_only || reason.raw().trim().is_empty() {
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
            return after(world, &app, now);
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
fn after(world: &mut World, id: &AppId, now: Now) -> Vec<Effect> {
    forget_runs(world);
    let Some(app) = world.apps.get_mut(id) else { return Vec::new() };
    app.running = None;
    app.changed = true;
    auto::ended(app, now);
    let repo = app.follows().map(|(repo, _)| repo.clone());
    let mut effects: Vec<Effect> = reread_record(world, id).into_iter().collect();
    effects.extend(repo.and_then(|repo| remotes::poll(world, &repo)));
    effects.extend(advance(world, id, now));
    effects
}
