//! Clusters, errors and activity: lists that show the fleet as it is.

use crate::model::{AppId, ClusterName, Fleet, Foreign, ReasonCode, ResourceKey, RunId};

use super::cursor::{Cursor, Motion};

/// Clusters, remotes below them.
#[derive(Clone, Debug, Default)]
pub struct ClustersScreen {
    /// Where.
    pub cursor: Cursor<ClusterName>,
}

impl ClustersScreen {
    /// Moves.
    pub fn go(&mut self, fleet: &Fleet, motion: Motion) {
        let keys: Vec<_> = fleet.clusters.iter().map(|row| row.name.clone()).collect();
        self.cursor.go(&keys, motion);
    }
}

/// What names an error: whose and what.
pub type ErrorKey = (Foreign, ReasonCode);

/// What is wrong.
#[derive(Clone, Debug, Default)]
pub struct ErrorsScreen {
    /// Where.
    pub cursor: Cursor<ErrorKey>,
}

impl ErrorsScreen {
    /// Moves.
    pub fn go(&mut self, fleet: &Fleet, motion: Motion) {
        let keys: Vec<_> = fleet.errors.iter().map(|row| (row.whose.clone(), row.reason.code)).collect();
        self.cursor.go(&keys, motion);
    }
}

/// Runs, newest first.
#[derive(Clone, Debug, Default)]
pub struct ActivityScreen {
    /// Where.
    pub cursor: Cursor<RunId>,
}

impl ActivityScreen {
    /// Moves.
    pub fn go(&mut self, fleet: &Fleet, motion: Motion) {
        let keys: Vec<_> = fleet.runs.iter().rev().map(|row| row.id).collect();
        self.cursor.go(&keys, motion);
    }
}

/// One run, object by object.
#[derive(Clone, Debug)]
pub struct RunScreen {
    /// Which.
    pub id: RunId,
    /// For whom.
    pub app: AppId,
    /// Where.
    pub cursor: Cursor<ResourceKey>,
}

impl RunScreen {
    /// A run's screen.
    pub fn new(id: RunId, app: AppId) -> Self {
        Self { id, app, cursor: Cursor::default() }
    }

    /// Moves.
    pub fn go(&mut self, fleet: &Fleet, motion: Motion) {
        let run = fleet.runs.iter().find(|run| run.id == self.id);
        let keys: Vec<_> = run.iter().flat_map(|run| &run.steps).map(|step| step.key.clone()).collect();
        self.cursor.go(&keys, motion);
    }
}
