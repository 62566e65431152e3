//! The text of what differs: masked in `diff`, here only gathered and put in order.

use std::sync::Arc;

use crate::diff;
use crate::engine::event::Trouble;
use crate::engine::planning;
use crate::engine::site::Site;
use crate::model::{CommitId, Comparison, DiffObject, DiffView, ResourceKey, ResourceRow, Verdict};

/// The diff of an app's differing objects, or of one object.
pub(super) async fn diff(
    site: &Site,
    key: Option<&ResourceKey>,
    rev: Option<&CommitId>,
) -> Result<Arc<DiffView>, Trouble> {
    let outlook = planning::outlook(site, rev).await?;
    let compared = outlook.rows.len();
    let wanted = |row: &&Arc<ResourceRow>| key.map_or_else(|| differs(row), |key| row.key == *key);
    let mut rows: Vec<Arc<ResourceRow>> = outlook.rows.iter().filter(wanted).cloned().collect();
    rows.sort_by(|a, b| (a.verdict, &a.key).cmp(&(b.verdict, &b.key)));
    let (site, desired) = (site.clone(), outlook.desired.clone());
    let (app, commit) = (site.id().clone(), desired.commit.clone());
    let texts = tokio::task::spawn_blocking(move || {
        rows.iter().map(|row| text(&site, &desired, row)).collect::<Vec<DiffObject>>()
    });
    let objects = texts.await.map_err(|_| {
        Trouble::new(crate::model::ReasonCode::Other, "the diff ended by a fault of its own; see the log")
    })?;
    Ok(Arc::new(DiffView { app, commit, objects, compared }))
}

fn differs(row: &ResourceRow) -> bool {
    !row.findings.is_empty() || !row.hidden.is_empty() || !matches!(row.verdict, Verdict::Synced | Verdict::Unknown)
}

fn text(site: &Site, desired: &crate::engine::desired::Desired, row: &ResourceRow) -> DiffObject {
    let ground = site.ground();
    let comparison = comparison(row);
    let git = desired.manifests.get(&row.key);
    diff::text_diff(git, site.lives.get(&row.key), &comparison, &ground)
}

/// The judgement that a row was made of.
fn comparison(row: &ResourceRow) -> Comparison {
    Comparison {
        verdict: row.verdict,
        moved: row.moved,
        base: row.base,
        basis: row.basis,
        pending: row.pending,
        findings: row.findings.clone(),
        hidden: row.hidden.clone(),
        refused: row.refused.clone(),
        reason: row.reason.clone(),
        unadopted: row.unadopted,
    }
}
