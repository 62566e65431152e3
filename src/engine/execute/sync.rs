//! A sync: the plan made again and compared with the one that was shown, its gate asked, then wave by wave.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::apply::{self, Attempt};
use super::{Ending, Reporter, admit, record};
use crate::cluster::Lookup;
use crate::diff;
use crate::engine::event::RunNews;
use crate::engine::planning::{self, Outlook};
use crate::engine::site::Site;
use crate::model::{
    Act, Consent, Deployed, Foreign, InventoryLine, Manifest, Outcome, Plan, PlanRow, ReasonCode, Record, ResourceKey,
    ResourceRow, RunStep, StepState, SyncOrder, Verdict,
};
use crate::plan;

/// Objects of one wave in flight.
const IN_FLIGHT: usize = 16;
/// How long a wave waits for kinds that an earlier one defines, in quarter seconds.
const KIND_WAITS: usize = 40;

/// Carries a sync out, from its plan to its record.
pub(super) async fn run(
    site: &Site,
    order: &SyncOrder,
    consent: &Consent,
    reporter: &Reporter,
    abort: &CancellationToken,
) -> Ending {
    let site = &match afresh(site, order).await {
        Ok(site) => site,
        Err(refused) => return refused,
    };
    let outlook = match planning::outlook(site, Some(&order.commit)).await {
        Ok(outlook) => outlook,
        Err(trouble) => return (Outcome::Failed, Some(trouble.message)),
    };
    let plan = planning::plan(site, &outlook);
    if let Some(refused) = refuse(site, &plan, order) {
        return (Outcome::Refused, Some(refused));
    }
    let inventory = site.record.record().map_or(0, |record| record.inventory.len());
    let gate = plan::gate_sync(&plan, order, inventory, site.cluster.protected);
    if let Err(refused) = admit(&gate, consent, site.mode) {
        return refused;
    }
    apply_all(site, &outlook, order, reporter, abort).await
}

/// The app with its record as it is now: a pause, a pin or another's sync of a moment ago counts before the watch has
/// brought it. A record that may not be read stays unread.
async fn afresh(site: &Site, order: &SyncOrder) -> Result<Site, Ending> {
    use crate::engine::world::RecordState;
    let record = match record::read(site).await {
        Ok(record) => record.map_or(RecordState::Absent, RecordState::Present),
        Err(trouble) if order.take_over || trouble.code == ReasonCode::Forbidden => site.record.clone(),
        Err(trouble) => {
            let words = format!("{}; nothing was written", trouble.message.raw());
            return Err((Outcome::Refused, Some(Foreign::new(words))));
        }
    };
    let pinned = |state: &RecordState| state.record().and_then(|record| record.pinned.clone());
    if pinned(&record) != pinned(&site.record) {
        let words = "it was pinned or unpinned a moment ago: look at the plan again; nothing was written";
        return Err((Outcome::Refused, Some(Foreign::from(words))));
    }
    Ok(Site { record, ..site.clone() })
}

fn refuse(site: &Site, plan: &Plan, order: &SyncOrder) -> Option<Foreign> {
    use crate::engine::world::RecordState;
    if let Some(why) = &plan.blocked {
        return Some(why.clone());
    }
    if let Some(why) = &site.stale {
        return Some(Foreign::new(format!("{}; nothing is written on stale data", why.message.raw())));
    }
    if let RecordState::Bad(reason) = &site.record
        && !order.take_over
    {
        return Some(Foreign::new(format!("{}; nothing was written", reason.message.raw())));
    }
    (plan.fingerprint != order.fingerprint)
        .then(|| Foreign::from("the plan changed since it was shown: review it again; nothing was written"))
}

/// What was done so far.
#[derive(Default)]
struct Tally {
    /// Nothing of the plan is left out.
    full: bool,
    applied: BTreeMap<ResourceKey, InventoryLine>,
    pruned: Vec<ResourceKey>,
    failed: usize,
    skipped: usize,
    /// Objects of git's that no server takes: left out of a sync of everything.
    refused: usize,
}

/// Applies the chosen rows wave by wave, prunes last, then writes the record.
pub(super) async fn apply_all(
    site: &Site,
    outlook: &Outlook,
    order: &SyncOrder,
    reporter: &Reporter,
    abort: &CancellationToken,
) -> Ending {
    let plan = planning::plan(site, outlook);
    let wanted: BTreeSet<&ResourceKey> = order.chosen.iter().collect();
    // Whoever orders may call it full; it is, when nothing of the plan is left out.
    let writes = |row: &PlanRow| wanted.contains(&row.key) && row.act != Act::Skip;
    let full = order.full && plan.rows.iter().all(|row| row.act == Act::Keep || writes(row));
    let refused = plan.rows.iter().filter(|row| order.full && row.verdict == Verdict::Invalid).count();
    let chosen: Vec<PlanRow> = plan
        .rows
        .into_iter()
        .filter(|row| wanted.contains(&row.key) && !matches!(row.act, Act::Keep | Act::Skip))
        .collect();
    if chosen.is_empty() && !order.full {
        return (Outcome::Nothing, Some(Foreign::from("nothing to do")));
    }
    reporter.say(RunNews::Began(chosen.iter().map(queued).collect())).await;
    let mut tally = Tally { full, refused, ..Tally::default() };
    let mut site = site.clone();
    for (wave, rows) in waves(&chosen) {
        if abort.is_cancelled() {
            tally.skipped += rows.len();
            continue;
        }
        if tally.failed > 0 && wave > 0 {
            // What comes later may depend on what failed: the rest of the plan is left for the next run.
            tally.skipped += rows.len();
            continue;
        }
        await_kinds(&mut site, outlook, &rows).await;
        run_wave(&Sync { site: &site, outlook, order, reporter, abort }, &rows, &mut tally).await;
    }
    close(&site, outlook, order, &tally, abort.is_cancelled()).await
}

fn queued(row: &PlanRow) -> RunStep {
    RunStep { key: row.key.clone(), wave: row.wave, act: row.act, state: StepState::Queued, note: None }
}

/// Rows by wave; prunes form the last ones, in reverse.
fn waves(rows: &[PlanRow]) -> Vec<(i32, Vec<&PlanRow>)> {
    let mut waves: BTreeMap<(bool, i32), Vec<&PlanRow>> = BTreeMap::new();
    for row in rows {
        let prune = row.act == Act::Prune;
        waves.entry((prune, if prune { -row.wave } else { row.wave })).or_default().push(row);
    }
    waves.into_iter().map(|((prune, wave), rows)| (if prune { i32::MAX } else { wave }, rows)).collect()
}

/// A sync on its way: what all its rows share.
struct Sync<'a> {
    site: &'a Site,
    outlook: &'a Outlook,
    order: &'a SyncOrder,
    reporter: &'a Reporter,
    abort: &'a CancellationToken,
}

async fn run_wave(sync: &Sync<'_>, rows: &[&PlanRow], tally: &mut Tally) {
    let work: Vec<_> = rows.iter().map(|row| attempt(sync, row).boxed()).collect();
    let mut results = stream::iter(work).buffer_unordered(IN_FLIGHT);
    while let Some((row, result)) = results.next().await {
        match result {
            None => tally.skipped += 1,
            Some(Attempt::Done { uid, note }) => {
                sync.reporter.step(&row.key, StepState::Done, note).await;
                count(sync.site, tally, sync.outlook, (row, uid));
            }
            Some(Attempt::Failed(why)) => {
                tally.failed += 1;
                sync.reporter.step(&row.key, StepState::Failed, Some(why)).await;
            }
        }
    }
}

async fn attempt<'r>(sync: &Sync<'_>, row: &'r PlanRow) -> (&'r PlanRow, Option<Attempt>) {
    if sync.abort.is_cancelled() {
        return (row, None);
    }
    sync.reporter.step(&row.key, StepState::Running, None).await;
    (row, Some(run_row(sync, row).await))
}

async fn run_row(sync: &Sync<'_>, row: &PlanRow) -> Attempt {
    if row.act == Act::Prune {
        return apply::prune(sync.site, row).await;
    }
    let manifest = sync.outlook.desired.manifests.get(&row.key);
    match manifest.filter(|found| Some(&found.digest) == row.digest.as_ref()) {
        Some(manifest) => apply::apply(sync.site, manifest, sync.order.take.contains(&row.key)).await,
        None => Attempt::Failed(Foreign::from("its body is gone from the render: plan again")),
    }
}

fn count(site: &Site, tally: &mut Tally, outlook: &Outlook, (row, uid): (&PlanRow, Arc<str>)) {
    if row.act == Act::Prune {
        tally.pruned.push(row.key.clone());
        return;
    }
    // A plain hash of a Secret is a test for guesses, in the hands of whoever may read ConfigMaps: none is kept.
    let manifest = outlook.desired.manifests.get(&row.key);
    let hash = manifest.map_or_else(|| "".into(), |manifest| hash_of(site, manifest));
    let line = InventoryLine {
        kind: row.key.kind.clone(),
        namespace: row.key.namespace.clone(),
        name: row.key.name.clone(),
        uid,
        commit: outlook.desired.at.clone(),
        hash,
    };
    tally.applied.insert(row.key.clone(), line);
}

/// The hash that the record keeps of what was applied; none of what is masked.
fn hash_of(site: &Site, manifest: &Manifest) -> Arc<str> {
    if diff::is_masked(manifest, &site.ground()) { "".into() } else { manifest.digest.0.clone() }
}

/// Waits until the kinds of a wave are served: an earlier wave may have defined them.
async fn await_kinds(site: &mut Site, outlook: &Outlook, rows: &[&PlanRow]) {
    let manifests = || rows.iter().filter_map(|row| outlook.desired.manifests.get(&row.key));
    for _ in 0..KIND_WAITS {
        if !manifests().any(|manifest| matches!(site.wire.served(&manifest.gvk), Lookup::NotServed)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        if let Ok(discovery) = site.wire.cluster.discover().await {
            site.wire.discovery = Arc::new(discovery);
        }
    }
}

/// Writes the record, and says how it ended.
async fn close(site: &Site, outlook: &Outlook, order: &SyncOrder, tally: &Tally, aborted: bool) -> Ending {
    let whole = tally.failed == 0 && tally.skipped == 0 && tally.refused == 0;
    let outcome = match (whole, aborted, tally.applied.len() + tally.pruned.len()) {
        (true, ..) => Outcome::Done,
        (false, true, _) => Outcome::Aborted,
        (false, false, 0) => Outcome::Failed,
        (false, false, _) => Outcome::Partly,
    };
    let words = summary(tally);
    let commit = &outlook.desired.commit.id;
    let what = if order.take_over { "take-over" } else { "sync" };
    let operation = record::operation(site, what, Some(commit), &words);
    let judged = |row: &Arc<ResourceRow>| !matches!(row.verdict, Verdict::Unknown | Verdict::Invalid);
    let placed = outlook.desired.is_whole();
    let deployed = (whole && tally.full && placed && outlook.rows.iter().all(judged)).then(|| Deployed {
        commit: commit.clone(),
        time: site.now.wall,
        by: site.shared.who.clone(),
    });
    let written = record::update_or_take(site, order.take_over, |record| {
        merge_inventory(record, tally, site);
        if deployed.is_some() {
            record.deployed.clone_from(&deployed);
            equal_too(record, outlook, site);
        }
        record.operations.push(operation.clone());
    })
    .await;
    keep(site, outlook).await;
    match written {
        Ok(()) => (outcome, Some(Foreign::new(words))),
        Err(why) => {
            let nothing = tally.applied.is_empty() && tally.pruned.is_empty();
            let outcome = if nothing { Outcome::Failed } else { Outcome::Partly };
            (outcome, Some(Foreign::new(format!("{words}; but {}", why.raw()))))
        }
    }
}

fn summary(tally: &Tally) -> String {
    let mut words = format!("{} applied", tally.applied.len());
    let counts = [
        (tally.pruned.len(), "deleted"),
        (tally.failed, "failed"),
        (tally.skipped, "not tried"),
        (tally.refused, "invalid in git"),
    ];
    for (count, what) in counts {
        if count > 0 {
            let _ = write!(words, ", {count} {what}");
        }
    }
    words
}

/// The key of an inventory line.
fn key_of(line: &InventoryLine, site: &Site) -> ResourceKey {
    ResourceKey {
        cluster: site.id().cluster.clone(),
        kind: line.kind.clone(),
        namespace: line.namespace.clone(),
        name: line.name.clone(),
    }
}

fn merge_inventory(record: &mut Record, tally: &Tally, site: &Site) {
    let pruned: BTreeSet<&ResourceKey> = tally.pruned.iter().collect();
    record.inventory.retain(|line| {
        let key = key_of(line, site);
        !pruned.contains(&key) && !tally.applied.contains_key(&key)
    });
    record.inventory.extend(tally.applied.values().cloned());
    record.inventory.sort_by(|a, b| (&a.kind, &a.namespace, &a.name).cmp(&(&b.kind, &b.namespace, &b.name)));
}

/// After a full sync every object of the render stands at its commit, also those that were equal already.
fn equal_too(record: &mut Record, outlook: &Outlook, site: &Site) {
    for line in &mut record.inventory {
        let key = key_of(line, site);
        if let Some(manifest) = outlook.desired.manifests.get(&key) {
            line.commit = outlook.desired.at.clone();
            line.hash = hash_of(site, manifest);
        }
    }
}

async fn keep(site: &Site, outlook: &Outlook) {
    let (site, at) = (site.clone(), outlook.desired.at.clone());
    let _ = tokio::task::spawn_blocking(move || {
        if let Some(Ok(mirror)) = site.mirror() {
            let _ = mirror.keep(site.id(), &at);
        }
    })
    .await;
}
