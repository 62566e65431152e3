//! A running or ended order, for the screens: where it stands, object by object.

use jiff::Timestamp;

use super::{Act, AppId, Foreign, OrderId, ResourceKey};

/// Names a run: the order that started it.
pub type RunId = OrderId;

/// Where one object of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepState {
    /// Waits for its turn.
    Queued,
    /// The request is out.
    Running,
    /// The server said yes; waits for health.
    Applied,
    /// Done, and healthy where health is waited for.
    Done,
    /// The server said no, or health failed.
    Failed,
    /// Not done: aborted, or its plan row was skipped.
    Skipped,
}

/// One object of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStep {
    /// Which.
    pub key: ResourceKey,
    /// Wave.
    pub wave: i32,
    /// What is done.
    pub act: Act,
    /// Where it stands.
    pub state: StepState,
    /// What the server said, or what is waited for.
    pub note: Option<Foreign>,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All of it.
    Done,
    /// Nothing was to do.
    Nothing,
    /// Some objects were done, some not.
    Partly,
    /// Nothing was done.
    Failed,
    /// Stopped by hand.
    Aborted,
    /// Did not pass its gate, or its plan moved.
    Refused,
}

/// Running or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Still going.
    Running,
    /// Stops before its next object.
    Aborting,
    /// Over.
    Ended(Outcome),
}

/// An order on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Which.
    pub id: RunId,
    /// For whom.
    pub app: AppId,
    /// `sync`, `revert`, `pause` …
    pub what: &'static str,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Where it stands.
    pub state: RunState,
    /// Object by object; empty for orders without.
    pub steps: Vec<RunStep>,
    /// The sentence to show: what it waits for, how it ended, why refused.
    pub note: Option<Foreign>,
}
