//! Whatever a screen asks for beyond the fleet: a query, and its answer with the ticket it was asked under.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    AppId, Attribution, Command, CommitId, CommitInfo, Declared, Foreign, Gate, Health, Plan, ResourceKey, RevertMode,
    Verdict,
};

/// Names one question; an answer with an older ticket than the slot's newest is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A question. One slot per variant: the newest asked is the one that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Text diff of an app's differing objects, or of one object.
    DiffOf {
        /// Which app.
        app: AppId,
        /// One object, or all that differ.
        key: Option<ResourceKey>,
        /// Against another commit than the desired one.
        rev: Option<CommitId>,
    },
    /// Commits that touch the app's inputs, newest first.
    HistoryOf {
        /// Which app.
        app: AppId,
        /// At most so many.
        limit: usize,
    },
    /// What a sync would do.
    PlanFor {
        /// Which app.
        app: AppId,
        /// To another commit than the desired one.
        rev: Option<CommitId>,
    },
    /// What a revert would do.
    PreviewRevert {
        /// Which app.
        app: AppId,
        /// Back to.
        to: CommitId,
        /// How.
        mode: RevertMode,
        /// Why, as far as it is known by then: it stands in the new commit's message.
        reason: Foreign,
    },
    /// What must be answered before a command runs. For a sync: with the rows that are ticked in it.
    GateOf {
        /// The command, as it would be sent.
        command: Command,
    },
}

/// An answer, or the word that it is coming.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Which question.
    pub ticket: Ticket,
    /// The question itself.
    pub query: Query,
    /// Its state.
    pub body: ViewBody,
}

/// The state of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewBody {
    /// On its way.
    Loading,
    /// A diff.
    Diff(Arc<DiffView>),
    /// A history.
    History(Arc<HistoryView>),
    /// A plan.
    Plan(Arc<PlanView>),
    /// A revert's preview.
    Revert(Arc<RevertPreview>),
    /// A gate.
    Gate(Arc<Gate>),
    /// No answer, and why.
    Failed(Foreign),
}

/// What a diff line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiffMark {
    /// Equal on both sides.
    Context,
    /// Live only (`-`).
    Live,
    /// Git only (`+`).
    Git,
    /// So many equal lines left out.
    Fold(usize),
    /// Live, and a sync leaves it there: git does not mention it, or somebody else owns it too.
    Stays,
    /// Differs, but a rule hides it.
    Ignored,
}

/// One line of a unified diff; a Secret's lines hold marks and lengths, never values.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffLine {
    /// What it is.
    pub mark: DiffMark,
    /// The text without its newline.
    pub text: Foreign,
    /// Byte ranges of `text` that changed within the line.
    pub words: Vec<(usize, usize)>,
    /// Who wrote it: the live value's manager on `Live` and `Stays` lines.
    pub who: Option<Attribution>,
    /// Who declared it: the git value's line and commit on `Git` lines.
    pub declared: Option<Arc<Declared>>,
    /// Index into the object's findings; of an `Ignored` line into what rules hide of it.
    pub finding: Option<usize>,
}

/// One object's diff.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffObject {
    /// Which.
    pub key: ResourceKey,
    /// Its verdict.
    pub verdict: Verdict,
    /// Lines, folded.
    pub lines: Vec<DiffLine>,
    /// Lines git adds, lines live loses.
    pub stat: (usize, usize),
    /// What a sync would do to it, such as "rolling restart of 6 pods".
    pub effect: Option<Foreign>,
}

/// A diff, live → git.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffView {
    /// Whose.
    pub app: AppId,
    /// Git's side.
    pub commit: CommitInfo,
    /// Objects that differ, worst first.
    pub objects: Vec<DiffObject>,
    /// Objects compared in all.
    pub compared: usize,
}

/// A mark before a history row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Marker {
    /// Deployed.
    Deployed,
    /// Branch head.
    Head,
    /// Pinned.
    Pinned,
    /// Its sync failed.
    Failed,
}

/// What a commit changed in this app's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectHere {
    /// Objects changed.
    pub changed: usize,
    /// Objects added.
    pub added: usize,
    /// Objects removed.
    pub removed: usize,
}

/// One commit.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Which.
    pub commit: CommitInfo,
    /// Marks.
    pub markers: Vec<Marker>,
    /// What it changed here; `None` where it could not be rendered.
    pub effect: Option<EffectHere>,
    /// When it was deployed and by whom, from the record.
    pub deployed: Option<(Timestamp, Foreign)>,
}

/// A page of history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryView {
    /// Whose.
    pub app: AppId,
    /// Newest first.
    pub rows: Vec<HistoryRow>,
    /// There are more than were asked for.
    pub more: bool,
}

/// A plan with the command that equals it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanView {
    /// The plan.
    pub plan: Plan,
    /// `driftdeck sync …`, to copy.
    pub command_line: Foreign,
}

/// One file that a revert commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitChange {
    /// Path in the repository.
    pub path: Foreign,
    /// `A`, `M` or `D`.
    pub kind: char,
}

/// What a revert would do, to git and to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct RevertPreview {
    /// Whose.
    pub app: AppId,
    /// Back to.
    pub to: CommitInfo,
    /// How.
    pub mode: RevertMode,
    /// The branch head it was made on.
    pub head: CommitId,
    /// The branch that is pushed.
    pub branch: Foreign,
    /// Files the new commit changes.
    pub files: Vec<GitChange>,
    /// The sync plan from live to there.
    pub plan: Plan,
    /// All destinations fed by that path and branch, this one included.
    pub feeds: Vec<AppId>,
    /// The message of the new commit.
    pub message: Foreign,
    /// What must be answered.
    pub gate: Gate,
    /// Why it cannot be done here, such as no `git` on PATH.
    pub refused: Option<Foreign>,
    /// Overall health now, to judge urgency.
    pub health: Health,
    /// `driftdeck revert …`, to copy.
    pub command_line: Foreign,
}
