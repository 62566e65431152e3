//! The app screen's state: one app's objects in groups by wave, problems first, groups folded by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AppId, AppRow, Fleet, ResourceKey, ResourceRow, Verdict};

use super::cursor::{Cursor, Motion};

/// A group of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Applied together.
    Wave(i32),
    /// Synced once, gone from git.
    Extra,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeKey {
    /// A group's head.
    Group(Group),
    /// An object.
    Object(ResourceKey),
}

/// One app's objects.
#[derive(Clone, Debug)]
pub struct TreeScreen {
    /// Whose.
    pub app: AppId,
    /// Where.
    pub cursor: Cursor<TreeKey>,
    /// The rows that are not folded away.
    pub rows: Vec<TreeKey>,
    folded: BTreeSet<Group>,
}

impl TreeScreen {
    /// The app's tree, the cursor on its worst object.
    pub fn new(app: AppId, fleet: &Fleet) -> Self {
        let mut screen = Self { app, cursor: Cursor::default(), rows: Vec::new(), folded: BTreeSet::new() };
        screen.see(fleet);
        let worst = fleet.app(&screen.app).and_then(|row| row.resources.iter().min_by_key(|object| object.verdict));
        if let Some(worst) = worst {
            screen.cursor.jump(&screen.rows, &TreeKey::Object(worst.key.clone()));
        }
        screen
    }

    /// A new picture came.
    pub fn see(&mut self, fleet: &Fleet) {
        self.rows = fleet.app(&self.app).map_or_else(Vec::new, |row| self.rows_of(row));
        self.cursor.settle(&self.rows);
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        self.cursor.go(&self.rows, motion);
    }

    /// To the next or the previous group.
    pub fn next_group(&mut self, forward: bool) {
        let at = self.cursor.row();
        let is_group = |row: &usize| matches!(self.rows[*row], TreeKey::Group(_));
        let found = if forward { (at + 1..self.rows.len()).find(is_group) } else { (0..at).rev().find(is_group) };
        if let Some(row) = found {
            let key = self.rows[row].clone();
            self.cursor.jump(&self.rows, &key);
        }
    }

    /// Folds or unfolds the group under the cursor.
    pub fn fold(&mut self, fold: bool, fleet: &Fleet) {
        let Some(group) = self.group_here(fleet) else { return };
        if fold {
            self.folded.insert(group);
            self.cursor = Cursor::on(TreeKey::Group(group));
        } else {
            self.folded.remove(&group);
        }
        self.see(fleet);
    }

    /// Whether the group is folded.
    pub fn is_folded(&self, group: Group) -> bool {
        self.folded.contains(&group)
    }

    /// The object under the cursor.
    pub fn object(&self) -> Option<&ResourceKey> {
        match self.cursor.key() {
            Some(TreeKey::Object(key)) => Some(key),
            _ => None,
        }
    }

    fn group_here(&self, fleet: &Fleet) -> Option<Group> {
        match self.cursor.key()? {
            TreeKey::Group(group) => Some(*group),
            TreeKey::Object(key) => Some(group_of(object(fleet.app(&self.app)?, key)?)),
        }
    }

    fn rows_of(&self, row: &AppRow) -> Vec<TreeKey> {
        let mut groups: BTreeMap<Group, Vec<&ResourceRow>> = BTreeMap::new();
        for object in &row.resources {
            groups.entry(group_of(object)).or_default().push(object);
        }
        let mut rows = Vec::with_capacity(row.resources.len() + groups.len());
        for (group, mut objects) in groups {
            rows.push(TreeKey::Group(group));
            if !self.folded.contains(&group) {
                objects.sort_by(|a, b| (a.verdict, &a.key).cmp(&(b.verdict, &b.key)));
                rows.extend(objects.iter().map(|object| TreeKey::Object(object.key.clone())));
            }
        }
        rows
    }
}

/// The group that an object belongs to.
pub fn group_of(object: &ResourceRow) -> Group {
    if object.verdict == Verdict::Extra { Group::Extra } else { Group::Wave(object.wave) }
}

/// The object of that key; rows are sorted by it.
pub fn object<'a>(row: &'a AppRow, key: &ResourceKey) -> Option<&'a ResourceRow> {
    let at = row.resources.binary_search_by(|object| object.key.cmp(key)).ok();
    at.and_then(|at| row.resources.get(at)).map(AsRef::as_ref)
}
