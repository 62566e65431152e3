//! The fleet screen's state: the order, the filter, the marks. Sorting waits two seconds after the last key, so that
//! nothing moves under the operator's hands.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{AppId, AppRow, Fleet, Verdict};

use super::cursor::{Cursor, Motion};
use super::filter::{Filter, NoSuchFilter};
use super::status::Status;

const HOLD: Duration = Duration::from_secs(2);

/// All apps.
#[derive(Clone, Debug, Default)]
pub struct FleetScreen {
    /// What is listed, in order.
    pub order: Vec<AppId>,
    /// Where.
    pub cursor: Cursor<AppId>,
    /// Marked by Space.
    pub marks: BTreeSet<AppId>,
    /// Only what is not synced.
    pub problems: bool,
    text: String,
    filter: Filter,
    wrong: Option<NoSuchFilter>,
    moved: Option<Duration>,
    due: bool,
}

impl FleetScreen {
    /// The filter as typed.
    pub fn filter_text(&self) -> &str {
        &self.text
    }

    /// What is wrong with the filter.
    pub fn wrong(&self) -> Option<&NoSuchFilter> {
        self.wrong.as_ref()
    }

    /// A better order waits until the keys are quiet.
    pub fn is_due(&self) -> bool {
        self.due
    }

    /// When a held order is to be looked at again.
    pub fn wake(&self) -> Option<Duration> {
        self.moved.filter(|_| self.due).map(|moved| moved + HOLD)
    }

    /// A key moved the cursor.
    pub fn touch(&mut self, now: Duration) {
        self.moved = Some(now);
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        self.cursor.go(&self.order, motion);
    }

    /// Types a filter; a wrong one leaves the last good one in force. What is typed is looked at from its worst match on.
    pub fn set_filter(&mut self, text: &str, fleet: &Fleet) {
        let narrowed = text != self.text && !text.is_empty();
        text.clone_into(&mut self.text);
        match Filter::parse(text) {
            Ok(filter) => (self.filter, self.wrong) = (filter, None),
            Err(wrong) => self.wrong = Some(wrong),
        }
        self.sort(fleet);
        if narrowed {
            self.go(Motion::Top);
        }
    }

    /// Problems or all.
    pub fn toggle_problems(&mut self, fleet: &Fleet) {
        self.problems = !self.problems;
        self.sort(fleet);
    }

    /// Marks or unmarks the app under the cursor.
    pub fn toggle_mark(&mut self) {
        if let Some(id) = self.cursor.key().cloned()
            && !self.marks.remove(&id)
        {
            self.marks.insert(id);
        }
        self.go(Motion::By(1));
    }

    /// To the next app of another status.
    pub fn next_status(&mut self, fleet: &Fleet, forward: bool) {
        let status = |id: &AppId| fleet.app(id).map(|row| Status::of_app(row, fleet));
        let here = self.cursor.key().and_then(status);
        let at = self.cursor.row();
        let found = if forward {
            (at..self.order.len()).find(|row| status(&self.order[*row]) != here)
        } else {
            (0..at).rev().find(|row| status(&self.order[*row]) != here)
        };
        if let Some(row) = found {
            let id = self.order[row].clone();
            self.cursor.jump(&self.order, &id);
        }
    }

    /// A new picture came.
    pub fn see(&mut self, fleet: &Fleet, now: Duration) {
        self.marks.retain(|id| fleet.app(id).is_some());
        if self.moved.is_some_and(|moved| now < moved + HOLD) {
            self.keep_order(fleet);
        } else {
            self.sort(fleet);
        }
        if self.moved.is_none() {
            self.go(Motion::Top);
        }
    }

    /// Time goes on: a held order may settle.
    pub fn tick(&mut self, fleet: &Fleet, now: Duration) {
        if self.wake().is_some_and(|wake| now >= wake) {
            self.sort(fleet);
        }
    }

    fn keep_order(&mut self, fleet: &Fleet) {
        let fresh = self.sorted(fleet);
        let shown: BTreeSet<&AppId> = fresh.iter().collect();
        let mut order: Vec<AppId> = self.order.iter().filter(|id| shown.contains(id)).cloned().collect();
        let known: BTreeSet<AppId> = order.iter().cloned().collect();
        order.extend(fresh.iter().filter(|id| !known.contains(id)).cloned());
        self.due = order != fresh;
        self.order = order;
        self.cursor.settle(&self.order);
    }

    fn sort(&mut self, fleet: &Fleet) {
        self.order = self.sorted(fleet);
        self.due = false;
        self.cursor.settle(&self.order);
    }

    fn sorted(&self, fleet: &Fleet) -> Vec<AppId> {
        let mut rows: Vec<&AppRow> = fleet.apps.iter().map(AsRef::as_ref).collect();
        rows.retain(|row| self.filter.matches(row, fleet) && (!self.problems || is_problem(row)));
        rows.sort_by_key(|row| (rank(row, fleet), !row.protected, row.id.clone()));
        rows.into_iter().map(|row| row.id.clone()).collect()
    }
}

/// Whether the app belongs under "problems".
pub fn is_problem(row: &AppRow) -> bool {
    !matches!(row.verdict, Verdict::Synced | Verdict::Touched) || row.paused.is_some() || row.pinned.is_some()
}

/// Errors first, then drift.md's one list; held apps that are otherwise quiet stand before the quiet ones.
fn rank(row: &AppRow, fleet: &Fleet) -> (bool, Verdict, bool) {
    let held = row.paused.is_some() || row.pinned.is_some();
    (Status::of_app(row, fleet) != Status::Error, row.verdict, !held)
}
