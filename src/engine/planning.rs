//! A plan from how an app stands: the same for the screen that shows it and for the executor that checks it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::base;
use super::desired::Desired;
use super::event::Trouble;
use super::site::Site;
use super::{judge, rendering};
use crate::model::{CommitId, Digest, Live, Plan, ResourceKey, ResourceRow, Verdict};
use crate::plan::{self, Facts};
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
        return Ok(Outlook { desired: desired.clone(), rows: site.rows.values().cloned().collect(), other: false });
    }
    let Some(rev) = rev.cloned() else {
        return Err(Trouble::new(crate::model::ReasonCode::Loading, "not rendered yet"));
    };
    let at = site.clone();
    let made = tokio::task::spawn_blocking(move || rendering::at_commit(&at, &rev)).await;
    let desired = made.unwrap_or_else(|_| Err(Trouble::new(crate::model::ReasonCode::Other, "the render failed")))?;
    let rows = judge::at(site, &desired).await;
    Ok(Outlook { desired, rows, other: true })
}

/// The plan for an outlook.
pub(super) fn plan(site: &Site, outlook: &Outlook) -> Plan {
    let desired = &outlook.desired;
    let digests: BTreeMap<ResourceKey, Digest> =
        desired.manifests.iter().map(|(key, manifest)| (key.clone(), manifest.digest.clone())).collect();
    let live = site.lives.iter().map(|(key, live)| (key.clone(), diff::live_hash(live))).collect();
    let leaving = prunable(site, outlook);
    let record = site.record.record();
    plan::plan(&Facts {
        app: &site.app,
        protected: site.cluster.protected,
        commit: desired.commit.clone(),
        rows: &outlook.rows,
        digests: &digests,
        live: &live,
        inventory: record.map_or(0, |record| record.inventory.len()),
        record: record.map(|record| &**record),
        complete: desired.is_complete(),
        empty: desired.is_empty(),
        other_revision: outlook.other,
        prunable: &leaving,
    })
}

/// Extra objects that may be pruned at all, with the uid they may be pruned under (drift.md, *Prune*).
fn prunable(site: &Site, outlook: &Outlook) -> BTreeMap<ResourceKey, Arc<str>> {
    let extra = outlook.rows.iter().filter(|row| row.verdict == Verdict::Extra);
    extra
        .filter_map(|row| {
            let live = site.lives.get(&row.key)?;
            let listed = base::line_of(site, &row.key);
            let ours = is_ours(live);
            plan::prunable(row, listed, Some(&live.uid), ours, outlook.desired.is_complete()).ok()?;
            Some((row.key.clone(), live.uid.clone()))
        })
        .collect()
}

/// Whether live carries our Apply entry.
fn is_ours(live: &Live) -> bool {
    let Ok(object) = serde_json::from_str(&live.json) else { return false };
    fields::ours(&fields::managed(&object), fields::MANAGER).is_some()
}
