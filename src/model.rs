//! The nouns of driftdeck: what every room may name.
//!
//! Owns the words (`AppId`, `ResourceKey`, `Verdict`, `Plan`, `Fleet` …) and the small rules that belong to
//! a word itself (order, roll-up, spelling). Refuses I/O, clocks, colour, and every other room: `model` names nothing.

mod command;
mod commit;
mod declared;
mod finding;
mod fleet;
mod health;
pub mod ignore;
mod key;
mod manifest;
mod path;
mod plan;
mod reason;
mod record;
mod rule;
mod run;
mod spec;
mod text;
mod time;
mod tree;
mod verdict;
mod view;
mod write;

pub use command::{Command, Consent, Mode, Order, OrderId, RevertMode, RevertOrder, SyncOrder};
pub use commit::{CommitId, CommitInfo};
pub use declared::Declared;
pub use finding::{Attribution, Comparison, Finding, Hidden, Op, Precision, Said, Stays};
pub use fleet::{
    AgentSeen, AppRow, ClusterRow, ClusterState, Cost, Counts, ErrorRow, Fleet, RemoteRow, RemoteState, ResourceRow,
    SourceRow,
};
pub use health::Health;
pub use key::{AppId, ClusterName, Gvk, Kind, RepoName, ResourceKey, is_built_in};
pub use manifest::{Digest, Live, Manifest, Origin};
pub use path::{FieldPath, PathError, Step};
pub use plan::{Act, Check, Fingerprint, Gate, Level, Need, Plan, PlanRow, Refusal};
pub use reason::{Reason, ReasonCode};
pub use record::{Deployed, InventoryLine, Operation, Pause, Pin, Record};
pub use rule::{Rule, Without};
pub use run::{Outcome, RunId, RunRow, RunState, RunStep, StepState};
pub use spec::{
    AppSpec, ClusterSpec, Credentials, Effect, IgnoreRule, Location, MaskRule, Policy, RepoSpec, SourceSpec,
};
pub use text::{Foreign, Shown, is_hidden};
pub use time::Now;
pub use tree::{Document, Fault, Rendered, Tree, TreeEntry, TreeError, TreeKind};
pub use verdict::{Base, Basis, Moved, Verdict};
pub use view::{
    DiffLine, DiffMark, DiffObject, DiffView, EffectHere, GitChange, HistoryRow, HistoryView, Marker, PlanView, Query,
    RevertPreview, Ticket, View, ViewBody,
};
pub use write::{Deed, Write};
