//! Building the commit of a revert: paths put back as they were, on top of head.
//!
//! Owns the tree edit and the list of files it changes. Refuses to move any branch: objects only.

use gix::ObjectId;
use gix::diff::tree_with_rewrites::Change;

use super::{Author, FileAct, Restore, Restored, SourceError, broken, object_id, walk};
use crate::model::{CommitId, Foreign};

/// The most changed files listed.
const FILES: usize = 20_000;

pub(super) fn build(repo: &gix::Repository, place: &str, order: &Restore) -> Result<Restored, SourceError> {
    let head = object_id(&order.head)?;
    let to = object_id(&order.to)?;
    let fail = |why: gix::Error| broken(place, &why);
    let head_tree = tree_of(repo, head).map_err(fail)?;
    let to_tree = tree_of(repo, to).map_err(fail)?;
    let new = edit(&head_tree, &to_tree, order, place)?;
    if new == head_tree.id {
        return Ok(Restored { commit: None, files: Vec::new() });
    }
    let files = changes(repo, &head_tree, new).map_err(fail)?;
    if files.len() > FILES {
        return Err(SourceError::TooLarge { what: "the list of restored files", limit: FILES as u64 });
    }
    let commit = commit_of(repo, (&order.author, &order.message), new, Some(head)).map_err(fail)?;
    Ok(Restored { commit: Some(CommitId::new(commit.to_string())), files })
}

pub(super) fn tree_of(repo: &gix::Repository, commit: ObjectId) -> gix::Result<gix::Tree<'_>> {
    repo.find_commit(commit)?.tree()
}

fn edit(head: &gix::Tree<'_>, to: &gix::Tree<'_>, order: &Restore, place: &str) -> Result<ObjectId, SourceError> {
    let fail = |why: gix::Error| broken(place, &why);
    let mut editor = head.edit().map_err(fail)?;
    for path in &order.paths {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| walk::check_name(part).is_err()) {
            return Err(SourceError::PathNotFound { path: path.clone(), commit: order.to.short().to_owned() });
        }
        if parts.is_empty() {
            editor.set_root(to).map_err(fail)?;
            continue;
        }
        let then = to.lookup_entry(parts.iter().copied()).map_err(fail)?;
        let now = head.lookup_entry(parts.iter().copied()).map_err(fail)?;
        match (then, now) {
            (Some(entry), _) => {
                editor.upsert(parts.join("/"), entry.mode().kind(), entry.object_id()).map_err(fail)?;
            }
            (None, Some(_)) => {
                editor.remove(parts.join("/")).map_err(fail)?;
            }
            (None, None) => {
                return Err(SourceError::PathNotFound { path: path.clone(), commit: order.to.short().to_owned() });
            }
        }
    }
    Ok(editor.write().map_err(fail)?.detach())
}

fn changes(repo: &gix::Repository, old: &gix::Tree<'_>, new: ObjectId) -> gix::Result<Vec<(Foreign, FileAct)>> {
    let new = repo.find_tree(new)?;
    let options = gix::diff::Options::default().with_rewrites(None);
    let changes = repo.diff_tree_to_tree(Some(old), Some(&new), Some(options))?;
    let mut files: Vec<(Foreign, FileAct)> = changes.iter().filter_map(file_act).collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

fn file_act(change: &Change) -> Option<(Foreign, FileAct)> {
    let (location, mode, act) = match change {
        Change::Addition { location, entry_mode, .. } => (location, entry_mode, FileAct::Added),
        Change::Deletion { location, entry_mode, .. } => (location, entry_mode, FileAct::Removed),
        Change::Modification { location, entry_mode, .. } | Change::Rewrite { location, entry_mode, .. } => {
            (location, entry_mode, FileAct::Changed)
        }
    };
    (!mode.is_tree()).then(|| (Foreign::new(String::from_utf8_lossy(location).into_owned()), act))
}

/// A commit object that no branch names.
pub(super) fn commit_of(
    repo: &gix::Repository,
    (author, message): (&Author, &str),
    tree: ObjectId,
    parent: Option<ObjectId>,
) -> gix::Result<ObjectId> {
    let signature = signature(author);
    let mut buffer = gix::date::parse::TimeBuf::default();
    let who = signature.to_ref(&mut buffer);
    Ok(repo.new_commit_as(who, who, message, tree, parent)?.id)
}

/// Git ends a name at `<` and a header at a newline.
fn signature(author: &Author) -> gix::actor::Signature {
    let clean = |text: &str| text.replace(['<', '>', '\n', '\r', '\0'], "").trim().to_owned();
    gix::actor::Signature {
        name: clean(&author.name).into(),
        email: clean(&author.email).into(),
        time: gix::date::Time::new(author.time.as_second(), 0),
    }
}
