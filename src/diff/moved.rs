//! Step 4: who moved. Δ = what git changed since the base; live moved where it left what the base declared.

use serde_json::Value;

use super::{BaseLeg, Ground, Legs, Pair, fresh, noise};
use crate::fields;
use crate::model::{FieldPath, Moved, Rule};
use crate::typed::{self, Leniency};

/// Tells of each path which side left the base.
pub(super) enum Mover<'a> {
    /// The base itself is known.
    Base {
        /// What git declared then; `None` = not in that commit.
        base: Option<Value>,
        /// Paths that git changed since.
        git: Vec<FieldPath>,
        /// Paths where live is not what the base declared.
        live: Vec<FieldPath>,
        /// The live object and who owns what of it.
        pair: &'a Pair<'a>,
    },
    /// Only the hash of what was applied: git moved or not as a whole.
    Hash {
        /// Git's object is another than was applied.
        git_moved: bool,
        /// Paths that only our Apply entry owns were moved by git.
        pair: &'a Pair<'a>,
    },
    /// Nothing is known.
    None,
}

impl<'a> Mover<'a> {
    /// Prepares the answer for one object.
    pub fn new(pair: &'a Pair<'a>, legs: &Legs, ground: &Ground) -> Self {
        match &legs.base {
            _ if !ground.has(Rule::Base) => Self::None,
            BaseLeg::At(_, Some(base)) if !ground.has(Rule::Versions) && base.gvk != pair.git.gvk => Self::None,
            BaseLeg::None => Self::None,
            BaseLeg::Hash(hash) => Self::Hash { git_moved: **hash != *pair.git.digest.0, pair },
            BaseLeg::At(_, base) => {
                let base = base.map(|base| noise::without_tracking((*base.body).clone()));
                let node = pair.node.as_ref();
                let then = base.as_ref().unwrap_or(&Value::Null);
                let reordered = typed::reordered(node, then, &pair.wanted);
                let reordered = reordered.into_iter().filter(|change| typed::order_matters(&change.path));
                let changed = typed::compare(node, then, &pair.wanted).into_iter().chain(reordered);
                let git = changed.map(|change| change.path).collect();
                let lenient = Leniency { empty_is_absent: true, zero_is_absent: true };
                let left = |base: &Value| {
                    let filled = fresh::filled(pair, base);
                    let same = move |path: &FieldPath| typed::at(&filled, path) == typed::at(&pair.have, path);
                    let left = typed::subset(node, base, &pair.have, lenient).into_iter();
                    left.map(|change| change.path).filter(|path| !same(path)).collect::<Vec<_>>()
                };
                let live = base.as_ref().map(left).unwrap_or_default();
                Self::Base { base, git, live, pair }
            }
        }
    }

    /// Which side moved at a path; `None` without a base.
    pub fn who_moved(&self, path: &FieldPath) -> Option<Moved> {
        match self {
            Self::None => None,
            Self::Hash { git_moved: false, .. } => Some(Moved::Live),
            Self::Hash { pair, .. } => {
                let others = fields::owner(&pair.entries, path, fields::MANAGER).is_some();
                Some(if others { Moved::Both } else { Moved::Git })
            }
            Self::Base { base, git, live, pair } => {
                let git_moved = touches(git, path);
                let declared = base.as_ref().is_some_and(|base| typed::at(base, path).is_some());
                let live_moved = touches(live, path) || (!declared && git_moved && put_by_another(pair, path));
                Some(match (git_moved, live_moved) {
                    (true, true) => Moved::Both,
                    (true, false) => Moved::Git,
                    (false, _) => Moved::Live,
                })
            }
        }
    }

    /// The value when last in sync.
    pub fn was(&self, path: &FieldPath) -> Option<Value> {
        match self {
            Self::Base { base: Some(base), .. } => typed::at(base, path).cloned(),
            _ => None,
        }
    }
}

/// Whether live has a value that somebody set. What nobody owns is a default, and did not move.
fn put_by_another(pair: &Pair, path: &FieldPath) -> bool {
    typed::at(&pair.have, path).is_some() && fields::owner(&pair.entries, path, fields::MANAGER).is_some()
}

/// Whether a path is one of these, or lies above or below one.
fn touches(paths: &[FieldPath], path: &FieldPath) -> bool {
    paths.iter().any(|other| other.covers(path) || path.covers(other))
}
