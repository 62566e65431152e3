//! Scenes: what a cluster can be up to that no test could stage on a real one at will. Each is a tower layer.
//!
//! Owns the names, what each scene does to a request and the words in which a server tells it. Refuses chance and clocks
//! of its own: a scene plays by counting requests, and what takes time waits on a [`Pace`] that its owner may hold.

mod act;
mod asked;
mod bell;
mod cast;
mod creates;
mod curtain;
mod groups;
mod layer;
mod namespaces;
mod pace;
mod play;
mod rival;
mod streams;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use act::Act;
pub use cast::Cast;
pub use layer::Staged;
pub use pace::{Gate, Pace};

pub(super) use bell::Board;
pub(super) use curtain::Curtain;

/// One scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scene {
    /// Some kinds may not be touched.
    Forbidden,
    /// Answers come late.
    Slow,
    /// The server asks for patience.
    Throttled,
    /// The server fails by a fault of its own.
    Broken,
    /// Nobody answers.
    Cut,
    /// Watches stay open and say nothing.
    Mute,
    /// What a watch or a long list wants to go on from is gone.
    Expired,
    /// The cluster goes away in the middle of a sync.
    Gone,
    /// Objects are deleted a moment before they are written.
    Vanishing,
    /// Writes are carried out and not answered.
    Lost,
    /// Admission says no.
    Webhook,
    /// Admission says nothing.
    WebhookTimeout,
    /// Somebody else writes the same fields a moment earlier.
    Conflict,
    /// There is no room for more.
    Quota,
    /// Namespaces are being deleted.
    Terminating,
    /// The server behind an API group does not answer.
    GroupDown,
    /// The credentials are not taken any more.
    SignedOut,
}

impl Scene {
    /// Every scene, in the order of the help.
    pub const ALL: [Self; 17] = [
        Self::Forbidden,
        Self::Slow,
        Self::Throttled,
        Self::Broken,
        Self::Cut,
        Self::Mute,
        Self::Expired,
        Self::Gone,
        Self::Vanishing,
        Self::Lost,
        Self::Webhook,
        Self::WebhookTimeout,
        Self::Conflict,
        Self::Quota,
        Self::Terminating,
        Self::GroupDown,
        Self::SignedOut,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Slow => "slow",
            Self::Throttled => "429",
            Self::Broken => "500",
            Self::Cut => "cut",
            Self::Mute => "mute",
            Self::Expired => "410",
            Self::Gone => "gone",
            Self::Vanishing => "vanishing",
            Self::Lost => "lost",
            Self::Webhook => "webhook",
            Self::WebhookTimeout => "webhook-timeout",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::Terminating => "terminating",
            Self::GroupDown => "group-down",
            Self::SignedOut => "signed-out",
        }
    }

    /// What happens in it, in one line.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Forbidden => "Secrets and Services may not be read: 403 in RBAC's words, and `auth can-i` agrees",
            Self::Slow => "every answer comes three seconds late",
            Self::Throttled => "every second request is refused: 429 with Retry-After",
            Self::Broken => "objects are answered with 500: etcdserver: request timed out",
            Self::Cut => "nobody answers, and open watches break off",
            Self::Mute => "watches stay open and say nothing; everything else works",
            Self::Expired => "no watch may go on from what it knew: 410, list again",
            Self::Gone => "the cluster goes away after the first write of a sync",
            Self::Vanishing => "somebody deletes each workload a moment before it is written",
            Self::Lost => "writes are carried out, and their answers get lost",
            Self::Webhook => "an admission webhook denies every Deployment",
            Self::WebhookTimeout => "an admission webhook for Deployments does not answer in time",
            Self::Conflict => "a rival writes the same field of each object a moment earlier",
            Self::Quota => "nothing new fits: exceeded quota, with numbers",
            Self::Terminating => "the apps' namespaces are being deleted: nothing new may be created in them",
            Self::GroupDown => "the server behind networking.k8s.io does not answer",
            Self::SignedOut => "the credentials are not taken any more: 401",
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No such scene; its text lists all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownScene {
    /// What was asked for.
    pub name: String,
    /// What was perhaps meant.
    pub nearest: Option<Scene>,
}

/// Columns that are left beside the names.
const BESIDE: usize = 80 - 19;

impl fmt::Display for UnknownScene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no scene \"{}\"", self.name.escape_debug())?;
        if let Some(nearest) = self.nearest {
            write!(f, "; did you mean {nearest}?")?;
        }
        f.write_str("\nThe scenes:")?;
        for scene in Scene::ALL {
            write!(f, "\n  {:<16} {}", scene.name(), hanging(scene.sentence()))?;
        }
        Ok(())
    }
}

/// A sentence on rows that fit a terminal of 80 columns beside the names.
fn hanging(sentence: &str) -> String {
    let (mut out, mut left) = (String::new(), BESIDE);
    for word in sentence.split(' ') {
        if !out.is_empty() && word.len() + 1 > left {
            out.push_str("\n                   ");
            left = BESIDE;
        } else if !out.is_empty() {
            out.push(' ');
            left -= 1;
        }
        out.push_str(word);
        left = left.saturating_sub(word.len());
    }
    out
}

impl FromStr for Scene {
    type Err = UnknownScene;

    fn from_str(name: &str) -> Result<Self, UnknownScene> {
        let lower = name.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|scene| scene.name() == lower)
            .ok_or_else(|| UnknownScene { name: name.to_owned(), nearest: nearest(&lower) })
    }
}

/// The scene whose name is at most two keys away, or begins so.
fn nearest(lower: &str) -> Option<Scene> {
    let begun = Scene::ALL.into_iter().find(|scene| lower.len() > 2 && scene.name().starts_with(lower));
    let far = |scene: &Scene| distance(lower, scene.name());
    begun.or_else(|| Scene::ALL.into_iter().min_by_key(far).filter(|scene| far(scene) <= 2 && lower.len() > 2))
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, left) in a.chars().zip(1..) {
        let mut diagonal = std::mem::replace(&mut row[0], left);
        for (at, other) in b.iter().enumerate() {
            let best = (row[at] + 1).min(row[at + 1] + 1).min(diagonal + usize::from(above != *other));
            diagonal = std::mem::replace(&mut row[at + 1], best);
        }
    }
    row[b.len()]
}
