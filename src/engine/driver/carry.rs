//! Carrying effects out: each arm starts one task, or does what only the loop may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Driver;
use super::tasks::{self, Delivery};
use crate::cluster::{Claim, Cluster, Discovery, Lookup, Seen, SeenWhat, Target};
use crate::engine::adapt;
use crate::engine::effect::{Effect, WatchWish};
use crate::engine::event::{Contact, Event, RunNews, Scene, Trouble};
use crate::engine::execute;
use crate::engine::line::Line;
use crate::engine::step::begin_auto;
use crate::engine::world::{SceneState, World};
use crate::model::{AppId, ClusterName, CommitId, Foreign, Order, Outcome, ReasonCode, RepoName, RunId, Ticket, View};

impl Driver {
    /// Carries one effect out; an event comes back where the loop itself knows the answer.
    pub(super) fn carry(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Connect(cluster) => self.connect(&cluster),
            Effect::Rediscover(cluster) => self.rediscover(cluster),
            Effect::Probe(cluster) => self.probe(cluster),
            Effect::Watch(cluster, wishes) => self.watch(&cluster, wishes),
            Effect::LoadSchemas(cluster, wanted) => self.load_schemas(cluster, wanted),
            Effect::Poll(repo, wanted, known) => self.poll(repo, wanted, known),
            Effect::Snapshot(ticket) => self.on_site(&ticket.app.clone(), |site| tasks::snapshot(site, ticket)),
            Effect::Render(ticket, at) => self.on_site(&ticket.app.clone(), |site| tasks::render(site, ticket, at)),
            Effect::ReadRecord(app) => self.on_site(&app.clone(), |site| tasks::read_record(site, app)),
            Effect::Judge(ticket, work) => {
                let site = self.judging_site(&ticket.app, &work.keys);
                let named = site.as_ref().and_then(|site| self.named(site, &work.keys));
                self.spawn(site.map(|site| tasks::judge(site, ticket, work))).or(named)
            }
            Effect::Confirm(ticket, work) => {
                let site = self.judging_site(&ticket.app, &work.keys);
                self.spawn(site.map(|site| tasks::confirm(site, ticket, work)))
            }
            Effect::NoteSeen(app, commit, keys) => self.on_site(&app, |site| tasks::note_seen(site, commit, keys)),
            Effect::Blame(ticket, desired, wanted) => {
                let site = self.judging_site(&ticket.app, &[]);
                self.spawn(site.map(|site| tasks::blame(site, ticket, desired, wanted)))
            }
            Effect::Mind(cluster, asides) => self.mind(&cluster, &asides),
            Effect::RenewLease(cluster) => self.renew_lease(cluster),
            Effect::Execute(order) => self.execute(order),
            Effect::Abort(run) => self.abort(run),
            Effect::AutoSync(app) => self.auto_sync(&app),
            Effect::Answer(ticket, query) => self.answer(ticket, query),
        }
    }

    pub(super) fn spawn(&self, task: Option<impl Future<Output = Option<Event>> + Send + 'static>) -> Option<Event> {
        let events = self.events.clone();
        if let Some(task) = task {
            self.tasks.spawn(async move {
                if let Some(event) = task.await {
                    let _ = events.send(event).await;
                }
            });
        }
        None
    }

    fn on_site<F>(&self, app: &AppId, task: impl FnOnce(crate::engine::site::Site) -> F) -> Option<Event>
    where
        F: Future<Output = Option<Event>> + Send + 'static,
    {
        self.spawn(self.site(app).map(task))
    }

    fn connect(&self, name: &ClusterName) -> Option<Event> {
        let spec = self.world.clusters.get(name)?.spec.clone();
        self.spawn(Some(tasks::connect(self.shared.ports.clone(), spec, self.deliveries.clone())))
    }

    fn rediscover(&self, name: ClusterName) -> Option<Event> {
        let cluster = self.lines.get(&name)?.cluster.clone();
        self.spawn(Some(tasks::rediscover(cluster, name, self.deliveries.clone())))
    }

    fn probe(&self, name: ClusterName) -> Option<Event> {
        let cluster = self.lines.get(&name)?.cluster.clone();
        self.spawn(Some(async move {
            let answer = cluster.probe().await.map(|probe| probe.version).map_err(|error| adapt::call(&error));
            Some(Event::Probed(name, answer))
        }))
    }

    /// Starts the watches that are not running yet.
    fn watch(&mut self, name: &ClusterName, wishes: BTreeSet<WatchWish>) -> Option<Event> {
        for wish in wishes {
            match self.target(name, &wish) {
                Ok(target) => self.start_watch(name, target, wish.scene),
                Err(trouble) => self.send_later(Event::SceneFailed(name.clone(), wish.scene, trouble)),
            }
        }
        None
    }

    fn target(&self, name: &ClusterName, wish: &WatchWish) -> Result<Target, Trouble> {
        let Some(line) = self.lines.get(name) else {
            return Err(Trouble::new(ReasonCode::ClusterUnreachable, "not connected"));
        };
        let Scene { kind, namespace } = &wish.scene;
        let lookup = match &wish.version {
            Some(version) => line.discovery.find(&crate::model::Gvk {
                group: kind.group.clone(),
                version: version.clone(),
                kind: kind.kind.clone(),
            }),
            None => line.discovery.find_kind(kind),
        };
        match lookup {
            Lookup::Served(served) => {
                let namespace = (served.namespaced && !namespace.is_empty()).then(|| namespace.clone());
                Ok(Target { served, namespace })
            }
            Lookup::NotServed => {
                let words = format!("the server does not serve {} {}", kind.group, kind.kind);
                Err(Trouble::new(ReasonCode::KindNotServed, words))
            }
            Lookup::GroupDown(why) => {
                let words = format!("API group {} does not answer: {}", kind.group, why.raw());
                Err(Trouble::new(ReasonCode::ClusterUnreachable, words))
            }
        }
    }

    /// Its word has ceased to count, or part of it was let go: an open watch alone does not bring it back, a list does.
    pub(super) fn list_again(&mut self, name: &ClusterName, target: Target, scene: Scene) {
        let Some(line) = self.lines.get_mut(name) else { return };
        line.watched.remove(&target);
        if let Some(stop) = line.stops.remove(&target) {
            stop.cancel();
        }
        self.start_watch(name, target, scene);
    }

    pub(super) fn start_watch(&mut self, name: &ClusterName, target: Target, scene: Scene) {
        let Some(line) = self.lines.get_mut(name) else { return };
        if line.watched.insert(target.clone(), scene).is_none() {
            let stop = line.stop.child_token();
            line.stops.insert(target.clone(), stop.clone());
            line.cluster.watch(target, self.seen.clone(), stop);
        }
    }

    fn send_later(&self, event: Event) {
        let events = self.events.clone();
        self.tasks.spawn(async move { drop(events.send(event).await) });
    }

    /// What a watch saw: into the store first, then to `step` as keys.
    pub(super) fn live(&mut self, seen: Seen) {
        let name = seen.cluster.clone();
        let Some(line) = self.lines.get_mut(&name) else { return };
        let Some(scene) = line.watched.get(&seen.target).cloned() else { return };
        let now = self.clock.now();
        let event = match seen.what {
            SeenWhat::Failed(error) => {
                line.broke(&seen.target);
                Event::SceneFailed(name, scene, adapt::call(&error))
            }
            SeenWhat::Opened if is_unheard(&self.world, &name, &scene) => {
                return self.list_again(&name, seen.target, scene);
            }
            SeenWhat::Opened | SeenWhat::Alive => {
                line.alive(&seen.target, now);
                Event::SceneAlive(name, scene)
            }
            what => {
                let listed = matches!(what, SeenWhat::Listed(_));
                let first = listed && !line.store.listed(&name, &seen.target);
                let after = line.gap(&seen.target, listed, now);
                let target = seen.target.clone();
                let changes = line.store.apply(Seen { what, ..seen });
                self.witness(&name, &changes, after, first.then_some((&scene, &target)));
                let keys: Vec<_> = changes.into_iter().map(|change| change.key).collect();
                if listed { Event::Listed(name, scene, keys) } else { Event::LiveChanged(name, keys) }
            }
        };
        self.take(event);
    }

    fn load_schemas(&self, name: ClusterName, wanted: BTreeSet<Arc<str>>) -> Option<Event> {
        let cluster = self.lines.get(&name)?.cluster.clone();
        self.spawn(Some(tasks::load_schemas(cluster, name, wanted, self.deliveries.clone())))
    }

    fn poll(&self, repo: RepoName, wanted: BTreeSet<String>, known: BTreeMap<String, CommitId>) -> Option<Event> {
        let shared = self.shared.clone();
        self.spawn(Some(tasks::poll(shared, repo, wanted, known)))
    }

    /// The namespaces in which an agent's Lease may lie: the records' ones.
    pub(super) fn lease_namespaces(&self, name: &ClusterName) -> BTreeSet<String> {
        let Some(cluster) = self.world.clusters.get(name) else { return BTreeSet::new() };
        let apps = self.world.apps.values().filter(|app| app.asked && app.spec.id.cluster == *name);
        apps.map(|app| app.record_namespace(&cluster.spec).to_owned()).collect()
    }

    fn renew_lease(&self, name: ClusterName) -> Option<Event> {
        let cluster = self.lines.get(&name)?.cluster.clone();
        let (namespaces, now) = (self.lease_namespaces(&name), self.clock.now().wall);
        let who = self.shared.who.clone();
        self.spawn(Some(async move {
            for namespace in namespaces {
                if let Err(error) = cluster.renew_lease(&namespace, who.raw(), now).await {
                    tracing::warn!(cluster = %name, kind = ?error.kind, "the agent's lease could not be renewed");
                }
            }
            None
        }))
    }

    fn execute(&mut self, order: Order) -> Option<Event> {
        let (app, _) = crate::engine::step::subject(&order.command)?;
        let Some(site) = self.site(app) else {
            let why = Foreign::new(format!("{app}: its cluster is not connected; nothing was done"));
            return Some(Event::Ran(order.id, RunNews::Ended(Outcome::Failed, Some(why))));
        };
        let abort = self.stop.child_token();
        self.aborts.insert(order.id, abort.clone());
        let run = order.id;
        self.follow(run, execute::run(site, order, self.events.clone(), abort));
        None
    }

    /// Runs an order to its end; one that ends by a fault of its own ends all the same, and its app is free again.
    fn follow(&self, run: RunId, order: impl Future<Output = ()> + Send + 'static) {
        let events = self.events.clone();
        self.tasks.spawn(async move {
            if tokio::spawn(order).await.is_err() {
                let words =
                    "ended by a fault of driftdeck's own; look at what is live before you try again; see the log";
                let ended = RunNews::Ended(Outcome::Failed, Some(Foreign::from(words)));
                let _ = events.send(Event::Ran(run, ended)).await;
            }
        });
    }

    fn abort(&mut self, run: RunId) -> Option<Event> {
        if let Some(abort) = self.aborts.remove(&run) {
            abort.cancel();
        }
        None
    }

    fn auto_sync(&mut self, app: &AppId) -> Option<Event> {
        let site = self.site(app)?;
        let run = self.auto_id();
        begin_auto(&mut self.world, app, run, site.now);
        let abort = self.stop.child_token();
        self.aborts.insert(run, abort.clone());
        self.follow(run, execute::run_auto(site, run, self.events.clone(), abort));
        None
    }

    fn not_connected(&self, id: &AppId) -> crate::model::ViewBody {
        let why = self.world.clusters.get(&id.cluster).and_then(crate::engine::publish::out_of_reach);
        crate::engine::answer::not_connected(id, why)
    }

    fn answer(&self, ticket: Ticket, query: crate::model::Query) -> Option<Event> {
        let (views, stop) = (self.views.clone(), self.stop.clone());
        let site = match crate::engine::answer::whose(&query) {
            Some(id) => self.site(&id).ok_or_else(|| self.not_connected(&id)),
            None => Err(crate::engine::answer::without_app(&query)),
        };
        let site = match site {
            Ok(site) => site,
            Err(body) => {
                self.tasks.spawn(async move { drop(views.try_send(View { ticket, query, body })) });
                return None;
            }
        };
        self.tasks.spawn(async move {
            let body = crate::engine::answer::answer(site, &query).await;
            // Nobody reads any more once the engine is told to stop: the answer is let go.
            tokio::select! {
                () = stop.cancelled() => {}
                _ = views.send(View { ticket, query, body }) => {}
            }
        });
        None
    }

    /// Takes over what only the loop may change: lines, discoveries, schemas.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Line(name, made, contact) => self.install(name, *made, contact),
            Delivery::Discovery(name, discovery, claims) => self.replace_discovery(name, discovery, claims),
            Delivery::Losing(name, target, losing) => self.after_question(&name, *target, losing),
            Delivery::Schemas(name, documents, asked) => self.add_schemas(name, &documents, asked),
        }
    }

    /// Puts a new line in place of the old one, whose watches end.
    fn install(
        &mut self,
        name: ClusterName,
        (cluster, discovery, claims): (Cluster, Discovery, Vec<Claim>),
        contact: Contact,
    ) {
        let epoch = self.lines.get(&name).map_or(1, |line| line.epoch + 1);
        let line = Line { claims: Arc::new(claims), ..Line::new(cluster, discovery, epoch) };
        if let Some(old) = self.lines.insert(name.clone(), line) {
            old.stop.cancel();
            if let Some(line) = self.lines.get_mut(&name) {
                line.former = Some((old.store, old.heard));
            }
        }
        self.take(Event::Connected(name, contact));
    }

    fn replace_discovery(&mut self, name: ClusterName, discovery: Discovery, claims: Vec<Claim>) {
        let Some(line) = self.lines.get(&name) else { return };
        let moved = self.concerns(&name, &line.discovery, &discovery);
        if let Some(line) = self.lines.get_mut(&name) {
            line.discovery = Arc::new(discovery);
            line.claims = Arc::new(claims);
            line.epoch += u64::from(moved);
        }
        for target in self.unserved(&name) {
            self.lose(&name, &target);
        }
        // Where nothing that is used has changed, rendering and judging everything again would tell nothing.
        let news = moved || self.is_back(&name);
        self.take(if news { Event::Rediscovered(name) } else { Event::Alive(name) });
    }

    fn add_schemas(&mut self, name: ClusterName, documents: &[serde_json::Value], asked: BTreeSet<Arc<str>>) {
        let Some(line) = self.lines.get(&name) else { return };
        let before = line.schemas.clone();
        let mut after = (*before).clone();
        for error in documents.iter().filter_map(|document| after.add(document).err()) {
            tracing::warn!(cluster = %name, %error, "a schema document was left out");
        }
        let moved = self.moved_kinds(&name, &before, &after);
        let first = self.world.clusters.get(&name).is_some_and(|cluster| !asked.is_subset(&cluster.schemas));
        if let Some(line) = self.lines.get_mut(&name).filter(|_| first || !moved.is_empty()) {
            line.schemas = Arc::new(after);
            line.epoch += 1;
        }
        if !moved.is_empty() {
            self.take(Event::SchemasMoved(name.clone(), moved));
        }
        self.take(Event::SchemasLoaded(name, asked));
    }
}

/// Whether nothing was heard of a kind for so long that its rows are unknown.
fn is_unheard(world: &World, name: &ClusterName, scene: &Scene) -> bool {
    let state = world.clusters.get(name).and_then(|cluster| cluster.scenes.get(scene));
    matches!(state, Some(SceneState::Failed(why)) if why.code == ReasonCode::ClusterStale)
}
