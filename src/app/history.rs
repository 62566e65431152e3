//! The history screen's state: commits that touch the app's inputs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AppId, CommitId, HistoryRow, HistoryView};

use super::cursor::{Cursor, Motion};
use super::screen::Asked;

/// How many commits are asked for at a time.
pub const PAGE: usize = 100;

/// One app's commits.
#[derive(Clone, Debug)]
pub struct HistoryScreen {
    /// Whose.
    pub app: AppId,
    /// The answer.
    pub asked: Asked<HistoryView>,
    /// Where.
    pub cursor: Cursor<CommitId>,
    /// Picked by Space.
    pub picked: Option<CommitId>,
    /// So many were asked for.
    pub limit: usize,
    /// The list's order.
    pub ids: Vec<CommitId>,
}

impl HistoryScreen {
    /// A history that was just asked for.
    pub fn new(app: AppId) -> Self {
        let cursor = Cursor::default();
        Self { app, asked: Asked::default(), cursor, picked: None, limit: PAGE, ids: Vec::new() }
    }

    /// The answer is here.
    pub fn set(&mut self, view: Arc<HistoryView>) {
        self.ids = view.rows.iter().map(|row| row.commit.id.clone()).collect();
        self.asked.ready = Some(view);
        self.cursor.settle(&self.ids);
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        self.cursor.go(&self.ids, motion);
    }

    /// Whether the cursor stands at the end of a list that goes on.
    pub fn wants_more(&self) -> bool {
        self.asked.ready.as_ref().is_some_and(|view| view.more) && self.cursor.row() + 1 == self.ids.len()
    }

    /// The commit under the cursor.
    pub fn here(&self) -> Option<&HistoryRow> {
        let id = self.cursor.key()?;
        self.asked.ready.as_ref()?.rows.iter().find(|row| row.commit.id == *id)
    }

    /// Picks or unpicks the commit under the cursor.
    pub fn toggle_pick(&mut self) {
        let here = self.cursor.key().cloned();
        self.picked = if self.picked == here { None } else { here };
    }

    /// To the newest commit that is at least a day older, or the oldest that is a day newer.
    pub fn next_day(&mut self, older: bool) {
        let Some(here) = self.here().and_then(|row| row.commit.time) else { return self.go(Motion::By(step(older))) };
        let time = |id: &CommitId| {
            self.asked.ready.as_ref()?.rows.iter().find(|row| row.commit.id == *id).and_then(|row| row.commit.time)
        };
        let far = |other: Option<Timestamp>| {
            let day = SignedDuration::from_hours(24);
            other.is_some_and(
                |other| if older { here.duration_since(other) >= day } else { other.duration_since(here) >= day },
            )
        };
        let at = self.cursor.row();
        let found = if older {
            (at + 1..self.ids.len()).find(|row| far(time(&self.ids[*row])))
        } else {
            (0..at).rev().find(|row| far(time(&self.ids[*row])))
        };
        match found.map(|row| self.ids[row].clone()) {
            Some(id) => self.cursor.jump(&self.ids, &id),
            None => self.go(if older { Motion::Bottom } else { Motion::Top }),
        }
    }
}

fn step(older: bool) -> isize {
    if older { 1 } else { -1 }
}
