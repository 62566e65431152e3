//! A plan from how an app stands: the same for the screen that shows it and for the executor that checks it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::base;
use super::desired::Desired;
use super::event::Trouble;
use super::site::Site;
use super::{judge, rendering, rows};
use crate::model::{CommitId, Digest, Plan, ResourceKey, ResourceRow, Verdict};
use crate::plan::{self, Candidate, Facts};
use crate::{diff, fields};

/// Git's side and the rows of an app at the commit that was asked for.
pub(super) struct Outlook {
    /// Git's side.
    pub desired: Arc<Desired>,
    /// What stands where.
    pub rows: Vec<Arc<ResourceRow>>,
    /// Not the commit the app follows.
    pub other: bool,
}

/// How an app stands against the commit it follows, or against `rev`.
pub(super) async fn outlook(site: &Site, rev: Option<&CommitId>) -> Result<Outlook, Trouble> {
    let own = site.desired.as_ref().filter(|own| rev.is_none_or(|rev| own.at == *rev || own.commit.id == *rev));
    if let Some(desired) = own {
        let rows = placed((site, desired), site.rows.values().cloned().collect());
        return Ok(Outlook { desired: desired.clone(), rows, other: false });
    }
    let Some(rev) = rev.cloned() else {
        return Err(Trouble::new(crate::model::ReasonCode::Loading, "not rendered yet"));
    };
    let at = site.clone();
    let made = tokio::task::spawn_blocking(move || rendering::at_commit(&at, &rev)).await;
    let desired = made.unwrap_or_else(|_| Err(Trouble::new(crate::model::ReasonCode::Other, "the render failed")))?;
    let rows = placed((site, &desired), judge::at(site, &desired).await);
    Ok(Outlook { desired, rows, other: true })
}

/// The rows without those of objects that git names in a way nobody can apply: they look gone from git, and are not. What
/// a silent cluster said is not what is.
fn placed((site, desired): (&Site, &Desired), rows: Vec<Arc<ResourceRow>>) -> Vec<Arc<ResourceRow>> {
    let rows = rows.into_iter().filter(|row| !desired.is_misplaced(&row.key)).collect();
    rows::aged(rows, site.stale.as_ref())
}

/// The plan for an outlook.
pub(super) fn plan(site: &Site, outlook: &Outlook) -> Plan {
    let desired = &outlook.desired;
    let digests: BTreeMap<ResourceKey, Digest> =
        desired.manifests.iter().map(|(key, manifest)| (key.clone(), manifest.digest.clone())).collect();
    let hash = |live| diff::live_hash(live, &site.wire.schemas);
    let live = site.lives.iter().map(|(key, live)| (key.clone(), hash(live))).collect();
    let leaving = prunable(site, outlook);
    let restart = |row: &Arc<ResourceRow>| {
        Some((row.key.clone(), diff::restart(site.lives.get(&row.key)?, &row.findings, &site.ground())?))
    };
    let record = site.record.record();
    plan::plan(&Facts {
        app: &site.app,
        protected: site.cluster.protected,
        commit: desired.commit.clone(),
        rows: &outlook.rows,
        digests: &digests,
        live: &live,
        inventory: record.map_or(0, |record| record.inventory.len()),
        paused: record.and_then(|record| record.pause_at(site.now.wall)),
        fault: desired.faults.first(),
        empty: desired.is_empty(),
        other_revision: outlook.other,
        prunable: &leaving,
        restarts: &outlook.rows.iter().filter_map(restart).collect(),
        stale: site.stale.as_ref().map(|reason| &reason.message),
    })
}

/// What the prune rule says of each extra object (drift.md, *Prune*): its uid, or why it stays.
fn prunable(site: &Site, outlook: &Outlook) -> BTreeMap<ResourceKey, Result<Arc<str>, &'static str>> {
    let held = |namespace: &str| {
        let place = (site.id().cluster.clone(), namespace.to_owned());
        site.shared.held_namespaces.contains(&place) || namespace == site.record_namespace()
    };
    let extra = outlook.rows.iter().filter(|row| row.verdict == Verdict::Extra);
    extra
        .filter_map(|row| {
            let live = site.lives.get(&row.key)?;
            let object = serde_json::from_str(&live.json).unwrap_or_default();
            let allowed = plan::prunable(&Candidate {
                row,
                line: base::line_of(site, &row.key),
                uid: &live.uid,
                has_our_apply: fields::ours(&fields::managed(&object), fields::MANAGER).is_some(),
                has_controller: diff::has_controller(&object),
                complete: outlook.desired.is_whole(),
                held: &held,
            });
            Some((row.key.clone(), allowed.map(|()| live.uid.clone())))
        })
        .collect()
}
