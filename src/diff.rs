//! Desired × live × base × rules → `Comparison`; masking; hunks. The heart: what is different, who moved, who did it.
//!
//! Pure. Owns the steps of `docs/drift.md`, the masking of Secrets (nobody else makes a [`crate::model::Said`]), and the
//! text of a diff. Refuses to order, to plan, and to ask anybody.

mod aliases;
mod built_in;
mod contested;
mod cover;
mod effect;
mod findings;
mod fresh;
mod ignore;
mod leave;
mod lines;
mod local;
mod mask;
mod moved;
mod noise;
mod outcome;
pub mod prepare;
mod scrub;
mod server;
mod testimony;
mod text;
mod touched;
mod who;

use serde_json::Value;

use crate::fields::{self, Entry, Set};
use crate::model::{AppSpec, Base, Comparison, Digest, Foreign, Live, Manifest, Now, Rule, Without, Write};
use crate::schema::{Node, Schemas};
use crate::typed;

pub use built_in::{BUILT_IN, BuiltIn};
pub use contested::Owners;
pub use effect::restart;
pub use fresh::{Fresh, wants_fresh};
pub use leave::{Body, body};
pub use mask::Masker;
pub use outcome::{has_controller, is_controlled, is_leaving, verdict as verdict_of};
pub use scrub::{is_masked, scrub, tell};
pub use testimony::{Sighting, testify, unseen, went_unseen};
pub use text::text_diff;

/// The legs of one comparison: git's object at head, what git declared when last in sync, and live.
pub struct Legs<'a> {
    /// G; `None` = not in git.
    pub git: Option<&'a Manifest>,
    /// P.
    pub base: BaseLeg<'a>,
    /// L; `None` = not on the cluster.
    pub live: Option<&'a Live>,
    /// We applied it once.
    pub in_inventory: bool,
    /// What the watch saw of it, oldest first.
    pub seen: &'a [Write],
}

/// The third leg, as far as it is known.
#[derive(Clone, Copy)]
pub enum BaseLeg<'a> {
    /// Git's object at a known commit; `None` = it was not in that commit.
    At(Base, Option<&'a Manifest>),
    /// Only the hash of what was applied.
    Hash(&'a str),
    /// Nothing.
    None,
}

impl BaseLeg<'_> {
    /// Where the third leg came from.
    #[must_use]
    pub fn base(&self) -> Base {
        match self {
            Self::At(base, _) => *base,
            Self::Hash(_) => Base::Hash,
            Self::None => Base::None,
        }
    }
}

/// What a comparison stands on.
pub struct Ground<'a> {
    /// The app, for its rules.
    pub app: &'a AppSpec,
    /// What fields are.
    pub schemas: &'a Schemas,
    /// When.
    pub now: Now,
    /// Keyed digests.
    pub masker: &'a Masker,
    /// Who is people, who is a controller.
    pub owner_lists: &'a Owners,
    /// Rules that a test has switched off.
    pub without: Without,
}

impl Ground<'_> {
    /// Whether a rule is on: always, but in tests.
    fn has(&self, rule: Rule) -> bool {
        self.without.has(rule)
    }
}

/// What the server said to a dry run.
pub enum ServerSaid {
    /// The object as it would be.
    Would(Value),
    /// No.
    Refused {
        /// In which way.
        why: Refusal,
        /// Its sentence, already scrubbed of Secret values.
        message: Foreign,
    },
    /// It was not asked.
    NotAsked,
}

/// Everything the server was asked about one object.
pub struct Answer {
    /// What it said to a dry run of git's object.
    pub said: ServerSaid,
    /// What a fresh object of git's would be (the same under another name, not there yet): it tells defaults from additions. `None` = not to be had.
    pub fresh: Option<Value>,
}

impl From<ServerSaid> for Answer {
    fn from(said: ServerSaid) -> Self {
        Self { said, fresh: None }
    }
}

/// The ways of a server's no (drift.md step 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Git's object cannot be applied at all.
    Invalid,
    /// A field that cannot change is to change.
    Immutable,
    /// Over quota.
    Quota,
    /// A webhook denies it.
    Webhook,
    /// Its namespace is being deleted.
    NamespaceTerminating,
    /// No answer to be had: credentials, rights, load, time-out, kind not served.
    Unavailable,
}

/// Both sides of an object that is in git and live, parsed once.
struct Pair<'a> {
    git: &'a Manifest,
    /// G without our tracking annotation.
    wanted: Value,
    /// L without what the server keeps for itself.
    have: Value,
    entries: Vec<Entry>,
    node: Option<Node>,
    /// Live is read in git's version: what is not can only be judged by the server.
    comparable: bool,
    /// The watch's testimony; empty where it is not to be heard.
    seen: &'a [Write],
}

impl<'a> Pair<'a> {
    fn new(git: &'a Manifest, live: &Live, legs: &Legs<'a>, ground: &Ground) -> Option<Self> {
        let object: Value = serde_json::from_str(&live.json).ok()?;
        let node = ground.schemas.of(&git.gvk).map(|node| node.without(ground.without));
        let entries = fields::managed(&object);
        let have = noise::without_server_fields(object, (&git.gvk, node.as_ref()), ground.has(Rule::Tracking));
        let wanted = noise::declared((*git.body).clone(), (&git.gvk, node.as_ref()), ground);
        let seen = if ground.has(Rule::SeenWrites) { legs.seen } else { &[] };
        Some(Self { git, wanted, have, entries, node, comparable: live.gvk == git.gvk, seen })
    }

    /// Both sides alone: who did it is not asked.
    fn of(git: &'a Manifest, live: &'a Live, ground: &Ground) -> Option<Self> {
        let legs = Legs { git: Some(git), base: BaseLeg::None, live: Some(live), in_inventory: false, seen: &[] };
        Self::new(git, live, &legs, ground)
    }

    /// The paths that git declares.
    fn declared(&self) -> Set {
        typed::applied_set(self.node.as_ref(), &self.wanted)
    }

    /// Our Apply entry.
    fn ours(&self) -> Option<&Entry> {
        fields::ours(&self.entries, fields::MANAGER)
    }
}

/// Judges without asking: presence, then the local comparison. A difference comes back `pending`.
#[must_use]
pub fn compare_local(legs: &Legs, ground: &Ground) -> Comparison {
    match outcome::presence(legs, ground) {
        Ok((git, live)) => match Pair::new(git, live, legs, ground) {
            Some(pair) => local::compare(&pair, legs, ground),
            None => outcome::unreadable(legs, ground),
        },
        Err(comparison) => *comparison,
    }
}

/// Judges with the server's answer to a dry run.
#[must_use]
pub fn compare_server(legs: &Legs, answer: &Answer, ground: &Ground) -> Comparison {
    match outcome::presence(legs, ground) {
        Ok((git, live)) => match Pair::new(git, live, legs, ground) {
            Some(pair) => server::compare(&pair, legs, answer, ground),
            None => outcome::unreadable(legs, ground),
        },
        Err(comparison) => outcome::absent_with(*comparison, &answer.said, ground),
    }
}

/// Hash of a live object without what a write of its status subresource moves: equal hash, equal judgement.
#[must_use]
pub fn live_hash(live: &Live, schemas: &Schemas) -> Digest {
    let Ok(object) = serde_json::from_str::<Value>(&live.json) else { return Digest::of_bytes(live.json.as_bytes()) };
    let node = schemas.of(&live.gvk);
    Digest::of_value(&noise::content(object, (&live.gvk, node.as_ref())))
}

#[cfg(test)]
mod tests;
