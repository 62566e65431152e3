//! What a revision may be: a branch, a tag, a commit. Nothing of git's larger language (hostile config 11-13).

use gix::ObjectId;

use super::{Inner, SourceError, broken};
use crate::model::CommitId;

/// The longest chain of tags followed.
const TAGS: usize = 10;

/// Refuses what is no plain name (git-check-ref-format(1), gitrevisions(7)).
pub(super) fn check(revision: &str) -> Result<(), SourceError> {
    let refuse = |why| Err(SourceError::BadRevision { revision: revision.to_owned(), why });
    if revision.is_empty() || revision.len() > 250 {
        return refuse("it is empty or longer than 250 bytes");
    }
    if revision.starts_with(['-', '/', '.']) || revision.ends_with(['/', '.']) {
        return refuse("it begins or ends with a dash, dot or slash");
    }
    if revision.contains("..") || revision.contains("@{") || revision.contains("//") {
        return refuse("ranges and reflog words are not names");
    }
    if revision.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c)) {
        return refuse("it holds a blank, a control character or one of ~^:?*[\\");
    }
    Ok(())
}

/// The refs a name may mean, first wins.
pub(super) fn names(revision: &str) -> [String; 3] {
    let full = if revision.starts_with("refs/") { revision.to_owned() } else { String::new() };
    [format!("refs/heads/{revision}"), format!("refs/tags/{revision}"), full]
}

/// Whether it could be a commit id or a prefix of one.
pub(super) fn is_hex(revision: &str) -> bool {
    (7..=40).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a full commit id.
pub(super) fn is_full(revision: &str) -> bool {
    revision.len() == 40 && is_hex(revision)
}

/// A commit by id or unique prefix.
pub(super) fn by_hex(repo: &gix::Repository, revision: &str) -> Result<CommitId, SourceError> {
    let absent = || SourceError::RevisionNotFound { revision: revision.to_owned() };
    let prefix = gix::hash::Prefix::from_hex(revision).map_err(|_| absent())?;
    let found = repo.objects.lookup_prefix(prefix, None).map_err(|_| absent())?;
    match found {
        Some(Ok(id)) => peel(repo, id, revision).map(|id| CommitId::new(id.to_string())),
        Some(Err(())) => {
            Err(SourceError::BadRevision { revision: revision.to_owned(), why: "several objects begin with it" })
        }
        None => Err(absent()),
    }
}

/// A revision from what lies here.
pub(super) fn resolve(inner: &Inner, revision: &str) -> Result<CommitId, SourceError> {
    check(revision)?;
    let repo = inner.local();
    for name in names(revision).iter().filter(|name| !name.is_empty()) {
        let found = repo.try_find_reference(name.as_str()).map_err(|why| broken(&inner.place(), &why))?;
        if let Some(id) = found.and_then(|reference| reference.try_id().map(gix::Id::detach)) {
            return peel(&repo, id, revision).map(|id| CommitId::new(id.to_string()));
        }
    }
    if is_hex(revision) {
        by_hex(&repo, revision)
    } else {
        Err(SourceError::RevisionNotFound { revision: revision.to_owned() })
    }
}

/// Follows tags to a commit.
pub(super) fn peel(repo: &gix::Repository, id: ObjectId, revision: &str) -> Result<ObjectId, SourceError> {
    let not = |why| SourceError::BadRevision { revision: revision.to_owned(), why };
    let mut id = id;
    for _ in 0..TAGS {
        let object = repo.find_object(id).map_err(|why| broken("the mirror", &why))?;
        match object.kind {
            gix::objs::Kind::Commit => return Ok(id),
            gix::objs::Kind::Tag => {
                id = object.into_tag().target_id().map_err(|why| broken("the mirror", &why))?.detach();
            }
            _ => return Err(not("it names no commit")),
        }
    }
    Err(not("it is a chain of more than ten tags"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_revisions() {
        for good in ["main", "release/1.2", "v1.0", "0123abc"] {
            assert!(check(good).is_ok(), "{good} is a plain name");
        }
        for bad in ["", "-x", ":/re", "HEAD~1", "main^{/x}", "main@{1}", "a..b", "a b", "a\nb", "a\0b", "/a", "a:b"] {
            assert!(matches!(check(bad), Err(SourceError::BadRevision { .. })), "{bad:?} is more than a name");
        }
    }
}
