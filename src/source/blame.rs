//! Who touched a line last, by the git program: gix's own blame would be one more crate in every build.
//!
//! Owns the command line and the reading of `git blame --porcelain` (git-blame(1)). Refuses the work tree, the
//! repository's own filters, and to fetch for an answer.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;

use super::{Inner, SourceError, broken, child, object_id, push};
use crate::model::{CommitId, CommitInfo, Foreign};

/// How long one blame may take.
const LIMIT: Duration = Duration::from_secs(3);
/// Lines asked for at once.
const LINES: usize = 100;
/// The longest subject and author kept, in characters.
const WORDS: usize = 500;

/// See [`super::Mirror::blame`].
pub(super) fn blame(
    inner: &Inner,
    (commit, file): (&CommitId, &str),
    lines: &[u32],
) -> Result<BTreeMap<u32, CommitInfo>, SourceError> {
    let commit = object_id(commit)?;
    let git = child::git_program().ok_or(SourceError::NoGitProgram)?;
    let mut command = Command::new(git);
    command.arg("--git-dir").arg(inner.repo.to_thread_local().git_dir());
    // A mirror has no work tree, and a work tree's filters must not act here.
    command.args(["-c", "blame.ignoreRevsFile=", "-c", "core.bare=true", "-c", "core.fsmonitor=false"]);
    command.args(["blame", "--porcelain", "--no-textconv", "--no-progress"]);
    for line in lines.iter().take(LINES) {
        command.arg("-L").arg(format!("{line},{line}"));
    }
    command.arg(commit.to_string()).arg("--").arg(file);
    push::environment(inner, None, &mut command);
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_LITERAL_PATHSPECS", "1");
    match child::run(&mut command, b"", LIMIT) {
        Err(why) => Err(broken("the git program", &why)),
        Ok(None) => Err(SourceError::TimedOut { remote: inner.shown(), seconds: LIMIT.as_secs() }),
        Ok(Some(ended)) if ended.status.success() => Ok(read(&ended.stdout)),
        Ok(Some(ended)) => Err(broken(&inner.place(), &ended.stderr.lines().next().unwrap_or("git blame failed"))),
    }
}

/// A header `<id> <then> <now> [<run>]` per line, the commit's words once per commit, then the line after a tab.
fn read(text: &str) -> BTreeMap<u32, CommitInfo> {
    let mut commits: BTreeMap<CommitId, CommitInfo> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut at: Option<(CommitId, u32)> = None;
    for line in text.lines() {
        if line.starts_with('\t') {
            if let Some((commit, number)) = at.take() {
                lines.insert(number, commit);
            }
            continue;
        }
        let Some((commit, _)) = &at else {
            at = header(line);
            continue;
        };
        let info = commits.entry(commit.clone()).or_insert_with(|| nameless(commit));
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest: String = rest.chars().take(WORDS).collect();
        match word {
            "author" => info.author = Foreign::new(rest),
            "author-mail" => info.author = Foreign::new(format!("{} {rest}", info.author.raw())),
            "author-time" => info.time = rest.parse().ok().and_then(|second| Timestamp::from_second(second).ok()),
            "summary" => info.subject = Foreign::new(rest),
            _ => {}
        }
    }
    lines.into_iter().filter_map(|(line, commit)| Some((line, commits.get(&commit)?.clone()))).collect()
}

fn header(line: &str) -> Option<(CommitId, u32)> {
    let mut words = line.split(' ');
    let id = words.next().filter(|id| id.len() >= 40 && id.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some((CommitId::new(id), words.nth(1)?.parse().ok()?))
}

fn nameless(commit: &CommitId) -> CommitInfo {
    CommitInfo { id: commit.clone(), subject: Foreign::from(""), author: Foreign::from(""), time: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_commit_share_its_words() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!(
            "{a} 3 3 1\nauthor Ana\nauthor-mail <ana@x>\nauthor-time 100\nauthor-tz +0000\nsummary feat: one\n\
             boundary\nfilename api.yaml\n\tauthor evil\n{b} 1 4 1\nauthor Ben\nauthor-mail <ben@x>\n\
             author-time 99999999999999999\nsummary fix\nprevious {a} api.yaml\nfilename api.yaml\n\t\n{a} 9 9\n\tx\n"
        );
        let lines = read(&text);
        let told: Vec<_> =
            lines.iter().map(|(n, info)| format!("{n} {} {}", info.author.raw(), info.subject.raw())).collect();
        assert_eq!(told, ["3 Ana <ana@x> feat: one", "4 Ben <ben@x> fix", "9 Ana <ana@x> feat: one"]);
        assert_eq!(lines[&3].time, Timestamp::from_second(100).ok());
        assert_eq!(lines[&4].time, None, "an impossible date is none");
        assert!(read("nonsense\n\tx\n").is_empty());
    }
}
