//! What happens while somebody watches: the stories of `assets/demo/script.toml`, each act at its time.
//!
//! Owns what comes next and when, drawn from a seed. Refuses to do it, and to read a clock: `now` is an argument.

mod act;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{DemoError, assets};
pub(super) use act::{Act, Command, Commit, Kubectl, Verb, with_line};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    stories: Vec<Story>,
}

/// A few acts that belong together, about one app.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    app: String,
    /// Seconds after the demo was opened.
    first: i64,
    /// Seconds from one beginning to the next; `None` = once.
    every: Option<i64>,
    /// So many seconds more, at most.
    #[serde(default)]
    spread: u64,
    acts: Vec<Scene>,
}

/// One act of a story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scene {
    /// Seconds after the story began.
    #[serde(default)]
    after: i64,
    #[serde(rename = "do")]
    act: Act,
}

/// An act whose time has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    /// The app it is about.
    pub(super) app: String,
    /// How often its story was told before: which of a commit's turns is on.
    pub(super) round: usize,
    pub(super) act: Act,
}

/// How far a story is told.
#[derive(Clone, Debug)]
struct Telling {
    story: Story,
    /// When this round began or begins; `None` = it is over for good.
    begins: Option<Timestamp>,
    /// The next of its acts.
    next: usize,
    round: usize,
}

/// What comes next.
#[derive(Clone, Debug)]
pub(super) struct Script {
    dice: u64,
    tellings: Vec<Telling>,
}

impl Script {
    /// The stories from their beginning. `Err` is a fault of the build.
    pub(super) fn new(seed: u64, start: Timestamp) -> Result<Self, DemoError> {
        let written: Written =
            toml::from_str(assets::SCRIPT).map_err(|why| DemoError::asset("script.toml", &why.message()))?;
        let telling = |story: Story| Telling { begins: Some(later(start, story.first)), next: 0, round: 0, story };
        Ok(Self { dice: seed, tellings: written.stories.into_iter().map(telling).collect() })
    }

    /// The acts whose time has come, story by story. After a long silence (a laptop asleep) each story goes on where it
    /// was and begins anew once, not hundreds of times.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Move> {
        let mut moves = Vec::new();
        for telling in &mut self.tellings {
            telling.tell(now, &mut moves);
            telling.begin_anew(now, &mut self.dice);
        }
        moves
    }
}

impl Telling {
    fn tell(&mut self, now: Timestamp, moves: &mut Vec<Move>) {
        let Some(begins) = self.begins else { return };
        let due = |scene: &&Scene| later(begins, scene.after) <= now;
        for scene in self.story.acts.iter().skip(self.next).take_while(due) {
            tracing::debug!(story = self.story.name, round = self.round, "an act of the demo's script");
            moves.push(Move { app: self.story.app.clone(), round: self.round, act: scene.act.clone() });
            self.next += 1;
        }
    }

    fn begin_anew(&mut self, now: Timestamp, dice: &mut u64) {
        let Some(begins) = self.begins.filter(|_| self.next >= self.story.acts.len()) else { return };
        self.begins = self.story.every.map(|every| {
            let spread = i64::try_from(roll(dice, self.story.spread + 1)).unwrap_or_default();
            later(begins, every).max(now).saturating_add(SignedDuration::from_secs(spread)).unwrap_or(Timestamp::MAX)
        });
        self.next = 0;
        self.round += 1;
    }
}

fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// A number below `sides`, by splitmix64: repeatable, not for secrets.
fn roll(dice: &mut u64, sides: u64) -> u64 {
    *dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *dice;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % sides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-01T12:00:00Z".parse().expect("a time")
    }

    fn hour(seed: u64) -> Vec<(i64, Move)> {
        let mut script = Script::new(seed, start()).expect("the shipped script reads");
        let due = |second: i64| script.due(later(start(), second)).into_iter().map(move |one| (second, one)).collect();
        (0..3600).flat_map::<Vec<_>, _>(due).collect()
    }

    #[test]
    fn one_seed_makes_one_hour_and_another_seed_another() {
        assert_eq!(hour(7), hour(7), "nothing but the seed decides");
        assert_ne!(hour(7), hour(8));
    }

    #[test]
    fn an_hour_has_something_to_look_at_every_minute_and_few_commits() {
        let made = hour(7);
        assert!(made.len() > 90, "more than one act a minute, not {}", made.len());
        let commits = made.iter().filter(|(_, one)| matches!(one.act, Act::Commit(_))).count();
        assert!((6..=20).contains(&commits), "{commits} commits in an hour");
        let agents = made.iter().filter(|(_, one)| matches!(one.act, Act::Agent(_))).count();
        assert_eq!(agents, 1, "there is one agent");
    }

    #[test]
    fn nothing_happens_in_the_first_seconds_and_each_story_once_after_a_long_silence() {
        let mut script = Script::new(1, start()).expect("reads");
        assert_eq!(script.due(later(start(), 3)), [], "time to look around");
        let night = later(start(), 9 * 3600);
        let acts: usize = script.tellings.iter().map(|telling| telling.story.acts.len()).sum();
        assert_eq!(script.due(night).len(), acts, "each story to its end, once");
        assert!(script.due(later(night, 1)).len() < acts, "and not all of them again at once");
    }

    #[test]
    fn a_story_that_breaks_something_has_an_act_or_an_agent_that_mends_it() {
        let script = Script::new(1, start()).expect("reads");
        let stories = || script.tellings.iter().map(|telling| &telling.story);
        for story in stories().filter(|story| story.acts.len() == 1) {
            assert!(matches!(story.acts[0].act, Act::Agent(_)), "{}: who mends it?", story.name);
        }
        for story in stories() {
            let end = story.acts.iter().map(|scene| scene.after).max().unwrap_or_default();
            assert!(story.acts.is_sorted_by_key(|scene| scene.after), "{}: acts in their order", story.name);
            assert!(story.every.is_none_or(|every| every > end + 60), "{}: over before it begins anew", story.name);
        }
    }
}
