//! The diff screen's state: the lines on screen, the change under the cursor, who, folded, swapped.

use std::sync::Arc;

use crate::model::{AppId, CommitId, DiffLine, DiffMark, DiffObject, DiffView, ResourceKey, Verdict};

use super::cursor::{Cursor, Motion};
use super::screen::Asked;

/// One row: an object's head, or one of its lines.
pub type Spot = (ResourceKey, Option<usize>);

/// A diff.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own, with a key of its own")]
pub struct DiffScreen {
    /// Whose.
    pub app: AppId,
    /// One object, or all that differ.
    pub key: Option<ResourceKey>,
    /// Against another commit than the desired one.
    pub rev: Option<CommitId>,
    /// The answer.
    pub asked: Asked<DiffView>,
    /// Where.
    pub cursor: Cursor<Spot>,
    /// The who and when columns.
    pub who: bool,
    /// Equal lines are hidden.
    pub folded: bool,
    /// Git's side first.
    pub swapped: bool,
    /// What rules hide is shown.
    pub hidden: bool,
    /// What is on screen.
    pub rows: Vec<Spot>,
    /// The rows at which a change begins.
    starts: Vec<usize>,
}

impl DiffScreen {
    /// A diff that was just asked for.
    pub fn new(app: AppId, key: Option<ResourceKey>, rev: Option<CommitId>) -> Self {
        Self {
            app,
            key,
            rev,
            asked: Asked::default(),
            cursor: Cursor::default(),
            who: false,
            folded: false,
            swapped: false,
            hidden: false,
            rows: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// The answer is here.
    pub fn set(&mut self, view: Arc<DiffView>) {
        let first = self.asked.ready.is_none();
        self.asked.ready = Some(view);
        self.lay_out();
        if first {
            self.next_change(true);
        }
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        self.cursor.go(&self.rows, motion);
    }

    /// Hides or shows equal lines.
    pub fn toggle_fold(&mut self) {
        self.folded = !self.folded;
        self.lay_out();
    }

    /// Shows or hides what rules hide.
    pub fn toggle_hidden(&mut self) {
        self.hidden = !self.hidden;
        self.lay_out();
    }

    /// The object and the line under the cursor.
    pub fn here(&self) -> Option<(&DiffObject, Option<usize>)> {
        let (key, line) = self.cursor.key()?;
        let object = self.asked.ready.as_ref()?.objects.iter().find(|object| object.key == *key)?;
        Some((object, *line))
    }

    /// To the next or the previous change; a change is a run of lines that differ.
    pub fn next_change(&mut self, forward: bool) {
        let starts = &self.starts;
        let at = self.cursor.row();
        let found = if forward {
            let here = self.cursor.key().is_some_and(|spot| spot.1.is_some());
            starts.iter().find(|start| **start > at || (!here && **start == at))
        } else {
            starts.iter().rev().find(|start| **start < at)
        };
        let found = found.copied();
        self.jump(found);
    }

    /// To the next or the previous object.
    pub fn next_object(&mut self, forward: bool) {
        let at = self.cursor.row();
        let is_head = |row: &usize| self.rows[*row].1.is_none();
        let found = if forward { (at + 1..self.rows.len()).find(is_head) } else { (0..at).rev().find(is_head) };
        self.jump(found);
    }

    /// Which change of how many the cursor is on, from 1; 0 before the first.
    pub fn change(&self) -> (usize, usize) {
        let starts = &self.starts;
        (starts.iter().filter(|start| **start <= self.cursor.row()).count(), starts.len())
    }

    fn jump(&mut self, row: Option<usize>) {
        if let Some(spot) = row.and_then(|row| self.rows.get(row)).cloned() {
            self.cursor.jump(&self.rows, &spot);
        }
    }

    fn lay_out(&mut self) {
        let Some(view) = self.asked.ready.clone() else { return };
        self.rows.clear();
        self.starts.clear();
        let (hidden, folded) = (self.hidden, self.folded);
        let has = |line: &DiffLine| (hidden || line.mark != DiffMark::Ignored) && (!folded || is_shown(line.mark));
        for object in view.objects.iter().filter(|object| hidden || !is_hidden(object)) {
            self.rows.push((object.key.clone(), None));
            let mut before = false;
            for (at, line) in object.lines.iter().enumerate().filter(|(_, line)| has(line)) {
                let differs = matches!(line.mark, DiffMark::Live | DiffMark::Git | DiffMark::Stays);
                if differs && !before {
                    self.starts.push(self.rows.len());
                }
                before = differs;
                self.rows.push((object.key.clone(), Some(at)));
            }
        }
        self.cursor.settle(&self.rows);
    }
}

/// Whether all that differs in an object is hidden by rules.
pub fn is_hidden(object: &DiffObject) -> bool {
    object.verdict == Verdict::Synced && object.stat == (0, 0)
}

/// Whether a line stays when equal lines are folded away.
fn is_shown(mark: DiffMark) -> bool {
    !matches!(mark, DiffMark::Context | DiffMark::Fold(_))
}
