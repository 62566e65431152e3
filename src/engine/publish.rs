//! World → `Fleet`: the one writer of what everybody reads. Here, and only here, stale data loses its `synced`.

use std::sync::Arc;
use std::time::Duration;

use super::step::STALE_AFTER;
use super::world::{AppWorld, ClusterWorld, Link, RecordState, RemoteWorld, Role, SceneState, World};
use super::{rows, world};
use crate::model::{
    AgentSeen, AppRow, ClusterRow, ClusterState, Counts, ErrorRow, Finding, Fleet, Foreign, Health, Mode, Moved, Now,
    Reason, ReasonCode, RemoteRow, RemoteState, ResourceRow, SourceRow, Verdict,
};
use jiff::Timestamp;

/// Errors that are kept for the screen.
const ERRORS_KEPT: usize = 100;

/// Each turn of the loop compares the whole fleet with the one before. Of two `Arc`s that are one and the same the content
/// is not compared where it is `Eq`: ten thousand rows cost ten thousand pointers.
const _: () = {
    const fn pointers_first<T: Eq>() {}
    pointers_first::<AppRow>();
    pointers_first::<ResourceRow>();
    pointers_first::<Fleet>();
};

/// What a fleet is made of, in one place, so that a publish can be compared with the one before.
pub fn publish(world: &mut World, before: &Fleet, now: Now) -> Option<Fleet> {
    refresh_rows(world, now);
    let mut fleet = Fleet {
        version: before.version,
        generated_at: before.generated_at,
        read_only: world.read_only,
        clusters: world.cluster_order.iter().filter_map(|name| cluster_row(world, name, now)).collect(),
        remotes: world.remotes.values().map(|remote| Arc::new(remote_row(remote, now))).collect(),
        apps: world.apps.values().filter_map(|app| app.row.clone()).collect(),
        runs: world.runs.iter().cloned().map(Arc::new).collect(),
        errors: errors(world),
        cost: before.cost.clone(),
    };
    if fleet == *before {
        return None;
    }
    fleet.version += 1;
    fleet.generated_at = Some(now.wall);
    fleet.cost = world.cost.clone();
    Some(fleet)
}

fn refresh_rows(world: &mut World, now: Now) {
    let stale: Vec<_> = world
        .apps
        .values()
        .filter(|app| app.asked && (app.changed || goes_stale(world, app, now)))
        .map(|a| a.spec.id.clone())
        .collect();
    for id in stale {
        let row = world.apps.get(&id).map(|app| Arc::new(app_row(world, app, now)));
        if let Some(app) = world.apps.get_mut(&id) {
            app.changed = false;
            app.row = row;
        }
    }
}

/// Whether time alone has made the row untrue.
fn goes_stale(world: &World, app: &AppWorld, now: Now) -> bool {
    let shown = app.row.as_ref().and_then(|row| row.stale.as_ref()).map(|reason| reason.code);
    shown != freshness(world, app, now).map(|reason| reason.code)
}

/// Why nothing about an app may be said as of now; `None` = fresh (product.md, *What must hold everywhere*).
pub(super) fn freshness(world: &World, app: &AppWorld, now: Now) -> Option<Reason> {
    let cluster = world.clusters.get(&app.spec.id.cluster)?;
    cluster_stale(cluster, now).or_else(|| {
        let (repo, _) = app.follows()?;
        git_stale(world.remotes.get(repo)?, now)
    })
}

pub(super) fn cluster_stale(cluster: &ClusterWorld, now: Now) -> Option<Reason> {
    let answered = cluster.answered?;
    let silent = now.since_start.saturating_sub(answered.since_start);
    if silent <= STALE_AFTER {
        return None;
    }
    let why = cluster.probe_failed.as_ref().map_or("", |reason| reason.message.raw());
    let message = format!("{} has not answered for {} s: {why}", cluster.spec.name, STALE_AFTER.as_secs());
    Some(Reason { code: ReasonCode::ClusterStale, message: Foreign::new(message), since: answered.wall })
}

fn git_stale(remote: &RemoteWorld, now: Now) -> Option<Reason> {
    let limit = (remote.spec.interval * 3).max(Duration::from_mins(2));
    let confirmed = remote.confirmed?;
    if now.since_start.saturating_sub(confirmed.since_start) <= limit {
        return None;
    }
    let message = format!("git not confirmed since {}: {}", confirmed.wall.strftime("%H:%M"), remote_trouble(remote));
    Some(Reason { code: ReasonCode::GitStale, message: Foreign::new(message), since: confirmed.wall })
}

fn remote_trouble(remote: &RemoteWorld) -> &str {
    remote.failing.as_ref().map_or("no answer", |(reason, _)| reason.message.raw())
}

fn app_row(world: &World, app: &AppWorld, now: Now) -> AppRow {
    let stale = freshness(world, app, now);
    let resources = rows::resources(world, app, now);
    let reason = whole_reason(world, app, now).map(|reason| keep_age(reason, app));
    let rolled = Verdict::roll_up(resources.iter().map(|row| (row.verdict, row.moved)));
    let verdict = match &reason {
        Some(reason) if reason.code == ReasonCode::Disputed => Verdict::Invalid,
        Some(_) => Verdict::Unknown.min(rolled),
        None if stale.is_some() && rolled > Verdict::Behind => Verdict::Unknown,
        None => rolled,
    };
    let resources = rows::aged(resources, stale.as_ref());
    let before = app.row.as_deref();
    let deployed = app.record.record().and_then(|record| record.deployed.clone());
    let since = match before {
        Some(row) if row.verdict == verdict && row.since.is_some() => row.since,
        _ => Some(began(verdict, &resources, app, before).filter(|time| *time <= now.wall).unwrap_or(now.wall)),
    };
    let cluster = world.clusters.get(&app.spec.id.cluster);
    AppRow {
        id: app.spec.id.clone(),
        namespace: Foreign::from(app.spec.namespace.as_str()),
        protected: cluster.is_some_and(|cluster| cluster.spec.protected),
        verdict,
        health: Health::roll_up(resources.iter().map(|row| row.health)),
        observed_at: app.observed,
        since,
        source: source_row(world, app),
        desired: app.desired.as_ref().map(|desired| desired.commit.clone()),
        deployed,
        record_known: matches!(app.record, RecordState::Absent | RecordState::Present(_)),
        paused: app.paused(now).cloned(),
        pinned: app.pinned(now).cloned(),
        reason: reason.or_else(|| stale.clone().filter(|_| verdict == Verdict::Unknown)),
        stale,
        policy: app.spec.policy,
        agent: if world.role == Role::Agent { AgentSeen::Self_ } else { cluster.map(|c| c.agent).unwrap_or_default() },
        counts: counts(&resources),
        resources,
        running: app.running,
        settling: cluster.is_some_and(|cluster| app.is_settling(cluster, world.role == Role::OneShot, now))
            // A command that ends has no later fleet in which the rest could come.
            || (world.role == Role::OneShot && (app.declarations.asking || is_rival_coming(world, app, now))),
        warnings: app.desired.as_ref().map(|desired| desired.warnings.clone()).unwrap_or_default(),
    }
}

/// Whether an app that may dispute objects of this one is still to be rendered.
fn is_rival_coming(world: &World, app: &AppWorld, now: Now) -> bool {
    let lost = |rival: &AppWorld| {
        let (repo, revision) = rival.follows()?;
        let remote = world.remotes.get(repo)?;
        Some(remote.failing.is_some() || matches!(remote.heads.get(revision), Some(Err(_))))
    };
    // What git cannot name is not waited for.
    let reachable = |rival: &AppWorld| rival.head.is_some() || !lost(rival).unwrap_or(false);
    let coming = |rival: &AppWorld| rival.reading_record || rival.is_rendering(now);
    let rivals = world.apps.values().filter(|rival| !rival.asked && rival.spec.id.cluster == app.spec.id.cluster);
    rivals.into_iter().any(|rival| reachable(rival) && coming(rival))
}

/// When the verdict began, as its traces say: the newest foreign write, the commit that is waited for, the last sync. A
/// verdict that this process saw turn to good began when it was seen.
fn began(verdict: Verdict, rows: &[Arc<ResourceRow>], app: &AppWorld, before: Option<&AppRow>) -> Option<Timestamp> {
    match verdict {
        Verdict::Drifted | Verdict::Diverged | Verdict::Contested => {
            let live = |finding: &&Finding| finding.moved != Some(Moved::Git);
            let findings = rows.iter().flat_map(|row| &row.findings).filter(live);
            findings.filter_map(|finding| finding.by.as_ref()?.time).max()
        }
        Verdict::Behind => app.desired.as_ref().and_then(|desired| desired.commit.time),
        Verdict::Synced if before.is_none_or(|row| row.verdict == Verdict::Unknown) => {
            Some(app.record.record()?.deployed.as_ref()?.time)
        }
        _ => None,
    }
}

/// The same cause keeps the time it began.
fn keep_age(reason: Reason, app: &AppWorld) -> Reason {
    let before = app.row.as_ref().and_then(|row| row.reason.as_ref()).filter(|old| old.code == reason.code);
    Reason { since: before.map_or(reason.since, |old| old.since), ..reason }
}

fn source_row(world: &World, app: &AppWorld) -> SourceRow {
    let remote = app.follows().and_then(|(repo, _)| world.remotes.get(repo));
    SourceRow {
        spec: app.spec.source.clone(),
        head: app.head.clone(),
        ahead: app.desired.as_ref().and_then(|desired| desired.ahead),
        worktree: app.desired.as_ref().and_then(|desired| desired.worktree.clone()),
        fetched_at: remote.and_then(|remote| remote.confirmed).map(|at| at.wall),
    }
}

/// Why the whole app is unknown, invalid or in error; the first that holds.
pub(super) fn whole_reason(world: &World, app: &AppWorld, now: Now) -> Option<Reason> {
    app.dispute()
        .cloned()
        .or_else(|| record_reason(app))
        .or_else(|| app.elsewhere(now))
        .or_else(|| cluster_reason(world, app, now))
        .or_else(|| git_reason(world, app, now))
        .or_else(|| render_reason(app, now))
}

fn record_reason(app: &AppWorld) -> Option<Reason> {
    if let RecordState::Bad(reason) = &app.record { Some(reason.clone()) } else { None }
}

fn cluster_reason(world: &World, app: &AppWorld, now: Now) -> Option<Reason> {
    let cluster = world.clusters.get(&app.spec.id.cluster)?;
    match &cluster.link {
        Link::Down(reason, ..) => Some(reason.clone()),
        Link::Idle | Link::Connecting(_) => {
            let waiting = world::because(ReasonCode::Loading, "connecting to the cluster", now);
            Some(cluster.probe_failed.clone().unwrap_or(waiting))
        }
        Link::Up => None,
    }
}

/// Why a cluster cannot be reached.
pub(super) fn out_of_reach(cluster: &ClusterWorld) -> Option<&Reason> {
    match &cluster.link {
        Link::Down(reason, ..) => Some(reason),
        Link::Idle | Link::Connecting(_) | Link::Up => cluster.probe_failed.as_ref(),
    }
}

fn git_reason(world: &World, app: &AppWorld, now: Now) -> Option<Reason> {
    let (repo, revision) = app.follows()?;
    let remote = world.remotes.get(repo)?;
    if let Some(Err(reason)) = remote.heads.get(revision) {
        return Some(reason.clone());
    }
    match &remote.failing {
        Some((reason, _)) if remote.confirmed.is_none() || reason.code != ReasonCode::GitUnreachable => {
            Some(reason.clone())
        }
        _ if app.head.is_none() => Some(world::because(ReasonCode::Loading, "asking git for its head", now)),
        _ => None,
    }
}

fn render_reason(app: &AppWorld, now: Now) -> Option<Reason> {
    if let Some(reason) = &app.render_failed {
        return Some(reason.clone());
    }
    let Some(desired) = &app.desired else {
        return Some(world::because(ReasonCode::Loading, "rendering", now));
    };
    if let Some(fault) = desired.faults.first() {
        let message = Foreign::new(fault.told());
        return Some(Reason { code: ReasonCode::RenderFailed, message, since: now.wall });
    }
    desired.is_empty().then(|| {
        let words = "git has no objects at this path: nothing is applied and nothing is pruned because of it";
        world::because(ReasonCode::EmptyRender, words, now)
    })
}

fn counts(rows: &[Arc<ResourceRow>]) -> Counts {
    let mut counts = Counts { total: rows.len(), ..Counts::default() };
    for row in rows {
        match row.verdict {
            Verdict::Missing => counts.added += 1,
            Verdict::Extra => counts.removed += 1,
            Verdict::Synced | Verdict::Unknown => {}
            _ => counts.changed += 1,
        }
        counts.hidden += row.hidden.len();
        counts.pending += usize::from(row.pending);
        counts.unadopted += usize::from(row.unadopted);
    }
    counts
}

fn cluster_row(world: &World, name: &crate::model::ClusterName, now: Now) -> Option<Arc<ClusterRow>> {
    let cluster = world.clusters.get(name)?;
    let listed = cluster.scenes.values().filter(|scene| **scene == SceneState::Listed).count();
    let (state, reason) = cluster_state(cluster, now);
    let contact = cluster.contact.as_ref();
    let context = cluster.spec.context.as_deref().map(Foreign::from);
    Some(Arc::new(ClusterRow {
        name: cluster.spec.name.clone(),
        context: contact.and_then(|contact| contact.context.clone()).or(context),
        protected: cluster.spec.protected,
        state,
        mode: mode(world, cluster),
        unlocked: cluster.unlocked.as_ref().map(|(until, why)| (until.wall, why.clone())),
        observed_at: cluster.answered.map(|at| at.wall),
        reason,
        apps: world.apps.values().filter(|app| app.asked && app.spec.id.cluster == *name).count(),
        watches: (cluster.scenes.len(), listed),
        server_version: contact.and_then(|contact| contact.version.clone()),
        insecure: contact.is_some_and(|contact| contact.insecure),
    }))
}

/// What this process may do on a cluster now.
pub(super) fn mode(world: &World, cluster: &ClusterWorld) -> Mode {
    if world.read_only {
        Mode::ReadOnly
    } else if cluster.spec.protected && cluster.unlocked.is_none() && world.role != Role::Agent {
        Mode::Observe
    } else {
        Mode::Operate
    }
}

fn cluster_state(cluster: &ClusterWorld, now: Now) -> (ClusterState, Option<Reason>) {
    if let Link::Down(reason, ..) = &cluster.link {
        let state = match reason.code {
            ReasonCode::ClusterAuth => ClusterState::AuthFailed,
            ReasonCode::ClusterConfig => ClusterState::Misconfigured,
            _ => ClusterState::Reconnecting,
        };
        return (state, Some(reason.clone()));
    }
    if cluster.link != Link::Up {
        return (ClusterState::Connecting, cluster.probe_failed.clone());
    }
    if let Some(reason) = cluster_stale(cluster, now) {
        return (ClusterState::Stale, Some(reason));
    }
    if let Some(reason) = &cluster.probe_failed {
        if reason.code == ReasonCode::ClusterAuth {
            return (ClusterState::AuthFailed, Some(reason.clone()));
        }
        return (ClusterState::Reconnecting, Some(reason.clone()));
    }
    let failed = cluster.scenes.values().find_map(|scene| match scene {
        SceneState::Failed(reason) => Some(reason.clone()),
        _ => None,
    });
    match failed.or_else(|| cluster.throttled.clone()) {
        Some(reason) => (ClusterState::Degraded, Some(reason)),
        None if cluster.scenes.values().any(|scene| *scene == SceneState::Loading) => (ClusterState::Syncing, None),
        None => (ClusterState::Connected, None),
    }
}

fn remote_row(remote: &RemoteWorld, now: Now) -> RemoteRow {
    let left = remote.next_poll.saturating_sub(now.since_start);
    let reason = remote.failing.as_ref().map(|(reason, _)| reason.clone());
    RemoteRow {
        name: remote.spec.name.clone(),
        url: Foreign::from(remote.spec.url.as_str()),
        state: match (&reason, remote.confirmed) {
            (Some(_), _) => RemoteState::Failing,
            (None, Some(_)) => RemoteState::Ok,
            (None, None) => RemoteState::Waiting,
        },
        fetched_at: remote.confirmed.map(|at| at.wall),
        next_poll: now.wall.checked_add(left).ok().filter(|_| remote.confirmed.is_some()),
        reason,
    }
}

fn errors(world: &World) -> Vec<ErrorRow> {
    let clusters = world.clusters.values().filter_map(|cluster| match &cluster.link {
        Link::Down(reason, ..) => Some(error(cluster.spec.name.as_str(), reason)),
        _ => cluster.probe_failed.as_ref().map(|reason| error(cluster.spec.name.as_str(), reason)),
    });
    let remotes = world
        .remotes
        .values()
        .filter_map(|remote| remote.failing.as_ref().map(|(reason, _)| error(remote.spec.name.as_str(), reason)));
    let apps = world.apps.values().filter_map(|app| {
        let row = app.row.as_ref()?;
        let reason = row.reason.as_ref().filter(|reason| reason.code != ReasonCode::Loading)?;
        Some(error(&row.id.to_string(), reason))
    });
    let mut rows: Vec<ErrorRow> = clusters.chain(remotes).chain(apps).collect();
    rows.sort_by(|a, b| b.reason.since.cmp(&a.reason.since).then_with(|| a.whose.cmp(&b.whose)));
    rows.truncate(ERRORS_KEPT);
    rows
}

fn error(whose: &str, reason: &Reason) -> ErrorRow {
    ErrorRow { whose: Foreign::from(whose), reason: reason.clone(), hint: Foreign::from(rows::hint(reason.code)) }
}
