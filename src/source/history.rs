//! The history of paths, as `git log -- path…` lists it by default (git-log(1), History Simplification).
//!
//! Owns the walk and its memo: an unchanged directory costs one look-up. A commit is listed when the paths differ from
//! every parent; a merge that equals one parent is passed over and only that parent followed. Refuses endless walks.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::ObjectId;

/// The most commits walked for one answer.
const WALKED: usize = 200_000;

/// What the paths are in one commit: an object id each.
type Content = Vec<Option<(ObjectId, u16)>>;

pub(super) struct Walk<'r> {
    repo: &'r gix::Repository,
    paths: Vec<Vec<String>>,
    memo: HashMap<(ObjectId, usize, usize), Option<(ObjectId, u16)>>,
    commits: HashMap<ObjectId, Seen>,
}

#[derive(Clone)]
struct Seen {
    time: i64,
    parents: Vec<ObjectId>,
    content: Content,
}

impl<'r> Walk<'r> {
    pub fn new(repo: &'r gix::Repository, paths: &[String]) -> Self {
        let split = |path: &String| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self { repo, paths: paths.iter().map(split).collect(), memo: HashMap::new(), commits: HashMap::new() }
    }

    /// The newest `limit` commits, and whether there are more.
    pub fn list(&mut self, from: ObjectId, limit: usize) -> gix::Result<(Vec<ObjectId>, bool)> {
        let mut queue = BinaryHeap::new();
        let mut queued = HashSet::from([from]);
        let mut turn = 0_u64;
        queue.push((self.see(from)?.time, Reverse(turn), from));
        let mut listed = Vec::new();
        while let Some((_, _, id)) = queue.pop() {
            let (shown, follow) = self.simplify(id)?;
            if shown {
                if listed.len() == limit {
                    return Ok((listed, true));
                }
                listed.push(id);
            }
            if queued.len() > WALKED {
                return Ok((listed, true));
            }
            for parent in follow {
                if queued.insert(parent) {
                    turn += 1;
                    queue.push((self.see(parent)?.time, Reverse(turn), parent));
                }
            }
        }
        Ok((listed, false))
    }

    /// Whether a commit is listed, and which parents are followed (revision.c, `try_to_simplify_commit`).
    fn simplify(&mut self, id: ObjectId) -> gix::Result<(bool, Vec<ObjectId>)> {
        let seen = self.see(id)?;
        if seen.parents.is_empty() {
            return Ok((seen.content.iter().any(Option::is_some), Vec::new()));
        }
        for parent in &seen.parents {
            if self.see(*parent)?.content == seen.content {
                return Ok((false, vec![*parent]));
            }
        }
        Ok((true, seen.parents))
    }

    fn see(&mut self, id: ObjectId) -> gix::Result<Seen> {
        if let Some(seen) = self.commits.get(&id) {
            return Ok(seen.clone());
        }
        let commit = self.repo.find_commit(id)?;
        let time = commit.time().map(|time| time.seconds).unwrap_or_default();
        let mut parents: Vec<ObjectId> = commit.parent_ids().map(gix::Id::detach).collect();
        // The edge of a shallow mirror: a parent that is not here ends the walk, as in git.
        if self.repo.is_shallow().unwrap_or(false) {
            parents.retain(|parent| self.repo.has_object(parent));
        }
        let tree = commit.tree_id()?.detach();
        let content = (0..self.paths.len()).map(|path| self.at(tree, path, 0)).collect::<gix::Result<_>>()?;
        let seen = Seen { time, parents, content };
        self.commits.insert(id, seen.clone());
        Ok(seen)
    }

    fn at(&mut self, tree: ObjectId, path: usize, depth: usize) -> gix::Result<Option<(ObjectId, u16)>> {
        let Some(name) = self.paths.get(path).and_then(|parts| parts.get(depth)).cloned() else {
            return Ok(Some((tree, 0)));
        };
        if let Some(known) = self.memo.get(&(tree, path, depth)) {
            return Ok(*known);
        }
        let entry = self.repo.find_tree(tree)?.find_entry(name.as_str()).map(|e| (e.object_id(), e.mode()));
        let is_last = self.paths.get(path).is_some_and(|parts| parts.len() == depth + 1);
        let found = match entry {
            Some((id, mode)) if is_last => Some((id, mode.value())),
            Some((id, mode)) if mode.is_tree() => self.at(id, path, depth + 1)?,
            _ => None,
        };
        self.memo.insert((tree, path, depth), found);
        Ok(found)
    }
}
