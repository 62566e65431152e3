//! Revisions as people name them: a branch, a tag, the first letters of a commit. Asked of the mirror before a query is
//! answered, so that everything behind it speaks of full commit ids.

use crate::engine::adapt;
use crate::engine::event::Trouble;
use crate::engine::site::Site;
use crate::model::{CommitId, Query, ReasonCode};

/// The query with the full id of the commit it names.
pub(super) async fn resolved(site: &Site, query: &Query) -> Result<Query, Trouble> {
    let mut query = query.clone();
    match &mut query {
        Query::DiffOf { rev: Some(rev), .. } | Query::PlanFor { rev: Some(rev), .. } => {
            *rev = commit(site, rev).await?;
        }
        Query::PreviewRevert { to, .. } => *to = commit(site, to).await?,
        _ => {}
    }
    Ok(query)
}

async fn commit(site: &Site, named: &CommitId) -> Result<CommitId, Trouble> {
    let text = named.as_str();
    if text.starts_with("dir:") || (text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Ok(named.clone());
    }
    let (at, text) = (site.clone(), text.to_owned());
    let found = tokio::task::spawn_blocking(move || match at.mirror() {
        Some(mirror) => mirror.and_then(|mirror| mirror.resolve(&text)).map_err(|error| adapt::source(&error)),
        None => Err(Trouble::new(ReasonCode::RevisionNotFound, "a directory has no revisions")),
    });
    found.await.unwrap_or_else(|_| Err(Trouble::new(ReasonCode::Other, "the revision could not be looked up")))
}
