//! What effects do outside the loop: one function each, ending in one event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::cluster::{Claim, Cluster, Discovery, Target};
use crate::engine::desired::Desired;
use crate::engine::effect::JudgeWork;
use crate::engine::event::{AppTicket, Contact, Event, JudgedRow, Trouble};
use crate::engine::setup::Ports;
use crate::engine::site::{Shared, Site, lock};
use crate::engine::{adapt, blame, execute, judge, rendering};
use crate::health;
use crate::model::{
    AppId, ClusterName, ClusterSpec, CommitId, FieldPath, ReasonCode, RepoName, ResourceKey, ResourceRow,
};

/// What tasks hand over to the loop, which alone changes a line.
pub(super) enum Delivery {
    /// A connected and discovered cluster.
    Line(ClusterName, Box<(Cluster, Discovery, Vec<Claim>)>, Contact),
    /// A newer discovery.
    Discovery(ClusterName, Discovery, Vec<Claim>),
    /// Whether the kind of a watch goes away.
    Losing(ClusterName, Box<Target>, bool),
    /// Schema documents, and the group-versions that were asked for.
    Schemas(ClusterName, Vec<Value>, BTreeSet<Arc<str>>),
}

/// Connects, discovers, and asks who the cluster is.
pub(super) async fn connect(ports: Ports, spec: ClusterSpec, out: mpsc::Sender<Delivery>) -> Option<Event> {
    let name = spec.name.clone();
    let cluster = match (ports.connect)(spec).await {
        Ok(cluster) => cluster,
        Err(error) => return Some(Event::ConnectFailed(name, adapt::connect(&error))),
    };
    let (discovery, identity, probe) = futures::join!(cluster.discover(), cluster.identity(), cluster.probe());
    let discovery = match discovery {
        Ok(discovery) => discovery,
        Err(error) => return Some(Event::ConnectFailed(name, adapt::call(&error))),
    };
    let claims = cluster.claims(&discovery).await;
    let facts = cluster.facts();
    let contact = Contact {
        context: facts.context.clone(),
        insecure: facts.insecure,
        identity: identity.ok(),
        version: probe.ok().and_then(|probe| probe.version),
    };
    let _ = out.send(Delivery::Line(name, Box::new((cluster, discovery, claims)), contact)).await;
    None
}

/// Discovers again.
pub(super) async fn rediscover(cluster: Cluster, name: ClusterName, out: mpsc::Sender<Delivery>) -> Option<Event> {
    match cluster.discover().await {
        Ok(discovery) => {
            let claims = cluster.claims(&discovery).await;
            drop(out.send(Delivery::Discovery(name, discovery, claims)).await);
        }
        Err(error) => tracing::warn!(cluster = %name, kind = ?error.kind, "discovery failed; the last one stands"),
    }
    None
}

/// Loads schemas; what cannot be had is left out and counts as asked.
pub(super) async fn load_schemas(
    cluster: Cluster,
    name: ClusterName,
    wanted: BTreeSet<Arc<str>>,
    out: mpsc::Sender<Delivery>,
) -> Option<Event> {
    let list: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let answers = cluster.openapi(&list).await;
    let documents = answers.into_iter().filter_map(|(_, answer)| answer.ok()).collect();
    let _ = out.send(Delivery::Schemas(name, documents, wanted)).await;
    None
}

/// Asks a remote.
pub(super) async fn poll(
    shared: Arc<Shared>,
    repo: RepoName,
    wanted: BTreeSet<String>,
    known: BTreeMap<String, CommitId>,
) -> Option<Event> {
    let name = repo.clone();
    let asked = spawn_blocking(move || {
        let polled = shared.mirror(&name)?.poll(&wanted, &known);
        let fault = match &polled {
            Err(error) => Some(error),
            Ok(polled) => polled.heads.values().find_map(|head| head.as_ref().err().filter(|error| error.is_broken())),
        };
        match fault {
            Some(error) if shared.may_renew(&name, error) => shared.renewed(&name)?.poll(&wanted, &BTreeMap::new()),
            Some(_) => polled,
            None => polled.inspect(|_| shared.is_sound(&name)),
        }
    });
    let heads = match asked.await {
        Ok(Ok(polled)) => {
            Ok(polled.heads.into_iter().map(|(rev, head)| (rev, head.map_err(|e| adapt::source(&e)))).collect())
        }
        Ok(Err(error)) => Err(adapt::source(&error)),
        Err(_) => Err(Trouble::new(ReasonCode::Other, "the poll ended by a fault of its own; see the log")),
    };
    Some(Event::Polled(repo, heads))
}

/// Renders an app at a commit, and keeps the commit.
pub(super) async fn render(site: Site, ticket: AppTicket, at: CommitId) -> Option<Event> {
    let made = spawn_blocking(move || rendering::at_commit(&site, &at)).await;
    Some(Event::Rendered(ticket, made.unwrap_or_else(|_| Err(broken("render")))))
}

/// Takes a directory as it lies.
pub(super) async fn snapshot(site: Site, ticket: AppTicket) -> Option<Event> {
    let made = spawn_blocking(move || rendering::from_dir(&site)).await;
    Some(Event::Rendered(ticket, made.unwrap_or_else(|_| Err(broken("render")))))
}

fn broken(what: &str) -> Trouble {
    Trouble::new(ReasonCode::Other, format!("the {what} ended by a fault of its own; see the log"))
}

/// Reads an app's record and checks that it is ours.
pub(super) async fn read_record(site: Site, app: AppId) -> Option<Event> {
    Some(Event::RecordRead(app, execute::record::read(&site).await))
}

/// Judges objects locally: compares those that are others than before, and looks at the health of the rest.
pub(super) async fn judge(site: Site, ticket: AppTicket, work: JudgeWork) -> Option<Event> {
    let (at, asked) = (site.clone(), work.clone());
    let judged = spawn_blocking(move || {
        let (mut rows, open) = recalled(&at, &asked);
        at.shared.judged.fetch_add(open.len() as u64, Ordering::Relaxed);
        rows.extend(judge::locally(&at, &asked.desired, &open));
        rows
    })
    .await;
    let broken = |(key, stamp)| judge::broken(&site, &work.desired, key, stamp);
    Some(Event::Judged(ticket, judged.unwrap_or_else(|_| work.keys.iter().cloned().map(broken).collect())))
}

/// The rows that stand: what they were made from has not changed, only status. And the keys that are to be compared.
fn recalled(site: &Site, work: &JudgeWork) -> (Vec<JudgedRow>, Vec<(ResourceKey, u64)>) {
    let (mut rows, mut open) = (Vec::new(), Vec::new());
    for (key, stamp) in &work.keys {
        let live = site.lives.get(key);
        let known = work.known.get(key).zip(live);
        let memo = || site.memo(work.desired.manifests.get(key), live);
        match known.filter(|((made_from, _), _)| *made_from == memo()) {
            Some(((memo, row), live)) => {
                let (health, health_note) = health::assess(live);
                let row = ResourceRow { health, health_note, ..(**row).clone() };
                rows.push(JudgedRow {
                    key: key.clone(),
                    stamp: *stamp,
                    memo: memo.clone(),
                    row: Some(row),
                    open: false,
                });
            }
            None => open.push((key.clone(), *stamp)),
        }
    }
    (rows, open)
}

/// Judges one object with the server's answer.
pub(super) async fn confirm(site: Site, ticket: AppTicket, mut work: JudgeWork) -> Option<Event> {
    let (key, stamp) = work.keys.pop()?;
    let judged = judge::with_server(site, work.desired, key, stamp).await;
    Some(Event::Confirmed(ticket, Box::new(judged)))
}

/// Notes at which commit objects were seen synced, and keeps that commit.
pub(super) async fn note_seen(site: Site, commit: CommitId, keys: Vec<ResourceKey>) -> Option<Event> {
    let _ = spawn_blocking(move || {
        if let Some(Ok(mirror)) = site.mirror() {
            let _ = mirror.keep(site.id(), &commit);
        }
        if let Some(journal) = &site.shared.journal {
            let _ = journal.note_seen(site.id(), &commit, &keys, site.now.wall);
            lock(&site.shared.seen).remove(site.id());
        }
    })
    .await;
    None
}

/// Finds where git declares what differs; a few at a time, since each starts a program.
pub(super) async fn blame(
    site: Site,
    ticket: AppTicket,
    desired: Arc<Desired>,
    wanted: Vec<(ResourceKey, FieldPath)>,
) -> Option<Event> {
    let at = desired.at.clone();
    let slots = site.shared.blames.clone();
    let _slot = slots.acquire().await.ok()?;
    let told = spawn_blocking(move || blame::declared(&site, &desired, wanted)).await;
    Some(Event::Blamed(ticket, at, told.unwrap_or_default()))
}
