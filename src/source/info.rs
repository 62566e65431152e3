//! What a commit says of itself.
//!
//! Owns subject, author and time as history rows need them. Refuses to trust any of it: names are foreign text, dates
//! may be impossible, messages may be huge.

use gix::ObjectId;
use jiff::Timestamp;

use super::{Inner, SourceError, broken, object_id};
use crate::model::{CommitId, CommitInfo, Foreign};

/// The longest subject kept, in characters.
const SUBJECT: usize = 500;
/// The largest commit object read.
const COMMIT_BYTES: u64 = 4 * 1024 * 1024;
/// The most commits counted.
const COUNTED: usize = 10_000;

/// The tree of a commit.
pub(super) fn root(inner: &Inner, repo: &gix::Repository, commit: &CommitId) -> Result<ObjectId, SourceError> {
    let commit = find(inner, repo, object_id(commit)?)?;
    commit.tree_id().map(gix::Id::detach).map_err(|why| broken(&inner.place(), &why))
}

pub(super) fn of(inner: &Inner, repo: &gix::Repository, id: ObjectId) -> Result<CommitInfo, SourceError> {
    let commit = find(inner, repo, id)?;
    let subject = match commit.message_raw() {
        Ok(message) => String::from_utf8_lossy(message).trim_start().lines().next().unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    };
    let author = commit.author().ok();
    let name = author.as_ref().map_or_else(String::new, |who| {
        format!("{} <{}>", String::from_utf8_lossy(who.name), String::from_utf8_lossy(who.email))
    });
    let time = author.and_then(|who| who.time().ok()).and_then(|time| Timestamp::from_second(time.seconds).ok());
    let cut = |text: String| Foreign::new(text.chars().take(SUBJECT).collect::<String>());
    Ok(CommitInfo { id: CommitId::new(id.to_string()), subject: cut(subject), author: cut(name), time })
}

fn find<'r>(inner: &Inner, repo: &'r gix::Repository, id: ObjectId) -> Result<gix::Commit<'r>, SourceError> {
    let Some(header) = repo.try_find_header(id).map_err(|why| broken(&inner.place(), &why))? else {
        return Err(SourceError::RevisionNotFound { revision: id.to_string() });
    };
    if header.size() > COMMIT_BYTES {
        return Err(SourceError::TooLarge { what: "a commit's message", limit: COMMIT_BYTES });
    }
    repo.find_commit(id).map_err(|why| broken(&inner.place(), &why))
}

pub(super) fn ahead(repo: &gix::Repository, from: ObjectId, to: ObjectId) -> gix::Result<usize> {
    let walk = repo.rev_walk([to]).with_hidden([from]).all()?;
    let mut count = 0;
    for commit in walk.take(COUNTED) {
        commit?;
        count += 1;
    }
    Ok(count)
}
