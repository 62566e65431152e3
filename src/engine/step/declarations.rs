//! Asking where git declares what differs: once an app is settled, beside everything else, and never twice.

use super::advance::advance;
use super::judging;
use crate::engine::blame::Told;
use crate::engine::effect::Effect;
use crate::engine::event::AppTicket;
use crate::engine::world::{RenderState, World};
use crate::model::{AppId, CommitId, FieldPath, Location, Now, Op, ResourceKey};

/// Paths asked about at once.
const AT_ONCE: usize = 100;

/// Asks about findings whose declaration is not known yet.
pub(super) fn ask(world: &mut World, id: &AppId) -> Option<Effect> {
    let app = world.apps.get(id)?;
    let is_git = matches!(app.spec.source.location, Location::Git { .. });
    let ready = matches!(app.render, RenderState::Ready) && judging::is_settled(world, app);
    let desired = app.desired.clone().filter(|_| is_git && ready && !app.declarations.asking)?;
    let app = world.apps.get_mut(id)?;
    app.declarations.begin(&desired.at);
    if app.declarations.is_full() {
        return None;
    }
    let declared = app.rows.values().flat_map(|row| {
        row.findings.iter().filter(|finding| finding.op != Op::Add).map(|finding| (&row.key, &finding.path))
    });
    let unknown = declared.filter(|(key, path)| !app.declarations.knows(key, path));
    let wanted: Vec<(ResourceKey, FieldPath)> =
        unknown.take(AT_ONCE).map(|(key, path)| (key.clone(), path.clone())).collect();
    if wanted.is_empty() {
        return None;
    }
    app.declarations.asking = true;
    Some(Effect::Blame(app.ticket(), desired, wanted))
}

/// Lines were blamed.
pub(super) fn told(world: &mut World, ticket: &AppTicket, at: &CommitId, told: Told, now: Now) -> Vec<Effect> {
    let Some(app) = world.apps.get_mut(&ticket.app) else { return Vec::new() };
    app.declarations.asking = false;
    app.changed = true;
    let empty = told.is_empty();
    for (key, path, declared) in told {
        app.declarations.put(at, key, path, declared);
    }
    // A question that failed as a whole is not asked again at once.
    if empty { Vec::new() } else { advance(world, &ticket.app, now) }
}
