//! The status vocabulary of ux.md section 6: word, glyph, three-letter code, ASCII glyph, colour role.

use crate::model::{Act, AppRow, Fleet, Health, ResourceRow, RunRow, RunState, StepState, Verdict};

/// What a colour means. A colour only repeats a word or a glyph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    #[default]
    Text,
    /// Less important.
    Dim,
    /// Good.
    Ok,
    /// Live moved.
    Drift,
    /// Git moved.
    Behind,
    /// Both moved.
    Diverged,
    /// Wrong.
    Error,
    /// Held.
    Paused,
    /// Held at a commit.
    Pinned,
}

/// The STATUS word of an app or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Needs hands.
    Error,
    /// Not judged.
    Unknown,
    /// A run is on it.
    Running,
    /// A run waits for it.
    Queued,
    /// Automatic sync is held.
    Paused,
    /// Held at a commit.
    Pinned,
    /// The verdict itself.
    Is(Verdict),
}

impl Status {
    /// Every status that an app or an object can have.
    pub const ALL: [Self; 16] = [
        Self::Error,
        Self::Unknown,
        Self::Running,
        Self::Queued,
        Self::Paused,
        Self::Pinned,
        Self::Is(Verdict::Invalid),
        Self::Is(Verdict::Terminating),
        Self::Is(Verdict::Missing),
        Self::Is(Verdict::Contested),
        Self::Is(Verdict::Diverged),
        Self::Is(Verdict::Drifted),
        Self::Is(Verdict::Behind),
        Self::Is(Verdict::Extra),
        Self::Is(Verdict::Touched),
        Self::Is(Verdict::Synced),
    ];

    /// The first that holds: error or unknown, running, queued, paused, pinned, then the verdict.
    pub fn of_app(row: &AppRow, fleet: &Fleet) -> Self {
        let run = row.running.and_then(|id| fleet.runs.iter().find(|run| run.id == id));
        let waits = run.is_some_and(|run| is_queued(run));
        let held = row.verdict == Verdict::Unknown && row.reason.as_ref().is_some_and(|why| why.code.is_error());
        match row {
            _ if held => Self::Error,
            _ if row.verdict == Verdict::Unknown => Self::Unknown,
            _ if waits => Self::Queued,
            _ if row.running.is_some() => Self::Running,
            _ if row.paused.is_some() => Self::Paused,
            _ if row.pinned.is_some() => Self::Pinned,
            _ => Self::Is(row.verdict),
        }
    }

    /// An object's.
    pub fn of_object(row: &ResourceRow) -> Self {
        match row.verdict {
            Verdict::Unknown if row.reason.as_ref().is_some_and(|why| why.code.is_error()) => Self::Error,
            Verdict::Unknown => Self::Unknown,
            verdict => Self::Is(verdict),
        }
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Queued => "queued",
            Self::Paused => "paused",
            Self::Pinned => "pinned",
            Self::Is(verdict) => verdict.word(),
        }
    }

    /// The glyph; one cell, no emoji form.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        self.row().0
    }

    /// Three letters, for narrow screens.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// Its colour.
    #[must_use]
    pub fn role(self) -> Role {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Error => ("✗", "ERR", Role::Error),
            Self::Unknown | Self::Is(Verdict::Unknown) => ("?", "UNK", Role::Dim),
            Self::Running => ("↻", "RUN", Role::Behind),
            Self::Queued => ("◌", "QUE", Role::Behind),
            Self::Paused => ("⊘", "PAU", Role::Paused),
            Self::Pinned => ("⚑", "PIN", Role::Pinned),
            Self::Is(Verdict::Synced) => ("✓", "SYN", Role::Ok),
            Self::Is(Verdict::Behind) => ("»", "BHD", Role::Behind),
            Self::Is(Verdict::Drifted) => ("~", "DRF", Role::Drift),
            Self::Is(Verdict::Diverged) => ("&", "DIV", Role::Diverged),
            Self::Is(Verdict::Missing) => ("+", "MIS", Role::Behind),
            Self::Is(Verdict::Extra) => ("-", "EXT", Role::Drift),
            Self::Is(Verdict::Contested) => ("⇄", "CON", Role::Diverged),
            Self::Is(Verdict::Terminating) => ("⊖", "TRM", Role::Drift),
            Self::Is(Verdict::Touched) => ("∘", "TCH", Role::Dim),
            Self::Is(Verdict::Invalid) => ("⊗", "INV", Role::Error),
        }
    }
}

/// Whether a run has not reached any object yet. A sync plans and asks its gates before it has steps at all; what is
/// written into the record alone never has any.
fn is_queued(run: &RunRow) -> bool {
    let plans = run.what.starts_with("sync");
    (plans || !run.steps.is_empty()) && run.steps.iter().all(|step| step.state == StepState::Queued)
}

/// Health's glyph and colour; a health that is not judged has neither tick nor colour.
pub fn health(health: Health) -> (&'static str, Role) {
    match health {
        Health::Degraded => ("✗", Role::Error),
        Health::Missing => ("∅", Role::Behind),
        Health::Unknown => ("?", Role::Dim),
        Health::Progressing => ("↻", Role::Behind),
        Health::Suspended => ("⊘", Role::Paused),
        Health::Healthy => ("✓", Role::Ok),
        Health::NotJudged => ("·", Role::Dim),
    }
}

/// A plan row's glyph and colour.
pub fn act(act: Act) -> (&'static str, Role) {
    match act {
        Act::Create => ("+", Role::Behind),
        Act::Update => ("~", Role::Drift),
        Act::Adopt => ("=", Role::Text),
        Act::Prune => ("-", Role::Error),
        Act::Keep => ("·", Role::Dim),
        Act::Skip => ("!", Role::Error),
    }
}

/// A step's glyph, word and colour.
pub fn step(state: StepState) -> (&'static str, &'static str, Role) {
    match state {
        StepState::Queued => ("◌", "queued", Role::Dim),
        StepState::Running => ("↻", "sent", Role::Behind),
        StepState::Applied => ("↻", "applied", Role::Behind),
        StepState::Done => ("✓", "done", Role::Ok),
        StepState::Failed => ("✗", "failed", Role::Error),
        StepState::Skipped => ("·", "skipped", Role::Dim),
    }
}

/// What a run was about: its app, or for an unlock its cluster.
pub fn place(run: &RunRow) -> String {
    if matches!(run.what, "unlock" | "lock") { run.app.cluster.to_string() } else { run.app.to_string() }
}

/// A run's glyph, word and colour.
pub fn run(state: RunState) -> (&'static str, &'static str, Role) {
    use crate::model::Outcome;
    match state {
        RunState::Running => ("↻", "running", Role::Behind),
        RunState::Aborting => ("↻", "aborting", Role::Drift),
        RunState::Ended(Outcome::Done) => ("✓", "done", Role::Ok),
        RunState::Ended(Outcome::Nothing) => ("✓", "nothing to do", Role::Ok),
        RunState::Ended(Outcome::Partly) => ("✗", "partly done", Role::Error),
        RunState::Ended(Outcome::Failed) => ("✗", "failed", Role::Error),
        RunState::Ended(Outcome::Aborted) => ("⊘", "aborted", Role::Drift),
        RunState::Ended(Outcome::Refused) => ("✗", "refused", Role::Error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_status_once() {
        let words: std::collections::BTreeSet<&str> = Status::ALL.iter().map(|status| status.word()).collect();
        assert_eq!(words.len(), Status::ALL.len(), "each word once");
        let missing: Vec<_> = Verdict::ALL.iter().filter(|verdict| !words.contains(verdict.word())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
