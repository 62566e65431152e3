//! What a comparison found: which field, which side moved, who did it. Secret values never get this far.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Base, Basis, Declared, FieldPath, Foreign, Moved, Reason, Verdict};

/// A value as a finding may tell it. Made by `diff::mask` and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Said {
    /// A plain value, at most 4 KiB of JSON.
    Plain(Arc<Value>),
    /// A plain value too large to carry.
    Cut {
        /// Always true.
        cut: bool,
        /// Length of its JSON.
        bytes: u64,
    },
    /// A masked value: equality and, unless hidden, length; nothing else.
    Masked {
        /// Always true.
        masked: bool,
        /// Whether it differs from the other side's.
        changed: bool,
        /// Length of the decoded value; `None` with `mask_length`.
        #[serde(skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
}

/// Read from git to live: `Add` = live has it and git has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Live has it, git has not.
    Add,
    /// Git has it, live has not.
    Remove,
    /// Both have it, differently.
    Replace,
}

/// How sure a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The watch saw the write.
    Seen,
    /// Not later than: the manager's last write, from managedFields.
    Bound,
    /// No trace.
    Unknown,
}

/// Who wrote a field. A manager is a program, never a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// The field manager's name.
    pub manager: Foreign,
    /// `Apply` or `Update`.
    pub operation: Foreign,
    /// `status`, `scale` or none.
    pub subresource: Option<Foreign>,
    /// Not before: the last look before the change, where the change itself was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// When, as far as known.
    pub time: Option<Timestamp>,
    /// How sure `time` is.
    pub precision: Precision,
}

impl Attribution {
    /// The manager of a write that left no name: pure deletions and reorders leave none.
    pub const NOBODY: &'static str = "?";

    /// Whether a manager is named.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.manager.raw() != Self::NOBODY
    }
}

/// Whether nobody is named: then JSON names nobody.
#[allow(clippy::ref_option, reason = "serde hands the field over by reference")]
fn is_nobody(by: &Option<Attribution>) -> bool {
    !by.as_ref().is_some_and(Attribution::is_named)
}

/// One difference, at the smallest unit that server-side apply can own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where; empty for a missing or extra object.
    pub path: FieldPath,
    /// Which side moved; `None` = no base.
    pub moved: Option<Moved>,
    /// A sync would start a fight over it.
    pub contested: bool,
    /// What live did to git's declaration.
    pub op: Op,
    /// The value on the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Said>,
    /// The value in git.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Said>,
    /// The value when last in sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Said>,
    /// Who wrote the live value.
    #[serde(skip_serializing_if = "is_nobody")]
    pub by: Option<Attribution>,
    /// Where git declares it, and who touched that line last; `None` = not known, or not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Arc<Declared>>,
    /// Git has removed it but a sync cannot: another manager owns it too; it needs an explicit delete.
    #[serde(skip)]
    pub needs_delete: bool,
    /// The place of the rule by which a sync leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Arc<str>>,
}

/// Why a sync leaves a difference as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// A rule says so.
    Rule,
    /// Somebody else owns it too: it needs an explicit delete.
    Shared,
    /// Git has never said anything of it.
    Unmentioned,
}

impl Finding {
    /// Why a sync leaves it as it is; `None` when a sync writes it, or would once it is taken from who contests it.
    #[must_use]
    pub fn stays(&self) -> Option<Stays> {
        if self.left.is_some() {
            Some(Stays::Rule)
        } else if self.needs_delete {
            Some(Stays::Shared)
        } else {
            (self.moved == Some(Moved::Foreign)).then_some(Stays::Unmentioned)
        }
    }

    /// Whether a sync changes by it what pods are made from.
    #[must_use]
    pub fn remakes_pods(&self) -> bool {
        let template = FieldPath::of_keys(["spec", "template"]);
        self.stays().is_none() && !self.contested && template.covers(&self.path)
    }
}

/// A finding that a rule hid, kept with the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// Where.
    pub path: FieldPath,
    /// The rule's place in the config, such as `apps[payments].ignore[0]`.
    pub rule: Arc<str>,
    /// Why the rule is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The finding itself, for those who ask.
    #[serde(skip)]
    pub finding: Arc<Finding>,
}

/// The judgement of one object. Secrets are masked before one exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The word.
    pub verdict: Verdict,
    /// Which side moved, over all findings.
    pub moved: Option<Moved>,
    /// Where the third leg came from.
    pub base: Base,
    /// Who answered.
    pub basis: Basis,
    /// A local difference that the server has not confirmed yet: never healed, never leads to a write.
    pub pending: bool,
    /// Everything that differs and is not hidden.
    pub findings: Vec<Finding>,
    /// Everything that a rule hid.
    pub hidden: Vec<Hidden>,
    /// The server's sentence when it refused the dry run (quota, webhook, immutable), scrubbed of Secret values.
    pub refused: Option<Foreign>,
    /// Why unknown, invalid, terminating or local.
    pub reason: Option<Reason>,
    /// Synced in values, but our Apply entry is not there: a sync would only take ownership.
    pub unadopted: bool,
}
