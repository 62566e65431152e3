//! The hand that keeps the fleet living: every so often an edit, a scaling or a commit, all drawn from a seed.
//!
//! Owns what comes next and when. Refuses to do it, and to read a clock: `now` is an argument.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::world::Deed;

/// Before the first move: time to look around.
const CALM: i64 = 25;
/// Between moves, in seconds: from, and so many more.
const PACE: (i64, u64) = (12, 18);

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// By kubectl or a tool like it.
    Deed(Deed),
    /// `kubectl scale`.
    Scale { cluster: &'static str, path: &'static str, replicas: u64 },
    /// A merged change of one line of a file.
    Commit { author: &'static str, subject: &'static str, file: &'static str, key: &'static str, value: &'static str },
}

/// Cluster, manager, object, pointer, values; the first is git's own.
const EDITS: [(&str, &str, &str, &str, [&str; 3]); 5] = [
    (
        "stage-eu",
        "kubectl-edit",
        "/apis/apps/v1/namespaces/shop/deployments/cart",
        "/spec/template/spec/containers/0/env/0/value",
        ["info", "debug", "warn"],
    ),
    (
        "prod-us",
        "kubectl-edit",
        "/apis/apps/v1/namespaces/shop/deployments/catalog",
        "/spec/template/spec/containers/0/env/0/value",
        ["info", "debug", "trace"],
    ),
    ("stage-eu", "k9s", "/api/v1/namespaces/web/configmaps/web-config", "/data/SENTRY_SAMPLE", ["0.05", "1.0", "0.5"]),
    (
        "prod-us",
        "kubectl-edit",
        "/api/v1/namespaces/observability/configmaps/metrics-config",
        "/data/SCRAPE_INTERVAL",
        ["15s", "5s", "60s"],
    ),
    ("stage-eu", "Lens", "/api/v1/namespaces/search/configmaps/search-config", "/data/SYNONYMS", ["on", "off", "beta"]),
];

/// Cluster, object, replicas; the first is git's own.
const SCALES: [(&str, &str, [u64; 3]); 3] = [
    ("stage-eu", "/apis/apps/v1/namespaces/search/deployments/search", [2, 1, 4]),
    ("prod-us", "/apis/apps/v1/namespaces/shop/deployments/catalog", [2, 3, 5]),
    ("stage-eu", "/apis/apps/v1/namespaces/messaging/statefulsets/queue", [3, 1, 5]),
];

/// Author, subject, file, key of the line, values.
const COMMITS: [(&str, &str, &str, &str, [&str; 3]); 5] = [
    ("mia", "feat: another number of shards", "apps/search/config.yaml", "SHARDS", ["\"4\"", "\"5\"", "\"3\""]),
    (
        "bot",
        "chore: tune sampling of the storefront",
        "apps/web/config.yaml",
        "SENTRY_SAMPLE",
        ["\"0.1\"", "\"0.02\"", "\"0.05\""],
    ),
    ("lee", "chore: retention of metrics", "apps/metrics/config.yaml", "RETENTION", ["\"45d\"", "\"60d\"", "\"30d\""]),
    ("ana", "fix: page size of the catalog", "apps/catalog/config.yaml", "PAGE_SIZE", ["\"36\"", "\"48\"", "\"30\""]),
    (
        "joe",
        "feat: avatars from the new cdn",
        "apps/profile/config.yaml",
        "AVATARS",
        ["\"https://img.example.com/avatars\"", "\"https://img.example.com/a\"", "\"https://cdn.example.com/avatars\""],
    ),
];

/// What comes next.
#[derive(Clone, Debug)]
pub(super) struct Script {
    dice: u64,
    due: Timestamp,
}

impl Script {
    pub(super) fn new(seed: u64, start: Timestamp) -> Self {
        Self { dice: seed, due: start.saturating_add(SignedDuration::from_secs(CALM)).unwrap_or(start) }
    }

    /// The next move, when its time has come. After a long silence (a laptop asleep) one move comes, not hundreds.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Move> {
        if now < self.due {
            return None;
        }
        let more = i64::try_from(self.roll(PACE.1)).unwrap_or_default();
        self.due = now.saturating_add(SignedDuration::from_secs(PACE.0 + more)).unwrap_or(Timestamp::MAX);
        Some(match self.roll(5) {
            0 | 1 => self.edit(),
            2 => self.scale(),
            _ => self.commit(),
        })
    }

    fn edit(&mut self) -> Move {
        let (cluster, manager, path, pointer, values) = self.pick(&EDITS);
        let set = BTreeMap::from([(pointer.to_owned(), Value::from(self.pick(&values)))]);
        let (cluster, manager, path) = (cluster.to_owned(), manager.to_owned(), path.to_owned());
        Move::Deed(Deed { hours: 0, cluster, manager, path, set, delete: false })
    }

    fn scale(&mut self) -> Move {
        let (cluster, path, counts) = self.pick(&SCALES);
        Move::Scale { cluster, path, replicas: self.pick(&counts) }
    }

    fn commit(&mut self) -> Move {
        let (author, subject, file, key, values) = self.pick(&COMMITS);
        Move::Commit { author, subject, file, key, value: self.pick(&values) }
    }

    fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        from[usize::try_from(self.roll(N as u64)).unwrap_or_default()]
    }

    /// A number below `sides`, by splitmix64: repeatable, not for secrets.
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// A file in which the line of a key has another value; `None` where it has that value already, or no such line.
pub(super) fn with_line(text: &str, key: &str, value: &str) -> Option<String> {
    let prefix = format!("{key}: ");
    let line = |line: &str| match line.trim_start().strip_prefix(&prefix) {
        Some(_) => format!("{}{prefix}{value}\n", " ".repeat(line.len() - line.trim_start().len())),
        None => format!("{line}\n"),
    };
    let new: String = text.lines().map(line).collect();
    (new != text).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-01T12:00:00Z".parse().expect("a time")
    }

    fn moves(seed: u64) -> Vec<String> {
        let mut script = Script::new(seed, start());
        let seconds = (0..3600).map(|second| start() + SignedDuration::from_secs(second));
        seconds.filter_map(|now| script.next(now)).map(|next| format!("{next:?}")).collect()
    }

    #[test]
    fn one_seed_makes_one_hour_and_another_seed_another() {
        assert_eq!(moves(7), moves(7), "nothing but the seed decides");
        assert_ne!(moves(7), moves(8));
        assert!(moves(7).len() > 100, "something happens every half minute");
    }

    #[test]
    fn an_hour_holds_edits_scalings_and_commits() {
        let made = moves(7);
        for word in ["Deed(", "Scale {", "Commit {"] {
            assert!(made.iter().any(|one| one.starts_with(word)), "no {word} in an hour");
        }
    }

    #[test]
    fn nothing_happens_at_first_and_one_move_after_a_long_silence() {
        let mut script = Script::new(1, start());
        assert!(script.next(start()).is_none(), "time to look around");
        let later = start() + SignedDuration::from_hours(9);
        assert!(script.next(later).is_some() && script.next(later).is_none(), "one move, not hundreds");
    }

    #[test]
    fn a_line_gets_another_value_and_keeps_its_place() {
        let text = "data:\n  A: \"1\"\n  B: \"2\"\n";
        assert_eq!(with_line(text, "A", "\"3\"").as_deref(), Some("data:\n  A: \"3\"\n  B: \"2\"\n"));
        assert_eq!(with_line(text, "B", "\"2\""), None, "no change, no commit");
        assert_eq!(with_line(text, "C", "1"), None);
    }
}
