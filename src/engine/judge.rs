//! One object's row: legs gathered, compared, health looked at. Locally (blocking, no request), or with a dry run.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;

use super::adapt;
use super::base::Bases;
use super::desired::Desired;
use super::event::{JudgedRow, Memo, Trouble};
use super::line::Wire;
use super::rows;
use super::site::{Site, lock};
use crate::cluster::{CallError, CallKind, Lookup};
use crate::diff::{self, Answer, Body, Fresh, Legs, Refusal, ServerSaid};
use crate::model::{
    Comparison, Foreign, Gvk, Health, Live, Manifest, Reason, ReasonCode, ResourceKey, ResourceRow, Verdict,
};
use crate::{health, plan};

/// Objects of another commit that are read or asked about at once.
const AT_ONCE: usize = 16;
/// Fresh objects that are kept; each is as large as its manifest.
const FRESH: usize = 1024;

/// Judges objects without asking anybody. Blocking.
pub(super) fn locally(site: &Site, desired: &Arc<Desired>, keys: &[(ResourceKey, u64)]) -> Vec<JudgedRow> {
    let bases = Bases::gather(site, desired, keys.iter().map(|(key, _)| key));
    let judge = Judge { site, desired, bases, read: None };
    keys.iter().map(|(key, stamp)| judge.row(key, *stamp, None)).collect()
}

/// Asks the server about one object and judges with its answer.
pub(super) async fn with_server(site: Site, desired: Arc<Desired>, key: ResourceKey, stamp: u64) -> JudgedRow {
    let read = in_gits_version(&site, &desired, &key).await;
    let answer = match desired.manifests.get(&key) {
        Some(manifest) if !site.cluster.judges_locally(&key.kind) => answer(&site, manifest, read.as_ref()).await,
        Some(_) | None => ServerSaid::NotAsked.into(),
    };
    let (at, git, asked) = (site.clone(), desired.clone(), key.clone());
    let judged = tokio::task::spawn_blocking(move || {
        let bases = Bases::gather(&at, &git, std::iter::once(&asked));
        Judge { site: &at, desired: &git, bases, read }.row(&asked, stamp, Some(&answer))
    });
    judged.await.unwrap_or_else(|_| broken(&site, &desired, key, stamp))
}

/// The live object in git's version, where the watch has it in another: two versions cannot be compared.
async fn in_gits_version(site: &Site, desired: &Desired, key: &ResourceKey) -> Option<Live> {
    let (manifest, live) = (desired.manifests.get(key)?, site.lives.get(key)?);
    if live.gvk == manifest.gvk {
        return None;
    }
    let Lookup::Served(served) = site.wire.served(&manifest.gvk) else { return None };
    site.wire.cluster.get(&served, key).await.ok().flatten()
}

/// What stands for a judgement that ended by a fault of its own: unknown, and said so; never nothing.
pub(super) fn broken(site: &Site, desired: &Desired, key: ResourceKey, stamp: u64) -> JudgedRow {
    let message = Foreign::from("its judgement ended by a fault of driftdeck's own; see the log");
    let reason = Reason { code: ReasonCode::Other, message, since: site.now.wall };
    let row = rows::bare((&site.app, Some(desired)), key.clone(), Verdict::Unknown, reason);
    JudgedRow { key, stamp, memo: Memo::default(), row: Some(row), open: false }
}

/// Everything the server is asked about one object.
async fn answer(site: &Site, manifest: &Manifest, read: Option<&Live>) -> Answer {
    let live = read.or_else(|| site.lives.get(&manifest.key));
    let said = ask(site, manifest, live).await;
    let wanted = live.is_some_and(|live| diff::wants_fresh(manifest, live, &site.ground()));
    let fresh = if wanted { fresh(site, manifest).await } else { None };
    Answer { said, fresh }
}

/// One dry run: what the server would make of git's object, as far as a sync would send it.
async fn ask(site: &Site, manifest: &Manifest, live: Option<&Live>) -> ServerSaid {
    match diff::body(manifest, live, &site.ground()) {
        Body::Send(body) => ask_for(site, &body).await,
        Body::Nothing(_) => ServerSaid::NotAsked,
    }
}

async fn ask_for(site: &Site, manifest: &Manifest) -> ServerSaid {
    let served = match site.wire.served(&manifest.gvk) {
        Lookup::Served(served) => served,
        Lookup::NotServed => return refused(Refusal::Unavailable, "the server does not serve this kind"),
        Lookup::GroupDown(why) => return refused(Refusal::Unavailable, why.raw()),
    };
    let Ok(_slot) = site.wire.slots.acquire().await else { return ServerSaid::NotAsked };
    match site.wire.cluster.dry_run(&served, manifest).await {
        Ok(would) => ServerSaid::Would(would),
        // Its namespace is not there yet: what a sync makes first cannot be asked about.
        Err(error) if error.kind == CallKind::NotFound => ServerSaid::NotAsked,
        Err(error) => ServerSaid::Refused { why: refusal(&error), message: scrubbed(site, manifest, &error) },
    }
}

/// What a fresh object of git's would be: asked once for each manifest. `None` = the server would not say, or take it.
async fn fresh(site: &Site, manifest: &Manifest) -> Option<Value> {
    let memo = (site.cluster.name.clone(), [site.wire.epoch, site.admission], manifest.digest.clone());
    if let Some(known) = lock(&site.shared.fresh).get(&memo) {
        return known.clone();
    }
    let (tried, Lookup::Served(served)) = (Fresh::of(manifest)?, site.wire.served(&manifest.gvk)) else { return None };
    let _slot = site.wire.slots.acquire().await.ok()?;
    let made = match site.wire.cluster.try_fresh(&served, &tried.manifest).await {
        Ok(answer) => Some(tried.named_back(answer, site.wire.schemas.of(&manifest.gvk).as_ref())),
        Err(error) if refusal(&error) == Refusal::Invalid => None,
        // It may answer the next time.
        Err(_) => return None,
    };
    let mut known = lock(&site.shared.fresh);
    if known.len() >= FRESH {
        known.clear();
    }
    known.insert(memo, made.clone());
    made
}

fn refused(why: Refusal, message: &str) -> ServerSaid {
    ServerSaid::Refused { why, message: Foreign::from(message) }
}

fn refusal(error: &CallError) -> Refusal {
    match error.kind {
        CallKind::Invalid | CallKind::TypedPatch => Refusal::Invalid,
        CallKind::Immutable => Refusal::Immutable,
        CallKind::Quota => Refusal::Quota,
        CallKind::Webhook => Refusal::Webhook,
        CallKind::NamespaceTerminating => Refusal::NamespaceTerminating,
        _ => Refusal::Unavailable,
    }
}

/// The server's sentence without what is masked of the object.
pub(super) fn scrubbed(site: &Site, manifest: &Manifest, error: &CallError) -> Foreign {
    told(site, &manifest.key, Some(manifest), error)
}

/// As [`scrubbed`], where git may not have the object any more.
pub(super) fn told(site: &Site, key: &ResourceKey, git: Option<&Manifest>, error: &CallError) -> Foreign {
    diff::tell(&error.message, key, (git, site.lives.get(key)), &site.ground())
}

struct Judge<'s> {
    site: &'s Site,
    desired: &'s Desired,
    bases: Bases,
    /// The live object in git's version, where it was read anew.
    read: Option<Live>,
}

impl Judge<'_> {
    fn row(&self, key: &ResourceKey, stamp: u64, said: Option<&Answer>) -> JudgedRow {
        let git = self.desired.manifests.get(key);
        let live = self.site.lives.get(key);
        let memo = self.site.memo(git, live);
        // What a controller owns was never ours, whatever the record says: there is nothing to tell of it.
        let taken = git.is_none() && live.is_some_and(|live| diff::is_controlled(live, &self.site.ground()));
        let row = (git.is_some() || (live.is_some() && !taken)).then(|| match git {
            Some(manifest) if live.is_some() && self.is_unserved(manifest) => self.unserved(key),
            // What a partial render lacks may only be unread: it is not extra, and not to be judged at all.
            None if !self.desired.is_complete() => self.unread(key),
            _ => self.judged(key, git, self.read.as_ref().or(live), said),
        });
        let open = said.is_none() && row.as_ref().is_some_and(|row| row.pending || self.may_be_refused(row, git));
        JudgedRow { key: key.clone(), stamp, memo, row, open }
    }

    /// A new object is missing at once; whether the server would take it is for the server to say.
    fn may_be_refused(&self, row: &ResourceRow, git: Option<&Manifest>) -> bool {
        let served = |manifest: &Manifest| matches!(self.site.wire.served(&manifest.gvk), Lookup::Served(_));
        row.verdict == Verdict::Missing && git.is_some_and(served)
    }

    /// Whether git names a version that the server does not serve: live cannot be read that way.
    fn is_unserved(&self, manifest: &Manifest) -> bool {
        matches!(self.site.wire.served(&manifest.gvk), Lookup::NotServed)
    }

    fn unserved(&self, key: &ResourceKey) -> ResourceRow {
        let message = Foreign::from("the server serves this kind, but not in the version that git names");
        let reason = Reason { code: ReasonCode::KindNotServed, message, since: self.site.now.wall };
        rows::bare((&self.site.app, Some(self.desired)), key.clone(), Verdict::Unknown, reason)
    }

    fn unread(&self, key: &ResourceKey) -> ResourceRow {
        let message = Foreign::from("the render is partial: whether git still has it is not known");
        let reason = Reason { code: ReasonCode::RenderFailed, message, since: self.site.now.wall };
        rows::bare((&self.site.app, Some(self.desired)), key.clone(), Verdict::Unknown, reason)
    }

    fn judged(
        &self,
        key: &ResourceKey,
        git: Option<&Manifest>,
        live: Option<&Live>,
        said: Option<&Answer>,
    ) -> ResourceRow {
        let legs = Legs {
            git,
            base: self.bases.leg(key),
            live,
            in_inventory: self.bases.line(key).is_some(),
            seen: self.site.seen_of(key),
        };
        let ground = self.site.ground();
        let comparison = match said {
            None => diff::compare_local(&legs, &ground),
            Some(said) => diff::compare_server(&legs, said, &ground),
        };
        let (health, note) = live.map_or((Health::Missing, None), health::assess);
        let mut row = self.assemble(key, git, live, comparison);
        (row.health, row.health_note) = (health, note);
        row
    }

    fn assemble(
        &self,
        key: &ResourceKey,
        git: Option<&Manifest>,
        live: Option<&Live>,
        comparison: Comparison,
    ) -> ResourceRow {
        let gvk = git.map(|manifest| &manifest.gvk).or(live.map(|live| &live.gvk));
        ResourceRow {
            version: gvk.map_or_else(|| "".into(), |gvk| gvk.version.clone()),
            uid: live.map(|live| live.uid.clone()),
            origin: git.map(|manifest| manifest.origin.clone()),
            created: live.and_then(|live| live.created),
            wave: plan::wave(&key.kind),
            in_bounds: plan::in_bounds(&self.site.app, key),
            key: key.clone(),
            verdict: comparison.verdict,
            moved: comparison.moved,
            base: comparison.base,
            health: Health::Unknown,
            health_note: None,
            basis: comparison.basis,
            pending: comparison.pending,
            refused: comparison.refused,
            reason: comparison.reason,
            findings: comparison.findings,
            hidden: comparison.hidden,
            unadopted: comparison.unadopted,
        }
    }
}

/// Judges an app at another commit than the desired one: locally first, then the server about what differs.
/// Live objects are read where no watch has them.
pub(super) async fn at(site: &Site, desired: &Arc<Desired>) -> Vec<Arc<ResourceRow>> {
    let (site, unread) = with_lives(site, desired).await;
    let keys = keys_of(&site, desired).into_iter().filter(|(key, _)| !unread.contains_key(key)).collect::<Vec<_>>();
    let (local_site, local_desired) = (site.clone(), desired.clone());
    let local = tokio::task::spawn_blocking(move || locally(&local_site, &local_desired, &keys)).await;
    let mut rows: Vec<_> = unread.into_values().map(Arc::new).collect();
    // Each question takes its own object along: all of them with each would be a square of the app.
    let alone = Site { rows: BTreeMap::new(), lives: BTreeMap::new(), seen: BTreeMap::new(), ..site.clone() };
    let with = |key: &ResourceKey| {
        let lives = site.lives.get(key).map(|live| (key.clone(), live.clone())).into_iter().collect();
        let seen = site.seen.get(key).map(|writes| (key.clone(), writes.clone())).into_iter().collect();
        Site { lives, seen, ..alone.clone() }
    };
    let mut asked = Vec::new();
    for judged in local.unwrap_or_default() {
        match judged.row {
            Some(_) if judged.open => {
                asked.push(with_server(with(&judged.key), desired.clone(), judged.key, judged.stamp));
            }
            Some(row) => rows.push(Arc::new(row)),
            None => {}
        }
    }
    let answered: Vec<_> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    rows.extend(answered.into_iter().filter_map(|judged| judged.row).map(Arc::new));
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

fn keys_of(site: &Site, desired: &Desired) -> Vec<(ResourceKey, u64)> {
    let mut keys: Vec<ResourceKey> = desired.manifests.keys().cloned().collect();
    keys.extend(site.rows.keys().filter(|key| !desired.manifests.contains_key(*key)).cloned());
    keys.into_iter().map(|key| (key, 0)).collect()
}

/// Reads the live objects that a commit names and no watch has. What cannot be read is not missing: it comes back as a
/// row of its own, unknown.
async fn with_lives(site: &Site, desired: &Desired) -> (Site, BTreeMap<ResourceKey, ResourceRow>) {
    let mut site = site.clone();
    let mut unread = BTreeMap::new();
    let open = desired.manifests.iter().filter(|(key, _)| {
        let judged = site.rows.get(*key).is_some_and(|row| row.verdict != Verdict::Unknown);
        !judged && !site.lives.contains_key(*key)
    });
    let asked: Vec<_> =
        open.map(|(key, manifest)| read_live(site.wire.clone(), key.clone(), manifest.gvk.clone())).collect();
    let read: Vec<_> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    for (key, read) in read {
        match read {
            Ok(Some(live)) => drop(site.lives.insert(key, live)),
            Ok(None) => {}
            Err(trouble) => {
                let reason = Reason { code: trouble.code, message: trouble.message, since: site.now.wall };
                let row = rows::bare((&site.app, Some(desired)), key.clone(), Verdict::Unknown, reason);
                unread.insert(key, row);
            }
        }
    }
    (site, unread)
}

/// One live object; `Ok(None)` where there is none, or its kind is not served.
async fn read_live(wire: Wire, key: ResourceKey, gvk: Gvk) -> (ResourceKey, Result<Option<Live>, Trouble>) {
    let read = match wire.served(&gvk) {
        Lookup::Served(served) => wire.cluster.get(&served, &key).await.map_err(|error| adapt::call(&error)),
        Lookup::GroupDown(why) => Err(Trouble { code: ReasonCode::ClusterUnreachable, message: why }),
        Lookup::NotServed => Ok(None),
    };
    (key, read)
}
