//! The sync plan's state: what is ticked, what is taken, and the order that follows from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Act, AppId, Command, CommitId, Fleet, Plan, PlanRow, PlanView, Reason, ReasonCode, ResourceKey, SyncOrder, Verdict,
};

use super::confirm::Confirm;
use super::cursor::{Cursor, Motion};
use super::screen::Asked;

/// A plan on screen.
#[derive(Clone, Debug)]
pub struct PlanScreen {
    /// Whose.
    pub app: AppId,
    /// To another commit than the desired one.
    pub rev: Option<CommitId>,
    /// The answer.
    pub asked: Asked<PlanView>,
    /// Where.
    pub cursor: Cursor<ResourceKey>,
    /// Gate, token, focus.
    pub confirm: Confirm,
    chosen: BTreeSet<ResourceKey>,
    take: BTreeSet<ResourceKey>,
}

/// What a plan's arrival meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The first.
    First,
    /// Equal to the one on screen.
    Same,
    /// The world moved: everything typed and ticked is void.
    Moved,
}

impl PlanScreen {
    /// A plan that was just asked for.
    pub fn new(app: AppId, rev: Option<CommitId>) -> Self {
        let mut confirm = Confirm::new(1);
        confirm.app = Some(app.clone());
        let (chosen, take) = (BTreeSet::new(), BTreeSet::new());
        Self { app, rev, asked: Asked::default(), cursor: Cursor::default(), confirm, chosen, take }
    }

    /// The plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.asked.ready.as_ref().map(|view| &view.plan)
    }

    /// The rows on screen: all that do something, cannot, or are left by a rule.
    pub fn rows(&self) -> impl Iterator<Item = &PlanRow> {
        self.plan().into_iter().flat_map(|plan| &plan.rows).filter(|row| !row.is_silent())
    }

    /// The row under the cursor.
    pub fn here(&self) -> Option<&PlanRow> {
        let key = self.cursor.key()?;
        self.rows().find(|row| row.key == *key)
    }

    /// Whether the row is ticked.
    pub fn is_chosen(&self, row: &PlanRow) -> bool {
        self.chosen.contains(&row.key)
    }

    /// Whether the contested row is taken.
    pub fn is_taken(&self, row: &PlanRow) -> bool {
        self.take.contains(&row.key)
    }

    /// The plan is here, or here again.
    pub fn set(&mut self, view: Arc<PlanView>) -> Arrived {
        let before = self.plan().map(|plan| plan.fingerprint.clone());
        if before.as_ref() == Some(&view.plan.fingerprint) {
            self.asked.ready = Some(view);
            return Arrived::Same;
        }
        let chosen = view.plan.rows.iter().filter(|row| row.chosen && is_tickable(row));
        self.chosen = chosen.map(|row| row.key.clone()).collect();
        self.take.clear();
        let gate = Arc::new(view.plan.gate.clone());
        self.asked.ready = Some(view);
        self.confirm.start_over();
        self.confirm.set_gate(gate);
        self.settle();
        if before.is_none() { Arrived::First } else { Arrived::Moved }
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        let keys = self.keys();
        self.cursor.go(&keys, motion);
    }

    /// Ticks or unticks the row under the cursor; `false` where there is nothing to tick.
    pub fn toggle(&mut self) -> bool {
        let Some(key) = self.here().filter(|row| is_tickable(row)).map(|row| row.key.clone()) else { return false };
        if !self.chosen.remove(&key) {
            self.chosen.insert(key);
        }
        true
    }

    /// Takes a contested row, or leaves it again; `false` where nothing is contested.
    pub fn toggle_take(&mut self) -> bool {
        let contested = self.here().filter(|row| row.verdict == Verdict::Contested || has_contested(row));
        let Some(key) = contested.map(|row| row.key.clone()) else { return false };
        if self.take.remove(&key) {
            if self.rows().any(|row| row.key == key && row.findings.iter().all(|finding| finding.contested)) {
                self.chosen.remove(&key);
            }
        } else {
            // What is taken is to be written: the tick goes with it.
            self.chosen.insert(key.clone());
            self.take.insert(key);
        }
        true
    }

    /// How many rows are ticked that update, create, adopt and delete.
    pub fn counts(&self) -> [usize; 4] {
        [Act::Update, Act::Create, Act::Adopt, Act::Prune]
            .map(|act| self.rows().filter(|row| row.act == act && self.is_chosen(row)).count())
    }

    /// The order, as it would be sent.
    pub fn command(&self) -> Option<Command> {
        let plan = self.plan()?;
        let tickable = || self.rows().filter(|row| is_tickable(row));
        Some(Command::Sync(SyncOrder {
            app: self.app.clone(),
            commit: plan.commit.id.clone(),
            fingerprint: plan.fingerprint.clone(),
            chosen: tickable().filter(|row| self.is_chosen(row)).map(|row| row.key.clone()).collect(),
            take: tickable().filter(|row| self.is_taken(row)).map(|row| row.key.clone()).collect(),
            take_over: false,
            full: tickable().all(|row| self.is_chosen(row)),
        }))
    }

    /// Why this plan cannot run, whatever is typed.
    pub fn refusal(&self, fleet: &Fleet) -> Option<String> {
        let plan = self.plan()?;
        if let Some(blocked) = &plan.blocked {
            return Some(blocked.raw().to_owned());
        }
        if let Some(why) = super::possible::locked(fleet, &self.app.cluster) {
            return Some(why);
        }
        if let Some(stale) = fleet.app(&self.app).and_then(|row| row.stale.as_ref()).filter(|stale| is_silent(stale)) {
            return Some(format!("cannot: {}", stale.message.first_line().raw()));
        }
        if !self.rows().any(is_tickable) {
            return Some(plan.cannot().map_or_else(|| "nothing to do".to_owned(), |why| why.raw().to_owned()));
        }
        self.chosen.is_empty().then(|| "nothing is ticked".to_owned())
    }

    fn keys(&self) -> Vec<ResourceKey> {
        self.rows().map(|row| row.key.clone()).collect()
    }

    fn settle(&mut self) {
        let keys = self.keys();
        self.cursor.settle(&keys);
    }
}

/// Nothing is written on what a cluster said too long ago; on what git said it is.
fn is_silent(stale: &Reason) -> bool {
    stale.code == ReasonCode::ClusterStale
}

/// Whether a row can be ticked at all.
pub fn is_tickable(row: &PlanRow) -> bool {
    !matches!(row.act, Act::Keep | Act::Skip)
}

/// Whether a sync would leave a field of it to somebody else.
pub fn has_contested(row: &PlanRow) -> bool {
    row.findings.iter().any(|finding| finding.contested)
}
