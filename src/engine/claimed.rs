//! What other deployers claim about an app's source, as a base (drift.md *Inputs*, P).

use super::execute::plain_url;
use super::site::Site;
use crate::model::{CommitId, Location};

/// The commit that the one claim for the app's repository and path names; claims that disagree say nothing.
pub(super) fn commit_of(site: &Site) -> Option<CommitId> {
    let Location::Git { path, .. } = &site.app.source.location else { return None };
    let own = plain_url(site.source_url().raw());
    let mut mine = site.wire.claims.iter().filter(|claim| claim.path == *path && plain_url(&claim.url) == own);
    let first = mine.next()?;
    mine.all(|claim| claim.commit == first.commit).then(|| first.commit.clone())
}
