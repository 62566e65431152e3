//! The acts there are: what kubectl, git, the `driftdeck` command and the agent do, and nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::demo) enum Act {
    /// By kubectl or a tool like it.
    Kubectl(Kubectl),
    /// A merged change of one line of a file.
    Commit(Commit),
    /// Typed at a terminal of somebody else.
    Driftdeck(Command),
    /// The agent of a cluster starts.
    Agent(String),
}

/// A request under a field manager, after a look.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Kubectl {
    pub(in crate::demo) cluster: String,
    pub(in crate::demo) manager: String,
    pub(in crate::demo) path: String,
    /// As `kubectl patch --type` says it.
    #[serde(default)]
    pub(in crate::demo) kind: Patch,
    /// JSON, as behind `kubectl patch -p`.
    #[serde(default)]
    pub(in crate::demo) patch: String,
    #[serde(default)]
    pub(in crate::demo) delete: bool,
    /// JSON pointer → what must stand there.
    #[serde(default)]
    pub(in crate::demo) sees: BTreeMap<String, Value>,
    /// JSON pointers where nothing may stand.
    #[serde(default)]
    pub(in crate::demo) lacks: Vec<String>,
}

/// The kinds of patch that kubectl sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::demo) enum Patch {
    #[default]
    Strategic,
    Merge,
}

impl Patch {
    pub(in crate::demo) fn content_type(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
        }
    }
}

/// A line of a file gets another value. `@` in subject and value stands for the turn.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Commit {
    pub(in crate::demo) author: String,
    subject: String,
    pub(in crate::demo) file: String,
    pub(in crate::demo) key: String,
    value: String,
    turns: Vec<String>,
}

impl Commit {
    /// Subject and value of a round.
    pub(in crate::demo) fn of_round(&self, round: usize) -> (String, String) {
        let turn = self.turns.get(round % self.turns.len().max(1)).map_or("", String::as_str);
        (self.subject.replace('@', turn), self.value.replace('@', turn))
    }
}

/// A `driftdeck` command about one app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Command {
    /// Who types it.
    pub(in crate::demo) by: String,
    pub(in crate::demo) verb: Verb,
    pub(in crate::demo) cluster: String,
    /// `--for`.
    pub(in crate::demo) minutes: Option<i64>,
    /// `--reason`, and for a protected cluster `--unlock`.
    pub(in crate::demo) reason: String,
}

/// The subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::demo) enum Verb {
    Sync,
    Pause,
    Resume,
    Pin,
    Unpin,
}

impl Act {
    /// What is done, in a line as it would be typed.
    pub(in crate::demo) fn typed(&self, app: &str, round: usize) -> String {
        match self {
            Self::Kubectl(deed) if deed.delete => format!("kubectl delete {}", deed.path),
            Self::Kubectl(deed) => format!("kubectl patch {} -p {} ({})", deed.path, deed.patch, deed.manager),
            Self::Commit(commit) => format!("git commit -m '{}'", commit.of_round(round).0),
            Self::Driftdeck(line) => {
                let verb = format!("{:?}", line.verb).to_lowercase();
                format!("driftdeck {verb} {app} -c {} --reason '{}'", line.cluster, line.reason)
            }
            Self::Agent(cluster) => format!("driftdeck agent ({cluster})"),
        }
    }
}

/// A file in which the line of a key has another value; `None` where it has that value already, or no such line.
pub(in crate::demo) fn with_line(text: &str, key: &str, value: &str) -> Option<String> {
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

    #[test]
    fn a_line_gets_another_value_and_keeps_its_place() {
        let text = "data:\n  A: \"1\"\n  B: \"2\"\n";
        assert_eq!(with_line(text, "A", "\"3\"").as_deref(), Some("data:\n  A: \"3\"\n  B: \"2\"\n"));
        assert_eq!(with_line(text, "B", "\"2\""), None, "no change, no commit");
        assert_eq!(with_line(text, "C", "1"), None);
    }

    #[test]
    fn the_turns_of_a_commit_go_round() {
        let turns = vec!["1".to_owned(), "2".to_owned()];
        let text = |text: &str| text.to_owned();
        let (author, subject, file) = (text("bot"), text("chore: web @"), text("f"));
        let commit = Commit { author, subject, file, key: text("image"), value: text("web:@"), turns };
        assert_eq!(commit.of_round(1), (text("chore: web 2"), text("web:2")));
        assert_eq!(commit.of_round(2), (text("chore: web 1"), text("web:1")));
    }
}
