//! `step`: world × event × now → effects. Nothing else decides.
//!
//! Pure: no runtime, no files, no clock. Each handler writes down what the event says, then [`advance`] looks at the
//! app as it now is and asks for whatever comes next; so a lost or doubled answer is made good by the next look.

mod advance;
mod again;
mod asides;
mod auto;
mod clusters;
mod confirming;
mod declarations;
mod disputes;
mod judging;
mod lists;
mod orders;
pub(in crate::engine) mod policy;
mod remotes;
mod silence;

use super::effect::Effect;
use super::event::Event;
use super::world::World;
use crate::model::{AppId, Now};

pub(super) use clusters::STALE_AFTER;
pub(super) use confirming::BURST;
pub(super) use judging::{keys_of, scene_of};
pub(super) use orders::{begin_auto, subject};

/// Takes in what happened and says what is to be done.
pub fn step(world: &mut World, event: Event, now: Now) -> Vec<Effect> {
    match event {
        Event::Tick => tick(world, now),
        Event::Connected(cluster, contact) => clusters::connected(world, &cluster, contact, now),
        Event::Rediscovered(cluster) => clusters::rediscovered(world, &cluster, now),
        Event::ConnectFailed(cluster, trouble) => clusters::failed(world, &cluster, &trouble, now),
        Event::Probed(cluster, answer) => clusters::probed(world, &cluster, answer, now),
        Event::SceneAlive(cluster, scene) => silence::scene_alive(world, &cluster, &scene, now),
        Event::Alive(cluster) => clusters::alive(world, &cluster, now),
        Event::SchemasLoaded(cluster, loaded) => clusters::schemas(world, &cluster, loaded, now),
        Event::SchemasMoved(cluster, kinds) => asides::schemas_moved(world, &cluster, &kinds, now),
        Event::Minded(cluster, aside) => asides::moved(world, &cluster, aside, now),
        Event::Unminded(cluster, aside) => asides::refused(world, &cluster, aside),
        Event::RecordsMoved(cluster, names) => asides::records_moved(world, &cluster, &names),
        Event::Named(app, named) => asides::named(world, &app, named, now),
        Event::Shown(apps) => asides::shown(world, apps),
        Event::Listed(cluster, scene, keys) => lists::listed(world, &cluster, &scene, &keys, now),
        Event::SceneFailed(cluster, scene, trouble) => silence::scene_failed(world, &cluster, &scene, &trouble, now),
        Event::LiveChanged(cluster, keys) => lists::live_changed(world, &cluster, &keys, now),
        Event::Polled(repo, heads) => remotes::polled(world, &repo, heads, now),
        Event::DirChanged(app) => remotes::dir_changed(world, &app, now),
        Event::Rendered(ticket, desired) => advance::rendered(world, &ticket, desired, now),
        Event::RecordRead(app, record) => advance::record_read(world, &app, record, now),
        Event::Judged(ticket, rows) => judging::judged(world, &ticket, rows, now),
        Event::Confirmed(ticket, row) => confirming::confirmed(world, &ticket, *row, now),
        Event::Blamed(ticket, at, told) => declarations::told(world, &ticket, &at, told, now),
        Event::AgentSeen(cluster, at) => clusters::agent_seen(world, &cluster, at),
        Event::Ordered(order) => orders::ordered(world, order, now),
        Event::Ruled(rules) => orders::ruled(world, rules, now),
        Event::Ran(run, news) => orders::ran(world, run, news, now),
        Event::Asked(ticket, query) => vec![Effect::Answer(ticket, query)],
    }
}

/// What time alone brings: polls, probes, retries, ends of pauses and unlocks, debounced confirmations.
fn tick(world: &mut World, now: Now) -> Vec<Effect> {
    let mut effects = clusters::tick(world, now);
    effects.extend(silence::tick(world, now));
    effects.extend(asides::tick(world, now));
    effects.extend(remotes::tick(world, now));
    effects.extend(confirming::tick(world, now));
    effects.extend(auto::tick(world, now));
    effects
}

/// Advances several apps.
fn advance_all(world: &mut World, apps: &[AppId], now: Now) -> Vec<Effect> {
    apps.iter().flat_map(|app| advance::advance(world, app, now)).collect()
}

#[cfg(test)]
mod tests;
