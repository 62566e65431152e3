//! The verdict of one object and of one app: the words, their one order, and the roll-up (drift.md).

use serde::{Deserialize, Serialize};

/// How an object stands against git. The order is drift.md's one list, worst first: it drives roll-up, sorting, exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Git cannot be applied, or names no single object.
    Invalid,
    /// Not judged; the cause is always named.
    Unknown,
    /// Live has a deletionTimestamp.
    Terminating,
    /// In git only. `Moved::Live` = somebody deleted it; `Moved::Git` = never synced.
    Missing,
    /// Held by a controller or another applier; a sync would start a fight.
    Contested,
    /// Both moved.
    Diverged,
    /// Live left what git declares.
    Drifted,
    /// Git moved; live is as last synced.
    Behind,
    /// Synced once, gone from git.
    Extra,
    /// What git declares is right, but somebody added what git does not mention.
    Touched,
    /// Nothing to do.
    Synced,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Self; 11] = [
        Self::Invalid,
        Self::Unknown,
        Self::Terminating,
        Self::Missing,
        Self::Contested,
        Self::Diverged,
        Self::Drifted,
        Self::Behind,
        Self::Extra,
        Self::Touched,
        Self::Synced,
    ];

    /// The word on screen and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
            Self::Terminating => "terminating",
            Self::Missing => "missing",
            Self::Contested => "contested",
            Self::Diverged => "diverged",
            Self::Drifted => "drifted",
            Self::Behind => "behind",
            Self::Extra => "extra",
            Self::Touched => "touched",
            Self::Synced => "synced",
        }
    }

    /// The app's word for the words of its objects: worst wins; missing (git) and extra count as behind;
    /// drifted and behind in one app make it diverged. No objects: synced.
    pub fn roll_up(rows: impl IntoIterator<Item = (Self, Option<Moved>)>) -> Self {
        let (mut worst, mut drifted, mut behind) = (Self::Synced, false, false);
        for (verdict, moved) in rows {
            let counted = match (verdict, moved) {
                (Self::Missing, Some(Moved::Git)) | (Self::Extra, _) => Self::Behind,
                (other, _) => other,
            };
            drifted |= counted == Self::Drifted;
            behind |= counted == Self::Behind;
            worst = worst.min(counted);
        }
        if drifted && behind { worst.min(Self::Diverged) } else { worst }
    }
}

/// Which side left the common base; `None` of it = no base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moved {
    /// The cluster moved.
    Live,
    /// Git moved.
    Git,
    /// Both.
    Both,
    /// Not mentioned by git at all (touched).
    Foreign,
}

/// Where the third leg (P) came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The commit in our record for that object.
    Record,
    /// The newest commit at which driftdeck saw it synced.
    Seen,
    /// The revision another controller claims.
    Claimed,
    /// Only the hash of what was applied is known.
    Hash,
    /// None: differences stand with `moved: null`.
    None,
}

/// Who answered: the server by a dry run, or our own comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The server's dry run, or the local fast path where it is provably equal.
    Server,
    /// Our comparison alone, shown as `≈ local`.
    Local,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_ord() {
        assert!(Verdict::ALL.is_sorted(), "drift.md has one list, worst first");
    }

    #[test]
    fn drifted_beside_behind_makes_the_app_diverged() {
        let rows = [(Verdict::Drifted, Some(Moved::Live)), (Verdict::Missing, Some(Moved::Git))];
        assert_eq!(Verdict::roll_up(rows), Verdict::Diverged);
    }

    #[test]
    fn extra_counts_as_behind_and_a_deleted_object_as_missing() {
        assert_eq!(Verdict::roll_up([(Verdict::Extra, Some(Moved::Git))]), Verdict::Behind);
        assert_eq!(Verdict::roll_up([(Verdict::Missing, Some(Moved::Live))]), Verdict::Missing);
    }

    #[test]
    fn one_unknown_row_keeps_the_app_from_being_synced() {
        assert_eq!(Verdict::roll_up([(Verdict::Synced, None), (Verdict::Unknown, None)]), Verdict::Unknown);
    }
}
