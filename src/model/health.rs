//! How an object, or an app, is doing; apart from whether it is as git says.

use serde::{Deserialize, Serialize};

/// Worst first, for the roll-up. `NotJudged` is never a tick and never worsens an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Failed, or cannot get further by itself.
    Degraded,
    /// Not there.
    Missing,
    /// Could not be read.
    Unknown,
    /// On its way.
    Progressing,
    /// Held on purpose (`spec.suspend`, paused rollout).
    Suspended,
    /// Well.
    Healthy,
    /// No rule for its kind and no Ready or Available condition.
    NotJudged,
}

impl Health {
    /// Every health, worst first.
    pub const ALL: [Self; 7] = [
        Self::Degraded,
        Self::Missing,
        Self::Unknown,
        Self::Progressing,
        Self::Suspended,
        Self::Healthy,
        Self::NotJudged,
    ];

    /// The word on screen and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Progressing => "progressing",
            Self::Suspended => "suspended",
            Self::Healthy => "healthy",
            Self::NotJudged => "not-judged",
        }
    }

    /// The app's health: the worst of its objects' that were judged; nothing judged is not judged.
    pub fn roll_up(rows: impl IntoIterator<Item = Self>) -> Self {
        rows.into_iter().min().unwrap_or(Self::NotJudged)
    }
}
