//! Commits in a bare repository of our own making, such as the demo's.
//!
//! Owns objects and a branch of it. Refuses transports, work trees and the mirrors of others' repositories.

use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::refs::transaction::PreviousValue;

use super::{Author, SourceError, broken, restore, transport, walk};
use crate::model::{CommitId, Credentials};

/// A bare repository that is written to. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    repo: gix::ThreadSafeRepository,
    place: String,
}

/// A commit to be made on a branch's head.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which branch; made when there is none.
    pub branch: String,
    /// Files by their `/`-separated path with their new content; `None` removes one.
    pub changes: Vec<(String, Option<Vec<u8>>)>,
    /// The whole message.
    pub message: String,
    /// Author and committer.
    pub author: Author,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({})", self.place)
    }
}

impl Writer {
    /// Makes an empty bare repository in `dir`, which must be empty or absent.
    pub fn create(dir: &Path) -> Result<Self, SourceError> {
        let place = format!("the repository {}", dir.display());
        let create = gix::create::Options { destination_must_be_empty: Some(true), ..Default::default() };
        let options = transport::open_options(&Credentials::default());
        let repo = gix::ThreadSafeRepository::init_opts(dir, gix::create::Kind::Bare, create, options);
        Ok(Self { repo: repo.map_err(|why| broken(&place, &why))?, place })
    }

    /// Adds a commit and moves the branch to it.
    ///
    /// # Errors
    /// [`SourceError::PushMoved`] when the branch moved meanwhile; nothing has changed then.
    pub fn commit(&self, draft: &Draft) -> Result<CommitId, SourceError> {
        let repo = self.repo.to_thread_local();
        let fail = |why: gix::Error| broken(&self.place, &why);
        let name = format!("refs/heads/{}", draft.branch);
        let head = head(&repo, &name).map_err(fail)?;
        let tree = self.tree(&repo, head, &draft.changes)?;
        let id = restore::commit_of(&repo, (&draft.author, &draft.message), tree, head).map_err(fail)?;
        let expected = head.map_or(PreviousValue::MustNotExist, |head| PreviousValue::MustExistAndMatch(head.into()));
        repo.reference(name, id, expected, "commit")
            .map_err(|_| SourceError::PushMoved { branch: draft.branch.clone() })?;
        Ok(CommitId::new(id.to_string()))
    }

    fn tree(
        &self,
        repo: &gix::Repository,
        head: Option<ObjectId>,
        changes: &[(String, Option<Vec<u8>>)],
    ) -> Result<ObjectId, SourceError> {
        let fail = |why: gix::Error| broken(&self.place, &why);
        let base = match head {
            Some(head) => restore::tree_of(repo, head).map_err(fail)?,
            None => repo.empty_tree(),
        };
        let mut editor = base.edit().map_err(|why| broken(&self.place, &why))?;
        for (path, content) in changes {
            if path.is_empty() || path.split('/').any(|part| part.is_empty() || walk::check_name(part).is_err()) {
                return Err(SourceError::BadUrl { why: "a path in a commit has an empty or forbidden part" });
            }
            if let Some(content) = content {
                let blob = repo.write_blob(content).map_err(|why| broken(&self.place, &why))?;
                editor.upsert(path.as_str(), EntryKind::Blob, blob).map_err(|why| broken(&self.place, &why))?;
            } else {
                editor.remove(path.as_str()).map_err(|why| broken(&self.place, &why))?;
            }
        }
        Ok(editor.write().map_err(|why| broken(&self.place, &why))?.detach())
    }
}

fn head(repo: &gix::Repository, name: &str) -> gix::Result<Option<ObjectId>> {
    let found = repo.try_find_reference(name)?;
    Ok(found.and_then(|reference| reference.try_id().map(gix::Id::detach)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::open_in_place;

    fn draft(changes: &[(&str, Option<&str>)], message: &str) -> Draft {
        let changes = changes.iter().map(|(path, text)| ((*path).to_owned(), text.map(Into::into))).collect();
        let author = Author {
            name: "Ana".to_owned(),
            email: "ana@example.com".to_owned(),
            time: "2026-10-01T08:00:00Z".parse().expect("a time"),
        };
        Draft { branch: "main".to_owned(), changes, message: message.to_owned(), author }
    }

    #[test]
    fn what_is_committed_is_read_in_place_by_who_opened_it_before() {
        let root = tempfile::tempdir().expect("a directory");
        let dir = root.path().join("r.git");
        let writer = Writer::create(&dir).expect("made");
        let first = writer.commit(&draft(&[("a/x.yaml", Some("1")), ("b.yaml", Some("2"))], "feat: first"));
        let first = first.expect("committed");
        let mirror = open_in_place(&dir).expect("opens");
        assert_eq!(mirror.resolve("main").expect("a head"), first);
        let changes = [("a/x.yaml", None), ("b.yaml", Some("3"))];
        let second = writer.commit(&draft(&changes, "fix: second\n\nwhy")).expect("committed");
        assert_eq!(mirror.resolve("main").expect("a head"), second, "the branch is seen to move");
        let tree = mirror.tree(&second).expect("a tree");
        assert_eq!(&*tree.read("b.yaml").expect("there"), b"3");
        assert!(tree.list("a").is_err(), "a directory without files is gone");
        let (history, more) = mirror.history(&second, "b.yaml", 10).expect("a history");
        let subjects: Vec<&str> = history.iter().map(|commit| commit.subject.raw()).collect();
        assert_eq!((subjects, more), (vec!["fix: second", "feat: first"], false));
        assert_eq!(history[0].author.raw(), "Ana <ana@example.com>");
    }

    #[test]
    fn the_same_drafts_make_the_same_ids() {
        let id = || {
            let root = tempfile::tempdir().expect("a directory");
            let writer = Writer::create(&root.path().join("r.git")).expect("made");
            writer.commit(&draft(&[("x", Some("1"))], "m")).expect("committed")
        };
        assert_eq!(id(), id(), "nothing but the draft goes into a commit");
    }

    #[test]
    fn no_path_leaves_the_tree() {
        let root = tempfile::tempdir().expect("a directory");
        let writer = Writer::create(&root.path().join("r.git")).expect("made");
        for path in ["../x", "a//b", "", ".git/config", "/etc"] {
            assert!(writer.commit(&draft(&[(path, Some("1"))], "m")).is_err(), "{path:?} is refused");
        }
    }
}
