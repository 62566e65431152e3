//! What a sync would do, and what must be answered before it may: values only, never bodies.

use std::sync::Arc;

use super::{AppId, CommitInfo, Digest, Finding, Foreign, Pause, ResourceKey, Verdict};

/// What is done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Not there yet.
    Create,
    /// Apply over what is there.
    Update,
    /// Apply an equal object, to own it.
    Adopt,
    /// Delete what git no longer has.
    Prune,
    /// Nothing; counted only.
    Keep,
    /// Cannot be done; `why` says it.
    Skip,
}

/// One row of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRow {
    /// The object.
    pub key: ResourceKey,
    /// `0` = namespaces, CRDs, quotas first; rises by what depends on what.
    pub wave: i32,
    /// What is done.
    pub act: Act,
    /// Why, in words that may hold foreign text.
    pub why: Foreign,
    /// The verdict it answers.
    pub verdict: Verdict,
    /// Names the manifest in the render cache; `None` for a prune.
    pub digest: Option<Digest>,
    /// The live uid, for the preconditions of a prune.
    pub uid: Option<Arc<str>>,
    /// Masked findings, for the screen.
    pub findings: Vec<Finding>,
    /// Hands changed it: applying overwrites what they did.
    pub overwrites: bool,
    /// Ticked or not. Prunes are unticked unless the policy says so.
    pub chosen: bool,
}

impl PlanRow {
    /// Nothing is done, and there is nothing to say about it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.act == Act::Keep && self.why.raw().is_empty()
    }
}

/// One line of the plan's checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether it holds.
    pub ok: bool,
    /// What was checked and how it came out.
    pub text: Foreign,
}

/// Hash over commit, policy, and per object uid, content hash and generation (drift.md): a status write never moves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub Arc<str>);

/// A plan to bring one app to one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// For whom.
    pub app: AppId,
    /// To which commit.
    pub commit: CommitInfo,
    /// What it was computed from.
    pub fingerprint: Fingerprint,
    /// By wave, then as applied.
    pub rows: Vec<PlanRow>,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What must be answered, given the chosen rows.
    pub gate: Gate,
    /// Set when the app is paused: who, why, until.
    pub paused: Option<Pause>,
    /// The render was partial or empty: nothing may be applied or pruned.
    pub blocked: Option<Foreign>,
    /// A commit other than the app's desired one was asked for (`--rev`).
    pub other_revision: bool,
}

impl Plan {
    /// Chosen rows that change something.
    pub fn chosen(&self) -> impl Iterator<Item = &PlanRow> {
        self.rows.iter().filter(|row| row.chosen && !matches!(row.act, Act::Keep | Act::Skip))
    }

    /// What keeps rows from being done, by the first of them; `None` when nothing does.
    #[must_use]
    pub fn cannot(&self) -> Option<Foreign> {
        let mut passed = self.rows.iter().filter(|row| row.act == Act::Skip);
        let first = passed.next()?;
        let more = match passed.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let (label, why) = (first.key.label(), first.why.first_line());
        Some(Foreign::new(format!("cannot: {}: {}{more}", label.raw(), why.raw())))
    }

    /// How many objects the chosen rows delete.
    #[must_use]
    pub fn deletes(&self) -> usize {
        self.chosen().filter(|row| row.act == Act::Prune).count()
    }
}

/// The levels of product.md *Gates*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Look, refresh, dry run.
    L0,
    /// Local marks and filters.
    L1,
    /// Sync without deletes; pause; abort; pin, unpin, resume on an unprotected cluster.
    L2,
    /// Deletes up to the limit; revert; sync of a paused app.
    L3,
    /// More deletes than that; namespaces, CRDs, volumes; an empty render.
    L4,
}

/// One thing that must be answered before a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// `y`, or `--yes`.
    Yes,
    /// The number of deletes typed (0 included), or `--yes=N`.
    Deletes(usize),
    /// The cluster unlocked, or `--unlock REASON`.
    Unlock,
    /// The app's name typed, or `--confirm APP`.
    AppName(AppId),
    /// `:allow-mass-delete` first, or `--allow-mass-delete N`.
    MassDelete(usize),
    /// `--prune`, when something is to be deleted on the command line.
    Prune,
}

/// The gate before one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The level by the table.
    pub level: Level,
    /// Whether the cluster is protected (L3p on top).
    pub protected: bool,
    /// What must be answered.
    pub needs: Vec<Need>,
    /// Pause and abort: let through OBSERVE.
    pub calming: bool,
}

/// Why a command did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `--read-only`.
    ReadOnly,
    /// The cluster is in OBSERVE.
    Observe,
    /// Something was not answered.
    Unanswered(Vec<Need>),
    /// The plan is not what was shown any more.
    PlanMoved,
    /// The command cannot be done; the sentence says why.
    Because(Foreign),
}
