//! A change of a live object as the watch on this host saw it: which field, who, when, from what to what.

use jiff::Timestamp;

use super::{Attribution, FieldPath, Said};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A field changed, came or went.
    Field,
    /// The object came; the path is the root.
    Created,
    /// The object went; the path is the root.
    Deleted,
    /// The object changed while nobody looked; the path is the root. Which fields is not known.
    Unseen {
        /// What differed from git before.
        known: Vec<FieldPath>,
        /// The newest stamp in managedFields before, by the server's clock.
        stamp: Option<Timestamp>,
    },
}

/// One change. Values of Secrets are masked before one exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub path: FieldPath,
    /// What.
    pub deed: Deed,
    /// Who and when.
    pub by: Attribution,
    /// The value before; `None` = there was none.
    pub was: Option<Said>,
    /// The value after; `None` = it is gone.
    pub now: Option<Said>,
}
